"""Process trees: start, query, suspend, end. A tree is a process with all its descendants."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, Protocol

import psutil

from swamp_harness.system.child_process import Launch, start
from swamp_harness.system.console import press_ctrl_c
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import OUTPUT_DRAINED, PROCESS_GONE, PROCESS_STOPPED, Limit
from swamp_harness.system.lines import Lines
from swamp_harness.system.memory import memory_of
from swamp_harness.system.process_log import Life, ProcessLog
from swamp_harness.system.process_tree import tree_of
from swamp_harness.system.processor_time import Usage, seconds_of
from swamp_harness.system.stop_request import StopRequest
from swamp_harness.system.waiting import wait_until

_PIECE = 1 << 16


class ProcessTree:
    """A started process and its descendants.

    Args:
        name: its name in messages, such as "the orchestrator" or 'worker "alpha"'.
        launch: what to start.
        log: takes the output line by line.

    Raises:
        InfrastructureError: the program could not be started.
    """

    def __init__(self, name: str, launch: Launch, log: ProcessLog) -> None:
        self.name = name
        self.log = log
        self.log_start = log.position
        self._started = datetime.now(UTC)
        self._unreaped = 0.0
        try:
            self._popen = start(launch)
        except OSError as error:
            raise InfrastructureError(f"{name} could not be started: {error}.") from error
        log.note(f"{name} started as process {self._popen.pid}", Life.STARTED)
        self._process = psutil.Process(self._popen.pid)
        self._pumps = [
            threading.Thread(target=pump, args=(pipe, stream, log), daemon=True)
            for stream, pipe, pump in (
                ("stdout", self._popen.stdout, self._pump_to_the_end),
                ("stderr", self._popen.stderr, _pump),
            )
        ]
        for pump in self._pumps:
            pump.start()

    @property
    def pid(self) -> int:
        """The process id of the root of the tree."""
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether the root of the tree still runs."""
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the root, None while it runs; minus the signal's number when a signal ended it.

        When it has ended, its log holds its whole output.
        """
        code = self._popen.poll()
        if code is not None:
            self._drain()
        return code

    @property
    def memory(self) -> int:
        """The memory of the tree, in bytes.

        Raises:
            InfrastructureError: it has ended.
        """
        return memory_of(self.pid)

    @property
    def usage(self) -> Usage:
        """What the tree has used, once its root has ended."""
        return Usage(
            self._started,
            self._popen.cpu_seconds + self._unreaped,
            self._popen.uncounted_seconds + self._unreaped,
        )

    def wait_for_end(self, limit: Limit, *, give_up_if: Callable[[], str | None] = lambda: None) -> int:
        """Wait until the root has ended by itself and its output has been read to the end.

        Args:
            limit: when to give up.
            give_up_if: returns why it will never end, or None while it still may.

        Returns:
            The exit code.

        Raises:
            WaitTimeout: it still runs after the limit.
        """
        return wait_for_the_end_of(self, limit, give_up_if)

    def kill(self) -> None:
        """Kill the whole tree at once, like a power cut: nothing in it can clean up."""
        self.log.note(f"{self.name} is killed", Life.KILLED)
        self._kill_tree()

    def crash(self) -> None:
        """Kill the root alone; its descendants are left to themselves.

        Raises:
            InfrastructureError: it cannot be killed.
        """
        self.log.note(f"{self.name} crashes", Life.KILLED)
        with contextlib.suppress(psutil.NoSuchProcess):
            self._process.kill()
        self._wait_for_root()

    def terminate(self) -> int:
        """Ask the root to stop (SIGTERM; on Windows Ctrl-C) and wait until it has.

        Returns:
            The exit code.

        Raises:
            InfrastructureError: it cannot be asked, on Windows.
            WaitTimeout: it did not stop within the limit.
        """
        self.ask_to_stop()
        return self.wait_for_end(PROCESS_STOPPED)

    def ask_to_stop(self, by: StopRequest = StopRequest.TERMINATION) -> None:
        """Ask the root to stop, without waiting until it has.

        Args:
            by: how it is asked; on Windows it is always by Ctrl-C.

        Raises:
            InfrastructureError: it cannot be asked, on Windows. One that has just ended need not be asked.
        """
        self.log.note(f"{self.name} is asked to stop", Life.ASKED_TO_STOP)
        if sys.platform == "win32":
            self._press_ctrl_c()
        else:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                self._popen.send_signal(signal.Signals[f"SIG{by.value}"])

    def suspend(self) -> None:
        """Suspend every process of the tree."""
        self.log.note(f"{self.name} is suspended", Life.SUSPENDED)
        for process in tree_of(self._process):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def resume(self) -> None:
        """Resume a suspended tree."""
        self.log.note(f"{self.name} is resumed", Life.RESUMED)
        for process in tree_of(self._process):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def end(self) -> None:
        """Make sure that no process of the tree runs; for cleanup only."""
        if self.alive:
            self.log.note(f"{self.name} is killed at the end of its scenario", Life.KILLED)
        self._kill_tree()

    def _press_ctrl_c(self) -> None:
        try:
            press_ctrl_c(self.pid)
        except InfrastructureError:
            if self.alive:  # the console of a process that has just ended is gone
                raise

    def _kill_tree(self) -> None:
        self._unreaped += kill_tree(self._process)
        self._wait_for_root()

    def _wait_for_root(self) -> None:
        try:
            self._popen.wait(PROCESS_GONE.seconds)
        except subprocess.TimeoutExpired as error:
            raise InfrastructureError(f"{self.name} cannot be killed (process {self.pid}).") from error
        self._drain()

    def _drain(self) -> None:
        # The output of the root is read within moments of its end. An orphan may hold the pipe open for much
        # longer; do not wait for its output.
        for pump in self._pumps:
            pump.join(OUTPUT_DRAINED.seconds)

    def _pump_to_the_end(self, pipe: IO[bytes] | None, stream: str, log: ProcessLog) -> None:
        _pump(pipe, stream, log)
        log.note(f"{self.name} closed its output", Life.ENDED)


class Ends(Protocol):
    """A process with a name and output that ends."""

    name: str
    log: ProcessLog

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""

    @property
    def exit_code(self) -> int | None:
        """Its exit code, None while it runs."""


def wait_for_the_end_of(process: Ends, limit: Limit, give_up_if: Callable[[], str | None]) -> int:
    """Wait until a process has ended by itself.

    Args:
        process: a process of any kind.
        limit: when to give up.
        give_up_if: returns why it will never end, or None while it still may.

    Returns:
        The exit code.

    Raises:
        WaitTimeout: it still runs after the limit.
    """
    wait_until(
        f"{process.name} to end",
        lambda: process.log.tail(3),
        lambda _: not process.alive,
        limit,
        give_up_if=give_up_if,
    )
    code = process.exit_code
    assert code is not None  # noqa: S101 - it has ended
    return code


def kill_tree(root: psutil.Process) -> float:
    """Kill a process and its descendants at once.

    Returns:
        The processor seconds that the descendants had used, on POSIX, where nobody waits for them.
    """
    # Freeze first: a running parent could start another child between the look and the kill.
    tree = tree_of(root)
    for process in tree:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
    everything = [*tree, *(late for late in tree_of(root) if late not in tree)]
    orphans = [process for process in everything if process != root]
    unreaped = 0.0 if sys.platform == "win32" else seconds_of(orphans)
    for process in everything:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    return unreaped


def _pump(pipe: IO[bytes] | None, stream: str, log: ProcessLog) -> None:
    assert pipe is not None  # noqa: S101 - both streams are opened as pipes
    with pipe:
        lines = Lines()
        while piece := os.read(pipe.fileno(), _PIECE):
            log.add(stream, *lines.feed(piece))
        log.add(stream, *lines.rest())
