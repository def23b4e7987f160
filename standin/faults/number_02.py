"""A token name can be taken only once."""

import secrets

from standin.faults import broken


def name_taken_twice():
    """A second minting of a name succeeds, and puts its token in place of the first."""

    @broken("operator.tokens:create")
    def _(old, call):
        from standin import tokens

        kept = tokens.record_of
        tokens.record_of = lambda repository, name: None
        old(call)
        tokens.record_of = kept


def first_credential_void():
    """A second minting is refused, but the first credential is void from then on."""

    @broken("tokens:mint")
    def _(old, repository, name, lifetime, vault=""):
        from standin import tokens, vaults

        if tokens.record_of(repository, name) is not None:
            vaults.put(repository, "v1", f"worker-token-{name}", secrets.token_hex(32))
        return old(repository, name, lifetime, vault)


def refused_with_success():
    """A second minting is refused in the right words, with a successful exit code."""

    @broken("main:tell_error")
    def _(old, error, *, in_json):
        return old(error, in_json=in_json) * ("already exists" not in str(error))


def _name_free(state):
    @broken("operator.tokens:create")
    def _(old, call):
        from standin import tokens
        from standin.repository import Repository

        kept = tokens.record_of
        record = kept(Repository.here(), call.arguments[0])
        if record is not None and tokens.effective_state(record) == state:
            tokens.record_of = lambda repository, name: None
        old(call)
        tokens.record_of = kept


def name_free_once_revoked():
    """The name of a revoked token can be minted again."""
    _name_free("revoked")


def name_free_once_expired():
    """The name of an expired token can be minted again."""
    _name_free("expired")


def name_free_once_enrolled():
    """The name of an enrolled token can be minted again."""
    _name_free("enrolled")


def refusal_touches_the_record():
    """A second minting is refused, but moves the end of the token's lifetime."""

    @broken("tokens:mint")
    def _(old, repository, name, lifetime, vault=""):
        from standin import tokens
        from standin.moments import after, stamp

        if tokens.record_of(repository, name) is not None:
            later = {"expiresAt": stamp(after(3600))}
            repository.store.change(tokens.place_of(name), tokens._KIND, lambda present: {**present, **later})
        return old(repository, name, lifetime, vault)


def name_free_through_the_orchestrator():
    """The orchestrator mints the name of a revoked token again."""

    @broken("orchestrator.requests:Requests.do_worker_token_create")
    def _(old, requests, name, **wish):
        from standin import tokens

        kept = tokens.record_of
        record = kept(requests._repository, name)
        if record is not None and record["state"] == "revoked":
            tokens.record_of = lambda repository, name: None
        try:
            return old(requests, name=name, **wish)
        finally:
            tokens.record_of = kept


def refusal_by_the_orchestrator_is_a_success_in_json():
    """In JSON a second minting through the orchestrator is refused with a successful exit code."""

    @broken("main:tell_error")
    def _(old, error, *, in_json):
        import sys

        code = old(error, in_json=in_json)
        asked = "--server" in sys.argv and in_json and "already exists" in str(error)
        return 0 if asked else code


def name_free_for_several():
    """The name of a token for several machines can be minted again."""

    @broken("tokens:record_of")
    def _(old, repository, name):
        record = old(repository, name)
        return record if record is None or record["maxEnrollments"] == 1 else None


def refusal_lost_through_the_orchestrator():
    """Asked through the orchestrator, a second minting succeeds, and mints nothing."""

    @broken("operator.tokens:minted_there")
    def _(old, call, name, allowance):
        from standin.errors import UserError
        from standin.moments import stamp
        from standin.tokens import Minted

        try:
            return old(call, name, allowance)
        except UserError:
            return Minted(name, "", stamp(), "", "")
