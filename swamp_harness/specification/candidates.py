"""The scenarios that a run can choose from: how long each takes, and what there is to gain by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from swamp_harness.results.history import PastRun
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.policy import Severity
from swamp_harness.results.recorded_times import RecordedTimes
from swamp_harness.specification.features import FeatureRun

# The gain of a noticed mutant, by the severity of the promise that it breaks.
_WEIGHTS = {Severity.BLOCKER: 1.5, Severity.CRITICAL: 1.2, Severity.NORMAL: 1.0}
# The gain of a scenario that failed in the last run, in mutants; half of it for each run since.
_FAILED_LAST = 20.0
_LATELY = 5
# The gain of a scenario that is new, or has another text than when it was recorded, in mutants.
_NEW_OR_CHANGED = 2.0


@dataclass(frozen=True)
class Candidate:
    """A scenario that a run can choose.

    Attributes:
        id: of the scenario as it runs.
        numbers: of the promises that it serves.
        seconds: that it takes.
        processor_seconds: of the product.
        notices: the mutants that it is known to notice, each with what it is worth.
        bonus: what it is worth beside them, as it failed lately, or is new or changed.
    """

    id: str
    numbers: tuple[int, ...]
    seconds: float
    processor_seconds: float
    notices: Mapping[str, float] = field(default_factory=dict)
    bonus: float = 0.0

    def gain(self, noticed: Iterable[str]) -> float:
        """What it is worth when some mutants are noticed already."""
        already = sum(self.notices[name] for name in set(noticed) & self.notices.keys())
        return self.bonus + sum(self.notices.values()) - already


@dataclass(frozen=True)
class CandidateInputs:
    """What is known of scenarios before a run.

    Attributes:
        times: that are recorded for the target of the run.
        noticed: the ids of the scenarios that noticed a mutant, by name of the mutant.
        history: earlier runs, the oldest first.
        severities: of the promises, by number.
    """

    times: RecordedTimes
    noticed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    history: Sequence[PastRun] = ()
    severities: Mapping[int, Severity] = field(default_factory=dict)


def candidates_of(runs: Sequence[FeatureRun], known: CandidateInputs) -> list[Candidate]:
    """Scenarios as candidates, in the same order."""
    noticing: dict[str, dict[str, float]] = {}
    for mutant, scenarios in known.noticed.items():
        number = int(mutant.partition("-")[0])
        worth = _WEIGHTS[known.severities.get(number, Severity.BLOCKER)]
        for scenario in scenarios:
            noticing.setdefault(scenario, {})[mutant] = worth
    return [
        Candidate(
            run.id,
            run.numbers,
            known.times.of(run.id).seconds,
            known.times.of(run.id).processor_seconds,
            noticing.get(run.id, {}),
            _worth_of_failures(run.id, known.history)
            + (0.0 if known.times.is_recorded(run.id, run.text) else _NEW_OR_CHANGED),
        )
        for run in runs
    ]


def _worth_of_failures(scenario: str, history: Sequence[PastRun]) -> float:
    outcomes = [each.outcomes[scenario] for each in reversed(history) if scenario in each.outcomes]
    worth = [_FAILED_LAST / 2**age for age, outcome in enumerate(outcomes[:_LATELY]) if outcome in _FAILURES]
    return max(worth, default=0.0)


# An infrastructure error says nothing about the product.
_FAILURES = {each.value for each in (Outcome.BROKEN, Outcome.DEVIATION_GONE)}
