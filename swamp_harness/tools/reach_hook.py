"""Records which lines a process of the stand-in reaches; a copy of the stand-in imports a copy of this.

It knows nothing of the suite: the copy of the stand-in finds it on its path. A process that is killed cannot
save anything, so each process saves every quarter of a second, and again at its end.
"""

from __future__ import annotations

import atexit
import json
import os
import threading
from pathlib import Path

import coverage

_HERE = Path(__file__).resolve().parent
_PROGRAM = _HERE / "standin"
_EVERY = 0.25
_MARK = "UAT_MARK"
_WARNINGS = ("no-data-collected", "module-not-measured", "module-not-imported", "already-imported")


def _record() -> None:
    measured = coverage.Coverage(data_file=None, config_file=False, source=[str(_PROGRAM)])
    # A warning would be one more line of an answer that a scenario reads.
    measured.set_option("run:disable_warnings", list(_WARNINGS))
    measured.start()
    scenario = os.environ.get(_MARK, "").partition("/")[2]
    file = _HERE / "reached" / f"{os.getpid()}-{os.urandom(4).hex()}.json"
    busy = threading.Lock()
    known = 0

    def save() -> None:
        nonlocal known
        with busy:
            data = measured.get_data()
            lines = {
                Path(each).relative_to(_PROGRAM).as_posix(): sorted(data.lines(each) or ())
                for each in data.measured_files()
            }
            count = sum(map(len, lines.values()))
            if count > known:
                half = file.with_suffix(".half")
                half.write_text(json.dumps({"scenario": scenario, "lines": lines}), "utf-8")
                half.replace(file)
                known = count

    def save_often() -> None:
        while not ended.wait(_EVERY):
            save()

    ended = threading.Event()
    threading.Thread(target=save_often, daemon=True).start()
    atexit.register(save)
    atexit.register(ended.set)


_record()
