"""The processor time of child processes, measured by the operating system.

POSIX hands it over with the exit status, for a process and all descendants that it has waited for. Windows
does not, so there a thread looks at the living tree several times a second. The descendants of a process that
is killed are measured just before the kill, because nobody waits for them.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psutil

from swamp_harness.system.process_tree import tree_of

_FIRST_PAUSE, _LONGEST_PAUSE = 0.0005, 0.05
_LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Usage:
    """What one process used, with its descendants.

    Attributes:
        started: when it was started.
        seconds: of processor time.
        unreaped: the part of them that the operating system adds to no parent, because the descendants that
            used it were killed together with their parent.
    """

    started: datetime
    seconds: float = 0.0
    unreaped: float = 0.0


class MeasuredPopen(subprocess.Popen[bytes]):
    """A child process that reports its processor time once it has ended.

    Attributes:
        cpu_seconds: of the process and the descendants that it has waited for; 0 while it runs, except on
            Windows, where it is what a look at the living tree has shown.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._reaping = threading.Lock()
        self.cpu_seconds = 0.0
        super().__init__(*arguments, **named)
        if sys.platform == "win32":
            threading.Thread(target=self._look_again_and_again, daemon=True).start()

    @property
    def uncounted_seconds(self) -> float:
        """The processor seconds that the operating system adds to no child of this process: none."""
        return 0.0

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        if sys.platform == "win32":
            return super().poll()
        with self._reaping:
            if self.returncode is None:
                ended = reaped(self.pid)
                if ended is None:
                    return super().poll()  # still runs, or something else has taken its exit status
                self.returncode, self.cpu_seconds = ended
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it still runs after the timeout.
        """
        if sys.platform == "win32":
            return super().wait(timeout)
        end = None if timeout is None else time.monotonic() + timeout
        pause = _FIRST_PAUSE
        while (code := self.poll()) is None:
            left = _LONGEST_PAUSE if end is None else end - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return code

    def _look_again_and_again(self) -> None:
        tree = TreeWatch(self.pid)
        while self.poll() is None:
            tree.look()
            self.cpu_seconds = tree.seconds
            time.sleep(_LOOK_EVERY)


def reaped(pid: int) -> tuple[int, float] | None:
    """The exit code and processor seconds of a child that has ended, taken from the operating system.

    Returns:
        None if it still runs, or if something else has taken its exit status.
    """
    if sys.platform == "win32":
        return None
    with contextlib.suppress(ChildProcessError):
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime
    return None


def seconds_of(processes: Iterable[psutil.Process]) -> float:
    """The processor seconds of living processes, with those of the children that they have waited for."""
    seconds = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):  # it has ended
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


@dataclass
class TreeWatch:
    """The processor time of a tree by looks at it while it lives; what ends between two looks is kept."""

    root: int
    _seen: dict[tuple[int, float], float] = field(default_factory=dict)

    def look(self) -> None:
        """Note what every process of the tree has used so far."""
        with contextlib.suppress(psutil.Error):
            for process in tree_of(psutil.Process(self.root)):
                with contextlib.suppress(psutil.Error):
                    times = process.cpu_times()
                    self._seen[process.pid, process.create_time()] = times.user + times.system

    @property
    def seconds(self) -> float:
        """All that was seen so far."""
        return sum(self._seen.values())
