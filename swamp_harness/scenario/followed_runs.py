"""The runs of workflows and methods of one scenario: started and followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import TypeVar

from swamp_harness.product.commands import Output
from swamp_harness.product.followed import Followed
from swamp_harness.product.run import MethodRun, WorkflowRun, giving, method_run
from swamp_harness.product.serve_api import ServeApi
from swamp_harness.product.workflow import Workflow
from swamp_harness.scenario.evidence import Evidence
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import RUN_KNOWN
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.waiting import wait_until

T = TypeVar("T", bound=Followed)


class Runs:
    """Starts runs, and keeps them in order.

    Args:
        binary: the swamp of the operator who follows the runs.
        environment: of the operator's machine.
        folder: the operator's working folder.
        evidence: receives the output of the runs.
        server: the address at which the operator reaches the orchestrator; the orchestrator's own if empty.

    Attributes:
        binary: the swamp that the next run uses.
    """

    def __init__(
        self,
        binary: Path,
        environment: Mapping[str, str],
        folder: PurePath,
        evidence: Evidence,
        *,
        server: str = "",
    ) -> None:
        self._server = server
        self.binary = binary
        self._environment = environment
        self._folder = folder
        self._evidence = evidence
        self._runs: list[Followed] = []

    @property
    def last(self) -> WorkflowRun:
        """The last run of a workflow.

        Raises:
            InfrastructureError: none was started.
        """
        return self._last(WorkflowRun, "The scenario has started no workflow: add a step that starts it.")

    @property
    def first(self) -> WorkflowRun:
        """The first run of a workflow.

        Raises:
            InfrastructureError: none was started.
        """
        return next((run for run in self._runs if isinstance(run, WorkflowRun)), self.last)

    @property
    def last_method(self) -> MethodRun:
        """The last run of a method.

        Raises:
            InfrastructureError: none was started.
        """
        return self._last(MethodRun, "The scenario has started no method: add a step that starts one.")

    @property
    def last_followed(self) -> Followed:
        """The last run, of a workflow or of a method.

        Raises:
            InfrastructureError: none was started.
        """
        return self._last(
            Followed, "The scenario has started no workflow and no method: add a step that starts one."
        )

    def _last(self, kind: type[T], missing: str) -> T:
        for run in reversed(self._runs):
            if isinstance(run, kind):
                return run
        raise InfrastructureError(missing)

    def all(self) -> list[Followed]:
        """Every run, in order."""
        return list(self._runs)

    def start_method(
        self,
        model: str,
        method: str,
        inputs: Mapping[str, str],
        api: ServeApi,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Start a run of a method on an orchestrator, and follow it in text."""
        words = (*method_run(model, method, **inputs), *_tag_options(tags))
        self._runs.append(self._follow(MethodRun, (*words, "--server", self._server or api.url), Output.TEXT))

    def start(
        self,
        workflow: Workflow,
        api: ServeApi,
        output: Output,
        inputs: Mapping[str, str],
        tags: Mapping[str, str] | None = None,
        *,
        input_file: Path | None = None,
        skipped_reports: Sequence[str] = (),
        options: Sequence[str] = (),
        last_evaluated: bool = False,
    ) -> None:
        """Start a run, and wait until the orchestrator lists it.

        Args:
            workflow: to run.
            api: of the orchestrator that runs it.
            output: the output format of the command.
            inputs: for the workflow.
            tags: the tags of all data that the run writes; none if None.
            input_file: a new file from which the command reads the inputs; they are arguments if None.
            skipped_reports: the names of reports that the run does not write.
            options: other arguments of the command.
            last_evaluated: whether the workflow runs as it was evaluated last.

        Raises:
            WaitTimeout: the orchestrator lists no new run.
        """
        known = set(api.run_ids())
        words = (
            "workflow",
            "run",
            workflow.name,
            "--server",
            self._server or api.url,
            *giving(inputs, input_file),
            *_tag_options(tags),
            *(part for name in skipped_reports for part in ("--skip-report", name)),
            *options,
            *(["--last-evaluated"] if last_evaluated else []),
        )
        run = self._follow(WorkflowRun, words, output)
        self._runs.append(run)
        new = wait_until(
            "the orchestrator to list the run",
            lambda: [run_id for run_id in api.run_ids() if run_id not in known],
            bool,
            RUN_KNOWN,
            give_up_if=lambda: (
                None if run.alive else f"the command ended with this output: {run.log.tail(3)}"
            ),
        )
        run.run_id = new[0]

    def resume(self, workflow: Workflow, api: ServeApi, output: Output) -> None:
        """Resume the last run of a workflow on an orchestrator, and follow it."""
        run_id = self.last.run_id
        words = ("workflow", "resume", workflow.name, "--server", self._server or api.url)
        run = self._follow(WorkflowRun, words, output)
        run.run_id = run_id
        self._runs.append(run)

    def end(self) -> None:
        """End every command that follows a run."""
        for run in self._runs:
            run.end()

    def _follow(self, kind: type[T], words: Sequence[str], output: Output) -> T:
        title = f"run-{len(self._runs) + 1}"
        return kind(
            title,
            words,
            binary=self.binary,
            environment=self._environment,
            folder=self._folder,
            log=ProcessLog(self._evidence.log_file(title)),
            output=output,
        )


def _tag_options(tags: Mapping[str, str] | None) -> list[str]:
    return [part for name, value in (tags or {}).items() for part in ("--tag", f"{name}={value}")]
