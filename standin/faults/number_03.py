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


def lifetime_too_short():
    """A token ends after half of the lifetime that was asked for."""

    @broken("tokens:lifetime_in_seconds")
    def _(old, text):
        return old(text) / 2


def allowance_missing_in_text():
    """The table for people does not tell of how many machines a token is."""

    @broken("operator.tokens:enrollments")
    def _(old, told):
        return old({**told, "maxEnrollments": 1})


def bound_just_now():
    """The token list tells the moment of the question as that at which a machine was bound."""

    @broken("tokens:told")
    def _(old, record):
        from standin.moments import stamp

        bound = [{**each, "enrolledAt": stamp()} for each in record["bindings"]]
        return old({**record, "bindings": bound})


def created_just_now():
    """The token list tells the moment of the question as that of the minting."""

    @broken("tokens:told")
    def _(old, record):
        from standin.moments import stamp

        return old({**record, "createdAt": stamp()})


def revoked_missing_through_the_orchestrator():
    """Asked through the orchestrator, the token list leaves out the revoked ones."""

    @broken("orchestrator.requests:Requests.do_worker_token_list")
    def _(old, requests):
        return {"tokens": [each for each in old(requests)["tokens"] if each["state"] != "revoked"]}


def revoked_expires():
    """A revoked token becomes an expired one at the deadline of its worker."""

    @broken("tokens:expire")
    def _(old, repository, name):
        from standin import tokens

        repository.store.change(
            tokens.place_of(name), tokens._KIND, lambda present: {**present, "state": "expired"}
        )


def machine_forgotten_when_revoked():
    """Revoking a token forgets the machine that it was bound to."""

    @broken("tokens:revoke")
    def _(old, repository, name):
        from standin import tokens

        revoked = old(repository, name)
        repository.store.change(
            tokens.place_of(name), tokens._KIND, lambda present: {**present, "bindings": []}
        )
        return revoked
