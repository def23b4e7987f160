"""A step that had written is not run again when its worker is lost: the run fails, and shows why."""

from standin.faults import broken


def run_again_after_a_write():
    """A step that had written runs again."""

    @broken("orchestrator.dispatch:Dispatcher.after_loss")
    def _(old, dispatcher, dispatch, fate):
        dispatch.lease["hasWrites"] = False
        old(dispatcher, dispatch, fate)


def told_as_success():
    """A run whose worker was lost after a write is told as succeeded."""

    @broken("orchestrator.runs:Run.final_status")
    def _(old, run):
        return "succeeded" if old(run) == "failed" else old(run)


def lines_lost():
    """The lines that a step has written are kept only when it closes the file."""

    @broken("orchestrator.dataplane:DataPlane.do_write_line")
    def _(old, plane, **given):
        plane._note_write()
        return {}


def lines_emptied():
    """The lines that a step has written are kept without their words."""

    @broken("orchestrator.dataplane:DataPlane.do_write_line")
    def _(old, plane, **given):
        return old(plane, **{**given, "line": ""})


def data_garbled():
    """What a step had written before its worker was lost holds another step's account."""

    @broken("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(old, plane, **given):
        if given["name"] == "before":
            given["data"] = {**given["data"], "pid": 0, "step": "another"}
        return old(plane, **given)


def later_step_begins():
    """A step begins although the one that it comes after has failed."""

    @broken("orchestrator.runs:Run.may_begin")
    async def _(old, run, step):
        await old(run, step)
        return True


def data_taken_back():
    """What a step had written before its worker was lost is taken back."""

    @broken("orchestrator.dispatch:Dispatcher.after_loss")
    def _(old, dispatcher, dispatch, fate):
        from standin.store import Place

        store = dispatcher._repository.store
        store.delete(Place(dispatch.work.model_type, dispatch.work.model, "before"))
        old(dispatcher, dispatch, fate)


def lease_told_expired():
    """The lease of the step is told as expired, as if it could run again."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        old(dispatcher, dispatch, "expired" if "write-then-drop" in error else state, error)


def completed_in_the_history_of_all_runs():
    """The history of all runs shows a failed run as completed."""

    @broken("questions:run_history")
    def _(old, repository):
        told = old(repository)
        return {
            "runs": [
                {**each, "status": each["status"].replace("failed", "completed")} for each in told["runs"]
            ]
        }


def other_exit_code():
    """Whoever follows a run whose worker was lost is given another exit code than the documented one."""

    @broken("operator.workflows:run")
    def _(old, call):
        return old(call) and 75


def lease_without_a_reason():
    """The lease of a step that had written does not tell why it failed."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        old(dispatcher, dispatch, state, "" if "write-then-drop" in error else error)


def writes_of_another_step_counted():
    """A step that has not written is not run again if another step of its worker has."""
    lost = []

    @broken("orchestrator.dispatch:Dispatcher.after_loss")
    def _(old, dispatcher, dispatch, fate):
        lost.append(dispatch.lease)
        # Whichever of the two is decided first: the other one is held, or was lost before.
        for lease in [*lost, *(each.lease for each in dispatcher.dispatches.values() if each.lease)]:
            if lease["workerName"] == dispatch.lease["workerName"] and lease["hasWrites"]:
                dispatch.lease["hasWrites"] = True
        old(dispatcher, dispatch, fate)
