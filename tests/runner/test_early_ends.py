"""A run that ends early or badly keeps its results, reports what did not run, and leaves no older reports."""

import json
import os
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree as ET

import psutil
import pytest
import yaml

from swamp_harness.specification import features, project
from tests.conftest import ROOT, run_suite, suite_environment
from tests.family import family_of

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows neither forks nor sends such signals")

COMMAND = "swamp_harness.cli.main"
# Runs the command of the suite after some lines of code that change it.
CHANGED = "import sys\n{change}\nfrom swamp_harness.cli.main import main\nsys.exit(main(sys.argv[1:]))"
JOBS = ["1", "2"]


def planned(tag_number):
    runs = features.runs_in(features.parse(project.FEATURES))
    return sum(tag_number in run.numbers for run in runs)


def start(reports, *arguments, change="", **options):
    return subprocess.Popen(
        [sys.executable, "-c", CHANGED.format(change=change), "run", *arguments],
        **{
            "env": suite_environment(reports, PATH=str(reports)),
            "cwd": ROOT,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "start_new_session": True,
            **options,
        },
    )


def read(reports, name="run.json"):
    return json.loads((reports / name).read_text())


def outcomes(reports):
    return [each["outcome"] for each in read(reports)["results"]]


def counts_of_junit(reports):
    root = ET.parse(reports / "junit.xml").getroot()  # noqa: S314 - it has just been written
    return {name: int(root.get(name)) for name in ("tests", "failures", "errors", "skipped")}


def results_of_allure(reports):
    files = (reports / "allure-results").glob("*-result.json")
    return [json.loads(file.read_text())["status"] for file in files]


def decision_about(reports, folder):
    done = subprocess.run(
        [sys.executable, "-m", COMMAND, "signoff", str(reports)],
        env=suite_environment(folder),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 7, done.stdout + done.stderr  # it was against the stand-in
    return read(folder, "signoff.json")


# --- output


@posix
@pytest.mark.parametrize("jobs", JOBS)
def test_a_run_continues_if_its_reader_goes_away(tmp_path, jobs):
    run = start(tmp_path, "-j", jobs, "--tags", "@uat-53")
    for _ in range(3):
        run.stdout.readline()
    run.stdout.close()

    err = run.stderr.read()

    assert run.wait(timeout=120) == 0, err
    assert outcomes(tmp_path) == ["held"] * planned(53)
    assert read(tmp_path)["output lost"].startswith("BrokenPipeError")
    assert read(tmp_path)["ending"] == "complete"
    assert err.count("The output ends here") == 1
    assert err.count("\n") == 1


@posix
def test_a_run_without_any_output_has_its_exit_code_and_its_reports(tmp_path):
    run = subprocess.run(
        [
            "/bin/sh",
            "-c",
            'exec "$@" >&- 2>&-',
            "sh",
            sys.executable,
            "-m",
            COMMAND,
            "run",
            "--tags",
            "@uat-49",
        ],
        env=suite_environment(tmp_path, PATH=str(tmp_path)),
        cwd=ROOT,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0
    assert outcomes(tmp_path) == ["held"] * planned(49)


@posix
def test_a_run_continues_if_its_display_fails(tmp_path):
    change = (
        "from swamp_harness.runner.display import Display\n"
        "def fail(*_): raise KeyError('a bug')\n"
        "Display.end = fail"
    )
    run = start(tmp_path, "-j", "2", "--tags", "@uat-53", change=change)

    out, err = run.communicate(timeout=120)

    assert run.returncode == 0, out + err
    assert outcomes(tmp_path) == ["held"] * planned(53)
    assert read(tmp_path)["output lost"] == "KeyError: 'a bug'"


# --- how a run ends early


@posix
@pytest.mark.parametrize("jobs", JOBS)
def test_a_closed_terminal_keeps_the_results_so_far(tmp_path, jobs):
    import fcntl  # noqa: PLC0415 - Windows has none
    import termios  # noqa: PLC0415 - as above

    terminal, own = os.openpty()
    run = start(
        tmp_path,
        *("-j", jobs, "--tags", "@uat-06"),
        **dict.fromkeys(("stdin", "stdout", "stderr"), own),
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(own)
    shown = b""
    while b"  ok " not in shown:
        shown += os.read(terminal, 1 << 16)

    os.close(terminal)

    assert run.wait(timeout=120) == 129
    assert len(outcomes(tmp_path)) == planned(6)
    assert {"held", "not run"} <= set(outcomes(tmp_path))
    assert (read(tmp_path)["exit code"], read(tmp_path)["ending"]) == ("HUNG_UP", "terminal closed")
    assert len(results_of_allure(tmp_path)) == planned(6)


@posix
@pytest.mark.parametrize("jobs", JOBS)
def test_a_second_interrupt_keeps_the_results_and_ends_at_once(tmp_path, jobs):
    one_has_run = tmp_path / "one scenario has run"
    # From then on each step waits, so the interrupt comes in the middle of a scenario.
    change = (
        "import time\n"
        "from pathlib import Path\n"
        "from swamp_harness.runner.step_runner import StepRunner\n"
        "from swamp_harness.scenario import closing\n"
        "run_step, close = StepRunner.run, closing.close\n"
        "def wait(self, *arguments):\n"
        f"    if not Path({str(one_has_run)!r}).exists(): return run_step(self, *arguments)\n"
        "    print('in a step', file=sys.stderr, flush=True); time.sleep(300)\n"
        "def slow(world, *, keep, interrupted):\n"
        "    if not interrupted: return close(world, keep=keep, interrupted=False)\n"
        "    print('ending', file=sys.stderr, flush=True); time.sleep(300)\n"
        "StepRunner.run, closing.close = wait, slow"
    )
    env = suite_environment(tmp_path, PATH=str(tmp_path), UAT_TIME_SCALE="10")
    run = start(tmp_path, "-j", jobs, "--tags", "@uat-06", change=change, env=env)
    assert any(line.startswith("  ok ") for line in run.stdout)
    one_has_run.touch()
    assert any("in a step" in line for line in run.stderr)
    run.send_signal(signal.SIGINT)
    assert any("ending" in line for line in run.stderr)
    began = time.monotonic()

    run.send_signal(signal.SIGINT)

    out, err = run.communicate(timeout=120)
    assert run.returncode == 130, out + err
    assert time.monotonic() - began < 120  # an interrupted scenario has 300 s
    assert len(outcomes(tmp_path)) == planned(6)
    assert "held" in outcomes(tmp_path)
    assert read(tmp_path)["ending"] == "interrupted"


@posix
def test_a_third_interrupt_kills_a_run(tmp_path):
    change = (
        "import time\n"
        "from swamp_harness.scenario.run_context import RunContext\n"
        "def slow(self): print('ending', file=sys.stderr, flush=True); time.sleep(300)\n"
        "RunContext.close = slow"
    )
    run = start(tmp_path, "-j", "2", "--tags", "@uat-06", change=change)
    assert any(line.startswith("  ok ") for line in run.stdout)
    run.send_signal(signal.SIGINT)
    assert any("ending" in line for line in run.stderr)

    for _ in range(2):
        run.send_signal(signal.SIGINT)
        time.sleep(0.2)  # two pending signals of one kind are delivered once

    run.communicate(timeout=30)
    assert run.returncode == -signal.SIGINT
    assert (read(tmp_path)["exit code"], read(tmp_path)["ending"]) == ("INCOMPLETE", "open")


@posix
def test_a_tool_with_several_runs_passes_a_closed_terminal_on_to_them(tmp_path):
    run_context = subprocess.Popen(
        [sys.executable, "-m", COMMAND, "benchmark", "--tags", "@uat-06"],
        env=suite_environment(tmp_path, PATH=str(tmp_path)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert any(line.startswith("  ok ") for line in run_context.stdout)

    run_context.send_signal(signal.SIGHUP)

    out, _ = run_context.communicate(timeout=120)
    assert run_context.returncode == 129, out
    assert read(tmp_path / "benchmark" / "serial")["ending"] == "terminal closed"


@posix
@pytest.mark.parametrize(
    ("jobs", "change"),
    [
        (
            "1",
            "from swamp_harness.runner.console import ConsoleFormatter\n"
            "def fail(self): raise RuntimeError('a bug')\n"
            "has = lambda self: self._scenario and self._session.progress.result_of(self._scenario)\n"
            "ConsoleFormatter._print_result = lambda self: fail(self) if has(self) else None",
        ),
        (
            "2",
            "from swamp_harness.runner.parallel import SideBySide\n"
            "finish = SideBySide._finish\n"
            "def fail(self, child): finish(self, child); raise RuntimeError('a bug')\n"
            "SideBySide._finish = fail",
        ),
    ],
)
def test_a_run_in_which_the_suite_fails_is_incomplete(tmp_path, jobs, change):
    run = start(tmp_path / "reports", "-j", jobs, "--tags", "@uat-04", change=change)

    out, err = run.communicate(timeout=120)

    assert run.returncode == 6, out + err
    assert "RuntimeError: a bug" in err
    assert "INCOMPLETE, the run ended early: " in out
    record = read(tmp_path / "reports")
    assert (record["exit code"], record["ending"]) == ("INCOMPLETE", "suite failed")
    assert record["planned"] == len(record["results"]) == planned(4)
    assert {"held", "not run"} == set(outcomes(tmp_path / "reports"))
    not_run = outcomes(tmp_path / "reports").count("not run")
    # The run itself counts as a test that ended with an error.
    assert counts_of_junit(tmp_path / "reports") == {
        "tests": planned(4) + 1,
        "failures": 0,
        "errors": 1,
        "skipped": not_run,
    }
    assert results_of_allure(tmp_path / "reports").count("skipped") == not_run
    decision = decision_about(tmp_path / "reports", tmp_path / "signoff")
    assert decision["by results"] == "INCOMPLETE"
    assert "A run ended early because the suite itself failed." in decision["reasons"]


@posix
def test_the_record_of_a_killed_run_has_no_results(tmp_path):
    run = start(tmp_path / "reports", "-j", "2", "--tags", "@uat-06")
    assert any(line.startswith("  ok ") for line in run.stdout)
    family = family_of(run.pid)

    run.kill()

    run.communicate(timeout=120)
    psutil.wait_procs(family, timeout=30)
    record = read(tmp_path / "reports")
    assert (record["exit code"], record["ending"], record["planned"]) == ("INCOMPLETE", "open", planned(6))
    assert set(outcomes(tmp_path / "reports")) == {"not run"}
    assert decision_about(tmp_path / "reports", tmp_path / "signoff")["by results"] == "INCOMPLETE"


# --- the first new failure

MINT = "A minted credential is shown exactly once, in"


@pytest.mark.parametrize("jobs", JOBS)
def test_only_a_new_failure_stops_a_run(fake_swamp, tmp_path, jobs):
    entry = {
        "id": "known",
        "scenario": "token-shown-once[text]",
        "step": 'the output shows the credential of "alpha" exactly once',
        "expected": "once",
        "where": "issue 630, 1",
        "actual": "twice",
        "actual_value": {"credentials": ["alpha", "alpha"], "secrets": 2},
        "since": "v1",
        "link": "https://swamp-club.com/lab/630",
    }
    (tmp_path / "deviations.yaml").write_text(yaml.safe_dump([entry]))
    reports = tmp_path / "reports"

    def run(defect):
        env = {
            "SWAMP_BIN": str(fake_swamp(defect).path),
            "UAT_DEVIATIONS": str(tmp_path / "deviations.yaml"),
        }
        done = run_suite(reports, "-j", jobs, "--stop", "--tags", "not @terminal", "--name", MINT, env=env)
        return done.returncode, [each["outcome"] for each in read(reports)["results"]]

    # The example in text runs first; if the run stopped there, the other would not run.
    code, outcomes = run("twice")
    assert (code, outcomes) == (1, ["known deviation", "broken"])


def test_scenarios_after_the_first_new_failure_are_not_run(fake_swamp, tmp_path):
    env = {"SWAMP_BIN": str(fake_swamp("twice").path), "UAT_DEVIATIONS": str(tmp_path / "none.yaml")}
    (tmp_path / "none.yaml").write_text("[]")

    done = run_suite(tmp_path, "-j", "1", "--stop", "--tags", "not @terminal", "--name", MINT, env=env)

    assert done.returncode == 1, done.stdout + done.stderr
    assert outcomes(tmp_path) == ["broken", "not run"]
    assert read(tmp_path)["results"][1]["skip"]["ending"] == "stopped at the first new failure"
    assert read(tmp_path)["ending"] == "stopped at the first new failure"
    assert counts_of_junit(tmp_path) == {"tests": 2, "failures": 1, "errors": 0, "skipped": 1}
    assert sorted(results_of_allure(tmp_path)) == ["failed", "skipped"]


# --- the folder of the reports

OLDER = ("run.json", "signoff.html", "signoff.json", "signoff.md", "junit.xml", "report.html")


@pytest.fixture
def with_an_older_run(tmp_path):
    reports = tmp_path / "reports"
    for folder in ("evidence", "allure-results"):
        (reports / folder).mkdir(parents=True)
        (reports / folder / "older").touch()
    for name in (*OLDER, "history.jsonl", "matrix.html"):
        (reports / name).write_text("older")
    return reports


def assert_set_aside(reports):
    assert sorted(each.name for each in reports.iterdir()) == ["history.jsonl", "matrix.html", "previous"]
    assert {(reports / "previous" / name).read_text() for name in OLDER} == {"older"}
    assert (reports / "previous" / "evidence" / "older").exists()
    assert (reports / "previous" / "allure-results" / "older").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 3),
        (["--bogus"], 2),
        (["--tags", "@uat-04 and"], 2),
        (["--name", "("], 2),
        (["--shard", "5/4"], 2),
        (["nowhere.feature"], 2),
    ],
    ids=["no binary", "option", "tags", "name", "shard", "path"],
)
def test_a_run_that_cannot_start_sets_older_reports_aside(with_an_older_run, arguments, code):
    for _ in range(2):  # a second time, there is nothing to set aside
        done = run_suite(with_an_older_run, *arguments, env={"SWAMP_BIN": "/nowhere/swamp"})

        assert done.returncode == code, done.stdout + done.stderr
        assert_set_aside(with_an_older_run)


def test_plain_behave_sets_older_reports_aside_too(with_an_older_run):
    subprocess.run(
        [sys.executable, "-m", "behave", "nowhere.feature"],
        env=suite_environment(with_an_older_run),
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=False,
    )

    assert_set_aside(with_an_older_run)


@pytest.mark.parametrize("arguments", [["-m", COMMAND, "run", "--help"], ["-m", "behave", "--dry-run"]])
def test_a_command_that_runs_nothing_moves_no_reports(with_an_older_run, arguments):
    subprocess.run(
        [sys.executable, *arguments],
        env=suite_environment(with_an_older_run),
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=True,
    )

    assert (with_an_older_run / "run.json").read_text() == "older"


def test_a_failed_sign_off_removes_the_older_one(with_an_older_run, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", COMMAND, "signoff", str(tmp_path / "nowhere")],
        env=suite_environment(with_an_older_run),
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 2
    assert_set_aside(with_an_older_run)


# --- features

HEAD = "@issue-630\nFeature: {feature}\n  An operator works with tokens.\n"


def scenario(name, key="the-scenario"):
    """The text of a scenario with a name and an id."""
    return f"""
  @uat-04 @{key}
  Scenario: {name}
    Given a repository
    And the operator's output is in text
    When the operator revokes the token "nobody"
    Then the command fails because there is no such token
"""


WITH_FEATURES = """\
import pathlib
from swamp_harness.specification import project
project.FEATURES = pathlib.Path({folder!r})
"""


@pytest.fixture
def own_features(tmp_path, monkeypatch):
    """A folder of features with the project's steps, and the settings with which the suite uses it."""
    folder = tmp_path / "features"
    folder.mkdir()
    # The project's own list names scenarios that this folder lacks.
    (tmp_path / "none.yaml").write_text("[]")
    monkeypatch.setenv("UAT_DEVIATIONS", str(tmp_path / "none.yaml"))
    for name in ("steps", "environment.py"):
        (folder / name).symlink_to(project.FEATURES / name)
    return folder, WITH_FEATURES.format(folder=str(folder))


@posix
@pytest.mark.parametrize("jobs", JOBS)
def test_scenarios_with_the_same_name_both_run_and_have_results(tmp_path, own_features, jobs):
    folder, change = own_features
    first, second, third, fourth, fifth = (scenario("One", f"the-{each}") for each in range(5))
    (folder / "a.feature").write_text(HEAD.format(feature="A") + first + second)
    (folder / "b.feature").write_text(HEAD.format(feature="B") + third)
    (folder / "c.feature").write_text(
        HEAD.format(feature="C") + "".join(f"\n  Rule: {each[5:9]}\n{each}" for each in (fourth, fifth))
    )
    reports = tmp_path / "reports"

    run = start(reports, "-j", jobs, change=change)

    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, out + err
    assert outcomes(reports) == ["held"] * 5
    assert len({each["evidence"] for each in read(reports)["results"]}) == 5
    assert len(results_of_allure(reports)) == 5
    assert len(json.loads((reports / "history.jsonl").read_text())["outcomes"]) == 5
    scenarios = read(reports, "signoff.json")["promises"][3]["scenarios"]
    assert [each["feature"] for each in scenarios] == ["A", "A", "B", "C", "C"]


@posix
def test_a_file_that_is_given_twice_runs_once(tmp_path, own_features):
    folder, change = own_features
    for name in ("a", "b"):
        (folder / f"{name}.feature").write_text(HEAD.format(feature=name) + scenario(name, f"the-{name}"))
    given = [str(folder / f"{name}.feature") for name in ("a", "b", "a")]

    run = start(tmp_path / "reports", "-j", "2", *given, change=change)

    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, out + err
    assert [each["name"] for each in read(tmp_path / "reports")["results"]] == ["a", "b"]


@posix
@pytest.mark.parametrize("text", ["", "\n\n", "# Nothing yet.\n"], ids=["empty", "blank", "comment"])
def test_an_empty_feature_file_is_ignored(tmp_path, own_features, text):
    folder, change = own_features
    (folder / "a.feature").write_text(HEAD.format(feature="A") + scenario("One"))
    (folder / "b.feature").write_text(text)

    run = start(tmp_path / "reports", change=change)

    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, out + err
    assert outcomes(tmp_path / "reports") == ["held"]


@posix
@pytest.mark.parametrize("jobs", JOBS)
@pytest.mark.parametrize(
    "edited",
    ["# A line above.\n{text}", "Feature: A\n  Scenario Outl", ""],
    ids=["line above", "half", "empty"],
)
def test_editing_a_feature_does_not_change_a_run_in_progress(tmp_path, own_features, jobs, edited):
    folder, change = own_features
    names = [f"Number {number}" for number in range(4)]
    text = HEAD.format(feature="A") + "".join(
        scenario(name, name.lower().replace(" ", "-")) for name in names
    )
    (folder / "a.feature").write_text(text)
    reports = tmp_path / "reports"
    run = start(reports, "-j", jobs, change=change)
    assert any(line.startswith("  ok ") for line in run.stdout)

    (folder / "a.feature").write_text(edited.format(text=text))

    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, out + err
    (promise,) = [each for each in read(reports, "signoff.json")["promises"] if each["number"] == 4]
    assert [each["name"] for each in promise["scenarios"]] == names
    assert {each["feature"] for each in promise["scenarios"]} == {"A"}
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if "Scenario:" in line]
    assert [int(each["location"].rpartition(":")[2]) for each in promise["scenarios"]] == lines
