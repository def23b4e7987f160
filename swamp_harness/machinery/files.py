"""Files on a machine, wherever it is: what a scenario does with them, in a few verbs."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePath
from typing import Protocol


class Files(Protocol):
    """The files of one machine."""

    def make(self, folder: PurePath) -> None:
        """Make a folder, and those above it; it may be there."""

    def exists(self, place: PurePath) -> bool:
        """Whether there is a file or folder."""

    def read(self, file: PurePath) -> bytes:
        """The content of a file.

        Raises:
            OSError: there is no such file.
        """

    def write(self, file: PurePath, content: bytes) -> None:
        """Give a file a new content; its folder must be there."""

    def below(self, folder: PurePath) -> list[PurePath]:
        """Every file below a folder, by name; none if it is not there."""

    def modified(self, file: PurePath) -> float:
        """When a file was last changed, in seconds, as finely as the machine tells.

        Raises:
            OSError: there is no such file.
        """

    def remove(self, folder: PurePath) -> None:
        """Remove a folder with all that is in it; it need not be there."""


class LocalFiles:
    """The files of the machine that this program runs on."""

    def make(self, folder: PurePath) -> None:
        """Make a folder, and those above it; it may be there."""
        Path(folder).mkdir(parents=True, exist_ok=True)

    def exists(self, place: PurePath) -> bool:
        """Whether there is a file or folder."""
        return Path(place).exists()

    def read(self, file: PurePath) -> bytes:
        """The content of a file.

        Raises:
            OSError: there is no such file.
        """
        return Path(file).read_bytes()

    def write(self, file: PurePath, content: bytes) -> None:
        """Give a file a new content; its folder must be there."""
        Path(file).write_bytes(content)

    def below(self, folder: PurePath) -> list[PurePath]:
        """Every file below a folder, by name; none if it is not there."""
        return sorted(path for path in Path(folder).rglob("*") if path.is_file())

    def modified(self, file: PurePath) -> float:
        """When a file was last changed, in seconds.

        Raises:
            OSError: there is no such file.
        """
        return Path(file).stat().st_mtime

    def remove(self, folder: PurePath) -> None:
        """Remove a folder with all that is in it; it need not be there."""
        shutil.rmtree(folder, ignore_errors=True)


def copy(source: Files, folder: PurePath, target: Files, copied: PurePath) -> None:
    """Copy all files below a folder, from one machine to the same or another one."""
    target.make(copied)
    for file in source.below(folder):
        place = copied / file.relative_to(folder)
        target.make(place.parent)
        target.write(place, source.read(file))
