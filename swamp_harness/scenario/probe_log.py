"""The journal of a scenario's steps: which worker runs a step, when it begins and ends, by its own account.

That account does not come from the product that is judged by it. Steps keep it in a folder, in files; those
on another machine keep it there, and it is brought here.
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

from swamp_harness.product.records import moment
from swamp_harness.system.files import Files
from swamp_harness.system.hosts.mirror import Mirror

NOTES_VARIABLE = "UAT_NOTES"
JOURNAL = "journal.jsonl"
START, END = "start", "end"

# What steps tell one another by: that one has begun, may go on, or is half way.
_SIGNS = ("begun-", "go-on-", "half-")


@dataclass(frozen=True)
class Note:
    """One line of the journal.

    Attributes:
        event: "start" or "end".
        step: that wrote it.
        worker: that ran the step, as the scenario calls it; "" for the orchestrator itself.
        pid: the process of the step.
        at: when, by the step's own clock.
    """

    event: str
    step: str
    worker: str
    pid: int
    at: datetime


class ProbeLog:
    """The journal of one scenario's steps.

    Args:
        folder: where it is kept; made here.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._mirror = Mirror(folder, JOURNAL, _SIGNS)
        self.variables = {NOTES_VARIABLE: str(folder)}

    def keep_also(self, files: Files, folder: PurePath) -> dict[str, str]:
        """Let steps on another machine keep the journal there.

        Args:
            files: of that machine.
            folder: where it is kept there; made if need be.

        Returns:
            The variables that such a step needs.
        """
        self._mirror.add(files, folder)
        return {NOTES_VARIABLE: str(folder)}

    def close(self) -> None:
        """Bring here what was written elsewhere, for the last time."""
        self._mirror.close()

    @property
    def _folder(self) -> Path:
        """Where all of it is, as of now."""
        return self._mirror.folder_now()

    @property
    def text(self) -> str:
        """The journal as it was written."""
        file = self._folder / JOURNAL
        return file.read_text("utf-8") if file.exists() else ""

    def notes(self) -> list[Note]:
        """Everything noted so far, in the order in which it was written."""
        complete = [line for line in self.text.splitlines(keepends=True) if line.endswith("\n")]
        return [
            Note(item["event"], item["step"], item["worker"], item["pid"], moment(item["at"]))
            for item in map(json.loads, complete)
        ]

    def starts(self, step: str | None = None) -> list[Note]:
        """The beginnings of one step or of all, in the order in which they happened."""
        return [note for note in self.notes() if note.event == START and step in (None, note.step)]

    def environments(self, step: str) -> list[dict[str, str]]:
        """The environments that a step found each time that it began, where it noted them, in order.

        A program notes a line for each variable, so nothing is known of values of several lines; a step of an
        extension notes them as they are.
        """
        texts = self.remarks("environment", step)
        of_programs = [
            dict(line.split("=", 1) for line in text.splitlines() if "=" in line) for text in texts
        ]
        return of_programs or [json.loads(text) for text in self.remarks("variables", step)]

    def remarks(self, name: str, step: str) -> list[str]:
        """What a step has noted beside the journal each time that it began, in order."""
        files = [self._folder / f"{name}-{step}-{start.pid}" for start in self.starts(step)]
        return [file.read_text("utf-8", errors="replace") for file in files if file.exists()]

    def remark(self, name: str, step: str) -> str:
        """What a step has noted beside the journal, such as the "digest" of a secret; "" if nothing."""
        file = self._folder / f"{name}-{step}"
        return file.read_text("utf-8").strip() if file.exists() else ""

    def ends(self, step: str) -> list[Note]:
        """The ends of one step, in the order in which they happened."""
        return [note for note in self.notes() if note.event == END and note.step == step]

    def let_go_on(self, step: str) -> None:
        """Let a step go on that holds."""
        (self._folder / f"go-on-{step}").mkdir()

    def most_at_once(self, *, worker: str | None = None, steps: Container[str] | None = None) -> int:
        """How many steps ran at one time, at the most.

        Args:
            worker: count only those that it ran, as the scenario calls it.
            steps: count only these.
        """
        open_steps: set[tuple[str, int]] = set()
        most = 0
        for note in self.notes():
            if worker in (None, note.worker) and (steps is None or note.step in steps):
                (open_steps.add if note.event == START else open_steps.discard)((note.step, note.pid))
                most = max(most, len(open_steps))
        return most
