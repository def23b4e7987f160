"""A gate: what fits into a time budget, and notices most."""

from __future__ import annotations

import pytest

from swamp_harness.results.noticed import load_noticed
from swamp_harness.results.recorded_times import load_times
from swamp_harness.specification import features, project
from swamp_harness.specification.candidates import Candidate, CandidateInputs, candidates_of
from swamp_harness.specification.gate import Capacity, Gate, choose, noticed_by, numbers_of

# Ten seconds of scenarios, one after the other.
TEN = Capacity(seconds=10 / 0.92, processors=1, at_once=1)


def a_candidate(name: str, seconds: float, *notices: str, number: int = 1, bonus: float = 0.0) -> Candidate:
    return Candidate(name, (number,), seconds, seconds, dict.fromkeys(notices, 1.0), bonus)


def names(candidates: list[Candidate]) -> str:
    return "".join(each.id for each in candidates)


def test_what_notices_most_in_the_time_is_chosen() -> None:
    candidates = [
        a_candidate("a", 9.0, "v", "w", "x"),
        a_candidate("b", 5.0, "v", "w"),
        a_candidate("c", 5.0, "x"),
    ]
    assert names(choose(candidates, TEN)) == "bc"


def test_each_promise_comes_before_further_mutants() -> None:
    candidates = [
        a_candidate("a", 5.0, "v"),
        a_candidate("b", 5.0, "w", "x"),
        a_candidate("c", 5.0, number=2),
    ]
    assert names(choose(candidates, TEN)) == "bc"


def test_what_adds_nothing_makes_way() -> None:
    candidates = [
        a_candidate("a", 1.0, "v"),  # first for its promise
        Candidate("b", (1, 2), 8.0, 8.0, dict.fromkeys("vwxyz", 1.0)),
        a_candidate("c", 2.0, "u"),
    ]
    assert names(choose(candidates, TEN)) == "bc"


def test_what_failed_lately_is_chosen_though_it_notices_nothing_known() -> None:
    candidates = [a_candidate("a", 6.0, "v", "w"), a_candidate("b", 6.0, bonus=20.0)]
    assert names(choose(candidates, TEN)) == "b"


def test_neither_the_processors_nor_the_places_of_a_run_are_exceeded() -> None:
    computes = [Candidate(name, (1,), 1.0, 6.0, {name: 1.0}) for name in "ab"]
    waits = [Candidate(name, (1,), 6.0, 1.0, {name: 1.0}) for name in "ab"]
    assert names(choose(computes, Capacity(TEN.seconds, processors=1, at_once=2))) == "a"
    assert names(choose(computes, Capacity(TEN.seconds, processors=2, at_once=2))) == "ab"
    assert names(choose(waits, Capacity(TEN.seconds, processors=2, at_once=1))) == "a"
    assert names(choose(waits, Capacity(TEN.seconds, processors=2, at_once=2))) == "ab"


def test_a_scenario_that_is_longer_than_the_budget_is_not_chosen() -> None:
    assert choose([a_candidate("a", 11.0, "v")], Capacity(TEN.seconds, processors=4, at_once=4)) == []


def test_the_choice_is_the_same_for_the_same_scenarios() -> None:
    candidates = [a_candidate(name, 4.0, "v", name) for name in "abcd"]
    assert choose(candidates, TEN) == choose(list(candidates), TEN)


def test_a_gate_counts_what_it_tests_and_notices() -> None:
    gate = Gate(TEN, (a_candidate("a", 2.0, "v"), a_candidate("b", 3.0, "v", "w", number=7)), 9, 5)
    assert (gate.numbers, gate.noticed, gate.seconds) == ([1, 7], 2, 5.0)


@pytest.mark.parametrize("seconds", [60.0, 300.0])
def test_the_gate_of_this_project_grows_with_its_budget(seconds: float) -> None:
    """By what is recorded, on two processors: every promise in five minutes."""
    known = CandidateInputs(load_times(project.RECORDED_TIMES, "swamp"), load_noticed(project.NOTICED))
    candidates = candidates_of(features.runs_in(features.parse(project.FEATURES)), known)
    small, large = (choose(candidates, Capacity(each, 2, 6)) for each in (seconds, 2 * seconds))
    assert len(noticed_by(small)) < len(noticed_by(large))
    assert len(numbers_of(small)) <= len(numbers_of(large))
    if seconds >= 300:
        assert numbers_of(small) == {promise.number for promise in features.catalogue()}
