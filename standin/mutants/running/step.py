"""The entry point for the process of one step, with a mutant."""

from __future__ import annotations

from standin.mutants.running.entry import get_ready

get_ready()

from standin.worker.runner import main  # noqa: E402 - what is loaded before cannot be broken

main()
