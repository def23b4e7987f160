"""The order of a run: by expected gain, the longest never too late."""

from __future__ import annotations

from statistics import median

import pytest

from swamp_harness.results.history import PastRun
from swamp_harness.results.noticed import load_noticed
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.policy import Severity
from swamp_harness.results.recorded_times import RecordedTime, RecordedTimes, load_times
from swamp_harness.specification import features, project
from swamp_harness.specification.candidates import Candidate, CandidateInputs, candidates_of
from swamp_harness.specification.features import FeatureRun
from swamp_harness.specification.order import ends, in_order, longest_first

TIMES = RecordedTimes({name: RecordedTime(10.0, 10.0, "same") for name in ("a", "b")})


def a_run_of(name: str, text: str = "same") -> FeatureRun:
    return FeatureRun(name, name, (1,), f"features/x.feature:{ord(name[0])}", "Tokens", text)


def a_past_run(**outcomes: Outcome) -> PastRun:
    return PastRun("", "", "", "", {name: outcome.value for name, outcome in outcomes.items()})


def gains(known: CandidateInputs, *texts: str) -> list[float]:
    runs = [a_run_of(name, text) for name, text in zip("ab", texts or ("same", "same"), strict=True)]
    return [each.gain(()) for each in candidates_of(runs, known)]


def test_a_scenario_gains_the_mutants_that_it_notices() -> None:
    known = CandidateInputs(TIMES, {"01-x": ["a", "b"], "01-y": ["a"]}, (), {1: Severity.NORMAL})
    assert gains(known) == [2.0, 1.0]
    first, _ = candidates_of([a_run_of("a"), a_run_of("b")], known)
    assert first.gain({"01-x", "02-z"}) == 1.0


def test_a_mutant_of_a_severe_promise_is_worth_more() -> None:
    severities = {1: Severity.BLOCKER, 2: Severity.NORMAL}
    more, less = gains(CandidateInputs(TIMES, {"01-x": ["a"], "02-y": ["b"]}, (), severities))
    assert more > less


def test_a_new_or_changed_scenario_is_worth_more() -> None:
    more, less = gains(CandidateInputs(TIMES), "another text", "same")
    assert more > less == 0


def test_what_failed_lately_is_worth_more_the_later_the_more() -> None:
    history = [a_past_run(a=Outcome.BROKEN, b=Outcome.HELD), a_past_run(a=Outcome.HELD, b=Outcome.BROKEN)]
    earlier, later = gains(CandidateInputs(TIMES, history=history))
    assert later > earlier > 0


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.DEVIATION, Outcome.WAIVED, Outcome.ERROR])
def test_what_is_no_new_failure_is_worth_nothing(outcome: Outcome) -> None:
    assert gains(CandidateInputs(TIMES, history=[a_past_run(a=outcome)])) == [0.0, 0.0]


def test_a_failure_of_long_ago_is_worth_nothing() -> None:
    history = [a_past_run(a=Outcome.BROKEN), *(a_past_run(a=Outcome.HELD) for _ in range(5))]
    assert gains(CandidateInputs(TIMES, history=history)) == [0.0, 0.0]


def a_candidate(name: str, seconds: float, *notices: str, bonus: float = 0.0) -> Candidate:
    return Candidate(name, (1,), seconds, seconds, dict.fromkeys(notices, 1.0), bonus)


def names(candidates: list[Candidate]) -> str:
    return "".join(each.id for each in candidates)


def test_the_largest_gain_for_its_time_is_first() -> None:
    candidates = [
        a_candidate("a", 20.0, "x"),
        a_candidate("b", 10.0, "x", "y"),
        a_candidate("c", 10.0, "z"),
        a_candidate("d", 30.0, bonus=20.0),
    ]
    assert names(in_order(candidates, at_once=1)) == "dbca"


def test_a_mutant_counts_once() -> None:
    candidates = [
        a_candidate("a", 1.0, "x", "y"),
        a_candidate("b", 1.0, "x", "y"),
        a_candidate("c", 1.0, "z"),
    ]
    assert names(in_order(candidates, at_once=1)) == "acb"


def test_what_serves_a_promise_for_the_first_time_is_worth_more() -> None:
    candidates = [
        a_candidate("a", 10.0, *"uvwxyz"),
        a_candidate("b", 10.0, *"rst"),
        Candidate("c", (2,), 10.0, 10.0),
    ]
    assert names(in_order(candidates, at_once=1)) == "acb"


def test_a_run_that_may_end_early_begins_with_a_scenario_of_each_promise() -> None:
    candidates = [
        a_candidate("a", 10.0, *"uvwxyz"),
        a_candidate("b", 10.0, *"opqrst"),
        Candidate("c", (2,), 10.0, 10.0),
        Candidate("d", (2, 3), 60.0, 10.0),
    ]
    assert names(in_order(candidates, at_once=1)) == "abcd"
    assert names(in_order(candidates, at_once=1, each_promise_first=True)) == "acdb"


def test_the_longest_begins_early_enough() -> None:
    candidates = [a_candidate("a", 90.0), *(a_candidate(name, 30.0, name) for name in "bcdefg")]
    ordered = in_order(candidates, at_once=2)
    assert max(ends(ordered, 2)) == max(ends(longest_first(candidates), 2))


def test_the_order_is_the_same_for_the_same_scenarios() -> None:
    candidates = [a_candidate(name, 10.0, "x") for name in "abcd"]
    assert in_order(candidates, at_once=2) == in_order(candidates[::-1], at_once=2)


@pytest.mark.parametrize("target", ["swamp", "the stand-in"])
def test_the_first_failure_is_sooner_and_no_run_longer(target: str) -> None:
    """By what is recorded: over all mutants, from the start to the end of the first scenario that notices."""
    noticed = load_noticed(project.NOTICED)
    known = CandidateInputs(load_times(project.RECORDED_TIMES, target), noticed)
    candidates = candidates_of(features.runs_in(features.parse(project.FEATURES)), known)

    def until_first_failure(ordered: list[Candidate]) -> float:
        at = dict(zip((each.id for each in ordered), ends(ordered, 6), strict=True))
        return median(min(at[name] for name in scenarios) for scenarios in noticed.values())

    before, after = longest_first(candidates), in_order(candidates, 6)
    assert until_first_failure(after) < 0.5 * until_first_failure(before)
    assert max(ends(after, 6)) < 1.05 * max(ends(before, 6))
