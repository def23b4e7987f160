"""The process of a step: a fork, which has loaded everything already; where there are no forks, a new Python.

Loading is most of what a new process of Python does, and a run against the stand-in has thousands of steps.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, Protocol

# The module that a new Python runs.
PROGRAM_OF_A_STEP = "standin.worker"
_LONGEST_LINE = 1 << 24
_MOST_OPEN_FILES = 1 << 20


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
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            _leave_the_parent(theirs_in, theirs_out)
            _run(main, environment, folder)
        os.close(theirs_in)
        os.close(theirs_out)
        return await _Forked.connected(pid, ours_in, ours_out)

    def _leave_the_parent(standard_input: int, standard_output: int) -> None:
        """Keep nothing of the parent's that would act in its fork: no signal handlers, no connections."""
        gc.freeze()  # what is closed below must not be closed again, by its number, when it is collected
        signal.set_wakeup_fd(-1)
        for each in signal.valid_signals():
            if callable(signal.getsignal(each)):
                signal.signal(each, signal.default_int_handler if each is signal.SIGINT else signal.SIG_DFL)
        os.dup2(standard_input, 0)
        os.dup2(standard_output, 1)
        os.closerange(3, _MOST_OPEN_FILES)

    def _run(main: Callable[[], None], environment: Mapping[str, str], folder: Path) -> NoReturn:
        """Run the step, and leave before the parent's own functions, which are below on the stack, go on."""
        code = 1
        try:
            os.chdir(folder)
            own = dict(environment)  # it may be this process's
            os.environ.clear()
            os.environ.update(own)
            sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the end
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            main()
            code = 0
        except BaseException:  # noqa: BLE001 - as at the end of any process
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)

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
