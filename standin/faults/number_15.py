"""A step that has not written runs again when its worker is lost: once, and where it may."""

from standin.faults import broken


def never_run_again():
    """The run fails when a worker is lost, whether or not the step had written."""

    @broken("orchestrator.dispatch:Dispatcher.after_loss")
    def _(old, dispatcher, dispatch, fate):
        dispatch.lease["hasWrites"] = True
        old(dispatcher, dispatch, fate)


def result_twice():
    """A step whose worker was lost runs twice more, and leaves two results."""

    @broken("orchestrator.dispatch:Dispatcher.run")
    async def _(old, dispatcher, work, requirement, limit):
        from standin import records

        await old(dispatcher, work, requirement, limit)
        if any(each["state"] == "expired" for each in records.leases(dispatcher._repository)):
            await old(dispatcher, work, requirement, limit)


def does_not_wait_for_its_worker():
    """A step whose worker is lost runs at once on another, without the grace window."""

    @broken("orchestrator.dispatch:Dispatcher._worker_lost")
    def _(old, dispatcher, member):
        old(dispatcher, member)
        member.fate.set_result("returned")


def goes_on_beside_its_second_run():
    """A worker that loses its connection lets its step go on, beside the second run of it."""

    @broken("worker.session:Session.abandon")
    def _(old, session):
        pass


def lease_told_completed():
    """The lease of the step that was lost is told as completed."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        old(dispatcher, dispatch, state.replace("expired", "completed"), error)


def lease_said_to_have_written():
    """The lease of a step that was lost says that the step had written."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        if state == "expired":
            dispatch.lease["hasWrites"] = True
        old(dispatcher, dispatch, state, error)


def lease_without_an_end():
    """The lease of a step that was lost does not tell when it ended."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        from standin import records

        if state != "expired":
            old(dispatcher, dispatch, state, error)
            return
        dispatch.lease.update(state=state, error=error)
        records.put_lease(dispatcher._repository, dispatch.lease)


def lease_of_a_killed_orchestrator_completed():
    """The lease of a step whose orchestrator was killed is told as completed after the next start."""

    @broken("orchestrator.serve:recover")
    def _(old, repository):
        from standin import records
        from standin.moments import stamp

        left = [lease for lease in records.leases(repository) if lease["state"] == "active"]
        old(repository)
        for lease in left:
            records.put_lease(repository, {**lease, "state": "completed", "endedAt": stamp()})


def lease_of_a_killed_orchestrator_left_active():
    """The lease of a step whose orchestrator was killed stays active."""

    @broken("orchestrator.serve:recover")
    def _(old, repository):
        from standin import records

        left = [lease for lease in records.leases(repository) if lease["state"] == "active"]
        old(repository)
        for lease in left:
            records.put_lease(repository, lease)


def runs_again_only_once():
    """A step whose worker is lost a second time fails the run."""
    lost = {}

    @broken("orchestrator.dispatch:Dispatcher.after_loss")
    def _(old, dispatcher, dispatch, fate):
        from standin.orchestrator.dispatch import StepFailed

        old(dispatcher, dispatch, fate)
        lost[dispatch.work.step] = lost.get(dispatch.work.step, 0) + 1
        if lost[dispatch.work.step] > 1:
            raise StepFailed(f"Worker '{dispatch.lease['workerName']}' disconnected mid-dispatch")


def reading_counts_as_writing():
    """A step that has read the bytes of a datum counts as one that has written."""

    @broken("orchestrator.dataplane:DataPlane.do_content")
    def _(old, plane, **given):
        plane._note_write()
        return old(plane, **given)


def writing_of_another_step_counts():
    """A step counts as one that has written if another one has, on the same worker, before it."""
    written = set()

    @broken("orchestrator.dispatch:Dispatcher.note_write")
    def _(old, dispatcher, dispatch):
        old(dispatcher, dispatch)
        written.add(dispatch.lease.get("workerName"))

    @broken("orchestrator.dispatch:Dispatcher.after_loss")
    def _(old, dispatcher, dispatch, fate):
        dispatch.lease["hasWrites"] |= dispatch.lease["workerName"] in written
        old(dispatcher, dispatch, fate)


def lost_worker_keeps_its_slot():
    """A worker that is lost while a step runs is listed with a slot that is taken."""

    @broken("orchestrator.pool:Pool.lose")
    def _(old, pool, member, socket):
        from standin import records

        before = sorted(member.dispatches)
        old(pool, member, socket)
        if not member.connected:
            records.put_worker(pool._repository, {**member.record(), "activeDispatchIds": before})
