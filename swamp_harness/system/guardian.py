"""The guardian: ends what a run has left behind, however the run ended.

The guardian is a process of its own in a session of its own, so no signal meant for the run reaches it. It
holds one end of a pipe whose other end only the run holds. When the run ends - by itself, by Ctrl-C, by
SIGTERM or by SIGKILL - the operating system closes the pipe, and the guardian kills every process that
carries the run's mark and removes the run's working folder, unless the folder must be kept.
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
from swamp_harness.system.processes import detached_from_terminal

KEEP_FILE = "KEEP"


class Guardian:
    """The run's end of the pipe.

    Args:
        run_id: the mark of the run.
        folder: the run's working folder. A folder with a file named `KEEP` stays on disk.
    """

    def __init__(self, run_id: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, run_id, str(folder)],
            # The run itself may carry the mark of a tool that started it; its guardian must not.
            env={name: value for name, value in os.environ.items() if name != MARK_VARIABLE},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **detached_from_terminal(),
        )

    def leave_to_another(self) -> None:
        """Close the pipe in this process: the process that it was forked from holds it."""
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        os.close(self._process.stdin.fileno())

    def dismiss(self) -> None:
        """End the guardian; it cleans up once more before it ends."""
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        self._process.stdin.close()
        self._process.wait(PROCESS_GONE.seconds)


def remove_unless_kept(folder: Path) -> None:
    """Remove a run's working folder, except the scenario folders that must be kept.

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
        if hasattr(signal, name):  # a signal to the run must not end the guardian
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    wait_for_end_of_input()
    end_marked(mark_of(run_id))
    remove_namespaces(run_id)
    remove_unless_kept(folder)


if __name__ == "__main__":
    _guard(sys.argv[1], Path(sys.argv[2]))
