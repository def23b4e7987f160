"""How much memory a process takes, with everything that descends from it, watched while something happens."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import psutil

from swamp_harness.machinery.faults import InfrastructureFault

_LOOK_EVERY_SECONDS = 0.05


class MemoryWatch:
    """Looks at the resident memory of a process tree again and again, until it is closed.

    Args:
        pid: of the root of the tree.

    Raises:
        InfrastructureFault: there is no such process.
    """

    def __init__(self, pid: int) -> None:
        try:
            self._root = psutil.Process(pid)
        except psutil.Error as error:
            raise InfrastructureFault(f"The memory of process {pid} cannot be watched: {error}.") from error
        self._taken = [(datetime.now(UTC), self._present())]
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    @property
    def at_first(self) -> int:
        """What the tree took when the watch began, in bytes."""
        return self._taken[0][1]

    def most_between(self, start: datetime, end: datetime) -> int:
        """The most that the tree took at any moment between two points in time, in bytes.

        Raises:
            InfrastructureFault: it was not looked at in between.
        """
        taken = [size for at, size in self._taken if start <= at <= end]
        if not taken:
            raise InfrastructureFault("Nobody looked at the memory at that time.")
        return max(taken)

    def close(self) -> None:
        """Look no longer."""
        self._over.set()
        self._watcher.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_EVERY_SECONDS):
            self._taken.append((datetime.now(UTC), self._present()))

    def _present(self) -> int:
        tree = [self._root]
        with contextlib.suppress(psutil.Error):
            tree += self._root.children(recursive=True)
        total = 0
        for process in tree:
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        return total
