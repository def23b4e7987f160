"""An orchestrator and workers that ran before any scenario: they leave behind what scenarios begin with."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.product.machine import Machine
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.product.repository import Repository
from swamp_harness.product.worker import Worker
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.scenario.probe import WORKER_VARIABLE
from swamp_harness.system.process_log import ProcessLog


@dataclass(frozen=True)
class EarlierUse:
    """Starts an orchestrator and workers.

    Attributes:
        of: what they are called after in messages, such as "of the other release".
        binary: that they run.
        variables: the environment variables of every process.
        logs: the folder for their output.
        ends: ends them.
    """

    of: str
    binary: Path
    variables: Mapping[str, str]
    logs: Path
    ends: ExitStack

    def orchestrator(self, machine: Machine, repository: Repository) -> Orchestrator:
        """Start an orchestrator that serves a repository, and wait until it is ready."""
        orchestrator = Orchestrator(
            f"the orchestrator {self.of}",
            self.binary,
            machine.environment(**self.variables),
            repository,
            log=ProcessLog(self.logs / "orchestrator.log"),
        )
        self.ends.callback(orchestrator.end)
        orchestrator.start()
        return orchestrator

    def worker(
        self, name: str, machine: Machine, settings: WorkerSettings, orchestrator: Orchestrator
    ) -> Worker:
        """Start a worker, and wait until it has enrolled.

        Raises:
            WaitTimeout: it does not enroll.
        """
        worker = Worker(
            f'worker "{name}" {self.of}',
            self.binary,
            machine=machine,
            environment=machine.environment(**self.variables, **{WORKER_VARIABLE: name}),
            settings=settings,
            log=ProcessLog(self.logs / f"worker-{name}.log"),
        )
        self.ends.callback(worker.end)
        worker.start(orchestrator.address)
        worker.wait_until_enrolled()
        return worker
