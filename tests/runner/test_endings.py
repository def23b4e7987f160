"""The message and the exit code of a command that cannot finish."""

import errno

import pytest

from swamp_harness.cli.main import main
from swamp_harness.runner.endings import exit_code_of
from swamp_harness.system.errors import ExitCode, InfrastructureError, UnusableInput
from tests.conftest import a_result, a_run


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted."),
        (UnusableInput("Give another.", ExitCode.NO_BINARY), 3, "Give another."),
        (InfrastructureError("The infrastructure failed."), 5, "The infrastructure failed."),
        (PermissionError(errno.EACCES, "Denied", "a.json"), 2, "a.json cannot be read or written (Denied): "),
        (OSError(errno.ENOSPC, "No space left"), 2, "A file cannot be read or written (No space left): "),
    ],
)
def test_a_command_that_cannot_finish_prints_one_line(capsys, raised, code, message):
    def command():
        raise raised

    assert exit_code_of(command) == code
    error = capsys.readouterr().err
    assert error.startswith(f"swamp-uat: {message}")
    assert error.count("\n") == 1


@pytest.mark.parametrize("raised", [KeyError("a"), ConnectionResetError(errno.ECONNRESET, "reset")])
def test_an_unexpected_error_is_one_of_the_suite(capsys, raised):
    def command():
        raise raised

    assert exit_code_of(command) == ExitCode.INCOMPLETE
    assert "The suite itself failed, not the product: Traceback" in capsys.readouterr().err


@pytest.fixture
def run(tmp_path):
    """The reports of a run."""
    (tmp_path / "run").mkdir()
    a_run(a_result("a")).write_to(tmp_path / "run")
    return str(tmp_path / "run")


@pytest.mark.parametrize("command", ["signoff", "report", "record", "benchmark", "matrix"])
def test_a_file_in_place_of_the_reports_folder_is_bad_input(monkeypatch, capsys, tmp_path, run, command):
    (tmp_path / "reports").touch()
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path / "reports"))
    given = {"signoff": [run], "matrix": ["20260822.011157.0-sha.06b61472"]}

    assert main([command, *given.get(command, [])]) == 2

    error = capsys.readouterr().err
    assert str(tmp_path / "reports") in error
    assert error.count("\n") == 1


def test_reports_that_cannot_be_replaced_are_bad_input(monkeypatch, capsys, tmp_path, run):
    (tmp_path / "reports" / "history.jsonl").mkdir(parents=True)
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path / "reports"))

    assert main(["signoff", run]) == 2

    error = capsys.readouterr().err
    assert f"{tmp_path / 'reports' / 'history.jsonl'} cannot be read or written" in error
    assert error.count("\n") == 1


def test_reports_that_cannot_be_set_aside_are_bad_input(monkeypatch, capsys, tmp_path, run):
    reports = tmp_path / "reports"
    reports.mkdir()
    for name in ("run.json", "previous"):
        (reports / name).write_text("older")
    monkeypatch.setenv("UAT_REPORTS", str(reports))

    assert main(["signoff", run]) == 2

    error = capsys.readouterr().err
    assert f"The reports of an earlier command cannot be moved to {reports / 'previous'}" in error
    assert error.count("\n") == 1
    assert (reports / "run.json").read_text() == "older"


@pytest.mark.parametrize("command", [["bug", "a"], ["record"], ["report"], ["verification", "run"]])
@pytest.mark.parametrize("is_set_aside", [True, False])
def test_without_results_a_command_names_those_of_the_run_before(
    monkeypatch, capsys, tmp_path, command, is_set_aside
):
    previous = tmp_path / "previous"
    previous.mkdir()
    if is_set_aside:
        a_run(a_result("a")).write_to(previous)
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path))
    file = str(tmp_path / "run.json")

    assert main([*command, file] if command == ["record"] else command) == 2

    older = f". Those of the run before are in {previous}: give that folder, such as with UAT_REPORTS.\n"
    none = ": run `make uat` first, or give the folder of a run's reports.\n"
    expected = f"swamp-uat: There are no results in {tmp_path}{older if is_set_aside else none}"
    assert capsys.readouterr().err == expected


def test_a_sign_off_takes_the_record_of_a_run_in_place_of_its_folder(monkeypatch, capsys, tmp_path, run):
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path / "reports"))

    main(["signoff", f"{run}/run.json"])

    assert (tmp_path / "reports" / "signoff.json").exists(), capsys.readouterr().err


@pytest.mark.parametrize(
    ("runs", "complaint"),
    [
        (["nothing"], "There are no results in {0}/nothing: run `make uat` first, or give the folder"),
        (["run", "run/run.json"], "The runs to merge name {0}/run twice: name it once."),
    ],
)
@pytest.mark.usefixtures("run")
def test_a_sign_off_of_what_is_no_run_is_bad_input(monkeypatch, capsys, tmp_path, runs, complaint):
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path / "reports"))

    assert main(["signoff", *(str(tmp_path / each) for each in runs)]) == 2

    error = capsys.readouterr().err
    assert complaint.format(tmp_path) in error
    assert error.count("\n") == 1
