"""The signals that end a run: the results so far are kept, and a third signal ends the process at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from swamp_harness.system.errors import ExitCode

_LAST = 3
_CODES = {
    "SIGINT": ExitCode.INTERRUPTED,
    "SIGTERM": ExitCode.TERMINATED,
    "SIGHUP": ExitCode.HUNG_UP,
}


def _signals() -> dict[int, ExitCode]:
    return {
        int(getattr(signal, name)): code
        for name, code in _CODES.items()
        # Windows has no SIGHUP. If it is ignored, as by nohup, the run must outlive the terminal.
        if hasattr(signal, name)
        and not (name == "SIGHUP" and signal.getsignal(getattr(signal, name)) is signal.SIG_IGN)
    }


class Interruptions:
    """Raises KeyboardInterrupt on SIGINT, SIGTERM and SIGHUP, except while held.

    Args:
        take: called at each signal, with its exit code.

    Attributes:
        count: how many signals have come.
    """

    def __init__(self, take: Callable[[ExitCode], None]) -> None:
        self._take = take
        self._raises = True
        self.count = 0

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals within."""
        codes = _signals()

        def handle(number: int, _: FrameType | None) -> None:
            self.count += 1
            self._take(codes[number])
            if self.count >= _LAST:  # the guardian cleans up
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            elif self._raises:
                raise KeyboardInterrupt

        before = {number: signal.signal(number, handle) for number in codes}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raise nothing within: a signal is only counted and taken."""
        self._raises = False
        try:
            yield
        finally:
            self._raises = True

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Raise within, inside of `held`."""
        self._raises = True
        try:
            yield
        finally:
            self._raises = False
