"""Starts a stand-in with the mutant that a variable names; without the variable, the sound stand-in.

With the name EVERY_PLACE it breaks nothing, and records which places of mutants it reaches.
"""

from __future__ import annotations

import os
from types import ModuleType

from standin import garbage
from standin.mutants import install, watch_every_place
from standin.mutants.running import effect
from standin.mutants.running.replacement import when_loaded

# Names the mutant.
VARIABLE = "SWAMP_STANDIN_MUTANT"
EVERY_PLACE = "every place"
_STEP = "standin.mutants.running.step"


def main() -> int:
    """The stand-in."""
    get_ready()
    from standin import main

    return main.main()


def previous() -> int:
    """The stand-in whose workers use the previous protocol version."""
    get_ready()
    from standin import main

    return main.previous()


def get_ready() -> None:
    """Put the mutant into this process and into the processes of its steps."""
    garbage.collect_none()
    mutant = os.environ.get(VARIABLE, "")
    if mutant:
        effect.watch()
        when_loaded("logging", effect.watch_log)
        when_loaded("standin.step_process", _put_into_steps)
        if mutant == EVERY_PLACE:
            watch_every_place()
        else:
            install(mutant)


def _put_into_steps(step_process: ModuleType) -> None:
    vars(step_process)["PROGRAM_OF_A_STEP"] = _STEP
