"""The World of one scenario: its actors by name, what happens to them, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from swamp_harness.machinery.certificates import Identity, Trust
from swamp_harness.machinery.faults import InfrastructureFault, PromiseBroken
from swamp_harness.machinery.limits import POOL_CHANGED, Limit
from swamp_harness.machinery.memory import MemoryWatch
from swamp_harness.machinery.processlog import ProcessLog
from swamp_harness.machinery.redaction import SECRETS
from swamp_harness.machinery.waiting import wait_for_moment, wait_until
from swamp_harness.product.commands import CommandResult, Output, SwampCommands
from swamp_harness.product.machine import Machine
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.product.records import PoolMember
from swamp_harness.product.registry import Registry
from swamp_harness.product.repository import Repository, initialise
from swamp_harness.product.run import WorkflowRun
from swamp_harness.product.run_records import LeaseRecord
from swamp_harness.product.serve_api import LiveMember
from swamp_harness.product.target import Times
from swamp_harness.product.trust import trust_of_command
from swamp_harness.product.worker import Worker, WorkerSettings
from swamp_harness.product.workflow import Workflow
from swamp_harness.scenario.bench import Bench
from swamp_harness.scenario.elsewhere import Elsewhere
from swamp_harness.scenario.evidence import Evidence
from swamp_harness.scenario.journal import Journal
from swamp_harness.scenario.last_look import last_words, take_last_look
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.placement import ANY_WORKER
from swamp_harness.scenario.probe import PROBE, WORKER_VARIABLE
from swamp_harness.scenario.runs import Runs
from swamp_harness.scenario.security import Security
from swamp_harness.scenario.timeline import Cast, PoolWatch, Span, Timeline, lanes_of
from swamp_harness.scenario.workers import Workers

_ORCHESTRATOR = "orchestrator"


class World:
    """Everything that one scenario has made, by name.

    Args:
        bench: what all scenarios of the run share.
        scenario: the scenario's own name in folders and marks; none of its words, so that a search for a
            word of the scenario does not find the paths in the product's files.
        title: its name in the evidence, for people.
        platforms: the operating systems on which its workers may run; any when there are none.

    Attributes:
        folder: where all its machines and its repository are.
        journal: what the steps of its workflows say about themselves.
        evidence: where it leaves what people will read.
        workers: its workers.
        worker_output: how workers that are started from now on report.
        worker_log_level: how much they tell; as much as usual when empty.
        model: the instance of the probe that it began with; empty if it began with none or with a workflow.
        asked: what the operator has asked last, and what the product answered.
        machines_with_steps: the workers on whose machines processes of steps have been seen.
        aids: what the suite itself runs for the scenario, to be ended with it.
        registry: the registry of extensions that the operator pulls from, once there is one.
        memory: whose memory is watched, by name.
        heard_in_time: the steps of which the operator has seen, while they held, what they said.
        steps: of the feature that have been run, on the time axis.
        timeline: everything that happened, once the scenario has been closed.
    """

    def __init__(self, bench: Bench, scenario: str, title: str, platforms: Collection[str] = ()) -> None:
        self._bench = bench
        self._scenario = scenario
        self.folder = bench.folder / scenario
        self.folder.mkdir()
        self.journal = Journal(self.folder / "notes")
        self._variables = {**bench.mark(scenario), **self.journal.variables}
        self.evidence = Evidence(bench.reports / "evidence" / title)
        self.workers = Workers(
            bench.berths_for(scenario, self.folder / "workers", platforms),
            self._variables,
            self.journal,
            self.evidence,
        )
        self.worker_output = Output.TEXT
        self.worker_log_level = ""
        self.asked: Any = None
        self.model = ""
        self._security: Security | None = None
        self._elsewhere: Elsewhere | None = None
        self._operator: Operator | None = None
        self._runs: Runs | None = None
        self._workflow: Workflow | None = None
        self._memberships: dict[str, PoolMember] = {}
        self.machines_with_steps: set[str] = set()
        self.aids = ExitStack()
        self.registry: Registry | None = None
        self.memory: dict[str, MemoryWatch] = {}
        self.heard_in_time: list[str] = []
        self.steps: list[Span] = []
        self.timeline: Timeline | None = None
        self._begun = datetime.now(UTC)
        self._pool_watch = PoolWatch()
        self._repository: Repository | None = None
        self._orchestrators: dict[str, Orchestrator] = {}

    # --- what a scenario begins with

    def set_up_repository(self, *, with_vault: bool = True, with_probe: bool = False) -> None:
        """Give the operator a repository of this scenario's own."""
        machine = Machine.at(self.folder / "operator")
        folder = machine.here / "repository"
        if with_probe:
            self._repository = self._bench.repository_with_probe().copy_to(folder)
            self._bench.share_packages_with(machine)
        elif with_vault:
            self._repository = self._bench.prepared_repository().copy_to(folder)
        else:
            folder.mkdir()
        commands = SwampCommands(self._bench.binary.path, machine.environment(**self._variables), folder)
        if not with_vault:
            self._repository = initialise(commands, with_vault=False)
        self._operator = Operator(commands)
        self._runs = Runs(self._bench.binary.path, commands.environment, machine.work, self.evidence)

    def set_up_workflow(self, workflow: Workflow) -> None:
        """Give the operator a repository with a workflow whose steps are the probe's."""
        if self._orchestrators:
            # An orchestrator knows the extensions that were there when it started.
            raise InfrastructureFault("Tell of the workflow first, and of the orchestrator then.")
        self.set_up_repository(with_probe=True)
        self._workflow = workflow
        self.evidence.write("The workflow", "workflow.yaml", workflow.write_to(self.repository))

    def set_up_model(self, name: str) -> None:
        """Give the operator a repository with a model that is an instance of the probe.

        Raises:
            InfrastructureFault: the product could not create it.
        """
        self.set_up_repository(with_probe=True)
        result = self.operator.create_model(PROBE, name)
        if not result.succeeded:
            raise InfrastructureFault(f"The scenario's model could not be created:\n{result}")
        self.model = name

    def set_up_orchestrator(
        self,
        name: str = _ORCHESTRATOR,
        *,
        flags: Sequence[str] = (),
        variables: Mapping[str, str] | None = None,
        identity: Identity | None = None,
    ) -> None:
        """Start an orchestrator that serves the operator's repository, and wait until it is ready.

        Args:
            name: how messages call it.
            flags: that it is started with.
            variables: what it finds in its environment beside what every process of the scenario does.
            identity: the kind of certificate that it shows; it does not speak TLS when None.
        """
        if identity is not None:
            self._security = Security(
                self.folder / "certificates", identity, self.workers.addresses_of_this_machine
            )
        if self._repository is None:
            self.set_up_repository()
        machine = Machine.at(self.folder / name)
        if self._workflow is not None:
            self._bench.share_packages_with(machine)
        orchestrator = Orchestrator(
            name,
            self._bench.binary.path,
            machine.environment(**{**self._variables, **(variables or {})}),
            self.repository,
            log=ProcessLog(self.evidence.log_file(name)),
            flags=flags,
            certificate=self._security.certificate if self._security else None,
        )
        self._orchestrators[name] = orchestrator
        orchestrator.start()

    def set_up_secret(self, key: str) -> None:
        """Put a new secret into the vault.

        Raises:
            InfrastructureFault: the product could not do it.
        """
        result = self.operator.keep_secret(key)
        if not result.succeeded:
            raise InfrastructureFault(f"The scenario's secret could not be put into the vault:\n{result}")

    def set_up_trust(self, trust: Trust) -> None:
        """Decide whom the operator trusts from now on, and every worker that starts from now on."""
        self.security.trust(trust)
        self.operator.commands.environment.update(trust_of_command(self._trusted))

    def set_up_another_machine(self) -> None:
        """Take the operator to a machine that has nothing but swamp and the address of the orchestrator."""
        machine = Machine.at(self.folder / "another-machine")
        variables = {**self._bench.mark(self._scenario), **trust_of_command(self._trusted)}
        commands = SwampCommands(self._bench.binary.path, machine.environment(**variables), machine.work)
        self._elsewhere = Elsewhere(machine, commands, self.orchestrator.api.url)
        self._runs = Runs(self._bench.binary.path, commands.environment, machine.work, self.evidence)

    def set_up_token(self, token: str, *, lifetime: str = "", revoked: bool = False) -> None:
        """Mint a token, of the usual lifetime unless another is given, and revoke it if asked."""
        results = [self.operator.mint(token, lifetime or self.times.usual_lifetime)]
        if revoked:
            results.append(self.operator.revoke(token))
        for result in results:
            if not result.succeeded:
                raise InfrastructureFault(f"The scenario's token could not be prepared:\n{result}")
        self.operator.note_lifetime(token, results[0])

    def set_up_worker(
        self,
        name: str,
        *,
        labels: Mapping[str, str] = ANY_WORKER,
        on_a_network: bool = False,
        machine: Machine | None = None,
        variables: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        """Enroll a worker with the token of its own name, minting the token if there is none yet.

        Args:
            name: of the worker.
            labels: its scheduling labels; those that a step for any worker asks for, unless others are given.
            on_a_network: whether it reaches the orchestrator over a network path that can fail.
            machine: where it runs; a machine of its own when None.
            variables: what it finds in its environment beside what every worker does.
            settings: further ones of `WorkerSettings`.
        """
        if name not in self.operator.credentials:
            api, lifetime = self.orchestrator.api, self.times.usual_lifetime
            if not self.operator.mint_at(api, name, lifetime):
                self.set_up_token(name, lifetime=lifetime)
        credential = str(self.operator.credential(name))
        all_settings = replace(self._settings(credential, labels), **settings)
        worker = self.workers.make(name, all_settings, machine=machine, variables=variables)
        start = self.workers.start_on_a_network if on_a_network else self.workers.start
        start(name, self.orchestrator.address)
        worker.wait_until_enrolled()
        self.workers.remember_first_enrollment(name)
        self._memberships[name] = wait_until(
            f'the pool to list "{name}"', lambda: self.members(name), bool, POOL_CHANGED
        )[0]

    # --- who is there

    @property
    def times(self) -> Times:
        """The times of the target that a scenario waits out."""
        return self._bench.target.times

    @property
    def operator(self) -> Operator:
        """The operator."""
        if self._operator is None:
            raise InfrastructureFault("The scenario has no repository: begin with `Given a repository`.")
        return self._operator

    @property
    def repository(self) -> Repository:
        """The operator's repository."""
        if self._repository is None:
            raise InfrastructureFault("The scenario has no repository: begin with `Given a repository`.")
        return self._repository

    @property
    def runs(self) -> Runs:
        """The workflow runs that the operator has started."""
        if self._runs is None:
            raise InfrastructureFault("The scenario has no repository: begin with `Given a repository`.")
        return self._runs

    @property
    def elsewhere(self) -> Elsewhere:
        """The other machine that the operator went to."""
        if self._elsewhere is None:
            raise InfrastructureFault("The operator has not gone to another machine.")
        return self._elsewhere

    @property
    def security(self) -> Security:
        """The certificate that the orchestrator shows, and whom everybody trusts."""
        if self._security is None:
            raise InfrastructureFault("The scenario's orchestrator does not speak TLS.")
        return self._security

    @property
    def workflow(self) -> Workflow:
        """The workflow that the scenario is about."""
        if self._workflow is None:
            raise InfrastructureFault("The scenario has no workflow.")
        return self._workflow

    @property
    def orchestrator(self) -> Orchestrator:
        """The orchestrator that was started first."""
        if not self._orchestrators:
            raise InfrastructureFault("The scenario has no orchestrator: begin with `Given an orchestrator`.")
        return next(iter(self._orchestrators.values()))

    # --- what happens

    def lose(self, worker: str, fault: Callable[[], None], limit: Limit = POOL_CHANGED) -> None:
        """Let a fault hit a worker, and wait until the live pool shows it as not connected."""
        fault()
        wait_until(
            f'the orchestrator to notice the loss of "{worker}"',
            lambda: [member for member in self.live_pool() if member.name == worker],
            lambda members: any(not member.connected for member in members),
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
        settings = self._settings(credential, labels)
        binary = self._other_binary() if other_release else None
        self.workers.make(name, settings, machine=machine, binary=binary)
        address = self.orchestrator.address
        self.workers.start(name, self.workers.skew(address, protocol_shift) if protocol_shift else address)

    def connect_stranger(self, name: str, credential: str) -> None:
        """Start a new worker that presents a credential which no minting has shown."""
        self.workers.make(name, self._settings(credential))
        self.workers.start(name, self.orchestrator.address)

    def race(self, names: list[str], token: str) -> None:
        """Let workers on machines of their own present one token at the same moment."""
        for name in names:
            credential = str(self.operator.credential(token))
            self.workers.make(name, self._settings(credential))
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

    def restart_orchestrator(self, *, without_variables: bool = False) -> None:
        """Stop the orchestrator and start it again, without the variables that the scenario gave it if asked.

        Workers on a network that can fail do not notice but a break of it: what they dial meanwhile waits.
        """
        networks = self.workers.networks()
        for network in networks:
            network.cut()
        self.orchestrator.stop()
        if without_variables:
            machine = Machine(self.folder / self.orchestrator.name)
            self.orchestrator.environment = machine.environment(**self._variables)
        self.orchestrator.start()
        for network in networks:
            network.heal()

    def wait_for_half_life_of(self, token: str) -> None:
        """Wait until half of the lifetime of a token has passed."""
        start, end = self.operator.lifetimes[token]
        wait_for_moment(f'half of the lifetime of the token "{token}" to pass', start + (end - start) / 2)

    def wait_for_expiry_of(self, token: str) -> None:
        """Wait until the lifetime of a token has passed."""
        wait_for_moment(f'the lifetime of the token "{token}" to pass', self.operator.lifetimes[token][1])

    def live_pool(self) -> list[LiveMember]:
        """The live pool, by name, as the orchestrator's health endpoint tells it.

        Raises:
            PromiseBroken: the orchestrator does not answer.
        """
        try:
            members = self.orchestrator.api.live_pool()
        except OSError as error:
            raise PromiseBroken(f"{self.orchestrator.name} does not answer: {error}") from error
        self._pool_watch.see(members, datetime.now(UTC))
        return sorted(members, key=lambda member: member.name)

    def members(self, name: str | None = None) -> list[PoolMember]:
        """The members that the worker list would show now, or that of a name, asked over the cheap surface.

        Raises:
            PromiseBroken: the orchestrator does not answer.
        """
        try:
            listed = self.orchestrator.api.pool()
        except OSError as error:
            raise PromiseBroken(f"{self.orchestrator.name} does not answer: {error}") from error
        return [member for member in listed if name in (None, member.name)]

    def first_membership(self, worker: str) -> PoolMember:
        """The pool member that a worker became when the scenario enrolled it.

        Raises:
            InfrastructureFault: the scenario did not enroll it.
        """
        if worker not in self._memberships:
            raise InfrastructureFault(f'The scenario did not begin with the enrolled worker "{worker}".')
        return self._memberships[worker]

    def processes_of_steps(self, worker: str) -> list[str]:
        """The processes on a worker's machine other than the worker itself, as their command lines."""
        own = self.workers[worker].pid if self.workers[worker].alive else None
        mark = self._bench.mark_of(self._scenario)
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
        """Take the last evidence, end everything, and remove the folder.

        Args:
            keep: leave the folder on disk for people to look into.
            interrupted: end at once, and ask the product nothing more.

        Returns:
            How many processes had to be swept up that no actor knew of.
        """
        try:
            leases: list[LeaseRecord] = []
            if self._operator is not None:
                if not interrupted:
                    orchestrator = next(iter(self._orchestrators.values()), None)
                    journal = self.journal if self._workflow is not None else None
                    leases = take_last_look(self.evidence, self._operator, orchestrator, journal)
                self.evidence.write_transcript([*self._typed(), *self._operator.requests])
            self.timeline = self._timeline(leases)
        finally:
            self.journal.close()
            if self._runs is not None:
                self._runs.end()
            self.workers.end(keep=keep)
            for orchestrator in self._orchestrators.values():
                orchestrator.end()
            self.aids.close()
            survivors = self._bench.end_scenario(self._scenario, self.folder, keep=keep)
        return survivors

    def _timeline(self, leases: list[LeaseRecord]) -> Timeline:
        cast = Cast(
            typed=self._typed(),
            requests=self._operator.requests if self._operator is not None else [],
            orchestrators=list(self._orchestrators.values()),
            workers={name: self.workers[name] for name in self.workers.names()},
            networks=self.workers.networks_by_name(),
            runs=self._runs.all() if self._runs is not None else [],
            lifetimes=self._operator.lifetimes if self._operator is not None else {},
            leases=leases,
            notes=self.journal.notes(),
        )
        lanes = lanes_of(cast, self._pool_watch, self.times.grace_window)
        return Timeline(self._begun, datetime.now(UTC), self.steps, lanes)

    def explanation(self) -> str:
        """The last things that each process said and the operator did, and where the evidence lies."""
        told = last_words(self._actors(), self._typed())
        return "\n".join((*told, f"Evidence: {self.evidence.folder}", f"Kept on disk: {self.folder}"))

    @property
    def product_commands(self) -> int:
        """How many times the scenario has started the product, as a command or as a process."""
        started = sum(orchestrator.starts for orchestrator in self._orchestrators.values())
        followed = len(self._runs.all()) if self._runs is not None else 0
        return len(self._typed()) + started + followed + sum(worker.starts for worker in self.workers.all())

    def logs(self) -> list[ProcessLog]:
        """The logs of all its actors."""
        return [actor.log for actor in self._actors()]

    def _actors(self) -> list[Orchestrator | Worker | WorkflowRun]:
        runs = self._runs.all() if self._runs is not None else []
        return [*self._orchestrators.values(), *self.workers.all(), *runs]

    def _settings(self, credential: str, labels: Mapping[str, str] | None = None) -> WorkerSettings:
        return WorkerSettings(
            credential,
            labels or {},
            output=self.worker_output,
            log_level=self.worker_log_level,
            secure=self.orchestrator.secure,
            trusted=self._trusted,
        )

    @property
    def _trusted(self) -> Path | None:
        return self._security.trusted if self._security is not None else None

    def _typed(self) -> list[CommandResult]:
        everywhere = [who.commands.results for who in (self._operator, self._elsewhere) if who is not None]
        return sorted(chain.from_iterable(everywhere), key=lambda result: result.started)

    def _other_binary(self) -> Path:
        if self._bench.other is None:
            raise InfrastructureFault("No binary of another protocol version was given (SWAMP_OTHER_BIN).")
        return self._bench.other.path
