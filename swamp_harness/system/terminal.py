"""A process with a terminal for Ctrl-C; on Windows, with a console of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import pexpect
import psutil

from swamp_harness.system.console import press_ctrl_c
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import OUTPUT_DRAINED, Limit
from swamp_harness.system.lines import Lines
from swamp_harness.system.process_log import Life, ProcessLog
from swamp_harness.system.processes import Launch, ProcessTree, kill_tree, wait_for_the_end_of

_CHUNK = 65536
_ROWS_AND_COLUMNS = (50, 200)


class ConsoleProcess(ProcessTree):
    """A process with a console of its own, on Windows; its output goes through pipes."""

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C at the console."""
        self.log.note(f"Ctrl-C is pressed at the console of {self.name}", Life.INTERRUPTED)
        press_ctrl_c(self.pid)


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
        self._terminal = start_at_a_terminal(name, launch)
        log.note(f"{name} started at a terminal as process {self._terminal.pid}", Life.STARTED)
        self._process = psutil.Process(self._terminal.pid)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return bool(self._terminal.isalive())

    @property
    def exit_code(self) -> int | None:
        """Its exit code, None while it runs; minus the signal's number when a signal ended it."""
        if self.alive:
            return None
        status = self._terminal.exitstatus
        return int(status) if status is not None else -int(self._terminal.signalstatus or 0)

    def press_ctrl_c(self) -> None:
        """Press Ctrl-C at the terminal."""
        self.log.note(f"Ctrl-C is pressed at the terminal of {self.name}", Life.INTERRUPTED)
        self._terminal.sendintr()

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
        kill_tree(self._process)
        self._reader.join(OUTPUT_DRAINED.seconds)
        self._terminal.close(force=True)

    def _read(self) -> None:
        lines = Lines()
        # Reading fails once the process is gone and the terminal with it.
        with contextlib.suppress(OSError):
            while chunk := os.read(self._terminal.fileno(), _CHUNK):
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


def start_at_a_terminal(name: str, launch: Launch) -> Any:
    """Start a program at a terminal of its own.

    Args:
        name: its name in messages.
        launch: what to start.

    Returns:
        The `pexpect.spawn` that holds the terminal; it reads bytes.

    Raises:
        InfrastructureError: this platform has no terminals, or the program could not be started.
    """
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
