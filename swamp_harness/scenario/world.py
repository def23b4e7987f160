"""The World of one scenario: its scene, what happens there, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from swamp_harness.machinery.ending import take_every
from swamp_harness.machinery.faults import InfrastructureFault
from swamp_harness.machinery.limits import POOL_CHANGED, WORKER_CONNECTED, Limit
from swamp_harness.machinery.redaction import SECRETS
from swamp_harness.machinery.waiting import AwaitedInVain, wait_for_moment, wait_until
from swamp_harness.product.machine import Machine
from swamp_harness.product.run_records import LeaseRecord
from swamp_harness.scenario.bench import Bench
from swamp_harness.scenario.given import Given
from swamp_harness.scenario.last_look import last_words, take_last_look
from swamp_harness.scenario.probe import WORKER_VARIABLE
from swamp_harness.scenario.scene import Scene
from swamp_harness.scenario.timeline import Cast, Timeline, lanes_of


class World(Scene):
    """One scenario: who is there, what happens to them, and how they end.

    Args:
        bench: what all scenarios of the run share.
        scenario: the scenario's own name in folders and marks.
        title: its name in the evidence, for people.
        platforms: the operating systems on which its workers may run; any when there are none.

    Attributes:
        given: makes what it begins with.
    """

    def __init__(self, bench: Bench, scenario: str, title: str, platforms: Collection[str] = ()) -> None:
        super().__init__(bench, scenario, title, platforms)
        self.given = Given(self)

    # --- what happens

    def lose(self, worker: str, fault: Callable[[], None], limit: Limit = POOL_CHANGED) -> None:
        """Let a fault hit a worker, and wait until the live pool shows it as not connected."""
        fault()
        name = self.member_of(worker)
        wait_until(
            f'the orchestrator to notice the loss of "{worker}"',
            lambda: [member for member in self.live_pool() if member.name == name],
            lambda members: any(not member.connected for member in members),
            limit,
        )

    def absent(
        self, worker: str, leave: Callable[[], object], come_back: Callable[[], None], times: int
    ) -> None:
        """Let a worker leave the live pool and come back to it, several times."""
        for _ in range(times):
            leave()
            self._wait_for(worker, "to leave the live pool", connected=False, limit=POOL_CHANGED)
            come_back()
            self._wait_for(worker, "to come back to the live pool", connected=True, limit=WORKER_CONNECTED)

    def settle(self, workers: Sequence[str]) -> None:
        """Wait until each of these workers has enrolled or its process has ended.

        Raises:
            AwaitedInVain: one runs on and has not enrolled.
        """
        for worker in map(self.workers.__getitem__, workers):
            try:
                worker.wait_until_enrolled()
            except AwaitedInVain:
                if worker.alive:
                    raise

    def _wait_for(self, worker: str, awaited: str, *, connected: bool, limit: Limit) -> None:
        name = self.member_of(worker)
        wait_until(
            f'"{worker}" {awaited}',
            lambda: [member for member in self.live_pool() if member.name == name],
            lambda members: any(member.connected for member in members) == connected,
            limit,
        )

    def connect_worker(
        self,
        name: str,
        *,
        token: str,
        labels: Mapping[str, str] | None = None,
        machine: Machine | None = None,
        protocol_shift: int = 0,
        other_release: bool = False,
    ) -> None:
        """Start a new worker that dials the orchestrator.

        Args:
            name: of the worker.
            token: whose credential it presents.
            labels: its scheduling labels.
            machine: where it runs; a machine of its own when None.
            protocol_shift: how far off the protocol version is that it states.
            other_release: whether it is the binary of another protocol version.
        """
        credential = str(self.operator.credential(token))
        settings = self.settings_of_worker(credential, labels)
        binary = self._other_binary() if other_release else None
        self.workers.make(name, settings, machine=machine, binary=binary)
        address = self.orchestrator.address
        self.workers.start(name, self.workers.skew(address, protocol_shift) if protocol_shift else address)

    def connect_stranger(self, name: str, credential: str) -> None:
        """Start a new worker that presents a credential which no minting has shown."""
        self.workers.make(name, self.settings_of_worker(credential))
        self.workers.start(name, self.orchestrator.address)

    def race(self, names: list[str], token: str) -> None:
        """Let workers on machines of their own present one token at the same moment."""
        for name in names:
            credential = str(self.operator.credential(token))
            self.workers.make(name, self.settings_of_worker(credential))
        self.workers.start_at_the_same_moment(names, self.orchestrator.address)

    def reboot(self) -> None:
        """Kill every process, lose what a reboot loses, and start everything again."""
        for worker in self.workers.all():
            worker.kill()
        self.orchestrator.kill()
        for worker in self.workers.all():
            worker.machine.reboot()
        self.orchestrator.start()
        for worker in self.workers.all():
            worker.start_again()

    def restart_orchestrator_repeatedly(self, end: Callable[[], object], times: int) -> None:
        """End the orchestrator and start it again several times; every worker comes back each time."""
        for _ in range(times):
            self.restart_orchestrator(end)
            for worker in self.workers.names():
                self._wait_for(worker, "to come back to the pool", connected=True, limit=WORKER_CONNECTED)

    def restart_orchestrator_after_expiry_of(self, token: str) -> None:
        """Kill the orchestrator, and start it again once the lifetime of a token has passed."""

        def kill_and_wait() -> None:
            self.orchestrator.kill()
            self.wait_for_lifetime(token)

        self.restart_orchestrator(kill_and_wait)

    def restart_orchestrator(
        self, end: Callable[[], object] | None = None, *, variables: Mapping[str, str] | None = None
    ) -> None:
        """End the orchestrator and start it again, with other variables than the scenario gave it if asked.

        Workers on a network that can fail do not notice but a break of it: what they dial meanwhile waits.

        Args:
            end: how it ends; it is stopped when None.
            variables: what it finds in its environment then; as before when None.
        """
        networks = self.workers.networks()
        for network in networks:
            network.cut()
        (end or self.orchestrator.stop)()
        if variables is not None:
            machine = Machine(self.folder / self.orchestrator.name)
            self.orchestrator.environment = machine.environment(**{**self.variables, **variables})
        self.orchestrator.start()
        for network in networks:
            network.heal()

    def wait_for_lifetime(self, token: str, part: float = 1) -> None:
        """Wait until the lifetime of a token, or a part of it, has passed."""
        start, end = self.operator.lifetimes[token]
        what = "the lifetime" if part == 1 else f"{part:.0%} of the lifetime"
        wait_for_moment(f'{what} of the token "{token}" to pass', start + part * (end - start))

    def processes_of_steps(self, worker: str) -> list[str]:
        """The processes on a worker's machine other than the worker itself, as their command lines."""
        own = self.workers[worker].pid if self.workers[worker].alive else None
        mark = self.bench.mark_of(self.scenario)
        return [
            SECRETS.blank(command)
            for pid, command in self.workers[worker].machine.host.processes_with(
                mark, WORKER_VARIABLE, worker
            )
            if pid != own
        ]

    def note_processes_of_steps(self) -> None:
        """Note on which machines processes of steps can be seen now."""
        self.machines_with_steps |= {name for name in self.workers.names() if self.processes_of_steps(name)}

    # --- how it ends

    def close(self, *, keep: bool, interrupted: bool = False) -> int:
        """Take the last evidence, end everything, and remove the folder, whatever becomes of any of it.

        Args:
            keep: leave the folder on disk for people to look into.
            interrupted: end at once, and ask the product nothing more.

        Returns:
            How many processes had to be swept up that no actor knew of.

        Raises:
            Exception: the first that went wrong, once all has been tried.
        """
        runs = Scene.runs.of(self)
        survivors: list[int] = []
        take_every(
            partial(self._take_last_evidence, interrupted=interrupted),
            self.journal.close,
            *([runs.end] if runs is not None else []),
            partial(self.workers.end, keep=keep),
            *(orchestrator.end for orchestrator in self.orchestrators.values()),
            self.aids.close,
            lambda: survivors.append(self.bench.end_scenario(self.scenario, self.folder, keep=keep)),
        )
        return sum(survivors)

    def _take_last_evidence(self, *, interrupted: bool) -> None:
        leases: list[LeaseRecord] = []
        operator = Scene.operator.of(self)
        if operator is not None:
            if not interrupted:
                orchestrator = next(iter(self.orchestrators.values()), None)
                journal = self.journal if Scene.workflow.of(self) is not None else None
                leases = take_last_look(self.evidence, operator, orchestrator, journal)
            self.evidence.write_transcript([*self.typed(), *operator.requests])
        self.timeline = self._timeline(leases)

    def _timeline(self, leases: list[LeaseRecord]) -> Timeline:
        operator = Scene.operator.of(self)
        cast = Cast(
            typed=self.typed(),
            requests=operator.requests if operator is not None else [],
            orchestrators=list(self.orchestrators.values()),
            workers={name: self.workers[name] for name in self.workers.names()},
            networks=self.workers.networks_by_name(),
            runs=self.followed_runs(),
            lifetimes=operator.lifetimes if operator is not None else {},
            leases=leases,
            notes=self.journal.notes(),
        )
        lanes = lanes_of(cast, self.pool_watch, self.times.grace_window)
        return Timeline(self.begun, datetime.now(UTC), self.steps, lanes)

    def explanation(self) -> str:
        """The last things that each process said and the operator did, and where the evidence lies."""
        told = last_words(self.actors(), self.typed())
        return "\n".join((*told, f"Evidence: {self.evidence.folder}", f"Kept on disk: {self.folder}"))

    def _other_binary(self) -> Path:
        if self.bench.other is None:
            raise InfrastructureFault("No binary of another protocol version was given (SWAMP_OTHER_BIN).")
        return self.bench.other.runs_as
