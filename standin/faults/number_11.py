"""A connected worker is disconnected at its deadline, and leaves the pool after the grace window."""

from standin.faults import broken


def deadline_not_enforced():
    """The end of a token's lifetime is noticed only when its worker comes back."""

    @broken("orchestrator.pool:Pool.enforce_deadline")
    def _(old, pool, member):
        pass


def deadline_early():
    """A worker is disconnected two seconds before its deadline."""

    @broken("orchestrator.pool:Pool._start_deadline")
    def _(old, pool, member):
        from datetime import timedelta

        kept, member.deadline = member.deadline, member.deadline - timedelta(seconds=2)
        old(pool, member)
        member.deadline = kept


def kept_for_ever():
    """The pool never forgets a lost worker."""

    @broken("orchestrator.pool:grace_window")
    def _(old):
        return 1e6


def dropped_at_once():
    """The pool forgets a worker at its deadline, without a grace window."""

    @broken("orchestrator.pool:grace_window")
    def _(old):
        return 0.0


def expired_comes_back():
    """A worker whose token has expired is let back in."""

    @broken("tokens:check_state")
    def _(old, record):
        if record["state"] == "revoked":
            old(record)


def shown_enrolled():
    """The token of a worker that was disconnected at its deadline is shown as enrolled, in text only."""

    @broken("operator.tokens:table_of")
    def _(old, told):
        return old([{**each, "effectiveState": "enrolled"} if each["bindings"] else each for each in told])


def _after_the_deadline(change):
    @broken("orchestrator.dispatch:Dispatcher.after_loss")
    def _(old, dispatcher, dispatch, fate):
        from standin.moments import now

        if dispatch.member.deadline < now():
            change(dispatch.lease)
        old(dispatcher, dispatch, fate)


def step_not_run_again():
    """A step that has not written fails its run if it runs at the deadline of its worker."""
    _after_the_deadline(lambda lease: lease.update(hasWrites=True))


def written_step_run_again():
    """A step that has written runs again if it runs at the deadline of its worker."""
    _after_the_deadline(lambda lease: lease.update(hasWrites=False))


def lease_held_beyond_the_deadline():
    """The lease of a step that runs at the deadline of its worker is held until the grace window is over."""

    @broken("orchestrator.pool:has_reached_deadline")
    def _(old, member):
        return False


def lease_completed_at_the_deadline():
    """The lease of a step that has not written says "completed" if it ends at the deadline of its worker."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        from standin.moments import now

        at_the_deadline = state == "expired" and dispatch.member.deadline < now()
        old(dispatcher, dispatch, "completed" if at_the_deadline else state, error)


def deadline_late():
    """A worker is disconnected eight seconds after its deadline."""

    @broken("orchestrator.pool:Pool._start_deadline")
    def _(old, pool, member):
        from datetime import timedelta

        kept, member.deadline = member.deadline, member.deadline + timedelta(seconds=8)
        old(pool, member)
        member.deadline = kept


def deadline_spares_the_busy():
    """A worker that is at work at its deadline stays connected."""

    @broken("orchestrator.pool:Pool.enforce_deadline")
    def _(old, pool, member):
        if not member.dispatches:
            old(pool, member)


def deadline_lost_by_a_return():
    """A worker that has come back after a break of its network has no deadline any longer."""

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        member, same = old(pool, wish, socket)
        if same:
            pool._stop_timer(member.name, "deadline")
        return member, same


def deadline_lost_by_a_restart():
    """A worker that has been started again has no deadline any longer."""

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        name = wish["token"].partition(".")[0]
        is_of_before = name in pool.members
        member, same = old(pool, wish, socket)
        if is_of_before and not same:
            pool._stop_timer(name, "deadline")
        return member, same


def expiry_not_recorded():
    """The end of a token's lifetime is enforced, and not recorded."""

    @broken("tokens:expire")
    def _(old, repository, name):
        pass


def hidden_not_counted_where_none_is_connected():
    """The worker list for people does not say that it leaves out workers if it shows none."""

    @broken("operator.pool:table_of_workers")
    def _(old, told, *, past):
        return old(told, past=past) if told["workers"] else "No workers found."


def several_have_no_deadline():
    """A worker whose token is for several machines stays connected after the deadline."""

    @broken("orchestrator.pool:Pool.enforce_deadline")
    def _(old, pool, member):
        if member.name == member.token:
            old(pool, member)


def first_of_several_alone():
    """Of the workers of a token for several machines, one alone is disconnected at the deadline."""
    ended = set()

    @broken("orchestrator.pool:Pool.enforce_deadline")
    def _(old, pool, member):
        if member.token not in ended:
            ended.add(member.token)
            old(pool, member)


def expiry_of_several_not_recorded():
    """The end of the lifetime of a token for several machines is enforced, and not recorded."""

    @broken("orchestrator.pool:Pool.enforce_deadline")
    def _(old, pool, member):
        from standin import tokens

        known = tokens.expire
        tokens.expire = lambda repository, name: known(repository, name) if name == member.name else None
        old(pool, member)
        tokens.expire = known


def deadline_of_tokens_that_begin_alike():
    """At the deadline of a token, workers of tokens whose names begin with its name are disconnected too."""

    @broken("orchestrator.pool:Pool.enforce_deadline")
    def _(old, pool, member):
        old(pool, member)
        for each in pool.members.values():
            if each.socket is not None and each.token.startswith(member.token):
                each.socket.transport.abort()


def expiry_of_tokens_that_begin_alike():
    """The end of a token's lifetime is recorded for tokens whose names begin with its name as well."""

    @broken("tokens:expire")
    def _(old, repository, name):
        from standin import tokens

        for record in tokens.records(repository):
            if record["name"].startswith(name):
                old(repository, record["name"])


def deadline_lost_by_a_restart_of_the_orchestrator():
    """A worker that comes back to an orchestrator that has started again has no deadline any longer."""
    seen = set()

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        from standin import records

        name = wish["token"].partition(".")[0]
        is_of_before = name not in seen and any(
            each["name"] == name for each in records.workers(pool._repository)
        )
        seen.add(name)
        member, same = old(pool, wish, socket)
        if is_of_before:
            pool._stop_timer(name, "deadline")
        return member, same
