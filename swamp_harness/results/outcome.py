"""The outcome of a scenario, and the ending of a run: a table of everything that depends on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from swamp_harness.system.errors import ExitCode


class Standing(Enum):
    """What an outcome says about the product: does this release keep the promise?"""

    KEPT = "kept"
    BROKEN = "broken"
    UNKNOWN = "not tested"

    @property
    def mark(self) -> str:
        """Its mark in tables."""
        return {Standing.KEPT: "✔", Standing.BROKEN: "✘", Standing.UNKNOWN: "-"}[self]


class Outcome(Enum):
    """The outcome of a scenario. The value is its label in records and reports."""

    HELD = "held"
    BROKEN = "broken"
    DEVIATION = "known deviation"
    DEVIATION_GONE = "listed deviation gone"
    WAIVED = "waived"
    ERROR = "infrastructure error"
    NOT_RUN = "not run"

    @property
    def traits(self) -> Traits:
        """Everything that depends on it."""
        return _TRAITS[self]

    @property
    def css(self) -> str:
        """The name of its class on pages."""
        return f"o-{self.value.replace(' ', '-')}"


@dataclass(frozen=True)
class Traits:
    """Everything that depends on an outcome.

    Attributes:
        rank: its place among all, the worst at 0: a promise has the worst outcome of its scenarios.
        exit_code: of a run in which it is the gravest; `EVERY_PROMISE_HELD` if it does not fail a run.
        standing: of the promise in this release; a waiver does not make it kept.
        is_new_failure: whether it is a failure that nobody has listed or waived.
        console: its mark in the lines of a run, at most four letters.
        mark: its mark in tables.
        colour: on pages, by its name in their style sheet.
        allure_status: one of Allure's few.
        allure_word: the beginning of Allure's message; empty if there is no message.
        allure_category: of Allure; empty for none.
        junit: the element of a JUnit case; empty for a case that passed.
    """

    rank: int
    exit_code: ExitCode
    standing: Standing
    console: str
    mark: str
    colour: str
    allure_status: str
    allure_word: str = ""
    allure_category: str = ""
    junit: str = ""
    is_new_failure: bool = False


_TRAITS = {
    Outcome.HELD: Traits(
        rank=6,
        exit_code=ExitCode.EVERY_PROMISE_HELD,
        standing=Standing.KEPT,
        console="ok",
        mark="✔",
        colour="held",
        allure_status="passed",
    ),
    Outcome.BROKEN: Traits(
        rank=0,
        exit_code=ExitCode.PROMISE_BROKEN,
        standing=Standing.BROKEN,
        is_new_failure=True,
        console="FAIL",
        mark="✘",
        colour="against",
        allure_status="failed",
        allure_word="Broken promise",
        allure_category="Broken promises",
        junit="failure",
    ),
    Outcome.DEVIATION: Traits(
        rank=2,
        exit_code=ExitCode.KNOWN_DEVIATIONS,
        standing=Standing.BROKEN,
        console="dev",
        mark="≠",
        colour="against",
        allure_status="failed",
        allure_word="Known deviation",
        allure_category="Known deviations",
        junit="failure",
    ),
    # A release without the listed deviation keeps the promise.
    Outcome.DEVIATION_GONE: Traits(
        rank=1,
        exit_code=ExitCode.PROMISE_BROKEN,
        standing=Standing.KEPT,
        is_new_failure=True,
        console="GONE",
        mark="✘",
        colour="against",
        allure_status="failed",
        allure_word="Deviation gone",
        allure_category="Deviations that are gone",
        junit="failure",
    ),
    Outcome.WAIVED: Traits(
        rank=5,
        exit_code=ExitCode.EVERY_PROMISE_HELD,
        standing=Standing.BROKEN,
        console="wvd",
        mark="~",
        colour="waived",
        allure_status="skipped",
        allure_word="Waived",
        allure_category="Waived promises",
        junit="skipped",
    ),
    Outcome.ERROR: Traits(
        rank=3,
        exit_code=ExitCode.INFRASTRUCTURE_ERROR,
        standing=Standing.UNKNOWN,
        is_new_failure=True,
        console="ERR",
        mark="!",
        colour="gap",
        allure_status="broken",
        allure_word="Infrastructure",
        allure_category="Infrastructure errors",
        junit="error",
    ),
    Outcome.NOT_RUN: Traits(
        rank=4,
        exit_code=ExitCode.EVERY_PROMISE_HELD,
        standing=Standing.UNKNOWN,
        console="-",
        mark="-",
        colour="gap",
        allure_status="skipped",
        allure_word="Not run",
        junit="skipped",
    ),
}


class Ending(Enum):
    """How a run ended. The worst comes last: several together ended as the worst of them did."""

    COMPLETE = "complete"
    STOPPED = "stopped at the first new failure"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    HUNG_UP = "terminal closed"
    FAILED = "suite failed"
    # In the record from the start of a run to its end; if the run is killed, it stays there.
    OPEN = "open"

    @property
    def rank(self) -> int:
        """Its place among all, the worst last."""
        return list(Ending).index(self)

    @property
    def is_early(self) -> bool:
        """Whether the run ended early, and not because of --stop."""
        return self not in (Ending.COMPLETE, Ending.STOPPED)


# The exit codes of interrupted runs, with their endings.
INTERRUPTIONS = {
    ExitCode.INTERRUPTED: Ending.INTERRUPTED,
    ExitCode.TERMINATED: Ending.TERMINATED,
    ExitCode.HUNG_UP: Ending.HUNG_UP,
}
