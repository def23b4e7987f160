"""Enrollment of workers: their start, the pool, and the machine to which a token is bound."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from swamp_harness.product.binary import Release
from swamp_harness.product.commands import Output
from swamp_harness.product.conventions import ORCHESTRATOR_ZONE
from swamp_harness.product.machine import Machine
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.product.records import DISCONNECTED, PoolMember
from swamp_harness.product.serve_api import LiveMember
from swamp_harness.product.wordings import TOKEN_REJECTIONS
from swamp_harness.product.worker import Worker
from swamp_harness.scenario.kept_bundles import give_to
from swamp_harness.scenario.lateness import Lateness
from swamp_harness.scenario.placement import ANY_WORKER
from swamp_harness.scenario.repositories import begin
from swamp_harness.scenario.security import Security
from swamp_harness.scenario.tables import NOT_LIVE, Row
from swamp_harness.scenario.tokens import prepare
from swamp_harness.scenario.world import World
from swamp_harness.system.capacity import processors
from swamp_harness.system.certificates import Identity
from swamp_harness.system.errors import ContractBroken
from swamp_harness.system.limits import POOL_CHANGED
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.waiting import WaitTimeout, wait_until

FOR_EACH_PROCESSOR = "a slot for each processor"
# Stand for pauses before attempts that are not too long: the first, and each that is longer than the last.
_PAUSE, _LONGER_PAUSE = "at most 30 s", "longer, at most 30 s"
_LONGEST_PAUSE = 30
_ORCHESTRATOR = "orchestrator"
# The bytes that a slow network carries in the time of the target for a slow transfer.
_SLOWLY_SENT = 30_000_000


@dataclass(frozen=True)
class Binding:
    """The machines to which a token is bound.

    Attributes:
        machines: the machine ids.
        unchanged: whether the binding dates from the first enrollment of the worker in question.
    """

    machines: tuple[str, ...]
    unchanged: bool

    def __str__(self) -> str:
        """As a phrase."""
        since = "since the first enrollment" if self.unchanged else "since a later moment"
        return f"bound to {', '.join(self.machines) or 'nothing'} {since}"


def attempts(world: World, worker: str) -> dict[str, list[Any]]:
    """The numbers of a worker's attempts to connect, and its pauses between them."""
    actor = world.workers[worker]
    pauses = []
    for before, pause in itertools.pairwise([0, *actor.pauses]):
        longer = _LONGER_PAUSE if before else _PAUSE
        pauses.append(longer if before < pause <= _LONGEST_PAUSE else f"{pause:g} s")
    return {"attempts": actor.attempts, "pauses": pauses}


def attempts_in_a_row(number: int) -> dict[str, list[Any]]:
    """The expected value of `attempts`: each pause is longer than the one before."""
    pauses = [_PAUSE, *[_LONGER_PAUSE] * number][: number - 1]
    return {"attempts": list(range(1, number + 1)), "pauses": pauses}


def pool_rows(world: World, rows: Sequence[Row]) -> list[Row]:
    """Rows about workers as rows about pool members; the names differ if a token is for several machines."""
    members = [{**row, "worker": _name_in_pool(world, row["worker"])} for row in rows]
    return sorted(members, key=lambda row: row["worker"])


def _name_in_pool(world: World, name: str) -> str:
    """The name in the pool of the worker or the member that a row names."""
    if name in world.memberships:
        return world.memberships[name].name
    if name not in world.workers.names():
        return name
    worker = world.workers[name]
    shares_a_token = worker.settings.member != name
    return worker.enrolled_as if shares_a_token and worker.enrollments else name


@dataclass(frozen=True)
class LivePool:
    """The live pool that a scenario expects.

    Attributes:
        connected: the names of the members that are connected.
        awaited: the names of the members that it awaits; None if it may await any others.
    """

    connected: frozenset[str] = frozenset()
    awaited: frozenset[str] | None = frozenset()

    @classmethod
    def of(cls, rows: Sequence[Row]) -> LivePool:
        """The live pool of rows about pool members.

        Rows without the column `connected` say by their status who is connected, and not who is awaited.
        """
        if any("connected" not in row for row in rows):
            return cls(frozenset(row["worker"] for row in rows if row["status"] != DISCONNECTED), None)
        live = [row for row in rows if row["connected"] != NOT_LIVE]
        return cls(
            frozenset(row["worker"] for row in live if row["connected"] == "yes"),
            frozenset(row["worker"] for row in live if row["connected"] != "yes"),
        )

    def is_shown_by(self, members: Sequence[LiveMember]) -> bool:
        """Whether the members of the live pool are the expected ones."""
        awaited = {each.name for each in members if not each.connected}
        return {each.name for each in members if each.connected} == self.connected and (
            self.awaited is None or awaited == self.awaited
        )


def pool_when(
    world: World, expected: LivePool, output: Output = Output.JSON, *, past: bool = False
) -> list[PoolMember]:
    """The worker list, read when the live pool and the records are as expected.

    A change takes a moment to reach the list. The wait uses API requests, which are cheaper than commands. If
    the pool is never as expected, the list is read all the same, and the comparison shows the difference.

    Args:
        world: the scenario's.
        expected: the live pool.
        output: the output format of the worker list.
        past: whether past members are listed.
    """
    with contextlib.suppress(WaitTimeout):
        wait_until(
            "the pool to be as expected",
            lambda: (world.live_pool(), {member.name for member in world.members()}),
            lambda seen: expected.is_shown_by(seen[0]) and seen[1] == expected.connected,
            POOL_CHANGED,
        )
    return world.records.pool(output, past=past)


def is_connected(world: World, name: str) -> bool:
    """Whether a worker's process runs and the live pool shows its member as connected."""
    if not world.workers[name].alive:
        return False
    return any(member.connected for member in world.live_pool(world.member_of(name)))


def slots_beside_processors(world: World, name: str) -> str:
    """Whether a worker that is connected has a slot for each processor.

    Programs disagree whether a quota of processor time counts, so the number may lie between both.
    """
    slots = [member.slots for member in world.live_pool(world.member_of(name))]
    fewest, most = max(1, int(processors())), os.cpu_count() or 1
    if len(slots) == 1 and slots[0] is not None and fewest <= slots[0] <= most:
        return FOR_EACH_PROCESSOR
    return f"{', '.join(map(str, slots)) or 'no'} slots, with {fewest} to {most} processors"


def lateness_of_rejection(world: World, name: str, allowed: timedelta) -> Lateness:
    """Whether a worker reported soon enough after its first attempt to connect that it stops."""
    return Lateness.of(world.workers[name].time_to_stop, allowed)


def machine_id_of(world: World, worker: str) -> str:
    """The machine id of a worker's first enrollment."""
    return world.workers.first_enrollment(worker).machine_id


def first_binding_of(world: World, worker: str) -> Binding:
    """The binding that a worker's first enrollment made."""
    return Binding((machine_id_of(world, worker),), unchanged=True)


def binding_of(world: World, token: str, worker: str) -> Binding:
    """The present binding of a token, compared with a worker's first enrollment."""
    record = world.records.token(token)
    first = world.workers.first_enrollment(worker)
    return Binding(record.machines, all(bound < first.seen for bound in record.bound_at))


def start_orchestrator(
    world: World,
    name: str = _ORCHESTRATOR,
    *,
    flags: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
    identity: Identity | None = None,
    release: Release = Release.TESTED,
) -> None:
    """Start an orchestrator that serves the operator's repository, and wait until it is ready.

    Args:
        world: the scenario's.
        name: its name in messages.
        flags: its command-line flags.
        variables: its environment variables, beside those of every process of the scenario.
        identity: the kind of its certificate; without TLS if None.
        release: the release that it runs; the operator uses it as well.
    """
    if identity is not None:
        world.security = Security(
            world.folder / "certificates", identity, world.workers.addresses_of_this_machine
        )
    if World.repository.of(world) is None:
        begin(world)
    machine = Machine.at(world.folder / name)
    if World.workflow.of(world) is not None and World.used.of(world) is None:
        world.run_context.preparation.share_packages_with(machine, world.fallbacks)
    orchestrator = Orchestrator(
        name,
        world.run_context.binary_of(release),
        machine.environment(**{**world.variables, **ORCHESTRATOR_ZONE, **(variables or {})}),
        world.repository,
        log=ProcessLog(world.evidence.log_file(name)),
        flags=flags,
        certificate=world.security.certificate if World.security.of(world) else None,
        fallbacks=world.fallbacks,
    )
    world.orchestrators[name] = orchestrator
    operate_with(world, release)
    orchestrator.start()


def operate_with(world: World, release: Release) -> None:
    """Let the operator use a release from now on."""
    world.operator.commands.binary = world.runs.binary = world.run_context.binary_of(release)


def enroll_worker(
    world: World,
    name: str,
    *,
    token: str = "",
    labels: Mapping[str, str] = ANY_WORKER,
    on_a_network: bool = False,
    slow: bool = False,
    machine: Machine | None = None,
    variables: Mapping[str, str] | None = None,
    release: Release = Release.TESTED,
    **settings: Any,
) -> None:
    """Start a worker and wait until it has enrolled; its token is minted if there is none yet.

    Args:
        world: the scenario's.
        name: of the worker.
        token: the token that it presents; the one of its own name if empty.
        labels: its scheduling labels; by default those that a step for any worker asks for.
        on_a_network: whether it reaches the orchestrator over a network path that can fail.
        slow: whether this path is slow.
        machine: where it runs; a machine of its own if None.
        variables: its environment variables, beside those of every worker.
        release: the release that it runs.
        settings: further fields of `WorkerSettings`.

    Raises:
        WaitTimeout: it did not enroll.
        ContractBroken: it is rejected although its token is valid, or reports that it has enrolled and the
            worker list never shows it.
    """
    if (token or name) not in world.operator.credentials:
        prepare(world, token or name)
    credential = str(world.operator.credential(token or name))
    all_settings = replace(world.settings_of_worker(credential, labels), **settings)
    binary = _binary_of(world, release)
    worker = world.workers.make(name, all_settings, machine=machine, variables=variables, binary=binary)
    if machine is None:
        _give_bundles(world, worker)
    if on_a_network:
        rate = _SLOWLY_SENT / world.times.slow_transfer.total_seconds() if slow else None
        world.workers.start_on_a_network(name, world.orchestrator.address, rate)
    else:
        world.workers.start(name, world.orchestrator.address)
    _demand_enrollment(world, worker, token or name)
    world.workers.remember_first_enrollment(name)
    # With a token for several machines, each worker gets a name of its own in the pool.
    member = worker.enrolled_as if token else name
    try:
        listed = wait_until(
            f'the worker list to show "{member}"', lambda: world.members(member), bool, POOL_CHANGED
        )
    except WaitTimeout as error:
        others = ", ".join(f'"{each.name}"' for each in world.members()) or "no worker"
        raise ContractBroken(
            f'The worker "{name}" reports that it enrolled as "{worker.enrolled_as}", but the worker list '
            f"shows {others}. {error}"
        ) from error
    world.memberships[name] = listed[0]


def _give_bundles(world: World, worker: Worker) -> None:
    """Let a worker with several slots have what a worker has kept that ran the steps of the suite before."""
    if not (worker.settings.cached and worker.settings.slots > 1):
        return
    bundles = world.run_context.bundles_of_an_earlier_day() if World.workflow.of(world) is not None else None
    if bundles is not None:
        give_to(worker.machine, bundles)


def _demand_enrollment(world: World, worker: Worker, token: str) -> None:
    """Wait until a worker with a valid token has enrolled.

    Raises:
        WaitTimeout: it did not enroll.
        ContractBroken: the orchestrator rejected it because of its token, which had not expired.
    """
    try:
        worker.wait_until_enrolled()
    except WaitTimeout as error:
        reasons = [] if worker.alive else [each for each in worker.rejections if each in TOKEN_REJECTIONS]
        _, end = world.operator.lifetimes.get(token, (None, datetime.min.replace(tzinfo=UTC)))
        if reasons and datetime.now(UTC) < end:
            raise ContractBroken(
                f"{worker.name} was rejected because {' and '.join(reasons)}, although its token is valid."
            ) from error
        raise


def settle(world: World, name: str) -> None:
    """Wait until a worker has enrolled or its process has ended.

    Raises:
        WaitTimeout: it still runs, and has not enrolled.
    """
    worker = world.workers[name]
    try:
        worker.wait_until_enrolled()
    except WaitTimeout:
        if worker.alive:
            raise


def connect_worker(
    world: World,
    name: str,
    *,
    token: str,
    labels: Mapping[str, str] | None = None,
    machine: Machine | None = None,
    variables: Mapping[str, str] | None = None,
    protocol_shift: int | None = 0,
    stated: Mapping[str, str] | None = None,
    refused: bool = False,
    release: Release = Release.TESTED,
    on_a_network: bool = False,
    **settings: Any,
) -> None:
    """Start a new worker that dials the orchestrator, and mint its token first if there is none.

    Args:
        world: the scenario's.
        name: of the worker.
        token: the token whose credential it presents.
        labels: its scheduling labels.
        machine: where it runs; a machine of its own if None.
        variables: its environment variables, beside those of every worker.
        protocol_shift: the difference of its protocol version from the orchestrator's; None for no version.
        stated: the fields that it states with these values, over a recorded connection; it dials directly
            if None.
        refused: whether it dials over a network path that refuses its connections until it heals.
        release: the release that it runs.
        on_a_network: whether it reaches the orchestrator over a network path that can fail.
        settings: further fields of `WorkerSettings`.
    """
    if token not in world.operator.credentials:
        prepare(world, token)
    credential = str(world.operator.credential(token))
    all_settings = replace(world.settings_of_worker(credential, labels), **settings)
    binary = _binary_of(world, release)
    worker = world.workers.make(name, all_settings, machine=machine, binary=binary, variables=variables)
    if machine is None:
        _give_bundles(world, worker)
    if on_a_network or refused:
        world.workers.start_on_a_network(name, world.orchestrator.address, refuses=refused)
    elif protocol_shift == 0 and stated is None:
        world.workers.start(name, world.orchestrator.address)
    else:
        world.workers.start_over_a_relay(name, world.orchestrator.address, protocol_shift, stated or {})


def _binary_of(world: World, release: Release) -> Path | None:
    """The binary of a worker of a release; None for that of its machine."""
    return None if release is Release.TESTED else world.run_context.binary_of(release)


def connect_with(
    world: World, name: str, credential: str, *, machine: Machine | None = None, **settings: Any
) -> None:
    """Start a new worker with a credential that was never minted; it has a machine of its own if None."""
    world.workers.make(name, replace(world.settings_of_worker(credential), **settings), machine=machine)
    world.workers.start(name, world.orchestrator.address)


def race(world: World, names: list[str], token: str, *, machine_of: str = "") -> None:
    """Start workers that present one token at the same moment.

    Args:
        world: the scenario's.
        names: of the workers.
        token: the token whose credential they present.
        machine_of: the worker on whose machine all of them run; each has a machine of its own if empty.
    """
    machine = world.workers.machine_of(machine_of) if machine_of else None
    for name in names:
        credential = str(world.operator.credential(token))
        world.workers.make(name, world.settings_of_worker(credential), machine=machine)
    world.workers.start_at_the_same_moment(names, world.orchestrator.address)
