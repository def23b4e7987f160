"""A cancelled run: what the command reports, and what is left."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from swamp_harness.product.records import BUSY
from swamp_harness.product.run_records import ACTIVE, LeaseRecord
from swamp_harness.scenario.command_reports import reports_run_as_over, run_reported_as_cancelled
from swamp_harness.scenario.lateness import Lateness
from swamp_harness.scenario.runs import latest_end
from swamp_harness.scenario.world import World

AFTER = "after its end"


def reported_cancellation(world: World) -> dict[str, Any]:
    """The outcome of the cancelling command, and the run that it names."""
    result = world.operator.last
    named = run_reported_as_cancelled(result) if result.succeeded else ""
    this = named == world.runs.last.run_id
    return {"command": result.outcome, "cancels": "this run" if this else named or "no run"}


def reported_while_running(world: World, step: str) -> bool:
    """Whether the command reported the run as cancelled, and the lease of a step ended only after that."""
    if not reports_run_as_over(world.operator.last):
        return False
    after = latest_end(world, partial(_is_of, step), world.operator.last.ended)
    return after is None or after > timedelta()


def left_when_reported_as_cancelled(world: World) -> list[str]:
    """What was still running when the command reported the cancellation; or that it reported none."""
    if not reports_run_as_over(world.operator.last):
        return [
            "the command does not report that the run is cancelled: "
            f"{world.operator.last.stdout}{world.operator.last.stderr}".strip()
        ]
    return world.left_at_cancellation


def end_after_answer(world: World, step: str, allowed: timedelta) -> Lateness:
    """Whether the lease of a step ended in time after the answer to the operator's last command."""
    return Lateness.of(latest_end(world, partial(_is_of, step), world.operator.last.ended), allowed)


def start_beside_lease(world: World, step: str, other: str) -> str:
    """Whether a step, which has started, did so after the last lease of another step had ended."""
    started = world.probe_log.starts(step)[0].at
    late = latest_end(world, partial(_is_of, other), started)
    return AFTER if late is not None and late <= timedelta() else f"{step} started at {started}, before that"


def _is_of(step: str, lease: LeaseRecord) -> bool:
    return lease.step == step


def cancel_run(
    world: World, *, by_name: bool = False, by_variable: bool = False, of_first_run: bool = False
) -> None:
    """Cancel the last run, and record what is still running after the answer.

    Args:
        world: the scenario's.
        by_name: whether to do it in the repository, by the name of the workflow; then nothing is recorded.
        by_variable: whether a variable gives the address of the orchestrator, not the command line.
        of_first_run: whether to cancel the first run instead.
    """
    if by_name:
        world.operator.cancel_workflow(world.workflow.name)
        return
    run = world.runs.first if of_first_run else world.runs.last
    world.operator.cancel_run(run.run_id, world.orchestrator.api.url, by_variable=by_variable)
    world.left_at_cancellation = _left_of_runs(world)


def _left_of_runs(world: World) -> list[str]:
    """What is left of steps: processes on workers' machines, active leases, busy workers, queued steps."""
    processes = [
        f'on the machine of "{name}": {process}'
        for name in world.workers.names()
        for process in world.processes_of_steps(name)
    ]
    leases = [str(lease) for lease in world.leases() if lease.state == ACTIVE]
    busy = [f'busy: the worker "{member.name}"' for member in world.members() if member.status == BUSY]
    queued = [f'queued: the step "{step}"' for step in world.queued_steps()]
    return [*processes, *leases, *busy, *queued]
