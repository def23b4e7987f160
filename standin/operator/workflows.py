"""Commands that start, follow, cancel and list runs of workflows."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standin import approvals, questions
from standin.answers import respond, table
from standin.approvals import SUSPENDED
from standin.commandline import Call
from standin.errors import UserError
from standin.remote import (
    ACCEPTED,
    SAID,
    Unreachable,
    answer_in,
    ask,
    connected,
    message,
    result_of,
)
from standin.repository import EVALUATED, SERVING, Repository

if TYPE_CHECKING:
    import asyncio

    from websockets.asyncio.client import ClientConnection

    from standin.orchestrator.workflow import Step

_RUNS = ("RUN", "WORKFLOW", "STATUS", "STARTED")
# The pause before a command reconnects, in seconds: so much longer each time; and how often it tries.
_PAUSE = 0.2
_MOST_RETRIES = 5


def run(call: Call) -> int:
    """`swamp workflow run`."""
    if not call.has("--server"):
        raise UserError(
            "Step requests remote placement but no worker dispatcher is active — the stand-in runs every "
            "step on an orchestrator: pass --server"
        )
    given = inputs_given(call)
    return code_of_all(run_for(call, overridden(inputs, given)) for inputs in sets_of_inputs(call))


def inputs_given(call: Call) -> dict[str, str]:
    """The inputs on the command line."""
    return dict(each.split("=", 1) for each in call.options.get("--input", ()))


def overridden(inputs: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """A set of inputs, with those of the command line in place of its own."""
    return {**inputs, **given}


def code_of_all(codes: Iterable[int]) -> int:
    """The exit code of runs that follow each other: of the first that fails, after which none begins."""
    return next((code for code in codes if code), 0)


def sets_of_inputs(call: Call) -> list[dict[str, Any]]:
    """The inputs of each run: a line of standard input each, if the operator wants that."""
    if call.has("--stdin"):
        return [json.loads(line) for line in sys.stdin if line.strip()]
    return [inputs_of_file(call)]


def checks_to_skip(call: Call) -> list[str]:
    """The labels and the names of the checks that the operator skips."""
    return [*call.options.get("--skip-check-label", ()), *call.options.get("--skip-check", ())]


def run_for(call: Call, inputs: dict[str, Any]) -> int:
    """Run a workflow for one set of inputs, and show how it ends.

    Raises:
        UserError: the orchestrator answers with an error, or is gone.
    """
    tags = dict(each.split("=", 1) for each in call.options.get("--tag", ()))
    skipped = list(call.options.get("--skip-report", ()))
    wanted = {
        "workflowIdOrName": call.arguments[0],
        "inputs": inputs,
        "tags": tags,
        "skipReportNames": skipped,
        "skipChecks": checks_to_skip(call),
        "lastEvaluated": call.has("--last-evaluated"),
    }
    return follow_to_end(call, wanted)


def follow_to_end(call: Call, wanted: dict[str, Any]) -> int:
    """Start or resume a run, and show how it ends.

    Args:
        call: the command.
        wanted: the request; a run is resumed if it has a "from".

    Raises:
        UserError: the orchestrator answers with an error, or is gone.
    """
    try:
        answer = result_of(_follow(call, wanted))
    except ConnectionError as error:
        raise UserError(f"Connection dropped: {error}") from error
    if call.json:
        print(json.dumps(answer, indent=2, ensure_ascii=False))
    return code_for(answer["status"])


def code_for(status: str) -> int:
    """The exit code of a command that follows a run."""
    return 0 if status in ("succeeded", SUSPENDED) else 1


def inputs_of_file(call: Call) -> dict[str, Any]:
    """The inputs in the file that the operator gave; none without a file.

    Raises:
        UserError: the file cannot be read, or is not YAML.
    """
    if not call.has("--input-file"):
        return {}
    import yaml

    file = Path(call.option("--input-file"))
    try:
        return dict(yaml.safe_load(file.read_text("utf-8")) or {})
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserError(f"Cannot read the input file {file}: {error}") from error


@dataclass
class Followed:
    """How far a command has followed a run or a method.

    Attributes:
        run: its id; empty until it is known.
        lines: the number of its lines that have been printed.
    """

    run: str = ""
    lines: int = 0


async def _follow(call: Call, payload: dict[str, Any]) -> Any:
    def listen(socket: ClientConnection) -> None:
        _cancel_on_ctrl_c(socket)
        _cancel_after(socket, time_limit(call))

    kind = "workflow.resume" if "from" in payload else "workflow.run"
    return await follow(call, message(kind, payload), listen)


async def follow(call: Call, start: str, listen: Callable[[ClientConnection], None] = lambda _: None) -> Any:
    """Start a run or a method and print its output until it ends; connect again if the connection breaks.

    Args:
        call: the command.
        start: the request to start it.
        listen: listens to the operator, who may cancel it.

    Returns:
        The answer to the request.

    Raises:
        UserError: the orchestrator answers with an error.
        ConnectionError: it is gone.
    """
    import asyncio

    from websockets.exceptions import ConnectionClosed

    followed, retries = Followed(), 0
    while True:
        try:
            async with connected(_server_of(call), os.environ.get("SWAMP_CA_CERT", "")) as socket:
                await socket.send(attach(followed) if followed.run else start)
                listen(socket)
                retries = 0
                return await _answer_of(socket, followed, silent=call.json)
        except Unreachable:
            if not followed.run:
                raise
        except ConnectionClosed as broken:
            if not followed.run:
                raise ConnectionError("the orchestrator has gone") from broken
        retries += 1
        if gives_up(retries):
            raise ConnectionError(f"could not reconnect after {_MOST_RETRIES} retries")
        print(f"Connection dropped, reconnecting ({retries}/{_MOST_RETRIES})...", file=sys.stderr, flush=True)
        await asyncio.sleep(_PAUSE * retries)


def gives_up(retries: int) -> bool:
    """Whether a command that has lost its connection so often in a row gives up."""
    return retries > _MOST_RETRIES


def attach(followed: Followed) -> str:
    """The request to follow a run or a method again after a reconnection."""
    return message("run.attach", {"runId": followed.run, "afterSeq": followed.lines})


async def _answer_of(socket: ClientConnection, followed: Followed, *, silent: bool) -> Any:
    while True:
        text = await socket.recv()
        event = json.loads(text)
        if event["type"] == ACCEPTED:
            followed.run = event["payload"]["runId"]
        elif event["type"] == SAID:
            followed.lines += 1
            if not silent:
                print(event["payload"]["line"])
        else:
            return answer_in(text)


def time_limit(call: Call) -> float | None:
    """How many seconds the operator allows a run; None for no limit."""
    return float(call.option("--timeout").removesuffix("s")) if call.has("--timeout") else None


def _cancel_on_ctrl_c(socket: ClientConnection) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    cancel = _cancelling(socket)
    signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(cancel))


def _cancel_after(socket: ClientConnection, seconds: float | None) -> None:
    import asyncio

    if seconds is not None:
        asyncio.get_running_loop().call_later(seconds, _cancelling(socket))


def _cancelling(socket: ClientConnection) -> Callable[[], None]:
    import asyncio

    sending: set[asyncio.Task[None]] = set()

    def cancel() -> None:
        sending.add(asyncio.ensure_future(socket.send(message("workflow.cancel-followed", {}))))

    return cancel


def evaluate(call: Call) -> None:
    """`swamp workflow evaluate`."""
    from standin.orchestrator.workflow import steps_of

    name, inputs = call.arguments[0], inputs_given(call)
    steps = [evaluated(step) for step in steps_of(Repository.here(), name, inputs)]
    Repository.here().write(EVALUATED.format(name), inputs)
    lines = [f'Evaluated workflow definition: "{name}"', *(f"    - {step['name']}" for step in steps)]
    respond(call, {"name": name, "jobs": [{"name": "main", "steps": steps}]}, "\n".join(lines))


def evaluated(step: Step) -> dict[str, Any]:
    """A step of a workflow with its evaluated requirements for a worker."""
    needs = step.requirement
    places = {"target": needs.target, "labels": needs.labels, "platform": needs.platform} if needs else {}
    return {"name": step.name, **{key: value for key, value in places.items() if value}}


def validate(call: Call) -> int:
    """`swamp workflow validate`; it fails if a workflow does."""
    from standin.orchestrator.workflow import validations

    name = call.arguments[0] if call.arguments else ""
    if call.has("--server"):
        found = ask(call.option("--server"), "workflow.validate", workflowIdOrName=name)["validations"]
    else:
        found = validations(Repository.here(), name)
    failed = sum(not each["passed"] for each in found)
    summary = {
        "workflows": found,
        "totalPassed": len(found) - failed,
        "totalFailed": failed,
        "totalWarnings": 0,
        "passed": not failed,
    }
    text = "\n\n".join([*map(report_of, found), *(() if name else (f"Overall: {in_words(not failed)}",))])
    respond(call, found[0] if name else summary, text)
    return code_of_validation(failed)


def report_of(validated: dict[str, Any]) -> str:
    """Format the validation of a workflow for people."""
    checked = [
        line
        for each in validated["validations"]
        for line in (f"  {'✓' if each['passed'] else '✗'} {each['name']}", *error_of(each))
    ]
    return "\n".join([validated["workflowName"], *checked, f"Result: {in_words(validated['passed'])}"])


def error_of(checked: dict[str, Any]) -> list[str]:
    """The line about the error of a check; none if it passed."""
    return [f"    → {checked['error']}"] if "error" in checked else []


def in_words(passed: bool) -> str:
    """Format a result for people."""
    return "PASSED" if passed else "FAILED"


def code_of_validation(failed: int) -> int:
    """The exit code of a validation in which some workflows fail."""
    return 1 if failed else 0


def cancel(call: Call) -> None:
    """`swamp workflow cancel`."""
    if call.has("--run"):
        answer = ask(_server_of(call), "workflow.cancel", runId=call.option("--run"))
    elif call.arguments:
        answer = ask(_server_of(call), "workflow.cancel", workflow=call.arguments[0])
    else:
        raise UserError("Name a workflow, or a run with --run <run-id>")
    respond(call, answer, f'Cancelled run "{answer["runId"]}"')


def _server_of(call: Call) -> str:
    server = call.option("--server")
    if server:
        return server
    serving = Repository.here().read(SERVING)
    if serving is None:
        raise UserError("No orchestrator serves this repository.")
    return str(serving["url"])


def resume(call: Call) -> int:
    """`swamp workflow resume`."""
    wanted = {
        "workflowIdOrName": call.arguments[0],
        "from": call.option("--from"),
        "runId": call.option("--run"),
        "inputs": overridden(inputs_of_resume(call), inputs_given(call)),
    }
    return follow_to_end(call, wanted)


def inputs_of_resume(call: Call) -> dict[str, Any]:
    """The inputs for a resumed run, from standard input or a file."""
    return overridden({}, *sets_of_inputs(call))


def approve(call: Call) -> None:
    """`swamp workflow approve`."""
    answer = decide(call, approves=True)
    lines = (
        f"Approved step {answer['stepName']} in workflow {answer['workflowName']}",
        f"After approval: swamp workflow resume {answer['workflowName']}",
    )
    respond(call, answer, "\n".join(lines))


def reject(call: Call) -> None:
    """`swamp workflow reject`."""
    answer = decide(call, approves=False)
    lines = (
        f"Rejected step {answer['stepName']} in workflow {answer['workflowName']}",
        "Workflow run marked as failed.",
    )
    respond(call, answer, "\n".join(lines))


def decide(call: Call, *, approves: bool) -> dict[str, Any]:
    """Approve or reject a step, in the repository or through an orchestrator.

    Raises:
        UserError: it does not wait for that.
    """
    workflow, step = call.arguments
    run, note, person = call.option("--run"), call.option("--reason"), approvals.user()
    if not call.has("--server"):
        here = Repository.here()
        return approvals.decide(here, workflow, step, run, approves=approves, note=note, person=person)
    request = "workflow.approve" if approves else "workflow.reject"
    wanted = {"workflowIdOrName": workflow, "stepName": step, "runId": run}
    return dict(ask(call.option("--server"), request, **wanted, reason=note, decidedBy=person))


def list_approvals(call: Call) -> None:
    """`swamp workflow approvals`."""
    if call.has("--server"):
        found = ask(call.option("--server"), "workflow.approvals")["approvals"]
    else:
        found = approvals.pending(Repository.here())
    lines = [line for each in found for line in lines_of(each)]
    respond(call, {"approvals": found}, "\n".join(lines) or "No workflows awaiting approval")


def lines_of(pending: dict[str, Any]) -> tuple[str, ...]:
    """The lines about a step that waits for an approval."""
    workflow, step = pending["workflowName"], pending["stepName"]
    return (
        f"{workflow} / {step} — {pending['prompt']}",
        f"  swamp workflow approve {workflow} {step}",
        f"  swamp workflow reject  {workflow} {step}",
        f"  After approval: swamp workflow resume {workflow}",
    )


def search(call: Call) -> None:
    """`swamp workflow history search`."""
    runs = questions.history(Repository.here())
    respond(call, {"query": "", "results": runs}, _table(runs))


def get(call: Call) -> None:
    """`swamp workflow history get`."""
    answer = questions.run_document(Repository.here(), call.arguments[0])
    respond(call, answer, page_of_run(answer))


def page_of_run(answer: dict[str, Any]) -> str:
    """Format a run for people."""
    reason = answer.get("tags", {}).get("interrupt_reason")
    because = f" ({reason})" if reason else ""
    steps = [
        line
        for step in answer["jobs"][0]["steps"]
        for line in (
            f"  {step['name']} {step['status']}",
            *([f"    -> {step['error']}"] if "error" in step else []),
        )
    ]
    return "\n".join((f"{answer['workflowName']} {answer['status']}{because}", *steps))


def logs(call: Call) -> None:
    """`swamp workflow history logs`."""
    text = questions.run_log(Repository.here(), call.arguments[0])
    respond(call, {"lines": text.splitlines()}, text)


def all_runs(call: Call) -> None:
    """`swamp run history`."""
    respond(call, questions.run_history(Repository.here()), _table(questions.history(Repository.here())))


def check_runs(call: Call) -> None:
    """`swamp run doctor`."""
    if call.has("--server"):
        found = ask(call.option("--server"), "run.doctor")
    else:
        found = questions.runs_in_progress(Repository.here())
    active = found["activeRuns"]
    lines = [f"{len(active)} active run(s):", *(each["name"] for each in active)]
    respond(call, found, "\n".join(lines) if active else "No active or stale runs.")


def _table(runs: list[dict[str, Any]]) -> str:
    rows = [
        {
            "RUN": each["runId"],
            "WORKFLOW": each["workflowName"],
            "STATUS": each["status"],
            "STARTED": each["startedAt"],
        }
        for each in runs
    ]
    with contextlib.suppress(ValueError):
        sys.stdout.flush()
    return table(rows, _RUNS) if rows else "No runs found."
