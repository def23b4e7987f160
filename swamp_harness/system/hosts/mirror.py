"""One folder on several machines: files from other machines are copied here, and some of them to the others.

Only additions are copied: a file is written once, or is a log to which whole lines are appended.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import HERE, Entry, Files

_EVERY_SECONDS = 0.25


@dataclass
class _Place:
    """A folder on another machine, with its files for callers and for the mirror's own thread."""

    files: Files
    own: Files
    folder: PurePath
    seen: dict[str, Entry] = field(default_factory=dict)
    lines_read: int = 0


class Mirror:
    """A folder here, and its counterparts on other machines.

    Args:
        folder: the folder on this machine.
        log: the file in it to which lines are appended, on all machines.
        signs: the prefixes of the names that are copied to every machine.
    """

    def __init__(self, folder: Path, log: str, signs: Sequence[str]) -> None:
        self._folder = folder
        self._log = log
        self._signs = tuple(signs)
        self._places: list[_Place] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._keeper: threading.Thread | None = None

    def add(self, files: Files, folder: PurePath) -> None:
        """Copy new files from a folder of another machine from now on; the folder is created if missing."""
        if any((place.files, place.folder) == (files, folder) for place in self._places):
            return
        files.make(folder)
        with self._lock:
            self._places.append(_Place(files, files.for_another_thread(), folder))
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, daemon=True)
            self._keeper.start()

    def folder_now(self) -> Path:
        """The folder on this machine, with everything that was written on any machine so far.

        Raises:
            InfrastructureError: another machine does not answer, or a file cannot be read or written.
        """
        if not self._over.is_set():
            self._exchange()
        return self._folder

    def close(self) -> None:
        """Copy from the machines that answer once more, then stop."""
        with contextlib.suppress(InfrastructureError):
            self.folder_now()
        self._over.set()
        if self._keeper is not None:
            self._keeper.join()

    def _keep(self) -> None:
        # The next reader gets the error of a machine that does not answer.
        while not self._over.wait(_EVERY_SECONDS):
            with contextlib.suppress(InfrastructureError):
                self._exchange()

    def _exchange(self) -> None:
        try:
            self._bring_and_send()
        except OSError as error:
            raise InfrastructureError(f"Files from other machines cannot be copied here: {error}.") from error

    def _bring_and_send(self) -> None:
        with self._lock:
            # Copy the files before the log lines that refer to them.
            logs = [self._log_of(place) for place in self._places]
            there = [place.own.entries(place.folder) for place in self._places]
            for place, entries in zip(self._places, there, strict=True):
                self._bring(place, entries)
            for place, entries in zip(self._places, there, strict=True):
                self._send_signs(place, entries)
            for place, lines in zip(self._places, logs, strict=True):
                with (self._folder / self._log).open("ab") as log:
                    log.write(b"".join(lines[place.lines_read :]))
                place.lines_read = len(lines)

    def _log_of(self, place: _Place) -> list[bytes]:
        try:
            content = place.own.read(place.folder / self._log)
        except FileNotFoundError:
            return []
        return [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]

    def _bring(self, place: _Place, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.name == self._log or place.seen.get(entry.name) == entry:
                continue
            if entry.is_folder:
                (self._folder / entry.name).mkdir(exist_ok=True)
            else:
                (self._folder / entry.name).write_bytes(place.own.read(place.folder / entry.name))
            place.seen[entry.name] = entry

    def _send_signs(self, place: _Place, entries: Sequence[Entry]) -> None:
        names = {entry.name for entry in entries}
        for entry in HERE.entries(self._folder):
            if entry.name in names or not entry.name.startswith(self._signs):
                continue
            if entry.is_folder:
                place.own.make(place.folder / entry.name)
            else:
                place.own.write(place.folder / entry.name, (self._folder / entry.name).read_bytes())
