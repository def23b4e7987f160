"""Networks that fail, workers that come back: what happens, and their place in the pool."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from swamp_harness.product.serve_api import LiveMember
from swamp_harness.scenario import absences
from swamp_harness.scenario.enrollment import is_connected
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import (
    ATTEMPTS_MADE,
    GRACE_WINDOW_OVER,
    POOL_CHANGED,
    SILENCE_NOTICED,
    WORKER_CONNECTED,
    Limit,
    time_scale,
)
from swamp_harness.system.waiting import WaitTimeout, wait_for_moment, wait_until

# The product removes a worker from the pool when its grace window is over, and takes a moment to do so.
_AFTER_A_WINDOW = timedelta(seconds=2)


@dataclass(frozen=True)
class Standing:
    """How a pool member has fared since some moment.

    Attributes:
        running: its process runs.
        connected: the live pool shows it as connected.
        disconnections: how often it has said that it was disconnected.
        same_enrollment: the worker list shows the enrollment that it had at that moment.
    """

    running: bool
    connected: bool
    disconnections: int
    same_enrollment: bool

    def __str__(self) -> str:
        """As a list of facts."""
        return (
            f"process {'running' if self.running else 'ended'}, "
            f"{'connected' if self.connected else 'not connected'}, "
            f"disconnected {self.disconnections} times, "
            f"{'the enrollment it had' if self.same_enrollment else 'a later enrollment'}"
        )


UNDISTURBED = Standing(running=True, connected=True, disconnections=0, same_enrollment=True)


def standing_of(world: World, name: str, since: datetime) -> Standing:
    """How a worker's pool member has fared since a moment."""
    worker, member = world.workers[name], world.member_of(name)
    return Standing(
        running=worker.alive,
        connected=is_connected(world, name),
        disconnections=len(worker.disconnected_at),
        same_enrollment=any(
            each.name == member and each.enrolled_at is not None and each.enrolled_at < since
            for each in world.operator.pool()
        ),
    )


def kept_after_grace_window(world: World, name: str) -> list[LiveMember]:
    """Wait out the grace window, and return what the live pool then still holds of a worker.

    Raises:
        WaitTimeout: the pool still holds it.
    """
    return wait_until(
        f'"{name}" to be removed from the pool after the grace window of {_grace_window(world):g} s',
        lambda: world.live_pool(name),
        lambda members: not members,
        beyond_grace_window(world, GRACE_WINDOW_OVER),
    )


def beyond_grace_window(world: World, limit: Limit) -> Limit:
    """A limit that begins only when the grace window is over."""
    # The window is the product's own and no slower on a slow machine; only the slack after it is scaled.
    return Limit(limit.name, _grace_window(world) / time_scale() + limit.nominal)


def _grace_window(world: World) -> float:
    return world.times.grace_window.total_seconds()


@dataclass(frozen=True)
class Membership:
    """What makes a worker the same pool member over a loss of its connection.

    Attributes:
        instance: the instance uuid.
        enrolled_at: when it enrolled, as the worker list tells it.
        connected: whether it is connected.
    """

    instance: str
    enrolled_at: str
    connected: bool

    def __str__(self) -> str:
        """As a list of facts."""
        connected = "connected" if self.connected else "not connected"
        return f"instance {self.instance}, enrolled at {self.enrolled_at}, {connected}"


def first_membership(world: World, worker: str) -> Membership:
    """The pool member that a worker became when the scenario enrolled it, connected."""
    member = world.first_membership(worker)
    return Membership(member.instance, str(member.enrolled_at), connected=True)


def membership(world: World, worker: str) -> Membership:
    """The pool member that a worker is now, once it is connected."""
    with contextlib.suppress(WaitTimeout):
        wait_until(f'"{worker}" to be connected', lambda: _connected(world, worker), bool, POOL_CHANGED)
    listed = [member for member in world.operator.pool(past=True) if member.name == worker]
    if not listed:
        return Membership("none", "never", connected=False)
    return Membership(listed[0].instance, str(listed[0].enrolled_at), connected=_connected(world, worker))


def _connected(world: World, worker: str) -> bool:
    return any(member.connected for member in world.live_pool(worker))


def silence_until_noticed(world: World, worker: str) -> None:
    """Let the network of a worker swallow everything until the orchestrator takes the worker for lost."""
    absences.lose(world, worker, world.workers.network(worker).stall, SILENCE_NOTICED)


def break_unnoticed(world: World, worker: str) -> None:
    """Break the network of a worker, and let the orchestrator notice only once the worker is back.

    A worker whose process has ended does not come back: what follows will find it not connected.

    Raises:
        WaitTimeout: it still runs, and does not come back.
    """
    network, actor = world.workers.network(worker), world.workers[worker]
    before = actor.enrollments
    network.break_near_ends()
    wait_until(
        f'"{worker}" to come back, or end',
        lambda: actor.enrollments,
        lambda now: now > before or not actor.alive,
        WORKER_CONNECTED,
    )
    network.break_far_ends()


def heal_after(world: World, worker: str, silence: timedelta) -> None:
    """Let the network of a worker, which is silent, pass everything again after some time of silence.

    Raises:
        InfrastructureError: it is not silent.
    """
    network = world.workers.network(worker)
    if network.stalled_at is None:
        raise InfrastructureError(f'The network of "{worker}" is not silent, so it cannot end its silence.')
    wait_for_moment(f'the silence of "{worker}" to last long enough', network.stalled_at + silence)
    network.heal()


def outlast_grace_windows(world: World) -> None:
    """Wait until every grace window that has begun has passed, even where the worker came back in it."""
    wait_for_moment(
        "every grace window to pass", datetime.now(UTC) + world.times.grace_window + _AFTER_A_WINDOW
    )


def refuse_until_tried(world: World, worker: str, attempts: int) -> None:
    """Let the network of a worker refuse every connection until the worker has tried in vain so many times.

    A worker whose process has ended meanwhile tries no longer; what follows will find it not connected.

    Raises:
        WaitTimeout: it still runs, and does not try as often.
    """
    before = world.workers[worker].dials
    world.workers.network(worker).refuse()
    wait_until(
        f'"{worker}" to have tried {attempts} times to come back, or given up',
        lambda: f"{world.workers[worker].dials - before} attempts",
        lambda _: world.workers[worker].dials - before >= attempts or not world.workers[worker].alive,
        ATTEMPTS_MADE,
    )


def refuse_and_heal(world: World, worker: str, attempts: int, times: int) -> None:
    """Let the network of a worker refuse so many attempts, and wait until the worker is back; several times.

    A worker whose process has ended meanwhile does not come back: what follows will find it not connected.

    Raises:
        WaitTimeout: it still runs, and does not try or come back.
    """
    actor = world.workers[worker]
    for _ in range(times):
        refuse_until_tried(world, worker, attempts)
        world.workers.network(worker).heal()
        wait_until(
            f'"{worker}" to come back to the live pool, or end',
            lambda: world.live_pool(worker),
            lambda members: any(member.connected for member in members) or not actor.alive,
            WORKER_CONNECTED,
        )
