"""A worker without its cache directory is another machine, and is turned away."""

from standin.faults import broken


def any_machine_may_come():
    """A token lets every machine in, and is bound to all of them."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        old(repository, {**record, "maxEnrollments": 100}, machine)


def tries_for_ever():
    """A worker that is turned away for good tries again and again."""

    @broken("worker.session:Session._give_up")
    def _(old, session, reason):
        if "exhausted" not in reason:
            old(session, reason)

    @broken("worker.session:Session.has_lost_patience")
    def _(old, session):
        return False


def turned_away_with_success():
    """A worker that is turned away says why, and ends with a successful exit code."""

    @broken("main:tell_error")
    def _(old, error, *, in_json):
        old(error, in_json=in_json)
        return 0


def tries_twice():
    """A worker that is turned away for good tries once more."""

    @broken("tokens:bind")
    def _(old, repository, record, machine):
        from standin.tokens import Rejected

        try:
            old(repository, record, machine)
        except Rejected as rejected:
            raise Rejected(str(rejected), for_good=False) from None
