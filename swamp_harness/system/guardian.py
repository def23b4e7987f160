"""The guardian: ends what a run has left behind, however the run ended.

The guardian is a process of its own in a session of its own, so no signal meant for the run reaches it. It
holds one end of a pipe whose other end only the run holds. When the run ends - by itself, by Ctrl-C, by
SIGTERM or by SIGKILL - the operating system closes the pipe, and the guardian kills every process that
carries the run's mark and removes the run's working folder, unless the folder must be kept. Only a run that
has done all of that itself tells the guardian that nothing is left to do.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from swamp_harness.system.child_process import detached_from_terminal
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.guardian_process import NOTHING_LEFT
from swamp_harness.system.limits import PROCESS_GONE
from swamp_harness.system.marked_processes import MARK_VARIABLE
from swamp_harness.system.remains_of_run import clean_up

_PROCESS = "swamp_harness.system.guardian_process"


class Guardian:
    """The run's end of the pipe.

    Args:
        run_id: the mark of the run.
        folder: the run's working folder. A folder with a file named `KEEP` stays on disk.
    """

    def __init__(self, run_id: str, folder: Path) -> None:
        self._run_id, self._folder = run_id, folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", _PROCESS, run_id, str(folder)],
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
        """Clean up in this process, and end the guardian.

        Raises:
            InfrastructureError: something cannot be ended or removed, and the guardian tries again when this
                process ends; or the guardian itself does not end.
        """
        clean_up(self._run_id, self._folder)
        try:
            self._process.communicate(NOTHING_LEFT, PROCESS_GONE.seconds)
        except subprocess.TimeoutExpired as error:
            raise InfrastructureError(
                f"The guardian of the run (process {self._process.pid}) did not end within "
                f"{PROCESS_GONE.seconds:g} s: end it yourself."
            ) from error
