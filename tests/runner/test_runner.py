"""A run: one scenario after the other as on Windows, interrupted, and with behave's own formatters."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from swamp_harness.results.run_record import RUN_FILE, read_run, together
from swamp_harness.specification import features, project
from tests.conftest import ROOT, suite_environment
from tests.family import family_of

MODULE = "swamp_harness.cli.main"
WITHOUT_FORKS = (
    "import sys; from swamp_harness.cli import main\nfrom swamp_harness.runner import runner\n"
    "runner.can_fork = lambda: False; sys.exit(main.main(sys.argv[1:]))"
)
VERSION = "20260822.011157.0-sha.06b61472"
MINT = "A minted credential is shown exactly once, in JSON"

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows neither forks nor sends such signals")


def start(reports, *arguments, **env):
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=suite_environment(reports, **env),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(reports, *arguments, **env):
    process = start(reports, *arguments, **env)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def results(reports):
    return json.loads((reports / RUN_FILE).read_text())["results"]


def results_of_allure(reports):
    files = (reports / "allure-results").glob("*-result.json")
    return [json.loads(file.read_text()) for file in files]


def forked_by(process):
    """The forked children of a run, once a scenario has started processes.

    Before that, a child that is about to execute a program is a copy of the run for a while.
    """
    found = []
    if family_of(process.pid, "scenario-"):
        for child in psutil.Process(process.pid).children():
            with contextlib.suppress(psutil.Error):
                if child.cmdline() == psutil.Process(process.pid).cmdline():
                    found.append(child)
    return found


def locations(*numbers):
    runs = features.runs_in(features.parse(project.FEATURES))
    return {each.location for each in runs if set(each.numbers) & set(numbers)}


def test_shards_are_parts_of_one_run_where_processes_cannot_be_forked(tmp_path):
    selection = ("run", "-j", "6", "--tags", "@uat-53")
    records = []
    for shard in ("1/2", "2/2"):
        folder = tmp_path / shard.replace("/", "-")
        done = run(folder, "-c", WITHOUT_FORKS, *selection, "--shard", shard, PATH=str(tmp_path))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "  at a time    1 scenario\n" in done.stdout
        records.append(read_run(folder / RUN_FILE))

    parts = [{each.location for each in record.results} for record in records]
    assert all(parts)
    assert parts[0].isdisjoint(parts[1])
    assert parts[0] | parts[1] == locations(53)
    assert {each.location for each in together(records).results} == locations(53)


@posix
def test_scenarios_that_had_not_started_when_a_run_was_interrupted_are_not_run(tmp_path):
    process = start(tmp_path, "-m", MODULE, "run", "-j", "1", "--tags", "@uat-06", PATH=str(tmp_path))
    assert any(line.startswith("  ok ") for line in process.stdout)  # the first one has ended

    process.send_signal(signal.SIGINT)

    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert {each["location"] for each in results(tmp_path)} == locations(6)
    outcomes = [each["outcome"] for each in results(tmp_path)]
    assert outcomes.count("held") < len(outcomes) - 1
    assert {each["skip"]["ending"] for each in results(tmp_path) if each["skip"]} == {"interrupted"}


@posix
def test_a_run_interrupted_during_preparation_reports_all_selected_scenarios(tmp_path):
    hanging, begun = tmp_path / "swamp", tmp_path / "begun"
    hanging.write_text(
        f"#!{sys.executable}\nimport pathlib, sys, time\n"
        "if sys.argv[1:] == ['--version']: sys.exit(print('swamp 20260101.000000.0-sha.fake'))\n"
        f"pathlib.Path({str(begun)!r}).touch(); time.sleep(300)\n"
    )
    hanging.chmod(0o755)
    process = start(
        tmp_path / "reports", "-m", MODULE, "run", "-j", "2", "--tags", "@uat-06", SWAMP_BIN=str(hanging)
    )
    end = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < end:
        time.sleep(0.05)

    process.send_signal(signal.SIGINT)

    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert {each["location"] for each in results(tmp_path / "reports")} == locations(6)
    assert {each["skip"]["ending"] for each in results(tmp_path / "reports")} == {"interrupted"}
    messages = [each["statusDetails"]["message"] for each in results_of_allure(tmp_path / "reports")]
    assert messages == ["Not run: the run was interrupted"] * len(locations(6))


@posix
def test_a_scenario_whose_process_was_lost_is_in_every_report(tmp_path):
    process = start(tmp_path, "-m", MODULE, "run", "-j", "2", "--tags", "@uat-02", PATH=str(tmp_path))
    children = []
    while not children and process.poll() is None:
        time.sleep(0.05)
        children = forked_by(process)
    children[0].kill()

    out, err = process.communicate(timeout=60)
    assert process.returncode == 5, out + err
    others = len(locations(2)) - 1
    assert sorted(each["outcome"] for each in results(tmp_path)) == ["held"] * others + [
        "infrastructure error"
    ]
    assert sorted(each["status"] for each in results_of_allure(tmp_path)) == ["broken"] + ["passed"] * others


@posix
@pytest.mark.parametrize("program", [(MODULE, "run"), ("behave",)], ids=["swamp-uat run", "behave"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_ends_before_it_has_a_binary_reports_that_in_one_line(tmp_path, program, number, code):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the release host, which never answers
        silent.settimeout(60)
        process = start(
            tmp_path / "reports",
            *("-m", *program),
            SWAMP_VERSION=VERSION,
            UAT_RELEASES=f"http://127.0.0.1:{silent.getsockname()[1]}/releases",
            UAT_CACHE=str(tmp_path / "cache"),
            TMPDIR=str(tmp_path),
        )
        connection, _ = silent.accept()
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        connection.close()

    assert process.returncode == code
    assert err == "swamp-uat: The run was interrupted before its results were written.\n"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@posix
@pytest.mark.parametrize(
    "options",
    [
        ["--junit"],
        ["--format", "pretty"],
        ["--format", "json", "--outfile", "{folder}/output.json"],
        ["--format", "swamp_harness.runner.console:ConsoleFormatter", "--outfile", "{folder}/output.txt"],
    ],
    ids=["junit", "terminal", "file", "own, to a file"],
)
def test_formatters_for_one_process_are_refused_with_several(tmp_path, options):
    arguments = [option.format(folder=tmp_path) for option in options]

    done = run(tmp_path, "-m", "behave", "-j", "2", *arguments, PATH=str(tmp_path))

    assert done.returncode == 2
    assert "needs a single process: run one scenario at a time with -j 1" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_one_process_can_use_every_formatter(fake_swamp, tmp_path):
    done = run(
        tmp_path / "reports",
        *("-m", "behave", "--name", MINT, "--format", "pretty", "--junit"),
        *("--junit-directory", str(tmp_path / "junit"), "features"),
        SWAMP_BIN=str(fake_swamp().path),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Scenario Outline: {MINT}" in done.stdout
    assert [MINT in file.read_text() for file in (tmp_path / "junit").iterdir()].count(True) == 1
