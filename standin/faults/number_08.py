"""A second machine is turned away, and disturbs nobody."""

from standin.faults import broken


def second_displaces_the_first():
    """The second machine is let in, and the first one is cut off."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        if record["bindings"] and record["bindings"][0]["machineId"] != machine:
            return
        old(repository, record, machine)

    @broken("orchestrator.pool:check_not_connected")
    def _(old, before, name):
        if before is not None and before.connected:
            before.socket.transport.abort()
            before.socket = None


def both_of_a_race():
    """Of two machines that present a token at the same moment, both are let in."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        from standin.moments import moment, now

        recent = [(now() - moment(each["enrolledAt"])).total_seconds() < 1 for each in record["bindings"]]
        old(repository, {**record, "maxEnrollments": 1 + sum(recent)}, machine)

    @broken("orchestrator.pool:check_not_connected")
    def _(old, before, name):
        pass


def wrong_reason():
    """The second machine is told that its token is revoked."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        from standin.tokens import Rejected

        try:
            old(repository, record, machine)
        except Rejected:
            raise Rejected(f"Enrollment token '{record['name']}' has been revoked") from None


def attempt_is_recorded_as_binding():
    """The token list shows the second machine as bound, although it was turned away."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        from standin import tokens
        from standin.moments import stamp

        binding = {"machineId": machine, "enrolledAt": stamp()}
        if record["bindings"] and record["bindings"][0]["machineId"] != machine:
            repository.store.change(
                tokens.place_of(record["name"]),
                tokens._KIND,
                lambda present: {**present, "bindings": [*present["bindings"], binding]},
            )
        old(repository, record, machine)


def second_machine_voids_the_step_of_the_first():
    """The second machine is turned away, but the step of the first one can no longer write."""
    voided = set()

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        from standin.tokens import Rejected

        try:
            return old(pool, wish, socket)
        except Rejected as error:
            before = pool.members.get(wish["token"].partition(".")[0])
            if before is not None and "exhausted" in str(error):
                voided.update(before.dispatches)
            raise

    @broken("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(old, plane, **given):
        from standin.errors import UserError

        if plane._dispatch.identity in voided:
            raise UserError("Missing or invalid session credential")
        return old(plane, **given)


def one_machine_too_many():
    """A token for several machines admits one machine more."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        most = record["maxEnrollments"]
        old(repository, {**record, "maxEnrollments": most if most == 1 else most + 1}, machine)


def last_machine_turned_away():
    """A token for several machines admits one machine less."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        old(repository, {**record, "maxEnrollments": max(1, record["maxEnrollments"] - 1)}, machine)
