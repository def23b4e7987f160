"""The stand-in with a mutant, as a target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from swamp_harness.quality.mutant_effect import EFFECT_VARIABLE

# The executables; the sound stand-in knows no mutants.
EXECUTABLES = {
    "executable": "swamp-standin-mutant",
    "executable of another protocol version": "swamp-standin-mutant-previous",
}
# The module with what all runs against mutants can share, for the process that they are forks of.
IN_ADVANCE = "swamp_harness.quality.mutants_in_advance"
# The variable that names the mutant for the stand-in.
_MUTANT_VARIABLE = "SWAMP_STANDIN_MUTANT"


def changes_with(mutant: str, effect: Path) -> dict[str, Any]:
    """The changes to the description of the stand-in that give it a mutant.

    Args:
        mutant: the name of the mutant.
        effect: the folder for what its processes say of the mutant's effect.
    """
    return {**EXECUTABLES, "variables": {_MUTANT_VARIABLE: mutant, EFFECT_VARIABLE: str(effect)}}
