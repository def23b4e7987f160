"""The credential that minting prints: `<name>.<secret>` (design/remote-execution.md, "Enrollment tokens")."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from swamp_harness.system.disguises import SHORTEST_SECRET, readings
from swamp_harness.system.redaction import SECRETS

_IN_NAMES = "abcdefghijklmnopqrstuvwxyz0123456789_-"
_LONGEST_NAME = 1000
# It begins with the dot, so that a search reads every letter once.
SECRET_BY_FORM = re.compile(r"\.(?<=[a-z0-9_-]\.)(?P<secret>[0-9a-f]{64})(?![0-9a-f])")
_SECRET = re.compile(r"[0-9a-f]{64,}")
_LENGTH = 64
_CAN_BE_READ = re.compile(r"(?=\D*\d).{16}")
_PUNCTUATION = "\"'.,:;()"
_IS_PLACE = re.compile(r"^/|^[A-Za-z]:[\\/]|://")
# An answer shows one secret. This limits the work on an endless answer.
_MOST_IN_AN_ANSWER = 20

# By its form the secret is blanked already in the first answer that shows it.
SECRETS.add_pattern(SECRET_BY_FORM)


@dataclass(frozen=True)
class Credential:
    """The credential of a worker for its enrollment.

    Attributes:
        name: the name of the token, and of the pool member.
        secret: the secret part.
    """

    name: str
    secret: str

    def __str__(self) -> str:
        """The credential as a worker presents it."""
        return f"{self.name}.{self.secret}"

    def nearly(self) -> Credential:
        """The same credential with a wrong last digit in its secret."""
        last = "1" if self.secret.endswith("0") else "0"
        return Credential(self.name, self.secret[:-1] + last)

    def halved(self) -> Credential:
        """The same credential with the first half of its secret only, which is blanked from now on."""
        half = self.secret[: len(self.secret) // 2]
        SECRETS.add(half)
        return Credential(self.name, half)


def credentials_in(text: str) -> list[Credential]:
    """All credentials in a text, with duplicates."""
    found, behind = [], 0
    for match in SECRET_BY_FORM.finditer(text):
        before = text[max(behind, match.start() - _LONGEST_NAME) : match.start()]
        name = before[len(before.rstrip(_IN_NAMES)) :].lstrip("_-")
        if name:
            found.append(Credential(name, match["secret"]))
            behind = match.end()
    return found


def learn_from_answer(answer: object) -> None:
    """From now on, blank the secret in a JSON answer to minting, even if its form is unusual.

    Args:
        answer: the document, which may break its contract.
    """
    token = answer.get("token") if isinstance(answer, Mapping) else None
    if isinstance(token, str):
        secret = token.partition(".")[2]
        if len(secret) >= SHORTEST_SECRET:
            SECRETS.add(secret)
        _learn_by_form(token)


def learn_from_output(text: str) -> None:
    """From now on, blank every secret in the output of a minting command.

    Colours, line breaks, escape sequences and case do not matter. The output has no other value of that form,
    such as a checksum, so the secret is recognised without its name.

    Args:
        text: the output, in text or in JSON.
    """
    with contextlib.suppress(ValueError):  # a text that is not JSON has only secrets by form
        learn_from_answer(json.loads(text))
    _learn_by_form(text)


def learn_from_reading(text: str, arguments: Collection[str]) -> None:
    """From now on, blank what can be the secret in the output of a command that reads one of any form.

    It has no spaces, is long and has a digit, so that no ordinary word is blanked.

    Args:
        text: the output, in text or in JSON.
        arguments: of the command, which name the vault and the key.
    """
    try:
        words = [word for each in _strings_in(json.loads(text)) for word in each.split()]
    except ValueError:
        words = text.split()
    bare = (word.strip(_PUNCTUATION) for word in words)
    for word in islice((each for each in bare if _CAN_BE_READ.match(each)), _MOST_IN_AN_ANSWER):
        if word not in arguments and not _IS_PLACE.search(word):
            SECRETS.add(word)


def _strings_in(answer: object) -> Iterator[str]:
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, Mapping | list):
        for each in answer.values() if isinstance(answer, Mapping) else answer:
            yield from _strings_in(each)


def _learn_by_form(text: str) -> None:
    for reading in readings(text):
        for match in islice(_SECRET.finditer(reading), _MOST_IN_AN_ANSWER):
            run = match.group()
            # Without the spaces, its neighbours may look like a part of it.
            SECRETS.add(run[:_LENGTH])
            SECRETS.add(run[-_LENGTH:])
