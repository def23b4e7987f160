"""A revoked token admits nobody, and revoking is told clearly."""

from standin.faults import broken


def revoked_still_enrolls():
    """A revoked token still lets a worker in."""

    @broken("tokens:check_state")
    def _(old, record):
        if record["state"] != "revoked":
            old(record)


def revoked_still_reconnects():
    """A revoked token lets the machine back in that it is bound to."""

    @broken("tokens:check_state")
    def _(old, record):
        if not record["bindings"]:
            old(record)


def revoked_tries_again():
    """A worker whose token is revoked tries three times."""

    @broken("tokens:check_state")
    def _(old, record):
        from standin.tokens import Rejected

        try:
            old(record)
        except Rejected as rejected:
            raise Rejected(str(rejected), for_good="revoked" not in str(rejected)) from None


def revoked_anew():
    """Revoking a token a second time moves the moment at which it was revoked."""

    @broken("tokens:revoke")
    def _(old, repository, name):
        from standin import tokens
        from standin.moments import stamp

        record, before = old(repository, name)
        anew = {"revokedAt": stamp()}
        repository.store.change(tokens.place_of(name), tokens._KIND, lambda present: {**present, **anew})
        return record, before


def nobody_revoked():
    """Revoking a token that does not exist succeeds."""

    @broken("tokens:revoke")
    def _(old, repository, name):
        from standin import tokens

        if tokens.record_of(repository, name) is None:
            return {"name": name}, True
        return old(repository, name)


def moment_missing_in_json():
    """In JSON the answer to revoking a token does not say when."""

    @broken("operator.tokens:tell")
    def _(old, call, document, text):
        old(call, {key: document[key] for key in document if key != "revokedAt"}, text)


def moment_missing_in_text():
    """In text the answer to revoking a token does not say when."""

    @broken("operator.tokens:tell")
    def _(old, call, document, text):
        old(call, document, text.partition("\nRevoked at:")[0])


def moment_of_the_answer():
    """The answer to revoking a token says another moment than the one that is recorded."""

    @broken("operator.tokens:tell")
    def _(old, call, document, text):
        when = document.get("revokedAt") if isinstance(document, dict) else None
        if when is None:
            return old(call, document, text)
        other = f"{when[:-1]}1Z"
        return old(call, {**document, "revokedAt": other}, text.replace(when, other))


def told_anew():
    """The answer to revoking a token a second time says when, as if it were the first."""

    @broken("operator.tokens:tell")
    def _(old, call, document, text):
        from standin.moments import stamp

        again = isinstance(document, dict) and document.get("alreadyRevoked")
        old(call, {**document, "revokedAt": stamp()} if again else document, text)


def lease_completed_after_the_revocation():
    """The lease of a step whose worker is lost says "completed" if the worker's token was revoked."""

    @broken("orchestrator.dispatch:Dispatcher.close_lease")
    def _(old, dispatcher, dispatch, state, error=""):
        from standin import tokens

        token = tokens.record_of(dispatcher._repository, dispatch.member.name)
        revoked = token is not None and token["state"] == "revoked"
        old(dispatcher, dispatch, "completed" if revoked else state, error)


def not_run_again_after_the_revocation():
    """A step that had not written fails its run if its worker is lost after the token was revoked."""

    @broken("orchestrator.dispatch:Dispatcher.after_loss")
    def _(old, dispatcher, dispatch, fate):
        from standin import tokens

        token = tokens.record_of(dispatcher._repository, dispatch.member.name)
        dispatch.lease["hasWrites"] = token is not None and token["state"] == "revoked"
        old(dispatcher, dispatch, fate)


def moment_missing_through_the_orchestrator():
    """Asked through the orchestrator, the answer to revoking a token does not say when."""

    @broken("orchestrator.requests:Requests.do_worker_token_revoke")
    def _(old, requests, name):
        document = old(requests, name)
        return {key: document[key] for key in document if key != "revokedAt"}


def revoked_anew_through_the_orchestrator():
    """Asked through the orchestrator, revoking a token a second time moves the moment."""

    @broken("orchestrator.requests:Requests.do_worker_token_revoke")
    def _(old, requests, name):
        from standin import tokens
        from standin.moments import stamp

        document = old(requests, name)
        anew = {"revokedAt": stamp()}
        if document["alreadyRevoked"]:
            requests._repository.store.change(
                tokens.place_of(name), tokens._KIND, lambda present: {**present, **anew}
            )
        return document


def nothing_revoked_through_the_orchestrator():
    """Asked through the orchestrator, revoking a token says that it is revoked, and revokes nothing."""

    @broken("orchestrator.requests:Requests.do_worker_token_revoke")
    def _(old, requests, name):
        from standin.moments import stamp

        return {"name": name, "state": "revoked", "alreadyRevoked": False, "revokedAt": stamp()}
