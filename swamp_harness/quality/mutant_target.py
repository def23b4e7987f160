"""The stand-in with a mutant, as a target."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from swamp_harness.product.target import load, of_the_project
from swamp_harness.quality.mutant_effect import EFFECT_VARIABLE
from swamp_harness.specification import project
from swamp_harness.system.ready_program import is_possible, made_ready

# The executables; the sound stand-in knows no mutants.
EXECUTABLES = {
    "executable": "swamp-standin-mutant",
    "executable of another protocol version": "swamp-standin-mutant-previous",
}
# The module with what all runs against mutants can share, for the process that they are forks of.
IN_ADVANCE = "swamp_harness.quality.mutants_in_advance"
# The variable that names the mutant for the stand-in.
_MUTANT_VARIABLE = "SWAMP_STANDIN_MUTANT"


@contextmanager
def all_ready(folder: Path) -> Iterator[None]:
    """Let one ready program start the stand-in for several runs, sound or with mutants, if that is possible.

    Args:
        folder: for what it needs.

    Raises:
        InfrastructureError: it does not start.
    """
    target = load(project.EMBEDDED_TARGET)
    if not is_possible({}):
        yield
        return
    sound = (target.executable, target.other_executable, target.earlier_executable)
    executables = [of_the_project(each) for each in (*sound, *EXECUTABLES.values())]
    with made_ready(target.ready_program, executables, folder, os.environ):
        yield


def changes_with(mutant: str, effect: Path) -> dict[str, Any]:
    """The changes to the description of the stand-in that give it a mutant.

    Args:
        mutant: the name of the mutant.
        effect: the folder for what its processes say of the mutant's effect.
    """
    return {**EXECUTABLES, "variables": {_MUTANT_VARIABLE: mutant, EFFECT_VARIABLE: str(effect)}}
