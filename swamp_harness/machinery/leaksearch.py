"""Looks for a secret in everything that lies on a disk, byte by byte, and proves each time that it can find.

A search that finds nothing proves nothing unless it would have found something: before a folder is called
clean, a value is planted in it the way a leak would lie there, and the search must find the plant.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.machinery.faults import InfrastructureFault
from swamp_harness.machinery.redaction import encodings_of

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Leak:
    """A place where a secret was found.

    Attributes:
        place: a file, or the name of an output.
        encoding: in which form it stood there.
    """

    place: str
    encoding: str

    def __str__(self) -> str:
        return f"{self.place} ({self.encoding})"


def search_files(secret: str, roots: Sequence[Path], except_in: Sequence[Path] = ()) -> list[Leak]:
    """Search every file below the roots.

    Args:
        secret: the plain text to look for, in all its usual encodings.
        roots: the folders to search; each is proven first by a planted value.
        except_in: folders where the secret may lie.

    Returns:
        The leaks, none if the secret is nowhere.

    Raises:
        InfrastructureFault: a planted value was not found, so the search could not have found a leak.
    """
    for root in roots:
        _prove_search_of(root)
    return _found_in(roots, encodings_of(secret), except_in)


def search_text(secret: str, texts: Iterable[tuple[str, str]]) -> list[Leak]:
    """Search texts, given as pairs of a name and the text, such as the raw output of a process."""
    forms = encodings_of(secret)
    return [
        Leak(name, encoding)
        for name, text in texts
        for encoding, form in forms.items()
        if form in text.encode("utf-8", errors="replace")
    ]


def _prove_search_of(root: Path) -> None:
    planted = secrets.token_hex(32)
    # In the middle of binary data, and across the border of two reads: where a simpler search would miss it.
    content = os.urandom(_CHUNK - 16) + planted.encode() + b"\0\xff" * 8
    plant = root / ".planted-value"
    plant.write_bytes(content)
    try:
        found = _found_in([root], {"plain": planted.encode()}, ())
    finally:
        plant.unlink()
    if [leak.place for leak in found] != [str(plant)]:
        raise InfrastructureFault(
            f"The leak search is blind in {root}: it did not find the value planted there, it saw {found}."
        )


def _found_in(roots: Sequence[Path], forms: dict[str, bytes], except_in: Sequence[Path]) -> list[Leak]:
    leaks = []
    for root in roots:
        for path in sorted(root.rglob("*")):
            if (
                not path.is_file()
                or path.is_symlink()
                or any(path.is_relative_to(spot) for spot in except_in)
            ):
                continue
            leaks += [Leak(str(path), encoding) for encoding in _forms_in(path, forms)]
    return leaks


def _forms_in(path: Path, forms: dict[str, bytes]) -> list[str]:
    overlap = max(map(len, forms.values()), default=1) - 1
    found: set[str] = set()
    tail = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                window = tail + chunk
                found |= {encoding for encoding, form in forms.items() if form in window}
                tail = window[-overlap:] if overlap else b""
    except FileNotFoundError:
        return []  # a living process may remove its own files meanwhile
    return sorted(found)
