"""A fork of this process, which has loaded everything already, in place of a new Python.

Loading is most of what a new process of Python does, and a run against the stand-in has thousands of them.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

_MOST_OPEN_FILES = 1 << 20

if sys.platform != "win32":

    def forked(
        main: Callable[[], int | None], environment: Mapping[str, str], folder: Path, streams: Sequence[int]
    ) -> int:
        """Fork this process, for a program of its own.

        Args:
            main: the program; it returns its exit code, or None for 0.
            environment: of the process.
            folder: its working directory.
            streams: the descriptors of its standard input and output, and of its standard error if it is to
                have another one than this process.

        Returns:
            The number of the new process, which never returns from this function.
        """
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            _leave_the_parent(streams)
            _run(main, environment, folder)
        return pid

    def _leave_the_parent(streams: Sequence[int]) -> None:
        """Keep nothing of the parent's that would act in its fork: no signal handlers, no connections."""
        gc.freeze()  # what is closed below must not be closed again, by its number, when it is collected
        signal.set_wakeup_fd(-1)
        for each in signal.valid_signals():
            if callable(signal.getsignal(each)):
                signal.signal(each, signal.default_int_handler if each is signal.SIGINT else signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, _MOST_OPEN_FILES)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open until the end
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115

    def _run(main: Callable[[], int | None], environment: Mapping[str, str], folder: Path) -> NoReturn:
        """Run the program, and leave before the parent's functions, which are below on the stack, go on."""
        code = 1
        try:
            os.chdir(folder)
            own = dict(environment)  # it may be this process's
            os.environ.clear()
            os.environ.update(own)
            time.tzset()
            code = main() or 0
        except BaseException:  # noqa: BLE001 - as at the end of any process
            sys.excepthook(*sys.exc_info())
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:  # also if nobody reads them any more
                os._exit(code)
