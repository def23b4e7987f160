"""Records the effect of a mutant in a process: the replacements put in and reached, and crashes.

The record is in the folder that the variable names; without the variable nothing is recorded. Each process
has its own file and writes each line at once, because a killed process cannot write later.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import LogRecord

# Names the folder, which must exist.
FOLDER_VARIABLE = "SWAMP_STANDIN_EFFECT"
PUT_IN = "put in"
REACHED = "reached"
CRASHED = "crashed"
PLACE = "place of a mutant"

# Errors that Python raises for a mistake in a program. The stand-in handles others, such as system errors.
_MISTAKES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)
_PROGRAM = f"{Path(__file__).parents[2]}{os.sep}"
_OWN = f"mutants{os.sep}"
_SCENARIO_VARIABLE = "UAT_MARK"

_folder = os.environ.get(FOLDER_VARIABLE, "")
_file = Path(_folder, f"{os.getpid()}-{os.urandom(4).hex()}.jsonl")
_written: set[tuple[str, str]] = set()


def note(kind: str, detail: str) -> None:
    """Record an effect of a mutant, once for each process.

    Args:
        kind: PUT_IN, REACHED, CRASHED or PLACE.
        detail: the place of the replacement, the error, or the name of a mutant and one of its places.
    """
    if (kind, detail) in _written or not _folder:
        return
    _written.add((kind, detail))
    scenario = os.environ.get(_SCENARIO_VARIABLE, "").partition("/")[2]
    with _file.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"scenario": scenario, "kind": kind, "detail": detail}) + "\n")


def note_error(error: BaseException) -> None:
    """Record an error that a replacement raises, if it is a mistake and not an error of the product."""
    if _is_mistake(error):
        _note_crash(error)


def watch() -> None:
    """Also record what ends this process or a thread."""
    if not _folder:
        return
    report, report_thread = sys.excepthook, threading.excepthook

    def end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        _note_end(error)
        report(kind, error, trace)

    def end_thread(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is not None:
            _note_end(ended.exc_value)
        report_thread(ended)

    sys.excepthook, threading.excepthook = end, end_thread


def watch_log(logging: ModuleType) -> None:
    """Also record the errors that asyncio and websockets catch and log, and pass them on.

    Args:
        logging: the module; many commands do without.
    """
    if not _folder:
        return

    class Log(logging.Handler):  # type: ignore[misc, name-defined]
        def emit(self, record: LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            if error is not None:
                note_error(error)
            if logging.lastResort is not None and len(logging.getLogger().handlers) == 1:
                logging.lastResort.handle(record)

    logging.getLogger().addHandler(Log(logging.ERROR))


def _note_end(error: BaseException) -> None:
    """Record the error that ends a process if it is a mistake, or if the mutant raised it."""
    if _is_mistake(error) or (isinstance(error, Exception) and _place(error).startswith(_OWN)):
        _note_crash(error)


def _note_crash(error: BaseException) -> None:
    place = _place(error)
    note(CRASHED, f"{type(error).__name__}: {error}{f' ({place})' if place else ''}")


def _is_mistake(error: BaseException) -> bool:
    own = type(error).__module__.startswith("standin.")
    mistakes: tuple[type[BaseException], ...] = (*_MISTAKES, *_mistakes_of_asyncio())
    return isinstance(error, mistakes) and not isinstance(error, OSError) and not own


def _mistakes_of_asyncio() -> tuple[type[Exception], ...]:
    """None if this process does without: a command would spend most of its time on loading it."""
    asyncio = sys.modules.get("asyncio")
    return () if asyncio is None else (asyncio.InvalidStateError,)


def _place(error: BaseException) -> str:
    """The last line of the stand-in in a traceback, such as "mutants/tls.py:12"; empty if there is none."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(_PROGRAM):
            place = f"{file.removeprefix(_PROGRAM)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
