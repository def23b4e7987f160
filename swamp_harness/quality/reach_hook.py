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
from typing import Any

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

    scenario = os.environ.get(_MARK, "").partition("/")[2]
    file = _HERE / "reached" / f"{os.getpid()}-{os.urandom(4).hex()}.json"
    ended = threading.Event()

    def save(known: int) -> int:
        found = list(reached)  # in one go, while the other threads wait
        if len(found) > known:
            lines: dict[str, list[int]] = {}
            for name, line in sorted(found):
                lines.setdefault(name.removeprefix(_PROGRAM).replace(os.sep, "/"), []).append(line)
            half = file.with_suffix(".half")
            half.write_text(json.dumps({"scenario": scenario, "lines": lines}), "utf-8")
            half.replace(file)
        return len(found)

    def save_often() -> None:
        known = 0
        while not ended.wait(_EVERY):
            known = save(known)
        save(known)

    def save_at_the_end() -> None:
        ended.set()
        saving.join()

    saving = threading.Thread(target=save_often, daemon=True)
    saving.start()
    atexit.register(save_at_the_end)
    threading.settrace(enter)
    sys.settrace(enter)


_record()
