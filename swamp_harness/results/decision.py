"""The decision about a release, computed from values alone.

FAIL: a promise is broken and not waived, known deviations included, or the list of waivers is wrong.
INCOMPLETE: something was not tested: an infrastructure error, an interrupted run, or a scenario or a whole
platform that did not run. PASS: neither. NOT A SIGN-OFF: the run was against something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from swamp_harness.results.outcome import Ending, Outcome
from swamp_harness.results.result import ScenarioResult, numbers_in
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.results.waivers import Complaint
from swamp_harness.system.errors import ExitCode


class Decision(Enum):
    """What is to be said of a release."""

    PASS = "PASS"  # noqa: S105 - not a password
    FAIL = "FAIL"
    INCOMPLETE = "INCOMPLETE"
    NOT_A_SIGN_OFF = "NOT A SIGN-OFF"

    @property
    def exit_code(self) -> ExitCode:
        """What a program is told that asks for the decision."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Decision.PASS: ExitCode.EVERY_PROMISE_HELD,
    Decision.FAIL: ExitCode.PROMISE_BROKEN,
    Decision.INCOMPLETE: ExitCode.INCOMPLETE,
    Decision.NOT_A_SIGN_OFF: ExitCode.NO_SIGN_OFF,
}


@dataclass(frozen=True)
class PromisesNotKept:
    """Promises stand against the release.

    Attributes:
        outcome: that their scenarios came to.
        numbers: of the promises, in ascending order.
    """

    outcome: Outcome
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class NothingRanOn:
    """Nothing ran on platforms on which the release must have run."""

    platforms: tuple[str, ...]


@dataclass(frozen=True)
class EndedEarly:
    """A run ended before its end."""

    ending: Ending


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


Against = PromisesNotKept | Complaint
Gap = (
    NothingRanOn
    | EndedEarly
    | WithoutResult
    | MachineUnusable
    | InfrastructureFailed
    | NotEveryScenario
    | RanNowhere
)


def decide(against: Sequence[Against], gaps: Sequence[Gap]) -> Decision:
    """The decision about a release, if the run is for a sign-off."""
    return Decision.FAIL if against else Decision.INCOMPLETE if gaps else Decision.PASS


def against_in(results: Sequence[ScenarioResult], complaints: Sequence[Complaint]) -> list[Against]:
    """What stands against a release.

    Args:
        results: of every scenario on every platform.
        complaints: what is wrong with the list of waivers.
    """
    not_kept = [
        PromisesNotKept(outcome, tuple(numbers))
        for outcome in (Outcome.BROKEN, Outcome.DEVIATION, Outcome.DEVIATION_GONE)
        if (numbers := numbers_in(result for result in results if result.outcome is outcome))
    ]
    return [*not_kept, *complaints]


def gaps_in(record: SuiteRun, results: Sequence[ScenarioResult], platforms: Sequence[str]) -> list[Gap]:
    """What was not tested.

    Args:
        record: of a run, or of several together.
        results: of every scenario on every platform, those that were not selected as well.
        platforms: on which the release must have run.
    """
    absent = tuple(platform for platform in platforms if platform not in record.binaries)
    found: list[Gap] = [NothingRanOn(absent)] if absent else []
    if record.ending.is_early:
        found.append(EndedEarly(record.ending))
    if record.without_result:
        found.append(WithoutResult(record.without_result, record.planned))
    here = [result for result in results if result.platform not in absent]
    return [*found, *_of_infrastructure(record, results), *_of_scenarios(here)]


def _of_infrastructure(record: SuiteRun, results: Sequence[ScenarioResult]) -> list[Gap]:
    found: list[Gap] = [MachineUnusable(reason) for reason in record.unavailable_machines]
    failed = tuple(numbers_in(result for result in results if result.outcome is Outcome.ERROR))
    if failed or (record.exit_code is ExitCode.INFRASTRUCTURE_ERROR and not found):
        found.append(InfrastructureFailed(failed))
    return found


def _of_scenarios(results: Sequence[ScenarioResult]) -> list[Gap]:
    missing = [result for result in results if result.is_missing]
    found: list[Gap] = [
        NotEveryScenario(tuple(numbers_in(each for each in missing if each.platform == platform)), platform)
        for platform in dict.fromkeys(result.platform for result in missing)
    ]
    # What is no gap on any of the platforms is one of the release, if none of them could run it.
    accounted = {result.id for result in results if not result.is_for_elsewhere}
    nowhere = tuple(numbers_in(result for result in results if result.id not in accounted))
    return [*found, RanNowhere(nowhere)] if nowhere else found
