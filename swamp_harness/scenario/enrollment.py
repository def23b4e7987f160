"""How workers enroll: the pool that they form, and which machine a token is bound to."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from swamp_harness.product.commands import Output
from swamp_harness.product.records import PoolMember
from swamp_harness.scenario.world import World
from swamp_harness.system.limits import (
    POOL_CHANGED,
)
from swamp_harness.system.waiting import WaitTimeout, wait_until

# What a worker says of its pause before it tries again, if the pause is one that it may make.
PAUSE = "at most 30 s"
_LONGEST_PAUSE = 30


@dataclass(frozen=True)
class Binding:
    """What a token is bound to.

    Attributes:
        machines: the machine ids.
        unchanged: whether that has been so since the worker in question enrolled first.
    """

    machines: tuple[str, ...]
    unchanged: bool

    def __str__(self) -> str:
        """As a phrase."""
        since = "since the first enrollment" if self.unchanged else "since a later moment"
        return f"bound to {', '.join(self.machines) or 'nothing'} {since}"


def attempts(world: World, worker: str) -> dict[str, list[Any]]:
    """The numbers of the attempts that a worker has made to connect, and its pauses before new ones."""
    actor = world.workers[worker]
    pauses = [PAUSE if 0 < each <= _LONGEST_PAUSE else f"{each:g} s" for each in actor.pauses]
    return {"attempts": actor.attempts, "pauses": pauses}


def pool_when(
    world: World, expected: set[tuple[str, bool]], output: Output = Output.JSON, *, past: bool = False
) -> list[PoolMember]:
    """The worker list, asked once the live pool and the record agree with what is expected.

    A change takes a moment to reach the list, and a command is a dear way of looking: the wait looks at the
    cheap surfaces. If they never agree the list is asked all the same: the judgement shows it.

    Args:
        world: the scenario's.
        expected: names of pool members, each with whether it is connected.
        output: which output of the worker list.
        past: whether past members are listed.
    """
    with contextlib.suppress(WaitTimeout):
        wait_until(
            "the pool to be as expected",
            lambda: (
                {(each.name, each.connected) for each in world.live_pool()},
                {member.name for member in world.members()},
            ),
            lambda seen: seen == (expected, {name for name, connected in expected if connected}),
            POOL_CHANGED,
        )
    return world.operator.pool(output, past=past)


def is_connected(world: World, name: str) -> bool:
    """Whether a worker's process runs and the live pool shows its member as connected."""
    worker, member = world.workers[name], world.member_of(name)
    return worker.alive and any(each.name == member and each.connected for each in world.live_pool())


def machine_id_of(world: World, worker: str) -> str:
    """The machine id under which a worker enrolled first."""
    return world.workers.first_enrollment(worker).machine_id


def first_binding_of(world: World, worker: str) -> Binding:
    """The binding that a worker's first enrollment made."""
    return Binding((machine_id_of(world, worker),), unchanged=True)


def binding_of(world: World, token: str, worker: str) -> Binding:
    """What a token is bound to, and whether that has been so since a worker's first enrollment."""
    record = world.operator.token(token)
    first = world.workers.first_enrollment(worker)
    return Binding(record.machines, all(bound < first.seen for bound in record.bound_at))
