"""Runners: each starts and controls the process of one step."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from standin import step_process
from standin.timing import STOPPING


class Runner:
    """The process of one step.

    Args:
        job: of the step.
        environment: of the process.
        folder: its working directory.
        on_line: called with each line that the step writes to its console.
    """

    def __init__(
        self,
        job: Mapping[str, Any],
        environment: Mapping[str, str],
        folder: Path,
        on_line: Callable[[str], None],
    ) -> None:
        self._job = job
        self._environment = environment
        self._folder = folder
        self._on_line = on_line
        self._process: step_process.StepProcess | None = None

    async def run(self) -> dict[str, Any]:
        """Run the step.

        Returns:
            Its status, "success" or "error", and the error.
        """
        process = await step_process.begin(self._environment, self._folder)
        self._process = process
        process.write(json.dumps(self._job).encode() + b"\n")
        result: dict[str, Any] = {}
        async for line in process.output:
            answer = json.loads(line)
            if "console" in answer:
                self._on_line(answer["console"])
            else:
                result = answer
        code = await process.wait()
        return result or {"status": "error", "error": f"Runner crashed with exit code {code}"}

    async def stop(self) -> None:
        """Ask the step to stop, and end its process if it does not stop in time."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(OSError):
            self._process.write(b"stop\n")
        await asyncio.sleep(STOPPING)
        self.kill()

    def kill(self) -> None:
        """End the process and all its descendants."""
        if self._process is not None and self._process.returncode is None:
            end_tree(self._process.pid)


def end_tree(pid: int) -> None:
    """End a process and all its descendants."""
    import psutil

    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for member in (*process.children(recursive=True), process):
            with contextlib.suppress(psutil.Error):
                member.kill()
