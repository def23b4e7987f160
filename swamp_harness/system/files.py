"""Files on a machine, wherever it is: what a scenario does with them, in a few verbs."""

from __future__ import annotations

import contextlib
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import FOLDER_REMOVED
from swamp_harness.system.waiting import WaitTimeout, wait_until


@dataclass(frozen=True)
class Entry:
    """Something in a folder.

    Attributes:
        name: of it.
        is_folder: whether it is a folder.
        size: of a file, in bytes.
        modified: when it was last changed, in seconds, as finely as the machine tells.
    """

    name: str
    is_folder: bool
    size: int
    modified: float


class Files(Protocol):
    """The files of one machine."""

    def for_another_thread(self) -> Files:
        """The same files, for a thread of its own to ask."""

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

    def entries(self, folder: PurePath) -> list[Entry]:
        """What is in a folder, by name.

        Raises:
            OSError: there is no such folder.
        """

    def modified(self, file: PurePath) -> float:
        """When a file was last changed, in seconds, as finely as the machine tells.

        Raises:
            OSError: there is no such file.
        """

    def remove(self, folder: PurePath) -> None:
        """Remove a folder with all that is in it; it need not be there."""


class LocalFiles:
    """The files of the machine that this program runs on."""

    def for_another_thread(self) -> Files:
        """The same; any thread may ask."""
        return self

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

    def entries(self, folder: PurePath) -> list[Entry]:
        """What is in a folder, by name.

        Raises:
            OSError: there is no such folder.
        """
        return [
            Entry(path.name, path.is_dir(), told.st_size, told.st_mtime)
            for path in sorted(Path(folder).iterdir())
            for told in [path.stat()]
        ]

    def modified(self, file: PurePath) -> float:
        """When a file was last changed, in seconds.

        Raises:
            OSError: there is no such file.
        """
        return Path(file).stat().st_mtime

    def remove(self, folder: PurePath) -> None:
        """Remove a folder with all that is in it; it need not be there.

        Raises:
            InfrastructureError: something in it cannot be removed.
        """
        remove_folder(Path(folder))


HERE = LocalFiles()


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it; it need not be there.

    Windows locks a file for as long as a process has it open, which one that was killed has for a moment yet:
    that is waited out.

    Raises:
        InfrastructureError: something in it cannot be removed.
    """
    try:
        wait_until(f"{folder} to be removed", lambda: _refusal(folder), lambda no: not no, FOLDER_REMOVED)
    except WaitTimeout as error:
        raise InfrastructureError(str(error)) from error


def _refusal(folder: Path) -> str:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError as error:
        return str(error) if folder.exists() else ""  # somebody else removes files in it as well
    except OSError as error:
        if isinstance(error, PermissionError) and error.filename:
            with contextlib.suppress(OSError):
                Path(error.filename).chmod(
                    stat.S_IRWXU
                )  # one that may only be read is not removed on Windows
        return str(error)
    return ""


def copy(source: Files, folder: PurePath, target: Files, copied: PurePath) -> None:
    """Copy all files below a folder, to the same machine or another one; what vanishes is left out."""
    target.make(copied)
    for file in source.below(folder):
        place = copied / file.relative_to(folder)
        target.make(place.parent)
        with contextlib.suppress(FileNotFoundError):
            target.write(place, source.read(file))
