"""Hosts that are reached over SSH: processes, files and network paths on another machine.

Connections from there come back through SSH, so the other machine needs no route to this one.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import PurePath

from swamp_harness.system.child_process import Launch
from swamp_harness.system.files import Files
from swamp_harness.system.hosts.host import Address, Process
from swamp_harness.system.hosts.ssh_address import SshAddress
from swamp_harness.system.hosts.ssh_connection import SshConnection
from swamp_harness.system.hosts.ssh_files import SftpFiles
from swamp_harness.system.hosts.ssh_path import TunnelPath
from swamp_harness.system.hosts.ssh_processes import Group, SshProcess, members, processes_of
from swamp_harness.system.network import NetworkPath
from swamp_harness.system.process_log import ProcessLog


class SshHost:
    """A host with a POSIX shell that is reached over SSH.

    It connects on first use, and again in a forked process.

    Args:
        name: its name in messages.
        address: its SSH address.
    """

    def __init__(self, name: str, address: SshAddress) -> None:
        self.name = name
        self.shares_files = False
        self._connection = SshConnection(name, address)
        self.files: Files = SftpFiles(self._connection)
        self._environment: Mapping[str, str] | None = None
        self._groups: dict[str, list[Group]] = {}

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of a login there."""
        if self._environment is None:
            lines = self._connection.run("env").splitlines()
            self._environment = dict(line.split("=", 1) for line in lines if "=" in line)
        return self._environment

    @property
    def dials_directly(self) -> bool:
        """Always false: it has a loopback of its own."""
        return False

    def start(self, name: str, launch: Launch, log: ProcessLog) -> Process:
        """Start a process.

        Raises:
            InfrastructureError: it could not be started.
        """
        process = SshProcess(self._connection, name, launch, log)
        for variable, value in launch.environment.items():
            self._groups.setdefault(f"{variable}={value}", []).append(process.group)
        return process

    def run(self, command: str) -> str:
        """Run a command of the host's shell to its end, and return the lines that it printed.

        Raises:
            InfrastructureError: it failed, or did not end in time.
        """
        return self._connection.run(command)

    def path_to(self, target: Address) -> NetworkPath:
        """A path that begins on the host's own loopback and comes back through the connection.

        Raises:
            InfrastructureError: the host's SSH server does not forward ports.
        """
        return TunnelPath(self._connection, target)

    def processes_with(self, mark: str, variable: str, value: str) -> list[tuple[int, str]]:  # noqa: ARG002
        """The processes that were started with a variable, and their descendants.

        A process that leaves the group in which it was started is not found.
        """
        listed = processes_of(self._connection)
        return [
            (each.pid, each.command)
            for group in self._groups.get(f"{variable}={value}", [])
            for each in members(listed, group)
        ]

    @property
    def is_gone(self) -> bool:
        """Whether this process has no connection to it, yet or any more."""
        return not self._connection.is_open

    def remove_at_the_end(self, folder: PurePath) -> None:
        """Arrange that a folder there is removed when the connection of this process ends in any way.

        Raises:
            InfrastructureError: the machine cannot be reached, or is gone.
        """
        removed = f"rm -rf -- {shlex.quote(str(folder))}"
        # Twice, because a process that is ending may still write.
        self._connection.run_at_its_end(f"{removed}; sleep 1; {removed}")

    def close(self) -> None:
        """Close the connection of this process, which ends everything that was started over it."""
        self._connection.close()
