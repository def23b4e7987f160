"""Networks that fail, workers that come back, and their membership of the pool."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from swamp_harness.product.serve_api import LiveMember
from swamp_harness.scenario.enrollment import is_connected
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import (
    ATTEMPTS_MADE,
    POOL_CHANGED,
    STEP_BEGUN,
    WORKER_CONNECTED,
    Limit,
    time_scale,
)
from swamp_harness.system.waiting import WaitTimeout, wait_for_moment, wait_until

# When its grace window is over, the product takes a moment to remove a worker from the pool.
_AFTER_A_WINDOW = timedelta(seconds=2)
# How long it may take, as a part of the window: the window does not depend on the machine.
_PART_FOR_REMOVAL = 0.3
AS_REPORTED = "as long as reported"
# On a busy machine, a pause takes longer than the worker reports, and the times of its lines are not exact.
_MOST_TIMES = 4


@dataclass(frozen=True)
class Standing:
    """The state of a pool member, compared with an earlier moment.

    Attributes:
        running: its process runs.
        connected: the live pool shows it as connected.
        disconnections: how often its worker has reported since then that it was disconnected.
        same_enrollment: the worker list shows the same enrollment as at that moment.
        same_slots: the live pool shows as many slots as the worker was started with.
    """

    running: bool
    connected: bool
    disconnections: int
    same_enrollment: bool
    same_slots: bool

    def __str__(self) -> str:
        """In words, separated by commas."""
        return (
            f"process {'running' if self.running else 'ended'}, "
            f"{'connected' if self.connected else 'not connected'}, "
            f"disconnected {self.disconnections} times, "
            f"{'same enrollment' if self.same_enrollment else 'a later enrollment'}, "
            f"{'its own' if self.same_slots else 'other'} slots"
        )


UNDISTURBED = Standing(running=True, connected=True, disconnections=0, same_enrollment=True, same_slots=True)


def standing_of(world: World, name: str, since: datetime) -> Standing:
    """The state of a worker's pool member, compared with a moment."""
    worker, member = world.workers[name], world.member_of(name)
    return Standing(
        running=worker.alive,
        connected=is_connected(world, name),
        disconnections=sum(at >= since for at in worker.disconnected_at),
        same_enrollment=any(
            each.name == member and each.enrolled_at is not None and each.enrolled_at < since
            for each in world.records.pool()
        ),
        same_slots=all(
            each.slots in (worker.settings.slots, None) for each in world.live_pool() if each.name == member
        ),
    )


def pauses_made(world: World, name: str) -> str:
    """Whether the pauses of a worker before its attempts took about as long as it reports.

    Returns:
        "as long as reported", or the seconds that were reported and taken, in total.
    """
    worker = world.workers[name]
    made = worker.pauses_made
    reported, taken = sum(worker.pauses[: len(made)]), sum(made)
    if taken <= _MOST_TIMES * reported and reported <= _MOST_TIMES * taken:
        return AS_REPORTED
    return f"{reported:g} s reported, {taken:.1f} s taken"


def kept_after_grace_window(world: World, name: str) -> list[LiveMember]:
    """Wait until a worker is removed from the live pool after the grace window, and return what is left.

    The window is counted from when the pool was first seen without the worker's connection.

    Raises:
        WaitTimeout: the worker is still in the pool.
    """
    world.live_pool(name)
    now = datetime.now(UTC)
    lost = world.pool_watch.losses.get(world.member_of(name), [now])[-1]
    window = _grace_window(world)
    left = (1 + _PART_FOR_REMOVAL) * window - (now - lost).total_seconds()
    return wait_until(
        f'"{name}" to be removed from the pool after the grace window of {window:g} s',
        lambda: world.live_pool(name),
        lambda members: not members,
        Limit("the removal from the pool after the grace window", max(0.0, left) / time_scale()),
    )


def beyond_grace_window(world: World, limit: Limit) -> Limit:
    """A limit that begins when the grace window is over."""
    # The window is the product's and does not depend on the machine; only the time after it is scaled.
    return Limit(limit.name, _grace_window(world) / time_scale() + limit.nominal)


def _grace_window(world: World) -> float:
    return world.times.grace_window.total_seconds()


@dataclass(frozen=True)
class Membership:
    """The identity of a pool member, which a worker keeps when it loses its connection.

    Attributes:
        instance: the instance uuid.
        enrolled_at: when it enrolled, from the worker list.
        connected: whether it is connected.
    """

    instance: str
    enrolled_at: str
    connected: bool

    def __str__(self) -> str:
        """In words, separated by commas."""
        connected = "connected" if self.connected else "not connected"
        return f"instance {self.instance}, enrolled at {self.enrolled_at}, {connected}"


def first_membership(world: World, worker: str) -> Membership:
    """The pool member that a worker became when the scenario enrolled it; connected."""
    member = world.first_membership(worker)
    return Membership(member.instance, str(member.enrolled_at), connected=True)


def membership(world: World, worker: str) -> Membership:
    """The present pool member of a worker, when it is connected or after the limit for that."""
    name = world.member_of(worker)
    _is_connected_in_time(world, name)
    listed = [member for member in world.records.pool(past=True) if member.name == name]
    if not listed:
        return Membership("none", "never", connected=False)
    # While the list was read, the orchestrator may have noticed that the connection of before was reset.
    connected = _is_connected_in_time(world, name)
    return Membership(listed[0].instance, str(listed[0].enrolled_at), connected=connected)


def _is_connected_in_time(world: World, member: str) -> bool:
    """Whether a member is connected, now or before the limit for that is over."""
    with contextlib.suppress(WaitTimeout):
        return wait_until(
            f'"{member}" to be connected', lambda: _connected(world, member), bool, POOL_CHANGED
        )
    return False


def was_seen_since_it_healed(world: World, worker: str) -> bool:
    """Whether the worker list shows that a worker was last seen after its network had healed."""
    # The product cuts moments to milliseconds.
    healed = world.workers.network(worker).changes[-1].at - timedelta(milliseconds=1)
    name = world.member_of(worker)
    return any(
        each.name == name and each.last_seen_at is not None and each.last_seen_at >= healed
        for each in world.records.pool()
    )


def _connected(world: World, member: str) -> bool:
    return any(each.connected for each in world.live_pool(member))


def break_unnoticed(world: World, worker: str) -> None:
    """Break the network of a worker so that the orchestrator notices only after the worker is back.

    If the worker does not come back, later steps see that it is not connected.
    """
    network, actor = world.workers.network(worker), world.workers[worker]
    before = actor.enrollments
    network.break_near_ends()
    with contextlib.suppress(WaitTimeout):
        wait_until(
            f'"{worker}" to come back, or to end',
            lambda: actor.enrollments,
            lambda now: now > before or not actor.alive,
            WORKER_CONNECTED,
        )
    network.break_far_ends()


def heal_after(world: World, worker: str, silence: timedelta) -> None:
    """End the silence of a worker's network after some time.

    Raises:
        InfrastructureError: the network is not silent.
    """
    network = world.workers.network(worker)
    if network.stalled_at is None:
        raise InfrastructureError(
            f'The network of "{worker}" is not silent: add a step before, in which it goes silent.'
        )
    wait_for_moment(f'the silence of "{worker}" to last long enough', network.stalled_at + silence)
    network.heal()


def outlast_grace_windows(world: World) -> None:
    """Wait until every grace window that has begun has passed, also those of workers that came back."""
    wait_for_moment(
        "every grace window to pass", datetime.now(UTC) + world.times.grace_window + _AFTER_A_WINDOW
    )


def refuse_until_tried(world: World, worker: str, attempts: int) -> None:
    """Make a worker's network refuse every connection until the worker has made so many attempts.

    If the worker's process ends meanwhile, later steps see that it is not connected.

    Raises:
        WaitTimeout: it still runs, and has made fewer attempts.
    """
    before = world.workers[worker].dials
    world.workers.network(worker).refuse()
    wait_until(
        f'"{worker}" to make {attempts} attempts to connect, or to end',
        lambda: f"{world.workers[worker].dials - before} attempts",
        lambda _: world.workers[worker].dials - before >= attempts or not world.workers[worker].alive,
        ATTEMPTS_MADE,
    )


def heal_when_refused(world: World, worker: str, refusals: int) -> None:
    """Heal the network of a worker that has just started, when it has refused so many connections.

    If the worker's process ends meanwhile, later steps see that it is not enrolled.

    Raises:
        WaitTimeout: it still runs, and has reported fewer failed attempts.
    """
    actor = world.workers[worker]
    wait_until(
        f'"{worker}" to report {refusals} failed attempts to connect, or to end',
        lambda: len(actor.disconnected_at),
        lambda failed: failed >= refusals or not actor.alive,
        ATTEMPTS_MADE,
    )
    world.workers.network(worker).heal()


def refuse_and_heal(world: World, worker: str, attempts: int, times: int) -> None:
    """Make a worker's network refuse so many attempts, and wait until the worker is back; several times.

    If the worker's process ends meanwhile, later steps see that it is not connected.

    Raises:
        WaitTimeout: it still runs, and makes fewer attempts or does not come back.
    """
    actor = world.workers[worker]
    for _ in range(times):
        refuse_until_tried(world, worker, attempts)
        world.workers.network(worker).heal()
        wait_until(
            f'"{worker}" to come back to the live pool, or to end',
            lambda: world.live_pool(worker),
            # The pool shows a worker before the worker has the answer, which the next break would destroy.
            lambda members: (
                (any(member.connected for member in members) and actor.reports_connection) or not actor.alive
            ),
            WORKER_CONNECTED,
        )


def wait_until_held(world: World, worker: str, connections: int) -> None:
    """Wait until the network of a worker holds back so many new connections.

    Raises:
        WaitTimeout: it does not.
    """
    path = world.workers.network(worker)
    wait_until(
        f'the network of "{worker}" to hold back {connections} new connections',
        lambda: path.held_connections,
        lambda held: held >= connections,
        STEP_BEGUN,
    )
