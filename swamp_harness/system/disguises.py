"""Finds secrets in output, also after changes by a terminal, JSON, HTML, a URL, a shell or line wrapping.

Three steps, each linear in the length of the text:

1. Decode escape sequences and remove colour codes, several times: one layer can hide another. 2. Fold the
   text: change it to lower case and drop line breaks, spaces, quotes, table borders and the characters in
   which the two alphabets of base64 differ. So one pattern matches all these forms.
3. Look up short pieces of all secrets at once, every few bytes of the text.

Every step records the origin of its output, so a match is a place in the original text.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import sys
import urllib.parse
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress

# In bytes, as are the others.
SHORTEST_SECRET = 6
# A secret with fewer letters and digits is only found unchanged, in one of the usual encodings: folded, it
# could be an ordinary word.
SHORTEST_DISGUISED = 16
# Of a secret that is at least twice as long, a part of this length is found as well: a table, a cut or the
# prefix of a log line may leave only a part.
SHORTEST_PART = 16

_HEX_DIGITS_OF_A_BYTE = 2
_WINDOW = 1 << 18
_LONGEST_SPAN = 1 << 13
_MOST_LAYERS = 3

_IGNORED = bytes(range(0x21)) + b"\x7f" + b"\"'`\\|^+-_/="
_LOWER = bytes(range(256)).lower()
_IS_KEPT = bytes(byte not in _IGNORED for byte in range(256))

_ESCAPED = re.compile(
    rb"("
    rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,2048}(?:\x07|\x1b\\)|[()][A-Z0-9]|[0-9=>@-Z^_c])"
    rb"|%[0-9A-Fa-f]{2}"
    rb"|\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}"
    rb"|u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2}|[0-3][0-7]{2}|[abefnrtv])"
    rb"|&(?:\#[0-9]{1,7}|\#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});"
    rb"|<(?:/?[A-Za-z][^<>]{0,256}|!--[^<>]{0,256}--)>"
    rb"|\xc2[\xa0\xad]|\xef\xbb\xbf"
    rb"|(?:\xe2[\x94-\x96][\x80-\xbf])+|\xe2(?:\x80[\x8b-\x8f\xa8-\xaf]|\x86\xb5)"
    rb")"
)
_STANDS_FOR_TEXT = b"%\\&<"
_OPENS = re.compile(rb"[\x1b%\\&<#;xu]")
_LONGEST_CACHED = 12
# Many lines end with a shorter part by chance, and it gives nothing away.
_SHORTEST_BEGINNING = 4


def encodings_of(secret: str) -> dict[str, bytes]:
    """The forms in which a leaked secret usually turns up.

    Args:
        secret: the plain text.

    Returns:
        The bytes to search for, by the name of the encoding. Base64 is cut to the part that does not depend
        on the bytes before or after the secret, for each of the three alignments.
    """
    plain = secret.encode()
    forms = {
        "plain": plain,
        "hex": binascii.hexlify(plain),
        "UTF-16": secret.encode("utf-16-le"),
        "URL": urllib.parse.quote(secret, safe="").encode(),
    }
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        # The first and last groups mix with the neighbours; the part between them is the secret alone.
        inner = encoded[4 if shift else 0 : len(encoded) - 4]
        forms[f"base64 (offset {shift})"] = inner
    distinct = {form: name for name, form in reversed(forms.items())}  # of equal forms, the first name stays
    return {name: form for form, name in distinct.items() if len(form) >= SHORTEST_SECRET}


@dataclass(frozen=True)
class Match:
    """A place of a secret in a text.

    Attributes:
        start: the index of the first byte.
        end: the index after the last byte.
        encoding: "plain", "hex" or a "base64".
    """

    start: int
    end: int
    encoding: str


class Finder:
    """Finds all secrets that were added to it.

    Args:
        parts: whether a part of a long secret is found as well.
    """

    def __init__(self, *, parts: bool) -> None:
        self._parts = parts
        self._disguised = _Index(8)
        self._as_written = _Index(4)
        self._margin = _LONGEST_SPAN

    def add(self, secret: str) -> None:
        """Add a secret. It needs at least `SHORTEST_SECRET` bytes."""
        folded = _folded(secret.encode())
        if len(folded) < SHORTEST_DISGUISED:
            self._add_as_written(secret)
            return
        has_parts = self._parts and len(folded) >= 2 * SHORTEST_PART
        for variant in dict.fromkeys((secret, secret.upper(), secret.lower())):
            # A part of the secret that looks like an escape sequence is decoded in the text as well.
            for view in _layers(variant.encode()):
                self._add_disguised("plain", view.data, SHORTEST_PART if has_parts else 0)
        # One character of the secret is two hex digits, and four thirds of a character in base64.
        for name, form in encodings_of(secret).items():
            if name == "hex":
                least = _HEX_DIGITS_OF_A_BYTE * SHORTEST_PART
                self._add_disguised(name, form, least if has_parts else 0)
            elif name.startswith("base64"):
                self._add_disguised(name, form, SHORTEST_PART * 4 // 3 + 1 if has_parts else 0)

    def matches(self, data: bytes) -> Iterator[Match]:
        """All places of secrets; a place may be found more than once.

        Args:
            data: a text in UTF-8, or the content of a file.
        """
        if self._disguised.is_empty and self._as_written.is_empty:
            return
        for begin in range(0, len(data), _WINDOW):
            offset = max(begin - self._margin, 0)
            for view in _layers(data[offset : begin + _WINDOW]):
                yield from self._matches_in(view, offset)

    def _matches_in(self, view: _View, offset: int) -> Iterator[Match]:
        if not self._disguised.is_empty:
            folded = _Fold(view)
            for first, behind, encoding in self._disguised.matches(folded.data):
                start, end = folded.origin(first, behind)
                yield Match(start + offset, end + offset, encoding)
        for first, behind, encoding in self._as_written.matches(view.data):
            start, end = view.origin(first, behind)
            yield Match(start + offset, end + offset, encoding)

    @property
    def longest(self) -> int:
        """The greatest length of a secret in a text, with escape sequences and colours in it."""
        return self._margin

    def may_begin_at_end_of(self, data: bytes) -> bool:
        """Whether a text ends with a possible beginning of a secret."""
        for view in _layers(data[-self._margin :]):
            if self._disguised.may_begin_at_end_of(_Fold(view).data) or self._as_written.may_begin_at_end_of(
                view.data
            ):
                return True
        return False

    def _add_disguised(self, name: str, form: bytes, least: int) -> None:
        pattern = _folded(form)
        if len(pattern) < SHORTEST_DISGUISED:
            return
        self._disguised.add(name, pattern, least or len(pattern))
        # The length with escape sequences and colours.
        self._margin = max(self._margin, 16 * len(pattern))

    def _add_as_written(self, secret: str) -> None:
        forms = encodings_of(secret)
        for name, form in forms.items():
            self._as_written.add(name, form, len(form))
        if "hex" in forms:
            self._as_written.add("hex", forms["hex"].upper(), len(forms["hex"]))
        for variant in {secret.upper(), secret.lower()} - {secret}:
            self._as_written.add("plain", variant.encode(), len(variant.encode()))


def readings(text: str) -> Iterator[str]:
    """The forms of a text that the finder searches: decoded layer by layer, and folded.

    A folded text has no spaces, line breaks, quotes and borders, so a wrapped secret is in one piece.
    """
    for view in _layers(_bytes(text)):
        yield view.data.lower().decode("utf-8", "replace")
        yield _folded(view.data).decode("utf-8", "replace")


def _folded(data: bytes) -> bytes:
    return data.translate(_LOWER, _IGNORED)


class _View:
    """A text, with the place in the original of each of its bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def origin(self, start: int, end: int) -> tuple[int, int]:
        return start, end


class _Decoded(_View):
    def __init__(self, data: bytes, before: _View, pieces: Sequence[bytes], decoded: Sequence[bytes]) -> None:
        super().__init__(data)
        self._before = before
        self._pieces = pieces
        self._decoded = decoded
        self._starts: tuple[list[int], list[int]] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        if self._starts is None:
            self._starts = (
                list(accumulate(map(len, self._decoded), initial=0)),
                list(accumulate(map(len, self._pieces), initial=0)),
            )
        return self._before.origin(self._place(start)[0], self._place(end - 1)[1])

    def _place(self, index: int) -> tuple[int, int]:
        assert self._starts is not None  # noqa: S101 - made by the only caller
        after, before = self._starts
        piece = bisect_right(after, index) - 1
        if piece % 2:  # an escape sequence, which has a meaning only as a whole
            return before[piece], before[piece + 1]
        place = before[piece] + index - after[piece]
        return place, place + 1


class _Fold:
    def __init__(self, view: _View) -> None:
        self.data = _folded(view.data)
        self._view = view
        self._kept: list[int] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        if self._kept is None:
            data = self._view.data
            self._kept = list(compress(range(len(data)), data.translate(_IS_KEPT)))
        return self._view.origin(self._kept[start], self._kept[end - 1] + 1)


class _Meanings(dict[bytes, bytes]):
    """The meanings of escape sequences."""

    def __missing__(self, sequence: bytes) -> bytes:
        meaning = _meaning_of(sequence)
        if len(sequence) <= _LONGEST_CACHED:
            self[sequence] = meaning
        return meaning


def _meaning_of(sequence: bytes) -> bytes:
    match sequence[:1]:
        case b"%":
            return bytes([int(sequence[1:], 16)])
        case b"&":
            return _bytes(html.unescape(sequence.decode()))
        case b"\\":
            return _meaning_of_backslash(sequence[1:])
        case _:
            return b""  # colours, tags, borders


def _meaning_of_backslash(sequence: bytes) -> bytes:
    digits = sequence[1:].strip(b"{}")
    match sequence[:1]:
        case b"u" if b"\\u" in digits:
            return bytes.fromhex(digits.replace(b"\\u", b"").decode()).decode("utf-16-be").encode()
        case b"u":
            return _bytes(chr(min(int(digits, 16), sys.maxunicode)))
        case b"x":
            return bytes([int(digits, 16)])
        case digit if digit.isdigit():
            return bytes([int(sequence, 8)])
        case _:
            return b" "  # a line break, a tab and the like


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_MEANINGS = _Meanings()


def _layers(data: bytes) -> Iterator[_View]:
    view = _View(data)
    yield view
    # Binary content looks full of escape sequences, but does not have several layers of them.
    for _ in range(1 if b"\0" in data else _MOST_LAYERS):
        pieces = _ESCAPED.split(view.data)
        if len(pieces) == 1:
            return
        decoded = list(pieces)
        decoded[1::2] = map(_MEANINGS.__getitem__, pieces[1::2])
        view = _Decoded(b"".join(decoded), view, pieces, decoded)
        yield view
        if not any(
            each[0] not in _STANDS_FOR_TEXT or _OPENS.search(_MEANINGS[each]) for each in set(pieces[1::2])
        ):
            return  # the removed or decoded parts cannot be a part of another layer


class _Index:
    """Finds patterns by pieces of a fixed length.

    A match contains a piece at a multiple of the stride, so only those are looked up.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._pieces: dict[bytes, list[tuple[str, bytes, int, int]]] = {}
        self._beginnings: set[bytes] = set()
        self._patterns: set[bytes] = set()
        self._stride = 0

    @property
    def is_empty(self) -> bool:
        return not self._patterns

    def add(self, name: str, pattern: bytes, least: int) -> None:
        """Add a pattern; any part of it of a minimum length is found as well."""
        if pattern in self._patterns or len(pattern) < self._length:
            return
        stride = least - self._length + 1
        # Set the smaller stride before adding the pieces: another thread may be searching.
        self._stride = min(self._stride or stride, stride)
        for offset in range(len(pattern) - self._length + 1):
            piece = pattern[offset : offset + self._length]
            self._pieces.setdefault(piece, []).append((name, pattern, offset, least))
        self._beginnings |= {pattern[:length] for length in range(_SHORTEST_BEGINNING, self._length)}
        self._patterns.add(pattern)

    def may_begin_at_end_of(self, data: bytes) -> bool:
        """Whether a pattern may begin at the end of a text and continue after it."""
        if any(
            offset + self._length < len(pattern)
            for _, pattern, offset, _ in self._pieces.get(data[-self._length :], ())
        ):
            return True
        return any(data[-length:] in self._beginnings for length in range(_SHORTEST_BEGINNING, self._length))

    def matches(self, data: bytes) -> Iterator[tuple[int, int, str]]:
        """Every match with its place and the name of the pattern."""
        if self.is_empty:
            return
        pieces, length, done = self._pieces, self._length, 0
        candidates = [
            place
            for place in range(0, len(data) - length + 1, self._stride)
            if data[place : place + length] in pieces
        ]
        for place in candidates:
            if place + length <= done:
                continue
            found = self._longest(data, place, pieces[data[place : place + length]])
            if found is not None:
                yield found
                done = found[1]

    def _longest(
        self, data: bytes, place: int, entries: Iterable[tuple[str, bytes, int, int]]
    ) -> tuple[int, int, str] | None:
        longest: tuple[int, int, str] | None = None
        for name, pattern, offset, least in entries:
            start, end = place - offset, place - offset + len(pattern)
            if start < 0 or not data.startswith(pattern, start):
                if least == len(pattern):
                    continue
                behind = offset + self._length
                start = place - _common_end(data[max(start, 0) : place], pattern[:offset])
                end = place + self._length
                end += _common_start(data[end : end + len(pattern) - behind], pattern[behind:])
                if end - start < least:
                    continue
            if longest is None or end - start > longest[1] - longest[0]:
                longest = (start, end, name)
        return longest


def _common_start(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


def _common_end(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[-middle:] == other[-middle:] else (low, middle - 1)
    return low
