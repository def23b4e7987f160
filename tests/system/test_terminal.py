"""A process at a terminal or a console: its output is read, Ctrl-C reaches it, and all of it ends."""

import signal
import sys

import psutil
import pytest

from swamp_harness.system.child_process import Launch
from swamp_harness.system.clean_env import scrubbed_environment
from swamp_harness.system.console import press_ctrl_c
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import Limit
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.terminal import ConsoleProcess, start_with_ctrl_c
from swamp_harness.system.waiting import wait_until

SOON = Limit("a test", 20)


@pytest.fixture
def start(tmp_path):
    started = []

    def start(code):
        launch = Launch([sys.executable, "-c", code], scrubbed_environment(tmp_path, tmp_path, {}), tmp_path)
        started.append(start_with_ctrl_c("the process", launch, ProcessLog(tmp_path / "terminal.log")))
        return started[-1]

    yield start
    for process in started:
        process.end()


@pytest.mark.skipif(sys.platform == "win32", reason="a console's output goes through pipes")
def test_its_output_and_its_exit_code_are_read(start):
    process = start("import sys; print('a terminal:', sys.stdout.isatty()); sys.exit(7)")

    assert process.wait_for_end(SOON) == 7
    assert process.log.text() == "a terminal: True"


def test_what_it_used_is_measured(start):
    process = start("import time\nwhile time.process_time() < 0.5: pass")

    process.wait_for_end(SOON)
    process.end()

    assert 0.5 <= process.usage.seconds < 3


@pytest.fixture
def ignoring_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ignoring_ctrl_c")
def test_ctrl_c_is_an_interrupt_even_if_the_suite_ignores_it(start):
    process = start(
        "import time\n"
        "try:\n    print('ready', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('interrupted'); raise SystemExit(3)"
    )
    wait_until("the process to be ready", process.log.text, lambda text: "ready" in text, SOON)

    process.press_ctrl_c()

    assert process.wait_for_end(SOON) == 3
    assert "interrupted" in process.log.text()


def test_ending_it_takes_the_whole_tree(start):
    process = start(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('child', child.pid, flush=True); time.sleep(60)"
    )
    text = wait_until("the child", process.log.text, lambda text: "child" in text, SOON)
    child = psutil.Process(int(text.split()[1]))

    process.end()

    wait_until("the child to be gone", child.is_running, lambda running: not running, SOON)
    assert not process.alive


def test_a_missing_program_is_an_infrastructure_error(tmp_path):
    with pytest.raises(InfrastructureError, match="could not be started"):
        start_with_ctrl_c(
            "the process", Launch(["/nowhere/to/be/found"], {}, tmp_path), ProcessLog(tmp_path / "log")
        )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has consoles")
def test_on_other_systems_than_windows_no_process_has_a_console():
    with pytest.raises(InfrastructureError, match="only Windows has them"):
        press_ctrl_c(1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has consoles")
def test_ctrl_c_at_a_console_that_is_gone_fails_only_while_the_process_lives(tmp_path):
    launch = Launch(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        scrubbed_environment(tmp_path, tmp_path, {}),
        tmp_path,
    )
    process = ConsoleProcess("the process", launch, ProcessLog(tmp_path / "console.log"))

    with pytest.raises(InfrastructureError, match="only Windows has them"):
        process.press_ctrl_c()
    process.kill()
    process.press_ctrl_c()
