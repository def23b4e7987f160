"""The folder of the reports is one run's at a time: two would remove each other's evidence."""

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
    """Take the folder for the run of this process; it is made if need be.

    A run that died takes nothing: what counts is whether the process lives that noted itself there.

    Raises:
        UnusableInput: another run has it, or nothing can be written there (exit code 2).
    """
    owner = _owner_of(reports)
    if owner is not None:
        raise UnusableInput(
            f"The run of process {owner.pid} is writing its reports to {reports}: "
            "wait for its end, or give this one another folder with UAT_REPORTS.",
            ExitCode.BAD_COMMAND_LINE,
        )
    own = {"pid": os.getpid(), "began": psutil.Process().create_time()}
    try:
        reports.mkdir(parents=True, exist_ok=True)
        (reports / _NOTE).write_text(json.dumps(own), "utf-8")
    except OSError as error:
        raise UnusableInput(
            f"Reports cannot be written to {reports} ({error.strerror}): "
            "give a folder that can be written to with UAT_REPORTS.",
            ExitCode.BAD_COMMAND_LINE,
        ) from error
    try:
        yield reports
    finally:
        (reports / _NOTE).unlink(missing_ok=True)


def set_older_aside(reports: Path) -> None:
    """Move the reports of an earlier run out of the way of a command; those of a run in progress stay.

    A command that cannot begin then leaves nothing that looks like its own.
    """
    if not reports.exists():
        return
    with contextlib.suppress(UnusableInput), taken(reports):
        set_aside(reports)


def _owner_of(reports: Path) -> psutil.Process | None:
    try:
        told = json.loads((reports / _NOTE).read_text("utf-8"))
        owner = psutil.Process(int(told["pid"]))
        lives = owner.status() != psutil.STATUS_ZOMBIE
        return owner if lives and abs(owner.create_time() - told["began"]) < _SAME_START else None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None  # nobody, or nobody any more
