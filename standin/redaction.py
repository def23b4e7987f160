"""Blanks secrets in everything that a step writes, before it is stored or shown."""

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
    """The texts to blank: the secrets and each of their lines, the longest first."""
    lines = [line for secret in secrets for line in lines_of(secret) if len(line) >= _SHORTEST]
    return sorted({*secrets, *lines}, key=len, reverse=True)


def lines_of(secret: str) -> list[str]:
    """The lines of a secret, which can be printed separately."""
    return secret.splitlines()


class Blanking:
    """Blanks secrets in bytes that arrive in pieces of any size.

    Args:
        secrets: to blank.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = texts_of(secrets)
        # The longest beginning of a secret that the next piece could complete.
        self._held_back = max((len(secret.encode()) for secret in secrets), default=1) - 1
        self._rest = b""

    def piece(self, content: bytes) -> bytes:
        """The bytes that can be sent after this piece."""
        content = blanked_bytes(self._rest + content, self._secrets)
        end = len(content) - self._held_back
        self._rest = content[max(end, 0) :]
        return content[: max(end, 0)]

    def rest(self) -> bytes:
        """The remaining bytes after the last piece."""
        return self._rest


def blanked_bytes(content: bytes, secrets: Sequence[str]) -> bytes:
    """The bytes with every complete secret blanked."""
    for secret in texts_of(secrets):
        content = content.replace(secret.encode(), _MARK.encode())
    return content
