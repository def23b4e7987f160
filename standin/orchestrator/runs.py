"""Runs of workflows: execution, followers, cancellation and records."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from standin import questions
from standin.approvals import SUSPENDED, WAITING
from standin.errors import UserError
from standin.moments import stamp
from standin.orchestrator.dispatch import StepFailed, Work
from standin.orchestrator.workflow import Step, tags_of, with_latest
from standin.redaction import blanked
from standin.repository import Repository
from standin.store import Kind, Place

_METHOD_REPORT, _WORKFLOW_REPORT = "@swamp/method-summary", "@swamp/workflow-summary"

Execute = Callable[[Work, Step], Awaitable[None]]


@dataclass
class _Progress:
    status: str = "pending"
    error: str = ""
    wrote: list[dict[str, Any]] = field(default_factory=list)
    since: str = ""
    decision: dict[str, Any] = field(default_factory=dict)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Run:
    """One run of a workflow.

    Args:
        repository: where it is recorded.
        workflow: its name.
        steps: of it.
        execute: runs a step on a worker or on the orchestrator.
        tags: for all its data.
        inputs: with which it was started.
        reports_skipped: the names of the reports that it does not write.

    Attributes:
        identity: of the run.
        status: "running", "succeeded", "failed", "cancelled" or "suspended".
    """

    def __init__(
        self,
        repository: Repository,
        workflow: str,
        steps: list[Step],
        execute: Execute,
        tags: dict[str, str],
        *,
        inputs: dict[str, Any],
        reports_skipped: list[str],
        checks_skipped: Sequence[str] = (),
    ) -> None:
        self._tags = tags
        self._checks_skipped = checks_skipped
        self._inputs = inputs
        self._reports_skipped = reports_skipped
        self._repository = repository
        self._steps = steps
        self._execute = execute
        self._progress = {step.name: _Progress() for step in steps}
        self._turns = {step.expanded: asyncio.Semaphore(step.at_a_time) for step in steps if step.at_a_time}
        self._lines: list[str] = []
        self._followers: list[asyncio.Queue[str | None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._secrets = [secret for step in steps for secret in step.secrets]
        self._started = stamp()
        self._completed = ""
        self._cancelled = False
        self._interruption = ""
        self.identity = str(uuid.uuid4())
        self.workflow = workflow
        self.status = "running"

    def go_on_with(self, record: dict[str, Any], anew: Collection[str]) -> None:
        """Go on with a run that has failed or is suspended.

        Args:
            record: of that run.
            anew: the names of the steps that run now; the others keep their status.
        """
        self.identity, self._started = record["runId"], record["startedAt"]
        for step in record["steps"]:
            if step["name"] not in anew:
                progress = self._progress[step["name"]]
                progress.status, progress.wrote = step["status"], step["dataArtifacts"]
                progress.error, progress.decision = step.get("error", ""), step.get("approvalDecision", {})
                progress.over.set()

    def follow(self, after: int = 0) -> asyncio.Queue[str | None]:
        """The output of the run, from its beginning or after a number of lines; None marks its end."""
        follower: asyncio.Queue[str | None] = asyncio.Queue()
        for line in self._lines[after:]:
            follower.put_nowait(line)
        if self.status != "running":
            follower.put_nowait(None)
        self._followers.append(follower)
        return follower

    async def carry_out(self) -> None:
        """Run all steps that are not over, to the end."""
        steps = [step for step in self._steps if not self._progress[step.name].over.is_set()]
        self._tasks = [asyncio.ensure_future(self._run(step)) for step in steps]
        if self._tasks:
            await asyncio.wait(self._tasks)
        self.take_decisions()
        self.status = self.final_status()
        self._completed = "" if self.status == SUSPENDED else stamp()
        for name, progress in self._progress.items():
            if progress.error:
                self._say(f" system │ {self.reason_of(name)}")
        self._say(self.last_line())
        self._report(_WORKFLOW_REPORT, "workflow")
        self.record()
        for follower in self._followers:
            follower.put_nowait(None)

    def last_line(self) -> str:
        """How the run has ended, for people."""
        if self.status == SUSPENDED:
            return f"Suspended workflow {self.workflow} — awaiting approval on step {self.gates()[0]}"
        heading = {"succeeded": "Completed", "failed": "Failed", "cancelled": "Cancelled"}[self.status]
        return f"{heading} workflow {self.workflow} {self.status}"

    def gates(self) -> list[str]:
        """The names of the steps at which the run has stopped, whether or not they are approved by now."""
        return [name for name, progress in self._progress.items() if progress.since]

    def is_suspended(self) -> bool:
        """Whether the run goes on only when an operator resumes it."""
        gates = [self._progress[name].status for name in self.gates()]
        left = any(progress.status in (WAITING, "pending") for progress in self._progress.values())
        return bool(gates) and "failed" not in gates and left

    async def cancel(self) -> None:
        """Cancel it; it has ended when this returns."""
        self._cancelled = True
        for task in self.tasks_to_cancel():
            task.cancel()
        await self.over()

    async def interrupt(self, reason: str) -> None:
        """End it because the orchestrator ends; it has ended when this returns."""
        self._interruption = reason
        for task in self._tasks:
            task.cancel()
        await self.over()

    async def over(self) -> None:
        """Wait for its end."""
        while self.status == "running":
            await asyncio.sleep(0.01)

    def tasks_to_cancel(self) -> list[asyncio.Task[None]]:
        """The tasks that a cancellation ends."""
        return self._tasks

    def final_status(self) -> str:
        """How the run has ended."""
        if self._cancelled:
            return "cancelled"
        if self.is_suspended():
            return SUSPENDED
        return "succeeded" if all(self.ended_well(step.name) for step in self._steps) else "failed"

    def ended_well(self, step: str) -> bool:
        """Whether a step has succeeded, or may fail."""
        return self._progress[step].status == "succeeded" or self.step_named(step).may_fail

    def document(self) -> dict[str, Any]:
        """The run as a JSON document."""
        answer = questions.run_answer(self._repository, self._recorded())
        return {**answer, "approvalRequired": self.required()} if self.status == SUSPENDED else answer

    def required(self) -> dict[str, str]:
        """The approval that a suspended run waits for, as the command that follows it shows it."""
        name = self.gates()[0]
        return {"stepId": name, "prompt": self.step_named(name).prompt}

    def step_named(self, name: str) -> Step:
        """The step of a name."""
        return next(step for step in self._steps if step.name == name)

    async def _run(self, step: Step) -> None:
        progress = self._progress[step.name]
        try:
            if not await self.may_begin(step):
                return
            if step.prompt:
                self.wait_for_approval(step)
                return
            async with self.turn_of(step):
                progress.status = "running"
                self.record()
                self._say(f"main │ step {step.name} · {step.model} · {step.method} · start")
                await self._execute(self._work(step), step)
            progress.status = "succeeded"
            self._report(_METHOD_REPORT, step.model_type)
        except StepFailed as failure:
            progress.status, progress.error = "failed", blanked(str(failure), self._secrets)
        except asyncio.CancelledError:
            if self._interruption:
                interrupt(progress, self._interruption)
            else:
                progress.status, progress.error = "cancelled", "aborted"
        finally:
            done = progress.status == "succeeded"
            self.record()
            self._say(f"main │ done {step.name} in 1ms" if done else f"main │ {progress.status} {step.name}")
            progress.over.set()

    def wait_for_approval(self, step: Step) -> None:
        """Let a step wait for its approval; its run is suspended when no other step runs."""
        progress = self._progress[step.name]
        progress.status, progress.since = WAITING, stamp()
        self.record()
        self._say(f'main │ approval required: "{step.prompt}"')

    def turn_of(self, step: Step) -> contextlib.AbstractAsyncContextManager[None]:
        """Entered as soon as one more item of an expanded step may be at work."""
        return self._turns.get(step.expanded) or contextlib.nullcontext()

    async def may_begin(self, step: Step) -> bool:
        """Wait for the steps before a step; whether all have ended well, and none needed an approval."""
        for name in step.after:
            await self._progress[name].over.wait()
        if any(self._progress[name].since for name in step.after):
            return False
        return step.after_any_end or all(self.ended_well(name) for name in step.after)

    def _work(self, step: Step) -> Work:
        return Work(
            self.workflow,
            self.identity,
            step.name,
            step.model_type,
            step.model,
            step.method,
            with_latest(self._repository, step.inputs),
            step.secrets,
            lambda line: self._say(f"{step.name} │ {line}"),
            self._progress[step.name].wrote.append,
            step.kept,
            self.tags_for(step),
            step.of_the_model,
            self.group_of(step),
            self._checks_skipped,
        )

    def tags_for(self, step: Step) -> dict[str, str]:
        """The tags of the data of a step: those of its model, of its workflow and of the run."""
        return {**self._repository.tags_of_model(step.model), **self.tags_of_workflow(), **self._tags}

    def tags_of_workflow(self) -> dict[str, str]:
        """The tags of the workflow itself."""
        return tags_of(self._repository, self.workflow)

    def group_of(self, step: Step) -> str:
        """The group of steps that share one worker with a step; empty if it may run anywhere."""
        return f"{self.identity}:{step.group}" if step.group else ""

    def _report(self, name: str, about: str) -> None:
        if name not in self._reports_skipped:
            datum = f"report-{name.removeprefix('@').replace('/', '-')}"
            tags = {"type": "report", "reportName": name}
            kind = Kind("", "report", "text/markdown", tags=tags)
            self._repository.store.put_bytes(Place(about, "", datum), kind, f"# {self.workflow}".encode())

    def reason_of(self, name: str) -> str:
        """Why a step failed, as the command that follows the run prints it."""
        return self._progress[name].error

    def _say(self, line: str) -> None:
        line = blanked(line, self._secrets)
        self._lines.append(line)
        for follower in self._followers:
            follower.put_nowait(line)

    def record(self) -> None:
        """Record the state of the run, with what operators have decided about its steps meanwhile."""
        self.take_decisions()
        self._repository.write(f"runs/{self.identity}.json", self._recorded())
        (self._repository.inner / "runs" / f"{self.identity}.log").write_text("\n".join(self._lines), "utf-8")

    def asks_for_approval(self) -> bool:
        """Whether the run is shown as suspended while some of its steps still run."""
        return self.status == "running" and bool(self.gates())

    def take_decisions(self) -> None:
        """Take over what operators have decided about the steps that wait."""
        known = self._repository.read(f"runs/{self.identity}.json") if self.gates() else None
        for step in known["steps"] if known else ():
            progress = self._progress[step["name"]]
            if progress.status == WAITING and "approvalDecision" in step:
                progress.status, progress.decision = step["status"], step["approvalDecision"]
                progress.error = step.get("error", "")

    def _recorded(self) -> dict[str, Any]:
        failed = [name for name, progress in self._progress.items() if progress.status == "failed"]
        reason = self._progress[failed[0]].error if failed and self.status == "failed" else ""
        return {
            "runId": self.identity,
            "instanceId": self.identity,
            "workflowName": self.workflow,
            "status": SUSPENDED if self.asks_for_approval() else self.status,
            "startedAt": self._started,
            "completedAt": self._completed,
            "failedStep": failed[0] if reason else "",
            "failureReason": reason,
            "tags": {"interrupt_reason": self._interruption} if self._interruption else {},
            "inputs": self._inputs,
            "tagsOfData": self._tags,
            "steps": [self._recorded_step(name) for name in self._progress],
        }

    def _recorded_step(self, name: str) -> dict[str, Any]:
        progress, step = self._progress[name], self.step_named(name)
        optional = {
            "error": progress.error,
            "approvalPrompt": step.prompt,
            "approvalLimit": step.approval_limit if progress.since else 0,
            "suspendedAt": progress.since,
            "approvalDecision": progress.decision,
        }
        return {
            "name": name,
            "status": progress.status,
            "dataArtifacts": progress.wrote,
            **{key: value for key, value in optional.items() if value},
        }


def resumable(repository: Repository, workflow: str, run_id: str) -> dict[str, Any]:
    """The record of the failed run of a workflow, or of the named one.

    Raises:
        UserError: no run of it has failed, or several have and none is named.
    """
    failed = [
        run
        for run in repository.documents("runs")
        if run["workflowName"] == workflow and run["status"] == "failed" and run_id in ("", run["runId"])
    ]
    if not failed:
        raise UserError(f'No failed runs found for workflow "{workflow}"', "workflow_resume_failed")
    if len(failed) > 1:
        listed = "\n  ".join(run["runId"] for run in failed)
        raise UserError(
            f'Multiple failed runs found for workflow "{workflow}":\n  {listed}\n'
            "Use --run <run-id> to specify which run to resume.",
            "workflow_resume_failed",
        )
    return dict(failed[0])


def steps_to_repeat(workflow: str, steps: Sequence[Step], first: str) -> set[str]:
    """The names of a step of a workflow, or of its items if it has some, and of all that depend on it.

    Raises:
        UserError: there is no such step.
    """
    found = {step.name for step in steps if step.expanded == first}
    if not found:
        raise UserError(f'Step "{first}" not found in workflow "{workflow}".', "workflow_resume_failed")
    while more := {step.name for step in steps if step.name not in found and found & set(step.after)}:
        found |= more
    return found


def steps_left(record: dict[str, Any]) -> set[str]:
    """The names of the steps that a suspended run has not run yet."""
    return {step["name"] for step in record["steps"] if step["status"] == "pending"}


def interrupt(progress: _Progress, reason: str) -> None:
    """Record that a step has not ended because the orchestrator ends."""
    if progress.status == "running":
        progress.status, progress.error = "failed", f"interrupted: {reason}"


def interrupted(run: dict[str, Any], reason: str) -> dict[str, Any]:
    """The record of a run that an earlier orchestrator has not finished."""
    steps = [step_interrupted(step, reason) for step in run["steps"]]
    ended = {"status": "failed", "completedAt": stamp(), "tags": {"interrupt_reason": reason}}
    return {**run, **ended, "steps": steps}


def step_interrupted(step: dict[str, Any], reason: str) -> dict[str, Any]:
    """The record of a step of such a run."""
    if step["status"] != "running":
        return step
    return {**step, "status": "failed", "error": f"interrupted: {reason}"}
