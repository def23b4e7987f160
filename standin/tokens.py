"""Enrollment tokens: minted, listed, revoked, bound to the first machine."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from standin import vaults
from standin.errors import UserError
from standin.moments import moment, now, stamp
from standin.repository import Repository
from standin.store import Kind, Place
from standin.timing import MINUTE

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_DURATION = re.compile(r"(\d+)(mo|y|h|m|d|w)")
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080, "mo": 43200, "y": 525600}
_KIND = Kind("token")
_BYTES = 32

MODEL_TYPE = "swamp/enrollment-token"


class Rejected(Exception):
    """A worker is turned away.

    Args:
        reason: the message for the worker.
        for_good: whether retrying is useless.
        code: of the reason, for programs.
    """

    def __init__(self, reason: str, *, for_good: bool = True, code: str = "handler_failed") -> None:
        super().__init__(reason)
        self.for_good = for_good
        self.code = code


@dataclass(frozen=True)
class Minted:
    """A new token, for its only display.

    Attributes:
        name: of the token.
        credential: what a worker presents.
        expires_at: the end of its lifetime.
        vault: with the secret.
        key: of the secret in the vault.
        allowance: how many machines it admits.
    """

    name: str
    credential: str
    expires_at: str
    vault: str
    key: str
    allowance: int | str = 1


def lifetime_in_seconds(text: str) -> float:
    """How long a lifetime lasts, such as "1h", by the stand-in's short minutes.

    Raises:
        UserError: it is invalid.
    """
    return minutes_in(text) * MINUTE


def minutes_in(text: str) -> int:
    """How many minutes a lifetime has, such as 60 for "1h".

    Raises:
        UserError: it is invalid.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise UserError(f'Invalid duration format: "{text}". Expected format like 1h, 1d, 7d, 1w, 1mo')
    if int(match[1]) == 0:
        raise UserError(f'Invalid --duration value "{text}": must be positive')
    return int(match[1]) * _MINUTES[match[2]]


def mint(repository: Repository, name: str, lifetime: str, vault: str = "") -> Minted:
    """Mint a token.

    Args:
        repository: that it is for.
        name: of the token.
        lifetime: such as "1h".
        vault: for its secret; empty for the only one.

    Raises:
        UserError: the name is taken or not allowed, the lifetime is invalid, or there is no such vault.
    """
    seconds = lifetime_in_seconds(lifetime)
    if _NAME.fullmatch(name) is None:
        raise UserError(f"Invalid token name '{name}': must be lowercase alphanumeric, with '-' and '_'")
    found = vaults.names(repository)
    if not found:
        raise UserError(
            "No vaults are configured — the token plaintext must be stored in a vault. "
            "Create one with: swamp vault create <type> <name>"
        )
    vault = chosen_vault(found, vault)
    if record_of(repository, name) is not None:
        raise _taken(name)
    secret, key = new_secret(), f"worker-token-{name}"
    minted_at = now()
    expires_at = stamp(minted_at + timedelta(seconds=seconds))
    record = {
        "name": name,
        "state": "unused",
        "createdAt": stamp(minted_at),
        "expiresAt": expires_at,
        "vaultName": vault,
        "secretKey": key,
        "maxEnrollments": 1,
        "bindings": [],
    }
    store_new(repository, name, record)
    vaults.put(repository, vault, key, secret)
    return Minted(name, f"{name}.{secret}", expires_at, vault, key)


def new_secret() -> str:
    """A secret that nobody can guess."""
    return secrets.token_hex(_BYTES)


def store_new(repository: Repository, name: str, record: dict[str, Any]) -> None:
    """Store the record of a new token; of mints of one name at the same moment, one does so.

    Raises:
        UserError: the name is taken.
    """

    def new(present: Any) -> Any:
        if present is not None and record_of(repository, name) is not None:
            raise _taken(name)
        return record

    repository.store.change(place_of(name), _KIND, new)


def _taken(name: str) -> UserError:
    return UserError(
        f"Enrollment token '{name}' already exists — revoke it and mint a new name, or pick another name"
    )


def chosen_vault(found: list[str], named: str) -> str:
    """The vault for a secret: the named one, or the only one.

    Raises:
        UserError: there is no such vault, or there are several and none is named.
    """
    if named and named not in found:
        raise UserError(f"Vault '{named}' is not configured. Available vaults: {', '.join(found)}")
    if not named and len(found) > 1:
        raise UserError(
            f"Multiple vaults are configured ({', '.join(found)}). Pass --vault <name> to choose one."
        )
    return named or found[0]


def allowance_of(text: str) -> int | str:
    """How many machines a token is to admit, such as "3" or "unlimited".

    Raises:
        UserError: the text is not such a number.
    """
    if text != "unlimited" and not (text.isdecimal() and int(text)):
        raise UserError(
            f'Invalid --max-enrollments value "{text}": must be a positive integer or "unlimited"'
        )
    return text if text == "unlimited" else int(text)


def allow(repository: Repository, minted: Minted, allowance: int | str) -> Minted:
    """Let a new token admit several machines."""
    allowed = {"maxEnrollments": allowance}
    repository.store.change(place_of(minted.name), _KIND, lambda present: {**present, **allowed})
    return replace(minted, allowance=allowance)


def document_of(minted: Minted) -> dict[str, Any]:
    """A new token, for scripts."""
    return {
        "name": minted.name,
        "token": minted.credential,
        "expiresAt": minted.expires_at,
        "maxEnrollments": minted.allowance,
        "vaultRef": {"vaultName": minted.vault, "secretKey": minted.key},
    }


def place_of(name: str) -> Place:
    """The place of the record of a token."""
    return Place(MODEL_TYPE, name, "token-main")


def record_of(repository: Repository, name: str) -> dict[str, Any] | None:
    """The record of a token; None if it was never minted."""
    if _NAME.fullmatch(name) is None:
        return None
    datum = repository.store.latest(place_of(name))
    return None if datum is None else datum.content()


def records(repository: Repository) -> list[dict[str, Any]]:
    """The records of all tokens, by name."""
    found = [
        each.content() for each in repository.store.all_latest() if each.facts["modelType"] == MODEL_TYPE
    ]
    return sorted(found, key=lambda record: record["name"])


def has_expired(record: dict[str, Any]) -> bool:
    """Whether the lifetime of a token has passed."""
    return moment(record["expiresAt"]) <= now()


def effective_state(record: dict[str, Any]) -> str:
    """The present state of a token."""
    if record["state"] == "revoked":
        return "revoked"
    if has_expired(record):
        return "expired"
    return "enrolled" if record["bindings"] else "unused"


def list_entry(record: dict[str, Any]) -> dict[str, Any]:
    """The entry of a token in the token list."""
    return {**record, "effectiveState": effective_state(record), "bindingCount": len(record["bindings"])}


def revoke(repository: Repository, name: str) -> tuple[dict[str, Any], bool]:
    """Revoke a token.

    Returns:
        Its record, and whether it was revoked before.

    Raises:
        UserError: there is no such token.
    """
    record = record_of(repository, name)
    if record is None:
        raise UserError(
            f"Enrollment token '{name}' not found. Use 'swamp worker token list' to see existing tokens."
        )
    if record["state"] == "revoked":
        return record, True
    revoked = {"state": "revoked", "revokedAt": stamp()}
    return repository.store.change(place_of(name), _KIND, lambda present: {**present, **revoked}), False


def revoked_document(record: dict[str, Any], before: bool) -> dict[str, Any]:
    """A revoked token, for scripts.

    Args:
        record: of the token.
        before: whether it was revoked before.
    """
    document = {"name": record["name"], "state": "revoked", "alreadyRevoked": before}
    return document if before else {**document, "revokedAt": record.get("revokedAt", stamp())}


def expire(repository: Repository, name: str) -> None:
    """Record that the lifetime of a token has ended."""
    repository.store.change(
        place_of(name),
        _KIND,
        lambda present: present if present["state"] == "revoked" else {**present, "state": "expired"},
    )


def split(credential: str) -> tuple[str, str]:
    """The name and the secret of a credential.

    Raises:
        Rejected: it is malformed.
    """
    name, dot, secret = credential.partition(".")
    if not (name and dot and secret):
        reason = "Enrollment token must have the form '<name>.<secret>'"
        raise Rejected(reason, for_good=False, code="invalid_token")
    return name, secret


def admit(repository: Repository, credential: str, machine: str) -> datetime:
    """Admit a machine that presents a credential; the first one is bound to the token.

    Returns:
        The end of the token's lifetime.

    Raises:
        Rejected: it is turned away.
    """
    name, secret = split(credential)
    record = record_of(repository, name)
    check_minted(name, record)
    assert record is not None
    check_state(record)
    check_secret(repository, record, secret)
    bind(repository, record, machine)
    return moment(record["expiresAt"])


def member_name(repository: Repository, credential: str, machine: str) -> str:
    """The name of a machine in the pool: that of its token, with a suffix if the token is for several."""
    name, _ = split(credential)
    record = record_of(repository, name)
    if record is None or record["maxEnrollments"] == 1:
        return name
    return f"{name}-{hashlib.sha256(machine.encode()).hexdigest()[:8]}"


def check_minted(name: str, record: dict[str, Any] | None) -> None:
    """Turn away a machine whose token was never minted."""
    if record is None:
        raise Rejected(f"Enrollment token '{name}' does not exist — mint it first")


def check_secret(repository: Repository, record: dict[str, Any], secret: str) -> None:
    """Turn away a machine with a wrong secret."""
    kept = vaults.get(repository, record["vaultName"], record["secretKey"])
    if not hmac.compare_digest(kept, secret):
        raise Rejected(f"Enrollment token '{record['name']}' does not match")


def check_state(record: dict[str, Any]) -> None:
    """Turn away a machine whose token is revoked or has expired."""
    if record["state"] == "revoked":
        raise Rejected(f"Enrollment token '{record['name']}' has been revoked")
    if has_expired(record):
        raise Rejected(f"Enrollment token '{record['name']}' has expired")


def bind(repository: Repository, record: dict[str, Any], machine: str) -> None:
    """Bind a machine to a token if it is not bound yet; turn it away if another one is bound."""
    bound = [binding["machineId"] for binding in record["bindings"]]
    if machine in bound:
        return
    if record["maxEnrollments"] != "unlimited" and len(bound) >= record["maxEnrollments"]:
        raise Rejected(f"Enrollment token '{record['name']}': enrollment allowance exhausted")
    binding = {"machineId": machine, "enrolledAt": stamp()}
    repository.store.change(
        place_of(record["name"]),
        _KIND,
        lambda present: {**present, "state": "enrolled", "bindings": [*present["bindings"], binding]},
    )
