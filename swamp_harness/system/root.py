"""The folder of the project, and the names that its files have in messages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@cache
def in_project(name: str) -> str:
    """The name of a file relative to the project's folder; the absolute path of a file outside of it."""
    # behave names files relative to its working folder, which may not be the project or may be a link to it.
    file = Path(name).resolve()
    return (file.relative_to(PROJECT) if file.is_relative_to(PROJECT) else file).as_posix()
