"""The folder of the reports: one run at a time locks it, and the lock of a dead run is ignored."""

import json
import os
import subprocess
import sys

import pytest

from swamp_harness.runner.reports_folder import taken
from swamp_harness.system.errors import ExitCode, UnusableInput
from tests.conftest import ROOT, run_suite

TAKE = (
    "import sys, pathlib; from swamp_harness.runner.reports_folder import taken\n"
    "with taken(pathlib.Path(sys.argv[1])): print('taken', flush=True); sys.stdin.read()"
)


@pytest.fixture
def owner(tmp_path):
    """Another process that locks the folder until its input ends or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE, tmp_path / "reports"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "taken\n"
    yield process
    process.kill()
    process.communicate()


def test_a_folder_in_use_by_another_run_is_refused_until_it_ends(owner, tmp_path):
    complaint = f"The run of process {owner.pid} is writing"
    with pytest.raises(UnusableInput, match=complaint) as raised, taken(tmp_path / "reports"):
        pass
    assert raised.value.exit_code is ExitCode.BAD_COMMAND_LINE

    owner.communicate("")

    with taken(tmp_path / "reports"):
        pass


def test_a_killed_run_does_not_keep_the_folder_locked(owner, tmp_path):
    owner.kill()
    owner.wait()
    with taken(tmp_path / "reports"):
        pass


def test_another_process_with_the_same_number_is_not_mistaken_for_the_run(tmp_path):
    (tmp_path / "run-in-progress.json").write_text(json.dumps({"pid": os.getpid(), "began": 1.0}))
    with taken(tmp_path):
        pass


@pytest.mark.parametrize("note", ["", "[]", '{"pid": "x", "began": 0}', '{"pid": -1, "began": 0}'])
def test_an_unreadable_lock_is_ignored(note, tmp_path):
    (tmp_path / "run-in-progress.json").write_text(note)
    with taken(tmp_path):
        pass
    assert not (tmp_path / "run-in-progress.json").exists()


def test_a_run_reports_in_one_sentence_that_another_run_uses_its_folder(owner, fake_swamp, tmp_path):
    (tmp_path / "reports" / "evidence").mkdir()

    done = run_suite(tmp_path / "reports", env={"SWAMP_BIN": str(fake_swamp().path)})

    assert done.returncode == 2
    assert done.stderr.startswith(f"swamp-uat: The run of process {owner.pid} is writing its reports to ")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "reports" / "evidence").exists()


def test_a_folder_that_cannot_be_created_is_bad_input(fake_swamp, tmp_path):
    (tmp_path / "file").touch()

    done = run_suite(tmp_path / "file" / "reports", env={"SWAMP_BIN": str(fake_swamp().path)})

    assert done.returncode == 2
    assert "give a writable folder with UAT_REPORTS" in done.stderr
    assert done.stderr.count("\n") == 1
