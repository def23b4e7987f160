"""Deadlines of tokens: whether the product enforces them in time."""

from __future__ import annotations

from datetime import timedelta

from swamp_harness.scenario.absences import restart_orchestrator
from swamp_harness.scenario.lateness import Lateness
from swamp_harness.scenario.runs import latest_end
from swamp_harness.scenario.world import World
from swamp_harness.system.limits import DEADLINE_ENFORCED, DEADLINE_KEPT
from swamp_harness.system.waiting import wait_for_moment, wait_until


def deadline_kept_by(world: World, name: str) -> str:
    """When a worker was disconnected, relative to the end of its token's lifetime.

    Disconnections that an outage of the worker's network caused do not count.

    Returns:
        "at the deadline", or how much before or after it.

    Raises:
        WaitTimeout: it was never disconnected.
    """
    worker = world.workers[name]
    outages = world.workers.network_outages_since(name, worker.started)
    _, end = world.operator.lifetimes[worker.settings.member]
    first = wait_until(
        f'"{name}" to be disconnected at its deadline, {end:%H:%M:%S} UTC',
        lambda: worker.disconnected_at[outages:],
        bool,
        DEADLINE_ENFORCED,
    )[0]
    late = (first - end).total_seconds()
    if late < 0:
        return f"{-late:.1f} s before the deadline"
    return "at the deadline" if late <= DEADLINE_KEPT.seconds else f"{late:.1f} s after the deadline"


def end_after_deadline(world: World, step: str, worker: str, allowed: timedelta) -> Lateness:
    """Whether the lease of a step on a worker ended in time after the lifetime of the worker's token."""
    deadline = world.operator.lifetimes[worker][1]
    late = latest_end(world, lambda lease: (lease.step, lease.worker) == (step, worker), deadline)
    return Lateness.of(late, allowed)


def restart_orchestrator_after_expiry_of(world: World, token: str) -> None:
    """Kill the orchestrator, and start it again once the lifetime of a token has passed."""

    def kill_and_wait() -> None:
        world.orchestrator.kill()
        wait_for_lifetime(world, token)

    restart_orchestrator(world, kill_and_wait)


def wait_for_lifetime(world: World, token: str, part: float = 1) -> None:
    """Wait until the lifetime of a token, or a part of it, has passed."""
    start, end = world.operator.lifetimes[token]
    what = "the lifetime" if part == 1 else f"{part:.0%} of the lifetime"
    wait_for_moment(f'{what} of the token "{token}" to pass', start + part * (end - start))
