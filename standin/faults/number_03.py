"""The token list tells the state of every token."""

from standin.faults import broken


def expired_shown_unused():
    """A token that was never used is shown as unused after its lifetime."""

    @broken("tokens:effective_state")
    def _(old, record):
        return "unused" if not record["bindings"] and record["state"] != "revoked" else old(record)


def stale_in_text():
    """The table for people shows the recorded state, which is that of the last change."""

    @broken("operator.tokens:table_of")
    def _(old, told):
        return old([{**each, "effectiveState": each["state"]} for each in told])


def machine_missing_in_text():
    """The table for people does not show the machine that a token is bound to."""

    @broken("operator.tokens:table_of")
    def _(old, told):
        return old([{**each, "bindings": []} for each in told])


def revoked_shown_expired():
    """A revoked token is shown as expired."""

    @broken("tokens:effective_state")
    def _(old, record):
        state = old(record)
        return "expired" if state == "revoked" else state
