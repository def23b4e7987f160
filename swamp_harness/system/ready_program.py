"""A program that is ready: a process that has loaded it, and forks for each start of one of its executables.

Loading is most of what a short process of an interpreter does. A fork is as good as a process that was
started anew: it has its own number, session, folder, environment and streams. But it is a child of the ready
program, which therefore tells how it has ended. Only Linux can do all of that.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import selectors
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Client, wait
from multiprocessing.reduction import send_handle
from pathlib import Path, PurePath
from typing import IO, Any

from swamp_harness.system.errors import InfrastructureError

_PIECE = 1 << 16
# Linux shows the environment of a fork in the place that the ready program has for its own.
_ROOM = {"UAT_ROOM": " " * 100_000}
# The interpreter reads variables of this prefix when it starts, so no fork has them.
_OF_THE_INTERPRETER = "PYTHON"


@dataclass(frozen=True)
class ReadyProgram:
    """A process that forks for each start of an executable.

    Attributes:
        socket: the path of its socket.
        executables: their paths.
    """

    socket: str
    executables: frozenset[str]

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: PurePath, *, has_input: bool
    ) -> Fork:
        """Start a process.

        Args:
            arguments: the executable and its arguments.
            environment: the complete environment.
            folder: the working folder.
            has_input: whether its standard input is a pipe; it is empty otherwise.

        Raises:
            OSError: it could not be started.
        """
        command = {"arguments": list(arguments), "environment": dict(environment), "folder": str(folder)}
        return Fork(self.socket, command, has_input=has_input)


class Fork:
    """A process that a ready program has forked; it does what a `MeasuredPopen` does.

    Args:
        socket: of the ready program.
        command: what it is to run.
        has_input: whether its standard input is a pipe.

    Attributes:
        args: the executable and its arguments.
        pid: its number.
        returncode: its exit code, minus the signal's number when a signal ended it; None while it runs.
        cpu_seconds: of the process and the descendants that it has waited for; 0 while it runs.
        stdin: the pipe to its standard input, if it has one.
        stdout: the pipe from its standard output.
        stderr: the pipe from its standard error.

    Raises:
        OSError: it could not be started.
    """

    def __init__(self, socket: str, command: Mapping[str, Any], *, has_input: bool) -> None:
        if sys.platform != "linux":
            raise NotImplementedError
        self.args: list[str] = command["arguments"]
        self.returncode: int | None = None
        self.cpu_seconds = 0.0
        self._asking = threading.Lock()
        self._read: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        self._connection = Client(socket, "AF_UNIX")
        ours_out, theirs_out = os.pipe()
        ours_err, theirs_err = os.pipe()
        theirs_in, ours_in = os.pipe() if has_input else (os.open(os.devnull, os.O_RDONLY), -1)
        try:
            self._connection.send_bytes(json.dumps(command).encode())
            for stream in (theirs_in, theirs_out, theirs_err):
                send_handle(self._connection, stream, os.getpid())
            self.pid: int = json.loads(self._connection.recv_bytes())
        except EOFError as error:
            raise OSError("the process of which it is a fork has ended") from error
        finally:
            for stream in (theirs_in, theirs_out, theirs_err):
                os.close(stream)
        self.stdin = os.fdopen(ours_in, "wb", buffering=0) if has_input else None
        self.stdout: IO[bytes] = os.fdopen(ours_out, "rb", buffering=0)
        self.stderr: IO[bytes] = os.fdopen(ours_err, "rb", buffering=0)
        # Refers to this process alone: nobody waits for it before its end is asked for.
        self._handle = os.pidfd_open(self.pid)
        weakref.finalize(self, os.close, self._handle)

    @property
    def uncounted_seconds(self) -> float:
        """The processor seconds that the operating system adds to no child of this process: all."""
        return self.cpu_seconds

    def poll(self) -> int | None:
        """The exit code, None while it runs.

        Raises:
            InfrastructureError: the ready program has ended.
        """
        with self._asking:
            if self.returncode is None and wait([self._handle], 0):
                try:
                    self._connection.send_bytes(b"")
                    end = json.loads(self._connection.recv_bytes())
                except (EOFError, OSError) as error:
                    raise InfrastructureError(
                        f"The process that process {self.pid} was a fork of has ended."
                    ) from error
                self._connection.close()
                self.returncode, self.cpu_seconds = end["exit code"], end["seconds"]
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it still runs after the timeout.
            InfrastructureError: the ready program has ended.
        """
        wait([self._handle], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing happens if it has ended."""
        if sys.platform != "linux":
            raise NotImplementedError
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def communicate(self, typed: bytes | None = None, timeout: float | None = None) -> tuple[bytes, bytes]:
        """Write to its standard input, read its output to the end, and wait for its end.

        Args:
            typed: what to write; nothing if None.
            timeout: in seconds; none if None. After it, the rest of the output can be read by another call.

        Raises:
            subprocess.TimeoutExpired: it still runs, or its output has not ended; it has the output so far.
            InfrastructureError: the ready program has ended.
        """
        end = math.inf if timeout is None else time.monotonic() + timeout
        try:
            self._exchange(typed or b"", end)
            self.wait(None if timeout is None else max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            error.output, error.stderr = (b"".join(each) for each in self._read.values())
            raise
        stdout, stderr = (b"".join(each) for each in self._read.values())
        return stdout, stderr

    def _exchange(self, typed: bytes, end: float) -> None:
        with selectors.DefaultSelector() as selector:
            for name, pipe in (("stdout", self.stdout), ("stderr", self.stderr)):
                if not pipe.closed:
                    selector.register(pipe, selectors.EVENT_READ, name)
            if self.stdin is not None and not self.stdin.closed:
                selector.register(self.stdin, selectors.EVENT_WRITE)
            while selector.get_map():
                left = None if math.isinf(end) else end - time.monotonic()
                if left is not None and left <= 0:
                    raise subprocess.TimeoutExpired(self.args, 0)
                for key, _ in selector.select(left):
                    if key.fileobj is self.stdin:
                        typed = self._type(self.stdin, typed)
                        has_more = bool(typed)
                    else:
                        piece = os.read(key.fd, _PIECE)
                        self._read[key.data].append(piece)
                        has_more = bool(piece)
                    if not has_more:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]

    @staticmethod
    def _type(pipe: IO[bytes], typed: bytes) -> bytes:
        """Write a part that never blocks; returns the rest."""
        if sys.platform != "linux":
            raise NotImplementedError
        try:
            return typed[os.write(pipe.fileno(), typed[: select.PIPE_BUF]) :]
        except BrokenPipeError:  # it reads no more
            return b""


_in_use: list[ReadyProgram] = []


def is_possible(environment: Mapping[str, str]) -> bool:
    """Whether this system and an environment let a process be a fork of a ready program.

    Args:
        environment: of the process; the interpreter reads some variables when it starts.
    """
    has_all = sys.platform == "linux" and hasattr(os, "pidfd_open")
    return has_all and not any(name.startswith(_OF_THE_INTERPRETER) for name in environment)


@contextmanager
def made_ready(
    module: str, executables: Collection[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[None]:
    """Let a ready program start some executables for this process and its forks.

    It is no child of this process. It ends with the context, or with this process and its forks; what it has
    forked goes on.

    Args:
        module: that it runs, of this Python; it gets the path of a socket.
        executables: their paths.
        folder: for the socket, and for what it writes to its standard error.
        environment: of the process; that of a fork is another.

    Raises:
        InfrastructureError: it does not start.
    """
    program = ReadyProgram(str(folder / "ready.socket"), frozenset(executables))
    its_input, until_it_closes = os.pipe()
    with os.fdopen(until_it_closes, "wb"):
        try:
            _run(module, program.socket, its_input, folder / "ready.stderr", environment)
        finally:
            os.close(its_input)
        _in_use.append(program)
        try:
            yield
        finally:
            _in_use.remove(program)


def _run(module: str, socket: str, stdin: int, stderr: Path, environment: Mapping[str, str]) -> None:
    with stderr.open("wb") as file:
        started = subprocess.run(
            [sys.executable, "-m", module, socket],
            env={**environment, **_ROOM},
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=file,
            start_new_session=True,
            check=False,
        )
    if started.returncode != 0 or not Path(socket).exists():
        raise InfrastructureError(
            f"{module} does not get ready: exit code {started.returncode}.\n"
            f"{stderr.read_text('utf-8', 'replace')}"
        )


def all_in_use() -> list[ReadyProgram]:
    """The ready programs that this process uses."""
    return list(_in_use)


def use(programs: Iterable[ReadyProgram]) -> None:
    """Use the ready programs of another process, which ends them."""
    _in_use.extend(programs)


def ready_for(executable: str) -> ReadyProgram | None:
    """The ready program in use that has an executable."""
    return next((each for each in _in_use if executable in each.executables), None)
