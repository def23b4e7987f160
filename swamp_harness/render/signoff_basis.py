"""What a sign-off rests on: question, policy, severities, baseline, and what operators meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swamp_harness.render.words import HEADINGS, note_in_words, severities_in_words, state_in_words, why
from swamp_harness.results.baseline import Change, Changes, Incomparable
from swamp_harness.results.decision import Criteria, Note, Question
from swamp_harness.results.deviations import Deviation
from swamp_harness.results.group_state import GroupState, states
from swamp_harness.results.outcome import Outcome, Standing
from swamp_harness.results.policy import Policy
from swamp_harness.results.result import ScenarioResult, numbers_in, title_of
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.specification.features import Promise

# Changes that the page lists, the worst first.
_LISTED = (Change.NEWLY_BROKEN, Change.STILL_BROKEN, Change.FIXED)


def basis(
    record: SuiteRun,
    results: Sequence[ScenarioResult],
    criteria: Criteria,
    notes: Sequence[Note],
) -> dict[str, Any]:
    """The part of the sign-off document that says by what the release was judged.

    Args:
        record: of the run.
        results: of every scenario on every platform.
        criteria: by what the release is judged.
        notes: what does not stand against it.
    """
    return {
        "question": question_in_words(criteria, record),
        "severities": severities_in_words(states(results, criteria)),
        "groups": [_group(state) for state in states(results, criteria)],
        "notes": [note_in_words(each) for each in notes],
        "policy": _policy(criteria.policy),
        "baseline": _baseline(criteria.changes, results) if criteria.changes is not None else None,
    }


def question_in_words(criteria: Criteria, record: SuiteRun) -> str:
    """What the decision answers."""
    release = f"{record.target} {record.version}"
    if criteria.question is Question.IS_WORSE and criteria.changes is not None:
        return f"Is {release} worse than {criteria.changes.baseline.version}?"
    return f"Does {release} keep its promises?"


def met_by_operators(
    promise: Promise, results: Sequence[ScenarioResult], deviations: Sequence[Deviation]
) -> list[str]:
    """What an operator of this release meets instead of a promise, a sentence for each kind of failure."""
    broken = [
        each
        for each in results
        if promise.number in each.numbers and each.outcome.traits.standing is Standing.BROKEN
    ]
    known = {each.id: each.actual for each in deviations}
    sentences = [
        known.get(each.deviation) or f"New, in the scenario {title_of(each.name)!r}: {_first_line(why(each))}"
        for each in broken
    ]
    return list(dict.fromkeys(sentences))


def _group(state: GroupState) -> dict[str, Any]:
    return {
        "name": state.group.value,
        "heading": HEADINGS[state.group],
        "decides": state.decides,
        "promises": state.promises,
        "kept": state.kept,
        "not kept": {severity.value: count for severity, count in state.not_kept.items()},
        "not tested": state.not_tested,
        "scenarios": {outcome.value: count for outcome, count in state.scenarios.items()},
        "in words": state_in_words(state),
    }


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "known-deviations": {
            severity.value: treatment.value for severity, treatment in policy.known_deviations.items()
        },
        "since-issue-630": policy.since_issue_630.value,
        "with-baseline": policy.with_baseline.value,
    }


def _baseline(changes: Changes, results: Sequence[ScenarioResult]) -> dict[str, Any]:
    changed = [(result, changes.of.get((result.id, result.platform))) for result in results]
    incomparable = [
        (result, changes.reasons[result.id, result.platform])
        for result, change in changed
        if change is Change.NOT_COMPARABLE
    ]
    return {
        "version": changes.baseline.version,
        "source": changes.baseline.source,
        "counts": {change.value: sum(found is change for _, found in changed) for change in Change},
        "changes": [
            {
                "change": change.value,
                "numbers": list(result.numbers),
                "id": result.id,
                "name": title_of(result.name),
                "platform": result.platform,
                "outcome": result.outcome.value,
            }
            for change in _LISTED
            for result, found in changed
            if found is change
        ],
        "not comparable": [
            {
                "reason": reason.value,
                "platform": platform,
                "scenarios": [title_of(each.name) for each in own],
                "numbers": numbers_in(own),
            }
            for reason in Incomparable
            for platform in dict.fromkeys(each.platform for each, _ in incomparable)
            if (
                own := [each for each, found in incomparable if found is reason and each.platform == platform]
            )
        ],
    }


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0] or Outcome.BROKEN.value
