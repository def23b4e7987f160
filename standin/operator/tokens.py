"""Enrollment tokens, as operators deal with them."""

from __future__ import annotations

from typing import Any

from standin import questions, tokens
from standin.answers import table, tell
from standin.commandline import Call
from standin.remote import ask
from standin.repository import Repository
from standin.timing import MINUTE
from standin.tokens import Minted

_HEADINGS = ("NAME", "STATE", "EXPIRES", "ENROLLMENTS")


def create(call: Call) -> None:
    """`swamp worker token create`."""
    name, lifetime = call.arguments[0], call.option("--duration")
    allowance = tokens.allowance_of(call.option("--max-enrollments", "1"))
    if call.has("--server"):
        minted = minted_at(call.option("--server"), name, lifetime, call.option("--vault", ""), allowance)
        return tell(call, tokens.document_of(minted), minted_text(minted))
    repository = Repository.here()
    minted = tokens.mint(repository, name, lifetime)
    if allowance != 1:
        minted = tokens.allow(repository, minted, allowance)
    return tell(call, tokens.document_of(minted), minted_text(minted))


def minted_at(url: str, name: str, lifetime: str, vault: str, allowance: int | str) -> Minted:
    """Let an orchestrator mint a token."""
    minutes = tokens.lifetime_in_seconds(lifetime) / MINUTE
    told = ask(
        url,
        "worker.token.create",
        name=name,
        durationMs=round(minutes * 60_000),
        vaultName=vault,
        maxEnrollments=allowance,
    )
    kept = told["vaultRef"]
    return Minted(
        told["name"],
        told["token"],
        told["expiresAt"],
        kept["vaultName"],
        kept["secretKey"],
        told["maxEnrollments"],
    )


def minted_text(minted: Minted) -> str:
    """A new token, for people."""
    return "\n".join(
        (
            f"Token: {minted.name}",
            f"Expires: {minted.expires_at}",
            *([f"Max enrollments: {minted.allowance}"] if minted.allowance != 1 else []),
            f"Vault: {minted.vault} (key {minted.key})",
            "",
            f"  {minted.credential}",
            "",
            "This token is shown once and will not be displayed again — store it now.",
        )
    )


def show(call: Call) -> None:
    """`swamp worker token list`."""
    if call.has("--server"):
        told = ask(call.option("--server"), "worker.token.list")["tokens"]
    else:
        told = questions.token_list(Repository.here())
    tell(call, told, table_of(told))


def table_of(told: list[dict[str, Any]]) -> str:
    """Tokens, for people."""
    rows = [
        {
            "NAME": each["name"],
            "STATE": each["effectiveState"],
            "EXPIRES": each["expiresAt"],
            "ENROLLMENTS": enrollments(each),
        }
        for each in told
    ]
    return table(rows, _HEADINGS) if rows else "No enrollment tokens found."


def enrollments(told: dict[str, Any]) -> str:
    """The machine that a token is bound to, or, of a token for several, how many there are of how many."""
    if told["maxEnrollments"] != 1:
        return f"{told['bindingCount']} / {told['maxEnrollments']}"
    return next((str(binding["machineId"]) for binding in told["bindings"]), "-")


def revoke(call: Call) -> None:
    """`swamp worker token revoke`."""
    name = call.arguments[0]
    if call.has("--server"):
        document = ask(call.option("--server"), "worker.token.revoke", name=name)
    else:
        document = questions.token_revoked(Repository.here(), name)
    tell(call, document, revoked_text(document))


def revoked_text(document: dict[str, Any]) -> str:
    """What became of a token that was to be revoked, for people."""
    if document["alreadyRevoked"]:
        return f"Token {document['name']} was already revoked."
    return f"✓ Token {document['name']} revoked.\nRevoked at: {document['revokedAt']}"
