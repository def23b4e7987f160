"""Locks the folder of the reports for one run: two runs would remove each other's evidence."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from swamp_harness.render.documents import set_aside
from swamp_harness.system.errors import ExitCode, UnusableInput

_NOTE = "run-in-progress.json"
# By how many seconds the start of a process may seem to move when the clock is set.
_SAME_START = 2.0


@contextmanager
def taken(reports: Path) -> Iterator[Path]:
    """Lock the folder for the run of this process, and make it if needed.

    A dead run holds no lock: the process that is recorded there must be alive.

    Raises:
        UnusableInput: another run holds the lock, or the folder cannot be written (exit code 2).
    """
    owner = _owner_of(reports)
    if owner is not None:
        raise UnusableInput(
            f"The run of process {owner.pid} is writing its reports to {reports}: "
            "wait until it ends, or give this one another folder with UAT_REPORTS.",
            ExitCode.BAD_COMMAND_LINE,
        )
    own = {"pid": os.getpid(), "began": psutil.Process().create_time()}
    try:
        reports.mkdir(parents=True, exist_ok=True)
        (reports / _NOTE).write_text(json.dumps(own), "utf-8")
    except OSError as error:
        raise UnusableInput(
            f"Reports cannot be written to {reports} ({error.strerror}): "
            "give a writable folder with UAT_REPORTS.",
            ExitCode.BAD_COMMAND_LINE,
        ) from error
    try:
        yield reports
    finally:
        (reports / _NOTE).unlink(missing_ok=True)


def set_older_aside(reports: Path) -> None:
    """Move the reports of an earlier run out of the way of a command; those of a run in progress stay.

    If the command then cannot begin, no older report looks like its own.
    """
    if not reports.exists():
        return
    with contextlib.suppress(UnusableInput), taken(reports):
        set_aside(reports)


def _owner_of(reports: Path) -> psutil.Process | None:
    try:
        note = json.loads((reports / _NOTE).read_text("utf-8"))
        owner = psutil.Process(int(note["pid"]))
        lives = owner.status() != psutil.STATUS_ZOMBIE
        return owner if lives and abs(owner.create_time() - note["began"]) < _SAME_START else None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None  # no run, or a dead one
