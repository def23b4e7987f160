"""A worker that loses its connection comes back as the same pool member."""

from standin.faults import broken


def blip_makes_a_new_member():
    """A worker that comes back within the grace window is enrolled anew."""

    @broken("orchestrator.pool:is_same_member")
    def _(old, before, instance):
        return False


def gives_up_early():
    """A worker that had enrolled gives up after three vain attempts to come back."""

    @broken("worker.session:Session.has_lost_patience")
    def _(old, session):
        return session._failures >= 3


def silence_disconnects_at_once():
    """A silence of a second disconnects a worker."""

    @broken("orchestrator.serve:Orchestrator.watch")
    async def _(old, orchestrator, socket):
        orchestrator._idle_limit = min(orchestrator._idle_limit, 1.0)
        await old(orchestrator, socket)


def reconnection_told_as_first():
    """The worker's event does not tell a reconnection from a first enrollment."""

    @broken("worker.connect:_report_in_json")
    def _(old, kind, facts):
        old(kind, {**facts, "reconnect": False} if kind == "enrolled" else facts)


def instance_renewed():
    """A worker that comes back has a new instance uuid."""

    @broken("worker.session:Session._enroll")
    async def _(old, session, socket):
        import uuid

        if session._enrolled_once:
            session._instance = str(uuid.uuid4())
        await old(session, socket)


def _forgotten_at_the_end_of_a_grace_window():
    @broken("orchestrator.pool:Pool._end_grace")
    def _(old, pool, member):
        present = pool.members.pop(member.name, None)
        old(pool, member)
        if present is not None and present.connected:
            pool.record(present)


def old_grace_window_goes_on():
    """A worker that comes back is forgotten when the grace window of its absence would have ended."""

    @broken("orchestrator.pool:Pool._stop_timer")
    def _(old, pool, name, kind):
        if kind != "grace":
            old(pool, name, kind)

    _forgotten_at_the_end_of_a_grace_window()


def second_grace_window_goes_on():
    """A worker that comes back for the second time is forgotten when its grace window would have ended."""
    returns = {}

    @broken("orchestrator.pool:Pool._stop_timer")
    def _(old, pool, name, kind):
        if kind == "grace" and (name, kind) in pool._timers:
            returns[name] = returns.get(name, 0) + 1
            if returns[name] > 1:
                pool._timers.pop((name, kind))
                return
        old(pool, name, kind)

    _forgotten_at_the_end_of_a_grace_window()


def reads_fail_after_a_return():
    """A worker whose connection was replaced can write, but no longer query."""
    returned = set()

    @broken("orchestrator.pool:is_same_member")
    def _(old, before, instance):
        same = old(before, instance)
        if same:
            returned.add(before.name)
        return same

    @broken("orchestrator.dataplane:DataPlane.do_query")
    def _(old, plane, **given):
        member = plane._dispatch.member
        if member is not None and member.name in returned:
            return []
        return old(plane, **given)


def labels_lost_in_a_restart():
    """A worker that comes back to an orchestrator that has started again comes back without its labels."""
    seen = set()

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        from standin import records

        name = wish["token"].partition(".")[0]
        is_of_before = name not in seen and any(
            each["name"] == name for each in records.workers(pool._repository)
        )
        seen.add(name)
        return old(pool, {**wish, "labels": {} if is_of_before else wish["labels"]}, socket)


def late_break_disconnects():
    """A worker that is back is recorded as lost when the connection that it had before breaks at last."""

    @broken("orchestrator.pool:Pool.lose")
    def _(old, pool, member, socket):
        old(pool, member, member.socket if member.connected else socket)


def failures_not_counted_anew():
    """A worker that comes back goes on counting its failed attempts, and gives up after six."""

    @broken("worker.session:Session._enroll")
    async def _(old, session, socket):
        failures = session._failures
        await old(session, socket)
        session._failures = failures

    @broken("worker.session:Session.has_lost_patience")
    def _(old, session):
        return session._failures >= 6


def temporary_machine_forgotten():
    """A worker without a cache directory is another machine each time that it connects."""

    @broken("worker.cache:Cache.machine_id")
    def _(old, cache):
        import uuid

        return str(uuid.uuid4()) if "swamp-worker-cache-" in str(cache._folder) else old(cache)
