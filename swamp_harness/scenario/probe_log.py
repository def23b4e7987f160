"""The probe log of a scenario: which worker runs a step, and when it begins and ends.

The steps write it themselves, independently of the product under test, into files in a folder. On another
machine they write them there, and the files are copied here.
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath

from swamp_harness.product.records import moment
from swamp_harness.system.files import Files
from swamp_harness.system.hosts.mirror import Mirror

NOTES_VARIABLE = "UAT_NOTES"
PROBE_LOG = "probe-log.jsonl"
START, END = "start", "end"

# Signs from step to step: one has begun, may go on, or is half way.
_SIGNS = ("begun-", "go-on-", "half-")


@dataclass(frozen=True)
class Entry:
    """One line of the probe log.

    Attributes:
        event: "start" or "end".
        step: the step that wrote it.
        worker: the worker that ran the step, by its name in the scenario; "" for the orchestrator itself.
        pid: the process of the step.
        at: the time, by the step's own clock.
    """

    event: str
    step: str
    worker: str
    pid: int
    at: datetime


class ProbeLog:
    """The probe log of one scenario's steps.

    Args:
        folder: where the steps write; created here.

    Attributes:
        released: the steps that were let go on, and when.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._mirror = Mirror(folder, PROBE_LOG, _SIGNS)
        self.variables = {NOTES_VARIABLE: str(folder)}
        self.released: list[tuple[str, datetime]] = []

    def keep_also(self, files: Files, folder: PurePath) -> dict[str, str]:
        """Let steps on another machine write the probe log there.

        Args:
            files: the files of that machine.
            folder: where the steps write there; created if missing.

        Returns:
            The variables that such a step needs.
        """
        self._mirror.add(files, folder)
        return {NOTES_VARIABLE: str(folder)}

    def close(self) -> None:
        """Copy what was written on other machines here, for the last time."""
        self._mirror.close()

    @property
    def _folder(self) -> Path:
        """The folder with everything that has been written so far."""
        return self._mirror.folder_now()

    @property
    def text(self) -> str:
        """The text of the probe log."""
        file = self._folder / PROBE_LOG
        return file.read_text("utf-8") if file.exists() else ""

    def entries(self) -> list[Entry]:
        """All entries so far, in the order in which they were written."""
        complete = [line for line in self.text.splitlines(keepends=True) if line.endswith("\n")]
        return [
            Entry(item["event"], item["step"], item["worker"], item["pid"], moment(item["at"]))
            for item in map(json.loads, complete)
        ]

    def starts(self, step: str | None = None) -> list[Entry]:
        """The beginnings of one step or of all, in the order in which they happened."""
        return [entry for entry in self.entries() if entry.event == START and step in (None, entry.step)]

    def environments(self, step: str) -> list[dict[str, str]]:
        """The environments that a step found each time that it began, where it noted them, in order.

        A program notes a line for each variable, so nothing is known of values of several lines; a step of an
        extension notes them as they are.
        """
        texts = self.notes("environment", step)
        of_programs = [
            dict(line.split("=", 1) for line in text.splitlines() if "=" in line) for text in texts
        ]
        return of_programs or [json.loads(text) for text in self.notes("variables", step)]

    def notes(self, name: str, step: str) -> list[str]:
        """The notes of a step beside the probe log, one for each time that it began, in order."""
        files = [self._folder / f"{name}-{step}-{start.pid}" for start in self.starts(step)]
        return [file.read_text("utf-8", errors="replace") for file in files if file.exists()]

    def note(self, name: str, step: str) -> str:
        """A note of a step beside the probe log, such as the "digest" of a secret; "" if there is none."""
        file = self._folder / f"{name}-{step}"
        return file.read_text("utf-8").strip() if file.exists() else ""

    def ends(self, step: str) -> list[Entry]:
        """The ends of one step, in the order in which they happened."""
        return [entry for entry in self.entries() if entry.event == END and entry.step == step]

    def let_go_on(self, step: str) -> None:
        """Let a step go on that holds."""
        (self._folder / f"go-on-{step}").mkdir()
        self.released.append((step, datetime.now(UTC)))

    def most_at_once(self, *, worker: str | None = None, steps: Container[str] | None = None) -> int:
        """How many steps ran at one time, at the most.

        Args:
            worker: count only those that it ran, as the scenario calls it.
            steps: count only these.
        """
        open_steps: set[tuple[str, int]] = set()
        most = 0
        for entry in self.entries():
            if worker in (None, entry.worker) and (steps is None or entry.step in steps):
                (open_steps.add if entry.event == START else open_steps.discard)((entry.step, entry.pid))
                most = max(most, len(open_steps))
        return most
