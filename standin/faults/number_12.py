"""A token that expired before its first use admits nobody."""

from standin.faults import broken


def expired_enrolls():
    """A token that was never used lets a worker in after its lifetime."""

    @broken("tokens:check_state")
    def _(old, record):
        if record["bindings"] or record["state"] == "revoked":
            old(record)


def expired_is_bound():
    """The worker is turned away, but its machine is bound to the token."""

    @broken("tokens:check_state")
    def _(old, record):
        from standin import tokens
        from standin.repository import Repository

        if tokens.has_expired(record):
            tokens.bind(Repository.here(), record, "a-machine-that-was-turned-away")
        old(record)


def tries_again():
    """A worker whose token has expired tries three times."""

    @broken("tokens:check_state")
    def _(old, record):
        from standin.tokens import Rejected

        try:
            old(record)
        except Rejected as rejected:
            raise Rejected(str(rejected), for_good=False) from None


def told_as_never_minted():
    """The worker is told that its token was never minted."""

    @broken("tokens:check_state")
    def _(old, record):
        from standin import tokens

        if tokens.has_expired(record):
            tokens.check_minted(record["name"], None)
        old(record)
