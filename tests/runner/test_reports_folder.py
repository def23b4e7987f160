"""The folder of the reports: one run at a time locks it, and a dead run holds no lock."""

import multiprocessing
import subprocess
import sys
from collections import Counter

import pytest

from swamp_harness.runner.reports_folder import taken
from swamp_harness.system.errors import ExitCode, UnusableInput
from tests.conftest import ROOT, needs_fork, run_suite

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


@needs_fork
def test_of_runs_that_begin_together_one_takes_the_folder(tmp_path):
    runs, rounds = 4, 40
    forks = multiprocessing.get_context("fork")
    together, answers = forks.Barrier(runs, timeout=20), forks.SimpleQueue()

    def take_again_and_again():
        for _ in range(rounds):
            together.wait()
            try:
                with taken(tmp_path):
                    answers.put("taken")
                    together.wait()
            except UnusableInput:
                answers.put("refused")
                together.wait()
            together.wait()

    processes = [forks.Process(target=take_again_and_again) for _ in range(runs)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    given = Counter(iter(lambda: None if answers.empty() else answers.get(), None))
    assert given == {"taken": rounds, "refused": (runs - 1) * rounds}
    assert list(tmp_path.iterdir()) == []


def test_a_run_removes_no_lock_of_another_run(tmp_path):
    note = tmp_path / "run-in-progress.json"
    with taken(tmp_path):
        note.unlink()  # with the whole folder, by a person
        note.write_text("of another run")

    assert note.read_text() == "of another run"


@pytest.mark.parametrize("note", ["", "[]", '{"pid": 1}'])
def test_a_note_that_no_process_has_locked_is_ignored(note, tmp_path):
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
