"""What a scenario leaves behind for people to read: transcript, logs, the pool and the tokens at its end.

Every byte goes through the redactor before it is written.
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
        file: where it lies.
    """

    title: str
    file: Path


class Evidence:
    """The evidence folder of one scenario.

    Args:
        folder: where it goes; made if need be.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.attachments: list[Attachment] = []

    def log_file(self, actor: str) -> Path:
        """The file for the log of an actor, and the attachment that it is."""
        file = self.folder / f"{actor}.log"
        self.attachments.append(Attachment(f"What {actor} said", file))
        return file

    def write(self, title: str, name: str, text: str) -> None:
        """Put a text into evidence."""
        file = self.folder / name
        file.write_text(for_file(text), "utf-8")
        self.attachments.append(Attachment(title, file))

    def write_transcript(self, results: Iterable[CommandResult | Request]) -> None:
        """Put what the operator typed and asked into evidence, in order, each with its time and answer."""
        in_order = sorted(results, key=lambda result: result.started)
        entries = [f"{result.started:%H:%M:%S.%f}\n{result}" for result in in_order]
        self.write("What the operator typed and saw", "transcript.txt", "\n\n".join(entries) + "\n")

    def write_answer(self, title: str, name: str, answer: object) -> None:
        """Put an answer of the product, already parsed, into evidence."""
        self.write(title, name, json_text(answer) + "\n")
