"""The output of a process, line by line: in a file with secrets blanked, and unchanged in memory.

The memory keeps the raw lines because the search for a leaked secret needs the real output of the product.
Only blanked lines are written to disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from swamp_harness.system.disguises import Finder
from swamp_harness.system.plain_text import clean, cut
from swamp_harness.system.redaction import SECRETS

_REMARK = "#"
_MARKS = {"stdout": " ", "stderr": "!"}
_MOST_HELD_BACK = 100


class Life(Enum):
    """An event in the life of a process."""

    STARTED = "started"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    INTERRUPTED = "Ctrl-C"
    ASKED_TO_STOP = "asked to stop"
    KILLED = "killed"
    ENDED = "ended"


@dataclass(frozen=True)
class LifeEvent:
    """An event of a process.

    Attributes:
        at: the time.
        what: the kind of event.
    """

    at: datetime
    what: Life


@dataclass(frozen=True)
class LogLine:
    """One line of output.

    Attributes:
        at: the time at which it was read.
        stream: "stdout" or "stderr".
        text: the line as the process wrote it, without its end.
    """

    at: datetime
    stream: str
    text: str


@dataclass(frozen=True)
class _Entry:
    at: datetime
    mark: str
    text: str


class ProcessLog:
    """The output of one actor over all its starts. Safe to use from several threads.

    A line that may end with the beginning of a secret is written together with the next lines. A secret that
    becomes known later is blanked in the file at once.

    Args:
        file: takes the blanked lines; created at once.
        on_line: called with every line, in the thread that reads it.
    """

    def __init__(self, file: Path, on_line: Callable[[LogLine], None] = lambda _: None) -> None:
        self.file = file
        self._on_line = on_line
        self._lock = threading.Lock()
        self._lines: list[LogLine] = []
        self._life: list[LifeEvent] = []
        self._written: list[_Entry] = []
        self._held_back: dict[str, list[_Entry]] = {}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        SECRETS.on_new(self._blank_again)

    def add(self, stream: str, *texts: str) -> None:
        """Record lines that were read together."""
        if not texts:
            return
        now = datetime.now(UTC)
        lines = [LogLine(now, stream, text) for text in texts]
        mark = _MARKS[stream]
        with self._lock:
            self._lines += lines
            entries = self._held_back.pop(mark, []) + [_Entry(now, mark, text) for text in texts]
            if len(entries) < _MOST_HELD_BACK and SECRETS.may_go_on(entries[-1].text):
                self._held_back[mark] = entries
            else:
                self._write(entries)
        for line in lines:
            self._on_line(line)

    def note(self, text: str, what: Life) -> None:
        """Record an event of the process, in the file as well."""
        event = LifeEvent(datetime.now(UTC), what)
        with self._lock:
            self._life.append(event)
            held_back, self._held_back = self._held_back, {}
            for entries in held_back.values():
                self._write(entries)
            self._write([_Entry(event.at, _REMARK, text)])

    def _write(self, entries: Sequence[_Entry]) -> None:
        with self.file.open("a", encoding="utf-8", errors="replace") as file:
            file.write(_shown(entries))
        self._written += entries

    def _blank_again(self, new: Finder) -> None:
        with self._lock:
            written = "\n".join(entry.text for entry in self._written)
            if any(True for _ in new.matches(written.encode("utf-8", "surrogatepass"))):
                self.file.write_text(_shown(self._written), "utf-8", errors="replace")

    @property
    def life(self) -> list[LifeEvent]:
        """The events of the process over all its starts, in order."""
        with self._lock:
            return list(self._life)

    @property
    def position(self) -> int:
        """The number of lines so far; later lines have a higher index."""
        with self._lock:
            return len(self._lines)

    def lines(self, since: int = 0, stream: str | None = None) -> list[LogLine]:
        """The raw lines from an earlier position on, of one stream or of both."""
        with self._lock:
            return [line for line in self._lines[since:] if stream in (None, line.stream)]

    def text(self, since: int = 0, stream: str | None = None) -> str:
        """The raw lines as one text."""
        return "\n".join(line.text for line in self.lines(since, stream))

    def tail(self, count: int) -> str:
        """The last lines for a message: blanked and shortened."""
        with self._lock:
            # A secret may be split over lines of which only the last are shown.
            last = self._lines[-(count + _MOST_HELD_BACK) :]
        entries = [_Entry(line.at, _MARKS[line.stream], line.text) for line in last]
        return "\n".join(map(cut, _blanked(entries)[-count:]))


def _shown(entries: Sequence[_Entry]) -> str:
    return "".join(
        f"{entry.at:%H:%M:%S.%f} {entry.mark} {clean(text)}\n"
        for entry, text in zip(entries, _blanked(entries), strict=True)
    )


def _blanked(entries: Sequence[_Entry]) -> list[str]:
    """The texts of entries, blanked; entries of one stream count as consecutive."""
    texts = [""] * len(entries)
    for mark in {entry.mark for entry in entries}:
        places = [place for place, entry in enumerate(entries) if entry.mark == mark]
        blanked = SECRETS.blank_lines([entries[place].text for place in places])
        for place, text in zip(places, blanked, strict=True):
            texts[place] = text
    return texts
