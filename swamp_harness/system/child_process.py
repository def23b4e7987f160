"""Starts one process: as a fork of a ready program where one has its executable, else anew."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any, Protocol

from swamp_harness.system.processor_time import MeasuredPopen
from swamp_harness.system.ready_program import is_possible, ready_for

if sys.platform == "linux":
    from swamp_harness.system.fork import Fork


@dataclass(frozen=True)
class Launch:
    """How to start a process.

    Attributes:
        arguments: the program and its arguments.
        environment: the complete environment; nothing is inherited.
        folder: the working folder.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: PurePath


class ChildProcess(Protocol):
    """A process, as `subprocess.Popen` has it, that reports its processor time once it has ended.

    Attributes:
        pid: its number.
        returncode: its exit code, minus the signal's number when a signal ended it; None while it runs.
        cpu_seconds: the processor seconds of the process and the descendants that it has waited for.
    """

    pid: int
    returncode: Any
    cpu_seconds: float

    @property
    def stdout(self) -> IO[bytes] | None:
        """The pipe from its standard output."""

    @property
    def stderr(self) -> IO[bytes] | None:
        """The pipe from its standard error."""

    @property
    def uncounted_seconds(self) -> float:
        """The part of them that the operating system adds to no child of this process."""

    def poll(self) -> int | None:
        """The exit code, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it still runs after the timeout.
        """

    def send_signal(self, number: int, /) -> None:
        """Send it a signal; nothing happens if it has ended."""

    def communicate(
        self, typed: bytes | None = None, /, *, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        """Write to its standard input, read its output to the end, and wait for its end.

        Raises:
            subprocess.TimeoutExpired: that takes longer than the timeout.
        """


def start(launch: Launch, *, has_input: bool = False) -> ChildProcess:
    """Start a process, out of reach of a Ctrl-C in the terminal of the run.

    Args:
        launch: what to start.
        has_input: whether its standard input is a pipe; it is empty otherwise.

    Raises:
        OSError: it could not be started.
    """
    if sys.platform == "linux":
        ready = ready_for(launch.arguments[0])
        if ready is not None and is_possible(launch.environment):
            return Fork(
                ready.socket, launch.arguments, launch.environment, launch.folder, has_input=has_input
            )
    return MeasuredPopen(
        list(launch.arguments),
        env=dict(launch.environment),
        cwd=launch.folder,
        stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **detached_from_terminal(),
    )


def detached_from_terminal() -> dict[str, Any]:
    """Arguments for Popen that protect a process from a Ctrl-C in the terminal of the run."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
