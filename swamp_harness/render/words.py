"""Results as sentences for people: each sentence is made here, once, and nothing reads it back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from swamp_harness.product.costs import Purpose
from swamp_harness.results import metrics
from swamp_harness.results.decision import (
    Against,
    EndedEarly,
    Gap,
    GapTolerated,
    HadBudget,
    InfrastructureFailed,
    MachineUnusable,
    Note,
    NotEveryScenario,
    NothingComparable,
    NothingRanOn,
    PromisesNotKept,
    RanNowhere,
    Tolerance,
    WithoutResult,
)
from swamp_harness.results.deviations import Deviation
from swamp_harness.results.group_state import GroupState
from swamp_harness.results.outcome import Ending, Outcome
from swamp_harness.results.policy import Group, group_of
from swamp_harness.results.result import ScenarioResult, counts
from swamp_harness.results.skip import Skip, SkipKind
from swamp_harness.results.waivers import Complaint, Waiver, WaiverFlaw
from swamp_harness.specification import features
from swamp_harness.specification.features import Promise
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.limits import Limit
from swamp_harness.system.root import in_project

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
# A run ends as for a broken promise if only a deviation or a waiver is listed that should not be.
_LIST_WRONG = "NO NEW BROKEN PROMISE, but a list must be corrected"
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
    SkipKind.NO_EARLIER_BINARY: "needs a binary of an earlier release with the same protocol version",
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


_SHOWN_ONLY = f"By release/policy.yaml, promises {Group.SINCE.value} are shown and do not decide."


# The heading above the promises of a group.
HEADINGS = {Group.THIRTY: "The thirty promises", Group.SINCE: "Promises since issue 630"}


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


def deviation_in_words(deviation: Deviation, *, has_shown: bool) -> str:
    """The known deviation of a scenario, and that it did not show in this run, if so."""
    known = f"{deviation.id}: {deviation.actual}"
    return known if has_shown else f"{known} It shows only sometimes, and did not in this run."


def gone_in_words(deviation: Deviation, list_of: Path) -> str:
    """That a listed deviation no longer happens, and what to do about it."""
    file = in_project(str(list_of))
    return f"{file} lists {deviation.id!r}, which no longer happens: remove the entry"


def waived_in_words(waiver: Waiver, outcome: Outcome, reason: str) -> str:
    """Why a promise is waived, and below that what the scenario's outcome would be, and why."""
    return f"{waiver.reason} ({waiver.link})\n{outcome.value}: {reason}"


def failed_end_in_words(error: Exception) -> str:
    """That the end of a scenario failed."""
    return f"Cleaning up failed: {type(error).__name__}: {error}"


# --- a run


def silence_in_words(limit: Limit) -> str:
    """That the process of a scenario was killed, as it reported nothing for too long."""
    return (
        f"The process that ran the scenario was killed: it reported nothing for {limit.seconds:g} s, "
        f"the limit for {limit.name}."
    )


def death_in_words(code: int) -> str:
    """That the process of a scenario died without a result, and what to do."""
    return f"The process that ran the scenario died, with exit code {code}: run again."


def target_in_words(target: str) -> str:
    """What a run is against that is no sign-off, as a sentence."""
    return f"This run is against {target}, not against swamp."


def outcome_in_words(results: Sequence[ScenarioResult], code: ExitCode) -> str:
    """The outcome of a run, as a sentence."""
    if code is ExitCode.BAD_COMMAND_LINE:
        return "NOTHING RAN: none of the selected scenarios could run."
    is_broken = any(each.outcome is Outcome.BROKEN for each in results)
    outcome = _LIST_WRONG if code is ExitCode.PROMISE_BROKEN and not is_broken else _RUN_OUTCOMES[code]
    return f"{outcome}: {_counted(results) or 'nothing ran'}"


def _counted(results: Sequence[ScenarioResult]) -> str:
    counted = counts(results)
    return ", ".join(f"{counted[outcome]} {outcome.value}" for outcome in Outcome if counted[outcome])


def groups_in_words(results: Sequence[ScenarioResult]) -> list[str]:
    """How many scenarios of each group of promises have each outcome; empty if all are of the thirty."""
    groups = features.groups()
    by_group = {
        group: [each for each in results if group_of(each.numbers, groups) is group] for group in Group
    }
    if not by_group[Group.SINCE]:
        return []
    return [f"{group.value}: {_counted(own)}" for group, own in by_group.items() if own]


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


def note_in_words(note: Note) -> str:
    """What does not stand against a release, and why not, in a sentence or two."""
    if isinstance(note, GapTolerated):
        return f"{_gap_in_words(note.gap)} {_SHOWN_ONLY}"
    broken = f"{_are(note.numbers).capitalize()} {_NOT_KEPT[note.outcome]}"
    if note.why is Tolerance.NOT_WORSE:
        return f"{broken}; the baseline is no better."
    if note.why is Tolerance.GROUP:
        return f"{broken}. {_SHOWN_ONLY}"
    return f"{broken}; release/policy.yaml lets deviations of this severity pass with a note."


def severities_in_words(states: Sequence[GroupState]) -> str:
    """How many promises of each group are not kept, by severity."""
    found = []
    for state in states:
        counted = ", ".join(f"{count} {severity.value}" for severity, count in state.not_kept.items())
        found.append(counted if state.group is Group.THIRTY else f"{state.group.value}: {counted}")
    return f"Promises not kept: {'; '.join(found)}"


def state_in_words(state: GroupState) -> str:
    """How a group of promises stands, as a sentence."""
    name = state.group.value.capitalize() + ("" if state.decides else " (does not decide)")
    broken = sum(state.not_kept.values())
    parts = [f"{state.kept} of {state.promises} promises kept"]
    parts += [f"{broken} not kept"] if broken else []
    parts += [f"{state.not_tested} not fully tested"] if state.not_tested else []
    counted = ", ".join(f"{count} {outcome.value}" for outcome, count in state.scenarios.items())
    scenarios = sum(state.scenarios.values())
    return f"{name}: {', '.join(parts)}. {scenarios} scenario{'s' * (scenarios != 1)}: {counted or 'none'}."


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
    """Some promises by their numbers, such as "promises 1-3 and 7, and promise 44 (since issue 630)"."""
    since = [number for number in numbers if features.groups().get(number) is Group.SINCE]
    thirty = [number for number in numbers if number not in since]
    found = [_numbered(thirty)] if thirty else []
    found += [f"{_numbered(since)} ({Group.SINCE.value})"] if since else []
    return ", and ".join(found)


def _numbered(numbers: Sequence[int]) -> str:
    return f"{'promises' if numbers[1:] else 'promise'} {in_ranges(numbers)}"


def shares_in_words(numbers: Collection[int]) -> str:
    """How many promises of each group some numbers are, such as "2 of 30 promises"."""
    shares = [
        f"{sum(promise.number in numbers for promise in own)} of {len(own)} promises"
        f"{f' {Group.SINCE.value}' if group is Group.SINCE else ''}"
        for group in Group
        if (own := features.in_group(group))
    ]
    return " and ".join(shares)


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
