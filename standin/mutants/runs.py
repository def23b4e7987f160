"""Mutants of runs whose worker is lost, and cancelled runs."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from standin.mutants import mutant, replaces

if TYPE_CHECKING:
    import asyncio
    from asyncio import Future

    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import ServerConnection

    from standin.commandline import Call
    from standin.orchestrator.dataplane import DataPlane
    from standin.orchestrator.dispatch import Dispatch, Dispatcher, Requirement, Work
    from standin.orchestrator.pool import Member, Pool
    from standin.orchestrator.requests import Requests
    from standin.orchestrator.runs import Run
    from standin.orchestrator.serve import Orchestrator
    from standin.orchestrator.workflow import Step
    from standin.repository import Repository
    from standin.runners import Runner
    from standin.store import Place
    from standin.worker.session import Session


def resumed_from_now_on() -> set[str]:
    """The ids of all runs that are resumed while a mutant is in effect, which calls this."""
    resumed: set[str] = set()

    @replaces("orchestrator.runs:Run.go_on_with")
    def _(
        old: Callable[[Run, dict[str, Any], Collection[str]], None],
        run: Run,
        record: dict[str, Any],
        anew: Collection[str],
    ) -> None:
        old(run, record, anew)
        resumed.add(run.identity)

    return resumed


# Promise 15: A step that has not written runs again when its worker is lost: once, and on a matching worker.


@mutant(15)
def never_run_again() -> None:
    """The run fails when a worker is lost, even if the step has not written."""

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        dispatch.lease["hasWrites"] = True
        old(dispatcher, dispatch, fate)


@mutant(15)
def reasons_of_a_loss_swapped() -> None:
    """The lease of a worker that came back says that it was lost for good, and the reverse."""

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        old(dispatcher, dispatch, "gone" if fate == "returned" else "returned")


@mutant(15)
def tags_lost_with_the_worker() -> None:
    """The data of a step that runs again after the loss of its worker lacks the tags of its run."""

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        dispatch.work.tags.clear()
        old(dispatcher, dispatch, fate)


@mutant(15)
def result_twice() -> None:
    """A step whose worker was lost runs twice more, and leaves two results."""

    @replaces("orchestrator.dispatch:Dispatcher.run")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[None]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        queue_limit: float,
    ) -> None:
        from standin import records

        await old(dispatcher, work, requirement, queue_limit)
        if any(each["state"] == "expired" for each in records.leases(dispatcher._repository)):
            await old(dispatcher, work, requirement, queue_limit)


@mutant(15)
def does_not_wait_for_its_worker() -> None:
    """A step whose worker is lost runs at once on another, without the grace window."""

    @replaces("orchestrator.dispatch:Dispatcher._worker_lost")
    def _(old: Callable[[Dispatcher, Member], None], dispatcher: Dispatcher, member: Member) -> None:
        old(dispatcher, member)
        if member.fate is not None:
            member.fate.set_result("returned")


@mutant(15)
def queue_limit_counts_from_first_wait() -> None:
    """The queue limit of a step goes on after its worker was lost, so the step fails beside a free worker."""
    first: dict[tuple[str, str], float] = {}

    @replaces("orchestrator.dispatch:Dispatcher._place")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[Dispatch]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        limit: float,
    ) -> Dispatch:
        import time

        from standin.orchestrator.dispatch import StepFailed

        since = first.setdefault((work.run, work.step), time.monotonic())
        if limit and time.monotonic() - since >= limit:
            raise StepFailed(
                f"Timed out waiting for a worker matching {requirement.in_a_sentence()} to become available"
            )
        return await old(dispatcher, work, requirement, limit)


@mutant(15)
def goes_on_beside_its_second_run() -> None:
    """A worker that loses its connection continues its step, in parallel with the second run of it."""

    @replaces("worker.session:Session.abandon")
    def _(old: Callable[[Session], None], session: Session) -> None:
        pass


@mutant(15, name="lease-told-completed")
def lease_told_completed_15() -> None:
    """The lease of the lost step is recorded as completed."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        old(dispatcher, dispatch, state.replace("expired", "completed"), error)


@mutant(15)
def lease_said_to_have_written() -> None:
    """The lease of a lost step says that the step had written."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        if state == "expired":
            dispatch.lease["hasWrites"] = True
        old(dispatcher, dispatch, state, error)


@mutant(15)
def lease_without_an_end() -> None:
    """The lease of a lost step does not show when it ended."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        from standin import records

        if state != "expired":
            old(dispatcher, dispatch, state, error)
            return
        dispatch.lease.update(state=state, error=error)
        records.put_lease(dispatcher._repository, dispatch.lease)


@mutant(15)
def lease_of_a_killed_orchestrator_completed() -> None:
    """After a restart, the lease of a step of a killed orchestrator is recorded as completed."""

    @replaces("orchestrator.serve:recover")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin import records
        from standin.moments import stamp

        left = [lease for lease in records.leases(repository) if lease["state"] == "active"]
        old(repository)
        for lease in left:
            records.put_lease(repository, {**lease, "state": "completed", "endedAt": stamp()})


@mutant(15)
def lease_of_a_killed_orchestrator_left_active() -> None:
    """The lease of a step of a killed orchestrator stays active."""

    @replaces("orchestrator.serve:recover")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin import records

        left = [lease for lease in records.leases(repository) if lease["state"] == "active"]
        old(repository)
        for lease in left:
            records.put_lease(repository, lease)


def _fails_after_losses(allowed: int) -> None:
    lost: dict[str, int] = {}

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        from standin.orchestrator.dispatch import StepFailed

        old(dispatcher, dispatch, fate)
        lost[dispatch.work.step] = lost.get(dispatch.work.step, 0) + 1
        if lost[dispatch.work.step] > allowed:
            raise StepFailed(f"Worker '{dispatch.lease['workerName']}' disconnected mid-dispatch")


@mutant(15)
def runs_again_only_once() -> None:
    """A step whose worker is lost a second time fails the run."""
    _fails_after_losses(1)


@mutant(15)
def runs_again_only_three_times() -> None:
    """A step whose worker is lost a fourth time fails the run."""
    _fails_after_losses(3)


@mutant(15)
def fate_of_first_loss_remembered() -> None:
    """A worker that came back after its first loss counts as back at once after the next one."""
    returned: set[str] = set()

    @replaces("orchestrator.dispatch:Dispatcher._worker_lost")
    def _(old: Callable[[Dispatcher, Member], None], dispatcher: Dispatcher, member: Member) -> None:
        from standin.orchestrator.pool import RETURNED, settle

        old(dispatcher, member)
        if member.name in returned:
            settle(member, RETURNED)
        elif member.fate is not None:
            member.fate.add_done_callback(
                lambda fate: returned.add(member.name) if fate.result() == RETURNED else None
            )


@mutant(15)
def silent_when_run_again() -> None:
    """A step that runs again after the loss of its worker shows no output to the operator."""

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        dispatch.work.say = lambda _: None
        old(dispatcher, dispatch, fate)


@mutant(15)
def reading_counts_as_writing() -> None:
    """A step that has read the bytes of a datum counts as one that has written."""

    @replaces("orchestrator.dataplane:DataPlane.do_content")
    def _(old: Callable[..., Place], plane: DataPlane, *given: Any, **named: Any) -> Place:
        plane._note_write()
        return old(plane, *given, **named)


@mutant(15)
def writing_of_another_step_counts() -> None:
    """A step counts as one that has written if an earlier one on the same worker has."""
    written = set()

    @replaces("orchestrator.dispatch:Dispatcher.note_write")
    def _(old: Callable[[Dispatcher, Dispatch], None], dispatcher: Dispatcher, dispatch: Dispatch) -> None:
        old(dispatcher, dispatch)
        written.add(dispatch.lease.get("workerName"))

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        dispatch.lease["hasWrites"] |= dispatch.lease["workerName"] in written
        old(dispatcher, dispatch, fate)


@mutant(15)
def lost_worker_keeps_its_slot() -> None:
    """A worker that is lost while a step runs is listed with a taken slot."""

    @replaces("orchestrator.pool:Pool.lose")
    def _(
        old: Callable[[Pool, Member, ServerConnection], None],
        pool: Pool,
        member: Member,
        socket: ServerConnection,
    ) -> None:
        from standin import records

        before = sorted(member.dispatches)
        old(pool, member, socket)
        if not member.connected:
            records.put_worker(pool._repository, {**member.record(), "activeDispatchIds": before})


@mutant(15)
def slot_of_a_gone_worker_stays_taken() -> None:
    """A worker that left the pool while it ran a step has one slot less when it enrolls again."""
    taken: dict[str, int] = {}

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        if fate == "gone":
            name = dispatch.lease["workerName"]
            taken[name] = taken.get(name, 0) + 1
        old(dispatcher, dispatch, fate)

    @replaces("orchestrator.dispatch:has_free_slot")
    def _(old: Callable[[Member], bool], member: Member) -> bool:
        return old(member) and len(member.dispatches) < member.capacity - taken.get(member.name, 0)


@mutant(15)
def step_outlives_its_worker() -> None:
    """A step whose worker was killed goes on, beside the one that runs again."""

    @replaces("worker.runner:end_with_all_it_started")
    def _(old: Callable[[], None]) -> None:
        pass


@mutant(15)
def step_that_runs_again_is_not_cancelled() -> None:
    """The cancellation of a run does not end a step that runs again."""
    lost: set[tuple[str, str]] = set()

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        lost.add((dispatch.work.run, dispatch.work.step))
        old(dispatcher, dispatch, fate)

    @replaces("orchestrator.dispatch:Dispatcher.stop")
    async def _(
        old: Callable[[Dispatcher, Dispatch, Member], Awaitable[None]],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        member: Member,
    ) -> None:
        if (dispatch.work.run, dispatch.work.step) not in lost:
            await old(dispatcher, dispatch, member)


# Promise 16: A lost step that had written does not run again: the run fails, with the reason.


@mutant(16)
def run_again_after_a_write() -> None:
    """A step that had written runs again."""

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        dispatch.lease["hasWrites"] = False
        old(dispatcher, dispatch, fate)


@mutant(16)
def told_as_success() -> None:
    """A run whose worker was lost after a write is reported as succeeded."""

    @replaces("orchestrator.runs:Run.final_status")
    def _(old: Callable[[Run], str], run: Run) -> str:
        return "succeeded" if old(run) == "failed" else old(run)


@mutant(16)
def lines_lost() -> None:
    """The lines that a step writes are kept only when it closes the file."""

    @replaces("orchestrator.dataplane:DataPlane.do_write_line")
    def _(old: Callable[..., Any], plane: DataPlane, *_given: Any, **_named: Any) -> Any:
        plane._note_write()
        return {}


@mutant(16)
def lines_emptied() -> None:
    """The lines that a step writes are kept as empty lines."""

    @replaces("orchestrator.dataplane:DataPlane.do_write_line")
    def _(
        old: Callable[[DataPlane, str, str, str, bool, dict[str, Any]], Any],
        plane: DataPlane,
        spec: str,
        name: str,
        line: str,
        first: bool,
        overrides: dict[str, Any],
    ) -> Any:
        return old(plane, spec, name, "", first, overrides)


@mutant(16)
def data_garbled() -> None:
    """The data that a step had written before its worker was lost has the content of another step."""

    @replaces("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(
        old: Callable[[DataPlane, str, str, Any, dict[str, Any]], dict[str, Any]],
        plane: DataPlane,
        spec: str,
        name: str,
        data: Any,
        overrides: dict[str, Any],
    ) -> dict[str, Any]:
        if name == "before":
            data = {**data, "pid": 0, "step": "another"}
        return old(plane, spec, name, data, overrides)


@mutant(16)
def later_step_begins() -> None:
    """A step begins although the step that it depends on has failed."""

    @replaces("orchestrator.runs:Run.may_begin")
    async def _(old: Callable[[Run, Step], Awaitable[bool]], run: Run, step: Step) -> bool:
        await old(run, step)
        return True


@mutant(16)
def data_taken_back() -> None:
    """The data that a step had written before its worker was lost is deleted."""

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        from standin.store import Place

        store = dispatcher._repository.store
        store.delete(Place(dispatch.work.model_type, dispatch.work.model, "before"))
        old(dispatcher, dispatch, fate)


@mutant(16)
def lease_told_expired() -> None:
    """The lease of the step is recorded as expired, as if it could run again."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        old(dispatcher, dispatch, "expired" if "write-then-drop" in error else state, error)


@mutant(16)
def completed_in_the_history_of_all_runs() -> None:
    """The history of all runs shows a failed run as completed."""

    @replaces("questions:run_history")
    def _(old: Callable[[Repository], dict[str, Any]], repository: Repository) -> dict[str, Any]:
        answer = old(repository)
        return {
            "runs": [
                {**each, "status": each["status"].replace("failed", "completed")} for each in answer["runs"]
            ]
        }


@mutant(16)
def reason_of_a_later_job_unprinted() -> None:
    """The command that follows a run prints why a step failed only if the step is in the first job."""

    @replaces("orchestrator.runs:Run.reason_of")
    def _(old: Callable[[Run, str], str], run: Run, name: str) -> str:
        import yaml

        file = run._repository.folder / "workflows" / f"workflow-{run.workflow}.yaml"
        first = [each["name"] for each in yaml.safe_load(file.read_text("utf-8"))["jobs"][0]["steps"]]
        return old(run, name) if name in first else "unknown error"


@mutant(16)
def other_exit_code() -> None:
    """The command that follows a run whose worker was lost ends with an undocumented exit code."""

    @replaces("operator.workflows:run")
    def _(old: Callable[[Call], int], call: Call) -> int:
        return old(call) and 75


@mutant(16)
def lease_without_a_reason() -> None:
    """The lease of a step that had written does not show why it failed."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        old(dispatcher, dispatch, state, "" if "write-then-drop" in error else error)


@mutant(16)
def writes_of_another_step_counted() -> None:
    """A step that has not written does not run again if another step of its worker has written."""
    lost = []

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        lost.append(dispatch.lease)
        # The two can be decided in any order: the other one is held, or was lost before.
        for lease in [*lost, *(each.lease for each in dispatcher.dispatches.values() if each.lease)]:
            if lease["workerName"] == dispatch.lease["workerName"] and lease["hasWrites"]:
                dispatch.lease["hasWrites"] = True
        old(dispatcher, dispatch, fate)


@mutant(16)
def writes_forgotten_when_another_step_ends() -> None:
    """The end of a step makes the orchestrator forget what the steps that still run have written."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        old(dispatcher, dispatch, state, error)
        if state == "completed":
            for other in dispatcher.dispatches.values():
                other.lease["hasWrites"] = False


@mutant(16)
def judged_by_first_loss() -> None:
    """A step that had not written when its worker was lost first runs again each time, even after a write."""
    first: dict[tuple[str, str], bool] = {}

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        step = (dispatch.work.run, dispatch.work.step)
        dispatch.lease["hasWrites"] = first.setdefault(step, dispatch.lease["hasWrites"])
        old(dispatcher, dispatch, fate)


@mutant(16)
def write_recorded_late() -> None:
    """That a step has written is recorded a second after its first write, or when the step ends."""
    written: set[str] = set()

    @replaces("orchestrator.dispatch:Dispatcher.note_write")
    def _(old: Callable[[Dispatcher, Dispatch], None], dispatcher: Dispatcher, dispatch: Dispatch) -> None:
        import asyncio

        if dispatch.identity not in written:
            written.add(dispatch.identity)
            loop = asyncio.get_running_loop()
            loop.call_later(1, lambda: None if dispatch.closed else old(dispatcher, dispatch))

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        if state == "completed" and dispatch.identity in written:
            dispatch.lease["hasWrites"] = True
        old(dispatcher, dispatch, state, error)


@mutant(16)
def first_worker_named_as_lost() -> None:
    """A run whose step loses its second worker after a write names the first worker of the step."""
    first: dict[tuple[str, str], str] = {}

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        from standin.orchestrator.dispatch import StepFailed

        last = dispatch.lease["workerName"]
        named = first.setdefault((dispatch.work.run, dispatch.work.step), last)
        try:
            old(dispatcher, dispatch, fate)
        except StepFailed as failed:
            raise StepFailed(str(failed).replace(f"'{last}'", f"'{named}'")) from None


@mutant(16)
def reason_cut_in_text() -> None:
    """The command that follows a run cuts the reason of a failure after 80 characters."""

    @replaces("orchestrator.runs:Run.reason_of")
    def _(old: Callable[[Run, str], str], run: Run, name: str) -> str:
        return old(run, name)[:80]


@mutant(16)
def lease_of_a_writer_stays_after_a_crash() -> None:
    """The lease of a step that had written stays active after its orchestrator was killed."""

    @replaces("orchestrator.serve:recover")
    def _(old: Callable[[Repository], None], repository: Repository) -> None:
        from standin import records

        kept = [
            lease for lease in records.leases(repository) if lease["state"] == "active" and lease["hasWrites"]
        ]
        old(repository)
        for lease in kept:
            records.put_lease(repository, lease)


@mutant(16)
def new_version_is_no_write() -> None:
    """A step that has written only new versions of data runs again when its worker is lost."""
    harmless: set[str] = set()

    @replaces("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(
        old: Callable[[DataPlane, str, str, Any, dict[str, Any]], dict[str, Any]],
        plane: DataPlane,
        spec: str,
        name: str,
        data: Any,
        overrides: dict[str, Any],
    ) -> dict[str, Any]:
        if plane.do_versions(name):
            harmless.add(plane._dispatch.identity)
        return old(plane, spec, name, data, overrides)

    @replaces("orchestrator.dispatch:Dispatcher.after_loss")
    def _(
        old: Callable[[Dispatcher, Dispatch, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        fate: str,
    ) -> None:
        if dispatch.identity in harmless:
            dispatch.lease["hasWrites"] = False
        old(dispatcher, dispatch, fate)


# Promise 17: A cancelled run ends on every machine, with all processes that its steps have started.


@mutant(17)
def cancelled_step_frees_every_slot() -> None:
    """The worker of a cancelled step is shown as idle, whatever else runs on it."""

    @replaces("orchestrator.dispatch:Dispatcher.stop")
    async def _(
        old: Callable[[Dispatcher, Dispatch, Member], Awaitable[None]],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        member: Member,
    ) -> None:
        await old(dispatcher, dispatch, member)
        member.dispatches.clear()


@mutant(17)
def step_not_asked_to_stop() -> None:
    """A cancelled step is killed without a request to stop."""

    @replaces("runners:Runner.stop")
    async def _(old: Callable[[Runner], Awaitable[None]], runner: Runner) -> None:
        runner.kill()


@mutant(17)
def step_started_last_killed() -> None:
    """A worker kills the step that it started last instead of the one that ignores the request to stop."""
    last: list[Runner] = []

    @replaces("runners:Runner.run")
    async def _(old: Callable[[Runner], Awaitable[dict[str, Any]]], runner: Runner) -> dict[str, Any]:
        last[:] = [runner]
        return await old(runner)

    @replaces("runners:Runner.kill")
    def _(old: Callable[[Runner], None], runner: Runner) -> None:
        if runner._process is not None and runner._process.returncode is None:
            old(*last)


@mutant(17)
def data_of_a_cancelled_step_taken_back() -> None:
    """The data that a step had written before its run was cancelled is deleted."""

    @replaces("orchestrator.dispatch:Dispatcher.stop")
    async def _(
        old: Callable[[Dispatcher, Dispatch, Member], Awaitable[None]],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        member: Member,
    ) -> None:
        from standin.store import Place

        await old(dispatcher, dispatch, member)
        store = dispatcher._repository.store
        store.delete(Place(dispatch.work.model_type, dispatch.work.model, "before"))


@mutant(17)
def step_has_no_time_to_clean_up() -> None:
    """A cancelled step is ended a moment after the request to stop, while it cleans up."""

    @replaces("runners:Runner.stop")
    async def _(old: Callable[[Runner], Awaitable[None]], runner: Runner) -> None:
        import asyncio

        from standin.timing import CLEANING_UP

        stopping = asyncio.ensure_future(old(runner))
        await asyncio.sleep(CLEANING_UP / 2)
        runner.kill()
        await stopping


@mutant(17)
def child_left_running() -> None:
    """Only the process of a step is ended, not its children."""

    @replaces("runners:end_tree")
    def _(old: Callable[[int], None], pid: int) -> None:
        import signal

        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    @replaces("extensions.shell:end_tree")
    def _(old: Callable[[int], None], pid: int) -> None:
        import signal

        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


@mutant(17)
def lease_left_active() -> None:
    """The lease of a cancelled step stays active."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[[Dispatcher, Dispatch, str, str], None],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        state: str,
        error: str = "",
    ) -> None:
        if "aborted" not in error:
            old(dispatcher, dispatch, state, error)


@mutant(17)
def told_as_failed() -> None:
    """A cancelled run is reported as failed."""

    @replaces("orchestrator.runs:Run.final_status")
    def _(old: Callable[[Run], str], run: Run) -> str:
        return old(run).replace("cancelled", "failed")


@mutant(17)
def another_run_named() -> None:
    """The cancel command names another run than the cancelled one."""

    @replaces("orchestrator.requests:Requests.do_workflow_cancel")
    async def _(
        old: Callable[[Requests, str, str], Awaitable[Any]],
        requests: Requests,
        runId: str = "",
        workflow: str = "",
    ) -> Any:
        return {**await old(requests, runId, workflow), "runId": "00000000-0000-4000-8000-000000000000"}


@mutant(17)
def confirmed_with_a_failure() -> None:
    """The cancel command confirms the cancellation, but ends with a failing exit code."""

    @replaces("operator.workflows:cancel")
    def _(old: Callable[[Call], None], call: Call) -> None:
        old(call)
        raise SystemExit(1)


@mutant(17)
def one_step_goes_on() -> None:
    """Only the first step of a cancelled run is ended."""

    @replaces("orchestrator.runs:Run.cancel")
    async def _(old: Callable[[Run], Awaitable[None]], run: Run) -> None:
        run._cancelled = True
        run._tasks[0].cancel()
        run.status = "cancelled"
        run.record()
        for follower in run._followers:
            follower.put_nowait("Cancelled workflow release")
            follower.put_nowait(None)


@mutant(17)
def queued_step_runs_later() -> None:
    """A step that waited when its run was cancelled runs when a worker comes."""

    @replaces("orchestrator.dispatch:Dispatcher._place")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[Dispatch]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        limit: float,
    ) -> Dispatch:
        import asyncio

        return await asyncio.shield(
            keep(asyncio.ensure_future(later(dispatcher, old(dispatcher, work, requirement, limit))))
        )

    kept: list[Future[Dispatch]] = []

    def keep(task: Future[Dispatch]) -> Future[Dispatch]:
        kept.append(task)
        return task

    async def later(dispatcher: Dispatcher, placed: Awaitable[Dispatch]) -> Dispatch:
        import asyncio

        dispatch = await placed
        await asyncio.sleep(0.2)
        if dispatch.identity not in dispatcher.dispatches:
            await dispatcher._carry_out(dispatch)
        return dispatch


@mutant(17)
def ctrl_c_leaves() -> None:
    """Ctrl-C ends the command that follows a run, not the run."""

    @replaces("operator.workflows:_cancel_on_ctrl_c")
    def _(old: Callable[[ClientConnection], None], socket: ClientConnection) -> None:
        import signal

        signal.signal(signal.SIGINT, lambda *_: os._exit(130))


@mutant(17)
def name_ends_the_orchestrator() -> None:
    """Cancelling a workflow by its name ends the orchestrator."""

    @replaces("orchestrator.requests:Requests.do_workflow_cancel")
    async def _(
        old: Callable[[Requests, str, str], Awaitable[Any]],
        requests: Requests,
        runId: str = "",
        workflow: str = "",
    ) -> Any:
        if workflow:
            os._exit(143)
        return await old(requests, runId, workflow)


@mutant(17, name="lease-told-completed")
def lease_told_completed_17() -> None:
    """The lease of a cancelled step is recorded as completed."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[..., None], dispatcher: Dispatcher, dispatch: Dispatch, state: str, error: str = ""
    ) -> None:
        if "aborted" in error:
            old(dispatcher, dispatch, "completed")
        else:
            old(dispatcher, dispatch, state, error)


@mutant(17)
def lease_of_a_lost_step_told_completed() -> None:
    """The lease of a step that is cancelled while its worker is lost is recorded as completed."""

    @replaces("orchestrator.dispatch:Dispatcher.close_lease")
    def _(
        old: Callable[..., None], dispatcher: Dispatcher, dispatch: Dispatch, state: str, error: str = ""
    ) -> None:
        if "aborted" in error and dispatch.member is not None and not dispatch.member.connected:
            old(dispatcher, dispatch, "completed")
        else:
            old(dispatcher, dispatch, state, error)


def _confirmed_and_ended_after(seconds: float) -> None:
    kept: list[Future[None]] = []

    @replaces("orchestrator.dispatch:Dispatcher.stop")
    async def _(
        old: Callable[[Dispatcher, Dispatch, Member], Awaitable[None]],
        dispatcher: Dispatcher,
        dispatch: Dispatch,
        member: Member,
    ) -> None:
        import asyncio

        await asyncio.sleep(seconds)
        await old(dispatcher, dispatch, member)

    @replaces("orchestrator.runs:Run.cancel")
    async def _(old: Callable[[Run], Awaitable[None]], run: Run) -> None:
        import asyncio

        kept.append(asyncio.ensure_future(old(run)))


@mutant(17)
def confirmed_while_a_step_ignores_it() -> None:
    """A cancellation is reported as complete as soon as every step has been asked to stop."""

    @replaces("orchestrator.runs:Run.cancel")
    async def _(old: Callable[[Run], Awaitable[None]], run: Run) -> None:
        run._cancelled = True
        for task in run.tasks_to_cancel():
            task.cancel()


@mutant(17)
def confirmed_while_the_only_step_ignores_it() -> None:
    """The cancellation of a run with a single step is reported as complete while the step still runs."""

    @replaces("orchestrator.runs:Run.cancel")
    async def _(old: Callable[[Run], Awaitable[None]], run: Run) -> None:
        if len(run.tasks_to_cancel()) > 1:
            await old(run)
            return
        run._cancelled = True
        for task in run.tasks_to_cancel():
            task.cancel()


@mutant(17)
def confirmed_ahead_of_the_end() -> None:
    """A cancellation is confirmed at once, but the step continues for some seconds."""
    _confirmed_and_ended_after(4)


@mutant(17)
def waits_for_the_step() -> None:
    """A cancellation waits until the step ends by itself."""

    @replaces("worker.session:Session.cancel")
    async def _(old: Callable[[Session, str], Awaitable[None]], session: Session, dispatch: str) -> None:
        import os
        from pathlib import Path

        for begun in Path(os.environ["UAT_NOTES"]).glob("begun-*"):
            begun.with_name(begun.name.replace("begun-", "go-on-")).mkdir(exist_ok=True)


@mutant(17)
def name_cancels_nothing() -> None:
    """Cancelling a workflow by its name is confirmed, but ends nothing."""

    @replaces("orchestrator.requests:Requests.do_workflow_cancel")
    async def _(
        old: Callable[[Requests, str, str], Awaitable[Any]],
        requests: Requests,
        runId: str = "",
        workflow: str = "",
    ) -> Any:
        if not workflow:
            return await old(requests, runId, workflow)
        run = next(each for each in requests._runs.values() if each.workflow == workflow)
        return {"runId": run.identity, "status": "cancelled", "reason": "Cancelled by user"}


@mutant(17)
def listens_to_nobody_for_long() -> None:
    """A cancellation is confirmed at once, but the step is ended only twelve seconds later."""
    _confirmed_and_ended_after(12)


@mutant(17)
def queue_forgets_late() -> None:
    """A step that waited when its run was cancelled is still listed as waiting for some seconds."""

    @replaces("orchestrator.dispatch:Dispatcher.leave")
    def _(
        old: Callable[[Dispatcher, dict[str, Any], str], None],
        dispatcher: Dispatcher,
        entry: dict[str, Any],
        state: str,
    ) -> None:
        import asyncio

        if state == "cancelled":
            asyncio.get_running_loop().call_later(5, old, dispatcher, entry, state)
        else:
            old(dispatcher, entry, state)


@mutant(17)
def cancelled_dispatch_never_finishes_on_worker() -> None:
    """A worker does not report that a cancelled step has ended."""
    cancelled = set()

    @replaces("worker.session:Session.cancel")
    async def _(old: Callable[[Session, str], Awaitable[None]], session: Session, dispatch: str) -> None:
        cancelled.add(dispatch)
        await old(session, dispatch)

    @replaces("worker.connect:_report_in_text")
    def _(old: Callable[[str, dict[str, Any]], None], kind: str, facts: dict[str, Any]) -> None:
        if kind != "dispatch_finished" or facts["dispatchId"] not in cancelled:
            old(kind, facts)


@mutant(17)
def address_in_a_variable_unknown_to_the_cancelling_command() -> None:
    """The command that cancels a run fails if a variable gives the address of the orchestrator."""

    @replaces("operator.workflows:_server_of")
    def _(old: Callable[[Call], str], call: Call) -> str:
        import sys

        from standin.errors import UserError

        if "--server" not in sys.argv and "SWAMP_SERVE_URL" in os.environ:
            raise UserError("Cannot read properties of undefined (reading 'replace')")
        return old(call)


# Promise 34: A failed run goes on from a step: that one and those that depend on it run again, and no others.


@mutant(34)
def resumed_run_begins_again() -> None:
    """A resumed run begins again with its first step."""

    @replaces("orchestrator.requests:steps_to_repeat")
    def _(
        old: Callable[[str, Sequence[Step], str], set[str]], workflow: str, steps: Sequence[Step], first: str
    ) -> set[str]:
        old(workflow, steps, first)
        return {step.name for step in steps}


@mutant(34)
def failure_of_resumed_run_not_in_exit_code() -> None:
    """A command that resumes a failed run ends with exit code 0 if the run fails again."""

    @replaces("operator.workflows:resume")
    def _(old: Callable[[Call], int], call: Call) -> int:
        code = old(call)
        return 0 if call.has("--from") else code


@mutant(34)
def resumed_run_repeats_the_step_before() -> None:
    """A resumed run also runs the step again that is before the named one."""

    @replaces("orchestrator.requests:steps_to_repeat")
    def _(
        old: Callable[[str, Sequence[Step], str], set[str]], workflow: str, steps: Sequence[Step], first: str
    ) -> set[str]:
        before = {name for step in steps if step.name == first for name in step.after}
        return old(workflow, steps, first) | before


@mutant(34)
def resumed_run_ends_with_its_step() -> None:
    """A resumed run runs the named step, and none that depends on it."""

    @replaces("orchestrator.requests:steps_to_repeat")
    def _(
        old: Callable[[str, Sequence[Step], str], set[str]], workflow: str, steps: Sequence[Step], first: str
    ) -> set[str]:
        old(workflow, steps, first)
        return {first}


@mutant(34)
def resumed_run_repeats_the_steps_beside() -> None:
    """A resumed run also runs the steps again that come after the named one without depending on it."""

    @replaces("orchestrator.requests:steps_to_repeat")
    def _(
        old: Callable[[str, Sequence[Step], str], set[str]], workflow: str, steps: Sequence[Step], first: str
    ) -> set[str]:
        names = [step.name for step in steps]
        return old(workflow, steps, first) | set(names[names.index(first) :] if first in names else ())


@mutant(34)
def resumed_run_keeps_the_items_of_its_step() -> None:
    """A run that is resumed from a list does not run the items of the list again."""

    @replaces("orchestrator.requests:steps_to_repeat")
    def _(
        old: Callable[[str, Sequence[Step], str], set[str]], workflow: str, steps: Sequence[Step], first: str
    ) -> set[str]:
        items = {step.name for step in steps if step.expanded == first != step.name}
        return old(workflow, steps, first) - items


@mutant(34)
def failed_run_forgets_its_input() -> None:
    """A failed run that is resumed has no longer the input with which it was started; a suspended one has."""

    @replaces("orchestrator.requests:Requests.failed")
    def _(
        old: Callable[[Requests, dict[str, Any]], dict[str, Any]],
        requests: Requests,
        payload: dict[str, Any],
    ) -> dict[str, Any]:
        return {**old(requests, payload), "inputs": {}}


@mutant(34)
def input_of_the_resume_from_a_step_ignored() -> None:
    """A failed run that is resumed with an input keeps the one that it had."""

    @replaces("operator.workflows:inputs_given")
    def _(old: Callable[[Call], dict[str, str]], call: Call) -> dict[str, str]:
        return {} if call.has("--from") else old(call)


@mutant(34)
def resumed_run_skips_later_jobs() -> None:
    """A resumed run runs the steps of the job with the named step, and none of a later job."""

    @replaces("orchestrator.requests:steps_to_repeat")
    def _(
        old: Callable[[str, Sequence[Step], str], set[str]], workflow: str, steps: Sequence[Step], first: str
    ) -> set[str]:
        # In the scenarios, only a step of a later job depends on more than two steps.
        return old(workflow, steps, first) - {step.name for step in steps if len(step.after) > 2}


@mutant(34)
def resumed_run_is_another_run() -> None:
    """A resumed run is recorded as another run, beside the failed one."""

    @replaces("orchestrator.runs:Run.go_on_with")
    def _(
        old: Callable[[Run, dict[str, Any], Collection[str]], None],
        run: Run,
        record: dict[str, Any],
        anew: Collection[str],
    ) -> None:
        old(run, {**record, "runId": run.identity}, anew)


@mutant(34)
def resume_finds_suspended_runs_only() -> None:
    """A failed run whose steps ran on workers is not resumed: the orchestrator looks for a suspended one."""

    @replaces("orchestrator.requests:resumable")
    def _(
        old: Callable[[Repository, str, str], dict[str, Any]],
        repository: Repository,
        workflow: str,
        run_id: str,
    ) -> dict[str, Any]:
        from standin import records
        from standin.errors import UserError

        if records.leases(repository):
            raise UserError(f'No suspended runs found for workflow "{workflow}"', "workflow_resume_failed")
        return old(repository, workflow, run_id)


@mutant(34)
def resume_takes_succeeded_runs() -> None:
    """A run that has succeeded is resumed as well, and its step runs again."""

    @replaces("orchestrator.requests:resumable")
    def _(
        old: Callable[[Repository, str, str], dict[str, Any]],
        repository: Repository,
        workflow: str,
        run_id: str,
    ) -> dict[str, Any]:
        from standin.errors import UserError

        try:
            return old(repository, workflow, run_id)
        except UserError:
            return dict(repository.documents("runs")[-1])


@mutant(34)
def resume_from_unknown_step_begins_again() -> None:
    """A run that is resumed from a step that it does not have begins again."""

    @replaces("orchestrator.requests:steps_to_repeat")
    def _(
        old: Callable[[str, Sequence[Step], str], set[str]], workflow: str, steps: Sequence[Step], first: str
    ) -> set[str]:
        names = {step.name for step in steps}
        return old(workflow, steps, first) if first in names else names


@mutant(34)
def crashed_run_cannot_be_resumed() -> None:
    """A run that a crash interrupted cannot be resumed; one whose step failed can."""

    @replaces("orchestrator.requests:resumable")
    def _(
        old: Callable[[Repository, str, str], dict[str, Any]],
        repository: Repository,
        workflow: str,
        run_id: str,
    ) -> dict[str, Any]:
        from standin.errors import UserError

        record = old(repository, workflow, run_id)
        if record["tags"]:
            raise UserError(f'No failed runs found for workflow "{workflow}"', "workflow_resume_failed")
        return record


@mutant(34)
def newest_of_several_runs_resumed() -> None:
    """A command that names none of several failed runs resumes the newest."""

    @replaces("orchestrator.requests:Requests.failed")
    def _(
        old: Callable[[Requests, dict[str, Any]], dict[str, Any]],
        requests: Requests,
        payload: dict[str, Any],
    ) -> dict[str, Any]:
        failed = [run for run in requests._repository.documents("runs") if run["status"] == "failed"]
        newest = [run["runId"] for run in sorted(failed, key=lambda run: str(run["startedAt"]))][-1:]
        return old(requests, {**payload, "runId": payload["runId"] or "".join(newest)})


@mutant(34)
def run_is_resumed_once() -> None:
    """A run that fails again after it was resumed is recorded as cancelled, and cannot be resumed again."""
    resumed = resumed_from_now_on()

    @replaces("orchestrator.runs:Run.final_status")
    def _(old: Callable[[Run], str], run: Run) -> str:
        status = old(run)
        return "cancelled" if status == "failed" and run.identity in resumed else status


@mutant(34)
def resumed_run_stays_failed() -> None:
    """A resumed run stays failed in the history, although all its steps have succeeded."""
    resumed = resumed_from_now_on()

    @replaces("orchestrator.runs:Run.record")
    def _(old: Callable[[Run], None], run: Run) -> None:
        old(run)
        if run.identity in resumed and run.status == "succeeded":
            run._repository.write(f"runs/{run.identity}.json", {**run._recorded(), "status": "failed"})


# Promise 46: A run or a method ends at the time limit, and runs above the limit of runs are refused.


@mutant(46)
def run_at_its_time_limit_fails() -> None:
    """A run that waits for a worker at its time limit is recorded as failed, not as cancelled."""

    @replaces("orchestrator.runs:Run.final_status")
    def _(old: Callable[[Run], str], run: Run) -> str:
        begun = any(progress.status in ("succeeded", "failed") for progress in run._progress.values())
        return old(run) if begun else "failed"


@mutant(46)
def time_limit_is_a_third() -> None:
    """The time limit of runs is taken as a third of what the operator gave."""

    @replaces("orchestrator.requests:_end_after")
    async def _(
        old: Callable[..., Awaitable[None]],
        seconds: float,
        task: asyncio.Task[Any],
        cancel: Callable[[], Coroutine[Any, Any, None]] | None,
    ) -> None:
        await old(seconds / 3, task, cancel)


@mutant(46)
def step_stays_queued_at_time_limit() -> None:
    """A step that waits at the time limit of its run stays in the queue."""

    @replaces("orchestrator.dispatch:Dispatcher.leave")
    def _(
        old: Callable[[Dispatcher, dict[str, Any], str], None],
        dispatcher: Dispatcher,
        entry: dict[str, Any],
        state: str,
    ) -> None:
        if state != "cancelled":
            old(dispatcher, entry, state)


@mutant(46)
def only_one_step_leaves_the_queue_at_time_limit() -> None:
    """Of several steps that wait at the time limit of their run, only one leaves the queue."""
    left: list[str] = []

    @replaces("orchestrator.dispatch:Dispatcher.leave")
    def _(
        old: Callable[[Dispatcher, dict[str, Any], str], None],
        dispatcher: Dispatcher,
        entry: dict[str, Any],
        state: str,
    ) -> None:
        if state != "cancelled" or not left:
            old(dispatcher, entry, state)
        if state == "cancelled":
            left.append(entry["queueId"])


@mutant(46)
def method_ends_only_after_its_step() -> None:
    """The time limit ends no method: it only reports that the method was cancelled."""

    @replaces("runners:Runner.stop")
    async def _(old: Callable[[Runner], Awaitable[None]], runner: Runner) -> None:
        if runner._job["workflowName"]:
            await old(runner)
        else:
            runner.kill()


@mutant(46)
def one_run_too_many() -> None:
    """One run more than the limit may be in progress."""

    @replaces("orchestrator.requests:Requests.check_number")
    def _(old: Callable[[Requests], None], requests: Requests) -> None:
        if requests.active != requests._limits.at_a_time:
            old(requests)


@mutant(46)
def methods_do_not_count() -> None:
    """Only workflows in progress count for the limit of runs, and methods do not."""

    @replaces("orchestrator.requests:Requests.check_number")
    def _(old: Callable[[Requests], None], requests: Requests) -> None:
        if requests._runs:
            old(requests)


@mutant(46)
def refused_run_in_history() -> None:
    """A run above the limit of runs is refused, and recorded as failed."""

    @replaces("orchestrator.requests:Requests.check_number")
    def _(old: Callable[[Requests], None], requests: Requests) -> None:
        from standin.errors import UserError
        from standin.orchestrator.runs import Run

        try:
            old(requests)
        except UserError:
            run = Run(
                requests._repository, "release", [], requests._execute, {}, inputs={}, reports_skipped=[]
            )
            run.status, run._completed = "failed", run._started
            run.record()
            raise


@mutant(46)
def refused_run_takes_a_place() -> None:
    """A run that was refused counts as one in progress."""
    refused: list[Requests] = []

    @replaces("orchestrator.requests:Requests.check_number")
    def _(old: Callable[[Requests], None], requests: Requests) -> None:
        from standin.errors import UserError

        try:
            old(requests)
        except UserError:
            refused.append(requests)
            raise
        if refused:
            raise UserError("Too many concurrent runs; wait for active runs to complete", "global_cap")


@mutant(46)
def run_that_never_started_takes_a_place() -> None:
    """A run of a workflow that does not exist counts as one in progress."""
    missing: list[str] = []

    @replaces("orchestrator.requests:steps_of")
    def _(
        old: Callable[[Repository, str, dict[str, str]], list[Step]],
        repository: Repository,
        workflow: str,
        inputs: dict[str, str],
    ) -> list[Step]:
        from standin.errors import UserError

        try:
            return old(repository, workflow, inputs)
        except UserError:
            missing.append(workflow)
            raise

    @replaces("orchestrator.requests:Requests.check_number")
    def _(old: Callable[[Requests], None], requests: Requests) -> None:
        from standin.errors import UserError

        old(requests)
        if requests.active + len(missing) >= requests._limits.at_a_time:
            raise UserError("Too many concurrent runs; wait for active runs to complete", "global_cap")


@mutant(46)
def refusal_without_a_code_in_json() -> None:
    """A command in JSON exits with 0 when its run was refused."""

    @replaces("operator.workflows:run")
    def _(old: Callable[[Call], int], call: Call) -> int:
        from standin.errors import UserError

        try:
            return old(call)
        except UserError as error:
            if call.json and error.code == "global_cap":
                return 0
            raise


@mutant(17)
def twin_run_cancelled_too() -> None:
    """The cancellation of a run cancels all runs of its workflow."""

    @replaces("orchestrator.requests:Requests.do_workflow_cancel")
    async def _(
        old: Callable[..., Awaitable[Any]], requests: Requests, runId: str = "", workflow: str = ""
    ) -> Any:
        named = [run for run in requests._runs.values() if run.identity == runId]
        answer = await old(requests, runId=runId, workflow=workflow)
        for run in list(requests._runs.values()):
            if run.status == "running" and run.workflow in {each.workflow for each in named}:
                await run.cancel()
        return answer


@mutant(17)
def cancelling_a_finished_run_succeeds() -> None:
    """A command that cancels a run which has ended succeeds."""

    @replaces("orchestrator.requests:Requests.do_workflow_cancel")
    async def _(
        old: Callable[..., Awaitable[Any]], requests: Requests, runId: str = "", workflow: str = ""
    ) -> Any:
        from standin.errors import UserError

        try:
            return await old(requests, runId=runId, workflow=workflow)
        except UserError:
            return {"runId": runId, "status": "cancelled", "reason": "Cancelled by user"}


@mutant(17)
def resumed_run_is_not_cancelled() -> None:
    """The cancellation of a run that was resumed ends none of its steps."""
    resumed = resumed_from_now_on()

    @replaces("orchestrator.requests:Requests.do_workflow_cancel")
    async def _(
        old: Callable[..., Awaitable[Any]], requests: Requests, runId: str = "", workflow: str = ""
    ) -> Any:
        if runId in resumed:
            return {"runId": runId, "status": "cancelled", "reason": "Cancelled by user"}
        return await old(requests, runId=runId, workflow=workflow)


# Promise 49: A step on a worker runs without checks, and one on the orchestrator with them.


@mutant(49)
def placed_steps_checked() -> None:
    """The orchestrator makes the checks of a step before it sends the step to a worker."""
    _checked_first(lambda *_: True)


def _checked_first(is_checked: Callable[[Dispatcher, Work, Requirement], bool]) -> None:
    """Make the checks of some steps on the orchestrator before they are sent to a worker."""

    @replaces("orchestrator.dispatch:Dispatcher.run")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[None]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        queue_limit: float,
    ) -> None:
        from standin.errors import UserError
        from standin.extensions import check_before
        from standin.orchestrator.dispatch import StepFailed

        try:
            if is_checked(dispatcher, work, requirement):
                check_before(work.model_type, work.model, work.method, [])
        except UserError as error:
            raise StepFailed(str(error)) from error
        await old(dispatcher, work, requirement, queue_limit)


@mutant(49)
def targeted_steps_checked() -> None:
    """A step that names its worker is checked there, and fails; one that asks for labels is not."""

    @replaces("orchestrator.dispatch:Dispatcher.run")
    async def _(
        old: Callable[[Dispatcher, Work, Requirement, float], Awaitable[None]],
        dispatcher: Dispatcher,
        work: Work,
        requirement: Requirement,
        queue_limit: float,
    ) -> None:
        from standin.orchestrator.dispatch import StepFailed

        await old(dispatcher, work, requirement, queue_limit)
        if requirement.target and work.method == "checked":
            raise StepFailed(f'Pre-flight checks failed for "{work.model}"')


@mutant(49)
def steps_with_a_platform_checked() -> None:
    """A step that names a platform alone is checked on the orchestrator, and fails."""
    _checked_first(lambda _, __, requirement: not (requirement.target or requirement.labels))


@mutant(49)
def required_checks_before_placed_steps() -> None:
    """The checks that a model requires are made before a step on a worker too."""
    _checked_first(lambda dispatcher, work, _: _requires_checks(dispatcher, work))


def _requires_checks(dispatcher: Dispatcher, work: Work) -> bool:
    definition = dispatcher._repository.folder / "models" / f"{work.model}.yaml"
    return definition.is_file() and "require:" in definition.read_text("utf-8")


@mutant(49)
def local_steps_unchecked() -> None:
    """A step on the orchestrator runs without the checks of its method."""

    @replaces("orchestrator.serve:Orchestrator.check_before")
    def _(old: Callable[[Orchestrator, Work], None], orchestrator: Orchestrator, work: Work) -> None:
        pass


@mutant(49)
def checks_skipped_beside_workers() -> None:
    """A step on the orchestrator runs without checks if a worker is connected."""

    @replaces("orchestrator.serve:Orchestrator.check_before")
    def _(old: Callable[[Orchestrator, Work], None], orchestrator: Orchestrator, work: Work) -> None:
        if not any(member.connected for member in orchestrator.pool.members.values()):
            old(orchestrator, work)


@mutant(49)
def step_goes_on_after_its_check() -> None:
    """The steps after one whose check has failed run."""

    @replaces("orchestrator.runs:Run.may_begin")
    async def _(old: Callable[[Run, Step], Awaitable[bool]], run: Run, step: Step) -> bool:
        may = await old(run, step)
        return may or any("Pre-flight" in run._progress[name].error for name in step.after)
