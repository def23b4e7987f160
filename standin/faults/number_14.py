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
