"""Secrets are blanked in everything that a step hands over, before it is kept or shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_MARK = "***"
T = TypeVar("T")


def blanked(value: T, secrets: Sequence[str]) -> T:
    """A text, or a JSON value with texts in it, with every secret blanked."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, _MARK)  # type: ignore[assignment]
        return value
    if isinstance(value, dict):
        return {key: blanked(item, secrets) for key, item in value.items()}  # type: ignore[return-value]
    if isinstance(value, list):
        return [blanked(item, secrets) for item in value]  # type: ignore[return-value]
    return value


def blanked_bytes(content: bytes, secrets: Sequence[str]) -> bytes:
    """Bytes, with every secret blanked that is whole in them."""
    for secret in secrets:
        content = content.replace(secret.encode(), _MARK.encode())
    return content
