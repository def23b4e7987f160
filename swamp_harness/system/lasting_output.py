"""Standard output and error streams that never fail.

A closed pipe, a closed terminal or a full disk stops the output, not the run. After the first write that
fails, a stream drops everything.
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
        stream: the stream to write to.

    Attributes:
        lost: the error of the first failed write; empty if there is none.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = ""
        self._report: Callable[[str], None] = lambda _: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def closed(self) -> bool:
        """Always False: a closed stream drops everything instead."""
        return False

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
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

    def when_lost(self, report: Callable[[str], None]) -> None:
        """Call a function with the error of the first failed write, now or later."""
        self._report = report
        if self.lost:
            report(self.lost)

    def _lose(self, error: Exception) -> None:
        self.lost = f"{type(error).__name__}: {error}"
        # The interpreter flushes the buffer at its end, which would fail once more.
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, self._stream.fileno())
            finally:
                os.close(nowhere)
        self._report(self.lost)


@contextmanager
def lasting_output() -> Iterator[LastingStream]:
    """Make standard output and error lasting; yields standard output. Nested calls change nothing."""
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
        stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    if isinstance(stream, io.TextIOWrapper):
        # A character that the encoding lacks is written as an escape, such as \\u2713.
        stream.reconfigure(errors="backslashreplace")
    return LastingStream(stream)
