"""A broken promise as a report for the tracker, and a script that reproduces it by hand."""

import json
import subprocess
import sys
import sysconfig
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from swamp_harness.cli.main import main
from swamp_harness.render.bug_checks import checks_of
from swamp_harness.render.bug_report import report_name, results_named, write_bug_reports
from swamp_harness.render.bug_script import script_of
from swamp_harness.render.shell_text import quoted, shown
from swamp_harness.results.outcome import Outcome
from swamp_harness.scenario.reproduction import (
    REPRODUCTION_FILE,
    Event,
    EventKind,
    Obstacle,
    Place,
    Reproduction,
)
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode, UnusableInput
from tests.conftest import DEVIATION, a_result, a_run, run_suite

BEGIN = datetime(2026, 8, 23, 10, tzinfo=UTC)
OPERATOR = Place("⟦root⟧/operator/repository", {"HOME": "⟦root⟧/operator/home"})
WORKER = Place("⟦root⟧/workers/alpha/work", {"HOME": "⟦root⟧/workers/alpha/home"})

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sh")


def an_event(kind, second=0, *arguments, **fields):
    at = BEGIN + timedelta(seconds=second)
    return Event(at, kind, fields.pop("until", at), arguments=arguments, **fields)


def a_command(*arguments, second=0, **fields):
    return an_event(EventKind.COMMAND, second, *arguments, place=OPERATOR, **fields)


def a_start(name, *arguments, second=0, place=OPERATOR):
    return an_event(EventKind.START, second, *arguments, name=name, place=place)


def a_reproduction(*events, **fields):
    usual = {
        "files": {"⟦root⟧/operator/repository/workflows/w.yaml": 'it\'s: "$HOME"\n'},
        "preparation": (("repo", "init"),),
        "operator": OPERATOR,
        "end": BEGIN + timedelta(seconds=60),
    }
    return Reproduction(events=events, **{**usual, **fields})


WHOLE = a_reproduction(
    a_command("vault", "put", "v1", "api-key", stdin="⟦secret api-key⟧"),
    a_start("orchestrator", "serve", "--port", "0", second=1),
    a_command("worker", "token", "create", "alpha", second=2),
    a_start(
        "worker-alpha",
        "worker",
        "connect",
        "⟦url orchestrator⟧",
        "--token",
        "⟦token alpha⟧",
        second=3,
        place=WORKER,
    ),
    an_event(EventKind.REPORTED, 4, name="worker-alpha", text="enrolled"),
    an_event(EventKind.STEP, 5, name="build", text="start"),
    an_event(EventKind.SUSPEND, 30, name="worker-alpha"),
    an_event(EventKind.RESUME, 31, name="worker-alpha"),
    an_event(EventKind.LET_GO_ON, 32, name="build"),
    an_event(EventKind.STOP, 33, name="worker-alpha"),
    an_event(EventKind.ENDED, 34, name="worker-alpha"),
    an_event(EventKind.KILL, 35, name="orchestrator"),
    a_command("run", "history", second=40, is_of_failed_step=True, stdout="[]\n"),
    tokens=("alpha",),
    secrets={"api-key": 2},
    obstacles=(Obstacle.NETWORK,),
)


def test_a_reproduction_survives_writing_and_reading():
    assert Reproduction.from_document(json.loads(json.dumps(WHOLE.as_document()))) == WHOLE


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("plain", "plain"),
        ("", "''"),
        ("it's $HOME", "'it'\"'\"'s $HOME'"),
        ("⟦root⟧/a b", "\"$ROOT\"'/a b'"),
        ("--x=⟦secret api-key⟧", '--x="$SECRET_api_key"'),
        ("⟦secret of token alpha⟧", '"${TOKEN_alpha#*.}"'),
        ("⟦url orchestrator⟧", '"$URL_orchestrator"'),
    ],
)
def test_a_text_with_placeholders_is_one_shell_word(text, word):
    assert quoted(text) == word


def test_a_placeholder_is_shown_as_a_variable():
    assert shown("at ⟦port orchestrator⟧") == "at $PORT_orchestrator"


@posix
def test_a_script_with_everything_in_it_is_valid(tmp_path):
    script = tmp_path / "all.sh"
    script.write_text(
        script_of("It ends\nlate", WHOLE, a_result("one", Outcome.BROKEN, expected="a", actual="b"))
    )

    assert subprocess.run(["/bin/sh", "-n", script], check=False).returncode == 0
    text = script.read_text()
    assert "pause 25" in text
    assert 'kill -STOP "$PID_worker_alpha"' in text
    assert "wait_end worker-alpha" in text
    assert text.count("$(random_text)") >= 2


def test_the_id_of_a_run_is_looked_up_where_it_is_needed():
    reproduction = a_reproduction(
        a_start("run-1", "workflow", "run", "release"),
        a_start("run-2", "workflow", "run", "other", second=1),
        a_command("workflow", "cancel", "--run", "⟦run run-1⟧", second=2),
    )

    text = script_of("One", reproduction, a_result("one", Outcome.BROKEN))

    assert 'RUN_run_1=$(run_after "${RUNS:-}")' in text
    assert "RUN_run_2=" not in text
    assert '--run "$RUN_run_1"' in text


@posix
def test_a_script_refuses_a_folder_that_is_not_empty(tmp_path):
    script = tmp_path / "one.sh"
    script.write_text(script_of("One", a_reproduction(), a_result("one", Outcome.BROKEN)))

    done = subprocess.run(
        ["/bin/sh", script], cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "SWAMP_BIN": "/bin/sh"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert 'is not empty: go to a new one with cd "$(mktemp -d)"' in done.stdout


OUTCOME = {"failed": True, "reasons": [], "unrecognised": "", "stack_trace": False, "exit_code": None}
RUN = {"recorded": "failed", "exit_code": 1, "unrecognised": "", "stack_trace": False}


@pytest.mark.parametrize(
    ("expected", "actual", "conditions"),
    [
        (OUTCOME, {**OUTCOME, "stack_trace": True}, ["CODE_1", "^ +at"]),
        (OUTCOME, {**OUTCOME, "unrecognised": "it broke in /some/where"}, ["CODE_1", "'it broke in'"]),
        (
            {**RUN, "exit_code": 0},
            {**RUN, "unrecognised": 'no such "../x"'},
            ["CODE_run_1", "'no such'"],
        ),
        ([], [{"place": "x", "encoding": "plain"}], ["leaked"]),
        ([], [".swamp/a/name.yaml", ".swamp/b/88ea55a2-6f26-4603-981e-7c51fbafdde1"], ["ls -d"]),
        ([], ["SWAMP_WORKER_TOKEN"], ["grep -rlE"]),
        ([], ["sleep 600"], ["left_running 'sleep 600'"]),
        ([], [{"step": "build", "waits for": "x"}], ["worker queue"]),
        ("got", "refused: no", ["grep -rhF -e 'refused: no'"]),
        (1, 2, []),
    ],
)
def test_a_script_checks_for_the_actual_value_of_the_step(expected, actual, conditions):
    reproduction = a_reproduction(
        a_command("worker", "token", "create", "a", exit_code=1),
        a_start("run-1", "workflow", "run", "release"),
        secrets={"api-key": 1},
    )

    found = checks_of(reproduction, a_result("one", Outcome.BROKEN, expected=expected, actual=actual))

    assert len(found) == len(conditions)
    assert all(part in check.condition for part, check in zip(conditions, found, strict=True))


def test_a_script_checks_that_an_orchestrator_ended():
    reproduction = a_reproduction(
        a_start("orchestrator", "serve"), an_event(EventKind.ENDED, 3, name="orchestrator")
    )

    (check,) = checks_of(reproduction, a_result("one", Outcome.BROKEN, expected=True, actual=False))

    assert check.condition == '! kill -0 "$PID_orchestrator"'


@posix
@pytest.mark.parametrize(
    ("refused", "code", "conclusion"),
    [("Not.Allowed", 1, "NOT REPRODUCED"), ("nothing", 0, "REPRODUCED"), ("alpha", 2, "it refuses this")],
)
def test_a_command_that_succeeds_against_the_promise_is_judged_and_not_required(
    tmp_path, refused, code, conclusion
):
    reproduction = a_reproduction(
        a_command("worker", "token", "create", "alpha", exit_code=0),
        a_command("worker", "token", "create", "Not.Allowed", second=1, exit_code=0),
        tokens=("alpha", "Not.Allowed"),
        end=BEGIN + timedelta(seconds=1),
    )
    result = a_result("one", Outcome.BROKEN, expected=OUTCOME, actual={**OUTCOME, "failed": False})
    script, swamp, empty = tmp_path / "one.sh", tmp_path / "swamp", tmp_path / "empty"
    script.write_text(script_of("One", reproduction, result))
    swamp.write_text(
        f'#!/bin/sh\ncase "$*" in *{refused}*) echo it refuses this >&2; exit 1 ;; esac\necho done\n'
    )
    swamp.chmod(0o755)
    empty.mkdir()

    done = subprocess.run(
        ["/bin/sh", script], cwd=empty, env={"PATH": "/usr/bin:/bin", "SWAMP_BIN": str(swamp)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, conclusion), done.stdout


def test_a_script_counts_a_word_in_an_answer():
    answer = '[{"status": "completed"}, {"status": "failed"}]'
    reproduction = a_reproduction(a_command("run", "history", stdout=answer, is_of_failed_step=True))

    found = checks_of(reproduction, a_result("one", Outcome.BROKEN, expected="failed", actual="completed"))

    assert [check.condition.split(" ", 2)[:2] for check in found] == [["has_times", "1"]] * 2


def test_without_another_check_the_script_compares_the_answer_of_the_failed_step():
    (check,) = checks_of(WHOLE, a_result("one", Outcome.BROKEN, expected=1, actual=2))

    assert check.condition == "same_answer 3"


# --- the report


def reports_with(folder, *results):
    for result in results:
        evidence = folder / result.evidence
        evidence.mkdir(parents=True)
        (evidence / REPRODUCTION_FILE).write_text(json.dumps(WHOLE.as_document()))
        (evidence / "worker-alpha.log").write_text("10:00 it says this\n")
    record = a_run(*results)
    record.write_to(folder)
    return record


def test_a_report_shows_expected_actual_and_how_to_reproduce(tmp_path):
    result = a_result(
        "one", Outcome.DEVIATION, deviation="ends-late", evidence="evidence/one", step="Then it ends"
    )
    record = reports_with(tmp_path, result)

    (written,) = write_bug_reports(record, tmp_path, [DEVIATION])

    text = written.report.read_text("utf-8")
    assert text.startswith("# one: It ends late.\n")
    for part in (
        "Made in: the manual", "Since: the first", "It ends at once.",
        'cd "$(mktemp -d)" && SWAMP_BIN=/path/to/swamp sh /path/to/one.sh;', "10:00 it says this",
        "By hand only in part: The scenario cuts or delays a network path", "Promise 1, Mint (blocker)",
        record.version,
    ):  # fmt: skip
        assert part in text, part
    assert written.script == tmp_path / "bugs" / "one.sh"
    assert "say 'By hand only in part: The scenario cuts" in written.script.read_text("utf-8")


def test_a_release_matrix_shows_the_first_broken_release(tmp_path):
    result = a_result("one", Outcome.BROKEN, evidence="evidence/one")
    record = reports_with(tmp_path, result)
    matrix = {"promises": [{"scenarios": [{"id": "one", "name": "one", "since": "broken since 7"}]}]}
    (tmp_path / "matrix.json").write_text(json.dumps(matrix))

    (written,) = write_bug_reports(record, tmp_path, [])

    assert "- Since: broken since 7" in written.report.read_text("utf-8")


@pytest.mark.parametrize("text", ['{"promises": [', "[]", '{"promises": [{"scenarios": ["one"]}]}'])
def test_a_release_matrix_that_cannot_be_read_is_named(tmp_path, text):
    record = reports_with(tmp_path, a_result("one", Outcome.BROKEN, evidence="evidence/one"))
    (tmp_path / "matrix.json").write_text(text)

    (written,) = write_bug_reports(record, tmp_path, [])

    assert "- Since: not known (matrix.json cannot be read: " in written.report.read_text("utf-8")


def test_a_scenario_without_evidence_has_a_report_without_a_script(tmp_path):
    record = a_run(a_result("one", Outcome.BROKEN), a_result("two"))

    (written,) = write_bug_reports(record, tmp_path, [])

    assert written.script is None
    assert "Since: not known" in written.report.read_text("utf-8")


@pytest.mark.parametrize("name", ["ends-late", "one", "one[a, b]"])
def test_a_report_is_requested_by_scenario_example_or_deviation(name):
    record = a_run(a_result("one[a, b]", Outcome.BROKEN), a_result("two"))

    assert [each.id for each in results_named(name, record, [DEVIATION])] == ["one[a, b]"]


@pytest.mark.parametrize(("name", "message"), [("onn", "Did you mean 'one'"), ("two", "broke no promise")])
def test_an_unreportable_scenario_has_a_clear_message(name, message):
    record = a_run(a_result("one", Outcome.BROKEN), a_result("two"))

    with pytest.raises(UnusableInput, match=message) as refused:
        results_named(name, record, [])
    assert refused.value.exit_code is ExitCode.BAD_COMMAND_LINE


def test_the_file_name_of_a_report_is_valid_on_every_file_system():
    of = ("secret-stays-home[a file, text]", "linux x86_64")
    assert report_name(*of, several_platforms=False) == "secret-stays-home-a-file-text"
    assert report_name(*of, several_platforms=True) == "secret-stays-home-a-file-text-linux-x86-64"


def test_a_scenario_that_broke_on_two_platforms_has_two_reports(tmp_path):
    broken = [a_result("one", Outcome.BROKEN, platform=each) for each in ("linux x86_64", "darwin aarch64")]

    written = write_bug_reports(a_run(*broken), tmp_path, [])

    assert [each.report.name for each in written] == ["one-linux-x86-64.md", "one-darwin-aarch64.md"]


@posix
def test_the_script_reproduces_a_mutant_of_the_stand_in(tmp_path, monkeypatch, capsys):
    target = yaml.safe_load(project.EMBEDDED_TARGET.read_text("utf-8"))
    (tmp_path / "effect").mkdir()
    target |= {
        "executable": "swamp-standin-mutant",
        "variables": {
            "SWAMP_STANDIN_MUTANT": "01-mistake-told-with-a-trace",
            "SWAMP_STANDIN_EFFECT": str(tmp_path / "effect"),
        },
    }
    (tmp_path / "target.yaml").write_text(yaml.safe_dump(target))
    reports = tmp_path / "reports"
    run_suite(reports, "--tags", "@bad-name-mints-nothing", env={"UAT_TARGET": str(tmp_path / "target.yaml")})
    monkeypatch.setenv("UAT_REPORTS", str(reports))

    assert main(["bug", "bad-name-mints-nothing"]) == 0

    assert str(reports / "bugs" / "bad-name-mints-nothing.md") in capsys.readouterr().out
    assert 'href="bugs/bad-name-mints-nothing.md"' in (reports / "signoff.html").read_text("utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    program = Path(sysconfig.get_path("scripts")) / "swamp-standin-mutant"
    monkeypatch.setenv("SWAMP_BIN", str(program))
    script = reports / "bugs" / "bad-name-mints-nothing.sh"
    done = subprocess.run(["/bin/sh", script], cwd=empty, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "REPRODUCED"), done.stdout
