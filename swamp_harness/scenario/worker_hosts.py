"""Where the workers of one scenario run: a place on each host in turn."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING

from swamp_harness.product.binary import Binary
from swamp_harness.scenario.inventory import NAMESPACE, HostEntry
from swamp_harness.system.cleanup import run_all_cleanups
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import copy
from swamp_harness.system.hosts.host import HERE, Host
from swamp_harness.system.hosts.namespaces import Link, NamespaceHost, free_links

if TYPE_CHECKING:
    from swamp_harness.system.hosts.ssh import SshHost

# More than any scenario has workers, as the addresses must be known before the first worker is created.
_MOST_NAMESPACES = 8


@dataclass(frozen=True)
class WorkerHost:
    """Where one worker runs.

    Attributes:
        host: the machine.
        binary: the swamp there.
        root: the worker's folder there.
    """

    host: Host
    binary: PurePath
    root: PurePath


class WorkerHosts:
    """The places for the workers of one scenario, on each machine in turn.

    Args:
        machines: the machines that the scenario may use.
        binary: the one under test.
        run_id: of the run.
        scenario: the scenario's name in folders.
        folder: contains the workers' folders on this machine.
    """

    def __init__(
        self, machines: Sequence[HostEntry], binary: Binary, run_id: str, scenario: str, folder: Path
    ) -> None:
        self._turns = itertools.cycle(machines)
        self._binary = binary.runs_as
        self._run_id = run_id
        self._scenario = scenario
        self._folder = folder
        self._hosts: dict[str, SshHost] = {}
        self._namespaces: list[NamespaceHost] = []
        has_namespaces = any(machine.kind == NAMESPACE for machine in machines)
        self._links = list(itertools.islice(free_links(), _MOST_NAMESPACES)) if has_namespaces else []
        self._remote_roots: list[tuple[SshHost, PurePath]] = []

    def next_for(self, worker: str) -> WorkerHost:
        """A place for a worker.

        Raises:
            InfrastructureError: the machine whose turn it is cannot be reached.
        """
        machine = next(self._turns)
        if machine.kind == NAMESPACE:
            namespace = NamespaceHost(self._run_id, f'the namespace of "{worker}"', self._next_link())
            self._namespaces.append(namespace)
            return WorkerHost(namespace, self._binary, self._folder / worker)
        if machine.address is None:
            return WorkerHost(HERE, self._binary, self._folder / worker)
        folder = PurePosixPath(machine.folder) / f"{self._run_id}-{self._scenario}"
        if machine.name not in self._hosts:
            from swamp_harness.system.hosts.ssh import SshHost  # noqa: PLC0415 - loading paramiko takes a quarter of the start of a run

            host = self._hosts[machine.name] = SshHost(machine.name, machine.address)
            host.remove_at_the_end(folder)
        host = self._hosts[machine.name]
        self._remote_roots.append((host, folder / worker))
        return WorkerHost(host, PurePosixPath(machine.binary), folder / worker)

    @property
    def addresses(self) -> list[str]:
        """The addresses at which workers may find this machine, beside its loopback."""
        return [link.here for link in self._links]

    def _next_link(self) -> Link:
        used = len(self._namespaces)
        if used == len(self._links):
            raise InfrastructureError(
                f"A scenario can have at most {used} workers in namespaces: use fewer workers, or add a "
                "machine to the hosts file."
            )
        return self._links[used]

    def here_for(self, worker: str) -> Path:
        """The folder of a worker that must run on this machine."""
        return self._folder / worker

    def fetch(self) -> None:
        """Copy the workers' files on other machines to this one.

        Raises:
            InfrastructureError: a machine does not answer; the files of the others are copied.
        """
        run_all_cleanups(
            *(
                partial(copy, host.files, root, HERE.files, self._folder / host.name / root.name)
                for host, root in self._remote_roots
            )
        )

    def close(self) -> None:
        """Remove the workers' namespaces, and their folders on other machines.

        Raises:
            InfrastructureError: one of them cannot be removed; the others are removed.
        """
        folders = {(host, root.parent) for host, root in self._remote_roots}
        run_all_cleanups(
            *(namespace.close for namespace in self._namespaces),
            *(partial(_remove, host, folder) for host, folder in folders),
            *(host.close for host in self._hosts.values()),
        )


def _remove(host: SshHost, folder: PurePath) -> None:
    if not host.is_gone:  # when its connection is lost, a host removes the folder by itself
        host.files.remove(folder)
