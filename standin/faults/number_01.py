"""Minting shows a credential exactly once, its secret stays in the vault, mistakes are refused."""

import base64
import sys
from pathlib import Path

from standin.faults import broken


def secret_shown_twice():
    """The text of a minting shows the credential a second time, at its end."""

    @broken("operator.tokens:minted_text")
    def _(old, minted):
        return f"{old(minted)}\n  {minted.credential}"


def secret_said_beside_the_json():
    """In JSON mode the credential is said on standard error as well."""

    @broken("tokens:document_of")
    def _(old, minted):
        print(f"minted {minted.credential}", file=sys.stderr)
        return old(minted)


def secret_kept_in_a_log():
    """Minting leaves the secret in a log of the repository."""

    @broken("tokens:mint")
    def _(old, repository, name, lifetime, vault=""):
        minted = old(repository, name, lifetime, vault)
        (repository.inner / "audit.log").write_text(f"minted {minted.credential}\n")
        return minted


def secret_told_with_the_data():
    """The data of a token tell its secret, in another encoding."""

    @broken("tokens:mint")
    def _(old, repository, name, lifetime, vault=""):
        from standin import tokens

        minted = old(repository, name, lifetime, vault)
        hint = base64.b64encode(minted.credential.partition(".")[2].encode()).decode()
        repository.store.change(
            tokens.place_of(name), tokens._KIND, lambda present: {**present, "hint": hint}
        )
        return minted


def secret_kept_on_the_worker():
    """A worker keeps its credential in its cache."""

    @broken("worker.cache:Cache.machine_id")
    def _(old, cache):
        words = sys.argv
        (cache._folder / "last-login").write_text(
            words[words.index("--token") + 1] if "--token" in words else ""
        )
        return old(cache)


def lifetime_of_nothing():
    """A token is minted for a lifetime of nothing."""

    @broken("tokens:lifetime_in_seconds")
    def _(old, text):
        return 0.0 if text == "0m" else old(text)


def mistake_told_with_a_trace():
    """A name that is not allowed is told with the stack trace of the program."""

    @broken("tokens:mint")
    def _(old, repository, name, lifetime, vault=""):
        from standin.errors import UserError

        try:
            return old(repository, name, lifetime, vault)
        except UserError as error:
            raise UserError(f"{error}\n    at mint ({Path('tokens.ts')}:12:34)") from error


def other_end_in_text():
    """In text the answer to minting a token tells another end of its lifetime than is recorded."""

    @broken("operator.tokens:minted_text")
    def _(old, minted):
        from dataclasses import replace

        from standin.moments import after, stamp

        return old(replace(minted, expires_at=stamp(after(1))))


def another_vault_in_json():
    """In JSON the answer to minting a token names another vault than keeps its secret."""

    @broken("tokens:document_of")
    def _(old, minted):
        told = old(minted)
        return {**told, "vaultRef": {**told["vaultRef"], "vaultName": "v2"}}


def secret_kept_by_the_command():
    """The command that mints leaves the secret in a log of the repository; the orchestrator does not."""

    @broken("operator.tokens:minted_text")
    def _(old, minted):
        from standin.repository import Repository

        (Repository.here().inner / "audit.log").write_text(f"minted {minted.credential}\n")
        return old(minted)


def vault_not_heeded():
    """The secret of a token is kept in the first vault, whichever is named."""

    @broken("tokens:chosen_vault")
    def _(old, found, named):
        old(found, named)
        return found[0]


def secret_shown_twice_through_the_orchestrator():
    """Minting through the orchestrator says the credential on standard error as well."""

    @broken("operator.tokens:minted_there")
    def _(old, call, name, allowance):
        minted = old(call, name, allowance)
        print(f"minted {minted.credential}", file=sys.stderr)
        return minted


def vault_missing_through_the_orchestrator():
    """Minting through the orchestrator does not say which vault keeps the secret."""

    @broken("operator.tokens:minted_there")
    def _(old, call, name, allowance):
        from dataclasses import replace

        return replace(old(call, name, allowance), vault="-")
