"""Steps that wait for an approval: the list of them, and the decision about one."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from standin.errors import UserError
from standin.moments import moment, now, stamp
from standin.repository import Repository

# The status of a run that waits for an approval, and of a step that must be approved.
SUSPENDED, WAITING = "suspended", "waiting_approval"
_REJECTED = "Approval rejected"


def pending(repository: Repository) -> list[dict[str, Any]]:
    """`swamp workflow approvals`: each suspended run with the first step that waits, the oldest first."""
    found = []
    for run in sorted(repository.documents("runs"), key=lambda run: str(run["startedAt"])):
        steps = waiting_in(run) if run["status"] == SUSPENDED else []
        found += [pending_step(run, step) for step in steps[:1] if not is_late(step)]
    return found


def is_late(step: dict[str, Any]) -> bool:
    """Whether the time limit for the approval of a step is over."""
    return "approvalLimit" in step and waited(step) > timedelta(seconds=step["approvalLimit"])


def waited(step: dict[str, Any]) -> timedelta:
    """For how long a step has waited for its approval."""
    return now() - moment(step["suspendedAt"])


def waiting_in(run: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of the steps of a run that wait."""
    return [step for step in run["steps"] if step["status"] == WAITING]


def pending_step(run: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    """The entry of a step in the list of approvals."""
    return {
        "workflowName": run["workflowName"],
        "runId": run["runId"],
        "stepName": step["name"],
        "suspendedAt": step["suspendedAt"],
        "prompt": step["approvalPrompt"],
        "inputs": run["inputs"],
    }


def decide(
    repository: Repository,
    workflow: str,
    step: str,
    run_id: str,
    *,
    approves: bool,
    note: str,
    person: str,
) -> dict[str, Any]:
    """Approve or reject a step that waits.

    Args:
        repository: of the run.
        workflow: of the run.
        step: its name.
        run_id: the id of the run; empty if there is only one that is suspended.
        approves: whether it is approved.
        note: the reason; empty for none.
        person: who decides.

    Returns:
        The answer of the command.

    Raises:
        UserError: there is no such run, or the step does not wait.
    """
    run = suspended(repository, workflow, run_id)
    decision = {"approved": approves, "reason": note, "decidedBy": person, "decidedAt": stamp()}
    check(run, step)
    steps = [decided(each, decision) if each["name"] == step else each for each in run["steps"]]
    repository.write(
        f"runs/{run['runId']}.json", {**run, "steps": steps, **({} if approves else ended(step, note))}
    )
    return {
        "runId": run["runId"],
        "workflowName": workflow,
        "stepName": step,
        "approved": approves,
        "decidedBy": person,
        "reason": note or None,
        **({} if approves else {"runStatus": "failed"}),
    }


def check(run: dict[str, Any], step: str) -> None:
    """Check that somebody may decide about a step of a run.

    Raises:
        UserError: it does not wait for an approval, or no longer.
    """
    waits = {each["name"]: each for each in waiting_in(run)}
    if step not in waits:
        raise UserError(f'Step "{step}" is not awaiting approval in the suspended run')
    if is_late(waits[step]):
        raise UserError(
            f'Approval timed out: step "{step}" has been waiting {waited(waits[step]).total_seconds():.0f}s '
            f"(timeout: {waits[step]['approvalLimit']}s)"
        )


def decided(step: dict[str, Any], decision: dict[str, Any]) -> dict[str, Any]:
    """The record of a step about which somebody has decided."""
    if decision["approved"]:
        return {**step, "status": "succeeded", "approvalDecision": decision}
    error = decision["reason"] or _REJECTED
    return {**step, "status": "failed", "error": error, "approvalDecision": decision}


def ended(step: str, note: str) -> dict[str, Any]:
    """What a rejection changes in the record of a run."""
    return {
        "status": "failed",
        "completedAt": stamp(),
        "failedStep": step,
        "failureReason": note or _REJECTED,
    }


def suspended(repository: Repository, workflow: str, run_id: str) -> dict[str, Any]:
    """The record of the suspended run of a workflow, or of the named one.

    Raises:
        UserError: there is none, or no such workflow, or there are several and none is named.
    """
    from standin.orchestrator.workflow import file_of

    file_of(repository, workflow)
    found = [
        run
        for run in repository.documents("runs")
        if run["workflowName"] == workflow and run["status"] == SUSPENDED and run_id in ("", run["runId"])
    ]
    if not found:
        raise UserError(f'No suspended runs found for workflow "{workflow}"')
    if len(found) > 1:
        listed = "\n  ".join(run["runId"] for run in found)
        raise UserError(
            f'Multiple suspended runs found for workflow "{workflow}":\n  {listed}\n'
            "Use --run <run-id> to specify which run to target."
        )
    return dict(found[0])


def approved(repository: Repository, workflow: str, run_id: str) -> dict[str, Any]:
    """The record of the suspended run of a workflow, of which no step waits any more.

    Raises:
        UserError: there is none, or a step of it waits.
    """
    record = suspended(repository, workflow, run_id)
    for step in record["steps"]:
        if step["status"] == WAITING:
            raise UserError(
                f'Step "{step["name"]}" is still awaiting approval. '
                f'Run "swamp workflow approve {workflow} {step["name"]}" first.'
            )
    return record


def user() -> str:
    """The name of the user of this process."""
    return os.environ.get("USER") or os.environ.get("USERNAME") or "unknown"
