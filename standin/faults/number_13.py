"""A token that expires while its worker is away lets nobody back."""

from standin.faults import broken


def bound_machine_comes_back():
    """The machine that a token is bound to is let back in after the token's lifetime."""

    @broken("tokens:check_state")
    def _(old, record):
        if not record["bindings"] or record["state"] == "revoked":
            old(record)


def shown_enrolled():
    """The token of a worker that was away at the deadline is shown as enrolled."""

    @broken("tokens:effective_state")
    def _(old, record):
        return "enrolled" if record["bindings"] else old(record)


def forgotten_at_the_deadline():
    """A worker that was away at the deadline is struck from the records."""

    @broken("orchestrator.pool:Pool.enforce_deadline")
    def _(old, pool, member):
        from standin.records import WORKER
        from standin.store import Place

        old(pool, member)
        if not member.connected:
            pool._repository.store.delete(Place(WORKER, f"worker-{member.name}", "state-main"))


def tries_for_ever():
    """A worker whose token has expired tries again and again."""

    @broken("worker.session:Session._give_up")
    def _(old, session, reason):
        if "expired" not in reason:
            old(session, reason)

    @broken("worker.session:Session.has_lost_patience")
    def _(old, session):
        return False


def expiry_not_recorded_while_away():
    """The end of a token's lifetime is not recorded if its worker is away."""

    @broken("orchestrator.pool:Pool.enforce_deadline")
    def _(old, pool, member):
        if member.connected:
            old(pool, member)


def bound_machine_comes_back_unless_recorded():
    """The machine that a token is bound to is let back in unless the end of the lifetime was recorded."""

    @broken("tokens:check_state")
    def _(old, record):
        if record["state"] != "enrolled":
            old(record)


def shown_enrolled_unless_recorded():
    """A bound token is shown as enrolled unless the end of its lifetime was recorded."""

    @broken("tokens:effective_state")
    def _(old, record):
        return "enrolled" if record["state"] == "enrolled" else old(record)
