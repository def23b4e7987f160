"""The World of one scenario: its actors by name, what happens to them, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from swamp_harness.machinery.faults import InfrastructureFault, PromiseBroken
from swamp_harness.machinery.limits import POOL_CHANGED
from swamp_harness.machinery.processlog import ProcessLog
from swamp_harness.machinery.waiting import wait_for_moment, wait_until
from swamp_harness.product.commands import Output, SwampCommands
from swamp_harness.product.conventions import USUAL_LIFETIME
from swamp_harness.product.machine import Machine
from swamp_harness.product.orchestrator import Orchestrator
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


class World:
    """Everything that one scenario has made, by name.

    Args:
        bench: what all scenarios of the run share.
        scenario: the scenario's own name in folders and marks; none of its words, so that a search for a
            word of the scenario does not find the paths in the product's files.
        title: its name in the evidence, for people.

    Attributes:
        folder: where all its machines and its repository are.
        evidence: where it leaves what people will read.
        workers: its workers.
        worker_output: how workers that are started from now on report.
    """

    def __init__(self, bench: Bench, scenario: str, title: str) -> None:
        self._bench = bench
        self._scenario = scenario
        self.folder = bench.folder / scenario
        self.folder.mkdir()
        self._mark = bench.mark(scenario)
        self.evidence = Evidence(bench.reports / "evidence" / title)
        self.workers = Workers(bench.binary.path, self.folder / "workers", self._mark, self.evidence)
        self.worker_output = Output.TEXT
        self._operator: Operator | None = None
        self._repository: Repository | None = None
        self._orchestrators: dict[str, Orchestrator] = {}

    # --- what a scenario begins with

    def set_up_repository(self, *, with_vault: bool = True) -> None:
        """Give the operator a repository of this scenario's own."""
        machine = Machine.at(self.folder / "operator")
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
        machine = Machine.at(self.folder / name)
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
        wait_for_moment(f'the lifetime of the token "{token}" to pass', self.operator.lifetimes[token][1])

    def live_pool(self) -> list[LiveMember]:
        """The live pool, by name, as the orchestrator's health endpoint tells it.

        Raises:
            PromiseBroken: the orchestrator does not answer.
        """
        try:
            return sorted(self.orchestrator.api.live_pool(), key=lambda member: member.name)
        except OSError as error:
            raise PromiseBroken(f"{self.orchestrator.name} does not answer: {error}") from error

    def listed_pool(self) -> set[str]:
        """The names that the worker list would show now, asked over the cheap surface.

        Raises:
            PromiseBroken: the orchestrator does not answer.
        """
        try:
            answer = self.orchestrator.api.ask("worker.list")
        except OSError as error:
            raise PromiseBroken(f"{self.orchestrator.name} does not answer: {error}") from error
        return {item["name"] for item in answer["data"]["workers"]}

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
            survivors = self._bench.end_scenario(self._scenario, self.folder, keep=keep)
        return survivors

    def explanation(self) -> str:
        """The last things that each process said and the operator did, and where the evidence lies."""
        parts = [
            f"The last lines of {log.file.stem}:\n{log.tail(_LAST_LINES) or '(nothing)'}"
            for log in self.logs()
        ]
        if self._operator is not None:
            recent = self._operator.commands.results[-_LAST_COMMANDS:]
            shown = "\n".join(map(str, recent)) or "(none)"
            parts.append(f"The operator's last commands:\n{shown}")
        parts += [f"Evidence: {self.evidence.folder}", f"Kept on disk: {self.folder}"]
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

    def logs(self) -> list[ProcessLog]:
        """The logs of all its actors."""
        actors: list[Orchestrator | Worker] = [*self._orchestrators.values(), *self.workers.all()]
        return [actor.log for actor in actors]

    def _other_binary(self) -> Path:
        if self._bench.other is None:
            raise InfrastructureFault("No binary of another protocol version was given (SWAMP_OTHER_BIN).")
        return self._bench.other.path
