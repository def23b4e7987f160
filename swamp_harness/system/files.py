"""The files of a machine, local or remote, and what a scenario does with them."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import FOLDER_REMOVED
from swamp_harness.system.waiting import wait_until, without_the_product


@dataclass(frozen=True)
class Entry:
    """Something in a folder.

    Attributes:
        name: its name.
        is_folder: whether it is a folder.
        size: the size of a file, in bytes.
        modified: the time of the last change, in seconds, with the precision of the machine.
    """

    name: str
    is_folder: bool
    size: int
    modified: float


class Files(Protocol):
    """The files of one machine."""

    def for_another_thread(self) -> Files:
        """The same files, for use in another thread."""

    def make(self, folder: PurePath) -> None:
        """Make a folder with its parents; it may exist."""

    def link(self, place: PurePath, target: PurePath) -> None:
        """Make a symbolic link to a folder, where the system has such links."""

    def exists(self, place: PurePath) -> bool:
        """Whether there is a file or folder."""

    def read(self, file: PurePath) -> bytes:
        """The content of a file.

        Raises:
            OSError: there is no such file.
        """

    def write(self, file: PurePath, content: bytes) -> None:
        """Replace the content of a file; its folder must exist."""

    def below(self, folder: PurePath) -> list[PurePath]:
        """All files below a folder, sorted; none if the folder does not exist."""

    def entries(self, folder: PurePath) -> list[Entry]:
        """The entries of a folder, sorted by name.

        Raises:
            OSError: there is no such folder.
        """

    def modified(self, file: PurePath) -> float:
        """The time of the last change of a file, in seconds, with the precision of the machine.

        Raises:
            OSError: there is no such file.
        """

    def remove(self, folder: PurePath) -> None:
        """Remove a folder with its content; it may be missing."""


class LocalFiles:
    """The files of the machine that this program runs on."""

    def for_another_thread(self) -> Files:
        """The same object; it is safe in every thread."""
        return self

    def make(self, folder: PurePath) -> None:
        """Make a folder with its parents; it may exist."""
        Path(folder).mkdir(parents=True, exist_ok=True)

    def link(self, place: PurePath, target: PurePath) -> None:
        """Make a symbolic link to a folder, where the system has such links."""
        Path(place).symlink_to(target, target_is_directory=True)

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
        """Replace the content of a file; its folder must exist."""
        Path(file).write_bytes(content)

    def below(self, folder: PurePath) -> list[PurePath]:
        """All files below a folder, sorted; none if the folder does not exist.

        Raises:
            InfrastructureError: a folder there cannot be read.
        """
        return [path for path in walk(Path(folder)) if path.is_file()]

    def entries(self, folder: PurePath) -> list[Entry]:
        """The entries of a folder, sorted by name.

        Raises:
            OSError: there is no such folder.
        """
        return [
            Entry(path.name, path.is_dir(), status.st_size, status.st_mtime)
            for path in sorted(Path(folder).iterdir())
            for status in [path.stat()]
        ]

    def modified(self, file: PurePath) -> float:
        """The time of the last change of a file, in seconds.

        Raises:
            OSError: there is no such file.
        """
        return Path(file).stat().st_mtime

    def remove(self, folder: PurePath) -> None:
        """Remove a folder with its content; it may be missing.

        Raises:
            InfrastructureError: something in it cannot be removed.
        """
        remove_folder(Path(folder))


HERE = LocalFiles()


def write_whole(file: Path, text: str) -> None:
    """Write a text file, or leave the one that was there: whoever reads it never finds half of it.

    Raises:
        OSError: it cannot be written.
    """
    half = file.with_name(f"{file.name}.new")
    half.write_text(text, "utf-8")
    half.replace(file)


def walk(folder: Path) -> list[Path]:
    """Everything below a folder, sorted, without what running processes remove meanwhile.

    Links to folders are not followed.

    Returns:
        The files, links and folders; none if the folder does not exist.

    Raises:
        InfrastructureError: a folder there cannot be read.
    """
    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=_demand_vanished):
        parent = Path(place)
        found += [parent / name for name in (*folders, *names)]
    return sorted(found)


def _demand_vanished(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise InfrastructureError(f"The folder {error.filename} cannot be read: {error}.") from error


def remove_folder(folder: Path) -> None:
    """Remove a folder with its content; it may be missing.

    On Windows a killed process keeps its files open for a moment, and open files cannot be removed: this
    waits.

    Raises:
        InfrastructureError: something in it cannot be removed.
    """
    with without_the_product():
        wait_until(f"{folder} to be removed", lambda: _refusal(folder), lambda no: not no, FOLDER_REMOVED)


def _refusal(folder: Path) -> str:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError as error:
        return str(error) if folder.exists() else ""  # another process may remove files as well
    except OSError as error:
        if isinstance(error, PermissionError) and error.filename:
            with contextlib.suppress(OSError):
                Path(error.filename).chmod(stat.S_IRWXU)  # Windows does not remove a read-only file
        return str(error)
    return ""


def copy(source: Files, folder: PurePath, target: Files, copied: PurePath) -> None:
    """Copy all files below a folder, to the same machine or another one; skip files that vanish."""
    target.make(copied)
    for file in source.below(folder):
        place = copied / file.relative_to(folder)
        target.make(place.parent)
        with contextlib.suppress(FileNotFoundError):
            target.write(place, source.read(file))
