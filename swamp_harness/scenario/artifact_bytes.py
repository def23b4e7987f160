"""The bytes of the artifacts that steps make, computed a second time outside of the product.

`fixtures/extensions/models/uat_artifacts.ts` is the other half: both compute the same bytes from a step's
name and a size, so a checksum made here is the expected one of what arrives.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any

_BLOCK = 1 << 20
# Empty, and just below, at and above the usual sizes of blocks, frames and windows.
_SIZES = (0, 1, 1 << 14, 65_535, 65_536, 65_537, 1 << 17, 1_048_575, 1_048_576, 1_048_577, 2 << 20)
_WAYS = ("as a stream", "in a file", "in one piece")
# Artifacts by name, with the size of each and the way in which it is made; one has a difficult name.
SIZED_ARTIFACTS: dict[str, dict[str, Any]] = {
    **{f"{size}-{way.replace(' ', '-')}": {"size": size, "way": way} for size in _SIZES for way in _WAYS},
    "one long piece": {"size": (9 << 20) + 1, "way": "as a stream of one piece"},
    "größe 50% & mehr+1 #2 世界?.bin": {"size": (1 << 16) + 1, "way": "as a stream"},
}
_SHIFT = 4099
_WORD = 0xFFFFFFFF


def blocks(step: str, size: int) -> Iterator[bytes]:
    """The bytes of an artifact, in pieces.

    Args:
        step: the name of the step that makes it.
        size: in bytes.
    """
    whole = _pattern(step)
    for index, begin in enumerate(range(0, size, _BLOCK)):
        start = index * _SHIFT % _BLOCK
        yield (whole[start:] + whole[:start])[: size - begin]


def described(pieces: Iterator[bytes]) -> str:
    """Size and SHA-256 of some bytes as a phrase, the same that steps record."""
    size, digest = 0, hashlib.sha256()
    for piece in pieces:
        size += len(piece)
        digest.update(piece)
    return in_words(size, digest.hexdigest())


def in_words(size: int, sha256: str) -> str:
    """A size in bytes and a SHA-256 in hex as a phrase."""
    return f"{size} bytes, SHA-256 {sha256}"


@cache
def _pattern(step: str) -> bytes:
    state = 1
    for character in step:
        state = (state * 31 + ord(character)) & _WORD
    words = []
    for _ in range(_BLOCK // 4):
        state ^= (state << 13) & _WORD
        state ^= state >> 17
        state ^= (state << 5) & _WORD
        words.append(state)
    return struct.pack(f"<{len(words)}I", *words)
