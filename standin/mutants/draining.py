"""Mutants of workers that finish their work before they stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    import asyncio

    from standin.commandline import Call
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
def returned_worker_does_not_finish_its_steps() -> None:
    """A worker that has lost its connection and returned ends its steps when it is stopped."""
    enrollments: list[bool] = []

    @replaces("worker.session:Session.answered")
    def _(old: Callable[[Session, dict[str, Any]], None], session: Session, reply: dict[str, Any]) -> None:
        old(session, reply)
        enrollments.append(True)

    @replaces("worker.session:Session.finish_steps")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        if len(enrollments) > 1:
            session.abandon()
        await old(session)


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
def stop_after_a_failed_step_is_a_failure() -> None:
    """A worker that is stopped exits with an error if its last step has failed."""
    statuses: list[str] = []

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        result = await old(session, job)
        statuses.append(result["status"])
        return result

    @replaces("worker.session:Session.live")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        from standin.errors import UserError

        await old(session)
        if session._reason == "signal" and statuses[-1:] not in ([], ["success"]):
            raise UserError("the last step has failed")


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


# Promise 50: A worker stops by itself after a number of steps, or when it has been idle for a time.


@mutant(50)
def one_step_too_many() -> None:
    """A worker takes one step more than its limit."""

    @replaces("worker.session:Session.has_reached_limit")
    def _(old: Callable[[Session, int], bool], session: Session, steps: int) -> bool:
        return old(session, steps - 1)


@mutant(50)
def one_step_too_few() -> None:
    """A worker with a limit of several steps stops one step early."""

    @replaces("worker.session:Session.has_reached_limit")
    def _(old: Callable[[Session, int], bool], session: Session, steps: int) -> bool:
        return old(session, steps + 1 if session._settings.step_limit > 1 else steps)


@mutant(50)
def limit_in_a_variable_ignored() -> None:
    """The variable with a worker's limit of steps has no effect."""

    @replaces("worker.connect:limit_of_steps")
    def _(old: Callable[[Call], str], call: Call) -> str:
        return call.option("--max-dispatches")


@mutant(36)
def stop_forgotten_while_away() -> None:
    """A worker that is asked to stop while it is not connected goes on dialling."""

    @replaces("worker.session:Session.stop")
    def _(old: Callable[[Session, str], None], session: Session, reason: str = "signal") -> None:
        if session._socket is not None:
            old(session, reason)


@mutant(50)
def idle_time_in_a_variable_ignored() -> None:
    """The variable with a worker's idle time has no effect."""

    @replaces("worker.connect:idle_time")
    def _(old: Callable[[Call], int], call: Call) -> int:
        return old(call) if call.has("--idle-timeout") else 0


@mutant(50)
def variable_beats_limit_of_steps() -> None:
    """The variable with a worker's limit of steps overrides its command line."""

    @replaces("worker.connect:limit_of_steps")
    def _(old: Callable[[Call], str], call: Call) -> str:
        import os

        return os.environ.get("SWAMP_WORKER_MAX_DISPATCHES", "") or old(call)


@mutant(50)
def variable_beats_idle_time() -> None:
    """The variable with a worker's idle time overrides its command line."""

    @replaces("worker.connect:idle_time")
    def _(old: Callable[[Call], int], call: Call) -> int:
        import os

        given = os.environ.get("SWAMP_WORKER_IDLE_TIMEOUT")
        return old(replace(call, options={**call.options, "--idle-timeout": [given]}) if given else call)


@mutant(50)
def limit_of_steps_ends_the_others() -> None:
    """A worker that has reached its limit of steps ends the steps that still run there."""

    @replaces("worker.session:Session.finish_steps")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        if session._reason == "max-dispatches":
            session.abandon()
        await old(session)


@mutant(50)
def limit_of_steps_reported_as_a_signal() -> None:
    """A worker that has reached its limit of steps reports that it was asked to stop, in text."""

    @replaces("worker.connect:in_words")
    def _(old: Callable[[str, dict[str, Any]], str], kind: str, facts: dict[str, Any]) -> str:
        reason = {"reason": "signal"} if facts.get("reason") == "max-dispatches" else {}
        return old(kind, {**facts, **reason})


@mutant(50)
def idle_time_reported_as_a_signal_in_json() -> None:
    """A worker that was idle for too long reports in JSON that it was asked to stop."""

    @replaces("worker.connect:_report_in_json")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        reason = {"reason": "signal"} if facts.get("reason") == "idle-timeout" else {}
        old(kind, {**facts, **reason})


@mutant(50)
def running_step_counts_as_idle() -> None:
    """The idle time of a worker passes while a step runs there."""

    @replaces("worker.session:Session.end_idleness")
    def _(old: Callable[[Session], None], session: Session) -> None:
        if not session._steps_done and session._idle is None:
            old(session)


@mutant(50)
def idle_only_before_the_first_step() -> None:
    """A worker stops at once when its first step has ended, whatever its idle time is."""

    @replaces("worker.session:Session.begin_idleness")
    def _(old: Callable[[Session], None], session: Session) -> None:
        if session._settings.idle_time and session._idle is not None:
            session.stop("idle-timeout")
        else:
            old(session)


@mutant(50)
def idle_only_after_a_step() -> None:
    """The idle time of a worker begins when its first step has ended."""

    @replaces("worker.session:Session.answered")
    def _(old: Callable[[Session, dict[str, Any]], None], session: Session, reply: dict[str, Any]) -> None:
        old(session, reply)
        if not session._steps_done:
            session.end_idleness()


@mutant(50)
def idle_worker_fails() -> None:
    """A worker that was idle for too long exits with an error."""

    @replaces("worker.session:Session.live")
    async def _(old: Callable[[Session], Awaitable[None]], session: Session) -> None:
        from standin.errors import UserError

        await old(session)
        if session._reason == "idle-timeout":
            raise UserError("idle timeout elapsed")


@mutant(50)
def limit_of_no_steps_is_no_limit() -> None:
    """A worker with a limit of no steps starts without a limit."""

    @replaces("worker.connect:limit_of_steps")
    def _(old: Callable[[Call], str], call: Call) -> str:
        limit = old(call)
        return "" if limit == "0" else limit


@mutant(50)
def idle_time_of_zero_is_no_limit() -> None:
    """A worker with an idle time of zero starts without a limit."""

    @replaces("worker.connect:idle_time")
    def _(old: Callable[[Call], int], call: Call) -> int:
        return 0 if call.option("--idle-timeout") == "0s" else old(call)


@mutant(50)
def slots_called_steps() -> None:
    """A worker with no slots is refused because of its limit of steps."""

    @replaces("worker.connect:positive")
    def _(old: Callable[[str, str], int], text: str, otherwise: str) -> int:
        return old(text, otherwise.replace("--concurrency", "--max-dispatches").replace(' or "auto"', ""))


@mutant(36)
def closed_terminal_ends_worker() -> None:
    """A worker whose terminal is closed ends at once, with its steps."""

    @replaces("worker.connect:stopping_signals")
    def _(old: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        return tuple(name for name in old() if name != "SIGHUP")


@mutant(50)
def failed_step_not_counted() -> None:
    """A worker with a limit of steps counts only the steps that succeed."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        result = await old(session, job)
        if result["status"] != "success":
            session._steps_done -= 1
        return result


@mutant(50)
def step_whose_process_ended_not_counted() -> None:
    """A worker with a limit of steps does not count a step whose process ends without a result."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        result = await old(session, job)
        if job["method"] == "vanish":
            session._steps_done -= 1
        return result


@mutant(50)
def busy_slot_does_not_count() -> None:
    """A worker with an idle time is idle as soon as one of its steps has ended."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        try:
            return await old(session, job)
        finally:
            session.begin_idleness()


@mutant(50)
def returned_worker_has_no_idle_time() -> None:
    """A worker with an idle time that has lost its connection and returned never stops by itself."""

    @replaces("worker.session:Session.answered")
    def _(old: Callable[[Session, dict[str, Any]], None], session: Session, reply: dict[str, Any]) -> None:
        returns = session._enrolled_once
        old(session, reply)
        if returns:
            session.end_idleness()
