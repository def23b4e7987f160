"""A worker that starts again is the same pool member, on the machine that its token is bound to."""

import os

from standin.faults import broken


def bound_anew():
    """Each enrollment binds the token anew."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        from standin import tokens
        from standin.moments import stamp

        old(repository, record, machine)
        anew = {"bindings": [{"machineId": machine, "enrolledAt": stamp()}]}
        repository.store.change(
            tokens.place_of(record["name"]), tokens._KIND, lambda present: {**present, **anew}
        )


def machine_id_made_anew():
    """A worker makes a new machine id each time that it starts."""

    @broken("worker.cache:Cache.machine_id")
    def _(old, cache):
        (cache._folder / "machine-id").unlink(missing_ok=True)
        return old(cache)


def member_listed_twice():
    """A worker that starts again is another pool member, beside the one that it was."""

    @broken("records:put_worker")
    def _(old, repository, record):
        from standin.records import WORKER
        from standin.store import Kind, Place

        place = Place(WORKER, f"worker-{record['instanceUuid']}", "state-main")
        repository.store.put(place, Kind("state"), record)


def second_binding():
    """A worker that starts again is bound a second time."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        from standin import tokens
        from standin.moments import stamp

        binding = {"machineId": machine, "enrolledAt": stamp()}
        repository.store.change(
            tokens.place_of(record["name"]),
            tokens._KIND,
            lambda present: {**present, "state": "enrolled", "bindings": [*present["bindings"], binding]},
        )


def first_labels_kept():
    """A worker that starts again with other labels keeps those that it had first."""
    first = {}

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        name = wish["token"].partition(".")[0]
        return old(pool, {**wish, "labels": first.setdefault(name, wish["labels"])}, socket)


def first_labels_kept_for_scheduling():
    """A worker that starts again with other labels is listed with the new ones and given steps by the old."""
    first = {}

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        name = wish["token"].partition(".")[0]
        member, same = old(pool, wish, socket)
        member.labels = first.setdefault(name, wish["labels"])
        pool.changed()
        return member, same


def first_labels_listed():
    """A worker that starts again with other labels is given steps by the new ones and listed with the old."""
    first = {}

    @broken("records:put_worker")
    def _(old, repository, record):
        labels = first.setdefault(record["name"], record["labels"])
        old(repository, {**record, "labels": labels})


def cache_variable_ignored():
    """A worker that is told its cache by a variable makes one of its own each time that it starts."""

    @broken("worker.connect:cache_told_by_variable")
    def _(old):
        return ""


def variable_for_the_cache_not_read():
    """A worker does not find the cache directory that a variable names."""
    os.environ.pop("SWAMP_WORKER_CACHE_DIR", None)


def return_counts_as_an_enrollment():
    """A token for several machines that has admitted all of them turns away those that return."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        from standin.tokens import Rejected

        if 1 < record["maxEnrollments"] <= len(record["bindings"]):
            raise Rejected(f"Enrollment token '{record['name']}': enrollment allowance exhausted")
        old(repository, record, machine)


def return_bound_twice_for_several():
    """A machine that returns is bound a second time if its token is for several machines."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        from standin import tokens
        from standin.moments import stamp

        if record["maxEnrollments"] == 1:
            old(repository, record, machine)
            return
        bindings = [*record["bindings"], {"machineId": machine, "enrolledAt": stamp()}]
        repository.store.change(
            tokens.place_of(record["name"]),
            tokens._KIND,
            lambda present: {**present, "state": "enrolled", "bindings": bindings},
        )


def first_slots_kept():
    """A worker that starts again with other slots keeps those that it had first."""
    first = {}

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        name = wish["token"].partition(".")[0]
        return old(pool, {**wish, "capacity": first.setdefault(name, wish["capacity"])}, socket)


def first_slots_kept_for_scheduling():
    """A worker that starts again with other slots is listed with the new ones and given steps by the old."""
    first = {}

    @broken("orchestrator.dispatch:has_free_slot")
    def _(old, member):
        return len(member.dispatches) < first.setdefault(member.name, member.capacity)

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        first.setdefault(wish["token"].partition(".")[0], wish["capacity"])
        return old(pool, wish, socket)


def first_slots_listed():
    """A worker that starts again with other slots is given steps by the new ones and listed with the old."""
    first = {}

    @broken("records:put_worker")
    def _(old, repository, record):
        old(repository, {**record, "capacity": first.setdefault(record["name"], record["capacity"])})


def first_label_of_a_variable_alone():
    """Of several labels that a variable tells, a worker takes the first alone."""

    @broken("worker.connect:labels_told_by_variable")
    def _(old):
        return old()[:1]


def label_of_a_variable_cut():
    """The value of a label that a variable tells ends at the first equals sign in it."""

    @broken("worker.connect:labels_told_by_variable")
    def _(old):
        return ["=".join(label.split("=")[:2]) for label in old()]
