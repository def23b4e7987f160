"""What a check finds in the project's files: a place and a message."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swamp_harness.system.root import in_project


@dataclass(frozen=True, order=True)
class Finding:
    """A mistake in a file of the project.

    Attributes:
        file: from the project's own folder on, if it is in there.
        line: in the file, from 1 on.
        message: what is wrong and how to correct it.
    """

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def finding_in(file: Path | str, line: int, message: str) -> Finding:
    """A finding in a file that is named from anywhere."""
    return Finding(in_project(str(file)), line, message)


def finding_at(item: Any, message: str) -> Finding:
    """A finding at a feature, a scenario or a step of behave's."""
    return finding_in(item.filename, item.line, message)
