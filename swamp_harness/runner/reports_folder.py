"""Locks the folder of the reports for one run: two runs would remove each other's evidence.

The lock is one of the operating system on a file that names the run, so a dead run holds none.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from swamp_harness.install import locked
from swamp_harness.render.documents import set_aside
from swamp_harness.system.errors import ExitCode, UnusableInput

_NOTE = "run-in-progress.json"
# Windows locks bytes, which others then cannot read: this one is behind all that is written.
_LOCKED_BYTE = 1 << 20


@contextmanager
def taken(reports: Path) -> Iterator[Path]:
    """Lock the folder for the run of this process, and make it if needed.

    Raises:
        UnusableInput: another run holds the lock, or the folder cannot be written (exit code 2).
    """
    try:
        reports.mkdir(parents=True, exist_ok=True)
        note = _taken(reports / _NOTE)
    except OSError as error:
        raise UnusableInput(
            f"Reports cannot be written to {reports} ({error.strerror}): "
            "give a writable folder with UAT_REPORTS.",
            ExitCode.BAD_COMMAND_LINE,
        ) from error
    if note is None:
        raise UnusableInput(
            f"{_owner_of(reports / _NOTE)} is writing its reports to {reports}: "
            "wait until it ends, or give this one another folder with UAT_REPORTS.",
            ExitCode.BAD_COMMAND_LINE,
        )
    try:
        yield reports
    finally:
        _give_back(note, reports / _NOTE)


def set_older_aside(reports: Path) -> None:
    """Move the reports of an earlier run out of the way of a command; those of a run in progress stay.

    If the command then cannot begin, no older report looks like its own.
    """
    if not reports.exists():
        return
    with contextlib.suppress(UnusableInput), taken(reports):
        set_aside(reports)


def _taken(file: Path) -> TextIO | None:
    """The locked note of this process; None if another process has locked it."""
    while True:
        note = file.open("a+", encoding="utf-8")
        os.lseek(note.fileno(), _LOCKED_BYTE, os.SEEK_SET)
        if not locked(note.fileno()):
            note.close()
            return None
        if _is_at(file, note):
            note.truncate(0)
            note.write(json.dumps({"pid": os.getpid()}))
            note.flush()
            return note
        note.close()  # the run before this one has removed it since it was opened


def _give_back(note: TextIO, file: Path) -> None:
    if sys.platform == "win32":  # an open file cannot be removed there
        note.close()
        with contextlib.suppress(OSError):  # another run has opened it
            file.unlink()
    else:
        if _is_at(file, note):
            file.unlink()
        note.close()


def _is_at(file: Path, note: TextIO) -> bool:
    if sys.platform == "win32":
        return True
    try:
        return os.path.samestat(os.fstat(note.fileno()), file.stat())
    except FileNotFoundError:
        return False


def _owner_of(file: Path) -> str:
    try:
        return f"The run of process {int(json.loads(file.read_text('utf-8'))['pid'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return "Another run"  # it has not written its number yet
