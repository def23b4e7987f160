"""Splits a stream of bytes into lines, in linear time even for long lines."""

from __future__ import annotations


class Lines:
    """The lines of one stream that arrives in pieces."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []

    def feed(self, piece: bytes) -> list[str]:
        """The lines that a piece completes, without their ends."""
        first, *others = piece.split(b"\n")
        self._begun.append(first)
        if not others:
            return []
        whole = [b"".join(self._begun), *others[:-1]]
        self._begun = [others[-1]]
        return [_text(line) for line in whole]

    def rest(self) -> list[str]:
        """The last line, if it has no line break at its end; otherwise nothing."""
        line, self._begun = b"".join(self._begun), []
        return [_text(line)] if line else []


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace").rstrip("\r")
