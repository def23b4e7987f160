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


def _told_of_several(change):
    @broken("tokens:told")
    def _(old, record):
        told = old(record)
        return told if record["maxEnrollments"] == 1 else {**told, **change(told)}


def first_machine_alone():
    """Of the machines that a token for several has admitted, the token list tells the first alone."""
    _told_of_several(
        lambda told: {"bindings": told["bindings"][:1], "bindingCount": len(told["bindings"][:1])}
    )


def several_unused_until_full():
    """A token for several machines is shown as unused until it has admitted all."""

    def change(told):
        full = told["bindingCount"] == told["maxEnrollments"]
        return {} if full or told["effectiveState"] != "enrolled" else {"effectiveState": "unused"}

    _told_of_several(change)


def revoked_expires():
    """A revoked token becomes an expired one at the deadline of its worker."""

    @broken("tokens:expire")
    def _(old, repository, name):
        from standin import tokens

        repository.store.change(
            tokens.place_of(name), tokens._KIND, lambda present: {**present, "state": "expired"}
        )


def binding_lost_with_the_revocation():
    """A token forgets its machines when it is revoked."""

    @broken("tokens:revoke")
    def _(old, repository, name):
        from standin import tokens

        record, before = old(repository, name)
        repository.store.change(
            tokens.place_of(name), tokens._KIND, lambda present: {**present, "bindings": []}
        )
        return record, before


def machines_left_in_text():
    """The table for people tells how many machines a token may still admit."""

    @broken("operator.tokens:enrollments")
    def _(old, told):
        several = told["maxEnrollments"] != 1
        return (
            f"{told['maxEnrollments'] - told['bindingCount']} / {told['maxEnrollments']}"
            if several
            else old(told)
        )


def bound_at_first_for_all():
    """Every machine of a token for several is told as bound when the first one was."""

    def change(told):
        first = [each["enrolledAt"] for each in told["bindings"][:1]]
        return {"bindings": [{**each, "enrolledAt": first[0]} for each in told["bindings"]]}

    _told_of_several(change)


def revocation_of_tokens_that_begin_alike():
    """To revoke a token revokes those as well whose names begin with its name."""

    @broken("tokens:revoke")
    def _(old, repository, name):
        from standin import tokens

        for record in tokens.records(repository):
            if record["name"].startswith(f"{name}-"):
                old(repository, record["name"])
        return old(repository, name)
