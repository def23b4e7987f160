"""However a run ends, all its processes end too."""

import os
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest

from swamp_harness.system.marked_processes import MARK_VARIABLE
from tests.conftest import ROOT, suite_environment

# The fake's worker never enrolls: the scenario hangs in its first Then with all its processes running.
SCENARIO = "@bad-credential-does-not-enroll"


def marked() -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK_VARIABLE) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def of_run(folder_prefix: str) -> list[psutil.Process]:
    found = []
    for process in marked():
        try:
            if process.environ()[MARK_VARIABLE].startswith(folder_prefix):
                found.append(process)
        except (psutil.Error, KeyError):
            continue
    return found


def eventually(look, limit=60.0):
    """What a look has found that found something; None if none has."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    return None


@pytest.fixture
def hanging_run(fake_swamp, tmp_path):
    """A run whose scenario has an orchestrator, three workers and their grandchildren running."""
    environment = suite_environment(
        tmp_path / "reports", SWAMP_BIN=str(fake_swamp().path), TMPDIR=str(tmp_path)
    )
    run = subprocess.Popen(
        [sys.executable, "-m", "behave", "--tags", SCENARIO, "features/enrollment.feature"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )

    def everything_runs():
        folders = list(tmp_path.glob("swamp-uat-*"))
        run_id = re.match(r"swamp-uat-[0-9a-f]{8}", folders[0].name)[0] if folders else None
        return run_id if run_id and len(of_run(run_id)) == 8 else None

    run_id = eventually(everything_runs)
    if run_id is None:
        run.kill()
    assert run_id, run.communicate(timeout=30)
    yield run, run_id
    run.kill()
    run.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="these signals do not exist on Windows")
@pytest.mark.parametrize(
    ("death", "exit_code"),
    [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129), ("SIGKILL", -9)],
    ids=["Ctrl-C", "SIGTERM", "SIGHUP", "SIGKILL"],
)
def test_nothing_survives_the_death_of_the_run(hanging_run, tmp_path, death, exit_code):
    run, run_id = hanging_run

    os.killpg(run.pid, getattr(signal, death))  # to the whole group, as a terminal does

    output, _ = run.communicate(timeout=30)
    assert run.returncode == exit_code, output
    assert eventually(lambda: not of_run(run_id)), of_run(run_id)
    assert eventually(lambda: not list(tmp_path.glob("swamp-uat-*"))), "the working folder is left behind"


def run_with_a_failed_step(fake_swamp, tmp_path):
    environment = suite_environment(
        tmp_path / "reports", SWAMP_BIN=str(fake_swamp().path), TMPDIR=str(tmp_path), UAT_TIME_SCALE="0.1"
    )
    return subprocess.run(
        [sys.executable, "-m", "behave", "--tags", SCENARIO, "features/enrollment.feature"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def kept_in(tmp_path):
    return [each.parents[1] for each in tmp_path.glob("swamp-uat-*/scenario-*/KEEP")]


def test_after_a_failed_step_only_its_folder_is_left_until_the_next_run(fake_swamp, tmp_path):
    done = run_with_a_failed_step(fake_swamp, tmp_path)

    assert done.returncode == 1, done.stdout
    assert 'Timed out waiting for worker "alpha" to end' in done.stdout
    kept = kept_in(tmp_path)
    assert len(kept) == 1, "the folder of the failed scenario is kept"
    assert not of_run(re.match(r"swamp-uat-[0-9a-f]{8}", kept[0].name)[0])

    run_with_a_failed_step(fake_swamp, tmp_path)

    assert len(kept_in(tmp_path)) == 1
    assert kept_in(tmp_path) != kept


def test_a_folder_that_no_run_has_kept_is_never_deleted(fake_swamp, tmp_path):
    (tmp_path / "precious" / "scenario-001").mkdir(parents=True)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "kept-on-disk.txt").write_text(f"{tmp_path / 'precious'}\n")

    run_with_a_failed_step(fake_swamp, tmp_path)

    assert (tmp_path / "precious" / "scenario-001").exists()


def test_a_run_that_ends_before_its_first_scenario_leaves_no_folder(fake_swamp, tmp_path):
    change = (
        "import sys\n"
        "from swamp_harness.cli import main\n"
        "from swamp_harness.product.binaries import Binaries\n"
        "def fail(self, folder): raise KeyError('the copy of the binary')\n"
        "Binaries.under_their_own_name = fail\n"
        "sys.exit(main.main(sys.argv[1:]))"
    )
    environment = suite_environment(
        tmp_path / "reports", SWAMP_BIN=str(fake_swamp().path), TMPDIR=str(tmp_path)
    )

    done = subprocess.run(
        [sys.executable, "-c", change, "run", "--tags", SCENARIO],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "the copy of the binary" in done.stderr
    assert eventually(lambda: not list(tmp_path.glob("swamp-uat-*")))
