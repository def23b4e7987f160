"""The descendants of a process.

Linux lists the children of a process, where its kernel was built with that. Elsewhere psutil finds them among
all processes, which takes much longer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psutil


def tree_of(root: psutil.Process) -> list[psutil.Process]:
    """A process with its descendants; empty if it is gone."""
    if not root.is_running():  # another process may have its number now, and children
        return []
    try:
        return [root, *(_listed(root) if _lists_children() else root.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def _listed(root: psutil.Process) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    waiting = [root.pid]
    while waiting:
        for pid in _children_of(waiting.pop()):
            try:
                found.append(psutil.Process(pid))
            except psutil.NoSuchProcess:
                continue
            waiting.append(pid)
    return found


def _children_of(pid: int) -> Iterator[int]:
    # The list belongs to the thread that started the child.
    tasks = Path("/proc", str(pid), "task")
    try:
        threads = list(tasks.iterdir())
    except OSError:  # the process has ended
        return
    for thread in threads:
        try:
            children = (thread / "children").read_text("ascii")
        except OSError:  # the thread has ended
            continue
        yield from map(int, children.split())


@cache
def _lists_children() -> bool:
    return sys.platform == "linux" and Path("/proc/thread-self/children").exists()
