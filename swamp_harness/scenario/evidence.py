"""The files that a scenario leaves for people to read: transcript, logs, final pool and tokens.

Secrets are blanked before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.product.commands import CommandResult
from swamp_harness.product.serve_api import Request
from swamp_harness.system.plain_text import for_file, json_text


@dataclass(frozen=True)
class Attachment:
    """One piece of evidence.

    Attributes:
        title: what it is.
        file: where it is.
    """

    title: str
    file: Path


class Evidence:
    """The evidence folder of one scenario.

    Args:
        folder: created if it does not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.attachments: list[Attachment] = []

    def log_file(self, actor: str) -> Path:
        """The file for the log of an actor; it becomes an attachment."""
        file = self.folder / f"{actor}.log"
        self.attachments.append(Attachment(f"Output of {actor}", file))
        return file

    def write(self, title: str, name: str, text: str) -> None:
        """Add a text to the evidence."""
        file = self.folder / name
        file.write_text(for_file(text), "utf-8")
        self.attachments.append(Attachment(title, file))

    def write_transcript(self, results: Iterable[CommandResult | Request]) -> None:
        """Add the operator's commands and requests to the evidence, in order, with times and answers."""
        in_order = sorted(results, key=lambda result: result.started)
        entries = [f"{result.started:%H:%M:%S.%f}\n{result}" for result in in_order]
        self.write("The operator's commands and their output", "transcript.txt", "\n\n".join(entries) + "\n")

    def write_answer(self, title: str, name: str, answer: object) -> None:
        """Add a parsed answer of the product to the evidence."""
        self.write(title, name, json_text(answer) + "\n")
