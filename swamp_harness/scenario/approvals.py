"""Runs that are suspended until an operator approves a step: the decision, and what is shown of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from swamp_harness.product.commands import Output
from swamp_harness.product.records import moment
from swamp_harness.product.run import SUSPENDED, WorkflowRun
from swamp_harness.product.run_records import steps_of
from swamp_harness.product.wordings import APPROVALS, NO_APPROVALS
from swamp_harness.scenario.list_answers import Answer, answers
from swamp_harness.scenario.probe import PROMPT
from swamp_harness.scenario.runs import inputs_of_workflow
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import ContractBroken
from swamp_harness.system.limits import RUN_ENDED
from swamp_harness.system.waiting import wait_for_moment, wait_until

_WHEN_REACHED = "when its run got there"
# The runs of a scenario, in the words of the features.
_ORDER = ("the first", "the second", "the third")


def wait_for_suspension(world: World) -> None:
    """Wait until the command that follows the last run has ended.

    Raises:
        WaitTimeout: it does not end.
    """
    world.runs.last.wait_for_exit(RUN_ENDED)


def wait_until_reached(world: World, step: str) -> None:
    """Wait until the last run is suspended at a step, whether or not the command that follows it has ended.

    Raises:
        WaitTimeout: it is not suspended.
    """
    wait_until(
        f'the run to be suspended at the step "{step}"',
        lambda: world.orchestrator.api.run_status(world.runs.last.run_id),
        lambda status: status == SUSPENDED,
        RUN_ENDED,
    )


def wait_until_too_late(world: World, step: str) -> None:
    """Wait until the time limit for the approval of a step is over; its run is suspended already."""
    limit = next(each.task.approval_limit for each in world.workflow.steps if each.name == step)
    wait_for_moment(
        f'the time limit for the approval of "{step}"', datetime.now(UTC) + timedelta(seconds=limit)
    )


def decide(
    world: World,
    step: str,
    *,
    approves: bool,
    note: str = "",
    person: str = "",
    of_first_run: bool = False,
    through_orchestrator: bool = False,
    server_token_of: str = "",
) -> None:
    """Approve or reject a step of a run of the scenario's workflow; the command may fail.

    Args:
        world: the scenario's.
        step: the step.
        approves: whether the operator approves it.
        note: the reason that the command gives; none if empty.
        person: the name of the user who runs the command; that of the environment if empty.
        of_first_run: whether the command names the first run.
        through_orchestrator: whether the orchestrator does it.
        server_token_of: the client whose server token the command presents; none if empty.
    """
    world.operator.decide(
        world.workflow.name,
        step,
        approves=approves,
        note=note,
        person=person,
        run_id=world.runs.first.run_id if of_first_run else "",
        through=world.orchestrator.api.url if through_orchestrator else "",
        server_token=str(world.server_tokens[server_token_of]) if server_token_of else "",
    )


def asked(world: World) -> dict[str, str]:
    """The step that must be approved and the question, by the command that followed the last run."""
    return world.runs.last.approval_asked()


def asked_about(step: str) -> dict[str, str]:
    """The expected value of `asked`."""
    return {"step": step, "prompt": PROMPT}


def waiting(world: World) -> list[Answer]:
    """The list of approvals, in text and in JSON, in the repository and through the orchestrator."""
    return list(answers(world, "workflow", "approvals"))


def expected_waiting(world: World, rows: list[Row], answer: Answer) -> list[Row]:
    """The rows of the feature with the question, and in JSON with what else is known of the runs.

    A list in text does not distinguish the runs.
    """
    named = [key for key in ("workflow", "step", "run") if key != "run" or answer.in_json]
    inputs = json.dumps(inputs_of_workflow(world), sort_keys=True)
    known = {"prompt": PROMPT} | ({"inputs": inputs, "since": _WHEN_REACHED} if answer.in_json else {})
    return [{**{key: row[key] for key in named if key in row}, **known} for row in rows]


def listed_waiting(world: World, headings: list[str], answer: Answer) -> list[Row]:
    """The steps that wait for approval, in an answer.

    Args:
        world: the scenario's.
        headings: some of workflow, step, run.
        answer: of the list.

    Raises:
        ContractBroken: the answer has neither such steps nor the message for none.
    """
    if answer.in_json:
        runs = {run.run_id: run for run in world.runs.all() if isinstance(run, WorkflowRun)}
        order = dict(zip(runs, _ORDER, strict=False))
        rows = [
            {
                "workflow": item["workflowName"],
                "step": item["stepName"],
                "run": order.get(item["runId"], item["runId"]),
                "prompt": item["prompt"],
                "inputs": json.dumps(item["inputs"], sort_keys=True),
                "since": _since(item["suspendedAt"], runs.get(item["runId"]), answer),
            }
            for item in answer.result.answer("workflow-approvals")["approvals"]
        ]
    else:
        text = answer.result.stdout
        rows = [
            {**found.groupdict(), "prompt": found["prompt"].strip('"')} for found in APPROVALS.finditer(text)
        ]
        if bool(rows) == bool(NO_APPROVALS.search(text)):
            raise ContractBroken(f"Expected steps that wait for approval, or that there are none:\n{text}")
    shown = [*headings, "prompt", "inputs", "since"]
    cut = [{heading: row[heading] for heading in shown if heading in row} for row in rows]
    return sorted(cut, key=lambda row: list(row.values()))


def _since(suspended: str, run: WorkflowRun | None, answer: Answer) -> str:
    """Since when a step waits, as a phrase if its run had started then and the list was asked for later."""
    if run is not None and run.started <= moment(suspended) <= answer.result.started:
        return _WHEN_REACHED
    return suspended


def decision(world: World, person: str, note: str) -> dict[str, Any]:
    """What is shown of the operator's last decision: in the answer, and in the record of the run.

    Args:
        world: the scenario's.
        person: the name to look for in the record.
        note: the text to look for in the record.

    Raises:
        ContractBroken: the answer breaks its contract.
    """
    answer = world.operator.last.answer("workflow-decision")
    shown = world.records.read("workflow", "history", "get", world.workflow.name).answer("workflow-run")
    # The answer names the file of the record; only the file has the decision.
    record = Path(shown["path"]).read_text("utf-8")
    return {
        "step": answer["stepName"],
        "approved": answer["approved"],
        "by": answer["decidedBy"],
        "note": answer["reason"],
        "in the record": {"by": person in record, "note": note in record},
    }


def decided(step: str, person: str, note: str, *, approved: bool) -> dict[str, Any]:
    """The expected value of `decision`."""
    recorded = {"by": True, "note": True}
    return {"step": step, "approved": approved, "by": person, "note": note, "in the record": recorded}


def note_in_history(world: World, note: str, output: Output) -> bool:
    """Whether the history of the last run shows a note as the error of a step."""
    shown = world.records.read("workflow", "history", "get", world.workflow.name, output=output)
    if output is Output.JSON:
        return note in [step.get("error") for step in steps_of(shown.answer("workflow-run"))]
    return note in shown.stdout
