"""Mutants of the verification of workers that enroll."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    from standin.commandline import Call
    from standin.orchestrator.dispatch import Dispatch, Dispatcher, Requirement
    from standin.orchestrator.pool import Member, Pool
    from standin.orchestrator.requests import Requests
    from standin.orchestrator.serve import Orchestrator


# Promise 38: A worker that does not pass its verification is shown as unverified, and gets no step.


@mutant(38)
def verification_by_variable_ignored() -> None:
    """The variable that asks for the verification of workers has no effect."""

    @replaces("orchestrator.serve:verifies_by_variable")
    def _(old: Callable[[], bool]) -> bool:
        return False


@mutant(38)
def unfit_worker_passes() -> None:
    """The verification does not notice that a worker cannot send data."""

    @replaces("orchestrator.requests:Requests.verified")
    def _(
        old: Callable[[Requests, Member, str], None], requests: Requests, member: Member, error: str
    ) -> None:
        old(requests, member, "")


@mutant(38)
def unverified_shown_as_idle_in_text() -> None:
    """The worker list in text shows an unverified worker as idle."""

    @replaces("operator.pool:table_of_workers")
    def _(old: Callable[..., str], answer: dict[str, Any], *, past: bool) -> str:
        return old(answer, past=past).replace("  unverified  ", "  idle        ")


@mutant(38)
def reason_shown_in_json_only() -> None:
    """The worker list in text does not show why a worker is unverified."""

    @replaces("operator.pool:unverified_note")
    def _(old: Callable[[dict[str, Any]], list[str]], answer: dict[str, Any]) -> list[str]:
        note = "Some workers are unverified — run 'swamp worker verify' to diagnose."
        return [note for _ in old(answer)]


@mutant(38)
def reason_of_unverified_worker_hidden() -> None:
    """The record of an unverified worker does not have the reason."""

    @replaces("orchestrator.pool:Member.record")
    def _(old: Callable[[Member], dict[str, Any]], member: Member) -> dict[str, Any]:
        return {**old(member), "verifyFailureReason": ""}


@mutant(38)
def unverified_worker_gets_steps() -> None:
    """Only the list shows that a worker is unverified; it gets steps like any other."""

    @replaces("orchestrator.dispatch:takes_steps")
    def _(old: Callable[[Member], bool], member: Member) -> bool:
        return member.connected and not member.draining and (bool(member.failure) or not member.unverified)


@mutant(38)
def unverified_worker_gets_steps_by_name() -> None:
    """A step that names an unverified worker is sent to it."""

    @replaces("orchestrator.dispatch:Dispatcher.chosen")
    def _(
        old: Callable[[Dispatcher, Requirement], Member | None],
        dispatcher: Dispatcher,
        requirement: Requirement,
    ) -> Member | None:
        named = [
            each
            for each in dispatcher._pool.members.values()
            if requirement.target and each.connected and each.unverified and requirement.fits(each)
        ]
        return named[0] if named else old(dispatcher, requirement)


@mutant(38)
def returned_worker_listed_as_unverified() -> None:
    """The list shows a worker as unverified that was so before it enrolled again and passed."""
    unfit: set[str] = set()

    @replaces("orchestrator.pool:Pool.judge")
    def _(old: Callable[[Pool, Member, str], None], pool: Pool, member: Member, failure: str) -> None:
        unfit.update([member.name] if failure else [])
        old(pool, member, failure)

    @replaces("orchestrator.pool:Member.record")
    def _(old: Callable[[Member], dict[str, Any]], member: Member) -> dict[str, Any]:
        record = old(member)
        listed = record["status"] == "idle" and member.name in unfit
        return {**record, "status": "unverified"} if listed else record


@mutant(38)
def passed_worker_not_recorded() -> None:
    """The worker list shows a worker that has passed its verification as unverified."""

    @replaces("orchestrator.pool:Pool.judge")
    def _(old: Callable[[Pool, Member, str], None], pool: Pool, member: Member, failure: str) -> None:
        if failure:
            old(pool, member, failure)
        else:
            member.unverified = False
            pool.changed()


@mutant(38)
def verification_by_the_operator_makes_idle() -> None:
    """A worker that an operator has verified is idle, whatever the result."""

    @replaces("orchestrator.requests:Requests.verified")
    def _(
        old: Callable[[Requests, Member, str], None], requests: Requests, member: Member, error: str
    ) -> None:
        old(requests, member, error)
        requests._pool.judge(member, "")


# Promise 51: An operator who verifies the workers finds the one that cannot run steps.


@mutant(51)
def verification_only_counts() -> None:
    """A verification passes every worker that is connected."""

    @replaces("orchestrator.requests:Requests.verified")
    def _(
        old: Callable[[Requests, Member, str], None],
        requests: Requests,
        member: Member,
        error: str,
    ) -> None:
        old(requests, member, "")


@mutant(51)
def failed_verification_succeeds_in_json() -> None:
    """A verification that a worker fails ends with exit code 0 in JSON, if another worker passes."""

    @replaces("operator.pool:verify")
    def _(old: Callable[[Call], int], call: Call) -> int:
        code = old(call)
        return 0 if call.json and not call.arguments else code


@mutant(51)
def verification_ends_at_the_first_failure() -> None:
    """A verification does not go on after the first worker that fails it."""
    failed: list[str] = []

    @replaces("orchestrator.requests:is_selected")
    def _(
        old: Callable[[Member, str, dict[str, str]], bool],
        member: Member,
        name: str,
        labels: dict[str, str],
    ) -> bool:
        return old(member, name, labels) and not failed

    @replaces("orchestrator.requests:Requests.verified")
    def _(
        old: Callable[[Requests, Member, str], None], requests: Requests, member: Member, error: str
    ) -> None:
        failed.extend([error] if error else [])
        old(requests, member, error)


@mutant(51)
def mended_worker_fails_verification() -> None:
    """A worker that has failed a verification fails each later one."""
    failed: dict[str, str] = {}

    @replaces("orchestrator.requests:Requests.verified")
    def _(
        old: Callable[[Requests, Member, str], None], requests: Requests, member: Member, error: str
    ) -> None:
        old(requests, member, failed.setdefault(member.name, error) if error else failed.get(member.name, ""))


@mutant(51)
def workers_without_the_label_pass() -> None:
    """A verification of workers with a label lists all workers, and passes those that do not have it."""
    unselected: set[str] = set()

    @replaces("orchestrator.requests:is_selected")
    def _(
        old: Callable[[Member, str, dict[str, str]], bool],
        member: Member,
        name: str,
        labels: dict[str, str],
    ) -> bool:
        if not old(member, name, labels):
            unselected.add(member.name)
        return True

    @replaces("orchestrator.requests:Requests.verified")
    def _(
        old: Callable[[Requests, Member, str], None], requests: Requests, member: Member, error: str
    ) -> None:
        old(requests, member, "" if member.name in unselected else error)


@mutant(38)
def returned_worker_listed_as_busy() -> None:
    """The list shows a worker as busy that has passed its verification a second time."""
    judged: list[str] = []

    @replaces("orchestrator.pool:Pool.judge")
    def _(old: Callable[[Pool, Member, str], None], pool: Pool, member: Member, failure: str) -> None:
        judged.append(member.name)
        old(pool, member, failure)

    @replaces("orchestrator.pool:Member.record")
    def _(old: Callable[[Member], dict[str, Any]], member: Member) -> dict[str, Any]:
        return {**old(member), **({"status": "busy"} if judged.count(member.name) > 1 else {})}


@mutant(38)
def verified_only_when_it_enrolls_first() -> None:
    """A worker that comes back waits for a verification that nothing begins."""
    verified: set[str] = set()

    @replaces("orchestrator.serve:Orchestrator._verify")
    async def _(
        old: Callable[[Orchestrator, Member], Awaitable[None]], orchestrator: Orchestrator, member: Member
    ) -> None:
        if member.name not in verified:
            verified.add(member.name)
            await old(orchestrator, member)


@mutant(38)
def one_member_verified_for_its_token() -> None:
    """When a machine of a token for several machines has passed, the others pass without a verification."""
    passed: set[str] = set()

    @replaces("orchestrator.pool:Pool.judge")
    def _(old: Callable[[Pool, Member, str], None], pool: Pool, member: Member, failure: str) -> None:
        if member.name != member.token and not failure:
            passed.add(member.token)
        old(pool, member, "" if member.token in passed else failure)


@mutant(38)
def step_naming_a_worker_under_verification_fails() -> None:
    """A step that names a worker fails if it waits when the verification of this worker begins."""

    @replaces("orchestrator.dispatch:Dispatcher.serve_queue")
    def _(old: Callable[[Dispatcher], None], dispatcher: Dispatcher) -> None:
        from standin.orchestrator.dispatch import StepFailed

        begun = [each for each in dispatcher._pool.members.values() if each.connected and each.unverified]
        for waiting in list(dispatcher._waiting):
            if waiting.requirement.target in [name for each in begun for name in (each.name, each.instance)]:
                dispatcher._waiting.remove(waiting)
                waiting.granted.set_exception(
                    StepFailed(f"Worker '{waiting.requirement.target}' is unverified")
                )
        old(dispatcher)


@mutant(38)
def verification_frees_a_slot_that_a_step_has() -> None:
    """The end of a verification frees a slot that a waiting step has just got, and the next step fails."""
    overbooked: set[str] = set()

    @replaces("orchestrator.pool:Pool.judge")
    def _(old: Callable[[Pool, Member, str], None], pool: Pool, member: Member, failure: str) -> None:
        overbooked.add(member.name)
        old(pool, member, failure)

    @replaces("orchestrator.dispatch:has_free_slot")
    def _(old: Callable[[Member], bool], member: Member) -> bool:
        if old(member):
            return True
        if member.name in overbooked:
            overbooked.remove(member.name)
            return True
        return False

    @replaces("orchestrator.dispatch:Dispatcher.hand_over")
    async def _(
        old: Callable[[Dispatcher, Dispatch, Member], Awaitable[None]],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        member: Member,
    ) -> None:
        from standin.orchestrator.dispatch import StepFailed

        if len(member.dispatches) > member.capacity:
            failure = f"Worker '{member.name}' is at capacity"
            dispatcher.close_lease(dispatch, "failed", failure)
            raise StepFailed(failure)
        await old(dispatcher, dispatch, member)
