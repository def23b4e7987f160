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
    def _(old, repository, name, lifetime):
        from standin import tokens, vaults

        if tokens.record_of(repository, name) is not None:
            vaults.put(repository, "v1", f"worker-token-{name}", secrets.token_hex(32))
        return old(repository, name, lifetime)


def refused_with_success():
    """A second minting is refused in the right words, with a successful exit code."""

    @broken("main:tell_error")
    def _(old, error, *, in_json):
        return old(error, in_json=in_json) * ("already exists" not in str(error))
