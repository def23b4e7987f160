"""The World of one scenario: its actors by name, and what can be looked up about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.conventions import ORCHESTRATOR_ZONE
from swamp_harness.product.costs import Purpose
from swamp_harness.product.credential import Credential
from swamp_harness.product.fallbacks import Fallbacks
from swamp_harness.product.followed import Followed
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.product.records import PoolMember
from swamp_harness.product.registry import Registry
from swamp_harness.product.repository import Repository
from swamp_harness.product.run_records import LeaseRecord
from swamp_harness.product.serve_api import LiveMember
from swamp_harness.product.target import Times
from swamp_harness.product.trust import OperatorTrust
from swamp_harness.product.worker import Worker
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.product.workflow import Workflow
from swamp_harness.scenario.client_machine import RemoteClient
from swamp_harness.scenario.evidence import Evidence
from swamp_harness.scenario.followed_runs import Runs
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.probe import WORKER_VARIABLE
from swamp_harness.scenario.probe_log import ProbeLog
from swamp_harness.scenario.records import Records
from swamp_harness.scenario.run_context import RunContext
from swamp_harness.scenario.security import Security
from swamp_harness.scenario.set_by_step import SetByStep
from swamp_harness.scenario.timeline import PoolWatch, Span, Timeline
from swamp_harness.scenario.used_repository import UsedRepository
from swamp_harness.scenario.workers import Workers
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.hosts.host import HERE
from swamp_harness.system.memory import MemoryWatch
from swamp_harness.system.network import NetworkPath
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.redaction import SECRETS

_NO_REPOSITORY = "The scenario has no repository: start it with `Given a repository`."


class World:
    """Everything that one scenario has created, by name.

    Args:
        run_context: what all scenarios of the run share.
        scenario: the scenario's name in folders and marks; it contains no word of the scenario, so that a
            search for such a word does not match paths in the product's files.
        title: its name in the evidence, for people.
        platforms: the operating systems on which its workers may run; any if empty.

    Attributes:
        run_context: what all scenarios of the run share.
        scenario: the scenario's name in folders and marks.
        folder: contains all its machines and its repository.
        variables: the environment variables of every process of the scenario.
        probe_log: what the steps of its workflows record about themselves.
        evidence: the files that it leaves for people to read.
        workers: its workers.
        orchestrators: its orchestrators by name, in the order in which they were started.
        operator: runs its commands that change something.
        records: reads what the product shows, by the operator's commands.
        repository: the operator's.
        runs: the runs of workflows and methods that the operator has started.
        workflow: the workflow that the scenario is about.
        security: the orchestrator's certificate, and the authorities that clients trust.
        used: the repository that the other release has used, if the scenario began with a copy of it.
        server_tokens: the credentials of the clients of an orchestrator that authenticates them, by client.
        remote_client: the operator's second machine, without a repository.
        operator_network: the network path from that machine to the orchestrator.
        memberships: the pool members that its workers became in its Givens, by name of the worker.
        worker_output: the output format of workers that are started from now on.
        worker_log_level: their log level; the default if empty.
        model: the instance of the probe that the scenario began with; empty if there is none.
        operator_trust: what the operator adds to commands, for trusted certificates.
        asked: the operator's last question in both output formats, and the answers.
        machines_with_steps: the workers on whose machines processes of steps have been seen.
        cleanup: ends what the suite itself runs for the scenario.
        registry: the registry from which the operator pulls extensions, if there is one.
        memory: the memory watches, by name of the watched process.
        left_at_cancellation: what was still running when the cancelling command had answered.
        shown_in_time: the steps whose output the operator saw while they were still running.
        steps: the steps of the feature that have run, on the time axis.
        fallbacks: the older ways that the release made necessary, with counts.
        begun: when the scenario began.
        pool_watch: what was seen of the live pool, and when.
        timeline: everything that happened, once the scenario is closed.
    """

    operator: SetByStep[Operator] = SetByStep(_NO_REPOSITORY)
    records: SetByStep[Records] = SetByStep(_NO_REPOSITORY)
    repository: SetByStep[Repository] = SetByStep(_NO_REPOSITORY)
    runs: SetByStep[Runs] = SetByStep(_NO_REPOSITORY)
    workflow: SetByStep[Workflow] = SetByStep("The scenario has no workflow.")
    security: SetByStep[Security] = SetByStep(
        "The scenario's orchestrator does not use TLS: start it with a certificate."
    )
    remote_client: SetByStep[RemoteClient] = SetByStep(
        "The operator has no other machine: add a step that puts the operator on one."
    )
    operator_network: SetByStep[NetworkPath] = SetByStep(
        "The operator's network cannot be cut: put the operator on a network that can be cut."
    )

    server_tokens: SetByStep[Mapping[str, Credential]] = SetByStep(
        "The scenario has no server tokens: add the step that begins with a repository that has them."
    )
    used: SetByStep[UsedRepository] = SetByStep(
        "The scenario has no repository that the other release has used: add the step that begins with it."
    )

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
        self.operator_trust = OperatorTrust()
        self.machines_with_steps: set[str] = set()
        self.cleanup = ExitStack()
        self.registry: Registry | None = None
        self.memory: dict[str, MemoryWatch] = {}
        self.left_at_cancellation: list[str] = []
        self.shown_in_time: list[str] = []
        self.fallbacks = Fallbacks()
        self.steps: list[Span] = []
        self.begun = datetime.now(UTC)
        self._purposes = [(self.begun, Purpose.SET_UP)]
        self.pool_watch = PoolWatch()
        self.timeline: Timeline | None = None

    @property
    def times(self) -> Times:
        """The target's times, such as the grace window."""
        return self.run_context.target.times

    @property
    def orchestrator(self) -> Orchestrator:
        """The orchestrator that was started first."""
        if not self.orchestrators:
            raise InfrastructureError(
                "The scenario has no orchestrator: start it with `Given an orchestrator`."
            )
        return next(iter(self.orchestrators.values()))

    @property
    def has_orchestrator(self) -> bool:
        """Whether the orchestrator that was started first is running."""
        return bool(self.orchestrators) and self.orchestrator.alive

    @property
    def trusted(self) -> Path | None:
        """The file with the authorities that clients trust; None without TLS."""
        security = World.security.of(self)
        return security.trusted if security is not None else None

    def settings_of_worker(self, credential: str, labels: Mapping[str, str] | None = None) -> WorkerSettings:
        """The settings of a new worker that presents a credential."""
        return WorkerSettings(
            credential,
            labels or {},
            output=self.worker_output,
            log_level=self.worker_log_level,
            secure=self.orchestrator.secure,
            trusted=self.trusted,
        )

    # --- what its processes are for

    def begin_purpose(self, purpose: Purpose) -> None:
        """Begin with commands of another purpose."""
        self._purposes.append((datetime.now(UTC), purpose))

    def purpose_at(self, moment: datetime) -> Purpose:
        """The purpose of a command that was started at a moment."""
        begun = [purpose for since, purpose in self._purposes if since <= moment]
        return begun[-1] if begun else Purpose.SET_UP

    # --- the pool

    def live_pool(self, name: str | None = None) -> list[LiveMember]:
        """The live pool by name, or the one member of a name, from the orchestrator's health endpoint.

        Raises:
            NoAnswer: the orchestrator does not answer.
        """
        members = self.orchestrator.api.live_pool()
        self.pool_watch.see(members, datetime.now(UTC))
        wanted = [member for member in members if name in (None, member.name)]
        return sorted(wanted, key=lambda member: member.name)

    def members(self, name: str | None = None) -> list[PoolMember]:
        """The members of the worker list, or the one of a name; an API request, cheaper than a command.

        Raises:
            NoAnswer: the orchestrator does not answer.
        """
        listed = self.orchestrator.api.pool()
        return [member for member in listed if name in (None, member.name)]

    def leases(self) -> list[LeaseRecord]:
        """All step leases, the oldest first; an API request, cheaper than a command.

        Raises:
            NoAnswer: the orchestrator does not answer.
        """
        return self.orchestrator.api.leases()

    def queued_steps(self) -> list[str]:
        """The names of the steps that wait for a worker; an API request, cheaper than a command.

        Raises:
            NoAnswer: the orchestrator does not answer.
        """
        return self.orchestrator.api.queued_steps()

    def present_instance(self, worker: str) -> str:
        """The uuid of a worker's instance in the worker list with its past members; "" if it is not there.

        Raises:
            NoAnswer: the orchestrator does not answer.
        """
        listed = self.orchestrator.api.pool(past=True)
        return next((member.instance for member in listed if member.name == worker), "")

    def first_membership(self, worker: str) -> PoolMember:
        """The pool member that a worker became when the scenario enrolled it.

        Raises:
            InfrastructureError: the scenario did not enroll it.
        """
        if worker not in self.memberships:
            raise InfrastructureError(
                f'The scenario has no enrolled worker "{worker}": add `Given an enrolled worker "{worker}"`.'
            )
        return self.memberships[worker]

    def member_of(self, worker: str) -> str:
        """A worker's name in the pool; a special one if its token is for several machines."""
        first = self.memberships.get(worker)
        return first.name if first is not None else self.workers[worker].settings.member

    def called(self, member: str) -> str:
        """How the scenario calls a pool member; a member with a special name has that of its worker."""
        names = {each.name: worker for worker, each in self.memberships.items()}
        return names.get(member, member)

    # --- steps

    def processes_of_steps(self, worker: str) -> list[str]:
        """The command lines of the processes on a worker's machine, without the worker itself."""
        own = self.workers[worker].pid if self.workers[worker].alive else None
        mark = self.run_context.mark_of(self.scenario)
        return [
            SECRETS.blank(command)
            for pid, command in self.workers[worker].machine.host.processes_with(
                mark, WORKER_VARIABLE, worker
            )
            if pid != own
        ]

    def processes_of_local_steps(self) -> list[str]:
        """The command lines of the processes on the orchestrator's machine, without its own."""
        own = self.orchestrator.pid if self.orchestrator.alive else None
        ((variable, value),) = ORCHESTRATOR_ZONE.items()
        mark = self.run_context.mark_of(self.scenario)
        return [
            SECRETS.blank(command)
            for pid, command in HERE.processes_with(mark, variable, value)
            if pid != own
        ]

    def note_processes_of_steps(self) -> None:
        """Add the machines on which processes of steps run now to `machines_with_steps`."""
        self.machines_with_steps |= {name for name in self.workers.names() if self.processes_of_steps(name)}

    # --- all actors

    def actors(self) -> list[Orchestrator | Worker | Followed]:
        """Everything that has a process and a log of its own."""
        return [*self.orchestrators.values(), *self.workers.all(), *self.followed_runs()]

    def followed_runs(self) -> list[Followed]:
        """The runs that the operator has started; none without a repository."""
        runs = World.runs.of(self)
        return runs.all() if runs is not None else []

    def typed(self) -> list[CommandResult]:
        """The commands that the operator typed on any machine, in order of time."""
        at = (World.operator.of(self), World.remote_client.of(self))
        everywhere = [who.commands.results for who in at if who is not None]
        return sorted(chain.from_iterable(everywhere), key=lambda result: result.started)

    def logs(self) -> list[ProcessLog]:
        """The logs of all actors."""
        return [actor.log for actor in self.actors()]

    @property
    def product_commands(self) -> int:
        """How many times the scenario has started the product: commands and long-running processes."""
        orchestrators = sum(orchestrator.starts for orchestrator in self.orchestrators.values())
        workers = sum(worker.starts for worker in self.workers.all())
        return len(self.typed()) + orchestrators + workers + len(self.followed_runs())
