"""An earlier run as a baseline: which scenarios are newly broken, fixed, still broken, or not comparable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from swamp_harness.results.outcome import Outcome, Standing
from swamp_harness.results.result import ScenarioResult
from swamp_harness.results.run_record import SuiteRun

# A scenario, and the platform on which it ran.
Key = tuple[str, str]
ANY_PLATFORM = ""


class Change(Enum):
    """How a scenario compares with the baseline."""

    NEWLY_BROKEN = "newly broken"
    STILL_BROKEN = "still broken"
    FIXED = "fixed"
    STILL_KEPT = "still kept"
    NOT_COMPARABLE = "not comparable"


class Incomparable(Enum):
    """Why a scenario cannot be compared with the baseline."""

    NOT_TESTED_NOW = "not tested in this run"
    NOT_TESTED_THEN = "not tested in the baseline"
    OTHER_PLATFORM = "tested on another platform in the baseline"


@dataclass(frozen=True)
class PastOutcome:
    """The result of a scenario in the baseline.

    Attributes:
        outcome: of the scenario.
        deviation: the id of the known deviation that explained it; empty if none did, or if not recorded.
        step: at which it failed; empty if it did not, or if not recorded.
    """

    outcome: Outcome
    deviation: str = ""
    step: str = ""


@dataclass(frozen=True)
class Baseline:
    """An earlier run.

    Attributes:
        version: of the program that it tested.
        source: where its results were found.
        outcomes: of its scenarios, by id and platform; by `ANY_PLATFORM` where the results name no platform.
    """

    version: str
    source: str
    outcomes: Mapping[Key, PastOutcome]

    @classmethod
    def of(cls, record: SuiteRun, source: str) -> Baseline:
        """The baseline that a run makes."""
        return cls(
            record.version,
            source,
            {
                (each.id, each.platform): PastOutcome(each.outcome, each.deviation, each.step)
                for each in record.results
            },
        )

    def has_elsewhere(self, scenario: str) -> bool:
        """Whether a scenario was tested on some platform."""
        return any(
            each == scenario and past.outcome.traits.standing is not Standing.UNKNOWN
            for (each, _), past in self.outcomes.items()
        )


@dataclass(frozen=True)
class Changes:
    """The comparison of a release with a baseline.

    Attributes:
        baseline: with which it was compared.
        of: how each scenario compares, by id and platform.
        reasons: why the scenarios that cannot be compared cannot be.
    """

    baseline: Baseline
    of: Mapping[Key, Change] = field(default_factory=dict)
    reasons: Mapping[Key, Incomparable] = field(default_factory=dict)

    @property
    def some_are_comparable(self) -> bool:
        """Whether a single scenario can be compared at all."""
        return any(change is not Change.NOT_COMPARABLE for change in self.of.values())


def compare(results: Sequence[ScenarioResult], baseline: Baseline) -> Changes:
    """Compare the results of a release with a baseline.

    Args:
        results: of every scenario on every platform, those that did not run as well.
        baseline: the earlier run.
    """
    changes: dict[Key, Change] = {}
    reasons: dict[Key, Incomparable] = {}
    for result in results:
        key = (result.id, result.platform)
        past = baseline.outcomes.get(key) or baseline.outcomes.get((result.id, ANY_PLATFORM))
        found = _change(result, past, elsewhere=baseline.has_elsewhere(result.id))
        if isinstance(found, Incomparable):
            changes[key], reasons[key] = Change.NOT_COMPARABLE, found
        elif found is not None:
            changes[key] = found
    return Changes(baseline, changes, reasons)


def _change(
    now: ScenarioResult, past: PastOutcome | None, *, elsewhere: bool
) -> Change | Incomparable | None:
    standing = now.outcome.traits.standing
    was = past.outcome.traits.standing if past is not None else Standing.UNKNOWN
    if was is Standing.UNKNOWN:
        if standing is Standing.UNKNOWN:
            return None
        return Incomparable.OTHER_PLATFORM if elsewhere else Incomparable.NOT_TESTED_THEN
    if standing is Standing.UNKNOWN:
        return Incomparable.NOT_TESTED_NOW
    if standing is Standing.KEPT:
        return Change.FIXED if was is Standing.BROKEN else Change.STILL_KEPT
    if was is Standing.KEPT or (past is not None and _fails_differently(now, past)):
        return Change.NEWLY_BROKEN
    return Change.STILL_BROKEN


def _fails_differently(now: ScenarioResult, past: PastOutcome) -> bool:
    # A failure that has been listed since is the same failure; one that no entry of the list explains any
    # longer, or that another entry explains, is not.
    if past.deviation or past.outcome is Outcome.DEVIATION:
        return not now.deviation or bool(past.deviation and now.deviation != past.deviation)
    return bool(past.step and now.step and past.step != now.step)
