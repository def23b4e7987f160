"""Runs whose orchestrator ends: what their history shows, and what is left of them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from swamp_harness.product.binary import Release
from swamp_harness.product.commands import Output
from swamp_harness.product.run import CANCELLED, FAILED
from swamp_harness.product.run_records import RunRecord
from swamp_harness.product.serve_api import NoAnswer
from swamp_harness.product.wordings import INTERRUPTIONS_SHOWN, NO_RUNS_IN_PROGRESS, reasons_given
from swamp_harness.scenario.absences import restart_orchestrator, restart_orchestrator_and_wait
from swamp_harness.scenario.enrollment import operate_with
from swamp_harness.scenario.list_answers import Answer, answers
from swamp_harness.scenario.probe import RESULT
from swamp_harness.scenario.runs import ANOTHER, end_allowed_by, left_of, start_another
from swamp_harness.scenario.step_progress import wait_until_begun, wait_until_ended
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.used_repository import STEP
from swamp_harness.scenario.world import World
from swamp_harness.system.limits import OUTPUT_SEEN, PROCESS_STOPPED, RUN_ENDED, Limit, time_scale
from swamp_harness.system.stop_request import StopRequest
from swamp_harness.system.waiting import WaitTimeout, wait_until

# The status of a run that an orchestrator did not finish: releases call it failed or cancelled.
_INTERRUPTED = "interrupted"
# What the check of all runs says when it finds none.
NONE_IN_PROGRESS = "0 active, 0 stale"
# Stands for an end at the right time.
RIGHT_AFTER = "right after that time"


def history(world: World, headings: Sequence[str]) -> list[Row]:
    """The history of workflow runs, the oldest first.

    Args:
        world: the scenario's.
        headings: some of workflow, status, because (why the orchestrator did not finish the run).
    """
    everywhere = world.records.statuses_in_run_history()
    rows = [
        {
            "workflow": record.workflow,
            "status": _status(record, everywhere.get(record.run_id, "missing")),
            "because": " and ".join(record.interruptions),
        }
        for record in world.records.runs()
    ]
    return [{heading: row[heading] for heading in headings} for row in rows]


def _status(record: RunRecord, elsewhere: str) -> str:
    ended = (FAILED, CANCELLED)
    if record.interruptions and record.status in ended and elsewhere in ended:
        return _INTERRUPTED
    if record.status == elsewhere:
        return record.status
    return f"{record.status}, but {elsewhere} in the history of all runs"


def steps_shown(world: World, steps: Sequence[str] | None = None) -> list[Row]:
    """The steps of the last run with their status, in its own history, by name.

    Args:
        world: the scenario's.
        steps: the names of those to return; all if None.
    """
    shown = world.records.steps_of_last_run(world.workflow.name)
    return sorted(
        (
            {"step": step["name"], "status": step["status"]}
            for step in shown
            if steps is None or step["name"] in steps
        ),
        key=lambda row: row["step"],
    )


def in_progress(world: World) -> dict[str, str]:
    """Which runs are in progress, by each way to ask for the check of all runs."""
    return {answer.how: _checked(answer) for answer in answers(world, "run", "doctor")}


def _checked(answer: Answer) -> str:
    if not answer.in_json:
        return NONE_IN_PROGRESS if NO_RUNS_IN_PROGRESS.search(answer.result.stdout) else answer.result.stdout
    counts = answer.result.answer("run-doctor")
    return f"{counts['active']} active, {counts['stale']} stale"


def left_on_the_orchestrator(world: World) -> list[str]:
    """The processes of steps that still run beside the orchestrator after the limit for their end."""
    return left_of("the machine of the orchestrator", world.processes_of_local_steps)


def reason_in_history(world: World, output: Output) -> str:
    """Why the orchestrator did not finish the last run, by its own history."""
    shown = world.records.read("workflow", "history", "get", world.workflow.name, output=output)
    reasons = reasons_given(shown.stdout, INTERRUPTIONS_SHOWN)
    return " and ".join(reasons) or "no reason"


def stop_during_steps(world: World, steps: Sequence[str], by: StopRequest = StopRequest.TERMINATION) -> None:
    """Stop the orchestrator while steps hold, and let them go on, each when the one before has ended.

    The first goes on when the orchestrator reports that it waits for its runs, or has ended, or after the
    limit. Workers on a network that can be cut do not try to connect when the orchestrator has ended.

    Raises:
        WaitTimeout: the orchestrator does not end.
    """
    _ask_to_stop(world, by)
    for number, step in enumerate(steps):
        world.probe_log.let_go_on(step)
        if number < len(steps) - 1:
            # The orchestrator may have ended, which later steps show.
            with contextlib.suppress(WaitTimeout, NoAnswer):
                wait_until_ended(world, step)
    _wait_until_stopped(world)


def start_during_stop(world: World, step: str, worker: str) -> None:
    """Stop the orchestrator while a step holds, and start another workflow; both steps go on, one by one.

    The orchestrator may refuse the other workflow.

    Args:
        world: the scenario's.
        step: that holds.
        worker: that the step of the other workflow is for.

    Raises:
        WaitTimeout: the run of the first step does not end, or the orchestrator does not.
    """
    first = world.runs.last
    _ask_to_stop(world)
    with contextlib.suppress(WaitTimeout, NoAnswer):
        start_another(world, worker, "pauses, then writes")
        wait_until_begun(world, ANOTHER)
    world.probe_log.let_go_on(step)
    first.wait_for_exit(RUN_ENDED)
    world.probe_log.let_go_on(ANOTHER)
    _wait_until_stopped(world)


def statuses_in_history(world: World) -> list[str]:
    """The statuses of the runs in the history, each once, by name."""
    return sorted({row["status"] for row in history(world, ["status"])})


def _ask_to_stop(world: World, by: StopRequest = StopRequest.TERMINATION) -> None:
    """Ask the orchestrator to stop, and wait until it reports that it waits for its runs, or has ended."""
    orchestrator = world.orchestrator
    orchestrator.ask_to_stop(by)
    with contextlib.suppress(WaitTimeout):
        wait_until(
            "the orchestrator to report that it waits for its runs",
            lambda: orchestrator.log.tail(3),
            lambda _: orchestrator.waits_for_runs or not orchestrator.alive,
            OUTPUT_SEEN,
        )


def _wait_until_stopped(world: World) -> None:
    world.orchestrator.wait_for_exit(
        Limit("a stop with runs in progress", _stopping(world) / time_scale() + PROCESS_STOPPED.nominal)
    )
    for network in world.workers.networks():
        network.cut()


def _stopping(world: World) -> float:
    # It is the product's and does not depend on the machine; only the time after it is scaled.
    return world.times.stopping.total_seconds()


def start_again(world: World) -> None:
    """Start the orchestrator again, and wait until every worker that runs is connected."""
    restart_orchestrator_and_wait(world, lambda: None)


def replace(world: World, release: Release) -> None:
    """Let another release serve the repository, and let the operator use it from now on.

    Raises:
        InfrastructureError: there is no such release.
    """
    binary = world.run_context.binary_of(release)

    def stop() -> None:
        world.orchestrator.stop()
        world.orchestrator.binary = binary

    operate_with(world, release)
    restart_orchestrator(world, stop)


def tokens_listed(world: World, names: Sequence[str]) -> dict[str, Any]:
    """The entries of some tokens in the token list, with the facts that the other release listed.

    A release may list more facts, so others are left out.
    """
    listed = {
        entry["name"]: entry for entry in world.records.read("worker", "token", "list").answer("token-list")
    }
    return {
        name: {key: listed.get(name, {}).get(key, "missing") for key in world.used.tokens[name]}
        for name in names
    }


def tokens_listed_before(world: World, names: Sequence[str]) -> dict[str, Any]:
    """The expected value of `tokens_listed`."""
    return {name: dict(world.used.tokens[name]) for name in names}


def result_of_before(world: World) -> Any:
    """What the operator reads in the first version of the data that the other release has written."""
    result = world.records.get_datum(STEP, RESULT, 1)
    return result.answer("data-get").get("content") if result.succeeded else str(result.outcome)


def time_to_stop(world: World) -> str:
    """Whether the orchestrator ended right after the time that it gives to its runs when it is stopped."""
    took = world.orchestrator.time_to_stop
    if took is None:
        return "not ended"
    allowed = world.times.stopping
    in_time = allowed <= took <= end_allowed_by(world, allowed)
    return RIGHT_AFTER if in_time else f"{took.total_seconds():.1f} s, allowed: {allowed.total_seconds():g} s"
