"""The search for mutants by journeys: what counts as found, and what is reported."""

import json

from swamp_harness.exploration import mutant_search
from swamp_harness.results.outcome import Outcome
from tests.conftest import a_result, a_run


def searched(monkeypatch, reports, names, results_for):
    """The report of a search; the mutants of a name have the results that a function returns."""

    def run(changes, _, selection, __):
        assert selection.stop
        return a_run(*results_for(changes["variables"]["SWAMP_STANDIN_MUTANT"]))

    monkeypatch.setattr(mutant_search, "run_against", run)
    assert mutant_search.search(names, 5, 1, reports, 1) == 0
    return json.loads((reports / "exploration-mutants.json").read_text())


def test_a_mutant_is_found_by_the_first_journey_that_fails(monkeypatch, tmp_path, capsys):
    broken = a_result("b", Outcome.BROKEN, step="Then the pool is empty")
    results = [a_result("a"), broken, a_result("c", Outcome.NOT_RUN)]

    document = searched(monkeypatch, tmp_path, ["15"], lambda _: results)

    assert {(each["found_at"], each["journeys"]) for each in document["mutants"]} == {
        ("Then the pool is empty", 2)
    }
    assert (
        f"{len(document['mutants'])} of {len(document['mutants'])} mutants found (100%)"
        in capsys.readouterr().out
    )


def test_ctrl_c_keeps_what_was_searched_until_then(monkeypatch, tmp_path, capsys):
    ran = []

    def run(*_):
        if ran:
            raise KeyboardInterrupt
        ran.append(True)
        return a_run(a_result("b", Outcome.BROKEN, step="Then the pool is empty"))

    monkeypatch.setattr(mutant_search, "run_against", run)

    assert mutant_search.search(["15"], 5, 1, tmp_path, 1) == 130

    document = json.loads((tmp_path / "exploration-mutants.json").read_text())
    assert [each["found_at"] for each in document["mutants"]] == ["Then the pool is empty"]
    assert "1 of 1 mutants found" in capsys.readouterr().out


def test_errors_find_nothing(monkeypatch, tmp_path, capsys):
    results = [a_result("a"), a_result("b", Outcome.ERROR, step="Given an orchestrator")]

    document = searched(monkeypatch, tmp_path, ["20"], lambda _: results)

    assert {(each["found_at"], each["journeys"], each["reached"]) for each in document["mutants"]} == {
        ("", 2, False)
    }
    assert "not found, never reached" in capsys.readouterr().out


def test_the_promises_that_journeys_are_about_are_searched(monkeypatch, tmp_path):
    document = searched(monkeypatch, tmp_path, [], lambda _: [a_result("a")])

    numbers = {int(each["mutant"].partition("-")[0]) for each in document["mutants"]}
    assert numbers == set(range(3, 22))
