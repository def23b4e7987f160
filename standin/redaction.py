"""Secrets are blanked in everything that a step hands over, before it is kept or shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_MARK = "***"
_SHORTEST = 3
T = TypeVar("T")


def blanked(value: T, secrets: Sequence[str]) -> T:
    """A text, or a JSON value with texts in it, with every secret blanked."""
    if isinstance(value, str):
        for secret in texts_of(secrets):
            value = value.replace(secret, _MARK)  # type: ignore[assignment]
        return value
    if isinstance(value, dict):
        return {key: blanked(item, secrets) for key, item in value.items()}  # type: ignore[return-value]
    if isinstance(value, list):
        return [blanked(item, secrets) for item in value]  # type: ignore[return-value]
    return value


def texts_of(secrets: Sequence[str]) -> list[str]:
    """What is blanked: the secrets, and each line of those that have several; what is longer first."""
    lines = [line for secret in secrets for line in lines_of(secret) if len(line) >= _SHORTEST]
    return sorted({*secrets, *lines}, key=len, reverse=True)


def lines_of(secret: str) -> list[str]:
    """The lines of a secret, each of which may be printed by itself."""
    return secret.splitlines()


class Blanking:
    """Blanks secrets in bytes that come in pieces, wherever the pieces are cut.

    Args:
        secrets: to blank.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = texts_of(secrets)
        # As much as may be the beginning of a secret that the next piece ends.
        self._held_back = max((len(secret.encode()) for secret in secrets), default=1) - 1
        self._rest = b""

    def piece(self, content: bytes) -> bytes:
        """What can be sent on once a piece has come."""
        content = blanked_bytes(self._rest + content, self._secrets)
        end = len(content) - self._held_back
        self._rest = content[max(end, 0) :]
        return content[: max(end, 0)]

    def rest(self) -> bytes:
        """What is left when all pieces have come."""
        return self._rest


def blanked_bytes(content: bytes, secrets: Sequence[str]) -> bytes:
    """Bytes, with every secret blanked that is whole in them."""
    for secret in texts_of(secrets):
        content = content.replace(secret.encode(), _MARK.encode())
    return content
