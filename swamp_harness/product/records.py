"""Records of the product as plain values: tokens and pool members, from JSON answers and from tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from swamp_harness.product.wordings import HIDDEN_WORKERS, NOBODY_TO_VERIFY, POOL_NOTES
from swamp_harness.system.errors import ContractBroken

NOTHING = "-"
DISCONNECTED = "disconnected"
BUSY = "busy"
# Before the status of a verified worker, in text.
_MARKS = "✓✗! "
_BETWEEN_LABELS = re.compile(r",(?=[^,=]+=)|,\s*$")


@dataclass(frozen=True)
class TokenRecord:
    """An enrollment token in the token list.

    Attributes:
        name: the name of the token.
        state: the effective state: "unused", "enrolled", "expired" or "revoked".
        expires_at: the end of its lifetime.
        machines: the ids of the machines that it is bound to.
        bound_at: the time of each binding, in the same order; empty if a table does not show it.
        allowance: the number of machines that it admits, "1" or more, or "unlimited".
        admitted: the number of machines that it has admitted.
        created_at: the time of minting; None if a table does not show it.
        vault: the vault of its secret; empty if a table does not show it.
    """

    name: str
    state: str
    expires_at: datetime
    machines: tuple[str, ...]
    bound_at: tuple[datetime, ...] = ()
    allowance: str = "1"
    admitted: int = 0
    created_at: datetime | None = None
    vault: str = ""


@dataclass(frozen=True)
class PoolMember:
    """A worker in the worker list.

    Attributes:
        name: the name of the pool member.
        status: "idle", "busy", "draining", "disconnected" or "unverified".
        labels: its scheduling labels.
        platform: operating system and architecture, as "linux/x86_64".
        slots: occupied and offered, as "0/1".
        instance: the instance uuid; empty if a table does not show it.
        enrolled_at: the time of this instance's enrollment; None if a table does not show it.
        last_seen_at: the time of its last contact with the orchestrator.
    """

    name: str
    status: str
    labels: tuple[tuple[str, str], ...]
    platform: str
    slots: str
    instance: str = ""
    enrolled_at: datetime | None = None
    last_seen_at: datetime | None = None


@dataclass(frozen=True)
class Verification:
    """A worker in the answer of `swamp worker verify`.

    Attributes:
        worker: the name of the pool member.
        status: "pass", "fail" or "error".
        platform: its operating system; "-" if it did not answer.
        arch: its architecture; "-" if it did not answer.
        details: why it did not pass; empty if it did.
    """

    worker: str
    status: str
    platform: str
    arch: str
    details: str


def moment(text: str) -> datetime:
    """A time in the product's format: ISO 8601, in UTC.

    Raises:
        ContractBroken: the text has another format.
    """
    try:
        point = datetime.fromisoformat(text)
    except ValueError:
        raise ContractBroken(f"Expected a time in ISO 8601, but found {text!r}.") from None
    if point.utcoffset() != timedelta(0):
        raise ContractBroken(f"Expected a time in UTC, but found {text!r}.")
    return point


def tokens_from_json(answer: list[dict[str, Any]]) -> list[TokenRecord]:
    """The tokens of an answer that fulfils the contract "token-list"."""
    return [
        TokenRecord(
            name=item["name"],
            state=item["effectiveState"],
            expires_at=moment(item["expiresAt"]),
            machines=tuple(binding["machineId"] for binding in item["bindings"]),
            bound_at=tuple(moment(binding["enrolledAt"]) for binding in item["bindings"]),
            allowance=str(item["maxEnrollments"]),
            admitted=item["bindingCount"],
            created_at=moment(item["createdAt"]),
            vault=item["vaultName"],
        )
        for item in answer
    ]


def tokens_from_table(text: str) -> list[TokenRecord]:
    """The tokens of the table that `swamp worker token list` prints.

    Raises:
        ContractBroken: the text is neither such a table nor the message for no tokens.
    """
    headings = ("NAME", "STATE", "EXPIRES", "ENROLLMENTS")
    return [_token_from_row(row) for row in rows_of_table(text, headings, "No enrollment tokens found.")]


def _token_from_row(row: Mapping[str, str]) -> TokenRecord:
    # For a token of several machines the table shows the number of admitted machines, not their ids.
    bound, several, allowance = row["ENROLLMENTS"].partition(" / ")
    if several and not bound.isdecimal():
        raise ContractBroken(
            f"Expected the number of machines that a token has admitted, but found {bound!r}."
        )
    machines = () if several or bound == NOTHING else (bound,)
    return TokenRecord(
        name=row["NAME"],
        state=row["STATE"],
        expires_at=moment(row["EXPIRES"]),
        machines=machines,
        allowance=allowance if several else "1",
        admitted=int(bound) if several else len(machines),
    )


def members_from_json(answer: dict[str, Any]) -> list[PoolMember]:
    """The pool members of an answer that fulfils the contract "worker-list"."""
    return [
        PoolMember(
            name=item["name"],
            status=item["status"],
            labels=tuple(sorted(item["labels"].items())),
            platform=f"{item['platform']}/{item['arch']}",
            slots=f"{len(item['activeDispatchIds'])}/{item['capacity']}",
            instance=item["instanceUuid"],
            enrolled_at=moment(item["enrolledAt"]),
            last_seen_at=moment(item["lastSeenAt"]),
        )
        for item in answer["workers"]
    ]


def members_from_table(text: str) -> list[PoolMember]:
    """The pool members of the table that `swamp worker list` prints.

    Raises:
        ContractBroken: the text is neither such a table nor the message for no workers.
    """
    headings = ("NAME", "STATUS", "SLOTS", "LABELS", "PLATFORM/ARCH", "LAST SEEN")
    return [
        PoolMember(
            name=row["NAME"],
            status=row["STATUS"],
            labels=labels_from_text(row["LABELS"]),
            platform=row["PLATFORM/ARCH"],
            slots=row["SLOTS"],
            last_seen_at=moment(row["LAST SEEN"]),
        )
        for row in rows_of_table(
            POOL_NOTES.sub("", text), headings, "No workers found.", "No connected workers found."
        )
    ]


def verifications_from_json(answer: dict[str, Any]) -> list[Verification]:
    """The workers of an answer that fulfils the contract "worker-verify"."""
    return [
        Verification(
            worker=item["name"],
            status=item["status"],
            platform=item.get("platform", NOTHING),
            arch=item.get("arch", NOTHING),
            details="; ".join(item.get("failures", ())) or item.get("error", ""),
        )
        for item in answer["workers"]
    ]


def verifications_from_table(text: str) -> list[Verification]:
    """The workers of the table that `swamp worker verify` prints.

    Raises:
        ContractBroken: the text is neither such a table nor the message for no workers.
    """
    if NOBODY_TO_VERIFY.search(text):
        return []
    table, _, _ = text.partition("\n\n")  # below it is how many passed
    return [
        Verification(
            worker=row["WORKER"],
            status=row["STATUS"].lstrip(_MARKS).lower(),
            platform=row["PLATFORM"],
            arch=row["ARCH"],
            details=row["DETAILS"],
        )
        for row in rows_of_table(table, ("WORKER", "STATUS", "PLATFORM", "ARCH", "DETAILS"))
    ]


def hidden_in_text(text: str) -> int:
    """The number of hidden disconnected workers, from a worker list in text."""
    note = HIDDEN_WORKERS.search(text)
    return int(note["number"]) if note else 0


def labels_from_text(text: str) -> tuple[tuple[str, str], ...]:
    """Labels in the notation "gpu=true,region=us-east", sorted by name; "-" and "" mean none.

    A comma begins a label only if an equals sign follows before the next comma: "zones=a,b" is one label.
    """
    parts = map(str.strip, _BETWEEN_LABELS.split(text))
    pairs = [part.partition("=") for part in parts if part not in ("", NOTHING)]
    return tuple(sorted((name, value) for name, _, value in pairs))


def rows_of_table(text: str, headings: tuple[str, ...], *none: str) -> list[Mapping[str, str]]:
    """The rows of a text table, by heading.

    Args:
        text: the output of the command.
        headings: the headings of all columns, in order.
        none: the messages that replace an empty table.

    Raises:
        ContractBroken: the text is neither such a table nor one of the messages.
    """
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    if lines and lines[0] in none:
        return []
    header = re.compile(r"\s+".join(f"({re.escape(heading)})" for heading in headings))
    match = header.match(lines[0]) if lines else None
    if match is None:
        wanted = " ".join(headings)
        raise ContractBroken(f"Expected a table with the headings {wanted}, but found:\n{text}")
    starts = [match.start(index + 1) for index in range(len(headings))]
    ends = [*starts[1:], None]
    return [
        {heading: line[start:end].strip() for heading, start, end in zip(headings, starts, ends, strict=True)}
        for line in lines[1:]
    ]
