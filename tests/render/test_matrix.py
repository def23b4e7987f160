"""The suite over several releases: the table of promises by release, and its runs."""

import json
import shutil
import subprocess
import sys

import pytest

from swamp_harness.render.release_matrix import ReleaseRun, matrix, since
from swamp_harness.results.outcome import Ending, Outcome, Standing
from swamp_harness.results.skip import NOT_SELECTED, Skip, SkipKind
from swamp_harness.runner.reports_folder import taken
from swamp_harness.system.errors import ExitCode
from tests.conftest import ROOT, a_result, a_run, suite_environment

NEEDS_MAC = Skip(SkipKind.NO_SUCH_MACHINE, ("darwin",))
NEEDS_LINUX = Skip(SkipKind.NO_SUCH_MACHINE, ("linux",))

MINT = "A minted credential is shown exactly once, in JSON"


def promise_of(document, number):
    return next(each for each in document["promises"] if each["number"] == number)


def release(name, *results):
    return ReleaseRun(name, a_run(*results))


@pytest.mark.parametrize(
    ("standings", "words"),
    [
        ("kept kept kept", "kept in all"),
        ("broken broken", "broken in all"),
        ("broken kept kept", "kept since 2"),
        ("kept kept broken", "broken since 3"),
        ("kept broken kept broken broken", "broken since 4"),
        ("broken unknown kept", "kept since 3"),
        ("kept unknown kept", "kept in all"),
        ("kept broken unknown", "broken since 2"),
        ("unknown kept", "kept"),
        ("unknown unknown", "not tested"),
    ],
)
def test_the_release_since_which_a_promise_has_its_state(standings, words):
    named = [(str(number), Standing[each.upper()]) for number, each in enumerate(standings.split(), start=1)]
    assert since(named) == words


def test_the_two_groups_of_promises_are_apart():
    document = matrix([release("old", a_result("one"))])

    assert [group["name"] for group in document["groups"]] == ["the thirty", "since issue 630"]
    assert promise_of(document, 30)["group"] == "the thirty"
    assert document["promises"][-1]["group"] == "since issue 630"


def test_a_promise_is_broken_in_a_release_if_one_of_its_scenarios_is():
    document = matrix(
        [
            release("old", a_result("one"), a_result("two", Outcome.BROKEN)),
            release("new", a_result("one"), a_result("two")),
        ]
    )
    promise = promise_of(document, 1)
    assert promise["releases"] == {"old": "broken", "new": "kept"}
    assert promise["since"] == "kept since new"
    assert {each["name"]: each["since"] for each in promise["scenarios"]} == {
        "one": "kept in all",
        "two": "kept since new",
    }


def test_known_deviations_and_waivers_are_broken_promises_and_a_gone_deviation_is_a_kept_one():
    outcomes = {
        "deviating": Outcome.DEVIATION,
        "waived": Outcome.WAIVED,
        "gone": Outcome.DEVIATION_GONE,
        "hosts": Outcome.ERROR,
        "not run": Outcome.NOT_RUN,
    }
    document = matrix([release(name, a_result("one", outcome)) for name, outcome in outcomes.items()])
    assert promise_of(document, 1)["releases"] == {
        "deviating": "broken",
        "waived": "broken",
        "gone": "kept",
        "hosts": "not tested",
        "not run": "not tested",
    }


@pytest.mark.parametrize(
    ("other", "standing", "words"),
    [
        (a_result("two", Outcome.ERROR), "not tested", "kept"),
        (a_result("two", Outcome.NOT_RUN, skip=Skip.by(Ending.INTERRUPTED)), "not tested", "kept"),
        (a_result("two", Outcome.NOT_RUN, skip=NOT_SELECTED), "kept", "kept in all"),
        (a_result("two", Outcome.NOT_RUN, skip=NEEDS_MAC), "kept", "kept in all"),
    ],
)
def test_a_promise_is_kept_only_if_all_its_scenarios_were_tested(other, standing, words):
    document = matrix([release("old", a_result("one")), release("new", a_result("one"), other)])
    promise = promise_of(document, 1)
    assert promise["releases"] == {"old": "kept", "new": standing}
    assert promise["since"] == words

    broken = matrix([release("old", a_result("one", Outcome.BROKEN), other)])
    assert promise_of(broken, 1)["releases"] == {"old": "broken"}


def test_a_release_whose_run_has_no_results_is_not_tested():
    document = matrix([ReleaseRun("lost", None), release("new", a_result("one"))])
    assert promise_of(document, 1)["releases"] == {"lost": "not tested", "new": "kept"}


def run_matrix(reports, *arguments, **env):
    return subprocess.run(
        [sys.executable, "-m", "swamp_harness.cli.main", "matrix", *arguments],
        env=suite_environment(reports, **env),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_two_releases_are_run_and_distinguished(fake_swamp, tmp_path):
    for name, defects in (("older", ["twice"]), ("newer", [])):
        shutil.move(fake_swamp(*defects).path, tmp_path / name)
    done = run_matrix(tmp_path / "reports", "--name", MINT, str(tmp_path / "older"), str(tmp_path / "newer"))
    assert done.returncode == ExitCode.EVERY_PROMISE_HELD, done.stdout + done.stderr
    assert "kept since" in done.stdout
    document = json.loads((tmp_path / "reports" / "matrix.json").read_text())
    assert promise_of(document, 1)["releases"] == {"older": "broken", "newer": "kept"}
    assert "kept since newer" in (tmp_path / "reports" / "matrix.html").read_text()


def test_the_other_releases_run_even_if_one_cannot(fake_swamp, tmp_path):
    (tmp_path / "no-swamp").write_text("#!/bin/sh\necho nothing\n")
    (tmp_path / "no-swamp").chmod(0o755)
    done = run_matrix(
        tmp_path / "reports", "--name", MINT, str(tmp_path / "no-swamp"), str(fake_swamp().path)
    )
    assert done.returncode == ExitCode.NO_BINARY
    document = json.loads((tmp_path / "reports" / "matrix.json").read_text())
    assert promise_of(document, 1)["releases"] == {"no-swamp": "not tested", "swamp": "kept"}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (["20260822.011157.0-sha.06b61472", "1.2"], "'1.2' is not a version of swamp"),
        (["20260822.011157.0-sha.06b61472"] * 2, "give each once"),
        ([], "required: versions"),
    ],
)
def test_a_wrong_argument_is_reported_before_anything_runs(tmp_path, given, complaint):
    done = run_matrix(tmp_path / "reports", *given)
    assert done.returncode == ExitCode.BAD_COMMAND_LINE
    assert complaint in done.stderr
    assert not (tmp_path / "reports").exists()


def test_a_second_matrix_keeps_the_reports_of_the_first(tmp_path):
    (tmp_path / "swamp").touch()
    kept = tmp_path / "reports" / "matrix" / "1" / "run.json"
    kept.parent.mkdir(parents=True)
    kept.touch()

    with taken(tmp_path / "reports" / "matrix"):
        done = run_matrix(tmp_path / "reports", str(tmp_path / "swamp"))

    assert done.returncode == ExitCode.BAD_COMMAND_LINE
    assert "is writing its reports to" in done.stderr
    assert done.stderr.count("\n") == 1
    assert kept.exists()


def test_a_matrix_that_cannot_start_removes_the_older_one(tmp_path):
    reports = tmp_path / "reports"
    (reports / "matrix").mkdir(parents=True)
    for name in ("matrix.html", "matrix.json", "run.json"):
        (reports / name).write_text("older")

    done = run_matrix(reports, "1.2")

    assert done.returncode == ExitCode.BAD_COMMAND_LINE
    assert sorted(each.name for each in reports.iterdir()) == ["matrix", "previous", "run.json"]
    assert (reports / "previous" / "matrix.html").read_text() == "older"
