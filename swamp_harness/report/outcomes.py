"""What became of each promise, and the verdict of the run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from swamp_harness.machinery.faults import ExitCode


class Outcome(Enum):
    """What became of a scenario."""

    HELD = "held"
    BROKEN = "broken"
    DEVIATION = "known deviation"
    DEVIATION_GONE = "listed deviation gone"
    WAIVED = "waived"
    FAULT = "infrastructure fault"
    NOT_RUN = "not run"


class Ending(Enum):
    """How a run ended."""

    COMPLETE = "complete"
    STOPPED = "stopped at the first new failure"
    INTERRUPTED = "interrupted"
    TERMINATED = "terminated"
    HUNG_UP = "terminal closed"
    FAILED = "suite failed"
    # What the record says from the start of a run to its end, and for ever if the run is killed.
    OPEN = "open"

    @property
    def reason(self) -> str:
        """Why a scenario did not run, if the run ended like this."""
        return _REASONS[self]

    @property
    def is_early(self) -> bool:
        """Whether the run ended before its end without having been told to."""
        return self not in (Ending.COMPLETE, Ending.STOPPED)


_REASONS = {
    Ending.COMPLETE: "the run ended without running it",
    Ending.STOPPED: "the run was to stop at the first new failure (--stop)",
    Ending.INTERRUPTED: "the run was interrupted",
    Ending.TERMINATED: "the run was interrupted",
    Ending.HUNG_UP: "the run was interrupted",
    Ending.FAILED: "the suite itself failed before this scenario had a result",
    Ending.OPEN: "the run has not ended, or was killed",
}

# The reason of a scenario that nobody asked to run; all others that did not run have a telling one.
NOT_SELECTED = "not selected"
# How the reason of a scenario begins that can run on other platforms alone.
NEEDS_A_MACHINE = "needs a machine with"
# How such a reason calls the systems; how one reads that names what Windows lacks whatever the bench has.
_SYSTEMS = {"linux": "Linux", "darwin": "macOS", "windows": "Windows"}
_LACKED_BY_WINDOWS = re.compile(r"needs [^,]+, which .*\bWindows\b")

# Outcomes that keep no release from being signed off.
HARMLESS = frozenset({Outcome.HELD, Outcome.WAIVED})
# Outcomes that nobody has listed or waived: new failures.
NEW_FAILURES = frozenset({Outcome.BROKEN, Outcome.DEVIATION_GONE, Outcome.FAULT})

# Broken promises first: they are what a release engineer must not overlook.
_SEVERITY = {
    Outcome.BROKEN: ExitCode.PROMISE_BROKEN,
    Outcome.DEVIATION_GONE: ExitCode.PROMISE_BROKEN,
    Outcome.FAULT: ExitCode.INFRASTRUCTURE_FAULT,
    Outcome.DEVIATION: ExitCode.KNOWN_DEVIATIONS,
}


@dataclass(frozen=True)
class ScenarioResult:
    """One scenario of a run.

    Attributes:
        id: what identifies it in every run.
        name: of the scenario, or of the row of an outline.
        numbers: of issue 630 that it serves.
        location: "file:line".
        outcome: what became of it.
        reason: why, in words; empty for a promise that held.
        step: the step at which it went wrong, with its keyword; empty otherwise.
        deviation: the id of the known deviation that explains a broken promise, waived or not; else empty.
        step_type: "given", "when" or "then": what kind of step that is; empty otherwise.
        platform: where it ran, such as "linux x86_64".
        evidence: the folder of its evidence, below that of the reports; empty if it has none.
        fallbacks: the older ways that the release made necessary, by name, and how often each was taken.
        seconds: wall time, preparing and cleaning up included.
        commands: how many times it started the product.
        product_cpu_seconds: processor time of the product, where the platform tells it.
        swept_up: processes that were still running when its actors had ended.
        feature: the name of its feature.
        mark: the scenario's name in the mark of its processes; empty if it started none.
    """

    id: str
    name: str
    numbers: tuple[int, ...]
    location: str
    outcome: Outcome
    reason: str
    step: str
    seconds: float
    commands: int
    product_cpu_seconds: float
    swept_up: int
    deviation: str = ""
    step_type: str = ""
    platform: str = ""
    evidence: str = ""
    fallbacks: Mapping[str, int] = field(default_factory=dict)
    feature: str = ""
    mark: str = ""

    @property
    def is_unselected(self) -> bool:
        """Whether nobody asked for it to run."""
        return self.outcome is Outcome.NOT_RUN and self.reason == NOT_SELECTED

    @property
    def needed_platform(self) -> str:
        """The platform that it is about, if it did not run because it is about another; else ""."""
        needs, _, rest = self.reason.partition(NEEDS_A_MACHINE)
        platform = rest.partition(":")[0].strip()
        return platform if self.outcome is Outcome.NOT_RUN and not needs else ""

    @property
    def is_for_elsewhere(self) -> bool:
        """Whether it did not run because it is about other systems than the one it is told of."""
        if self.outcome is not Outcome.NOT_RUN:
            return False
        system = _SYSTEMS.get(self.platform.partition(" ")[0], self.platform)
        if self.needed_platform:
            return system not in self.needed_platform.split(" or ")
        return system == _SYSTEMS["windows"] and _LACKED_BY_WINDOWS.match(self.reason) is not None

    @property
    def is_missing(self) -> bool:
        """Whether it did not run where it is told of, and should have."""
        return self.outcome is Outcome.NOT_RUN and not self.is_for_elsewhere

    @property
    def place(self) -> tuple[str, int]:
        """Where it stands in the features, for sorting."""
        file, _, line = self.location.rpartition(":")
        return file, int(line)

    @property
    def title(self) -> str:
        """Its numbers and its name, for people; which row of an outline it is, the location tells."""
        return f"{','.join(f'{number:02}' for number in self.numbers)} {title_of(self.name)}"


def title_of(name: str) -> str:
    """The name of a scenario without behave's note of the row."""
    return name.partition(" -- @")[0]


def numbers_in(results: Iterable[ScenarioResult]) -> list[int]:
    """The numbers of issue 630 that some scenarios serve, in ascending order."""
    return sorted({number for result in results for number in result.numbers})


def in_ranges(numbers: Sequence[int]) -> str:
    """Numbers in ascending order, for people: "1-3, 7 and 9"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][-1] == number - 1:
            ranges[-1].append(number)
        else:
            ranges.append([number])
    told = [f"{each[0]}-{each[-1]}" if each[1:] else str(each[0]) for each in ranges]
    return " and ".join(part for part in (", ".join(told[:-1]), told[-1]) if part)


def fallbacks_in(results: Iterable[ScenarioResult]) -> Counter[str]:
    """How often scenarios took each fallback, by name; those taken most come first."""
    taken: Counter[str] = Counter()
    for result in results:
        taken.update(result.fallbacks)
    return Counter(dict(taken.most_common()))


def counts(results: Sequence[ScenarioResult]) -> Counter[Outcome]:
    """How many scenarios came to each outcome."""
    return Counter(result.outcome for result in results)


def verdict(results: Sequence[ScenarioResult]) -> ExitCode:
    """The exit code of a run that came to its end."""
    seen = counts(results)
    if not any(count for outcome, count in seen.items() if outcome is not Outcome.NOT_RUN):
        return ExitCode.BAD_COMMAND_LINE
    return next((code for outcome, code in _SEVERITY.items() if seen[outcome]), ExitCode.EVERY_PROMISE_HELD)


def verdict_in_words(results: Sequence[ScenarioResult], code: ExitCode) -> str:
    """The verdict of a run as a sentence."""
    seen = counts(results)
    if code is ExitCode.BAD_COMMAND_LINE:
        return "NOTHING RAN: no scenario was selected, or none could run. Check the tags."
    told = ", ".join(f"{seen[outcome]} {outcome.value}" for outcome in Outcome if seen[outcome])
    heading = {
        ExitCode.EVERY_PROMISE_HELD: "EVERY PROMISE HELD",
        ExitCode.PROMISE_BROKEN: "PROMISE BROKEN",
        ExitCode.INFRASTRUCTURE_FAULT: "NOT JUDGED, the bench failed",
        ExitCode.KNOWN_DEVIATIONS: "NO NEW FAILURE, but known deviations stand against sign-off",
        ExitCode.INTERRUPTED: "INTERRUPTED",
        ExitCode.TERMINATED: "TERMINATED",
        ExitCode.HUNG_UP: "INTERRUPTED, the terminal was closed",
        ExitCode.INCOMPLETE: "INCOMPLETE, the run ended early",
    }[code]
    return f"{heading}: {told or 'nothing had run'}"
