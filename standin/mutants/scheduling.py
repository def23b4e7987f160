"""Mutants of the choice of a worker for a step."""

from __future__ import annotations

import contextlib
import re
import shutil
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

from standin.mutants import mutant, replaces
from standin.mutants.runs import resumed_from_now_on

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.asyncio.server import ServerConnection

    from standin.commandline import Call
    from standin.orchestrator.dataplane import DataPlane
    from standin.orchestrator.dispatch import Dispatch, Dispatcher, Requirement, StepFailed, Work, _Waiting
    from standin.orchestrator.pool import Member, Pool
    from standin.orchestrator.requests import Requests, RunLimits
    from standin.orchestrator.runs import Run
    from standin.orchestrator.serve import Orchestrator
    from standin.orchestrator.workflow import Step
    from standin.repository import Repository
    from standin.store import Datum, Draft, Kind, Place
    from standin.worker.session import Session


# Promise 18: A step runs only where every label matches, and the operator sees it wait.


@mutant(18)
def any_label_will_do() -> None:
    """One matching label is enough."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        if requirement.target:
            return old(requirement, member)
        return any(member.labels.get(name) == value for name, value in requirement.labels.items())


@mutant(18)
def no_orchestrator_needed() -> None:
    """Without an orchestrator, a run succeeds, although nothing can send its steps to workers."""

    @replaces("operator.workflows:run")
    def _(old: Callable[[Call], int], call: Call) -> int:
        return old(call) if call.has("--server") else 0


@mutant(18)
def changed_workflow_runs_as_before() -> None:
    """An orchestrator runs a workflow as it read it for the first time, whatever has changed since."""
    known: dict[tuple[str, str], dict[str, Any]] = {}

    @replaces("orchestrator.workflow:of_the_workflow")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        job: dict[str, Any],
        workflow: dict[str, Any],
    ) -> dict[str, Any]:
        return known.setdefault((workflow["name"], job["name"]), old(job, workflow))


@mutant(18)
def running_still_queued() -> None:
    """A step that had to wait is listed as waiting while it runs."""

    @replaces("orchestrator.dispatch:Dispatcher.leave")
    def _(
        old: Callable[[Dispatcher, dict[str, Any], str], None],
        dispatcher: Dispatcher,
        entry: dict[str, Any],
        state: str,
    ) -> None:
        if state != "dispatched":
            old(dispatcher, entry, state)


@mutant(18)
def waits_not_reported() -> None:
    """The command that follows a run does not report that a step waits."""

    @replaces("orchestrator.dispatch:Dispatcher.report_wait")
    def _(
        old: Callable[[Dispatcher, Work, Requirement], None],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
    ) -> None:
        return


@mutant(18)
def requirement_not_told() -> None:
    """The queue does not show all labels that a step waits for."""

    @replaces("orchestrator.dispatch:Requirement.in_words")
    def _(old: Callable[[Requirement], str], requirement: Requirement) -> str:
        return old(requirement).partition(", ")[0]


@mutant(18)
def timeout_without_its_reason() -> None:
    """A step without a matching worker in time fails without a reason."""

    @replaces("orchestrator.dispatch:Dispatcher._place")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[Dispatch]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        limit: float,
    ) -> Dispatch:
        from standin.orchestrator.dispatch import StepFailed

        try:
            return await old(dispatcher, work, requirement, limit)
        except StepFailed:
            raise StepFailed("The step failed") from None


@mutant(18)
def timed_out_stays_queued() -> None:
    """A step without a matching worker in time stays in the queue."""

    @replaces("orchestrator.dispatch:Dispatcher.leave")
    def _(
        old: Callable[[Dispatcher, dict[str, Any], str], None],
        dispatcher: Dispatcher,
        entry: dict[str, Any],
        state: str,
    ) -> None:
        if state != "timed_out":
            old(dispatcher, entry, state)


@mutant(18)
def queue_empty_in_text() -> None:
    """The queue in text shows no waiting steps."""

    @replaces("operator.pool:table_of_queue")
    def _(old: Callable[[list[dict[str, Any]]], str], answer: list[dict[str, Any]]) -> str:
        return old([])


@mutant(18)
def default_queue_limit_of_seconds() -> None:
    """A step without a queue limit waits for ten seconds."""
    from standin.timing import QUEUE_LIMIT

    @replaces("orchestrator.dispatch:Dispatcher._place")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[Dispatch]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        limit: float,
    ) -> Dispatch:
        return await old(dispatcher, work, requirement, 10 if limit == QUEUE_LIMIT else limit)


@mutant(18)
def queue_limit_of_the_orchestrator_ignored() -> None:
    """The queue limit that an orchestrator is started with has no effect."""
    from standin.timing import QUEUE_LIMIT

    @replaces("orchestrator.serve:Orchestrator.__init__")
    def _(
        old: Callable[..., None],
        orchestrator: Orchestrator,
        repository: Repository,
        certificate: tuple[str, str],
        idle_limit: float,
        queue_limit: float,
        limits: RunLimits,
        **others: Any,
    ) -> None:
        old(orchestrator, repository, certificate, idle_limit, QUEUE_LIMIT, limits, **others)


@mutant(18)
def no_limit_means_no_time() -> None:
    """An orchestrator without a queue limit fails every waiting step at once."""

    @replaces("orchestrator.dispatch:time_to_wait")
    def _(old: Callable[[float], float | None], limit: float) -> float | None:
        return limit


@mutant(18)
def other_architecture_will_do() -> None:
    """A step that names the architecture of a machine runs on one of another."""

    @replaces("orchestrator.dispatch:Requirement.fits_platform")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return requirement.platform.partition("/")[0] in ("", member.platform)


@mutant(18)
def other_system_will_do() -> None:
    """A step that names the system of a machine runs on one of another."""

    @replaces("orchestrator.dispatch:Requirement.fits_platform")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return requirement.platform.partition("/")[2] in ("", member.arch)


@mutant(18)
def platform_never_fits() -> None:
    """A step that names a platform matches no worker."""

    @replaces("orchestrator.dispatch:Requirement.fits_platform")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return not requirement.platform


@mutant(18)
def job_not_heeded() -> None:
    """The worker requirements of a job are ignored."""

    @replaces("orchestrator.workflow:placed")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        job: dict[str, Any],
    ) -> dict[str, Any]:
        return {**step, "job": job["name"], "group": ""}


@mutant(18)
def job_heeded_always() -> None:
    """The worker requirements of a job override those of its steps."""

    @replaces("orchestrator.workflow:placed")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        job: dict[str, Any],
    ) -> dict[str, Any]:
        return {**old(step, job), **{key: job[key] for key in ("labels",) if key in job}}


@mutant(18)
def place_on_the_orchestrator_not_heeded() -> None:
    """A step for the orchestrator runs on a worker if its job is for workers."""

    @replaces("orchestrator.workflow:placed")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        job: dict[str, Any],
    ) -> dict[str, Any]:
        return old({key: value for key, value in step.items() if value != {}}, job)


@mutant(18)
def beginning_of_a_value_will_do() -> None:
    """A label matches when its value begins with the wanted one."""
    _compared(lambda has, wanted: has.startswith(wanted))


@mutant(18)
def longer_value_wanted() -> None:
    """A label matches when the wanted value begins with its value."""
    _compared(lambda has, wanted: bool(has) and wanted.startswith(has))


@mutant(18)
def end_of_a_value_will_do() -> None:
    """A label matches when its value ends with the wanted one."""
    _compared(lambda has, wanted: has.endswith(wanted))


@mutant(18)
def case_of_a_value_ignored() -> None:
    """A label matches in lower case and in upper case."""
    _compared(lambda has, wanted: has.lower() == wanted.lower())


@mutant(18)
def value_taken_as_a_pattern() -> None:
    """The wanted value of a label is used as a pattern."""
    _compared(lambda has, wanted: re.fullmatch(wanted, has) is not None)


@mutant(18)
def value_taken_as_a_number() -> None:
    """A label matches when its value is the same number."""
    _compared(lambda has, wanted: has == wanted or (has.isdigit() and has.lstrip("0") == wanted))


@mutant(18)
def accents_ignored() -> None:
    """A label matches when its letters differ only in their accents."""
    _compared(lambda has, wanted: _plain(has) == _plain(wanted))


@mutant(18)
def wanted_value_cut_at_an_equals_sign() -> None:
    """The wanted value of a label is cut at its last equals sign."""
    _compared(lambda has, wanted: has in (wanted, wanted.rpartition("=")[0]))


@mutant(18)
def another_label_of_the_value_will_do() -> None:
    """A worker matches that has the wanted value under any name."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        if requirement.target:
            return old(requirement, member)
        return set(requirement.labels.values()) <= set(member.labels.values())


@mutant(18)
def case_of_a_label_ignored() -> None:
    """A label is found in lower case and in upper case."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        if requirement.target:
            return old(requirement, member)
        has = {name.lower(): value for name, value in member.labels.items()}
        return all(has.get(name.lower()) == value for name, value in requirement.labels.items())


@mutant(18)
def value_of_a_worker_cut_at_an_equals_sign() -> None:
    """The value of a worker's label is cut at its third equals sign."""

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        labels = {name: "=".join(value.split("=")[:2]) for name, value in wish["labels"].items()}
        return old(pool, {**wish, "labels": labels}, socket)


def _compared(matches: Callable[[str, str], bool]) -> None:
    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        if requirement.target:
            return old(requirement, member)
        return all(matches(member.labels.get(name, ""), value) for name, value in requirement.labels.items())


def _plain(text: str) -> bytes:
    return unicodedata.normalize("NFD", text).encode("ascii", "ignore")


@mutant(18)
def queue_timeout_zero_falls_back() -> None:
    """The queue limit of zero of a step has no effect: the orchestrator's limit applies."""

    @replaces("orchestrator.workflow:_step")
    def _(
        old: Callable[[Repository, dict[str, Any], dict[str, str]], Step],
        repository: Repository,
        described: dict[str, Any],
        known: dict[str, str],
    ) -> Step:
        return replace(old(repository, described, known), queue_limit=described.get("queueTimeout") or None)


@mutant(18)
def second_wait_not_in_queue() -> None:
    """A step that has waited before, and lost its worker, is not listed when it waits again."""
    waited = set()

    @replaces("orchestrator.dispatch:Dispatcher._enter")
    def _(old: Callable[[Dispatcher, _Waiting], None], dispatcher: Dispatcher, waiting: _Waiting) -> None:
        step = (waiting.work.run, waiting.work.step)
        if step not in waited:
            old(dispatcher, waiting)
        waited.add(step)


@mutant(18)
def empty_label_matches_any() -> None:
    """A step that asks for a label without a value runs on workers without this label."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        wanted = {name: value for name, value in requirement.labels.items() if value}
        return old(replace(requirement, labels=wanted), member)


@mutant(18)
def first_in_the_queue_holds_up_the_others() -> None:
    """A step that waits gets no worker before the steps that came earlier."""

    @replaces("orchestrator.dispatch:Dispatcher.serve_queue")
    def _(old: Callable[[Dispatcher], None], dispatcher: Dispatcher) -> None:
        everyone = list(dispatcher._waiting)
        entered = [waiting for waiting in everyone if waiting.entry]
        held_up = [each for each in entered[1:] if dispatcher.chosen(entered[0].requirement) is None]
        dispatcher._waiting = [each for each in everyone if each not in held_up]
        old(dispatcher)
        dispatcher._waiting = [each for each in everyone if each in dispatcher._waiting or each in held_up]


# Promise 19: A step runs only on the worker that it names.


@mutant(18)
def labels_of_items_unresolved() -> None:
    """The labels of a step that is expanded over items keep their expressions, so that no worker matches."""

    @replaces("orchestrator.workflow:_step")
    def _(
        old: Callable[[Repository, dict[str, Any], dict[str, str]], Step],
        repository: Repository,
        described: dict[str, Any],
        known: dict[str, str],
    ) -> Step:
        step = old(repository, described, known)
        if "forEach" in described and step.requirement is not None:
            step.requirement = replace(step.requirement, labels=described.get("labels", {}))
        return step


@mutant(18)
def misspelt_key_accepted() -> None:
    """A step with a misspelt placement is accepted, and runs on the orchestrator."""

    @replaces("orchestrator.workflow:refuse_unknown_keys")
    def _(old: Callable[[dict[str, Any]], None], document: dict[str, Any]) -> None:
        pass


@mutant(19)
def target_ignored() -> None:
    """The labels of a step decide, even if it names a worker."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        if not requirement.labels:
            return old(requirement, member)
        return all(member.labels.get(name) == value for name, value in requirement.labels.items())


@mutant(19)
def instance_taken_for_any() -> None:
    """An instance uuid as a target is ignored, and the labels decide."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        from standin.orchestrator.dispatch import Requirement

        return old(
            Requirement("", requirement.labels) if len(requirement.target) == 36 else requirement, member
        )


@mutant(19)
def lost_target_runs_elsewhere() -> None:
    """A step whose worker does not exist runs on a worker with matching labels."""

    @replaces("orchestrator.dispatch:Dispatcher.chosen")
    def _(
        old: Callable[[Dispatcher, Requirement], Member | None],
        dispatcher: Dispatcher,
        requirement: Requirement,
    ) -> Member | None:
        from standin.orchestrator.dispatch import Requirement

        named = [each for each in dispatcher._pool.members.values() if requirement.fits(each)]
        return old(dispatcher, requirement if named else Requirement("", requirement.labels))


@mutant(19)
def target_forgotten_after_a_loss() -> None:
    """A step that runs again after the loss of its worker may run on any worker."""
    lost: list[Work] = []

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        lost.append(dispatch.work)
        old(dispatcher, dispatch, fate)

    @replaces("orchestrator.dispatch:Dispatcher._place")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[Dispatch]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        limit: float,
    ) -> Dispatch:
        wanted = replace(requirement, target="") if work in lost else requirement
        return await old(dispatcher, work, wanted, limit)


@mutant(19)
def lease_names_another() -> None:
    """The lease names another worker than the one that ran the step."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        dispatch.lease["workerName"] = min(dispatcher._pool.members)
        old(dispatcher, dispatch, state, error)


@mutant(19)
def labels_of_the_job_count_for_a_named_worker() -> None:
    """A step that names a worker runs there only if the worker has the labels of the step's job."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        has_labels = all(member.labels.get(name) == value for name, value in requirement.labels.items())
        return old(requirement, member) and has_labels


@mutant(19)
def expression_of_a_job_not_evaluated() -> None:
    """A step whose job names a worker by an expression waits for a worker of the expression's text."""

    @replaces("orchestrator.workflow:placed")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        job: dict[str, Any],
    ) -> dict[str, Any]:
        target = str(job.get("target", "")).replace("${{", "${ {")
        return old(step, {**job, "target": target} if target else job)


@mutant(19)
def beginning_of_a_name_will_do() -> None:
    """A worker is found by the beginning of its name."""
    _named(lambda target, member: member.name.startswith(target))


@mutant(19)
def name_before_a_hyphen_will_do() -> None:
    """A worker is found by the part of its name before a hyphen, as if its number did not count."""
    _named(lambda target, member: member.name.startswith(f"{target}-"))


@mutant(19)
def longer_name_will_do() -> None:
    """A worker is found by a name that begins with its own."""
    _named(lambda target, member: target.startswith(member.name))


@mutant(19)
def end_of_a_name_will_do() -> None:
    """A worker is found by the end of its name."""
    _named(lambda target, member: member.name.endswith(target))


@mutant(19)
def case_of_a_name_ignored() -> None:
    """A worker is found by its name in upper case."""
    _named(lambda target, member: member.name.lower() == target.lower())


@mutant(19)
def beginning_of_an_instance_will_do() -> None:
    """A worker is found by the beginning of the uuid of its instance."""
    _named(lambda target, member: member.instance.startswith(target))


@mutant(19)
def first_instance_remembered() -> None:
    """A restarted worker is found only by the uuid of its first instance."""
    first: dict[str, str] = {}

    @replaces("orchestrator.pool:Pool.enroll")
    def _(
        old: Callable[[Pool, dict[str, Any], ServerConnection], tuple[Member, bool]],
        pool: Pool,
        wish: dict[str, Any],
        socket: ServerConnection,
    ) -> tuple[Member, bool]:
        member, same = old(pool, wish, socket)
        first.setdefault(member.name, member.instance)
        return member, same

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        if not requirement.target:
            return old(requirement, member)
        return requirement.target in (member.name, first.get(member.name))


@mutant(19)
def busy_target_runs_elsewhere() -> None:
    """A step whose worker is busy runs on a free one."""
    _free_instead(lambda requirement: bool(requirement.target))


@mutant(19)
def busy_instance_runs_elsewhere() -> None:
    """A step that names an instance that is busy runs on a free worker."""
    _free_instead(lambda requirement: len(requirement.target) == 36)


@mutant(19)
def busy_label_runs_elsewhere() -> None:
    """A step whose only matching worker is busy runs on one that does not match."""
    _free_instead(lambda requirement: not requirement.target)


def _named(fits: Callable[[str, Member], bool]) -> None:
    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return old(requirement, member) or bool(requirement.target and fits(requirement.target, member))


def _free_instead(applies: Callable[[Requirement], bool]) -> None:
    @replaces("orchestrator.dispatch:Dispatcher.chosen")
    def _(
        old: Callable[[Dispatcher, Requirement], Member | None],
        dispatcher: Dispatcher,
        requirement: Requirement,
    ) -> Member | None:
        from standin.orchestrator.dispatch import Requirement

        there = any(requirement.fits(member) for member in dispatcher._pool.members.values())
        chosen = old(dispatcher, requirement)
        return chosen or (old(dispatcher, Requirement("", {})) if there and applies(requirement) else None)


@mutant(19)
def uuid_target_leaks_slot() -> None:
    """A step that names an instance of a worker takes one of its slots for good."""

    @replaces("orchestrator.dispatch:Dispatcher._place")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[Dispatch]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        limit: float,
    ) -> Dispatch:
        dispatch = await old(dispatcher, work, requirement, limit)
        if len(requirement.target) == 36 and dispatch.member is not None:
            dispatch.member.dispatches.add(f"after {dispatch.identity}")
        return dispatch


@mutant(19)
def target_of_an_item_unevaluated() -> None:
    """An evaluated workflow does not show the worker that a step for an item names."""

    @replaces("operator.workflows:evaluated")
    def _(old: Callable[[Step], dict[str, Any]], step: Step) -> dict[str, Any]:
        return {**old(step), "target": "${{ self.item }}"}


@mutant(19)
def step_of_a_lost_worker_fails() -> None:
    """A step that names a worker which is lost fails at once, although the worker may come back."""

    @replaces("orchestrator.dispatch:Dispatcher._place")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[Dispatch]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        limit: float,
    ) -> Dispatch:
        from standin.orchestrator.dispatch import StepFailed

        member = dispatcher._pool.members.get(requirement.target)
        if member is not None and not member.connected:
            raise StepFailed(f"Target worker '{requirement.target}' is disconnected")
        return await old(dispatcher, work, requirement, limit)


@mutant(19)
def no_warning_about_an_instance() -> None:
    """The operator is not warned that a step names the instance of a worker which is lost."""

    @replaces("orchestrator.dispatch:Dispatcher.is_away")
    def _(old: Callable[[Dispatcher, str], bool], dispatcher: Dispatcher, target: str) -> bool:
        return old(dispatcher, target) and target in dispatcher._pool.members


# Promise 20: A worker runs as many steps in parallel as it has slots.


@mutant(20)
def two_on_one_slot() -> None:
    """A worker gets one step more than it has slots."""

    @replaces("orchestrator.dispatch:has_free_slot")
    def _(old: Callable[[Member], bool], member: Member) -> bool:
        return len(member.dispatches) <= member.capacity


@mutant(20)
def one_at_a_time() -> None:
    """A worker with two slots gets one step at a time."""

    @replaces("orchestrator.dispatch:has_free_slot")
    def _(old: Callable[[Member], bool], member: Member) -> bool:
        return not member.dispatches


@mutant(20)
def begins_before_the_other_has_ended() -> None:
    """A worker's slot is free a moment before its step has ended."""

    @replaces("orchestrator.dispatch:Dispatcher.hand_over")
    async def _(
        old: Callable[[Dispatcher, Dispatch, Member], Awaitable[None]],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        member: Member,
    ) -> None:
        import asyncio

        await old(dispatcher, dispatch, member)
        loop = asyncio.get_running_loop()
        loop.call_later(0.2, dispatcher._pool.release, member, dispatch.identity)


@mutant(20)
def free_slot_given_to_every_waiting_step() -> None:
    """A slot that gets free is given to every step that waits for it, and all but the first one fail."""

    @replaces("orchestrator.dispatch:Dispatcher.serve_queue")
    def _(old: Callable[[Dispatcher], None], dispatcher: Dispatcher) -> None:
        from standin.orchestrator.dispatch import StepFailed, has_free_slot

        free = [member for member in dispatcher._pool.members.values() if has_free_slot(member)]
        waited = [waiting for waiting in dispatcher._waiting if waiting.entry]
        old(dispatcher)
        if not any(waiting.granted.done() for waiting in waited):
            return
        for waiting in list(dispatcher._waiting):
            taken = next((member for member in free if waiting.requirement.fits(member)), None)
            if taken is not None and waiting.entry:
                dispatcher._waiting.remove(waiting)
                waiting.granted.set_exception(StepFailed(f"Worker '{taken.name}' is at capacity"))


@mutant(20)
def slots_by_processors_refused_in_a_variable() -> None:
    """A worker does not start when a variable asks for a slot for each processor."""

    @replaces("worker.connect:slots")
    def _(old: Callable[[str, str], int], flag: str, variable: str) -> int:
        return old(flag, variable.replace("auto", "0"))


@mutant(20)
def slots_by_processors_refused_on_the_command_line() -> None:
    """A worker does not start when its command asks for a slot for each processor."""

    @replaces("worker.connect:slots")
    def _(old: Callable[[str, str], int], flag: str, variable: str) -> int:
        return old(flag.replace("auto", "0"), variable)


@mutant(20)
def slots_by_processors_are_one() -> None:
    """A worker that is to have a slot for each processor has one."""

    @replaces("worker.connect:slots")
    def _(old: Callable[[str, str], int], flag: str, variable: str) -> int:
        return 1 if "auto" in (flag, variable) else old(flag, variable)


@mutant(20)
def variable_beats_slots() -> None:
    """The variable with the number of a worker's slots overrides its command line."""

    @replaces("worker.connect:slots")
    def _(old: Callable[[str, str], int], flag: str, variable: str) -> int:
        return old(flag if variable == "1" else "", variable)


# Promise 21: The items of a list are spread over the workers, each runs once, and again on a second run.


@mutant(21)
def worker_of_an_object_lost() -> None:
    """A step for each object of a list runs on any worker, whatever the object says."""

    @replaces("orchestrator.workflow:values_of")
    def _(old: Callable[[str, Any], dict[str, str]], name: str, item: Any) -> dict[str, str]:
        return {key: "" if key.endswith(".worker") else value for key, value in old(name, item).items()}


@mutant(21)
def item_lost() -> None:
    """The last item of a list does not run."""

    @replaces("orchestrator.workflow:items_of")
    def _(
        old: Callable[[Repository, dict[str, Any]], list[dict[str, str]]],
        repository: Repository,
        described: dict[str, Any],
    ) -> list[dict[str, str]]:
        items = old(repository, described)
        return items[:-1] if len(items) > 1 else items


@mutant(21)
def one_step_without_items() -> None:
    """A step for each item of a list without items runs once, with an empty item."""

    @replaces("orchestrator.workflow:items_of")
    def _(
        old: Callable[[Repository, dict[str, Any]], list[dict[str, str]]],
        repository: Repository,
        described: dict[str, Any],
    ) -> list[dict[str, str]]:
        return old(repository, described) or [{f"self.{described['forEach']['item']}": ""}]


@mutant(21)
def item_doubled() -> None:
    """The first item of a list runs twice."""

    @replaces("orchestrator.workflow:items_of")
    def _(
        old: Callable[[Repository, dict[str, Any]], list[dict[str, str]]],
        repository: Repository,
        described: dict[str, Any],
    ) -> list[dict[str, str]]:
        items = old(repository, described)
        return [items[0], *items] if len(items) > 1 else items


@mutant(21)
def one_after_the_other() -> None:
    """The items of a list run one after the other."""

    @replaces("orchestrator.dispatch:Dispatcher.chosen")
    def _(
        old: Callable[[Dispatcher, Requirement], Member | None],
        dispatcher: Dispatcher,
        requirement: Requirement,
    ) -> Member | None:
        busy = any(member.dispatches for member in dispatcher._pool.members.values())
        return None if busy else old(dispatcher, requirement)


@mutant(21)
def one_worker_does_it_all() -> None:
    """All items of a list run on one worker."""

    @replaces("orchestrator.dispatch:Dispatcher.chosen")
    def _(
        old: Callable[[Dispatcher, Requirement], Member | None],
        dispatcher: Dispatcher,
        requirement: Requirement,
    ) -> Member | None:
        member = old(dispatcher, requirement)
        return member if member is not None and member.name == min(dispatcher._pool.members) else None


def _results_take(is_taken: Callable[[int], bool]) -> None:
    """Results get only some version numbers; each gets the next of them."""

    @replaces("store:Draft.keep")
    def _(old: Callable[[Draft, Place, Kind], Datum], draft: Draft, place: Place, kind: Kind) -> Datum:
        if place.name != "result":
            return old(draft, place, kind)
        version = (draft._store.versions(place) or [0])[-1] + 1
        while not (is_taken(version) and draft.keep_as(place, kind, version)):
            version += 1
        datum = draft._store.version(place, version)
        assert datum is not None
        return datum


@mutant(21)
def version_skipped() -> None:
    """A result gets the version after the next."""
    _results_take(lambda version: version % 2 == 0)


@mutant(21)
def earlier_version_overwritten() -> None:
    """An earlier version of a result shows the content of the latest one."""

    @replaces("questions:data_get")
    def _(
        old: Callable[..., dict[str, Any]],
        repository: Repository,
        model: str,
        name: str,
        *,
        version: int | None = None,
        content: bool = True,
    ) -> dict[str, Any]:
        answer = old(repository, model, name, version=version, content=content)
        latest = old(repository, model, name, content=content)
        return {**answer, "content": latest["content"]} if content else answer


@mutant(21)
def results_of_other_items() -> None:
    """The data of one item is stored as the result of another."""

    @replaces("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(
        old: Callable[[DataPlane, str, str, Any, dict[str, Any]], dict[str, Any]],
        plane: DataPlane,
        spec: str,
        name: str,
        data: Any,
        overrides: dict[str, Any],
    ) -> dict[str, Any]:
        if isinstance(data, dict) and "pear" in str(data.get("step")):
            data = {**data, "step": data["step"].replace("pear", "apple")}
        return old(plane, spec, name, data, overrides)


@mutant(21)
def earlier_version_lost() -> None:
    """A second run deletes the result of the first."""

    @replaces("store:Draft.keep_as")
    def _(
        old: Callable[[Draft, Place, Kind, int], bool], draft: Draft, place: Place, kind: Kind, version: int
    ) -> bool:
        kept = old(draft, place, kind, version)
        if place.name == "result" and version > 1:
            shutil.rmtree(draft._store.folder_of(place) / str(version - 1))
        return kept


@mutant(21)
def second_version_left_out() -> None:
    """A record that is written a second time gets the third version."""
    _results_take(lambda version: version != 2)


@mutant(21)
def one_worker_filled_before_the_next() -> None:
    """A worker gets items until it is full, and only then the next worker gets some."""

    @replaces("orchestrator.dispatch:Dispatcher.chosen")
    def _(
        old: Callable[[Dispatcher, Requirement], Member | None],
        dispatcher: Dispatcher,
        requirement: Requirement,
    ) -> Member | None:
        from standin.orchestrator.dispatch import has_free_slot

        free = [each for each in dispatcher._pool.members.values() if each.connected and has_free_slot(each)]
        return min(
            (each for each in free if requirement.fits(each)), key=lambda each: each.name, default=None
        )


@mutant(21)
def lease_of_a_second_run_names_the_first_worker() -> None:
    """From the second run on, each lease names the worker that comes first in the alphabet."""

    @replaces("orchestrator.dispatch:Dispatcher._open_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, Member], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        member: Member,
    ) -> None:
        from standin import records

        others = [each for each in records.leases(dispatcher._repository) if each["state"] == "completed"]
        old(dispatcher, dispatch, member)
        if others:
            dispatch.lease["workerName"] = min(dispatcher._pool.members)
            records.put_lease(dispatcher._repository, dispatch.lease)


@mutant(21)
def lease_of_the_last_item_expired() -> None:
    """The lease of the last of several parallel items says "expired"."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        last = state == "completed" and dispatch.work.step.endswith("plum")
        old(dispatcher, dispatch, "expired" if last else state, error)


@mutant(21)
def writes_not_noted_side_by_side() -> None:
    """The lease of a step does not record that the step has written if another step runs in parallel."""

    @replaces("orchestrator.dispatch:Dispatcher.note_write")
    def _(old: Callable[[Dispatcher, Dispatch], None], dispatcher: Dispatcher, dispatch: Dispatch) -> None:
        if len(dispatcher.dispatches) == 1:
            old(dispatcher, dispatch)


@mutant(21)
def all_jobs_stay_on_one_worker() -> None:
    """All jobs of a run that each stay on one worker share the same worker."""

    @replaces("orchestrator.runs:Run.group_of")
    def _(old: Callable[[Run, Step], str], run: Run, step: Step) -> str:
        return run.identity if old(run, step) else ""


@mutant(21)
def job_does_not_stay_on_one_worker() -> None:
    """The steps of a job that stays on one worker run on any worker."""

    @replaces("orchestrator.runs:Run.group_of")
    def _(old: Callable[[Run, Step], str], run: Run, step: Step) -> str:
        return ""


@mutant(19)
def step_of_a_stopping_worker_fails() -> None:
    """A step fails if the worker that it names is finishing its work."""

    @replaces("orchestrator.dispatch:Dispatcher._place")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[Dispatch]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        limit: float,
    ) -> Dispatch:
        from standin.orchestrator.dispatch import StepFailed

        member = dispatcher._pool.members.get(requirement.target)
        if member is not None and member.draining:
            raise StepFailed("Worker is draining — no new dispatches accepted")
        return await old(dispatcher, work, requirement, limit)


@mutant(20)
def failed_step_keeps_its_slot() -> None:
    """A step that fails keeps its slot on the worker."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        old(dispatcher, dispatch, state, error)
        if state == "failed" and dispatch.member is not None:
            dispatch.member.dispatches.add(dispatch.identity)


# Promise 37: A worker takes as many steps as it has slots, whenever they come.


@mutant(37)
def only_steps_of_one_moment_take_slots() -> None:
    """A worker whose steps have begun takes no other step, whatever slots are free."""
    _free_slots_are(lambda member, begun: 0 if begun else member.capacity - len(member.dispatches))


@mutant(37)
def running_step_counted_twice() -> None:
    """A step that has begun counts as two of its worker's slots."""
    _free_slots_are(lambda member, begun: member.capacity - len(member.dispatches) - begun)


def _free_slots_are(free: Callable[[Member, int], int]) -> None:
    """The free slots of a worker depend on how many of its steps have begun."""
    handed_over: set[str] = set()

    @replaces("orchestrator.dispatch:Dispatcher.hand_over")
    async def _(
        old: Callable[[Dispatcher, Dispatch, Member], Awaitable[None]],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        member: Member,
    ) -> None:
        await old(dispatcher, dispatch, member)
        handed_over.add(dispatch.identity)

    @replaces("orchestrator.dispatch:free_slots")
    def _(old: Callable[[Member], int], member: Member) -> int:
        return free(member, len(member.dispatches & handed_over))


@mutant(37)
def last_slot_stays_free() -> None:
    """A worker with several slots keeps one of them free."""

    @replaces("orchestrator.dispatch:free_slots")
    def _(old: Callable[[Member], int], member: Member) -> int:
        return old(member) - (1 if member.capacity > 2 else 0)


@mutant(37)
def later_steps_not_shown_in_slots() -> None:
    """The worker list shows one busy slot, however many steps the worker runs."""

    @replaces("orchestrator.pool:Member.record")
    def _(old: Callable[[Member], dict[str, Any]], member: Member) -> dict[str, Any]:
        record = old(member)
        return {**record, "activeDispatchIds": record["activeDispatchIds"][:1]}


@mutant(37)
def slots_in_a_variable_ignored() -> None:
    """A worker ignores the variable with the number of its slots."""

    @replaces("worker.connect:slots_from_variable")
    def _(old: Callable[[], str]) -> str:
        return "1"


@mutant(37)
def fewest_steps_first() -> None:
    """A step runs on the worker with the fewest steps, even if another one has more free slots."""

    @replaces("orchestrator.dispatch:Dispatcher.chosen")
    def _(
        old: Callable[[Dispatcher, Requirement], Member | None],
        dispatcher: Dispatcher,
        requirement: Requirement,
    ) -> Member | None:
        fits = [
            each
            for each in dispatcher._pool.members.values()
            if each.connected and len(each.dispatches) < each.capacity and requirement.fits(each)
        ]
        return min(fits, key=lambda each: (len(each.dispatches), each.name), default=None)


@mutant(37)
def smallest_worker_first() -> None:
    """A step runs on the worker with the fewest slots in all that has a free one."""

    @replaces("orchestrator.dispatch:free_slots")
    def _(old: Callable[[Member], int], member: Member) -> int:
        free = old(member)
        return 0 if free <= 0 else 100 - member.capacity


@mutant(37)
def crash_of_one_step_fails_the_others() -> None:
    """A step whose process ends makes the other steps of its worker fail."""
    crashed: list[dict[str, Any]] = []

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        result = await old(session, job)
        crashed.extend([result] if "Runner crashed" in result.get("error", "") else [])
        return crashed[0] if crashed else result


@mutant(37)
def crash_of_a_step_is_a_success() -> None:
    """A step whose process ends without a result has succeeded."""

    @replaces("worker.session:Session._result_of")
    async def _(
        old: Callable[[Session, dict[str, Any]], Awaitable[dict[str, Any]]],
        session: Session,
        job: dict[str, Any],
    ) -> dict[str, Any]:
        result = await old(session, job)
        return {"status": "success"} if "Runner crashed" in result.get("error", "") else result


@mutant(37)
def crash_of_a_step_takes_a_slot() -> None:
    """A step whose process has ended keeps its slot."""

    @replaces("orchestrator.pool:Pool.release")
    def _(old: Callable[[Pool, Member, str], None], pool: Pool, member: Member, dispatch: str) -> None:
        if dispatch not in crashed:
            old(pool, member, dispatch)

    crashed: set[str] = set()

    @replaces("orchestrator.dispatch:Dispatcher.finished")
    def _(
        old: Callable[[Dispatcher, dict[str, Any]], None], dispatcher: Dispatcher, params: dict[str, Any]
    ) -> None:
        if "Runner crashed" in params.get("error", ""):
            crashed.add(params["dispatchId"])
        old(dispatcher, params)


# Promise 44: A workflow with an unknown key does not start, and the answer names the key.


@mutant(44)
def unknown_key_of_job_ignored() -> None:
    """An unknown key of a job is ignored, so that its steps run on the orchestrator."""
    _accept_unknown_keys_of("job")


@mutant(44)
def unknown_key_of_workflow_ignored() -> None:
    """An unknown key of a workflow is ignored, so that its steps run on the orchestrator."""
    _accept_unknown_keys_of("workflow")


@mutant(44)
def case_of_a_key_ignored() -> None:
    """A key that is wrong only in its case is not refused, and has no effect."""

    @replaces("orchestrator.workflow:refuse_unknown_keys_of")
    def _(old: Callable[[str, dict[str, Any]], None], level: str, described: dict[str, Any]) -> None:
        from standin.orchestrator.workflow import _KEYS

        known = _KEYS[level]
        kept = [key for key in described if key in known or key.lower() not in known]
        old(level, {key: described[key] for key in kept})


@mutant(44)
def key_of_another_level_ignored() -> None:
    """A step may have the keys of jobs, which have no effect there."""

    @replaces("orchestrator.workflow:refuse_unknown_keys_of")
    def _(old: Callable[[str, dict[str, Any]], None], level: str, described: dict[str, Any]) -> None:
        from standin.orchestrator.workflow import _KEYS

        extra = set(_KEYS["job"]) - set(_KEYS[level])
        old(level, {key: value for key, value in described.items() if key not in extra})


@mutant(44)
def only_first_step_checked() -> None:
    """Only the first step of a job is checked for unknown keys."""

    @replaces("orchestrator.workflow:refuse_unknown_keys")
    def _(old: Callable[[dict[str, Any]], None], document: dict[str, Any]) -> None:
        old({**document, "jobs": [{**job, "steps": job["steps"][:1]} for job in document["jobs"]]})


@mutant(44)
def wrong_key_suggested() -> None:
    """The last key that is allowed there is suggested for every unknown key."""

    @replaces("orchestrator.workflow:suggestion_for")
    def _(old: Callable[[str, Sequence[str]], str], key: str, known: Sequence[str]) -> str:
        return f" Did you mean '{known[-1]}'?"


@mutant(44)
def first_step_runs_before_refusal() -> None:
    """The first step of a workflow with an unknown key runs before the workflow is refused."""

    @replaces("orchestrator.requests:Requests._run_workflow")
    async def _(
        old: Callable[[Requests, ServerConnection, dict[str, Any]], Awaitable[None]],
        requests: Requests,
        socket: ServerConnection,
        payload: dict[str, Any],
    ) -> None:
        from standin.orchestrator import workflow
        from standin.orchestrator.runs import Run

        with mock.patch.object(workflow, "refuse_unknown_keys"):
            steps = workflow.steps_of(requests._repository, payload["workflowIdOrName"], payload["inputs"])
        run = Run(
            requests._repository,
            payload["workflowIdOrName"],
            steps[:1],
            requests._execute,
            {},
            inputs={},
            reports_skipped=[],
        )
        await run.carry_out()
        await old(requests, socket, payload)


@mutant(44)
def validation_of_all_skips_unreadable() -> None:
    """The validation of all workflows leaves out those that cannot be read."""

    @replaces("orchestrator.workflow:all_files")
    def _(old: Callable[[Repository], list[Path]], repository: Repository) -> list[Path]:
        from standin.orchestrator.workflow import validation

        return [file for file in old(repository) if validation(file)["passed"]]


@mutant(44)
def failed_validation_exits_with_zero() -> None:
    """A validation in which a workflow fails ends with exit code 0."""

    @replaces("operator.workflows:code_of_validation")
    def _(old: Callable[[int], int], failed: int) -> int:
        return 0


@mutant(44)
def validation_without_key() -> None:
    """The validation fails without the key, in text."""

    @replaces("operator.workflows:error_of")
    def _(old: Callable[[dict[str, Any]], list[str]], checked: dict[str, Any]) -> list[str]:
        return ["    → The workflow cannot be read"] if old(checked) else []


def _accept_unknown_keys_of(accepted: str) -> None:
    @replaces("orchestrator.workflow:refuse_unknown_keys_of")
    def _(old: Callable[[str, dict[str, Any]], None], level: str, described: dict[str, Any]) -> None:
        if level != accepted:
            old(level, described)


@mutant(21)
def zero_is_no_item() -> None:
    """A list that contains the number zero is expanded without that item."""

    @replaces("orchestrator.workflow:items_of")
    def _(
        old: Callable[[Repository, dict[str, Any]], list[dict[str, str]]],
        repository: Repository,
        described: dict[str, Any],
    ) -> list[dict[str, str]]:
        return [item for item in old(repository, described) if "0" not in item.values()]


@mutant(21)
def limit_of_items_ignored() -> None:
    """All items of a list are at work at the same time, although the step limits their number."""

    @replaces("orchestrator.runs:Run.turn_of")
    def _(
        old: Callable[[Run, Step], contextlib.AbstractAsyncContextManager[None]], run: Run, step: Step
    ) -> contextlib.AbstractAsyncContextManager[None]:
        return contextlib.nullcontext()


@mutant(21)
def limit_of_one_item_ignored() -> None:
    """A limit of one item at a time counts as no limit."""

    @replaces("orchestrator.runs:Run.turn_of")
    def _(
        old: Callable[[Run, Step], contextlib.AbstractAsyncContextManager[None]], run: Run, step: Step
    ) -> contextlib.AbstractAsyncContextManager[None]:
        return contextlib.nullcontext() if step.at_a_time == 1 else old(run, step)


@mutant(21)
def items_take_turns_one_by_one() -> None:
    """Items of a list are at work one by one if the step limits their number, whatever the limit is."""
    turns: dict[tuple[str, str], contextlib.AbstractAsyncContextManager[None]] = {}

    @replaces("orchestrator.runs:Run.turn_of")
    def _(
        old: Callable[[Run, Step], contextlib.AbstractAsyncContextManager[None]], run: Run, step: Step
    ) -> contextlib.AbstractAsyncContextManager[None]:
        import asyncio

        if not step.at_a_time:
            return old(run, step)
        return turns.setdefault((run.identity, step.expanded), asyncio.Lock())


@mutant(21)
def data_for_one_run_goes_to_another() -> None:
    """Data for one run only is not found if the worker runs a step of another run as well."""

    @replaces("orchestrator.dataplane:DataPlane.overridden")
    def _(
        old: Callable[[DataPlane, Kind, dict[str, Any]], Kind],
        plane: DataPlane,
        kind: Kind,
        overrides: dict[str, Any],
    ) -> Kind:
        from standin.errors import UserError

        found = old(plane, kind, overrides)
        member = plane._dispatch.member
        if found.lifetime == "ephemeral" and member is not None and len(member.dispatches) > 1:
            raise UserError("Remotely-written output was not found in the datastore")
        return found


@mutant(21)
def first_version_of_a_file_is_read() -> None:
    """An operator who names no version of a file reads the first one."""

    @replaces("questions:data_get")
    def _(
        old: Callable[..., dict[str, Any]], repository: Repository, model: str, name: str, **given: Any
    ) -> dict[str, Any]:
        answer = old(repository, model, name, **given)
        named = given.get("version") is not None or answer["contentType"] == "application/json"
        return answer if named else old(repository, model, name, **{**given, "version": 1})


# Promise 47: A step for each connected worker runs once on each of them.


@mutant(47)
def step_for_gone_workers() -> None:
    """A step for each connected worker is also made for those that are disconnected."""

    @replaces("orchestrator.workflow:connected_workers")
    def _(
        old: Callable[[Repository], list[dict[str, Any]]],
        repository: Repository,
    ) -> list[dict[str, Any]]:
        from standin import records

        return records.workers(repository)


@mutant(47)
def no_step_for_busy_workers() -> None:
    """A step for each connected worker is made for idle workers only."""

    @replaces("orchestrator.workflow:connected_workers")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        return [worker for worker in old(repository) if worker["status"] == "idle"]


@mutant(47)
def workers_of_the_first_run() -> None:
    """Each run has a step for each worker that was connected at the first run."""
    first: list[list[dict[str, Any]]] = []

    @replaces("orchestrator.workflow:connected_workers")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        first.append(old(repository))
        return first[0]


@mutant(47)
def steps_for_workers_run_anywhere() -> None:
    """A step for each connected worker may run on any worker."""

    @replaces("orchestrator.workflow:_step")
    def _(
        old: Callable[[Repository, dict[str, Any], dict[str, str]], Step],
        repository: Repository,
        described: dict[str, Any],
        known: dict[str, str],
    ) -> Step:
        step = old(repository, described, known)
        if step.requirement is not None and any("attributes.name" in name for name in known):
            step.requirement = replace(step.requirement, target="", labels={"pool": "any"})
        return step


@mutant(47)
def one_step_for_a_token() -> None:
    """Of the members of a token for several machines, only one gets a step for each connected worker."""

    @replaces("orchestrator.workflow:connected_workers")
    def _(old: Callable[[Repository], list[dict[str, Any]]], repository: Repository) -> list[dict[str, Any]]:
        by_token = {worker["labels"].get("fleet", worker["name"]): worker for worker in old(repository)}
        return list(by_token.values())


# Promise 39: The steps of a job or a workflow that stays on one worker run there, or fail.


@mutant(39)
def workflow_does_not_stay_on_one_worker() -> None:
    """Each job of a workflow that stays on one worker stays on a worker of its own."""

    @replaces("orchestrator.runs:Run.group_of")
    def _(old: Callable[[Run, Step], str], run: Run, step: Step) -> str:
        group = old(run, step)
        return f"{group}:{step.name}" if group.endswith(":the workflow") else group


@mutant(39)
def workflow_leaves_its_worker_after_a_job() -> None:
    """A workflow that stays on one worker picks a worker anew when a job has ended."""

    @replaces("orchestrator.dispatch:Dispatcher.run")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[None]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        queue_limit: float,
    ) -> None:
        await old(dispatcher, work, requirement, queue_limit)
        if work.group.endswith(":the workflow"):
            dispatcher._pins.pop(work.group, None)


@mutant(39)
def next_run_needs_the_worker_of_the_first() -> None:
    """A job that stays on one worker needs the worker of the run before it in the next run, too."""

    @replaces("orchestrator.runs:Run.group_of")
    def _(old: Callable[[Run, Step], str], run: Run, step: Step) -> str:
        return old(run, step).partition(":")[2]


@mutant(39)
def job_waits_for_its_stopped_worker() -> None:
    """A job that stays on one worker waits for it if it was stopped, and fails only if it was killed."""

    @replaces("orchestrator.dispatch:Dispatcher.demand_worker_of_group")
    def _(old: Callable[[Dispatcher, str], None], dispatcher: Dispatcher, group: str) -> None:
        if dispatcher._pins.get(group) in dispatcher._pool.members:
            old(dispatcher, group)


@mutant(39)
def labels_beat_the_worker_of_the_job() -> None:
    """A step of a job that stays on one worker runs elsewhere if its worker lacks its labels."""

    @replaces("orchestrator.dispatch:Dispatcher.pinned")
    def _(
        old: Callable[[Dispatcher, Requirement, str], Requirement],
        dispatcher: Dispatcher,
        requirement: Requirement,
        group: str,
    ) -> Requirement:
        pinned = dispatcher._pool.members.get(dispatcher._pins.get(group, ""))
        return old(dispatcher, requirement, group) if pinned and requirement.fits(pinned) else requirement


@mutant(39)
def job_does_not_wait_for_its_worker() -> None:
    """The steps of a job that stays on one worker run on another one when it has no free slot."""

    @replaces("orchestrator.dispatch:Dispatcher.pinned")
    def _(
        old: Callable[[Dispatcher, Requirement, str], Requirement],
        dispatcher: Dispatcher,
        requirement: Requirement,
        group: str,
    ) -> Requirement:
        from standin.orchestrator.dispatch import has_free_slot

        pinned = dispatcher._pool.members.get(dispatcher._pins.get(group, ""))
        return old(dispatcher, requirement, group) if pinned and has_free_slot(pinned) else requirement


@mutant(39)
def job_goes_to_another_worker() -> None:
    """The steps of a job that stays on one worker run on another one when it is gone."""

    @replaces("orchestrator.dispatch:Dispatcher.demand_worker_of_group")
    def _(old: Callable[[Dispatcher, str], None], dispatcher: Dispatcher, group: str) -> None:
        from standin.orchestrator.dispatch import StepFailed

        try:
            old(dispatcher, group)
        except StepFailed:
            del dispatcher._pins[group]


@mutant(39)
def lost_step_of_a_job_fails_without_its_reason() -> None:
    """A job that has lost its worker fails without the reason."""

    @replaces("orchestrator.dispatch:Dispatcher.has_lost_its_worker")
    def _(old: Callable[[Dispatcher, str], StepFailed], dispatcher: Dispatcher, group: str) -> StepFailed:
        from standin.orchestrator.dispatch import StepFailed

        return StepFailed("Remote execution failed")


@mutant(39)
def lost_step_of_a_job_runs_again() -> None:
    """A step of a job that stays on one worker runs again when it has lost its worker."""

    @replaces("orchestrator.dispatch:Dispatcher.run")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[None]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        queue_limit: float,
    ) -> None:
        from standin.orchestrator.dispatch import StepFailed

        try:
            await old(dispatcher, work, requirement, queue_limit)
        except StepFailed as failure:
            if "required by affinity group" not in str(failure):
                raise
            await old(
                dispatcher, work, replace(requirement, target=dispatcher._pins[work.group]), queue_limit
            )


@mutant(39)
def steps_beside_the_first_do_not_run() -> None:
    """Only the first of the steps that begin together runs in a job that stays on one worker, if it fails."""

    @replaces("orchestrator.dispatch:Dispatcher.run")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[None]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        queue_limit: float,
    ) -> None:
        if work.group in dispatcher._pins and work.method == "fail":
            raise dispatcher.has_lost_its_worker(work.group)
        await old(dispatcher, work, requirement, queue_limit)


@mutant(39)
def failed_step_picks_no_worker() -> None:
    """A step that fails does not pick the worker of its job."""

    @replaces("orchestrator.dispatch:Dispatcher.pinned")
    def _(
        old: Callable[[Dispatcher, Requirement, str], Requirement],
        dispatcher: Dispatcher,
        requirement: Requirement,
        group: str,
    ) -> Requirement:
        waiting = next(each for each in dispatcher._waiting if each.requirement is requirement)
        return requirement if waiting.work.method == "fail" else old(dispatcher, requirement, group)


@mutant(39)
def job_leaves_its_worker_at_approval() -> None:
    """A job that stays on one worker picks a worker anew when its run is resumed after an approval."""
    resumed = resumed_from_now_on()

    @replaces("orchestrator.runs:Run.group_of")
    def _(old: Callable[[Run, Step], str], run: Run, step: Step) -> str:
        group = old(run, step)
        return f"{group}:resumed" if group and run.identity in resumed else group


@mutant(39)
def failed_step_keeps_no_worker() -> None:
    """A job that stays on one worker picks a worker anew after a step that has failed."""

    @replaces("orchestrator.dispatch:Dispatcher.run")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[None]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        queue_limit: float,
    ) -> None:
        from standin.orchestrator.dispatch import StepFailed

        try:
            await old(dispatcher, work, requirement, queue_limit)
        except StepFailed:
            dispatcher._pins.pop(work.group, None)
            raise


# Promise 52: A step for a platform runs on workers of that platform only, and with its labels.


@mutant(52)
def architecture_ignored() -> None:
    """A step for a platform runs on a worker of that system, whatever its architecture."""

    @replaces("orchestrator.dispatch:Requirement.fits_platform")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return old(replace(requirement, platform=requirement.platform.partition("/")[0]), member)


@mutant(52)
def system_alone_matches_nobody() -> None:
    """A step for a system waits for ever if it does not name an architecture as well."""

    @replaces("orchestrator.dispatch:Requirement.fits_platform")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return (not requirement.platform or "/" in requirement.platform) and old(requirement, member)


@mutant(52)
def system_alone_matches_everybody() -> None:
    """A step for a system runs on every worker if it does not name an architecture as well."""

    @replaces("orchestrator.dispatch:Requirement.fits_platform")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return "/" not in requirement.platform or old(requirement, member)


@mutant(52)
def platform_ignored_beside_labels() -> None:
    """The platform of a step counts only if the step has no labels."""

    @replaces("orchestrator.dispatch:Requirement.fits_platform")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return bool(requirement.labels) or old(requirement, member)


@mutant(52)
def labels_ignored_beside_a_platform() -> None:
    """The labels of a step count only if the step names no platform."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return old(replace(requirement, labels={}) if requirement.platform else requirement, member)


@mutant(52)
def own_labels_drop_the_platform() -> None:
    """A step with labels of its own does not have the platform of its job."""

    @replaces("orchestrator.workflow:placed")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        job: dict[str, Any],
    ) -> dict[str, Any]:
        dropped = "platform" if step.get("labels") else ""
        return old(step, {key: value for key, value in job.items() if key != dropped})


@mutant(52)
def platform_counts_beside_a_worker() -> None:
    """A step that names its worker waits if it also names another platform."""

    @replaces("orchestrator.dispatch:Requirement.fits")
    def _(old: Callable[[Requirement, Member], bool], requirement: Requirement, member: Member) -> bool:
        return old(requirement, member) and requirement.fits_platform(member)


@mutant(52)
def platform_of_a_job_ignored() -> None:
    """The platform of a job does not count for its steps."""

    @replaces("orchestrator.workflow:placed")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        job: dict[str, Any],
    ) -> dict[str, Any]:
        without = {key: value for key, value in job.items() if key != "platform"}
        return old(step, {**without, "labels": {"pool": "any"}} if "platform" in job else job)


# Promise 42: Placement is inherited; the nearest one counts, and an empty one clears it.


@mutant(42)
def place_of_the_workflow_ignored() -> None:
    """The worker requirements of a workflow have no effect."""
    places = ("target", "labels", "platform")
    _inherited_from_the_workflow(
        lambda job, _, old: {key: old[key] for key in old if key not in places or key in job}
    )


@mutant(42)
def platform_of_the_workflow_ignored() -> None:
    """The platform that a workflow names has no effect, its labels have."""
    _inherited_from_the_workflow(
        lambda job, _, old: {key: old[key] for key in old if key != "platform" or key in job}
    )


@mutant(42)
def place_of_the_workflow_beats_that_of_a_job() -> None:
    """The labels of a workflow count before those of a job."""
    _inherited_from_the_workflow(
        lambda _, workflow, old: {**old, **({"labels": workflow["labels"]} if "labels" in workflow else {})}
    )


@mutant(42)
def labels_added_to_those_of_the_workflow() -> None:
    """The labels of a job are added to those of its workflow, and a worker must have all of them."""
    _inherited_from_the_workflow(
        lambda job, workflow, old: (
            {**old, "labels": {**workflow.get("labels", {}), **job["labels"]}} if job.get("labels") else old
        )
    )


@mutant(42)
def empty_place_of_a_job_ignored() -> None:
    """A job for the orchestrator runs on a worker if its workflow is for workers."""
    _inherited_from_the_workflow(
        lambda job, workflow, old: (
            {**old, "labels": workflow.get("labels", {})} if job.get("labels") == {} else old
        )
    )


@mutant(42)
def empty_worker_not_cleared() -> None:
    """A step for the orchestrator runs on the worker that its job names."""

    @replaces("orchestrator.workflow:placed")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        job: dict[str, Any],
    ) -> dict[str, Any]:
        return old({key: value for key, value in step.items() if key != "target" or value}, job)


@mutant(42)
def items_do_not_inherit() -> None:
    """A step that is expanded over items does not run where its job or workflow says."""

    @replaces("orchestrator.workflow:placed")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        job: dict[str, Any],
    ) -> dict[str, Any]:
        places = ("target", "labels", "platform") if "forEach" in step else ()
        return old(step, {key: value for key, value in job.items() if key not in places})


def _inherited_from_the_workflow(
    inherited: Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], dict[str, Any]],
) -> None:
    """What a job has is another function of the job, its workflow, and what it should have."""

    @replaces("orchestrator.workflow:of_the_workflow")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        job: dict[str, Any],
        workflow: dict[str, Any],
    ) -> dict[str, Any]:
        return inherited(job, workflow, old(job, workflow))


# Promise 43: The nearest queue limit counts, and zero means none.


@mutant(43)
def queue_limit_of_the_workflow_ignored() -> None:
    """The queue limit of a workflow has no effect."""
    _inherited_from_the_workflow(
        lambda job, _, old: {key: old[key] for key in old if key != "queueTimeout" or key in job}
    )


@mutant(43)
def queue_limit_of_the_workflow_counts_before_that_of_a_job() -> None:
    """The queue limit of a workflow counts before that of a job."""
    _inherited_from_the_workflow(
        lambda _, workflow, old: {
            **old,
            **{key: workflow[key] for key in ("queueTimeout",) if key in workflow},
        }
    )


@mutant(43)
def shortest_queue_limit_counts() -> None:
    """The shortest queue limit of a step and its job counts."""
    _limit_of_step_and_job(min)


@mutant(43)
def longest_queue_limit_counts() -> None:
    """The longest queue limit of a step and its job counts, and zero is the shortest."""
    _limit_of_step_and_job(max)


@mutant(43)
def queue_limit_of_zero_of_a_job_ignored() -> None:
    """The queue limit of zero of a job has no effect: that of its workflow counts."""
    _inherited_from_the_workflow(
        lambda job, workflow, old: (
            {**old, "queueTimeout": workflow["queueTimeout"]}
            if job.get("queueTimeout") == 0 and "queueTimeout" in workflow
            else old
        )
    )


def _limit_of_step_and_job(limit: Callable[[list[float]], float]) -> None:
    @replaces("orchestrator.workflow:placed")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        job: dict[str, Any],
    ) -> dict[str, Any]:
        described = old(step, job)
        limits = [each["queueTimeout"] for each in (step, job) if "queueTimeout" in each]
        return {**described, **({"queueTimeout": limit(limits)} if limits else {})}


@mutant(43)
def queue_limit_does_not_count_while_busy() -> None:
    """A step whose worker is connected waits for it without a limit."""

    @replaces("orchestrator.dispatch:Dispatcher._place")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[Dispatch]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        limit: float,
    ) -> Dispatch:
        members = dispatcher._pool.members.values()
        waits_on = any(member.connected and requirement.fits(member) for member in members)
        return await old(dispatcher, work, requirement, 0 if waits_on else limit)


@mutant(43)
def part_of_a_second_counts_as_none() -> None:
    """A queue limit counts in whole seconds, so one of less than a second means no limit."""

    @replaces("orchestrator.dispatch:time_to_wait")
    def _(old: Callable[[float], float | None], limit: float) -> float | None:
        return old(int(limit))


@mutant(21)
def one_waiting_step_at_a_time() -> None:
    """A worker that enrolls or has free slots gets only one of the steps that wait for it."""

    @replaces("orchestrator.dispatch:Dispatcher.serve_queue")
    def _(old: Callable[[Dispatcher], None], dispatcher: Dispatcher) -> None:
        waiting = dispatcher._waiting
        for each in list(waiting):
            dispatcher._waiting = [each]
            old(dispatcher)
            if each.granted.done():
                waiting.remove(each)
                break
        dispatcher._waiting = waiting


@mutant(21)
def step_after_a_list_never_begins() -> None:
    """A step after a list never begins."""

    @replaces("orchestrator.runs:Run.may_begin")
    async def _(old: Callable[[Run, Step], Awaitable[bool]], run: Run, step: Step) -> bool:
        before = [run.step_named(name) for name in step.after]
        return await old(run, step) and all(each.expanded == each.name for each in before)


@mutant(21)
def map_has_no_items() -> None:
    """A step that is expanded over a map does not run."""

    @replaces("orchestrator.workflow:listed_in")
    def _(old: Callable[[Any], list[Any]], items: Any) -> list[Any]:
        return [] if isinstance(items, dict) else old(items)


@mutant(21)
def limit_of_a_job_ignored() -> None:
    """A limit of the steps of a job that are at work at the same time has no effect; one of a step has."""

    @replaces("orchestrator.workflow:placed")
    def _(
        old: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
        step: dict[str, Any],
        job: dict[str, Any],
    ) -> dict[str, Any]:
        return old(step, {key: value for key, value in job.items() if key != "concurrency"})
