"""Mutants of workers that lose their connection.

Promise 14: A worker that loses its connection comes back as the same pool member.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection

    from standin.commandline import Call
    from standin.orchestrator.dataplane import DataPlane
    from standin.orchestrator.dispatch import Requirement
    from standin.orchestrator.pool import Member, Pool
    from standin.orchestrator.serve import Orchestrator
    from standin.worker.cache import Cache
    from standin.worker.session import Session


@mutant(14)
def blip_makes_a_new_member() -> None:
    """A worker that comes back within the grace window is a new pool member."""

    @replaces("orchestrator.pool:is_same_member")
    def _(old: Callable[[Member | None, str], bool], before: Member | None, instance: str) -> bool:
        return False


@mutant(14)
def gives_up_early() -> None:
    """A worker that had enrolled gives up after three failed attempts to come back."""

    @replaces("worker.session:Session.has_lost_patience")
    def _(old: Callable[[Session], bool], session: Session) -> bool:
        return session._failures >= 3


@mutant(14)
def silence_disconnects_at_once() -> None:
    """A silence of a second disconnects a worker."""

    @replaces("orchestrator.serve:Orchestrator.watch")
    async def _(
        old: Callable[[Orchestrator, ServerConnection], Awaitable[None]],
        orchestrator: Orchestrator,
        socket: ServerConnection,
    ) -> None:
        orchestrator._idle_limit = min(orchestrator._idle_limit, 1.0)
        await old(orchestrator, socket)


@mutant(14)
def short_timeout_ignored() -> None:
    """The short timeout for silent connections that the operator sets has no effect."""

    @replaces("orchestrator.serve:Orchestrator.watch")
    async def _(
        old: Callable[[Orchestrator, ServerConnection], Awaitable[None]],
        orchestrator: Orchestrator,
        socket: ServerConnection,
    ) -> None:
        orchestrator._idle_limit = max(orchestrator._idle_limit, 9.0)
        await old(orchestrator, socket)


@mutant(14)
def silence_unnoticed_without_a_timeout() -> None:
    """A silent connection is noticed only after minutes, unless the operator sets a timeout."""

    @replaces("orchestrator.serve:Orchestrator.watch")
    async def _(
        old: Callable[[Orchestrator, ServerConnection], Awaitable[None]],
        orchestrator: Orchestrator,
        socket: ServerConnection,
    ) -> None:
        from standin.timing import IDLE_LIMIT

        if orchestrator._idle_limit == IDLE_LIMIT:
            orchestrator._idle_limit = 120.0
        await old(orchestrator, socket)


@mutant(14)
def reconnects_against_its_option() -> None:
    """A worker that is not to reconnect does so all the same."""

    @replaces("worker.connect:reconnects")
    def _(old: Callable[[Call], bool], call: Call) -> bool:
        return True


@mutant(14)
def reconnection_told_as_first() -> None:
    """The worker's event does not distinguish a reconnection from a first enrollment."""

    @replaces("worker.connect:_report_in_json")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        old(kind, {**facts, "reconnect": False} if kind == "enrolled" else facts)


@mutant(14)
def instance_renewed() -> None:
    """A worker that comes back has a new instance uuid."""

    @replaces("worker.session:Session._enroll")
    async def _(
        old: Callable[[Session, ClientConnection], Awaitable[None]],
        session: Session,
        socket: ClientConnection,
    ) -> None:
        import uuid

        if session._enrolled_once:
            session._instance = str(uuid.uuid4())
        await old(session, socket)


def _forgotten_at_the_end_of_a_grace_window() -> None:
    @replaces("orchestrator.pool:Pool._end_grace")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        present = pool.members.pop(member.name, None)
        old(pool, member)
        if present is not None and present.connected:
            pool.record(present)


@mutant(14)
def old_grace_window_goes_on() -> None:
    """A worker that came back is dropped from the pool at the end of its grace window."""

    @replaces("orchestrator.pool:Pool._stop_timer")
    def _(old: Callable[[Pool, str, str], None], pool: Pool, name: str, kind: str) -> None:
        if kind != "grace":
            old(pool, name, kind)

    _forgotten_at_the_end_of_a_grace_window()


@mutant(14)
def second_grace_window_goes_on() -> None:
    """A worker that came back for the second time is dropped from the pool at the end of its grace window."""
    returns: dict[str, int] = {}

    @replaces("orchestrator.pool:Pool._stop_timer")
    def _(old: Callable[[Pool, str, str], None], pool: Pool, name: str, kind: str) -> None:
        if kind == "grace" and (name, kind) in pool._timers:
            returns[name] = returns.get(name, 0) + 1
            if returns[name] > 1:
                pool._timers.pop((name, kind))
                return
        old(pool, name, kind)

    _forgotten_at_the_end_of_a_grace_window()


@mutant(14)
def return_during_another_absence_does_not_count() -> None:
    """A worker that came back is dropped from the pool if another was lost while it was away."""
    last = ""

    @replaces("orchestrator.pool:Pool.lose")
    def _(
        old: Callable[[Pool, Member, ServerConnection], None],
        pool: Pool,
        member: Member,
        socket: ServerConnection,
    ) -> None:
        nonlocal last
        old(pool, member, socket)
        last = member.name

    @replaces("orchestrator.pool:Pool._stop_timer")
    def _(old: Callable[[Pool, str, str], None], pool: Pool, name: str, kind: str) -> None:
        if kind == "grace" and name != last:
            pool._timers.pop((name, kind), None)
        else:
            old(pool, name, kind)

    _forgotten_at_the_end_of_a_grace_window()


@mutant(14)
def reads_fail_after_a_return() -> None:
    """A worker whose connection was replaced can write, but cannot query any more."""
    returned = set()

    @replaces("orchestrator.pool:is_same_member")
    def _(old: Callable[[Member | None, str], bool], before: Member | None, instance: str) -> bool:
        same = old(before, instance)
        if same and before is not None:
            returned.add(before.name)
        return same

    @replaces("orchestrator.dataplane:DataPlane.do_query")
    def _(
        old: Callable[[DataPlane, str], list[dict[str, Any]]], plane: DataPlane, predicate: str
    ) -> list[dict[str, Any]]:
        member = plane._dispatch.member
        if member is not None and member.name in returned:
            return []
        return old(plane, predicate)


def returns_after_a_restart() -> Callable[[Pool, dict[str, Any]], bool]:
    """Reports whether an enrolling worker was in the pool before this orchestrator started."""
    seen = set()

    def is_of_before(pool: Pool, wish: dict[str, Any]) -> bool:
        from standin import records

        name = wish["token"].partition(".")[0]
        is_first = name not in seen
        seen.add(name)
        return is_first and any(each["name"] == name for each in records.workers(pool._repository))

    return is_of_before


@mutant(14)
def labels_lost_in_a_restart() -> None:
    """A worker that reconnects to a restarted orchestrator has lost its labels."""
    is_of_before = returns_after_a_restart()

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        return old(pool, {**wish, "labels": {}} if is_of_before(pool, wish) else wish, socket)


@mutant(14)
def late_break_disconnects() -> None:
    """A worker that came back is recorded as lost when its previous connection breaks."""

    @replaces("orchestrator.pool:Pool.lose")
    def _(
        old: Callable[[Pool, Member, ServerConnection], None],
        pool: Pool,
        member: Member,
        socket: ServerConnection,
    ) -> None:
        old(pool, member, member.socket or socket)


@mutant(14)
def step_waits_for_a_broken_connection() -> None:
    """A step never ends whose worker reconnects before the break of its previous connection is noticed."""

    @replaces("orchestrator.pool:Pool.lose_steps_unnoticed")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        pass


@mutant(14)
def failures_not_counted_anew() -> None:
    """A worker does not reset its count of failed attempts when it comes back, and gives up after six."""

    @replaces("worker.session:Session._enroll")
    async def _(
        old: Callable[[Session, ClientConnection], Awaitable[None]],
        session: Session,
        socket: ClientConnection,
    ) -> None:
        failures = session._failures
        await old(session, socket)
        session._failures = failures

    @replaces("worker.session:Session.has_lost_patience")
    def _(old: Callable[[Session], bool], session: Session) -> bool:
        return session._failures >= 6


@mutant(14)
def temporary_machine_forgotten() -> None:
    """A worker without a cache directory is another machine for each connection."""

    @replaces("worker.cache:Cache.machine_id")
    def _(old: Callable[[Cache], str], cache: Cache) -> str:
        import uuid

        return str(uuid.uuid4()) if "swamp-worker-cache-" in str(cache._folder) else old(cache)


@mutant(14)
def pauses_grow_from_break_to_break() -> None:
    """A worker that has returned begins its pauses where they ended before."""

    @replaces("worker.session:Session._enroll")
    async def _(
        old: Callable[[Session, ClientConnection], Awaitable[None]],
        session: Session,
        socket: ClientConnection,
    ) -> None:
        pause = session._pause
        await old(session, socket)
        session._pause = pause


@mutant(14)
def one_step_at_a_time_after_a_return() -> None:
    """A worker with several slots runs one step at a time after its network was cut."""
    returned: set[str] = set()

    @replaces("orchestrator.pool:is_same_member")
    def _(old: Callable[[Member | None, str], bool], before: Member | None, instance: str) -> bool:
        is_same = old(before, instance)
        if is_same:
            returned.add(instance)
        return is_same

    @replaces("orchestrator.dispatch:has_free_slot")
    def _(old: Callable[[Member], bool], member: Member) -> bool:
        return old(member) and not (member.instance in returned and member.dispatches)


@mutant(14)
def grace_windows_begin_with_the_first_absence() -> None:
    """The grace window of every absence of a worker begins when that of its first absence began."""
    first: dict[str, float] = {}
    lost: list[str] = []

    @replaces("orchestrator.pool:Pool.lose")
    def _(
        old: Callable[[Pool, Member, ServerConnection], None],
        pool: Pool,
        member: Member,
        socket: ServerConnection,
    ) -> None:
        lost[:] = [member.instance]
        old(pool, member, socket)

    @replaces("orchestrator.pool:grace_window")
    def _(old: Callable[[], float]) -> float:
        begun = first.setdefault(lost[0], time.monotonic())
        return max(0.0, begun + old() - time.monotonic())


def _workers_that_returned() -> set[str]:
    """The instances of the workers that came back within their grace windows."""
    returned: set[str] = set()

    @replaces("orchestrator.pool:is_same_member")
    def _(old: Callable[[Member | None, str], bool], before: Member | None, instance: str) -> bool:
        same = old(before, instance)
        if same:
            returned.add(instance)
        return same

    return returned


@mutant(14)
def fleet_label_lost_after_a_return() -> None:
    """A worker that came back gets no step by the label of its token, which the pool still shows."""
    returned = _workers_that_returned()

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return old(requirement, member) and not (
            "fleet" in requirement.labels and member.instance in returned
        )


@mutant(14)
def steps_counted_anew_after_a_return() -> None:
    """A worker with a limit of steps counts them anew each time that it connects."""

    @replaces("worker.session:Session._enroll")
    async def _(
        old: Callable[[Session, ClientConnection], Awaitable[None]],
        session: Session,
        socket: ClientConnection,
    ) -> None:
        session._steps_done = 0
        await old(session, socket)


@mutant(14)
def drains_its_first_connection_only() -> None:
    """A worker that came back reports that it has finished its work, and stays connected."""

    @replaces("worker.session:Session._drain")
    async def _(
        old: Callable[[Session, ClientConnection], Awaitable[None]],
        session: Session,
        socket: ClientConnection,
    ) -> None:
        first = session.__dict__.setdefault("_first_socket", socket)
        if first is socket:
            await old(session, socket)
            return
        await session._asked_to_stop.wait()
        session._report("draining", {"reason": session._reason})
        await session.finish_steps()
        session._report("drain_complete", {})


@mutant(14)
def last_seen_when_it_was_lost() -> None:
    """A worker that comes back is listed as last seen when its connection was lost."""

    @replaces("orchestrator.pool:Pool.record")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        from standin import records

        if member.status == "idle":
            records.put_worker(pool._repository, member.record())
        else:
            old(pool, member)
