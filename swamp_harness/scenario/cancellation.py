"""A cancelled run: what the operator is told, and what is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from swamp_harness.product.records import BUSY
from swamp_harness.product.run_records import ACTIVE
from swamp_harness.scenario.runs import Lateness, latest_end
from swamp_harness.scenario.world import World


def told_of_cancellation(world: World) -> dict[str, Any]:
    """How the command that cancels ended, and which run it says it cancels."""
    result = world.operator.last
    named = world.operator.run_told_as_cancelled() if result.succeeded else ""
    this = named == world.runs.last.run_id
    return {"command": result.outcome, "cancels": "this run" if this else named or "no run"}


def left_when_told_as_cancelled(world: World) -> list[str]:
    """What was still at work when the command said that the run is cancelled, or that it did not say so."""
    if not world.operator.run_told_as_over():
        return [
            f"the command does not say so: {world.operator.last.stdout}{world.operator.last.stderr}".strip()
        ]
    return world.left_at_cancellation


def end_after_answer(world: World, step: str, allowed: timedelta) -> Lateness:
    """Whether the lease of a step ended soon enough after the operator's last command had answered."""
    answered = world.operator.last.ended
    return Lateness.of(latest_end(world, lambda lease: lease.step == step, answered), allowed)


def cancel_run(world: World) -> None:
    """Cancel the run that was started last, and note what is still at work after the answer."""
    world.operator.cancel_run(world.runs.last.run_id, world.orchestrator.api.url)
    world.left_at_cancellation = _left_of_runs(world)


def _left_of_runs(world: World) -> list[str]:
    """What still shows a step: processes on its machine, active leases, busy workers, the queue."""
    processes = [
        f'on the machine of "{name}": {process}'
        for name in world.workers.names()
        for process in world.processes_of_steps(name)
    ]
    leases = [str(lease) for lease in world.leases() if lease.state == ACTIVE]
    busy = [f'busy: the worker "{member.name}"' for member in world.members() if member.status == BUSY]
    queued = [f'queued: the step "{step}"' for step in world.queued_steps()]
    return [*processes, *leases, *busy, *queued]
