"""The process of a step: a fork, which has loaded everything; where there are no forks, a new Python."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from standin import fork

# The module that a new Python runs.
PROGRAM_OF_A_STEP = "standin.worker"
_LONGEST_LINE = 1 << 24


class StepProcess(Protocol):
    """The process of a step, which reads lines from its standard input and writes lines to its output."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """Its exit code, negative for a signal; None until `wait` has returned."""

    @property
    def output(self) -> asyncio.StreamReader:
        """Its standard output."""

    def write(self, line: bytes) -> None:
        """Write a line to its standard input."""

    async def wait(self) -> int:
        """Wait for its end.

        Returns:
            Its exit code, negative for a signal.
        """


async def begin(environment: Mapping[str, str], folder: Path) -> StepProcess:
    """Begin the process of a step in the cheapest way that this system has.

    Args:
        environment: of the process.
        folder: its working directory.
    """
    if sys.platform != "win32":
        return await forked(environment, folder)
    return await started(environment, folder)


async def started(environment: Mapping[str, str], folder: Path) -> StepProcess:
    """Start a new Python."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", PROGRAM_OF_A_STEP),
        env=dict(environment),
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )
    return _Started(process)


class _Started:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    def write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)

    @property
    def output(self) -> asyncio.StreamReader:
        assert self._process.stdout is not None
        return self._process.stdout

    async def wait(self) -> int:
        return await self._process.wait()


if sys.platform != "win32":

    async def forked(environment: Mapping[str, str], folder: Path) -> StepProcess:
        """Fork this process."""
        # Loaded here, once for all forks: most workers and orchestrators of a run have no step.
        from standin.worker.runner import main

        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        pid = fork.forked(main, environment, folder, (theirs_in, theirs_out))
        os.close(theirs_in)
        os.close(theirs_out)
        return await _Forked.connected(pid, ours_in, ours_out)

    class _Forked:
        """A fork of this process.

        Args:
            pid: its number.
            its_input: connected to its standard input.
            output: what it writes to its standard output.
        """

        def __init__(self, pid: int, its_input: asyncio.WriteTransport, output: asyncio.StreamReader) -> None:
            self.pid = pid
            self.returncode: int | None = None
            self.output = output
            self._input = its_input

        @classmethod
        async def connected(cls, pid: int, standard_input: int, standard_output: int) -> _Forked:
            loop = asyncio.get_running_loop()
            output = asyncio.StreamReader(limit=_LONGEST_LINE)
            await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(output), os.fdopen(standard_output, "rb", buffering=0)
            )
            its_input, _ = await loop.connect_write_pipe(
                asyncio.BaseProtocol, os.fdopen(standard_input, "wb", buffering=0)
            )
            return cls(pid, its_input, output)

        def write(self, line: bytes) -> None:
            self._input.write(line)

        async def wait(self) -> int:
            _, status = await asyncio.to_thread(os.waitpid, self.pid, 0)
            self._input.close()
            self.returncode = os.waitstatus_to_exitcode(status)
            return self.returncode
