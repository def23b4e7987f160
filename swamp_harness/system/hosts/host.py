"""Where processes of a scenario run: on this machine, or on another one of its hosts.

A host starts processes, has files, and is reached over network paths that begin where it can dial them. The
other kinds are in `namespaces` and `ssh`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Protocol

from swamp_harness.system import files
from swamp_harness.system.files import Files
from swamp_harness.system.limits import Limit
from swamp_harness.system.marked_processes import described, marked_processes
from swamp_harness.system.network import NetworkPath
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.processes import Launch, ProcessTree

Address = tuple[str, int]


class Process(Protocol):
    """A process with all that descends from it, wherever it runs; `ProcessTree` says what each verb does."""

    name: str
    log: ProcessLog
    log_start: int

    @property
    def pid(self) -> int:
        """The process id of the root, on its host."""

    @property
    def alive(self) -> bool:
        """Whether the root still runs.

        Raises:
            InfrastructureError: its host is gone, so nobody knows.
        """

    @property
    def exit_code(self) -> int | None:
        """The exit code of the root, None while it runs; minus the signal's number when a signal ended it."""

    @property
    def memory(self) -> int:
        """What it takes with all that descends from it, in bytes."""

    def wait_for_end(self, limit: Limit, *, give_up_if: Callable[[], str | None] = lambda: None) -> int:
        """Wait until the root has ended by itself."""

    def kill(self) -> None:
        """End all of it at once."""

    def terminate(self) -> int:
        """Ask the root to stop, and wait until it has."""

    def suspend(self) -> None:
        """Freeze all of it."""

    def resume(self) -> None:
        """Let it run on."""

    def end(self) -> None:
        """Make sure that nothing of it runs; for cleaning up."""


class Host(Protocol):
    """A machine on which processes can be started.

    Attributes:
        name: as people call it.
        files: that it has.
        environment: the variables that any process there needs, none of a scenario.
        shares_files: whether its files are those of this machine, under the same names.
    """

    name: str
    files: Files
    shares_files: bool

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that the host gives to every process."""

    @property
    def dials_directly(self) -> bool:
        """Whether it reaches a listener on this machine's loopback by itself."""

    def start(self, name: str, launch: Launch, log: ProcessLog) -> Process:
        """Start a process.

        Raises:
            InfrastructureError: it could not be started.
        """

    def path_to(self, target: Address) -> NetworkPath:
        """A network path that can fail, which begins where the host can dial and leads to this machine.

        Raises:
            InfrastructureError: there is no way.
        """

    def processes_with(self, mark: str, variable: str, value: str) -> list[tuple[int, str]]:
        """The processes that carry a scenario's mark and have a variable, as pid and command line."""

    def close(self) -> None:
        """Give up what the host holds."""


class LocalHost:
    """This machine."""

    def __init__(self) -> None:
        self.name = "this machine"
        self.shares_files = True
        self.files: Files = files.HERE

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of this process; what is not for a scenario is left out later."""
        return os.environ

    @property
    def dials_directly(self) -> bool:
        """It does."""
        return True

    def start(self, name: str, launch: Launch, log: ProcessLog) -> Process:
        """Start a process.

        Raises:
            InfrastructureError: it could not be started.
        """
        return ProcessTree(name, launch, log)

    def path_to(self, target: Address) -> NetworkPath:
        """A network path over the loopback."""
        return NetworkPath(target)

    def processes_with(self, mark: str, variable: str, value: str) -> list[tuple[int, str]]:
        """The processes that carry a scenario's mark and have a variable, as pid and command line."""
        return described(marked_processes(mark), variable, value)

    def close(self) -> None:
        """There is nothing to give up."""


HERE = LocalHost()
