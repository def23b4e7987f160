"""A run of the suite as a process of its own, for tools that make several."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from swamp_harness.machinery.guardian import Guardian
from swamp_harness.machinery.survivors import MARK_VARIABLE, mark_of
from swamp_harness.report import project


def run_suite(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run `swamp-uat run` to its end, with this process's terminal; it dies if this process does.

    Args:
        arguments: of `swamp-uat run`.
        environment: all of its environment.

    Returns:
        Its exit code; that of an interrupted or terminated run if this process is interrupted or terminated.
    """
    command = [sys.executable, "-m", "swamp_harness.tools.command", "run", *arguments]
    with _mark() as mark:
        process = subprocess.Popen(command, cwd=project.ROOT, env={**environment, MARK_VARIABLE: mark})
        before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        try:
            return process.wait()
        except KeyboardInterrupt:  # the terminal has told the run as well
            return process.wait()
        finally:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def _mark() -> Iterator[str]:
    run_id = f"swamp-uat-{secrets.token_hex(4)}"
    guardian = Guardian(run_id, Path(tempfile.mkdtemp(prefix=f"{run_id}-")))
    try:
        yield mark_of(run_id)
    finally:
        guardian.dismiss()
