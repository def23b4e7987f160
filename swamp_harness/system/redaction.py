"""Blanks secrets in everything that the suite writes, before it is written.

One process is one run, and a secret of any scenario must be blanked in every artifact of the run, so the run
has one `Redactor`: `SECRETS`. Known secrets are blanked by value, in every form that `disguises` finds.
Secrets of a recognisable form are also blanked by pattern, and so already in the first answer that shows
them.

It takes time in proportion to the length of the text (`tests/test_redaction_speed.py`).
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Callable, Sequence

from swamp_harness.system.disguises import SHORTEST_SECRET, Finder

BLANK = "[blanked]"
_BACKSLASH = ord("\\")
_CONTINUATION = 0b11000000, 0b10000000  # mask and value of all bytes of a UTF-8 character but the first


class Redactor:
    """Knows the secrets of the run and blanks them. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._finder = Finder(parts=True)
        self._patterns: list[re.Pattern[str]] = []
        self._listeners: list[weakref.WeakMethod[Callable[[Finder], None]]] = []

    def add(self, secret: str) -> None:
        """Add a secret: from now on, blank this value in every form.

        Raises:
            ValueError: the value is too short: blanking it would blank ordinary text.
        """
        if len(secret.encode()) < SHORTEST_SECRET:
            raise ValueError(f"a secret needs at least {SHORTEST_SECRET} bytes to be blanked")
        with self._lock:
            if secret in self._known:
                return
            self._known.add(secret)
            self._finder.add(secret)
            self._listeners = [listener for listener in self._listeners if listener() is not None]
            reactions = [listener() for listener in self._listeners]
        finder = Finder(parts=True)
        finder.add(secret)
        for react in reactions:
            if react is not None:
                react(finder)

    def add_pattern(self, pattern: re.Pattern[str]) -> None:
        """Add a pattern: from now on, blank its group `secret` in every match.

        The pattern must take linear time: nothing may repeat before the first literal.
        """
        with self._lock:
            self._patterns.append(pattern)

    def on_new(self, react: Callable[[Finder], None]) -> None:
        """Call a method with a finder for each new secret, while the object of the method lives."""
        with self._lock:
            self._listeners.append(weakref.WeakMethod(react))

    def blank(self, text: str) -> str:
        """The text with every known secret replaced by `[blanked]`."""
        data = _bytes(text)
        spans = self._spans(text, data)
        if not spans:
            return text
        kept, behind = [], 0
        for start, end in spans:
            kept.append(data[behind:start])
            behind = end
        kept.append(data[behind:])
        return _text(BLANK.encode().join(kept))

    def blank_lines(self, lines: Sequence[str]) -> list[str]:
        """Consecutive lines, blanked; a secret that is split over lines is blanked in each of them."""
        raw = [_bytes(line) for line in lines]
        data = b"\n".join(raw)
        spans = self._spans("\n".join(lines), data)
        if not spans:
            return list(lines)
        blanked, begin, index = [], 0, 0
        for line in raw:
            kept, behind, end = [], begin, begin + len(line)
            while index < len(spans) and spans[index][0] < end:
                start, stop = max(spans[index][0], begin), min(spans[index][1], end)
                if data[start:stop].strip():
                    kept += [data[behind:start], BLANK.encode()]
                    behind = stop
                if spans[index][1] > end:
                    break
                index += 1
            blanked.append(_text(b"".join([*kept, data[behind:end]])))
            begin = end + 1
        return blanked

    def may_go_on(self, text: str) -> bool:
        """Whether a text ends with a possible beginning of a known secret."""
        return self._finder.may_begin_at_end_of(_bytes(text[-_LOOKED_AT_END:]))

    def _spans(self, text: str, data: bytes) -> list[tuple[int, int]]:
        spans = [_whole(data, match.start, match.end) for match in self._finder.matches(data)]
        for pattern in tuple(self._patterns):
            found = [match.span("secret") for match in pattern.finditer(text)]
            spans += found if len(text) == len(data) else _in_bytes(text, found)
        return _merged(spans)


_LOOKED_AT_END = 1 << 10


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _in_bytes(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    placed, behind, offset = [], 0, 0
    for start, end in spans:
        offset += len(_bytes(text[behind:start]))
        length = len(_bytes(text[start:end]))
        placed.append((offset, offset + length))
        offset += length
        behind = end
    return placed


def _whole(data: bytes, start: int, end: int) -> tuple[int, int]:
    """A span that does not split a character or an escape sequence."""
    mask, mark = _CONTINUATION
    while start > 0 and data[start] & mask == mark:
        start -= 1
    while end < len(data) and data[end] & mask == mark:
        end += 1
    while start > 0 and data[start - 1] == _BACKSLASH:
        start -= 1
    return start, end


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


SECRETS = Redactor()
