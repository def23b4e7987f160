"""The credential that minting prints: `<name>.<secret>` (design/remote-execution.md, "Enrollment tokens")."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from swamp_harness.system.disguises import SHORTEST_SECRET, readings
from swamp_harness.system.redaction import SECRETS

_IN_NAMES = "abcdefghijklmnopqrstuvwxyz0123456789_-"
_LONGEST_NAME = 1000
# It begins with the dot, so that a search for it looks at every letter once.
SECRET_BY_FORM = re.compile(r"\.(?<=[a-z0-9_-]\.)(?P<secret>[0-9a-f]{64})(?![0-9a-f])")
_SECRET = re.compile(r"[0-9a-f]{64,}")
_LENGTH = 64
# An answer shows one. This keeps an endless one from being learnt line by line.
_MOST_IN_AN_ANSWER = 20

# Known by its form, the secret is blanked even in the answer that first shows it.
SECRETS.add_pattern(SECRET_BY_FORM)


@dataclass(frozen=True)
class Credential:
    """What a worker presents to enroll.

    Attributes:
        name: the name of the token, and of the pool member.
        secret: the half that must never be seen again.
    """

    name: str
    secret: str

    def __str__(self) -> str:
        """The credential as a worker presents it."""
        return f"{self.name}.{self.secret}"

    def nearly(self) -> Credential:
        """The same credential, except that the last digit of its secret is wrong."""
        last = "1" if self.secret.endswith("0") else "0"
        return Credential(self.name, self.secret[:-1] + last)


def credentials_in(text: str) -> list[Credential]:
    """Every credential that stands in a text, each as often as it stands there."""
    found, behind = [], 0
    for match in SECRET_BY_FORM.finditer(text):
        before = text[max(behind, match.start() - _LONGEST_NAME) : match.start()]
        name = before[len(before.rstrip(_IN_NAMES)) :].lstrip("_-")
        if name:
            found.append(Credential(name, match["secret"]))
            behind = match.end()
    return found


def learn_from_answer(answer: object) -> None:
    """Blank the secret that a JSON answer to minting shows from now on, whatever its form.

    Args:
        answer: the document; it may break its contract.
    """
    token = answer.get("token") if isinstance(answer, Mapping) else None
    if isinstance(token, str):
        secret = token.partition(".")[2]
        if len(secret) >= SHORTEST_SECRET:
            SECRETS.add(secret)
        _learn_by_form(token)


def learn_from_output(text: str) -> None:
    """Blank every secret that the output of a minting command shows from now on.

    The output is read as people read it: without colours, line breaks and escape sequences, in any case. It
    shows no other value of that form, such as a checksum, so the secret is recognised without its name.

    Args:
        text: JSON, or what was shown to people.
    """
    with contextlib.suppress(ValueError):  # of a text that is not JSON, only the form tells
        learn_from_answer(json.loads(text))
    _learn_by_form(text)


def _learn_by_form(text: str) -> None:
    for reading in readings(text):
        for match in islice(_SECRET.finditer(reading), _MOST_IN_AN_ANSWER):
            run = match.group()
            # What stands beside it may look like a part of it once the spaces are gone.
            SECRETS.add(run[:_LENGTH])
            SECRETS.add(run[-_LENGTH:])
