"""A fork of a ready program is as good as a process that is started anew: here of the stand-in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from swamp_harness.product.target import of_the_project
from swamp_harness.system import ready_program
from swamp_harness.system.child_process import ChildProcess, Launch, start
from swamp_harness.system.clean_env import scrubbed_environment
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import Limit
from swamp_harness.system.marked_processes import MARK_VARIABLE, marked_processes
from swamp_harness.system.processor_time import MeasuredPopen
from swamp_harness.system.ready_program import is_possible, made_ready
from swamp_harness.system.waiting import wait_until

if sys.platform == "linux":
    from swamp_harness.system.fork import Fork
pytestmark = pytest.mark.skipif(not is_possible({}), reason="only Linux has ready programs")

SOON = Limit("a test", 20)
READY = "standin.ready"
STANDIN = of_the_project("swamp-standin")
MARK = "test-of-ready-programs/one"


class Program:
    """Starts the stand-in in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = scrubbed_environment(folder, folder, {MARK_VARIABLE: MARK})
        self.begun: list[ChildProcess] = []

    def start(self, *words: str, has_input: bool = False, **variables: str) -> ChildProcess:
        launch = Launch([STANDIN, *words], {**self.environment, **variables}, self.folder)
        self.begun.append(start(launch, has_input=has_input))
        return self.begun[-1]

    def run(self, *words: str, typed: bytes | None = None) -> tuple[int | None, bytes, bytes]:
        process = self.start(*words, has_input=typed is not None)
        stdout, stderr = process.communicate(typed, timeout=SOON.seconds)
        return process.returncode, stdout, stderr

    def serve(self) -> ChildProcess:
        """Start an orchestrator, and wait until it is ready."""
        self.run("repo", "init")
        process = self.start("serve", "--port", "0", "--no-schedule")
        assert process.stdout is not None
        assert os.read(process.stdout.fileno(), 1000)  # what it says when it is ready
        return process

    def end(self) -> None:
        for process in self.begun:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)


@pytest.fixture(autouse=True)
def _no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready_program, "_in_use", [])


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    folder = tmp_path / "program"
    folder.mkdir()
    made = Program(folder)
    yield made
    made.end()


@pytest.fixture
def ready_standin(tmp_path: Path) -> Iterator[None]:
    with made_ready(READY, [STANDIN], tmp_path, os.environ):
        yield


@pytest.fixture(params=["anew", "fork"])
def either(request: pytest.FixtureRequest, program: Program) -> Program:
    """A program that is started anew, or forked."""
    if request.param == "fork":
        request.getfixturevalue("ready_standin")
    return program


def test_only_a_ready_program_forks(program: Program, tmp_path: Path) -> None:
    with made_ready(READY, [STANDIN], tmp_path, os.environ):
        begun = [
            program.start("--version"),
            program.start("--version", PYTHONPATH="elsewhere"),  # Python reads it when it starts
        ]
        assert [each.wait(SOON.seconds) for each in begun] == [0, 0]
    begun.append(program.start("--version"))
    assert begun[-1].wait(SOON.seconds) == 0
    assert [type(each) for each in begun] == [Fork, MeasuredPopen, MeasuredPopen]


def test_the_path_of_the_socket_may_be_long(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    with made_ready(READY, [STANDIN], folder, os.environ):
        assert program.run("repo", "init")[0] == 0


def test_a_process_has_its_arguments_folder_and_variables_and_tells_its_end(either: Program) -> None:
    assert either.run("repo", "init")[0] == 0
    assert (either.folder / ".swamp").is_dir()
    code, stdout, stderr = either.run("no", "such", "command", "--json")
    assert (code, stdout) == (2, b"")
    assert "error" in json.loads(stderr)


def test_a_process_reads_its_input_to_the_end(either: Program) -> None:
    for words in (("repo", "init"), ("vault", "create", "local_encryption", "keys")):
        assert either.run(*words)[0] == 0
    typed = b"x" * 300_000
    assert either.run("vault", "put", "keys", "long", typed=typed)[0] == 0
    assert typed in either.run("vault", "read-secret", "keys", "long", "--yes")[1]


def test_a_process_leads_a_session_and_shows_its_mark(either: Program) -> None:
    either.environment["LARGE"] = "x" * 100_000
    process = either.serve()
    assert os.getsid(process.pid) == process.pid
    assert process.pid in [each.pid for each in marked_processes(MARK)]
    assert psutil.Process(process.pid).environ() == either.environment


def test_a_signal_ends_a_process_and_its_time_is_known(either: Program) -> None:
    process = either.serve()
    assert (process.poll(), process.cpu_seconds) == (None, 0)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(SOON.seconds) == process.poll() == process.returncode == -signal.SIGKILL
    assert process.cpu_seconds > 0
    process.send_signal(signal.SIGTERM)  # to nobody


def test_after_a_timeout_the_output_so_far_and_the_rest_are_known(either: Program) -> None:
    either.run("repo", "init")
    process = either.start("serve", "--port", "0", "--no-schedule", "--json")
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=1)
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=SOON.seconds)
    assert process.returncode == 0
    assert stdout


@pytest.mark.usefixtures("ready_standin")
def test_a_fork_counts_for_no_total_of_this_process(program: Program) -> None:
    before = os.times().children_user
    process = program.start("--version")
    process.wait(SOON.seconds)
    assert os.times().children_user == before
    assert process.uncounted_seconds == process.cpu_seconds


def test_what_was_forked_goes_on_after_the_ready_program(program: Program, tmp_path: Path) -> None:
    with made_ready(READY, [STANDIN], tmp_path, os.environ):
        process = program.serve()
    assert psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE
    process.send_signal(signal.SIGKILL)
    with pytest.raises(InfrastructureError, match=f"process {process.pid} was a fork of has ended"):
        process.wait(SOON.seconds)
    program.begun.remove(process)


@pytest.mark.usefixtures("ready_standin")
def test_a_fork_that_nobody_asks_about_leaves_no_zombie(program: Program) -> None:
    process = program.start("--version")
    pid = process.pid
    program.begun.clear()
    del process  # which closes its connection

    wait_until("its end", lambda: psutil.pid_exists(pid), lambda exists: not exists, SOON)


@pytest.mark.usefixtures("ready_standin")
def test_an_environment_without_room_is_refused(program: Program) -> None:
    process = program.start("--version", LARGE="x" * 600_000)
    _, stderr = process.communicate(timeout=SOON.seconds)
    assert process.returncode == 1
    assert b"the environment takes 600" in stderr


@pytest.mark.parametrize(
    ("module", "why"), [("no.such.module", "No module named"), ("standin.errors", "exit code 0")]
)
def test_a_program_that_does_not_get_ready_is_an_infrastructure_error(
    module: str, why: str, tmp_path: Path
) -> None:
    with pytest.raises(InfrastructureError, match=why), made_ready(module, [STANDIN], tmp_path, os.environ):
        pass
