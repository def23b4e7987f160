"""An exploration reports a failure once, shortened, as a feature, and steers away from known deviations."""

import json
from pathlib import Path

import pytest

from swamp_harness.exploration import explore
from swamp_harness.exploration.acts import Focus
from swamp_harness.exploration.explore import Exploration
from swamp_harness.exploration.report import Options
from swamp_harness.results.deviations import Deviation
from swamp_harness.results.outcome import Outcome
from swamp_harness.specification import feature_files
from tests.conftest import a_result, a_run

RESET = "is reset"
SAME = 'the worker "omega" is connected as the same pool member as before'
AS_BEFORE = "is connected as the same pool member as before"


def broken_by(text, outcome=Outcome.BROKEN):
    """Runs scenarios of a program on which each scenario fails in the first Then after a step with a text."""

    def run(folder, selection, _):
        folder.mkdir()
        feature = feature_files.read_feature(Path(selection.paths[0]))
        return a_run(*(judged(scenario, text, outcome) for scenario in feature.walk_scenarios()))

    return run


def judged(scenario, text, outcome):
    tag = next(str(each) for each in scenario.tags if each.startswith(("journey-", "found-")))
    steps = list(scenario.steps)
    place = next((place for place, step in enumerate(steps) if text in step.name), None)
    failed = (
        next((step for step in steps[place:] if step.step_type == "then"), None)
        if place is not None
        else None
    )
    if failed is None:
        return a_result(scenario.name, id=tag)
    words = f"{failed.keyword} {failed.name}"
    return a_result(
        scenario.name,
        outcome,
        id=tag,
        step=words,
        reason="It is not.\nNot at all.",
        expected=True,
        actual=False,
    )


def exploration(tmp_path, run, *, listed=(), minutes=0.02, focus=Focus.NETWORK):
    work = tmp_path / "work"
    work.mkdir()
    return Exploration(Options(minutes, 1, [focus], jobs=4), run, listed, tmp_path / "reports", work)


def test_a_failure_is_found_once_and_shortened(tmp_path, capsys):
    explored = exploration(tmp_path, broken_by(RESET))

    explored.explore()

    kinds = {each.failure.kind for each in explored.tally.found}
    assert len(kinds) == len(explored.tally.found) >= 1
    found = next(each for each in explored.tally.found if AS_BEFORE in each.failure.step)
    assert [event.act.kind for event in found.journey.events] == ["reset"]
    out = capsys.readouterr().out
    assert f"FOUND {found.journey.id}: " in out
    assert "shortened to 1\n" in out
    text = found.file.read_text("utf-8")
    assert text.splitlines()[-1].strip() == found.failure.step
    assert "# It is not." in text
    assert found.repeats
    assert found.file.with_suffix("").is_dir(), "the reports of its run lie beside it"


def test_a_failure_that_does_not_happen_again_is_reported_as_such(tmp_path, capsys):
    def run(folder, selection, limit):
        is_found = Path(selection.paths[0]).parent.name == "found"
        return broken_by("no such step" if is_found else RESET)(folder, selection, limit)

    explored = exploration(tmp_path, run)

    explored.explore()

    assert not any(each.repeats for each in explored.tally.found)
    assert ", and it did not happen again\n" in capsys.readouterr().out


def test_a_known_deviation_is_counted_and_avoided(tmp_path):
    listed = Deviation("known", "elsewhere", SAME, "", "", "", False, "", "")
    explored = exploration(tmp_path, broken_by(RESET), listed=[listed], minutes=0.05)

    explored.explore()

    assert explored.tally.known["known"] >= 1
    assert AS_BEFORE not in " ".join(each.failure.step for each in explored.tally.found)


def test_a_known_deviation_is_recognised_at_another_step_that_shows_it(tmp_path):
    elsewhere = {SAME: False}
    listed = Deviation("known", "elsewhere", "another step", "", "", "", True, "", "", elsewhere)
    explored = exploration(tmp_path, broken_by(RESET), listed=[listed], minutes=0.05)

    explored.explore()

    assert explored.tally.known["known"] >= 1


def test_a_journey_that_cannot_be_judged_is_no_failure(tmp_path):
    explored = exploration(tmp_path, broken_by(RESET, Outcome.ERROR))

    explored.explore()

    assert explored.tally.found == []
    assert "It is not." in explored.tally.undecided.values()


def test_a_run_without_a_record_decides_nothing(tmp_path):
    explored = exploration(tmp_path, lambda folder, selection, limit: None)  # noqa: ARG005 - as a run is called

    explored.explore()

    assert len(explored.tally.undecided) == explored.tally.journeys > 0


def test_nothing_is_found_where_everything_holds(tmp_path):
    explored = exploration(tmp_path, broken_by("no such step"))

    explored.explore()

    assert explored.tally.found == []
    assert explored.tally.journeys > 0
    assert len(explored.tally.states) > 1


@pytest.mark.parametrize(("broken", "code"), [("no such step", 0), (RESET, 1)])
def test_the_command_writes_what_it_has_seen(tmp_path, monkeypatch, broken, code):
    monkeypatch.setattr(explore, "run_quietly", lambda _, *arguments: broken_by(broken)(*arguments))
    monkeypatch.setenv("PATH", str(tmp_path))

    assert explore.explore(Options(0.02, 5, [Focus.NETWORK], jobs=4), tmp_path) == code

    document = json.loads((tmp_path / "exploration.json").read_text())
    assert document["seed"] == 5
    assert document["journeys"] > 0
    files = {file.name for file in (tmp_path / "found").glob("*.feature")}
    assert {each["file"] for each in document["found"]} == files
    assert bool(files) == bool(code)


def test_only_the_run_of_a_found_feature_has_documents_for_people(tmp_path):
    record_only = {}

    def run(folder, selection, limit):
        record_only[selection.paths[0]] = selection.record_only
        return broken_by(RESET)(folder, selection, limit)

    exploration(tmp_path, run).explore()

    found = {path: only for path, only in record_only.items() if Path(path).parent.name == "found"}
    assert found
    assert not any(found.values())
    assert all(only for path, only in record_only.items() if path not in found)


def test_an_interrupted_exploration_keeps_what_it_found(tmp_path, monkeypatch):
    def run(folder, selection, limit):
        if "journeys.feature" in selection.paths[0] and (tmp_path / "found").exists():
            raise KeyboardInterrupt
        return broken_by(RESET)(folder, selection, limit)

    monkeypatch.setattr(explore, "run_quietly", lambda _, *arguments: run(*arguments))
    monkeypatch.setenv("PATH", str(tmp_path))

    assert explore.explore(Options(1, 5, [Focus.NETWORK], jobs=4), tmp_path) == 130

    assert json.loads((tmp_path / "exploration.json").read_text())["journeys"] > 0


def test_a_failure_of_the_interrupted_round_is_kept_as_it_is(tmp_path, capsys):
    def run(folder, selection, limit):
        broken_by(RESET)(folder, selection, limit).write_to(folder)
        raise KeyboardInterrupt

    explored = exploration(tmp_path, run)

    explored.explore()

    assert explored.interrupted
    found = explored.tally.found[0]
    assert found.file.exists()
    assert found.repeats is None
    assert ", and it was not tried again\n" in capsys.readouterr().out
