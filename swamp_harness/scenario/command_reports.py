"""What the answers of commands report about the tokens and runs that they act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.credential import credentials_in
from swamp_harness.product.records import moment
from swamp_harness.product.run import CANCELLED
from swamp_harness.product.wordings import (
    ALREADY_REVOKED,
    CANCELLATION,
    CANCELLED_NOW,
    MINTED,
    MINTED_FOR,
    REVOKED,
)


@dataclass(frozen=True)
class Minting:
    """The answer to minting a token.

    Attributes:
        token: its name.
        expires: the end of its lifetime.
        kept_in: the vault and the key of its secret.
        allowance: the number of machines that it admits, "1" or more, or "unlimited".
    """

    token: str
    expires: datetime
    kept_in: str
    allowance: str


def shown_credentials(result: CommandResult) -> dict[str, object]:
    """The names of the credentials in an answer, and how often it contains their secrets.

    Raises:
        PromiseBroken: it is in JSON and breaks its contract.
    """
    if result.output is Output.JSON:
        result.answer("token-create")
    text = result.stdout + result.stderr
    shown = credentials_in(text)
    plain = {credential.secret for credential in shown}
    return {
        "credentials": [credential.name for credential in shown],
        "secrets": sum(text.count(secret) for secret in plain),
    }


def reported_minting(result: CommandResult) -> Minting:
    """What the answer to minting a token contains.

    Raises:
        ContractBroken: the answer does not have the requested format.
    """
    if result.output is Output.JSON:
        answer = result.answer("token-create")
        kept = answer["vaultRef"]
        token, expires = answer["name"], answer["expiresAt"]
        kept_in = f"{kept['vaultName']} (key {kept['secretKey']})"
        allowance = str(answer["maxEnrollments"])
    else:
        found = (text.search(result.stdout) for text in MINTED)
        token, expires, kept_in = (match["what"] if match else "" for match in found)
        several = MINTED_FOR.search(result.stdout)
        allowance = several["machines"] if several else "1"
    return Minting(token, moment(expires), kept_in, allowance)


def run_reported_as_cancelled(result: CommandResult) -> str:
    """The id of the run that a cancelling command reports as cancelled; "" if none.

    Raises:
        PromiseBroken: the requested format is JSON, and the answer is not JSON or breaks its contract.
    """
    if result.output is Output.JSON:
        return str(result.answer("workflow-cancel")["runId"])
    named = CANCELLATION.search(result.stdout + result.stderr)
    return named["run"] if named else ""


def reports_run_as_over(result: CommandResult) -> bool:
    """Whether a cancelling command reports that the run has ended, not only that it will.

    Raises:
        PromiseBroken: the requested format is JSON, and the answer is not JSON or breaks its contract.
    """
    if result.output is Output.JSON:
        return bool(result.answer("workflow-cancel")["status"] == CANCELLED)
    return CANCELLED_NOW.search(result.stdout + result.stderr) is not None


def reported_revocation(result: CommandResult) -> list[object]:
    """The token and the time that a revoking command reports; empty if it reports neither.

    Raises:
        ContractBroken: the requested format is JSON, and the answer breaks its contract.
    """
    if result.output is Output.JSON:
        answer = result.answer("token-revoke")
        reported = [] if answer["alreadyRevoked"] else [answer["name"], answer["revokedAt"]]
    else:
        reported = [match["what"] for text in REVOKED if (match := text.search(result.stdout))]
    return [*reported[:1], *map(moment, reported[1:])]


def reports_already_revoked(result: CommandResult) -> bool:
    """Whether a revoking command reports that the token was revoked before."""
    if result.output is Output.JSON:
        return bool(result.answer("token-revoke")["alreadyRevoked"])
    return ALREADY_REVOKED.search(result.stdout) is not None
