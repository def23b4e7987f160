"""What a process says, line by line: to a file with secrets blanked, and in memory as it was said.

The memory keeps the raw lines because a search for a leaked secret has to see what the product really
printed; only the blanked lines ever reach a disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from swamp_harness.machinery.plain_text import cut, for_file
from swamp_harness.machinery.redaction import SECRETS


class Life(Enum):
    """What happens to a process."""

    STARTED = "started"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    INTERRUPTED = "Ctrl-C"
    ASKED_TO_STOP = "asked to stop"
    KILLED = "killed"
    ENDED = "ended"


@dataclass(frozen=True)
class LifeEvent:
    """Something that has happened to a process.

    Attributes:
        at: when.
        what: has happened.
    """

    at: datetime
    what: Life


@dataclass(frozen=True)
class LogLine:
    """One line of output.

    Attributes:
        at: when it was read.
        stream: "stdout" or "stderr".
        text: the line as the process wrote it, without its end.
    """

    at: datetime
    stream: str
    text: str


class ProcessLog:
    """The output of one actor over all its starts. Safe to use from several threads.

    Args:
        file: where the blanked lines go; the file is created at once.
        hear: called with every line, in the thread that read it.
    """

    def __init__(self, file: Path, hear: Callable[[LogLine], None] = lambda _: None) -> None:
        self.file = file
        self._hear = hear
        self._lock = threading.Lock()
        self._lines: list[LogLine] = []
        self._life: list[LifeEvent] = []
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def add(self, stream: str, text: str) -> None:
        """Record one line of output."""
        line = LogLine(datetime.now(UTC), stream, text)
        with self._lock:
            self._lines.append(line)
            with self.file.open("a", encoding="utf-8") as file:
                mark = "!" if stream == "stderr" else " "
                file.write(f"{line.at:%H:%M:%S.%f} {mark} {for_file(text)}\n")
        self._hear(line)

    def note(self, text: str, what: Life) -> None:
        """Note that something has happened to the process, as a remark in the file as well."""
        event = LifeEvent(datetime.now(UTC), what)
        with self._lock, self.file.open("a", encoding="utf-8") as file:
            self._life.append(event)
            file.write(f"{event.at:%H:%M:%S.%f} # {for_file(text)}\n")

    @property
    def life(self) -> list[LifeEvent]:
        """What has happened to the process over all its starts, in order."""
        with self._lock:
            return list(self._life)

    @property
    def position(self) -> int:
        """How many lines there are so far; lines said later have a higher index."""
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
        """The last lines, blanked and each cut to a readable length, for a message."""
        with self._lock:
            last = self._lines[-count:]
        return "\n".join(cut(SECRETS.blank(line.text)) for line in last)
