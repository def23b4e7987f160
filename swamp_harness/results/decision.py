"""The decision about a release, computed from values alone.

FAIL: a promise is broken that is neither waived nor tolerated by the policy, or the list of waivers is wrong.
INCOMPLETE: something was not tested: an infrastructure error, an interrupted run, or a scenario or a whole
platform that did not run. PASS: neither. NOT A SIGN-OFF: the run was against something else.

With a baseline the policy may let new failures decide alone: is the release worse than the baseline?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from swamp_harness.results.baseline import Change, Changes
from swamp_harness.results.outcome import Ending, Outcome
from swamp_harness.results.policy import STRICT, Group, Policy, Scope, Severity, group_of, worst_severity
from swamp_harness.results.result import ScenarioResult, numbers_in
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.results.waivers import Complaint
from swamp_harness.system.errors import ExitCode


class Decision(Enum):
    """The decision about a release."""

    PASS = "PASS"  # noqa: S105 - not a password
    FAIL = "FAIL"
    INCOMPLETE = "INCOMPLETE"
    NOT_A_SIGN_OFF = "NOT A SIGN-OFF"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a command that decides."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Decision.PASS: ExitCode.EVERY_PROMISE_HELD,
    Decision.FAIL: ExitCode.PROMISE_BROKEN,
    Decision.INCOMPLETE: ExitCode.INCOMPLETE,
    Decision.NOT_A_SIGN_OFF: ExitCode.NO_SIGN_OFF,
}


class Question(Enum):
    """What the decision answers."""

    KEEPS_ITS_PROMISES = "keeps its promises"
    IS_WORSE = "is worse than the baseline"


@dataclass(frozen=True)
class Criteria:
    """By what a release is judged.

    Attributes:
        policy: of the product owners.
        severities: of the promises, by number.
        groups: of the promises, by number.
        changes: since the baseline; None without one.
    """

    policy: Policy = STRICT
    severities: Mapping[int, Severity] = field(default_factory=dict)
    groups: Mapping[int, Group] = field(default_factory=dict)
    changes: Changes | None = None

    @property
    def question(self) -> Question:
        """What the decision answers."""
        compares = self.changes is not None and self.policy.with_baseline is Scope.NEW_FAILURES
        return Question.IS_WORSE if compares else Question.KEEPS_ITS_PROMISES

    def counts(self, result: ScenarioResult) -> bool:
        """Whether a scenario counts for the decision, by the group of its promises."""
        return self.policy.decides(group_of(result.numbers, self.groups))


_NO_CRITERIA = Criteria()


class Tolerance(Enum):
    """Why a failure does not stand against a release."""

    GROUP = "the policy shows promises of this group, and they do not decide"
    SEVERITY = "the policy tolerates known deviations of this severity"
    NOT_WORSE = "the baseline is no better"


@dataclass(frozen=True)
class PromisesTolerated:
    """Failures do not stand against the release, and are noted.

    Attributes:
        outcome: of their scenarios.
        numbers: of the promises, in ascending order.
        why: they do not.
    """

    outcome: Outcome
    numbers: tuple[int, ...]
    why: Tolerance


@dataclass(frozen=True)
class PromisesNotKept:
    """Promises stand against the release.

    Attributes:
        outcome: of their scenarios.
        numbers: of the promises, in ascending order.
        since_baseline: whether the baseline kept them, or broke them otherwise.
    """

    outcome: Outcome
    numbers: tuple[int, ...]
    since_baseline: bool = False


@dataclass(frozen=True)
class NothingRanOn:
    """Nothing ran on platforms on which the release must have run."""

    platforms: tuple[str, ...]


@dataclass(frozen=True)
class EndedEarly:
    """A run ended before its end."""

    ending: Ending


@dataclass(frozen=True)
class HadBudget:
    """A run was a gate, whatever it tested.

    Attributes:
        seconds: its time budget.
    """

    seconds: float


@dataclass(frozen=True)
class WithoutResult:
    """Planned scenarios have no result."""

    lacking: int
    planned: int


@dataclass(frozen=True)
class MachineUnusable:
    """A host could not be used."""

    reason: str


@dataclass(frozen=True)
class InfrastructureFailed:
    """An infrastructure error: promises were not tested; none is named if it was outside of them."""

    numbers: tuple[int, ...]


@dataclass(frozen=True)
class NotEveryScenario:
    """Not every scenario of some promises ran on a platform."""

    numbers: tuple[int, ...]
    platform: str


@dataclass(frozen=True)
class RanNowhere:
    """A scenario of each of some promises ran on no platform."""

    numbers: tuple[int, ...]


@dataclass(frozen=True)
class NothingComparable:
    """The release was to be compared with a baseline, and no scenario can be.

    Attributes:
        version: of the baseline.
    """

    version: str


Against = PromisesNotKept | Complaint
Gap = (
    NothingRanOn
    | EndedEarly
    | HadBudget
    | WithoutResult
    | MachineUnusable
    | InfrastructureFailed
    | NotEveryScenario
    | RanNowhere
    | NothingComparable
)


@dataclass(frozen=True)
class GapTolerated:
    """Promises that do not decide were not tested, which is noted.

    Attributes:
        gap: what was not tested.
    """

    gap: Gap


Note = PromisesTolerated | GapTolerated


def decide(against: Sequence[Against], gaps: Sequence[Gap]) -> Decision:
    """The decision about a release, if the run is for a sign-off."""
    return Decision.FAIL if against else Decision.INCOMPLETE if gaps else Decision.PASS


@dataclass(frozen=True)
class Weighed:
    """The failures of a release, weighed.

    Attributes:
        against: what stands against the release.
        notes: what does not, and is shown all the same.
    """

    against: Sequence[Against]
    notes: Sequence[PromisesTolerated]


def weigh(results: Sequence[ScenarioResult], complaints: Sequence[Complaint], criteria: Criteria) -> Weighed:
    """What stands against a release, and what does not.

    Args:
        results: of every scenario on every platform.
        complaints: what is wrong with the list of waivers.
        criteria: by what the release is judged.
    """
    failures = [each for each in results if each.outcome in _FAILURES]
    weights = [(each, _weight(each, criteria)) for each in failures]
    not_kept = [
        PromisesNotKept(outcome, tuple(numbers), since_baseline)
        for outcome in _FAILURES
        for since_baseline in (True, False)
        if (
            numbers := numbers_in(
                each
                for each, why in weights
                if why is None and each.outcome is outcome and _is_new(each, criteria) is since_baseline
            )
        )
    ]
    notes = [
        PromisesTolerated(outcome, tuple(numbers), why)
        for why in Tolerance
        for outcome in _FAILURES
        if (numbers := numbers_in(each for each, own in weights if own is why and each.outcome is outcome))
    ]
    return Weighed([*not_kept, *complaints], notes)


_FAILURES = (Outcome.BROKEN, Outcome.DEVIATION, Outcome.DEVIATION_GONE)


def _is_new(result: ScenarioResult, criteria: Criteria) -> bool:
    return _change_of(result, criteria) is Change.NEWLY_BROKEN


def _weight(result: ScenarioResult, criteria: Criteria) -> Tolerance | None:
    """Why a failure does not stand against a release; None if it does."""
    if not criteria.counts(result):
        return Tolerance.GROUP
    change = _change_of(result, criteria)
    if change is Change.NEWLY_BROKEN:
        return None
    if change is not None and change is not Change.NOT_COMPARABLE:
        return Tolerance.NOT_WORSE
    severity = worst_severity(result.numbers, criteria.severities)
    is_tolerated = result.outcome is Outcome.DEVIATION and criteria.policy.tolerates(severity)
    return Tolerance.SEVERITY if is_tolerated else None


def _change_of(result: ScenarioResult, criteria: Criteria) -> Change | None:
    """How a scenario compares with the baseline, if that decides."""
    if criteria.changes is None or criteria.question is not Question.IS_WORSE:
        return None
    return criteria.changes.of.get((result.id, result.platform), Change.NOT_COMPARABLE)


def gaps_in(
    record: SuiteRun,
    results: Sequence[ScenarioResult],
    platforms: Sequence[str],
    criteria: Criteria = _NO_CRITERIA,
) -> list[Gap]:
    """What was not tested.

    Args:
        record: of a run, or of several together.
        results: of every scenario on every platform, those that were not selected as well.
        platforms: on which the release must have run.
        criteria: by what the release is judged.
    """
    absent = tuple(platform for platform in platforms if platform not in record.binaries)
    found: list[Gap] = [NothingRanOn(absent)] if absent else []
    if record.ending.is_early:
        found.append(EndedEarly(record.ending))
    if record.budget is not None:
        found.append(HadBudget(record.budget))
    if record.without_result:
        found.append(WithoutResult(record.without_result, record.planned))
    found += [MachineUnusable(reason) for reason in record.unavailable_machines]
    counted = [result for result in results if criteria.counts(result)]
    errors = _of_errors(counted)
    named = _of_errors(results) or record.unavailable_machines
    if record.exit_code is ExitCode.INFRASTRUCTURE_ERROR and not named:
        errors = [InfrastructureFailed(())]
    found += [*errors, *_of_scenarios([each for each in counted if each.platform not in absent])]
    if criteria.changes is not None and not criteria.changes.some_are_comparable:
        found.append(NothingComparable(criteria.changes.baseline.version))
    return found


def tolerated_gaps_in(
    record: SuiteRun, results: Sequence[ScenarioResult], criteria: Criteria
) -> list[GapTolerated]:
    """What was not tested of the promises that do not decide.

    Args:
        record: of a run, or of several together.
        results: of every scenario on every platform, those that were not selected as well.
        criteria: by what the release is judged.
    """
    rest = [each for each in results if not criteria.counts(each)]
    here = [each for each in rest if each.platform in record.binaries]
    return [GapTolerated(gap) for gap in (*_of_errors(rest), *_of_scenarios(here))]


def _of_errors(results: Sequence[ScenarioResult]) -> list[Gap]:
    failed = tuple(numbers_in(result for result in results if result.outcome is Outcome.ERROR))
    return [InfrastructureFailed(failed)] if failed else []


def _of_scenarios(results: Sequence[ScenarioResult]) -> list[Gap]:
    missing = [result for result in results if result.is_missing]
    found: list[Gap] = [
        NotEveryScenario(tuple(numbers_in(each for each in missing if each.platform == platform)), platform)
        for platform in dict.fromkeys(result.platform for result in missing)
    ]
    # A scenario that no platform could run is a gap of the release, even if it is not missing on any of them.
    accounted = {result.id for result in results if not result.is_for_elsewhere}
    nowhere = tuple(numbers_in(result for result in results if result.id not in accounted))
    return [*found, RanNowhere(nowhere)] if nowhere else found
