"""What the controls of a proof reach, and what its preparation reaches, by one run that breaks nothing.

A mutant changes only processes that reach one of its places. A control that reaches none of them holds with
the mutant as it holds without, so it need not run again. A preparation that reaches none makes the same
repositories with the mutant as without, so runs against such mutants can copy the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from swamp_harness.quality.mutant_effect import effect_in
from swamp_harness.quality.mutant_list import WrittenMutant
from swamp_harness.quality.mutant_target import changes_with
from swamp_harness.results.outcome import Outcome
from swamp_harness.runner.launch import Selection
from swamp_harness.runner.quiet_suite import results_against
from swamp_harness.scenario.preparation import PREPARATION
from swamp_harness.specification.features import FeatureRun

# The name that makes the stand-in record which places of mutants it reaches; it breaks nothing.
_EVERY_PLACE = "every place"
_LONGEST = 120


@dataclass(frozen=True)
class SoundReach:
    """What is known of a proof's controls and preparation; nothing by default.

    Attributes:
        prepared: the folder with what scenarios copy; None if it could not be made.
        by_preparation: the names of the mutants that the preparation reaches.
        by_control: the names of the mutants that a control reaches, by its id; only of controls that held.
    """

    prepared: Path | None = None
    by_preparation: frozenset[str] = frozenset()
    by_control: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def prepared_for(self, mutant: WrittenMutant) -> Path | None:
        """The folder with what scenarios copy, if it is the same with a mutant."""
        return None if mutant.name in self.by_preparation else self.prepared

    def holds_with(self, mutant: WrittenMutant, control: str) -> bool:
        """Whether a control, by its id, is known to hold with a mutant."""
        reached = self.by_control.get(control)
        return reached is not None and mutant.name not in reached | self.by_preparation


NOTHING_KNOWN = SoundReach()


def look_at(controls: Sequence[FeatureRun], work: Path) -> SoundReach:
    """Run controls against a stand-in that breaks nothing and records which places of mutants it reaches.

    Args:
        controls: the scenarios.
        work: the folder for the run, and for what scenarios copy.
    """
    effect, prepared = work / "effect-of-nothing", work / "prepared"
    effect.mkdir()
    selection = Selection(jobs=1, paths=[run.location for run in controls], prepared=prepared)
    results = results_against(changes_with(_EVERY_PLACE, effect), work / "sound", selection, _LONGEST)
    held = [each for each in results if each.outcome is Outcome.HELD]
    if not held:
        return NOTHING_KNOWN
    seen = effect_in(effect)
    return SoundReach(
        prepared,
        seen.mutants_reached_in(PREPARATION),
        {each.id: seen.mutants_reached_in(each.mark) for each in held},
    )
