"""The workers of one scenario by name: their machines, their networks, their start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

from swamp_harness.product.conventions import WORKER_ZONE
from swamp_harness.product.enrollment_relay import EnrollmentRelay
from swamp_harness.product.machine import CachePlace, Machine
from swamp_harness.product.worker import Worker
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.scenario.evidence import Evidence
from swamp_harness.scenario.probe import WORKER_VARIABLE
from swamp_harness.scenario.probe_log import ProbeLog
from swamp_harness.scenario.worker_hosts import WorkerHosts
from swamp_harness.system.cleanup import run_all_cleanups
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.hosts.host import Address
from swamp_harness.system.limits import WORKER_CONNECTED, WORKER_DIALLED
from swamp_harness.system.network import NetworkPath, PathState
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.waiting import wait_until

# No token can be bound to it, so a worker without a machine id fails where its binding is compared.
_NO_MACHINE_ID = "no machine id on its machine"


@dataclass(frozen=True)
class FirstEnrollment:
    """The first enrollment of a worker.

    Attributes:
        machine_id: the content of its machine-id file, or that there was none.
        started: when the process that enrolled was started.
        seen: when the suite saw that the worker had enrolled, which is shortly after it did.
    """

    machine_id: str
    started: datetime
    seen: datetime


class Workers:
    """Creates workers and finds them by name.

    Args:
        worker_hosts: the places where they run.
        variables: environment variables of all workers, such as the mark of the scenario.
        probe_log: the log that their steps write.
        evidence: receives the logs of the workers.
    """

    def __init__(
        self, worker_hosts: WorkerHosts, variables: Mapping[str, str], probe_log: ProbeLog, evidence: Evidence
    ) -> None:
        self._hosts = worker_hosts
        self._probe_log = probe_log
        self._binaries: dict[Machine, PurePath] = {}
        self._variables = dict(variables)
        self._evidence = evidence
        self._workers: dict[str, Worker] = {}
        self._networks: dict[str, NetworkPath] = {}
        self._host_paths: list[NetworkPath] = []
        self._relays: dict[str, EnrollmentRelay] = {}
        self._first_enrollments: dict[str, FirstEnrollment] = {}

    def __getitem__(self, name: str) -> Worker:
        """A worker by its name.

        Raises:
            InfrastructureError: the scenario has no such worker.
        """
        if name not in self._workers:
            known = ", ".join(f'"{each}"' for each in self._workers) or "none"
            raise InfrastructureError(f'The scenario has no worker "{name}"; it has {known}.')
        return self._workers[name]

    @property
    def addresses_of_this_machine(self) -> list[str]:
        """The addresses at which workers may find this machine, beside its loopback."""
        return self._hosts.addresses

    def all(self) -> list[Worker]:
        """Every worker of the scenario."""
        return list({id(worker): worker for worker in self._workers.values()}.values())

    def names(self) -> list[str]:
        """The names of all workers."""
        return list(self._workers)

    def network(self, worker: str) -> NetworkPath:
        """The network path of a worker.

        Raises:
            InfrastructureError: it has none.
        """
        if worker not in self._networks:
            raise InfrastructureError(
                f'Nothing can cut the network of "{worker}": start it "on a network that can be cut".'
            )
        return self._networks[worker]

    def make(
        self,
        name: str,
        settings: WorkerSettings,
        *,
        machine: Machine | None = None,
        binary: PurePath | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Worker:
        """Create a worker without starting it.

        Args:
            name: of the worker.
            settings: its settings when it starts.
            machine: where it runs; a machine of its own if None.
            binary: the swamp that it runs; that of the scenario if None.
            variables: its environment variables, beside those of every worker of the scenario.
        """
        machine = machine or (self._machine_here(name) if binary else self.new_machine(name))
        title = f"worker-{name}"
        # As from a shell, which corrects it if it is not the working folder.
        own = {"PWD": str(machine.work)}
        if not machine.host.shares_files:
            own |= self._probe_log.keep_also(machine.host.files, machine.root / "notes")
        self._workers[name] = Worker(
            f'worker "{name}"',
            binary or self._binaries[machine],
            machine=machine,
            environment=machine.environment(
                **{**self._variables, **own, **WORKER_ZONE, WORKER_VARIABLE: name, **(variables or {})}
            ),
            settings=settings,
            log=ProcessLog(self._evidence.log_file(title)),
        )
        return self._workers[name]

    def new_machine(self, name: str, cache: CachePlace | None = None) -> Machine:
        """A new machine for a worker; its cache directory may be in a special place."""
        worker_host = self._hosts.next_for(name)
        machine = Machine.at(worker_host.root, cache, worker_host.host)
        self._binaries[machine] = worker_host.binary
        return machine

    def machine_with_similar_id(self, name: str, other: str) -> Machine:
        """A new machine for a worker, whose id differs from that of another machine at its end only."""
        machine = self.new_machine(name)
        machine.save_machine_id_like(self.machine_of(other).kept_machine_id)
        return machine

    def _machine_here(self, name: str) -> Machine:
        return Machine.at(self._hosts.here_for(name))

    def machine_of(self, name: str) -> Machine:
        """The machine on which a worker runs."""
        return self[name].machine

    def clone_machine_of(self, name: str) -> Machine:
        """A new machine with a copy of the disk of a worker's machine."""
        original = self.machine_of(name)
        clone = original.clone_to(original.root.parent / f"clone-of-{name}")
        self._binaries[clone] = self._binaries[original]
        return clone

    def start(self, name: str, orchestrator: Address) -> None:
        """Start a worker; it dials the orchestrator directly, or over its host's path."""
        worker = self[name]
        if worker.machine.host.dials_directly:
            worker.start(orchestrator)
            return
        path = worker.machine.host.path_to(orchestrator)
        self._host_paths.append(path)
        worker.start(path.address)

    def start_on_a_network(
        self,
        name: str,
        orchestrator: Address,
        bytes_per_second: float | None = None,
        *,
        refuses: bool = False,
    ) -> None:
        """Start a worker that dials its orchestrator over a network path that can fail.

        Args:
            name: of the worker.
            orchestrator: the address that the path leads to.
            bytes_per_second: the most that each connection carries in each direction; None for no limit.
            refuses: whether the path refuses connections until it heals.
        """
        path = self._put_on_a_network(name, orchestrator)
        path.bytes_per_second = bytes_per_second
        if refuses:
            path.refuse()
        self[name].start(self._networks[name].address)

    def networks(self) -> list[NetworkPath]:
        """Every network path that can fail."""
        return list(self._networks.values())

    def networks_by_name(self) -> dict[str, NetworkPath]:
        """Every network path that can fail, by the name of its worker."""
        return dict(self._networks)

    def network_outages_since(self, worker: str, moment: datetime) -> int:
        """How many outages broke a worker's connections since a moment; 0 without a network of its own."""
        changes = self._networks[worker].changes if worker in self._networks else []
        breaks = (PathState.BROKEN, PathState.REFUSED)
        return sum(change.at >= moment and change.state in breaks for change in changes)

    def _put_on_a_network(self, worker: str, orchestrator: Address) -> NetworkPath:
        self._networks[worker] = self[worker].machine.host.path_to(orchestrator)
        return self._networks[worker]

    def start_over_a_relay(
        self, name: str, orchestrator: Address, shift: int | None, stated: Mapping[str, str]
    ) -> None:
        """Start a worker that states something else about itself, and whose refusals are recorded.

        Args:
            name: of the worker.
            orchestrator: the address that the relay leads to.
            shift: the number to add to its protocol version; None for no version.
            stated: the fields that it states with these values instead of its own.
        """
        relay = self._relays[name] = self[name].relay = EnrollmentRelay(orchestrator, shift, stated)
        self.start(name, relay.address)

    def refusals_of(self, name: str) -> list[str]:
        """The different codes with which the orchestrator refused a worker.

        Raises:
            InfrastructureError: nothing records them, or what records them failed.
        """
        if name not in self._relays:
            raise InfrastructureError(
                f'Nothing records the connection of "{name}": start it "over a recorded connection".'
            )
        self._relays[name].demand_no_error()
        return sorted(set(self._relays[name].refusals))

    @property
    def use_relays(self) -> bool:
        """Whether a worker was made to state something else about itself, or was recorded."""
        return bool(self._relays)

    def remember_first_enrollment(self, name: str) -> None:
        """Record that a worker has just enrolled for the first time, with its machine id."""
        machine_ids = self.machine_of(name).machine_ids() or [_NO_MACHINE_ID]
        first = FirstEnrollment(machine_ids[-1], self[name].started, datetime.now(UTC))
        self._first_enrollments.setdefault(name, first)

    def first_enrollments(self) -> Mapping[str, FirstEnrollment]:
        """The first enrollment of each worker for which it is recorded, by name."""
        return dict(self._first_enrollments)

    def first_enrollment(self, name: str) -> FirstEnrollment:
        """The first enrollment of a worker; recorded now if it was not before."""
        self.remember_first_enrollment(name)
        return self._first_enrollments[name]

    def start_at_the_same_moment(self, names: list[str], orchestrator: Address) -> None:
        """Start workers whose enroll messages reach the orchestrator together.

        Each dials through a network that holds everything back until all have dialled. Otherwise differences
        in the start time of processes would decide the race.
        """
        networks = []
        for name in names:
            networks.append(self._put_on_a_network(name, orchestrator))
            networks[-1].hold()
            self[name].start(networks[-1].address)
        wait_until(
            f"the workers {' and '.join(names)} to dial",
            lambda: [network.connections for network in networks],
            all,
            WORKER_DIALLED,
            give_up_if=lambda: (
                None if all(self[name].alive for name in names) else "a worker ended before that"
            ),
        )
        for network in networks:
            network.heal()

    def call_the_winner(self, names: list[str], winner: str, loser: str) -> None:
        """Wait until exactly one of two racing workers has enrolled and the other has ended; name both.

        Raises:
            WaitTimeout: both enrolled, or neither, or the loser did not end.
        """
        first, second = (self[name] for name in names)

        def states() -> str:
            return ", ".join(
                f"{worker.name}: {'enrolled' if worker.enrollments else 'not enrolled'}, "
                f"{'running' if worker.alive else 'ended'}"
                for worker in (first, second)
            )

        wait_until(
            "one of the two to enroll and the other to end",
            states,
            lambda _: {_has_won(first), _has_won(second)} == {True, False} and first.alive != second.alive,
            WORKER_CONNECTED,
            give_up_if=lambda: "both have enrolled" if _has_won(first) and _has_won(second) else None,
        )
        won, lost = (first, second) if first.alive else (second, first)
        self._workers[winner], self._workers[loser] = won, lost

    def fetch(self) -> None:
        """Copy the workers' files on other machines to this one."""
        self._hosts.fetch()

    def end(self, *, keep: bool) -> None:
        """End every worker and every network path; one error does not stop the rest.

        Args:
            keep: copy the workers' files on other machines to this one, for people to inspect.

        Raises:
            Exception: the first error, after everything has been tried.
        """
        run_all_cleanups(
            *(worker.end for worker in self.all()),
            *(path.close for path in (*self._networks.values(), *self._host_paths)),
            *(relay.close for relay in self._relays.values()),
            *([self.fetch] if keep else []),
            self._hosts.close,
        )


def _has_won(worker: Worker) -> bool:
    return bool(worker.enrollments)
