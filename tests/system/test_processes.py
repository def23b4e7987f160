import os
import sys

import psutil
import pytest

from swamp_harness.system import marked_processes as marked_processes_module
from swamp_harness.system.child_process import Launch
from swamp_harness.system.clean_env import scrubbed_environment
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import Limit
from swamp_harness.system.marked_processes import MARK_VARIABLE, end_marked, mark_of, marked_processes
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.process_tree import tree_of
from swamp_harness.system.processes import ProcessTree
from swamp_harness.system.processor_time import TreeWatch
from swamp_harness.system.redaction import SECRETS
from swamp_harness.system.remains_of_run import clean_up
from swamp_harness.system.waiting import wait_until

SOON = Limit("a test", 20)
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def start(tmp_path):
    trees = []

    def start(code, **environment):
        log = ProcessLog(tmp_path / "process.log")
        launch = Launch(
            [sys.executable, "-c", code], scrubbed_environment(tmp_path, tmp_path, environment), tmp_path
        )
        trees.append(ProcessTree("the process", launch, log))
        return trees[-1]

    yield start
    for tree in trees:
        tree.end()


def child_of(tree):
    text = wait_until("the child", tree.log.text, lambda text: "child" in text, SOON)
    return psutil.Process(int(text.split()[1]))


def test_a_tree_has_the_children_of_every_thread_and_their_children(start):
    sleeping = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    tree = start(
        "import subprocess, sys, threading, time\n"
        f"threading.Thread(target=lambda: subprocess.run([sys.executable, '-c', {sleeping!r}])).start()\n"
        "time.sleep(60)"
    )
    root = psutil.Process(tree.pid)
    every = wait_until("the tree", lambda: tree_of(root), lambda found: len(found) == 3, SOON)

    assert set(every) == {root, *root.children(recursive=True)}
    tree.kill()
    assert tree_of(root) in ([], [root])


class Ended(psutil.Process):
    """A process that has ended, whose number another process has now."""

    def is_running(self):
        return False


def test_the_tree_of_an_ended_process_has_no_children_of_another_with_its_number(start):
    tree = start(PARENT)
    child_of(tree)

    assert tree_of(Ended(tree.pid)) == []


def gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_output_is_logged_line_by_line_with_its_stream(start, tmp_path):
    tree = start("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")

    assert tree.wait_for_end(SOON) == 7
    assert tree.log.text(stream="stdout") == "out"
    assert tree.log.text(stream="stderr") == "err"
    written = (tmp_path / "process.log").read_text()
    assert "  out\n" in written
    assert "! err\n" in written


def test_secrets_are_blanked_on_disk_and_remain_visible_to_a_search(start, tmp_path):
    secret = "a secret of test_processes"
    SECRETS.add(secret)
    tree = start(f"print('{secret}')")
    tree.wait_for_end(SOON)

    assert secret in tree.log.text()
    assert secret not in (tmp_path / "process.log").read_text()
    assert secret not in tree.log.tail(5)


def test_a_kill_takes_the_whole_tree(start):
    tree = start(PARENT)
    child = child_of(tree)

    tree.kill()

    assert not tree.alive
    wait_until("the child to be gone", lambda: gone(child), bool, SOON)


def test_a_crash_ends_the_root_alone(start):
    tree = start(PARENT)
    child = child_of(tree)

    tree.crash()

    assert not tree.alive
    assert not gone(child)
    child.kill()


@pytest.mark.skipif(
    sys.platform == "win32", reason="a Python process on Windows does not clean up on Ctrl-Break"
)
def test_a_clean_stop_lets_the_process_clean_up(start):
    tree = start(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('cleaned up'), sys.exit(0)))\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    wait_until("readiness", tree.log.text, lambda text: "ready" in text, SOON)

    assert tree.terminate() == 0
    assert "cleaned up" in tree.log.text()


def test_a_suspended_tree_stops_and_continues(start):
    tree = start("import time\nwhile True: print('tick', flush=True); time.sleep(0.01)")
    wait_until("ticks", lambda: tree.log.position, lambda count: count > 3, SOON)

    tree.suspend()
    status = wait_until(
        "the stop", lambda: psutil.Process(tree.pid).status(), lambda now: now == psutil.STATUS_STOPPED, SOON
    )
    assert status == psutil.STATUS_STOPPED
    tree.resume()
    before = tree.log.position
    wait_until("more ticks", lambda: tree.log.position, lambda count: count > before + 3, SOON)


def test_a_program_that_cannot_be_started_is_an_infrastructure_error(tmp_path):
    launch = Launch([str(tmp_path / "nothing")], {}, tmp_path)

    with pytest.raises(InfrastructureError, match="the ghost could not be started"):
        ProcessTree("the ghost", launch, ProcessLog(tmp_path / "ghost.log"))


def test_an_orphan_is_found_by_its_mark(start):
    mark = mark_of("swamp-uat-test-of-orphans", "scenario-001")
    tree = start(PARENT, **{MARK_VARIABLE: mark})
    child = child_of(tree)
    psutil.Process(tree.pid).kill()  # only the root, as in a crash
    tree.wait_for_end(SOON)

    assert [process.pid for process in marked_processes(mark)] == [child.pid]
    assert marked_processes(mark_of("swamp-uat-test-of-orphans", "scenario-002")) == []
    assert end_marked(mark_of("swamp-uat-test-of-orphans")) == 1
    assert marked_processes(mark) == []


class Stubborn(psutil.Process):
    """A process that cannot be killed."""

    def kill(self):
        raise psutil.AccessDenied(self.pid)


def test_a_process_that_cannot_be_killed_is_named_and_the_folder_is_removed(start, monkeypatch, tmp_path):
    tree = start(PARENT)
    process = Stubborn(tree.pid)
    monkeypatch.setattr(marked_processes_module, "marked_processes", lambda _: [process])
    monkeypatch.setattr(marked_processes_module, "_PAUSE", 0)
    (tmp_path / "run").mkdir()

    with pytest.raises(InfrastructureError, match=rf"cannot be killed: {tree.pid} \(.*python"):
        clean_up("swamp-uat-test-of-stubborn", tmp_path / "run")

    assert not (tmp_path / "run").exists()


def test_only_processes_that_were_killed_are_counted(start, monkeypatch):
    processes = [Stubborn(start(PARENT).pid), psutil.Process(start(PARENT).pid)]
    looks = [processes, []]
    monkeypatch.setattr(marked_processes_module, "marked_processes", lambda _: looks.pop(0))

    assert end_marked("the mark") == 1


def test_only_allowed_variables_of_the_caller_are_passed_on(tmp_path):
    caller = {
        "PATH": "/bin", "LC_ALL": "C", "SWAMP_SERVE_URL": "ws://other", "XDG_CONFIG_HOME": "/x",
        "https_proxy": "http://proxy", "NO_PROXY": "*", "CI_TOKEN": "secret", "HOME": "/home/caller",
    }  # fmt: skip

    environment = scrubbed_environment(tmp_path, tmp_path / "t", {"OWN": "1"}, caller)

    assert environment == {
        "PATH": "/bin", "LC_ALL": "C", "OWN": "1",
        "HOME": str(tmp_path), "USERPROFILE": str(tmp_path),
        "TMPDIR": str(tmp_path / "t"), "TEMP": str(tmp_path / "t"), "TMP": str(tmp_path / "t"),
    }  # fmt: skip


BUSY = """
import time
def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""
# The least that half a second of work counts as: the system counts whole ticks of ten milliseconds or so.
WORKED = 0.45


def test_what_it_used_is_measured_when_it_ends_by_itself(start):
    tree = start(f"{BUSY}\nwork(0.5)")

    tree.wait_for_end(SOON)

    assert WORKED <= tree.usage.seconds < 3
    assert tree.usage.unreaped == 0


def test_what_a_killed_process_used_counts(start):
    tree = start(f"{BUSY}\nwork(0.5); print('worked', flush=True)\nimport time; time.sleep(60)")
    wait_until("the work", tree.log.text, lambda text: "worked" in text, SOON)

    tree.kill()

    assert WORKED <= tree.usage.seconds < 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no exit status with processor time")
def test_what_the_descendants_of_a_killed_process_used_counts_and_is_in_no_total(start):
    child = f"{BUSY}\nwork(0.5); print('worked', flush=True); time.sleep(60)"
    tree = start(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    wait_until("the work", tree.log.text, lambda text: "worked" in text, SOON)
    before = sum(os.times()[2:4])

    tree.kill()

    in_total = sum(os.times()[2:4]) - before
    assert tree.usage.unreaped >= WORKED
    assert tree.usage.seconds - tree.usage.unreaped == pytest.approx(in_total, abs=0.05)


def test_what_ended_descendants_used_counts_as_its_own(start):
    tree = start(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY + 'work(0.5)'!r}])")

    tree.wait_for_end(SOON)

    assert tree.usage.seconds >= WORKED
    assert tree.usage.unreaped == 0


def test_where_no_exit_status_has_it_looks_at_the_living_tree_measure_it(start):
    child = f"{BUSY}\nwork(0.5); print('worked', flush=True); time.sleep(60)"
    tree = start(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    wait_until("the work", tree.log.text, lambda text: "worked" in text, SOON)
    watch = TreeWatch(tree.pid)

    watch.look()
    tree.kill()
    watch.look()

    assert WORKED <= watch.seconds < 3
