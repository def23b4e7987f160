"""Mutants of the end of a token's lifetime."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces
from standin.mutants.network import returns_after_a_restart

if TYPE_CHECKING:
    from datetime import datetime

    from websockets.asyncio.server import ServerConnection

    from standin.orchestrator.dispatch import Dispatch, Dispatcher
    from standin.orchestrator.pool import Member, Pool
    from standin.repository import Repository
    from standin.worker.session import Session


# Promise 11: A connected worker is disconnected at its deadline, and leaves the pool after the grace window.


@mutant(11)
def deadline_not_enforced() -> None:
    """The end of a token's lifetime is noticed only when its worker comes back."""

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        pass


@mutant(11)
def deadline_early() -> None:
    """A worker is disconnected two seconds before its deadline."""

    @replaces("orchestrator.pool:Pool._start_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        from datetime import timedelta

        kept, member.deadline = member.deadline, member.deadline - timedelta(seconds=2)
        old(pool, member)
        member.deadline = kept


@mutant(11)
def rejected_twin_ends_the_deadline() -> None:
    """A second worker that is rejected as already connected takes the deadline of the first one away."""
    without_deadline: list[str] = []

    @replaces("orchestrator.pool:check_not_connected")
    def _(old: Callable[[Member | None, str], None], before: Member | None, name: str) -> None:
        if before is not None and before.socket is not None:
            without_deadline.append(name)
        old(before, name)

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        if member.name not in without_deadline:
            old(pool, member)


@mutant(11)
def kept_for_ever() -> None:
    """The pool never drops a lost worker."""

    @replaces("orchestrator.pool:grace_window")
    def _(old: Callable[[], float]) -> float:
        return 1e6


@mutant(11)
def dropped_at_once() -> None:
    """The pool drops a worker at its deadline, without a grace window."""

    @replaces("orchestrator.pool:grace_window")
    def _(old: Callable[[], float]) -> float:
        return 0.0


@mutant(11)
def expired_comes_back() -> None:
    """A worker whose token has expired is admitted again."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        if record["state"] == "revoked":
            old(record)


@mutant(11, name="shown-enrolled")
def shown_enrolled_11() -> None:
    """The token of a worker that was disconnected at its deadline is shown as enrolled, in text only."""

    @replaces("operator.tokens:table_of")
    def _(old: Callable[[list[dict[str, Any]]], str], answer: list[dict[str, Any]]) -> str:
        return old([{**each, "effectiveState": "enrolled"} if each["bindings"] else each for each in answer])


def _after_the_deadline(change: Callable[[dict[str, Any]], None]) -> None:
    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        from standin.moments import now

        if dispatch.member is not None and dispatch.member.deadline < now():
            change(dispatch.lease)
        old(dispatcher, dispatch, fate)


@mutant(11)
def step_not_run_again() -> None:
    """A step that has not written fails its run if it runs at the deadline of its worker."""
    _after_the_deadline(lambda lease: lease.update(hasWrites=True))


@mutant(11)
def written_step_run_again() -> None:
    """A step that has written runs again if it runs at the deadline of its worker."""
    _after_the_deadline(lambda lease: lease.update(hasWrites=False))


@mutant(11)
def lease_held_beyond_the_deadline() -> None:
    """The lease of a step that runs at the deadline of its worker is held until the grace window is over."""

    @replaces("orchestrator.pool:has_reached_deadline")
    def _(old: Callable[[Member], bool], member: Member) -> bool:
        return False


@mutant(11)
def lease_completed_at_the_deadline() -> None:
    """The lease of a step that has not written says "completed" if it ends at the deadline of its worker."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        from standin.moments import now

        member = dispatch.member
        at_the_deadline = state == "expired" and member is not None and member.deadline < now()
        old(dispatcher, dispatch, "completed" if at_the_deadline else state, error)


@mutant(11)
def deadline_late() -> None:
    """A worker is disconnected eight seconds after its deadline."""

    @replaces("orchestrator.pool:Pool._start_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        from datetime import timedelta

        kept, member.deadline = member.deadline, member.deadline + timedelta(seconds=8)
        old(pool, member)
        member.deadline = kept


@mutant(11)
def deadline_spares_the_busy() -> None:
    """A worker that is busy at its deadline stays connected."""

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        if not member.dispatches:
            old(pool, member)


@mutant(11)
def deadline_lost_by_a_return() -> None:
    """A worker that reconnects after a network outage has no deadline any more."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        member, same = old(pool, wish, socket)
        if same:
            pool._stop_timer(member.name, "deadline")
        return member, same


@mutant(11)
def deadline_lost_by_a_restart() -> None:
    """A restarted worker has no deadline any more."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        name = wish["token"].partition(".")[0]
        is_of_before = name in pool.members
        member, same = old(pool, wish, socket)
        if is_of_before and not same:
            pool._stop_timer(name, "deadline")
        return member, same


@mutant(11)
def expiry_not_recorded() -> None:
    """The end of a token's lifetime is enforced but not recorded."""

    @replaces("tokens:expire")
    def _(old: Callable[[Repository, str], None], repository: Repository, name: str) -> None:
        pass


@mutant(11)
def hidden_not_counted_where_none_is_connected() -> None:
    """The worker list in text does not report that it leaves out workers if it shows none."""

    @replaces("operator.pool:table_of_workers")
    def _(old: Callable[..., str], answer: dict[str, Any], *, past: bool) -> str:
        return old(answer, past=past) if answer["workers"] else "No workers found."


@mutant(11)
def several_have_no_deadline() -> None:
    """A worker whose token is for several machines stays connected after the deadline."""

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        if member.name == member.token:
            old(pool, member)


@mutant(11)
def first_of_several_alone() -> None:
    """Only one of the workers of a token for several machines is disconnected at the deadline."""
    ended = set()

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        if member.token not in ended:
            ended.add(member.token)
            old(pool, member)


@mutant(11)
def expiry_of_several_not_recorded() -> None:
    """The end of the lifetime of a token for several machines is enforced but not recorded."""

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        from standin import tokens

        known = tokens.expire
        tokens.expire = lambda repository, name: known(repository, name) if name == member.name else None
        old(pool, member)
        tokens.expire = known


@mutant(11)
def deadline_of_tokens_that_begin_alike() -> None:
    """At the deadline of a token, workers of tokens whose names begin with its name are disconnected too."""

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        old(pool, member)
        for each in pool.members.values():
            if each.socket is not None and each.token.startswith(member.token):
                each.socket.transport.abort()


@mutant(11)
def expiry_of_tokens_that_begin_alike() -> None:
    """The end of a token's lifetime is also recorded for tokens whose names begin with its name."""

    @replaces("tokens:expire")
    def _(old: Callable[[Repository, str], None], repository: Repository, name: str) -> None:
        from standin import tokens

        for record in tokens.records(repository):
            if record["name"].startswith(name):
                old(repository, record["name"])


@mutant(11)
def deadline_lost_by_a_restart_of_the_orchestrator() -> None:
    """A worker that reconnects to a restarted orchestrator has no deadline any more."""
    is_of_before = returns_after_a_restart()

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        was_here = is_of_before(pool, wish)
        member, same = old(pool, wish, socket)
        if was_here:
            pool._stop_timer(member.name, "deadline")
        return member, same


@mutant(11)
def rejected_attempt_ends_the_deadline() -> None:
    """A worker stays connected after its deadline if another machine was rejected with its token."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        from standin import tokens

        try:
            return old(pool, wish, socket)
        except tokens.Rejected:
            pool._stop_timer(tokens.split(wish["token"])[0], "deadline")
            raise


@mutant(11)
def month_passes_at_once() -> None:
    """A worker whose token lives for a month is disconnected at once."""

    @replaces("orchestrator.pool:Pool._start_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        from datetime import timedelta

        from standin.moments import now

        kept = member.deadline
        if kept - now() > timedelta(days=4):
            member.deadline = now()
        old(pool, member)
        member.deadline = kept


@mutant(11)
def month_is_a_minute() -> None:
    """A lifetime in months lasts as many minutes."""

    @replaces("tokens:minutes_in")
    def _(old: Callable[[str], int], text: str) -> int:
        return old(text.replace("mo", "m"))


@mutant(11)
def unverified_worker_outlives_its_deadline() -> None:
    """A worker that has not passed its verification is not disconnected at its deadline."""

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        if not member.unverified:
            old(pool, member)


# Promise 12: A token that expired before its first use admits no worker.


@mutant(12)
def expired_enrolls() -> None:
    """A token that was never used admits a worker after its lifetime."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        if record["bindings"] or record["state"] == "revoked":
            old(record)


@mutant(12)
def expired_is_bound() -> None:
    """The worker is turned away, but its machine is bound to the token."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        from standin import tokens
        from standin.repository import Repository

        if tokens.has_expired(record):
            tokens.bind(Repository.here(), record, "a-machine-that-was-turned-away")
        old(record)


@mutant(12)
def tries_again() -> None:
    """A worker whose token has expired makes three attempts."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        from standin.tokens import Rejected

        try:
            old(record)
        except Rejected as rejected:
            raise Rejected(str(rejected), for_good=False) from None


@mutant(12)
def told_as_never_minted() -> None:
    """The worker is rejected because its token was never minted."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        from standin import tokens

        if tokens.has_expired(record):
            tokens.check_minted(record["name"], None)
        old(record)


@mutant(12)
def expiry_read_in_local_time() -> None:
    """An orchestrator reads the end of a lifetime as a time of its own time zone."""

    @replaces("tokens:moment")
    def _(old: Callable[[str], datetime], text: str) -> datetime:
        return old(text.removesuffix("Z")).astimezone()


@mutant(12)
def stopped_without_reason_in_json() -> None:
    """In JSON a worker that is rejected says that it stops, but not why."""

    @replaces("worker.connect:_report_in_json")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        old(kind, {"reason": "error"} if kind == "stopped" and " " in facts["reason"] else facts)


@mutant(12)
def expired_unused_left_out_in_text() -> None:
    """In text the token list leaves out the tokens that expired before their first use."""

    @replaces("operator.tokens:table_of")
    def _(old: Callable[[list[dict[str, Any]]], str], answer: list[dict[str, Any]]) -> str:
        return old([each for each in answer if each["effectiveState"] != "expired" or each["bindings"]])


@mutant(12)
def expired_unused_revoked_at_a_restart() -> None:
    """An orchestrator that starts revokes the tokens that have expired before their first use."""

    @replaces("orchestrator.serve:recover")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin import tokens

        old(repository)
        for record in tokens.records(repository):
            if not record["bindings"] and tokens.has_expired(record):
                tokens.revoke(repository, record["name"])


@mutant(12)
def rejection_ignored_with_a_token_in_a_variable() -> None:
    """A worker whose token is in a variable tries again after its rejection."""

    @replaces("worker.session:Session._give_up")
    def _(old: Callable[[Session, str], None], session: Session, reason: str) -> None:
        import os

        if os.environ.get("SWAMP_WORKER_TOKEN") != session._settings.token or session.has_lost_patience():
            old(session, reason)


# Promise 13: A token that expires while its worker is away does not admit it again.


@mutant(13)
def bound_machine_comes_back() -> None:
    """The machine that a token is bound to is admitted again after the token's lifetime."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        if not record["bindings"] or record["state"] == "revoked":
            old(record)


@mutant(13, name="shown-enrolled")
def shown_enrolled_13() -> None:
    """The token of a worker that was away at the deadline is shown as enrolled."""

    @replaces("tokens:effective_state")
    def _(old: Callable[[dict[str, Any]], str], record: dict[str, Any]) -> str:
        return "enrolled" if record["bindings"] else old(record)


@mutant(13)
def forgotten_at_the_deadline() -> None:
    """A worker that was away at the deadline is removed from the records."""

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        from standin.records import WORKER
        from standin.store import Place

        old(pool, member)
        if not member.connected:
            pool._repository.store.delete(Place(WORKER, f"worker-{member.name}", "state-main"))


@mutant(13)
def tries_for_ever() -> None:
    """A worker whose token has expired retries without end."""

    @replaces("worker.session:Session._give_up")
    def _(old: Callable[[Session, str], None], session: Session, reason: str) -> None:
        if "expired" not in reason:
            old(session, reason)

    @replaces("worker.session:Session.has_lost_patience")
    def _(old: Callable[[Session], bool], session: Session) -> bool:
        return False


@mutant(13)
def expiry_not_recorded_while_away() -> None:
    """The end of a token's lifetime is not recorded if its worker is away."""

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        if member.connected:
            old(pool, member)


@mutant(13)
def bound_machine_comes_back_unless_recorded() -> None:
    """The machine that a token is bound to is admitted again unless the end of the lifetime was recorded."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        if record["state"] != "enrolled":
            old(record)


@mutant(13)
def shown_enrolled_unless_recorded() -> None:
    """A bound token is shown as enrolled unless the end of its lifetime was recorded."""

    @replaces("tokens:effective_state")
    def _(old: Callable[[dict[str, Any]], str], record: dict[str, Any]) -> str:
        return "enrolled" if record["state"] == "enrolled" else old(record)


@mutant(13)
def kept_in_the_pool_when_expired_while_away() -> None:
    """The pool keeps a worker whose token expires while it is away."""

    @replaces("orchestrator.pool:Pool._end_grace")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        from standin.orchestrator.pool import has_reached_deadline

        if not has_reached_deadline(member):
            old(pool, member)


@mutant(12)
def token_without_a_limit_never_expires() -> None:
    """A token for any number of machines still enrolls machines after its lifetime."""

    @replaces("tokens:check_state")
    def _(old: Callable[[dict[str, Any]], None], record: dict[str, Any]) -> None:
        if record["maxEnrollments"] != "unlimited" or record["state"] == "revoked":
            old(record)


@mutant(13)
def allowance_before_expiry() -> None:
    """Another machine is rejected because the token is used up, although the token has expired."""

    @replaces("tokens:admit")
    def _(
        old: Callable[[Repository, str, str], datetime], repository: Repository, credential: str, machine: str
    ) -> datetime:
        from standin import tokens

        try:
            return old(repository, credential, machine)
        except tokens.Rejected:
            record = tokens.record_of(repository, tokens.split(credential)[0])
            if record is not None and record["bindings"] and tokens.has_expired(record):
                tokens.bind(repository, record, machine)
            raise


@mutant(13)
def grace_window_begins_anew_at_expiry() -> None:
    """The grace window of a worker that is away begins anew when its token expires."""

    @replaces("orchestrator.pool:Pool.enforce_deadline")
    def _(old: Callable[[Pool, Member], None], pool: Pool, member: Member) -> None:
        import asyncio

        from standin.orchestrator.pool import grace_window

        old(pool, member)
        if not member.connected:
            pool._stop_timer(member.name, "grace")
            timer = asyncio.get_running_loop().call_later(grace_window(), pool._end_grace, member)
            pool._timers[member.name, "grace"] = timer
