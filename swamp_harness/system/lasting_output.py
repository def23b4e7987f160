"""Standard output and error that survive their readers.

A closed pipe, a closed terminal or a full disk stops what is shown, never what runs: from the first write
that fails, a stream drops everything.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO


class LastingStream:
    """A text stream whose writes never fail.

    Args:
        stream: the stream that is written to.

    Attributes:
        lost: the error of the first write that failed; empty while none has.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = ""
        self._tell: Callable[[str], None] = lambda _: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def closed(self) -> bool:
        """Never: a closed stream is one that drops everything."""
        return False

    def isatty(self) -> bool:
        """Whether somebody may be looking."""
        try:
            return not self.lost and self._stream.isatty()
        except (OSError, ValueError):
            return False

    def write(self, text: str) -> int:
        """Write a text, or drop it."""
        if not self.lost:
            try:
                return self._stream.write(text)
            except (OSError, ValueError) as error:
                self._lose(error)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write lines, or drop them."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Flush what was written, or drop it."""
        if not self.lost:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._lose(error)

    def when_lost(self, tell: Callable[[str], None]) -> None:
        """Pass on the error of the first write that fails, or has failed."""
        self._tell = tell
        if self.lost:
            tell(self.lost)

    def _lose(self, error: Exception) -> None:
        self.lost = f"{type(error).__name__}: {error}"
        # What is still in the buffer would fail once more when the interpreter flushes it at its end.
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, self._stream.fileno())
            finally:
                os.close(nowhere)
        self._tell(self.lost)


@contextmanager
def lasting_output() -> Iterator[LastingStream]:
    """Make standard output and error lasting; yields standard output. Within another one, nothing changes."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _lasting(sys.stdout), _lasting(sys.stderr)
    try:
        yield sys.stdout
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _lasting(stream: TextIO | LastingStream | None) -> LastingStream:
    if isinstance(stream, LastingStream):
        return stream
    if stream is None:  # it was closed when the interpreter started
        stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - it lasts as long as the process
    if isinstance(stream, io.TextIOWrapper):
        # What the encoding lacks is written as an escape, such as \\u2713, and ends no run.
        stream.reconfigure(errors="backslashreplace")
    return LastingStream(stream)
