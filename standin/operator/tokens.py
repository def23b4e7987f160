"""Commands about enrollment tokens."""

from __future__ import annotations

from typing import Any

from standin import questions, tokens
from standin.answers import respond, table
from standin.commandline import Call
from standin.remote import ask
from standin.repository import Repository
from standin.tokens import Minted

_MILLISECONDS_IN_A_MINUTE = 60_000
_HEADINGS = ("NAME", "STATE", "EXPIRES", "ENROLLMENTS")


def create(call: Call) -> None:
    """`swamp worker token create`."""
    name = call.arguments[0]
    allowance = tokens.allowance_of(call.option("--max-enrollments", "1"))
    if call.has("--server"):
        minted = minted_there(call, name, allowance)
        return respond(call, tokens.document_of(minted), minted_text(minted))
    repository = Repository.here(call.option("--repo-dir"))
    minted = tokens.mint(repository, name, call.option("--duration"), call.option("--vault"))
    if allowance != 1:
        minted = tokens.allow(repository, minted, allowance)
    return respond(call, tokens.document_of(minted), minted_text(minted))


def minted_there(call: Call, name: str, allowance: int | str) -> Minted:
    """Mint a new token through an orchestrator."""
    answer = ask(
        call.option("--server"),
        "worker.token.create",
        name=name,
        durationMs=tokens.minutes_in(call.option("--duration")) * _MILLISECONDS_IN_A_MINUTE,
        vaultName=call.option("--vault"),
        maxEnrollments=allowance,
    )
    kept = answer["vaultRef"]
    return Minted(
        answer["name"], answer["token"], answer["expiresAt"], kept["vaultName"], kept["secretKey"], allowance
    )


def minted_text(minted: Minted) -> str:
    """Format a new token for people."""
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
        answer = ask(call.option("--server"), "worker.token.list")["tokens"]
    else:
        answer = questions.token_list(Repository.here(call.option("--repo-dir")))
    respond(call, answer, table_of(answer))


def table_of(answer: list[dict[str, Any]]) -> str:
    """Format tokens for people."""
    rows = [
        {
            "NAME": each["name"],
            "STATE": each["effectiveState"],
            "EXPIRES": each["expiresAt"],
            "ENROLLMENTS": enrollments(each),
        }
        for each in answer
    ]
    return table(rows, _HEADINGS) if rows else "No enrollment tokens found."


def enrollments(answer: dict[str, Any]) -> str:
    """The bound machine of a token; for a token for several, the number of machines and its maximum."""
    if answer["maxEnrollments"] != 1:
        return f"{answer['bindingCount']} / {answer['maxEnrollments']}"
    return next((str(binding["machineId"]) for binding in answer["bindings"]), "-")


def revoke(call: Call) -> None:
    """`swamp worker token revoke`."""
    if call.has("--server"):
        document = ask(call.option("--server"), "worker.token.revoke", name=call.arguments[0])
    else:
        document = tokens.revoked_document(
            *tokens.revoke(Repository.here(call.option("--repo-dir")), call.arguments[0])
        )
    if document["alreadyRevoked"]:
        return respond(call, document, f"Token {document['name']} was already revoked.")
    text = f"✓ Token {document['name']} revoked.\nRevoked at: {document['revokedAt']}"
    return respond(call, document, text)
