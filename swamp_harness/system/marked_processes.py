"""Finds and ends the processes of a run, even orphaned ones.

Every process of a run carries a mark in its environment, which all its descendants inherit. The process
tree loses a grandchild when its parent ends; the mark stays.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from swamp_harness.system.errors import InfrastructureError

MARK_VARIABLE = "UAT_MARK"

_PAUSE = 0.02
_SWEEPS = 100


def mark_of(run_id: str, scenario: str = "") -> str:
    """The value of the mark; the mark of a scenario begins with the mark of its run."""
    return f"{run_id}/{scenario}"


def marked_processes(mark: str) -> list[psutil.Process]:
    """All living processes, other than this one, whose mark begins with the given one."""
    found = []
    for pid in psutil.pids():
        if pid == os.getpid() or not _may_have(mark, pid):
            continue
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get(MARK_VARIABLE, "").startswith(mark):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # it has ended, or belongs to another user
    return found


def _may_have(mark: str, pid: int) -> bool:
    """Whether a process may have the mark; psutil takes ten times as long to look at a process."""
    if sys.platform != "linux":
        return True
    try:
        return f"{MARK_VARIABLE}={mark}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # it has ended, or belongs to another user
        return False


def described(processes: Iterable[psutil.Process], variable: str, value: str) -> list[tuple[int, str]]:
    """The processes that have a variable in their environment, each as its pid and command line."""
    found = []
    for process in processes:
        try:
            if process.environ().get(variable) == value:
                found.append((process.pid, " ".join(process.cmdline())))
        except (psutil.Error, OSError):
            continue  # it has ended
    return found


def end_marked(mark: str) -> int:
    """Kill all marked processes, repeatedly until none is left: a dying process may still fork.

    Returns:
        The number of killed processes.

    Raises:
        InfrastructureError: some cannot be killed.
    """
    killed: set[psutil.Process] = set()
    for _ in range(_SWEEPS):
        living = marked_processes(mark)
        if not living:
            break
        for process in living:
            try:
                process.kill()
            except psutil.Error:
                continue
            killed.add(process)
        time.sleep(_PAUSE)
    else:
        if left := [f"{process.pid} ({_command_of(process)})" for process in marked_processes(mark)]:
            raise InfrastructureError(
                f"These processes cannot be killed: {', '.join(left)}. End them yourself."
            )
    return len(killed)


def _command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "unknown"
