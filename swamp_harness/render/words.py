"""Results as sentences for people: each sentence is made here, once, and nothing reads it back."""

from __future__ import annotations

from collections.abc import Sequence

from swamp_harness.product.costs import Purpose
from swamp_harness.results import metrics
from swamp_harness.results.decision import (
    Against,
    EndedEarly,
    Gap,
    HadBudget,
    InfrastructureFailed,
    MachineUnusable,
    NotEveryScenario,
    NothingComparable,
    NothingRanOn,
    PromisesNotKept,
    PromisesTolerated,
    RanNowhere,
    Tolerance,
    WithoutResult,
)
from swamp_harness.results.outcome import Ending, Outcome
from swamp_harness.results.result import ScenarioResult, counts
from swamp_harness.results.skip import Skip, SkipKind
from swamp_harness.results.waivers import Complaint, WaiverFlaw
from swamp_harness.specification.features import Promise
from swamp_harness.system.errors import ExitCode

_SHOWN = (metrics.SCENARIOS, metrics.WALL, metrics.HARNESS, metrics.PRODUCT, metrics.COMMANDS)
_SYSTEMS = {"darwin": "macOS", "linux": "Linux", "windows": "Windows"}
_RUN_OUTCOMES = {
    ExitCode.EVERY_PROMISE_HELD: "EVERY PROMISE HELD",
    ExitCode.PROMISE_BROKEN: "PROMISE BROKEN",
    ExitCode.INFRASTRUCTURE_ERROR: "NOT TESTED: infrastructure error",
    ExitCode.KNOWN_DEVIATIONS: "NO NEW FAILURE, but known deviations prevent sign-off",
    ExitCode.INTERRUPTED: "INTERRUPTED",
    ExitCode.TERMINATED: "TERMINATED",
    ExitCode.HUNG_UP: "INTERRUPTED, the terminal was closed",
    ExitCode.INCOMPLETE: "INCOMPLETE, the run ended early",
}
# Why a scenario did not run, if its run ended like this.
_RUN_ENDED = {
    Ending.COMPLETE: "the run ended without running it",
    Ending.STOPPED: "the run stopped at the first new failure (--stop)",
    Ending.INTERRUPTED: "the run was interrupted",
    Ending.TERMINATED: "the run was interrupted",
    Ending.HUNG_UP: "the run was interrupted",
    Ending.FAILED: "the suite itself failed before this scenario had a result",
    Ending.OPEN: "the run has not ended, or was killed",
}
_NOT_RUN = {
    SkipKind.NOT_SELECTED: "not selected",
    SkipKind.OVER_BUDGET: "the rest of the time budget was too short for it",
    SkipKind.NO_OTHER_BINARY: "needs a binary of another protocol version",
    SkipKind.NO_SUCH_MACHINE: "needs a host with {systems}",
    SkipKind.NO_MACHINE: "needs a host for its workers, and no host can be used",
    SkipKind.NO_TERMINAL: "needs a terminal, which the suite does not support on Windows",
    SkipKind.NO_POSIX_SHELL: "needs a POSIX shell for its steps, which Windows does not have",
}
_ENDED_EARLY = {
    Ending.FAILED: "A run ended early because the suite itself failed.",
    Ending.OPEN: "A run has not ended, or was killed.",
}
_NOT_KEPT = {
    Outcome.BROKEN: "broken",
    Outcome.DEVIATION: "broken by a known deviation, and not waived",
    Outcome.DEVIATION_GONE: "listed with a deviation that no longer happens",
}


# --- a scenario


def why(result: ScenarioResult) -> str:
    """The reason of a scenario's outcome; empty for a promise that held."""
    return why_not_run(result.skip) if result.skip is not None else result.reason


def why_not_run(skip: Skip) -> str:
    """Why a scenario did not run."""
    if skip.ending is not None:
        return why_no_result(skip.ending)
    reason = _NOT_RUN[skip.kind].format(systems=systems(skip.platforms))
    return f"{reason}: {skip.detail}" if skip.detail else reason


def why_no_result(ending: Ending) -> str:
    """Why a scenario has no result, if its run ended like this."""
    return _RUN_ENDED[ending]


def systems(names: Sequence[str]) -> str:
    """Operating systems as people call them, such as "Linux or macOS"."""
    return " or ".join(_SYSTEMS.get(each, each) for each in names)


# --- a run


def outcome_in_words(results: Sequence[ScenarioResult], code: ExitCode) -> str:
    """The outcome of a run, as a sentence."""
    if code is ExitCode.BAD_COMMAND_LINE:
        return "NOTHING RAN: no scenario was selected, or none could run. Check the tags."
    counted = counts(results)
    text = ", ".join(f"{counted[outcome]} {outcome.value}" for outcome in Outcome if counted[outcome])
    return f"{_RUN_OUTCOMES[code]}: {text or 'nothing ran'}"


def metrics_in_words(measured: metrics.Metrics) -> list[str]:
    """The metrics of a run, in lines for people."""
    values = ", ".join(f"{measured[name]:g} {name}" for name in _SHOWN)
    each = measured[metrics.COMMANDS] / (measured[metrics.SCENARIOS] or 1)
    least, share = metrics.least_wall_seconds(measured), metrics.share_of_harness(measured)
    return [
        f"Metrics: {values} ({each:.1f} commands per scenario)",
        f"Pace: {metrics.pace(measured):.2f} times the least possible wall time of {least:.0f} s "
        f"({measured[metrics.PROCESSORS]:g} processors, {measured[metrics.AT_ONCE]:g} scenarios at a time, "
        f"the longest {measured[metrics.LONGEST]:.0f} s); the harness took {share:.1%} of the product's "
        "processor time",
        *_parts_in_words(measured),
    ]


def _parts_in_words(measured: metrics.Metrics) -> list[str]:
    if metrics.OTHER not in measured:  # an older record
        return []
    names = {**{metrics.PARTS[each]: each.value for each in Purpose}, metrics.OTHER: "other"}
    values = ", ".join(f"{name} {measured[key]:g}" for key, name in names.items())
    return [f"{metrics.PRODUCT.capitalize()}: {values}"]


# --- the decision


def reason_in_words(reason: Against | Gap) -> str:
    """A reason against a release, or a gap, as a sentence."""
    if isinstance(reason, Complaint):
        return complaint_in_words(reason)
    if isinstance(reason, HadBudget):
        return f"A run was a gate with a time budget of {duration_in_words(reason.seconds)}."
    if isinstance(reason, PromisesNotKept):
        since = " since the baseline" if reason.since_baseline else ""
        return f"{_are(reason.numbers).capitalize()} {_NOT_KEPT[reason.outcome]}{since}."
    return _gap_in_words(reason)


def note_in_words(note: PromisesTolerated) -> str:
    """What does not stand against a release, and why not, as a sentence."""
    broken = f"{_are(note.numbers).capitalize()} {_NOT_KEPT[note.outcome]}"
    if note.why is Tolerance.NOT_WORSE:
        return f"{broken}; the baseline is no better."
    return f"{broken}; release/policy.yaml lets deviations of this severity pass with a note."


def _gap_in_words(gap: Gap) -> str:
    match gap:
        case NothingRanOn(platforms):
            sentence = f"Nothing ran on {', '.join(platforms)}."
        case EndedEarly(ending):
            sentence = _ENDED_EARLY.get(ending, "A run was interrupted before its end.")
        case WithoutResult(lacking, planned):
            sentence = f"{lacking} of {planned} planned scenarios have no result."
        case MachineUnusable(why_not):
            sentence = f"A host could not be used: {why_not}"
        case InfrastructureFailed(()):
            sentence = "A run had an infrastructure error."
        case InfrastructureFailed(numbers):
            sentence = f"{_were(numbers).capitalize()} not tested: infrastructure error."
        case NotEveryScenario(numbers, platform):
            sentence = f"Not every scenario of {promises_in_words(numbers)} ran on {platform}."
        case NothingComparable(version):
            sentence = f"No scenario can be compared with the baseline {version}."
        case RanNowhere(numbers):
            sentence = f"A scenario of {promises_in_words(numbers)} ran on no platform."
    return sentence


def _are(numbers: Sequence[int]) -> str:
    return f"{promises_in_words(numbers)} {'are' if numbers[1:] else 'is'}"


def _were(numbers: Sequence[int]) -> str:
    return f"{promises_in_words(numbers)} {'were' if numbers[1:] else 'was'}"


def complaint_in_words(complaint: Complaint) -> str:
    """What is wrong with a waiver, and how to correct it."""
    waiver = complaint.waiver
    match complaint.flaw:
        case WaiverFlaw.NO_SCENARIO:
            return f"The waiver of {waiver.scenario!r} matches no scenario: correct the id, or remove it."
        case WaiverFlaw.EXPIRED:
            return (
                f"The waiver of {waiver.scenario!r} has expired: it is valid up to {waiver.last_version}, "
                f"and this is {complaint.version}. Remove it, or set a later last-version."
            )
        case WaiverFlaw.NOT_NEEDED:
            return f"The waiver of {waiver.scenario!r} is unused, as the promise is kept: remove it."


def duration_in_words(seconds: float) -> str:
    """A duration such as "5 min" or "90 s"."""
    return f"{seconds / 60:g} min" if seconds % 60 == 0 else f"{seconds:g} s"


def promises_in_words(numbers: Sequence[int]) -> str:
    """Some promises by their numbers, such as "promises 1-3 and 7"."""
    return f"{'promises' if numbers[1:] else 'promise'} {in_ranges(numbers)}"


def severity_in_words(promise: Promise) -> str:
    """The severity of a promise, such as "critical (proposed)" where nobody has decided about it."""
    return f"{promise.severity.value} (proposed)" if promise.is_proposed else promise.severity.value


def in_ranges(numbers: Sequence[int]) -> str:
    """Numbers in ascending order, for people: "1-3, 7 and 9"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][-1] == number - 1:
            ranges[-1].append(number)
        else:
            ranges.append([number])
    parts = [f"{each[0]}-{each[-1]}" if each[1:] else str(each[0]) for each in ranges]
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
