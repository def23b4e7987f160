"""The summary at the end of a run, on one screen: the outcome, what failed, where the reports are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from swamp_harness.render.gate import gate_at_end
from swamp_harness.render.signoff_page import PAGE_FILE
from swamp_harness.render.words import (
    complaint_in_words,
    groups_in_words,
    metrics_in_words,
    outcome_in_words,
    promises_in_words,
    target_in_words,
    why,
    why_not_run,
)
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult, fallbacks_in, numbers_in
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.results.waivers import Complaint
from swamp_harness.system.plain_text import cut, for_terminal, shortened

# Listed one by one, and at most so many of each, so that all fits on one screen.
_LISTED = (Outcome.BROKEN, Outcome.DEVIATION_GONE, Outcome.ERROR)
_MOST_IN_WORDS = 5
_LONGEST_REASON = 160


def of_run(record: SuiteRun, complaints: Sequence[Complaint], reports: Path) -> str:
    """The summary of a run, blanked of secrets.

    Args:
        record: of the run.
        complaints: what is wrong with the list of waivers.
        reports: the folder of the reports.
    """
    lines = [
        "",
        *no_sign_off(record.target, is_for_sign_off=record.is_for_sign_off),
        *gate_at_end(record),
        outcome_in_words(record.results, record.exit_code),
        *(f"  {line}" for line in groups_in_words(record.results)),
    ]
    for outcome in _LISTED:
        lines += _in_words([result for result in record.results if result.outcome is outcome])
    lines += [f"  host: {reason}" for reason in record.unavailable_machines]
    lines += [f"  suite: {error.splitlines()[-1]}" for error in record.errors]
    lines += [f"  output lost: {record.output_lost}"] if record.output_lost else []
    lines += [f"  waivers: {complaint_in_words(complaint)}" for complaint in complaints]
    for outcome in (Outcome.DEVIATION, Outcome.WAIVED):
        own = [result for result in record.results if result.outcome is outcome]
        lines += [f"  {outcome.value}: {_scenarios(own)}"] if own else []
    lines += _not_run(record.results)
    lines += [
        *metrics_in_words(record.metrics),
        _fallbacks(record.results),
        f"Reports: {reports}",
        f"Sign-off page: {reports / PAGE_FILE}",
    ]
    return for_terminal(shortened("\n".join(lines), most_lines=200))


def no_sign_off(target: str, *, is_for_sign_off: bool) -> list[str]:
    """The lines that say that a run is not a sign-off; empty if it is one."""
    if is_for_sign_off:
        return []
    return [
        f"NOT A SIGN-OFF: {target_in_words(target)} "
        "To test a release, give its binary: make uat SWAMP_BIN=/path/to/swamp"
    ]


def _in_words(results: Sequence[ScenarioResult]) -> list[str]:
    lines = []
    for result in results[:_MOST_IN_WORDS]:
        shown = cut(why(result).partition("\n")[0], _LONGEST_REASON)
        lines.append(f"  {result.outcome.value}: {result.title} ({result.location})\n    {shown}")
    rest = results[_MOST_IN_WORDS:]
    lines += (
        [f"  {rest[0].outcome.value}: {len(rest)} more, of {promises_in_words(numbers_in(rest))}"]
        if rest
        else []
    )
    return lines


def _not_run(results: Sequence[ScenarioResult]) -> list[str]:
    skipped = [each for each in results if each.outcome is Outcome.NOT_RUN and not each.is_unselected]
    return [
        f"  not run: {_scenarios(own)}: {why_not_run(skip)}"
        for skip in dict.fromkeys(each.skip for each in skipped)
        if skip is not None
        for own in [[each for each in skipped if each.skip == skip]]
    ]


def _fallbacks(results: Sequence[ScenarioResult]) -> str:
    taken = fallbacks_in(results)
    return "Fallbacks: " + (", ".join(f"{name} ({count} times)" for name, count in taken.items()) or "none")


def _scenarios(results: Sequence[ScenarioResult]) -> str:
    scenarios = f"{len(results)} scenario{'s' * (len(results) > 1)}"
    return f"{scenarios} of {promises_in_words(numbers_in(results))}"
