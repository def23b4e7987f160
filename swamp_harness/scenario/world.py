"""The World of one scenario: who is there, by name, and what can be looked up about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.fallbacks import Fallbacks
from swamp_harness.product.followed import Followed
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.product.records import PoolMember
from swamp_harness.product.registry import Registry
from swamp_harness.product.repository import Repository
from swamp_harness.product.run_records import LeaseRecord
from swamp_harness.product.serve_api import LiveMember
from swamp_harness.product.target import Times
from swamp_harness.product.worker import Worker
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.product.workflow import Workflow
from swamp_harness.scenario.client_machine import RemoteClient
from swamp_harness.scenario.evidence import Evidence
from swamp_harness.scenario.followed_runs import Runs
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.probe import WORKER_VARIABLE
from swamp_harness.scenario.probe_log import ProbeLog
from swamp_harness.scenario.run_context import RunContext
from swamp_harness.scenario.security import Security
from swamp_harness.scenario.timeline import PoolWatch, Span, Timeline
from swamp_harness.scenario.workers import Workers
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.memory import MemoryWatch
from swamp_harness.system.network import NetworkPath
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.redaction import SECRETS

T = TypeVar("T")


class Made(Generic[T]):
    """Something of a world that is there once a step has made it.

    Whoever asks a world for it before gets an `InfrastructureError`: the feature lacks a step.

    Args:
        missing: what to say then, and how to mend it.
    """

    def __init__(self, missing: str) -> None:
        self._missing = missing
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, world: None, owner: type) -> Made[T]: ...

    @overload
    def __get__(self, world: World, owner: type) -> T: ...

    def __get__(self, world: World | None, owner: type) -> Made[T] | T:
        if world is None:
            return self
        made = self.of(world)
        if made is None:
            raise InfrastructureError(self._missing)
        return made

    def __set__(self, world: World, made: T) -> None:
        world.__dict__[self._name] = made

    def of(self, world: World) -> T | None:
        """It, or None as long as no step has made it."""
        made: T | None = world.__dict__.get(self._name)
        return made


_NO_REPOSITORY = "The scenario has no repository: begin with `Given a repository`."


class World:
    """Everything that one scenario has made, by name.

    Args:
        run_context: what all scenarios of the run share.
        scenario: the scenario's own name in folders and marks; none of its words, so that a search for a
            word of the scenario does not find the paths in the product's files.
        title: its name in the evidence, for people.
        platforms: the operating systems on which its workers may run; any when there are none.

    Attributes:
        run_context: what all scenarios of the run share.
        scenario: the scenario's own name in folders and marks.
        folder: where all its machines and its repository are.
        variables: what every process of the scenario finds in its environment.
        probe_log: what the steps of its workflows say about themselves.
        evidence: where it leaves what people will read.
        workers: its workers.
        orchestrators: its orchestrators, by name, the one that was started first as the first.
        operator: who types its commands.
        repository: the operator's.
        runs: those of workflows and methods that the operator has started.
        workflow: that the scenario is about.
        security: the certificate that the orchestrator shows, and whom everybody trusts.
        remote_client: the other machine that the operator went to.
        operator_network: over which the operator reaches the orchestrator from there.
        memberships: the pool members that its workers became in its Givens, by name of the worker.
        worker_output: how workers that are started from now on report.
        worker_log_level: how much they tell; as much as usual when empty.
        model: the instance of the probe that it began with; empty if it began with none or with a workflow.
        asked: what the operator has asked last, and what the product answered.
        machines_with_steps: the workers on whose machines processes of steps have been seen.
        cleanup: what the suite itself runs for the scenario, to be ended with it.
        registry: the registry of extensions that the operator pulls from, once there is one.
        memory: whose memory is watched, by name.
        left_at_cancellation: what still showed a step at work when the command that cancels had answered.
        heard_in_time: the steps of which the operator has seen, while they held, what they said.
        steps: of the feature that have been run, on the time axis.
        fallbacks: the older ways that the release made necessary, and how often.
        begun: when the scenario began.
        pool_watch: what was seen of the live pool, and when.
        timeline: everything that happened, once the scenario has been closed.
    """

    operator: Made[Operator] = Made(_NO_REPOSITORY)
    repository: Made[Repository] = Made(_NO_REPOSITORY)
    runs: Made[Runs] = Made(_NO_REPOSITORY)
    workflow: Made[Workflow] = Made("The scenario has no workflow.")
    security: Made[Security] = Made("The scenario's orchestrator does not speak TLS.")
    remote_client: Made[RemoteClient] = Made("The operator has not gone to another machine.")
    operator_network: Made[NetworkPath] = Made("The operator is not on a network that can fail.")

    def __init__(
        self, run_context: RunContext, scenario: str, title: str, platforms: Collection[str] = ()
    ) -> None:
        self.run_context = run_context
        self.scenario = scenario
        self.folder = run_context.folder / scenario
        self.folder.mkdir()
        self.probe_log = ProbeLog(self.folder / "notes")
        self.variables: dict[str, str] = {**run_context.mark(scenario), **self.probe_log.variables}
        self.evidence = Evidence(run_context.reports / "evidence" / title)
        self.workers = Workers(
            run_context.worker_hosts_for(scenario, self.folder / "workers", platforms),
            self.variables,
            self.probe_log,
            self.evidence,
        )
        self.orchestrators: dict[str, Orchestrator] = {}
        self.memberships: dict[str, PoolMember] = {}
        self.worker_output = Output.TEXT
        self.worker_log_level = ""
        self.asked: Any = None
        self.model = ""
        self.machines_with_steps: set[str] = set()
        self.cleanup = ExitStack()
        self.registry: Registry | None = None
        self.memory: dict[str, MemoryWatch] = {}
        self.left_at_cancellation: list[str] = []
        self.heard_in_time: list[str] = []
        self.fallbacks = Fallbacks()
        self.steps: list[Span] = []
        self.begun = datetime.now(UTC)
        self.pool_watch = PoolWatch()
        self.timeline: Timeline | None = None

    @property
    def times(self) -> Times:
        """The times of the target that a scenario waits out."""
        return self.run_context.target.times

    @property
    def orchestrator(self) -> Orchestrator:
        """The orchestrator that was started first."""
        if not self.orchestrators:
            raise InfrastructureError("The scenario has no orchestrator: begin with `Given an orchestrator`.")
        return next(iter(self.orchestrators.values()))

    @property
    def has_orchestrator(self) -> bool:
        """Whether the orchestrator that was started first runs now."""
        return bool(self.orchestrators) and self.orchestrator.alive

    @property
    def trusted(self) -> Path | None:
        """The file of the authorities that everybody trusts; None where nobody speaks TLS."""
        security = World.security.of(self)
        return security.trusted if security is not None else None

    def settings_of_worker(self, credential: str, labels: Mapping[str, str] | None = None) -> WorkerSettings:
        """How a worker that presents a credential is started now."""
        return WorkerSettings(
            credential,
            labels or {},
            output=self.worker_output,
            log_level=self.worker_log_level,
            secure=self.orchestrator.secure,
            trusted=self.trusted,
        )

    # --- the pool

    def live_pool(self, name: str | None = None) -> list[LiveMember]:
        """The live pool, or the member of a name, sorted, as the orchestrator's health endpoint tells it.

        Raises:
            NoAnswer: the orchestrator does not answer.
        """
        members = self.orchestrator.api.live_pool()
        self.pool_watch.see(members, datetime.now(UTC))
        wanted = [member for member in members if name in (None, member.name)]
        return sorted(wanted, key=lambda member: member.name)

    def members(self, name: str | None = None) -> list[PoolMember]:
        """The members that the worker list would show now, or that of a name, asked over the cheap surface.

        Raises:
            NoAnswer: the orchestrator does not answer.
        """
        listed = self.orchestrator.api.pool()
        return [member for member in listed if name in (None, member.name)]

    def leases(self) -> list[LeaseRecord]:
        """All step leases, the oldest first, asked over the cheap surface.

        Raises:
            NoAnswer: the orchestrator does not answer.
        """
        return self.orchestrator.api.leases()

    def queued_steps(self) -> list[str]:
        """The names of the steps that wait for a worker, asked over the cheap surface.

        Raises:
            NoAnswer: the orchestrator does not answer.
        """
        return self.orchestrator.api.queued_steps()

    def present_instance(self, worker: str) -> str:
        """The uuid of a worker's instance, as the worker list would show it now; "" if it does not.

        Raises:
            NoAnswer: the orchestrator does not answer.
        """
        return next((member.instance for member in self.members(worker)), "")

    def first_membership(self, worker: str) -> PoolMember:
        """The pool member that a worker became when the scenario enrolled it.

        Raises:
            InfrastructureError: the scenario did not enroll it.
        """
        if worker not in self.memberships:
            raise InfrastructureError(f'The scenario did not begin with the enrolled worker "{worker}".')
        return self.memberships[worker]

    def member_of(self, worker: str) -> str:
        """The name that a worker has in the pool: one of its own if its token is for several machines."""
        first = self.memberships.get(worker)
        return first.name if first is not None else self.workers[worker].settings.member

    # --- steps

    def processes_of_steps(self, worker: str) -> list[str]:
        """The processes on a worker's machine other than the worker itself, as their command lines."""
        own = self.workers[worker].pid if self.workers[worker].alive else None
        mark = self.run_context.mark_of(self.scenario)
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

    # --- everybody

    def actors(self) -> list[Orchestrator | Worker | Followed]:
        """All that have processes and logs of their own."""
        return [*self.orchestrators.values(), *self.workers.all(), *self.followed_runs()]

    def followed_runs(self) -> list[Followed]:
        """The runs that the operator has started, none if nobody could."""
        runs = World.runs.of(self)
        return runs.all() if runs is not None else []

    def typed(self) -> list[CommandResult]:
        """The commands that the operator typed, wherever, in the order of time."""
        at = (World.operator.of(self), World.remote_client.of(self))
        everywhere = [who.commands.results for who in at if who is not None]
        return sorted(chain.from_iterable(everywhere), key=lambda result: result.started)

    def logs(self) -> list[ProcessLog]:
        """The logs of all its actors."""
        return [actor.log for actor in self.actors()]

    @property
    def product_commands(self) -> int:
        """How many times the scenario has started the product, as a command or as a process."""
        orchestrators = sum(orchestrator.starts for orchestrator in self.orchestrators.values())
        workers = sum(worker.starts for worker in self.workers.all())
        return len(self.typed()) + orchestrators + workers + len(self.followed_runs())
