"""The workflow runs of one scenario: started, followed, found again in the product's records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath

from swamp_harness.machinery.faults import InfrastructureFault
from swamp_harness.machinery.limits import RUN_KNOWN
from swamp_harness.machinery.processlog import ProcessLog
from swamp_harness.machinery.waiting import wait_until
from swamp_harness.product.commands import Output
from swamp_harness.product.run import WorkflowRun
from swamp_harness.product.serve_api import ServeApi
from swamp_harness.product.workflow import Workflow
from swamp_harness.scenario.evidence import Evidence


class Runs:
    """Starts runs of workflows and keeps them.

    Args:
        binary: the swamp of the one who follows them.
        environment: of that person's machine.
        folder: where that person is.
        evidence: takes what is said.
    """

    def __init__(
        self, binary: Path, environment: Mapping[str, str], folder: PurePath, evidence: Evidence
    ) -> None:
        self._binary = binary
        self._environment = environment
        self._folder = folder
        self._evidence = evidence
        self._runs: list[WorkflowRun] = []

    @property
    def last(self) -> WorkflowRun:
        """The run that was started last.

        Raises:
            InfrastructureFault: none was started.
        """
        if not self._runs:
            raise InfrastructureFault("The scenario has started no workflow.")
        return self._runs[-1]

    def all(self) -> list[WorkflowRun]:
        """Every run, in order."""
        return list(self._runs)

    def start(self, workflow: Workflow, api: ServeApi, output: Output, inputs: Mapping[str, str]) -> None:
        """Start a run, and follow it until the orchestrator knows it.

        Args:
            workflow: to run.
            api: of the orchestrator that is to run it.
            output: how the run is to be told.
            inputs: for the workflow.

        Raises:
            AwaitedInVain: the orchestrator does not know of a new run.
        """
        title = f"run-{len(self._runs) + 1}"
        known = set(api.run_ids())
        given = [part for name, value in inputs.items() for part in ("--input", f"{name}={value}")]
        run = WorkflowRun(
            title,
            ("workflow", "run", workflow.name, "--server", api.url, *given),
            binary=self._binary,
            environment=self._environment,
            folder=self._folder,
            log=ProcessLog(self._evidence.log_file(title)),
            output=output,
        )
        self._runs.append(run)
        new = wait_until(
            "the orchestrator to know of the run",
            lambda: [run_id for run_id in api.run_ids() if run_id not in known],
            bool,
            RUN_KNOWN,
            hopeless=lambda: None if run.alive else f"the command ended, saying: {run.log.tail(3)}",
        )
        run.run_id = new[0]

    def end(self) -> None:
        """See that nobody follows a run any longer."""
        for run in self._runs:
            run.end()
