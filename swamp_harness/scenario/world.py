"""The World of one scenario: its actors by name, and what can be asked about them together."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from swamp_harness.machinery.faults import InfrastructureFault, PromiseBroken
from swamp_harness.machinery.leaksearch import Leak, search_files, search_text
from swamp_harness.machinery.limits import DEADLINE_ENFORCED, GRACE_WINDOW_OVER, POOL_CHANGED, Limit
from swamp_harness.machinery.processlog import ProcessLog
from swamp_harness.machinery.waiting import AwaitedInVain, wait_for_moment, wait_until
from swamp_harness.product.commands import Output, SwampCommands
from swamp_harness.product.conventions import GRACE_WINDOW, USUAL_LIFETIME
from swamp_harness.product.machine import Machine
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.product.records import PoolMember
from swamp_harness.product.repository import Repository, initialise
from swamp_harness.product.serve_api import LiveMember
from swamp_harness.product.worker import Worker, WorkerSettings
from swamp_harness.scenario.bench import Bench
from swamp_harness.scenario.evidence import Evidence
from swamp_harness.scenario.operator import Operator
from swamp_harness.scenario.workers import Workers

_ORCHESTRATOR = "orchestrator"
_LAST_LINES = 6
_LAST_COMMANDS = 2


@dataclass(frozen=True)
class Standing:
    """How a pool member has fared since some moment.

    Attributes:
        running: its process runs.
        connected: the live pool shows it as connected.
        disconnections: how often it has said that it was disconnected.
        same_enrollment: the worker list shows the enrollment that it had at that moment.
    """

    running: bool
    connected: bool
    disconnections: int
    same_enrollment: bool

    def __str__(self) -> str:
        """As a list of facts."""
        return (
            f"process {'running' if self.running else 'ended'}, "
            f"{'connected' if self.connected else 'not connected'}, "
            f"disconnected {self.disconnections} times, "
            f"{'the enrollment it had' if self.same_enrollment else 'a later enrollment'}"
        )


UNDISTURBED = Standing(running=True, connected=True, disconnections=0, same_enrollment=True)


@dataclass(frozen=True)
class Binding:
    """What a token is bound to.

    Attributes:
        machines: the machine ids.
        unchanged: whether that has been so since the worker in question enrolled first.
    """

    machines: tuple[str, ...]
    unchanged: bool

    def __str__(self) -> str:
        """As a phrase."""
        since = "since the first enrollment" if self.unchanged else "since a later moment"
        return f"bound to {', '.join(self.machines) or 'nothing'} {since}"


class World:
    """Everything that one scenario has made, by name.

    Args:
        bench: what all scenarios of the run share.
        scenario: the scenario's own name in folders and marks; none of its words, so that a search for a
            word of the scenario does not find the paths in the product's files.
        title: its name in the evidence, for people.

    Attributes:
        evidence: where it leaves what people will read.
        workers: its workers.
        worker_output: how workers that are started from now on report.
    """

    def __init__(self, bench: Bench, scenario: str, title: str) -> None:
        self._bench = bench
        self._scenario = scenario
        self._folder = bench.folder / scenario
        self._folder.mkdir()
        self._mark = bench.mark(scenario)
        self.evidence = Evidence(bench.reports / "evidence" / title)
        self.workers = Workers(bench.binary.path, self._folder / "workers", self._mark, self.evidence)
        self.worker_output = Output.TEXT
        self._operator: Operator | None = None
        self._repository: Repository | None = None
        self._orchestrators: dict[str, Orchestrator] = {}

    # --- what a scenario begins with

    def set_up_repository(self, *, with_vault: bool = True) -> None:
        """Give the operator a repository of this scenario's own."""
        machine = Machine.at(self._folder / "operator")
        folder = machine.root / "repository"
        if with_vault:
            self._repository = self._bench.prepared_repository().copy_to(folder)
        else:
            folder.mkdir()
        commands = SwampCommands(self._bench.binary.path, machine.environment(**self._mark), folder)
        if not with_vault:
            self._repository = initialise(commands, with_vault=False)
        self._operator = Operator(commands)

    def set_up_orchestrator(self, name: str = _ORCHESTRATOR) -> None:
        """Start an orchestrator that serves the operator's repository, and wait until it is ready."""
        if self._repository is None:
            self.set_up_repository()
        machine = Machine.at(self._folder / name)
        orchestrator = Orchestrator(
            name,
            self._bench.binary.path,
            machine.environment(**self._mark),
            self.repository,
            ProcessLog(self.evidence.log_file(name)),
        )
        self._orchestrators[name] = orchestrator
        orchestrator.start()

    def set_up_token(self, token: str, *, lifetime: str = USUAL_LIFETIME, revoked: bool = False) -> None:
        """Mint a token, and revoke it if asked."""
        results = [self.operator.mint(token, lifetime=lifetime)]
        if revoked:
            results.append(self.operator.revoke(token))
        for result in results:
            if not result.succeeded:
                raise InfrastructureFault(f"The scenario's token could not be prepared:\n{result}")
        self.operator.note_lifetime(token, results[0])

    def set_up_worker(self, name: str, *, cached: bool = True, on_a_network: bool = False) -> None:
        """Enroll a worker with the token of its own name, minting the token if there is none yet."""
        if name not in self.operator.credentials:
            self.set_up_token(name)
        credential = str(self.operator.credential(name))
        settings = WorkerSettings(credential, cached=cached, output=self.worker_output)
        worker = self.workers.make(name, settings)
        address = self.orchestrator.address
        worker.start(self.workers.put_on_a_network(name, address) if on_a_network else address)
        worker.wait_until_enrolled()
        self.workers.remember_first_enrollment(name)

    # --- who is there

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
    def orchestrator(self) -> Orchestrator:
        """The orchestrator that was started first."""
        if not self._orchestrators:
            raise InfrastructureFault("The scenario has no orchestrator: begin with `Given an orchestrator`.")
        return next(iter(self._orchestrators.values()))

    # --- what happens

    def lose(self, worker: str, fault: Callable[[], None]) -> None:
        """Let a fault hit a worker, and wait until the live pool shows it as not connected."""
        fault()
        wait_until(
            f'the orchestrator to notice the loss of "{worker}"',
            lambda: [member for member in self.live_pool() if member.name == worker],
            lambda members: any(not member.connected for member in members),
            POOL_CHANGED,
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
        settings = WorkerSettings(credential, labels or {}, output=self.worker_output)
        binary = self._other_binary() if other_release else None
        worker = self.workers.make(name, settings, machine=machine, binary=binary)
        address = self.orchestrator.address
        worker.start(self.workers.skew(address, protocol_shift) if protocol_shift else address)

    def connect_stranger(self, name: str, credential: str) -> None:
        """Start a new worker that presents a credential which no minting has shown."""
        settings = WorkerSettings(credential, output=self.worker_output)
        self.workers.make(name, settings).start(self.orchestrator.address)

    def race(self, names: list[str], token: str) -> None:
        """Let workers on machines of their own present one token at the same moment."""
        for name in names:
            credential = str(self.operator.credential(token))
            self.workers.make(name, WorkerSettings(credential, output=self.worker_output))
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

    def wait_for_half_life_of(self, token: str) -> None:
        """Wait until half of the lifetime of a token has passed."""
        start, end = self.operator.lifetimes[token]
        wait_for_moment(f'half of the lifetime of the token "{token}" to pass', start + (end - start) / 2)

    def wait_for_expiry_of(self, token: str) -> None:
        """Wait until the lifetime of a token has passed."""
        wait_for_moment(f'the lifetime of the token "{token}" to pass', self._expiry_of(token))

    # --- what can be asked

    def live_pool(self) -> list[LiveMember]:
        """The live pool.

        Raises:
            PromiseBroken: the orchestrator does not answer.
        """
        try:
            return sorted(self.orchestrator.api.live_pool(), key=lambda member: member.name)
        except OSError as error:
            raise PromiseBroken(f"{self.orchestrator.name} does not answer: {error}") from error

    def pool_when(
        self, expected: set[tuple[str, bool]], output: Output = Output.JSON, *, past: bool = False
    ) -> list[PoolMember]:
        """The worker list, asked once the live pool and the record agree with what is expected.

        A change takes a moment to reach the list, and a command is a dear way of looking: the wait looks at
        the cheap surfaces. If they never agree the list is asked all the same: the judgement shows it.

        Args:
            expected: names of pool members, each with whether it is connected.
            output: which output of the worker list.
            past: whether past members are listed.
        """
        with contextlib.suppress(AwaitedInVain):
            wait_until(
                "the pool to be as expected",
                lambda: ({(each.name, each.connected) for each in self.live_pool()}, self._listed_now()),
                lambda seen: seen == (expected, {name for name, connected in expected if connected}),
                POOL_CHANGED,
            )
        return self.operator.pool(output, past=past)

    def standing_of(self, name: str, since: datetime) -> Standing:
        """How a worker's pool member has fared since a moment."""
        worker = self.workers[name]
        member = worker.settings.member
        return Standing(
            running=worker.alive,
            connected=self.is_connected(name),
            disconnections=len(worker.disconnected_at),
            same_enrollment=any(
                each.name == member and each.enrolled_at is not None and each.enrolled_at < since
                for each in self.operator.pool()
            ),
        )

    def is_connected(self, name: str) -> bool:
        """Whether a worker's process runs and the live pool shows its member as connected."""
        worker = self.workers[name]
        member = worker.settings.member
        return worker.alive and any(each.name == member and each.connected for each in self.live_pool())

    def machine_id_of(self, worker: str) -> str:
        """The machine id under which a worker enrolled first."""
        return self.workers.first_enrollment(worker).machine_id

    def first_binding_of(self, worker: str) -> Binding:
        """The binding that a worker's first enrollment made."""
        return Binding((self.machine_id_of(worker),), unchanged=True)

    def binding_of(self, token: str, worker: str) -> Binding:
        """What a token is bound to, and whether that has been so since a worker's first enrollment."""
        record = self.operator.token(token)
        first = self.workers.first_enrollment(worker)
        return Binding(record.machines, all(bound < first.seen for bound in record.bound_at))

    def deadline_kept_by(self, name: str) -> str:
        """When a worker was disconnected, in relation to the end of its token's lifetime.

        Returns:
            "at the deadline", or how much before it.

        Raises:
            AwaitedInVain: it was never disconnected.
        """
        worker = self.workers[name]
        first = wait_until(
            f'"{name}" to be disconnected at its deadline',
            lambda: worker.disconnected_at,
            bool,
            DEADLINE_ENFORCED,
        )[0]
        early = (self._expiry_of(name) - first).total_seconds()
        return "at the deadline" if early <= 0 else f"{early:.1f} s before the deadline"

    def wait_for_removal_of(self, name: str) -> list[LiveMember]:
        """Wait out the grace window and return what the live pool then shows of a worker."""
        limit = Limit(GRACE_WINDOW_OVER.name, GRACE_WINDOW.total_seconds() + GRACE_WINDOW_OVER.nominal)
        return wait_until(
            f'"{name}" to be removed from the pool after the grace window of {GRACE_WINDOW.seconds} s',
            lambda: [member for member in self.live_pool() if member.name == name],
            lambda members: not members,
            limit,
        )

    def leaks_of(self, token: str) -> list[Leak]:
        """Where the secret of a token is found outside the vault's own store.

        Searched are all files of the scenario (repository, homes, caches, temp and working folders), the raw
        output of every process, and everything that commands have printed since the token was minted.

        Raises:
            InfrastructureFault: the search could not find a value planted for it.
        """
        secret = self.operator.credential(token).secret
        said = [(f"the output of {log.file.stem}", log.text()) for log in self._logs()]
        printed = [
            (f"`{result.command}`", result.stdout + result.stderr)
            for result in self.operator.commands.results
            if result not in self.operator.minted
        ]
        return [
            *search_files(secret, [self._folder], except_in=[self.repository.vault_store]),
            *search_text(secret, said + printed),
        ]

    def traces_of(self, word: str) -> list[str]:
        """The files of the repository in which a word occurs, or whose name it is."""
        folder = self.repository.folder
        named = [path for path in folder.rglob("*") if word in path.name]
        holding = [Path(leak.place) for leak in search_files(word, [folder])]
        return sorted({str(path.relative_to(folder)) for path in [*named, *holding]})

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
            if self._operator is not None:
                if not interrupted:
                    self._take_last_look(self._operator)
                self.evidence.write_transcript(self._operator.commands.results)
        finally:
            self.workers.end()
            for orchestrator in self._orchestrators.values():
                orchestrator.end()
            survivors = self._bench.end_scenario(self._scenario, self._folder, keep=keep)
        return survivors

    def explanation(self) -> str:
        """The last things that each process said and the operator did, and where the evidence lies."""
        parts = [
            f"The last lines of {log.file.stem}:\n{log.tail(_LAST_LINES) or '(nothing)'}"
            for log in self._logs()
        ]
        if self._operator is not None:
            recent = self._operator.commands.results[-_LAST_COMMANDS:]
            shown = "\n".join(map(str, recent)) or "(none)"
            parts.append(f"The operator's last commands:\n{shown}")
        parts += [f"Evidence: {self.evidence.folder}", f"Kept on disk: {self._folder}"]
        return "\n".join(parts)

    @property
    def product_commands(self) -> int:
        """How many times the scenario has started the product, as a command or as a process."""
        typed = len(self._operator.commands.results) if self._operator is not None else 0
        started = sum(orchestrator.starts for orchestrator in self._orchestrators.values())
        return typed + started + sum(worker.starts for worker in self.workers.all())

    def _take_last_look(self, operator: Operator) -> None:
        orchestrator = next(iter(self._orchestrators.values()), None)
        pool: object = "no orchestrator is running"
        try:
            if orchestrator is not None and orchestrator.alive:
                pool = {
                    "live pool": [str(member) for member in orchestrator.api.live_pool()],
                    "worker list": orchestrator.api.ask("worker.list"),
                }
                tokens = orchestrator.api.ask("worker.token.list")
            else:
                tokens = str(operator.commands.run("worker", "token", "list", output=Output.TEXT))
        except (OSError, PromiseBroken, InfrastructureFault) as error:
            tokens = f"the last look failed: {error}"
        self.evidence.write_answer("The pool at the end", "pool.json", pool)
        self.evidence.write_answer("The token list at the end", "tokens.json", tokens)

    def _logs(self) -> list[ProcessLog]:
        actors: list[Orchestrator | Worker] = [*self._orchestrators.values(), *self.workers.all()]
        return [actor.log for actor in actors]

    def _other_binary(self) -> Path:
        if self._bench.other is None:
            raise InfrastructureFault("No binary of another protocol version was given (SWAMP_OTHER_BIN).")
        return self._bench.other.path

    def _expiry_of(self, token: str) -> datetime:
        return self.operator.lifetimes[token][1]

    def _listed_now(self) -> set[str]:
        try:
            answer = self.orchestrator.api.ask("worker.list")
        except OSError as error:
            raise PromiseBroken(f"{self.orchestrator.name} does not answer: {error}") from error
        return {item["name"] for item in answer["data"]["workers"]}
