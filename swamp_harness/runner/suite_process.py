"""A run of the suite as a process of its own, for tools that make several."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from swamp_harness.runner.launch import Selection
from swamp_harness.specification import project
from swamp_harness.system.guardian import Guardian
from swamp_harness.system.marked_processes import MARK_VARIABLE, mark_of

# A shell adds this to the number of the signal that killed a process.
_KILLED_BY_A_SIGNAL = 128


def run_suite(selection: Selection, environment: Mapping[str, str]) -> int:
    """Run `swamp-uat run` with this process's terminal; it ends if this process dies.

    Args:
        selection: of scenarios.
        environment: all of its environment.

    Returns:
        Its exit code, as a shell has it; that of an interrupted, terminated or hung up run if this process is
        interrupted, terminated or hung up.
    """
    command = [sys.executable, "-m", "swamp_harness.cli.main", "run", *selection.options()]
    with _mark() as mark:
        process = subprocess.Popen(command, cwd=project.ROOT, env={**environment, MARK_VARIABLE: mark})
        with _passed_on_to(process):
            code = process.wait()
        return code if code >= 0 else _KILLED_BY_A_SIGNAL - code


@contextmanager
def _passed_on_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    # Ctrl-C is not passed on: the terminal sends it to the run as well.
    handlers: dict[str, Callable[..., None]] = {
        "SIGINT": lambda *_: None,
        "SIGTERM": lambda *_: process.terminate(),
        "SIGHUP": lambda number, _: process.send_signal(number),
    }
    before = {
        getattr(signal, name): signal.signal(getattr(signal, name), handler)
        for name, handler in handlers.items()
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _mark() -> Iterator[str]:
    run_id = f"swamp-uat-{secrets.token_hex(4)}"
    guardian = Guardian(run_id, Path(tempfile.mkdtemp(prefix=f"{run_id}-")))
    try:
        yield mark_of(run_id)
    finally:
        guardian.dismiss()
