"""The process of one step, with a mutant, as whoever starts it calls it."""

from __future__ import annotations

from standin.mutants.running.entry import get_ready

get_ready()

from standin.worker.runner import main  # noqa: E402 - what is loaded before cannot be broken

main()
