"""A list spreads over the workers, every item once, and is worked anew on a second run."""

import shutil

from standin.faults import broken


def item_lost():
    """The last item of a list is not worked."""

    @broken("orchestrator.workflow:items_of")
    def _(old, described):
        items = old(described)
        return items[:-1] if len(items) > 1 else items


def item_doubled():
    """The first item of a list is worked twice."""

    @broken("orchestrator.workflow:items_of")
    def _(old, described):
        items = old(described)
        return [items[0], *items] if len(items) > 1 else items


def one_after_the_other():
    """The items of a list are worked one after the other."""

    @broken("orchestrator.dispatch:Dispatcher.chosen")
    def _(old, dispatcher, requirement):
        busy = any(member.dispatches for member in dispatcher._pool.members.values())
        return None if busy else old(dispatcher, requirement)


def one_worker_does_it_all():
    """All items of a list go to one worker."""

    @broken("orchestrator.dispatch:Dispatcher.chosen")
    def _(old, dispatcher, requirement):
        member = old(dispatcher, requirement)
        return member if member is not None and member.name == min(dispatcher._pool.members) else None


def version_skipped():
    """A result takes the version after the next."""

    @broken("store:Draft.keep_as")
    def _(old, draft, place, kind, version):
        return old(draft, place, kind, version + 1 if place.name == "result" else version)


def earlier_version_overwritten():
    """Whoever asks for an earlier version of a result is shown what the latest holds."""

    @broken("questions:data_get")
    def _(old, repository, model, name, *, version=None, content=True):
        told = old(repository, model, name, version=version, content=content)
        latest = old(repository, model, name, content=content)
        return {**told, "content": latest["content"]} if content else told


def results_of_other_items():
    """What one item has written is kept as the result of another."""

    @broken("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(old, plane, **given):
        data = given.get("data")
        if isinstance(data, dict) and "pear" in str(data.get("step")):
            given["data"] = {**data, "step": data["step"].replace("pear", "apple")}
        return old(plane, **given)


def earlier_version_lost():
    """A second run takes the result of the first away."""

    @broken("store:Draft.keep_as")
    def _(old, draft, place, kind, version):
        kept = old(draft, place, kind, version)
        if place.name == "result" and version > 1:
            shutil.rmtree(draft._store.folder_of(place) / str(version - 1))
        return kept


def second_version_left_out():
    """A record that is written a second time takes the third version."""

    @broken("store:Draft.keep_as")
    def _(old, draft, place, kind, version):
        return old(draft, place, kind, version + (place.name == "result" and version == 2))


def one_worker_filled_before_the_next():
    """A worker gets items until it is full, and only then the next one."""

    @broken("orchestrator.dispatch:Dispatcher.chosen")
    def _(old, dispatcher, requirement):
        from standin.orchestrator.dispatch import has_free_slot

        free = [each for each in dispatcher._pool.members.values() if each.connected and has_free_slot(each)]
        return min(
            (each for each in free if requirement.fits(each)), key=lambda each: each.name, default=None
        )


def lease_of_a_second_run_names_the_first_worker():
    """From the second run on, each lease names the worker that comes first in the alphabet."""

    @broken("orchestrator.dispatch:Dispatcher._open_lease")
    def _(old, dispatcher, dispatch, member):
        from standin import records

        others = [each for each in records.leases(dispatcher._repository) if each["state"] == "completed"]
        old(dispatcher, dispatch, member)
        if others:
            dispatch.lease["workerName"] = min(dispatcher._pool.members)
            records.put_lease(dispatcher._repository, dispatch.lease)


def lease_of_the_last_item_expired():
    """The lease of the last of several items that run at one time says "expired"."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        last = state == "completed" and dispatch.work.step.endswith("plum")
        old(dispatcher, dispatch, "expired" if last else state, error)


def writes_not_noted_side_by_side():
    """The lease of a step does not say that the step has written if another step runs at the same time."""

    @broken("orchestrator.dispatch:Dispatcher.note_write")
    def _(old, dispatcher, dispatch):
        if len(dispatcher.dispatches) == 1:
            old(dispatcher, dispatch)
