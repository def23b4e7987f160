"""Outlives the run by a moment and ends what the run has left behind, however the run died.

The guardian is a process of its own in a session of its own, so no signal meant for the run reaches it. It
holds one end of a pipe whose other end only the run holds. When the run ends - by itself, by Ctrl-C, by
SIGTERM or by SIGKILL - the operating system closes the pipe, and the guardian kills every process that
carries the run's mark and removes the run's working folder, unless the folder is to be kept.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from swamp_harness.system.files import remove_folder
from swamp_harness.system.hosts.namespaces import remove_namespaces
from swamp_harness.system.limits import PROCESS_GONE
from swamp_harness.system.marked_processes import MARK_VARIABLE, end_marked, mark_of, wait_for_end_of_input
from swamp_harness.system.processes import out_of_reach_of_the_terminal

KEEP_FILE = "KEEP"


class Guardian:
    """The run's end of the pipe.

    Args:
        run_id: the mark of the run.
        folder: the run's working folder. What holds a file named `KEEP` is left on disk.
    """

    def __init__(self, run_id: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, run_id, str(folder)],
            # The run itself may carry the mark of a tool that started it; its guardian outlives it.
            env={name: value for name, value in os.environ.items() if name != MARK_VARIABLE},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **out_of_reach_of_the_terminal(),
        )

    def leave_to_another(self) -> None:
        """Hold the pipe no longer: another process, of which this one is a fork, holds it."""
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        os.close(self._process.stdin.fileno())

    def dismiss(self) -> None:
        """End the guardian in good order; it sweeps once more on its way out."""
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        self._process.stdin.close()
        self._process.wait(PROCESS_GONE.seconds)


def remove_unless_kept(folder: Path) -> None:
    """Remove a run's working folder, but leave the scenario folders that ask to be kept.

    Raises:
        InfrastructureError: something in it cannot be removed.
    """
    kept = {marker.parent for marker in folder.glob(f"*/{KEEP_FILE}")}
    if not kept:
        remove_folder(folder)
        return
    for entry in folder.iterdir():
        if entry not in kept and entry.is_dir():
            remove_folder(entry)


def _guard(run_id: str, folder: Path) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # whoever means the run does not mean its guardian
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    wait_for_end_of_input()
    end_marked(mark_of(run_id))
    remove_namespaces(run_id)
    remove_unless_kept(folder)


if __name__ == "__main__":
    _guard(sys.argv[1], Path(sys.argv[2]))
