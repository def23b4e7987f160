"""Searches files for a secret, byte by byte, and proves each time that the search works.

A search that finds nothing proves nothing unless it can find something. Before a folder counts as clean, a
value is planted in it like a leak, and the search must find that value.
"""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from swamp_harness.system.disguises import Finder, encodings_of
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import walk

_CHUNK = 1 << 20
_SOUGHT_AT_ONCE = 16
_DISGUISED = ", disguised"


@dataclass(frozen=True)
class Leak:
    """A place where a secret was found.

    Attributes:
        place: a file, or the name of an output.
        encoding: its form; "disguised" if only decoding and folding made it visible.
    """

    place: str
    encoding: str

    def __str__(self) -> str:
        return f"{self.place} ({self.encoding})"


class Sought:
    """A secret to search for, in its usual encodings and in every disguise.

    Args:
        secret: the plain text.
        disguised: whether it is also found in another case, or with escape sequences, colours, quotes or line
            breaks in it (see `disguises`). Only for values that do not occur in ordinary text.
    """

    def __init__(self, secret: str, *, disguised: bool = True) -> None:
        self._forms = encodings_of(secret)
        self._finder = Finder(parts=False) if disguised else None
        if self._finder is not None:
            self._finder.add(secret)

        self._searched: dict[bytes, frozenset[str]] = {}

    @property
    def overlap(self) -> int:
        """How many bytes before a piece are needed to find a secret that begins there."""
        longest = max(map(len, self._forms.values()), default=1) - 1
        return longest if self._finder is None else max(longest, self._finder.longest)

    def encodings_in(self, content: bytes) -> set[str]:
        """The encodings in which a content holds it; the disguises, if there is no plain encoding."""
        found = {encoding for encoding, form in self._forms.items() if form in content}
        if found or self._finder is None:
            return found
        return {f"{match.encoding}{_DISGUISED}" for match in self._finder.matches(content)}

    def encodings_in_file(self, file: BufferedReader) -> frozenset[str]:
        """The encodings in which a file holds it; of files with the same content, only the first is decoded.

        Every machine of a scenario has its own copy of the same large programs and packages.
        """
        digest = hashlib.file_digest(file, "sha256").digest()
        if digest in self._searched:
            return self._searched[digest]
        file.seek(0)
        found: set[str] = set()
        tail = b""
        read = hashlib.sha256()  # a file that is being written may have other content now
        while chunk := file.read(_CHUNK):
            read.update(chunk)
            window = tail + chunk
            found |= self.encodings_in(window)
            tail = window[-self.overlap :]
        return self._searched.setdefault(read.digest(), frozenset(found))


def search_files(
    secret: str, roots: Sequence[Path], except_in: Sequence[Path] = (), *, disguised: bool = True
) -> list[Leak]:
    """Search every file below the roots.

    Args:
        secret: the plain text to look for, in all its usual encodings.
        roots: the folders to search; a planted value proves the search in each first.
        except_in: folders that may hold the secret.
        disguised: whether to find it in disguise as well; not for ordinary words.

    Returns:
        The leaks; empty if there are none.

    Raises:
        InfrastructureError: the search did not find a planted value, so it could not find a leak; or a file
            or folder cannot be read.
    """
    for root in roots:
        _prove_search_of(root)
    return _found_in(roots, _sought(secret, disguised=disguised), except_in)


@functools.lru_cache(maxsize=_SOUGHT_AT_ONCE)
def _sought(secret: str, *, disguised: bool) -> Sought:
    """The same for every search of a scenario."""
    return Sought(secret, disguised=disguised)


def search_text(secret: str, texts: Iterable[tuple[str, str]]) -> list[Leak]:
    """Search texts, given as pairs of a name and the text, such as the raw output of a process."""
    sought = Sought(secret)
    return [
        Leak(name, encoding)
        for name, text in texts
        for encoding in sorted(sought.encodings_in(text.encode("utf-8", errors="replace")))
    ]


def _prove_search_of(root: Path) -> None:
    # In the middle of binary data, and across the border of two reads, where a simple search misses it.
    planted = secrets.token_hex(32)
    plain = os.urandom(_CHUNK - 16) + planted.encode() + b"\0\xff" * 8
    _prove_that_is_found(planted, plain, root, disguised=False)
    # Not after random bytes: a "%" or an escape before the value would change its first letters.
    in_colours = "\x1b[0m\n".join(planted.upper())
    disguised = b"\0\xff" * (_CHUNK // 2 - 100) + in_colours.encode() + b"\0\xff" * 8
    _prove_that_is_found(planted, disguised, root, disguised=True)


def _prove_that_is_found(planted: str, content: bytes, root: Path, *, disguised: bool) -> None:
    plant = root / ".planted-value"
    plant.write_bytes(content)
    try:
        # Search the disguised value in its own file only: to decode all others twice takes too long.
        found = (
            _found_in_file(plant, Sought(planted))
            if disguised
            else _found_in([root], Sought(planted, disguised=False), ())
        )
    finally:
        plant.unlink()
    if [leak.place for leak in found] != [str(plant)]:
        raise InfrastructureError(
            f"The leak search does not work in {root}: it did not find the value planted there, but {found}."
        )


def _found_in(roots: Sequence[Path], sought: Sought, except_in: Sequence[Path]) -> list[Leak]:
    leaks = []
    for root in roots:
        for path in walk(root):
            if (
                not path.is_file()
                or path.is_symlink()
                or any(path.is_relative_to(spot) for spot in except_in)
            ):
                continue
            leaks += _found_in_file(path, sought)
    return leaks


def _found_in_file(path: Path, sought: Sought) -> list[Leak]:
    try:
        with path.open("rb") as file:
            found = sought.encodings_in_file(file)
    except FileNotFoundError:
        return []  # a running process may remove its own files meanwhile
    except OSError as error:
        raise InfrastructureError(
            f"{path} cannot be read, so a secret in it would not be found: {error}. On Windows, another "
            "process may have opened it for itself alone."
        ) from error
    as_usual = {encoding for encoding in found if not encoding.endswith(_DISGUISED)}
    return [Leak(str(path), encoding) for encoding in sorted(as_usual or found)]
