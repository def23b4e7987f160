"""Runs scenarios against the stand-in with one mutant."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from swamp_harness.quality.finding import Finding, finding_of
from swamp_harness.quality.mutant_effect import EFFECT_VARIABLE, effect_in
from swamp_harness.quality.mutant_list import WrittenMutant
from swamp_harness.runner.launch import Selection
from swamp_harness.runner.quiet_suite import results_against
from swamp_harness.specification.features import FeatureRun

# The variable that names the mutant for the stand-in.
_MUTANT_VARIABLE = "SWAMP_STANDIN_MUTANT"
# The executables of the stand-in with a mutant; the sound one knows no mutants.
_EXECUTABLES = {
    "executable": "swamp-standin-mutant",
    "executable of another protocol version": "swamp-standin-mutant-previous",
}
_LONGEST = 600


def changes_with(mutant: WrittenMutant, effect: Path) -> dict[str, Any]:
    """The changes to the description of the stand-in that give it a mutant.

    Args:
        mutant: that the stand-in has.
        effect: the folder for what its processes say of the mutant's effect.
    """
    return {**_EXECUTABLES, "variables": {_MUTANT_VARIABLE: mutant.name, EFFECT_VARIABLE: str(effect)}}


def try_mutant(
    mutant: WrittenMutant, purpose: str, runs: Sequence[FeatureRun], work: Path, *, stop: bool = False
) -> Finding:
    """Run scenarios against a mutant, one after the other.

    Args:
        mutant: that the stand-in has.
        purpose: a word for the folder of the run.
        runs: the scenarios.
        work: the folder for the folder of the run.
        stop: whether the run ends with the first new failure.

    Returns:
        What they found out.
    """
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"{mutant.name}-{purpose.partition('[')[0]}-", dir=work))
    effect = folder / "effect"
    effect.mkdir()
    selection = Selection(jobs=1, stop=stop, paths=[run.location for run in runs])
    results = results_against(changes_with(mutant, effect), folder / "reports", selection, _LONGEST)
    return finding_of(mutant, results, effect_in(effect), time.monotonic() - started)
