"""The hosts on which the processes of a scenario run: this machine or another one.

A host starts processes, has files, and connects over network paths that begin at an address it can reach. The
other kinds are in `namespaces` and `ssh`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Protocol

from swamp_harness.system import files
from swamp_harness.system.child_process import Launch
from swamp_harness.system.files import Files
from swamp_harness.system.limits import Limit
from swamp_harness.system.marked_processes import described, marked_processes
from swamp_harness.system.network import NetworkPath
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.processes import ProcessTree
from swamp_harness.system.processor_time import Usage
from swamp_harness.system.stop_request import StopRequest

Address = tuple[str, int]


class Process(Protocol):
    """A process with its descendants, on any host; `ProcessTree` describes the methods."""

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
            InfrastructureError: its host does not answer.
        """

    @property
    def exit_code(self) -> int | None:
        """The exit code of the root, None while it runs; minus the signal's number when a signal ended it."""

    @property
    def memory(self) -> int:
        """Its memory with that of its descendants, in bytes."""

    @property
    def usage(self) -> Usage:
        """What it has used with its descendants, once it has ended; nothing where that is not measured."""

    def wait_for_end(self, limit: Limit, *, give_up_if: Callable[[], str | None] = lambda: None) -> int:
        """Wait until the root has ended by itself."""

    def kill(self) -> None:
        """Kill all of it at once."""

    def crash(self) -> None:
        """Kill the root alone."""

    def terminate(self) -> int:
        """Ask the root to stop, and wait until it has."""

    def ask_to_stop(self, by: StopRequest = StopRequest.TERMINATION) -> None:
        """Ask the root to stop, and do not wait until it has."""

    def suspend(self) -> None:
        """Suspend all of it."""

    def resume(self) -> None:
        """Resume it."""

    def end(self) -> None:
        """Make sure that nothing of it runs; for cleanup only."""


class Host(Protocol):
    """A machine on which processes can be started.

    Attributes:
        name: its name in messages.
        files: its files.
        environment: the variables that every process there needs, without those of a scenario.
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
        """Whether it reaches this machine's loopback directly."""

    def start(self, name: str, launch: Launch, log: ProcessLog) -> Process:
        """Start a process.

        Raises:
            InfrastructureError: it could not be started.
        """

    def path_to(self, target: Address) -> NetworkPath:
        """A network path from the host to this machine that a scenario can cut.

        Raises:
            InfrastructureError: the path cannot be made.
        """

    def processes_with(self, mark: str, variable: str, value: str) -> list[tuple[int, str]]:
        """The processes with a scenario's mark and a variable, as pid and command line."""

    def close(self) -> None:
        """Release the host's resources."""


class LocalHost:
    """This machine."""

    def __init__(self) -> None:
        self.name = "this machine"
        self.shares_files = True
        self.files: Files = files.HERE

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of this process; those that a scenario must not have are removed later."""
        return os.environ

    @property
    def dials_directly(self) -> bool:
        """Always true."""
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
        """The processes with a scenario's mark and a variable, as pid and command line."""
        return described(marked_processes(mark), variable, value)

    def close(self) -> None:
        """Does nothing: there is nothing to release."""


HERE = LocalHost()
