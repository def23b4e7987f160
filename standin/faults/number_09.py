"""A second live worker of the same machine is turned away, and disturbs nobody."""

from standin.faults import broken


def twin_takes_over():
    """The second worker is let in, and the first one is cut off."""

    @broken("orchestrator.pool:check_not_connected")
    def _(old, before, name):
        if before is not None and before.connected:
            before.socket.transport.abort()
            before.socket = None


def twin_beside():
    """The second worker is let in beside the first."""

    @broken("orchestrator.pool:check_not_connected")
    def _(old, before, name):
        pass


def first_is_cut_off_for_a_moment():
    """The second worker is turned away, but the first one loses its connection."""

    @broken("orchestrator.pool:check_not_connected")
    def _(old, before, name):
        from standin.tokens import Rejected

        try:
            old(before, name)
        except Rejected:
            before.socket.transport.abort()
            raise


def twin_renews_the_enrollment():
    """The second worker is turned away, but the first one is recorded as enrolled anew."""

    @broken("orchestrator.pool:check_not_connected")
    def _(old, before, name):
        from standin.moments import stamp
        from standin.tokens import Rejected

        try:
            old(before, name)
        except Rejected:
            before.enrolled_at = stamp()
            raise

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        try:
            return old(pool, wish, socket)
        finally:
            for member in pool.members.values():
                pool.record(member)


def twin_takes_over_from_the_busy():
    """The second worker is let in if the first one is at work, and the first one is cut off."""

    @broken("orchestrator.pool:check_not_connected")
    def _(old, before, name):
        if before is not None and before.dispatches:
            before.socket.transport.abort()
            return
        old(before, name)


def twin_voids_the_step_of_the_first():
    """The second worker is turned away, but what the step of the first one writes is refused from then on."""
    voided = set()

    @broken("orchestrator.pool:check_not_connected")
    def _(old, before, name):
        if before is not None:
            voided.update(before.dispatches)
        old(before, name)

    @broken("orchestrator.dataplane:DataPlane.do_write_resource")
    def _(old, plane, **given):
        from standin.errors import UserError

        if plane._dispatch.identity in voided:
            raise UserError("Missing or invalid session credential")
        return old(plane, **given)
