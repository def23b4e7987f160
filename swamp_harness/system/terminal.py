"""A process with a terminal for Ctrl-C; on Windows, with a console of its own."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pexpect
import psutil

from swamp_harness.system.child_process import Launch
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import OUTPUT_DRAINED, PROCESS_GONE, Limit
from swamp_harness.system.lines import Lines
from swamp_harness.system.process_log import Life, ProcessLog
from swamp_harness.system.processes import ProcessTree, kill_tree, wait_for_the_end_of
from swamp_harness.system.processor_time import Usage, reaped
from swamp_harness.system.waiting import WaitTimeout, wait_until

_CHUNK = 65536
_ROWS_AND_COLUMNS = (50, 200)


class ConsoleProcess(ProcessTree):
    """A process with a console of its own, on Windows; its output goes through pipes."""

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C at the console; nothing happens if the process has just ended.

        Raises:
            InfrastructureError: it cannot be pressed.
        """
        self.log.note(f"Ctrl-C is pressed at the console of {self.name}", Life.INTERRUPTED)
        self._press_ctrl_c()


class Terminal:
    """A terminal with one program at it.

    Args:
        name: the program's name in messages.
        launch: what to start.

    Raises:
        InfrastructureError: this platform has no terminals, or the program could not be started.
    """

    def __init__(self, name: str, launch: Launch) -> None:
        self._started = datetime.now(UTC)
        self._spawned = _spawned(name, launch)
        self._process = psutil.Process(self._spawned.pid)
        self._seconds = 0.0
        self._unreaped = 0.0

    @property
    def pid(self) -> int:
        """The process id of the program."""
        return int(self._spawned.pid)

    @property
    def alive(self) -> bool:
        """Whether the program still runs."""
        at_terminal = self._spawned.ptyproc
        if not at_terminal.terminated and (ended := reaped(self.pid)) is not None:
            code, self._seconds = ended
            # pexpect would take the exit status itself, without the processor time.
            at_terminal.terminated = True
            at_terminal.exitstatus = code if code >= 0 else None
            at_terminal.signalstatus = -code if code < 0 else None
        return bool(self._spawned.isalive())

    @property
    def exit_code(self) -> int | None:
        """The program's exit code, None while it runs; minus the signal's number when a signal ended it."""
        if self.alive:
            return None
        status = self._spawned.exitstatus
        return int(status) if status is not None else -int(self._spawned.signalstatus or 0)

    @property
    def usage(self) -> Usage:
        """What the program has used, once it has ended."""
        return Usage(self._started, self._seconds + self._unreaped, self._unreaped)

    def read(self, most: int) -> bytes:
        """Some bytes that the program wrote; none when it has closed the terminal.

        Raises:
            OSError: the program has ended.
        """
        return os.read(self._spawned.fileno(), most)

    def read_all(self, limit: Limit) -> tuple[bytes, bool]:
        """Everything that the program writes until it ends, and whether it did so in time."""
        pieces: list[bytes] = []
        end = time.monotonic() + limit.seconds
        # Reading fails once the program is gone and the terminal with it.
        with contextlib.suppress(OSError):
            while select.select([self._spawned.fileno()], [], [], max(0.0, end - time.monotonic()))[0]:
                if not (piece := self.read(_CHUNK)):
                    break
                pieces.append(piece)
            else:
                return b"".join(pieces), False
        with contextlib.suppress(WaitTimeout):  # it has closed the terminal and goes on
            self._wait_for_end(OUTPUT_DRAINED)
        return b"".join(pieces), not self.alive

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C."""
        self._spawned.sendintr()

    def kill(self) -> None:
        """Kill the program with everything that it has started."""
        self._unreaped += kill_tree(self._process)

    def close(self) -> None:
        """End the program, and the terminal with it."""
        self.kill()
        with contextlib.suppress(WaitTimeout):  # then pexpect complains
            self._wait_for_end(PROCESS_GONE)
        self._spawned.close(force=True)

    def _wait_for_end(self, limit: Limit) -> None:
        wait_until(f"process {self.pid} to end", lambda: self.alive, lambda alive: not alive, limit)


class TerminalProcess:
    """A process whose standard streams are a terminal of its own.

    Args:
        name: its name in messages.
        launch: what to start.
        log: takes the output of the terminal, line by line, as "stdout".

    Raises:
        InfrastructureError: this platform has no terminals, or the program could not be started.
    """

    def __init__(self, name: str, launch: Launch, log: ProcessLog) -> None:
        self.name = name
        self.log = log
        self.log_start = log.position
        self._terminal = Terminal(name, launch)
        log.note(f"{name} started at a terminal as process {self._terminal.pid}", Life.STARTED)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._terminal.alive

    @property
    def exit_code(self) -> int | None:
        """Its exit code, None while it runs; minus the signal's number when a signal ended it."""
        return self._terminal.exit_code

    @property
    def usage(self) -> Usage:
        """What it has used with its descendants, once it has ended."""
        return self._terminal.usage

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C at the terminal."""
        self.log.note(f"Ctrl-C is pressed at the terminal of {self.name}", Life.INTERRUPTED)
        self._terminal.press_ctrl_c()

    def wait_for_end(self, limit: Limit, *, give_up_if: Callable[[], str | None] = lambda: None) -> int:
        """Wait until it has ended by itself and its output has been read.

        Returns:
            The exit code.

        Raises:
            WaitTimeout: it still runs after the limit.
        """
        code = wait_for_the_end_of(self, limit, give_up_if)
        self._reader.join(limit.seconds)
        return code

    def end(self) -> None:
        """Make sure that it does not run; for cleanup only."""
        self._terminal.kill()
        self._reader.join(OUTPUT_DRAINED.seconds)
        self._terminal.close()

    def _read(self) -> None:
        lines = Lines()
        # Reading fails once the process is gone and the terminal with it.
        with contextlib.suppress(OSError):
            while chunk := self._terminal.read(_CHUNK):
                self.log.add("stdout", *lines.feed(chunk))
        self.log.add("stdout", *lines.rest())
        self.log.note(f"{self.name} closed its output", Life.ENDED)


def start_with_ctrl_c(name: str, launch: Launch, log: ProcessLog) -> TerminalProcess | ConsoleProcess:
    """Start a program with a terminal, or on Windows a console, for Ctrl-C.

    Args:
        name: its name in messages.
        launch: what to start.
        log: takes its output.

    Raises:
        InfrastructureError: the program could not be started.
    """
    kind = ConsoleProcess if sys.platform == "win32" else TerminalProcess
    return kind(name, launch, log)


def _spawned(name: str, launch: Launch) -> Any:
    if sys.platform == "win32":
        raise InfrastructureError(f"{name} needs a terminal, which this suite does not support on Windows.")
    program, *arguments = launch.arguments
    try:
        return pexpect.spawn(
            program,
            arguments,
            env=dict(launch.environment),
            cwd=str(launch.folder),
            dimensions=_ROWS_AND_COLUMNS,
            preexec_fn=_enable_ctrl_c,
        )
    except pexpect.ExceptionPexpect as error:
        raise InfrastructureError(f"{name} could not be started: {error}.") from error


def _enable_ctrl_c() -> None:
    # A suite that runs in the background ignores Ctrl-C, and its children would inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
