"""Records which lines a process of the stand-in reaches; a copy of the stand-in imports a copy of this.

It knows nothing of the suite: the copy of the stand-in finds it on its path. A process that is killed
cannot save anything, so each process saves every quarter of a second, and again at its end. A save must not
lose a line that is reached meanwhile. That rules out coverage.py, which empties its data at each save and
keeps one set of data for each thread.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

_HERE = Path(__file__).resolve().parent
_PROGRAM = f"{_HERE / 'standin'}{os.sep}"
_EVERY = 0.25
_MARK = "UAT_MARK"


def _record() -> None:
    reached: set[tuple[str, int]] = set()

    def enter(frame: FrameType, _event: str, _argument: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(_PROGRAM):
            return None

        def step(frame: FrameType, _event: str, _argument: Any) -> Any:
            reached.add((file, frame.f_lineno))
            return step

        return step

    _save_until_the_end(reached)
    threading.settrace(enter)
    sys.settrace(enter)


def _save_until_the_end(reached: set[tuple[str, int]]) -> None:
    """Save what this process and its forks reach. A fork has no threads, and leaves by `_exit`."""
    current = _Saving(reached)
    leave = os._exit

    def go_on_in_a_fork() -> None:
        nonlocal current
        current = _Saving(reached)

    def save() -> None:
        current.end()

    def save_and_leave(status: int) -> NoReturn:
        save()
        leave(status)

    atexit.register(save)
    os._exit = save_and_leave
    if sys.platform != "win32":
        os.register_at_fork(after_in_child=go_on_in_a_fork)


class _Saving:
    """Saves what is reached in a file of this process, as long as it runs."""

    def __init__(self, reached: set[tuple[str, int]]) -> None:
        self._reached = reached
        self._scenario = os.environ.get(_MARK, "").partition("/")[2]
        self._file = _HERE / "reached" / f"{os.getpid()}-{os.urandom(4).hex()}.json"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._save_often, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Save for the last time."""
        self._ended.set()
        self._thread.join()

    def _save_often(self) -> None:
        known = 0
        while not self._ended.wait(_EVERY):
            known = self._save(known)
        self._save(known)

    def _save(self, known: int) -> int:
        found = list(self._reached)  # in one go, while the other threads wait
        if len(found) > known:
            lines: dict[str, list[int]] = {}
            for name, line in sorted(found):
                lines.setdefault(name.removeprefix(_PROGRAM).replace(os.sep, "/"), []).append(line)
            half = self._file.with_suffix(".half")
            half.write_text(json.dumps({"scenario": self._scenario, "lines": lines}), "utf-8")
            half.replace(self._file)
        return len(found)


_record()
