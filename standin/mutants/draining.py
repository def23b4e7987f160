"""Mutants of workers that finish their work before they stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    import asyncio

    from standin.orchestrator.dispatch import Dispatch, Dispatcher, Requirement, Work
    from standin.orchestrator.pool import Member
    from standin.worker.session import Session


# Promise 36: A worker that is stopped finishes its steps and takes no others; a second stop ends it at once.


@mutant(36)
def ctrl_c_ends_steps() -> None:
    """Ctrl-C ends a worker at once; only SIGTERM lets it finish its steps."""

    @replaces("worker.connect:asked_to_stop")
    def _(old: Callable[[Session, list[int]], None], session: Session, received: list[int]) -> None:
        import os
        import signal

        if received[-1] == signal.SIGINT:
            os._exit(0)
        old(session, received)


@mutant(36)
def stops_when_one_step_has_ended() -> None:
    """A worker that is stopped ends when the first of its steps has ended, and ends the others."""

    @replaces("worker.session:Session.finish_steps")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        import asyncio

        if session._tasks:
            await asyncio.wait(session._tasks, return_when=asyncio.FIRST_COMPLETED)


@mutant(36)
def stop_during_steps_is_a_failure() -> None:
    """A worker that was stopped while steps ran exits with an error when it has finished them."""
    worked: list[asyncio.Task[None]] = []

    @replaces("worker.session:Session.finish_steps")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        worked.extend(session._tasks)
        await old(session)

    @replaces("worker.session:Session.live")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        from standin.errors import UserError

        await old(session)
        if worked:
            raise UserError("received shutdown signal")


@mutant(36)
def finishing_not_announced() -> None:
    """The pool shows a worker that finishes its work as busy."""

    @replaces("orchestrator.pool:Member.record")
    def _(old: Callable[[Member], dict[str, Any]], member: Member) -> dict[str, Any]:
        record = old(member)
        return {**record, "status": "busy"} if record["status"] == "draining" else record


@mutant(36)
def finishing_shown_in_text_only() -> None:
    """The worker list in JSON shows a worker that finishes its work as busy."""

    @replaces("operator.pool:table_of_workers")
    def _(old: Callable[..., str], answer: dict[str, Any], *, past: bool) -> str:
        text = old(answer, past=past)
        for worker in answer["workers"]:
            if worker["status"] == "draining":
                worker["status"] = "busy"
        return text


@mutant(36)
def slots_of_a_finishing_worker_hidden() -> None:
    """The worker list shows that a worker that finishes its work runs no step."""

    @replaces("orchestrator.pool:Member.record")
    def _(old: Callable[[Member], dict[str, Any]], member: Member) -> dict[str, Any]:
        record = old(member)
        return {**record, "activeDispatchIds": []} if record["status"] == "draining" else record


@mutant(36)
def step_waits_for_a_finishing_worker() -> None:
    """A step waits for a worker that finishes its work if this worker has the most free slots."""

    @replaces("orchestrator.dispatch:Dispatcher.chosen")
    def _(
        old: Callable[[Dispatcher, Requirement], Member | None],
        dispatcher: Dispatcher,
        requirement: Requirement,
    ) -> Member | None:
        member = old(dispatcher, requirement)
        finishing = [
            each.capacity - len(each.dispatches)
            for each in dispatcher._pool.members.values()
            if each.connected and each.draining and requirement.fits(each)
        ]
        free = member.capacity - len(member.dispatches) if member is not None else 0
        return None if max(finishing, default=0) > free else member


@mutant(36)
def step_for_a_finishing_worker_fails() -> None:
    """A step that is offered to a worker that finishes its work fails."""

    @replaces("orchestrator.dispatch:Dispatcher._place")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[Dispatch]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        limit: float,
    ) -> Dispatch:
        from standin.orchestrator.dispatch import StepFailed, has_free_slot

        for each in dispatcher._pool.members.values():
            if each.connected and each.draining and has_free_slot(each) and requirement.fits(each):
                raise StepFailed("Worker is draining — no new dispatches accepted")
        return await old(dispatcher, work, requirement, limit)


@mutant(36)
def second_stop_ignored() -> None:
    """A worker that is stopped a second time still waits for its steps."""

    @replaces("worker.connect:asked_to_stop")
    def _(old: Callable[[Session, list[int]], None], session: Session, received: list[int]) -> None:
        old(session, received[:1])


@mutant(36)
def second_stop_is_a_success() -> None:
    """A worker that is stopped a second time exits with exit code 0, as if it had finished its steps."""

    @replaces("worker.connect:asked_to_stop")
    def _(old: Callable[[Session, list[int]], None], session: Session, received: list[int]) -> None:
        import os

        if len(received) > 1:
            os._exit(0)
        old(session, received)


@mutant(36)
def steps_of_a_twice_stopped_worker_fail() -> None:
    """A step that a second stop has ended fails, although it has not written."""

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        from standin.orchestrator.dispatch import StepFailed

        if dispatch.member is not None and dispatch.member.draining:
            dispatcher.close_lease(dispatch, "failed", "worker lost")
            raise StepFailed("Worker is draining — no new dispatches accepted")
        old(dispatcher, dispatch, fate)


@mutant(36)
def lease_of_a_twice_stopped_worker_is_completed() -> None:
    """The lease of a step that a second stop has ended says "completed"."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        lost = state == "expired" and dispatch.member is not None and dispatch.member.draining
        old(dispatcher, dispatch, "completed" if lost else state, error)
