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

from swamp_harness.system.disguises import Finder, encodings_of
from swamp_harness.system.errors import InfrastructureError

_CHUNK = 1 << 20
_DISGUISED = ", disguised"


@dataclass(frozen=True)
class Leak:
    """A place where a secret was found.

    Attributes:
        place: a file, or the name of an output.
        encoding: in which form it stood there; "disguised" if only decoding and folding made it visible.
    """

    place: str
    encoding: str

    def __str__(self) -> str:
        return f"{self.place} ({self.encoding})"


class Sought:
    """What is looked for: a secret, in its usual encodings and in every disguise.

    Args:
        secret: the plain text.
        disguised: whether it is also found where its case was changed, or where escape sequences, colours,
            quotes or line breaks stand in it (see `disguises`). Only for values that no ordinary text holds.
    """

    def __init__(self, secret: str, *, disguised: bool = True) -> None:
        self._forms = encodings_of(secret)
        self._finder = Finder(parts=False) if disguised else None
        if self._finder is not None:
            self._finder.add(secret)

    @property
    def overlap(self) -> int:
        """How much of the content before a piece is needed to find what begins there."""
        longest = max(map(len, self._forms.values()), default=1) - 1
        return longest if self._finder is None else max(longest, self._finder.longest)

    def encodings_in(self, content: bytes) -> set[str]:
        """In which encodings it stands in a content; in which disguises, if in none of them."""
        found = {encoding for encoding, form in self._forms.items() if form in content}
        if found or self._finder is None:
            return found
        return {f"{match.encoding}{_DISGUISED}" for match in self._finder.matches(content)}


def search_files(
    secret: str, roots: Sequence[Path], except_in: Sequence[Path] = (), *, disguised: bool = True
) -> list[Leak]:
    """Search every file below the roots.

    Args:
        secret: the plain text to look for, in all its usual encodings.
        roots: the folders to search; each is proven first by a planted value.
        except_in: folders where the secret may lie.
        disguised: whether it is also looked for in disguise; not for ordinary words.

    Returns:
        The leaks, none if the secret is nowhere.

    Raises:
        InfrastructureError: a planted value was not found, so the search could not have found a leak.
    """
    for root in roots:
        _prove_search_of(root)
    return _found_in(roots, Sought(secret, disguised=disguised), except_in)


def search_text(secret: str, texts: Iterable[tuple[str, str]]) -> list[Leak]:
    """Search texts, given as pairs of a name and the text, such as the raw output of a process."""
    sought = Sought(secret)
    return [
        Leak(name, encoding)
        for name, text in texts
        for encoding in sorted(sought.encodings_in(text.encode("utf-8", errors="replace")))
    ]


def _prove_search_of(root: Path) -> None:
    # In the middle of binary data, and across the border of two reads: where a simpler search would miss it.
    planted = secrets.token_hex(32)
    plain = os.urandom(_CHUNK - 16) + planted.encode() + b"\0\xff" * 8
    _prove_that_is_found(planted, plain, root, disguised=False)
    # Not after random bytes: such as "%" or an escape before the value would make other letters of it.
    in_colours = "\x1b[0m\n".join(planted.upper())
    disguised = b"\0\xff" * (_CHUNK // 2 - 100) + in_colours.encode() + b"\0\xff" * 8
    _prove_that_is_found(planted, disguised, root, disguised=True)


def _prove_that_is_found(planted: str, content: bytes, root: Path, *, disguised: bool) -> None:
    plant = root / ".planted-value"
    plant.write_bytes(content)
    try:
        # The disguised one is only looked for in its own file: to decode all others twice takes too long.
        found = (
            _found_in_file(plant, Sought(planted))
            if disguised
            else _found_in([root], Sought(planted, disguised=False), ())
        )
    finally:
        plant.unlink()
    if [leak.place for leak in found] != [str(plant)]:
        raise InfrastructureError(
            f"The leak search is blind in {root}: it did not find the value planted there, it saw {found}."
        )


def _found_in(roots: Sequence[Path], sought: Sought, except_in: Sequence[Path]) -> list[Leak]:
    leaks = []
    for root in roots:
        for path in sorted(root.rglob("*")):
            if (
                not path.is_file()
                or path.is_symlink()
                or any(path.is_relative_to(spot) for spot in except_in)
            ):
                continue
            leaks += _found_in_file(path, sought)
    return leaks


def _found_in_file(path: Path, sought: Sought) -> list[Leak]:
    found: set[str] = set()
    tail = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                window = tail + chunk
                found |= sought.encodings_in(window)
                tail = window[-sought.overlap :]
    except FileNotFoundError:
        return []  # a living process may remove its own files meanwhile
    as_usual = {encoding for encoding in found if not encoding.endswith(_DISGUISED)}
    return [Leak(str(path), encoding) for encoding in sorted(as_usual or found)]
