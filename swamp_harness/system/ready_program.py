"""A program that is ready: a process that has loaded it, and forks for each start of one of its executables.

Loading is most of what a short process of an interpreter does. Only Linux can do all that `fork` does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.processor_time import MeasuredPopen, Usage

# Linux shows the environment of a fork in the place that the ready program has for its own; one variable may
# have 128 KiB.
_ROOM = {f"UAT_ROOM_{number}": " " * 120_000 for number in range(4)}
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


_in_use: list[ReadyProgram] = []


def is_possible(environment: Mapping[str, str]) -> bool:
    """Whether this system and an environment let a process be a fork of a ready program.

    Args:
        environment: of the process; the interpreter reads some variables when it starts.
    """
    return _is_possible_here() and not any(name.startswith(_OF_THE_INTERPRETER) for name in environment)


@cache
def _is_possible_here() -> bool:
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # an old kernel
        return False
    return True


@contextmanager
def made_ready(
    module: str, executables: Collection[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[Usage]:
    """Let a ready program start some executables for this process and its forks.

    It is no child of this process. It ends with the context, or with this process and its forks; what it has
    forked goes on.

    Args:
        module: that it runs, of this Python; it gets the path of a socket.
        executables: their paths.
        folder: for the socket, and for what it writes to its standard error.
        environment: of the process; that of a fork is another.

    Yields:
        What it used until it was ready.

    Raises:
        InfrastructureError: it does not start.
    """
    program = ReadyProgram(str(folder / "ready.socket"), frozenset(executables))
    its_input, until_it_closes = os.pipe()
    with os.fdopen(until_it_closes, "wb"):
        try:
            usage = _run(module, program.socket, its_input, folder / "ready.stderr", environment)
        finally:
            os.close(its_input)
        _in_use.append(program)
        try:
            yield usage
        finally:
            _in_use.remove(program)


def _run(module: str, socket: str, stdin: int, stderr: Path, environment: Mapping[str, str]) -> Usage:
    """Run the program until it goes on in the background, when it is ready."""
    started = datetime.now(UTC)
    with stderr.open("wb") as file:
        process = MeasuredPopen(
            [sys.executable, "-m", module, socket],
            env={**environment, **_ROOM},
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=file,
            start_new_session=True,
        )
        code = process.wait()
    if code != 0 or not Path(socket).exists():
        raise InfrastructureError(
            f"{module} does not get ready: exit code {code}.\n{stderr.read_text('utf-8', 'replace')}"
        )
    return Usage(started, process.cpu_seconds)


def all_in_use() -> list[ReadyProgram]:
    """The ready programs that this process uses."""
    return list(_in_use)


def use(programs: Iterable[ReadyProgram]) -> None:
    """Use the ready programs of another process, which ends them."""
    _in_use.extend(programs)


def ready_for(executable: str) -> ReadyProgram | None:
    """The ready program in use that has an executable."""
    return next((each for each in _in_use if executable in each.executables), None)
