"""What can be seen of a World, as plain values that a step compares with what was promised."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from swamp_harness.machinery.leaksearch import Leak, search_files, search_text
from swamp_harness.machinery.limits import (
    DEADLINE_ENFORCED,
    DEADLINE_KEPT,
    GRACE_WINDOW_OVER,
    POOL_CHANGED,
    Limit,
    time_scale,
)
from swamp_harness.machinery.waiting import AwaitedInVain, wait_until
from swamp_harness.product.commands import Output
from swamp_harness.product.records import PoolMember
from swamp_harness.product.serve_api import LiveMember
from swamp_harness.scenario.world import World

# What a worker says of its pause before it tries again, if the pause is one that it may make.
PAUSE = "at most 30 s"
_LONGEST_PAUSE = 30


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
    with contextlib.suppress(AwaitedInVain):
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


def recorded_state_of(world: World, token: str) -> str:
    """The state of a token in its data, where the token list shows what is true at this moment."""
    record = world.operator.token_records().get(token)
    return str(record["state"]) if record else "no state at all"


def deadline_kept_by(world: World, name: str) -> str:
    """When a worker was disconnected, in relation to the end of its token's lifetime.

    Disconnections that a fault of the worker's network has caused do not count.

    Returns:
        "at the deadline", or how much before or after it.

    Raises:
        AwaitedInVain: it was never disconnected.
    """
    worker = world.workers[name]
    faults = world.workers.network_faults_since(name, worker.started)
    first = wait_until(
        f'"{name}" to be disconnected at its deadline',
        lambda: worker.disconnected_at[faults:],
        bool,
        DEADLINE_ENFORCED,
    )[0]
    _, end = world.operator.lifetimes[worker.settings.member]
    late = (first - end).total_seconds()
    if late < 0:
        return f"{-late:.1f} s before the deadline"
    return "at the deadline" if late <= DEADLINE_KEPT.seconds else f"{late:.1f} s after the deadline"


def kept_after_grace_window(world: World, name: str) -> list[LiveMember]:
    """Wait out the grace window, and return what the live pool then still holds of a worker.

    Raises:
        AwaitedInVain: the pool still holds it.
    """
    return wait_until(
        f'"{name}" to be removed from the pool after the grace window of {_grace_window(world):g} s',
        lambda: [member for member in world.live_pool() if member.name == name],
        lambda members: not members,
        beyond_grace_window(world, GRACE_WINDOW_OVER),
    )


def beyond_grace_window(world: World, limit: Limit) -> Limit:
    """A limit that begins only when the grace window is over."""
    # The window is the product's own and no slower on a slow machine; only the slack after it is scaled.
    return Limit(limit.name, _grace_window(world) / time_scale() + limit.nominal)


def _grace_window(world: World) -> float:
    return world.times.grace_window.total_seconds()


def leaks_of(world: World, name: str) -> list[Leak]:
    """Where a secret of the vault, or that of a token, or a line of it, is found outside the vault's store.

    Searched are all files of the scenario (repository, homes, caches, temp and working folders), the raw
    output of every process, and everything that commands have printed, but for the minting of a token.

    Raises:
        InfrastructureFault: the search could not find a value planted for it.
    """
    world.workers.fetch()
    said = [(f"the output of {log.file.stem}", log.text()) for log in world.logs()]
    printed = [
        (f"`{result.command}`", result.stdout + result.stderr)
        for result in world.operator.commands.results
        if result not in world.operator.minted
    ]
    leaks = [
        leak
        for text in world.operator.texts_of_secret(name)
        for leak in (
            *search_files(text, [world.folder], except_in=[world.repository.vault_store]),
            *search_text(text, said + printed),
        )
    ]
    return list(dict.fromkeys(leaks))  # many lines of a secret may stand in one place


def traces_of(world: World, word: str) -> list[str]:
    """The files of the repository in which a word occurs, or whose name it is part of."""
    folder = world.repository.folder
    named = [path for path in folder.rglob("*") if word in path.name]
    holding = [Path(leak.place) for leak in search_files(word, [folder], disguised=False)]
    return sorted({str(path.relative_to(folder)) for path in [*named, *holding]})
