"""Orders the scenarios of a run, and chooses those of a gate, by what earlier runs have recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swamp_harness.results import history
from swamp_harness.results.noticed import load_noticed
from swamp_harness.results.recorded_times import load_times
from swamp_harness.specification import features, order, project
from swamp_harness.specification.candidates import Candidate, CandidateInputs, candidates_of
from swamp_harness.specification.features import FeatureRun, location_of
from swamp_harness.specification.gate import Capacity, Gate, choose
from swamp_harness.system.errors import ExitCode, UnusableInput


@dataclass(frozen=True)
class Choice:
    """Chooses and orders scenarios for one target.

    Attributes:
        known: what is recorded about them.
    """

    known: CandidateInputs

    @classmethod
    def of(cls, target: str, reports: Path) -> Choice:
        """Read what is recorded.

        Args:
            target: the name of the program under test.
            reports: the folder with the history.

        Raises:
            UnusableInput: a record cannot be read (exit code 2).
        """
        past = history.read(reports / history.HISTORY_FILE)
        return cls(
            CandidateInputs(
                load_times(project.RECORDED_TIMES, target),
                load_noticed(project.NOTICED),
                [each for each in past if each.target == target],
                {promise.number: promise.severity for promise in features.catalogue()},
            )
        )

    def seconds_of(self, scenario: str) -> float:
        """How long a scenario takes, by its id."""
        return self.known.times.of(scenario).seconds

    def candidates(self, runs: Sequence[FeatureRun]) -> list[Candidate]:
        """Scenarios as candidates."""
        return candidates_of(runs, self.known)

    def gate(self, runs: Sequence[FeatureRun], capacity: Capacity) -> Gate:
        """The gate that suits some scenarios.

        Args:
            runs: that can run here.
            capacity: of the run.

        Raises:
            UnusableInput: no scenario fits (exit code 2).
        """
        candidates = self.candidates(runs)
        chosen = choose(candidates, capacity)
        if candidates and not chosen:
            shortest = min(each.seconds for each in candidates)
            raise UnusableInput(
                f"A budget of {capacity.seconds:g} s is too short: the shortest of these scenarios takes "
                f"about {shortest:.0f} s. Give more, such as 5m.",
                ExitCode.BAD_COMMAND_LINE,
            )
        return Gate(capacity, tuple(chosen), len(candidates), len(self.known.noticed))

    def in_order(
        self, scenarios: Sequence[Any], runs: Sequence[FeatureRun], at_once: int, *, may_end_early: bool
    ) -> list[Any]:
        """Scenarios of behave's in the order in which they begin.

        Args:
            scenarios: behave's.
            runs: the same as the plan has them.
            at_once: how many run at a time.
            may_end_early: whether the run has a time budget. It begins with a scenario of each promise.
        """
        ids = {run.location: run.id for run in runs}
        by_id = {ids[location_of(each)]: each for each in scenarios}
        ordered = order.in_order(self.candidates(runs), at_once, each_promise_first=may_end_early)
        return [by_id[each.id] for each in ordered]
