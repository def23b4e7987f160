"""The memory of a process and its descendants, measured over time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import psutil

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.process_tree import tree_of

_LOOK_EVERY_SECONDS = 0.05


class MemoryWatch:
    """Measures the resident memory of a process tree repeatedly, until it is closed.

    Args:
        look: returns the memory of the tree now, in bytes.

    Raises:
        InfrastructureError: it cannot be measured.
    """

    def __init__(self, look: Callable[[], int]) -> None:
        self._look = look
        self._taken = [(datetime.now(UTC), look())]
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    @property
    def at_first(self) -> int:
        """The memory of the tree at the first measurement, in bytes."""
        return self._taken[0][1]

    def most_between(self, start: datetime, end: datetime) -> int:
        """The highest memory of the tree between two points in time, in bytes.

        Raises:
            InfrastructureError: there is no measurement in between.
        """
        taken = [size for at, size in self._taken if start <= at <= end]
        if not taken:
            raise InfrastructureError("There is no measurement of the memory at that time.")
        return max(taken)

    def close(self) -> None:
        """Stop measuring."""
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
            with contextlib.suppress(InfrastructureError):  # a process that has ended cannot be measured
                self._taken.append((datetime.now(UTC), self._look()))


def memory_of(pid: int) -> int:
    """The memory of a local process and its descendants, in bytes.

    Raises:
        InfrastructureError: there is no such process.
    """
    try:
        tree = tree_of(psutil.Process(pid))
    except psutil.Error as error:
        raise InfrastructureError(f"The memory of process {pid} cannot be measured: {error}.") from error
    total = 0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss
    return total
