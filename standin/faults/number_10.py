"""A worker of another protocol version is turned away before anything else."""

from standin.faults import broken


def any_version_enrolls():
    """Every protocol version is let in."""

    @broken("orchestrator.pool:check_protocol")
    def _(old, version):
        pass


def newer_version_enrolls():
    """A newer protocol version is let in."""

    @broken("orchestrator.pool:check_protocol")
    def _(old, version):
        from standin.orchestrator.pool import PROTOCOL_VERSION

        if version < PROTOCOL_VERSION:
            old(version)


def token_bound_before():
    """The token is bound before the version is looked at."""

    @broken("orchestrator.pool:Pool.enroll")
    def _(old, pool, wish, socket):
        from standin import tokens

        tokens.admit(pool._repository, wish["token"], wish["machineId"])
        return old(pool, wish, socket)


def tries_again():
    """A worker of another version tries three times."""

    @broken("orchestrator.pool:check_protocol")
    def _(old, version):
        from standin.tokens import Rejected

        try:
            old(version)
        except Rejected as rejected:
            raise Rejected(str(rejected), for_good=False) from None


def turned_away_with_a_trace():
    """A worker that is turned away for good ends with the stack trace of the program."""

    @broken("worker.session:Session._give_up")
    def _(old, session, reason):
        from standin.errors import UserError

        try:
            old(session, reason)
        except UserError as error:
            raise UserError(f"{error}\n    at connect (worker.ts:12:34)") from error
