"""A process that a ready program has forked.

It is as good as one that was started anew: it has its own number, session, folder, environment and streams.
But it is a child of the ready program, which therefore tells how it has ended.
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
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Client, Connection, wait
from multiprocessing.reduction import send_handle
from pathlib import PurePath
from typing import IO

from swamp_harness.system.errors import InfrastructureError

assert sys.platform == "linux"  # noqa: S101 - for mypy, which checks the rest for no other system

_PIECE = 1 << 16


class Fork:
    """A process that a ready program has forked; it does what a `MeasuredPopen` does.

    Args:
        socket: the path of the ready program's.
        arguments: the executable and its arguments.
        environment: the complete environment.
        folder: the working folder.
        has_input: whether its standard input is a pipe; it is empty otherwise.

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

    def __init__(
        self,
        socket: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: PurePath,
        *,
        has_input: bool,
    ) -> None:
        self.args = list(arguments)
        self.returncode: int | None = None
        self.cpu_seconds = 0.0
        self._asking = threading.Lock()
        self._read: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        self._connection = _connected(socket)
        ours_out, theirs_out = os.pipe()
        ours_err, theirs_err = os.pipe()
        theirs_in, ours_in = os.pipe() if has_input else (os.open(os.devnull, os.O_RDONLY), None)
        command = {"arguments": self.args, "environment": dict(environment), "folder": str(folder)}
        try:
            self._connection.send_bytes(json.dumps(command).encode())
            for stream in (theirs_in, theirs_out, theirs_err):
                send_handle(self._connection, stream, os.getpid())
            self.pid: int = json.loads(self._connection.recv_bytes())
        except EOFError as error:
            for stream in (ours_out, ours_err, *(() if ours_in is None else (ours_in,))):
                os.close(stream)
            raise OSError("the process of which it is a fork has ended") from error
        finally:
            for stream in (theirs_in, theirs_out, theirs_err):
                os.close(stream)
        self.stdin = None if ours_in is None else os.fdopen(ours_in, "wb", buffering=0)
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
        try:
            return typed[os.write(pipe.fileno(), typed[: select.PIPE_BUF]) :]
        except BrokenPipeError:  # it reads no more
            return b""


def _connected(socket: str) -> Connection:
    """Connect to a socket whose path may be longer than the 107 bytes that the system allows."""
    folder, name = os.path.split(socket)
    place = os.open(folder, os.O_PATH)
    try:
        return Client(f"/proc/self/fd/{place}/{name}", "AF_UNIX")
    finally:
        os.close(place)
