"""The folder of the project, and the names that its files have in messages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@cache
def in_project(name: str) -> str:
    """The name of a file from the project's own folder on; the whole path of one that is elsewhere."""
    # behave names files from where it was started, which need not be the project, or be it by another name.
    file = Path(name).resolve()
    return (file.relative_to(PROJECT) if file.is_relative_to(PROJECT) else file).as_posix()
