"""Starts a stand-in with the mutant that a variable names; a sound one where it names none."""

from __future__ import annotations

import os
from types import ModuleType

from standin.mutants import install
from standin.mutants.running import effect
from standin.mutants.running.replacement import when_loaded

# Names the mutant.
VARIABLE = "SWAMP_STANDIN_MUTANT"
_STEP = "standin.mutants.running.step"


def main() -> int:
    """The stand-in."""
    get_ready()
    from standin import main

    return main.main()


def previous() -> int:
    """The stand-in whose workers speak the protocol version before."""
    get_ready()
    from standin import main

    return main.previous()


def get_ready() -> None:
    """Give this process its mutant, and the processes of its steps as well."""
    mutant = os.environ.get(VARIABLE, "")
    if mutant:
        effect.watch()
        when_loaded("standin.runners", _let_steps_have_it)
        install(mutant)


def _let_steps_have_it(runners: ModuleType) -> None:
    vars(runners)["PROGRAM_OF_A_STEP"] = _STEP
