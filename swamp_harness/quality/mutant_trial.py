"""Runs scenarios against the stand-in with one mutant."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.quality.finding import Finding, control_of, finding_of
from swamp_harness.quality.mutant_effect import effect_in
from swamp_harness.quality.mutant_list import WrittenMutant
from swamp_harness.quality.mutant_target import changes_with
from swamp_harness.quality.sound_reach import NOTHING_KNOWN, SoundReach
from swamp_harness.runner.launch import Selection
from swamp_harness.runner.quiet_suite import results_against
from swamp_harness.specification.features import FeatureRun
from swamp_harness.system.capacity import processors

_LONGEST = 600
# Scenarios wait for most of their time, such as for lifetimes to pass.
_FOR_EACH_PROCESSOR = 10


def at_a_time(wanted: int) -> int:
    """How many mutants run at a time: as many as are wanted, or ten for each processor if that is 0."""
    return wanted or max(1, round(_FOR_EACH_PROCESSOR * processors()))


@dataclass(frozen=True)
class Trials:
    """Runs scenarios against mutants.

    Attributes:
        work: the folder for the folders of the runs.
        known: what the controls and the preparation reach without a mutant.
    """

    work: Path
    known: SoundReach = NOTHING_KNOWN

    def of(
        self, mutant: WrittenMutant, purpose: str, runs: Sequence[FeatureRun], *, stop: bool = False
    ) -> Finding:
        """Run scenarios against a mutant, one after the other.

        Args:
            mutant: that the stand-in has.
            purpose: a word for the folder of the run.
            runs: the scenarios; the control does not run if it is known to hold.
            stop: whether the run ends with the first new failure.

        Returns:
            What they found out.
        """
        started, control = time.monotonic(), control_of(mutant)
        control_holds = self.known.holds_with(mutant, control)
        folder = Path(tempfile.mkdtemp(prefix=f"{mutant.name}-{purpose.partition('[')[0]}-", dir=self.work))
        effect = folder / "effect"
        effect.mkdir()
        selection = Selection(
            jobs=1,
            stop=stop,
            paths=[run.location for run in runs if not (control_holds and run.id == control)],
            prepared=self.known.prepared_for(mutant),
        )
        results = results_against(changes_with(mutant.name, effect), folder / "reports", selection, _LONGEST)
        seconds = time.monotonic() - started
        return finding_of(mutant, results, effect_in(effect), seconds, control_holds=control_holds)
