"""A cancelled run ends, everywhere and with everything that its steps have started."""

import os

from standin.faults import broken


def child_left_running():
    """Only the process of a step is ended, not what it has started."""

    @broken("runners:end_tree")
    def _(old, pid):
        import signal

        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    @broken("extensions.shell:end_tree")
    def _(old, pid):
        import signal

        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def lease_left_active():
    """The lease of a cancelled step stays active."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        if "aborted" not in error:
            old(dispatcher, dispatch, state, error)


def told_as_failed():
    """A cancelled run is told as failed."""

    @broken("orchestrator.runs:Run.final_status")
    def _(old, run):
        return old(run).replace("cancelled", "failed")


def another_run_named():
    """The command that cancels names another run than it cancels."""

    @broken("orchestrator.requests:Requests.do_workflow_cancel")
    async def _(old, requests, runId="", workflow=""):
        return {**await old(requests, runId, workflow), "runId": "00000000-0000-4000-8000-000000000000"}


def confirmed_with_a_failure():
    """The command that cancels says so, and ends with a failing exit code."""

    @broken("operator.workflows:cancel")
    def _(old, call):
        old(call)
        raise SystemExit(1)


def one_step_goes_on():
    """Only the first step of a cancelled run is ended."""

    @broken("orchestrator.runs:Run.cancel")
    async def _(old, run):
        run._cancelled = True
        run._tasks[0].cancel()
        run.status = "cancelled"
        run.record()
        for follower in run._followers:
            follower.put_nowait("Cancelled workflow release")
            follower.put_nowait(None)


def queued_step_runs_later():
    """A step that waited when its run was cancelled runs when a worker comes."""

    @broken("orchestrator.dispatch:Dispatcher._place")
    async def _(old, dispatcher, work, requirement, limit):
        import asyncio

        return await asyncio.shield(
            keep(asyncio.ensure_future(later(dispatcher, old(dispatcher, work, requirement, limit))))
        )

    kept = []

    def keep(task):
        kept.append(task)
        return task

    async def later(dispatcher, placed):
        import asyncio

        dispatch = await placed
        await asyncio.sleep(0.2)
        if dispatch.identity not in dispatcher.dispatches:
            await dispatcher._carry_out(dispatch)
        return dispatch


def ctrl_c_leaves():
    """Ctrl-C ends the command that follows a run, not the run."""

    @broken("operator.workflows:_cancel_on_ctrl_c")
    def _(old, socket):
        import signal

        signal.signal(signal.SIGINT, lambda *_: os._exit(130))


def name_ends_the_orchestrator():
    """Cancelling a workflow by its name ends the orchestrator."""

    @broken("orchestrator.requests:Requests.do_workflow_cancel")
    async def _(old, requests, runId="", workflow=""):
        if workflow:
            os._exit(143)
        return await old(requests, runId, workflow)


def lease_told_completed():
    """The lease of a cancelled step is told as completed."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        if "aborted" in error:
            old(dispatcher, dispatch, "completed")
        else:
            old(dispatcher, dispatch, state, error)


def lease_of_a_lost_step_told_completed():
    """The lease of a step that is cancelled while its worker is lost is told as completed."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        if "aborted" in error and not dispatch.member.connected:
            old(dispatcher, dispatch, "completed")
        else:
            old(dispatcher, dispatch, state, error)


def _confirmed_and_ended_after(seconds):
    @broken("orchestrator.dispatch:Dispatcher.stop")
    async def _(old, dispatcher, dispatch, member):
        import asyncio

        await asyncio.sleep(seconds)
        await old(dispatcher, dispatch, member)

    @broken("orchestrator.runs:Run.cancel")
    async def _(old, run):
        import asyncio

        run._kept = asyncio.ensure_future(old(run))


def confirmed_ahead_of_the_end():
    """A cancellation is confirmed at once, and the step goes on for some seconds."""
    _confirmed_and_ended_after(4)


def waits_for_the_step():
    """A cancellation waits until the step has come to its own end."""

    @broken("worker.session:Session.cancel")
    async def _(old, session, dispatch):
        import os
        from pathlib import Path

        for begun in Path(os.environ["UAT_NOTES"]).glob("begun-*"):
            begun.with_name(begun.name.replace("begun-", "go-on-")).mkdir(exist_ok=True)


def name_cancels_nothing():
    """Cancelling a workflow by its name is confirmed, and ends nothing."""

    @broken("orchestrator.requests:Requests.do_workflow_cancel")
    async def _(old, requests, runId="", workflow=""):
        if not workflow:
            return await old(requests, runId, workflow)
        run = next(each for each in requests._runs.values() if each.workflow == workflow)
        return {"runId": run.identity, "status": "cancelled", "reason": "Cancelled by user"}


def listens_to_nobody_for_long():
    """A cancellation is confirmed at once, and the step is ended only twelve seconds later."""
    _confirmed_and_ended_after(12)


def queue_forgets_late():
    """A step that waited when its run was cancelled is listed as waiting for some seconds more."""

    @broken("orchestrator.dispatch:Dispatcher.leave")
    def _(old, dispatcher, entry, state):
        import asyncio

        if state == "cancelled":
            asyncio.get_running_loop().call_later(5, old, dispatcher, entry, state)
        else:
            old(dispatcher, entry, state)
