"""The files of another machine, over SFTP."""

from __future__ import annotations

import functools
import os
import shlex
import stat
from collections.abc import Callable
from pathlib import PurePath
from typing import Concatenate, ParamSpec, TypeVar

import paramiko

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import Entry, Files
from swamp_harness.system.hosts.ssh_connection import SILENCE, SshConnection
from swamp_harness.system.limits import HOST_ANSWER

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _answered(
    ask: Callable[Concatenate[SftpFiles, _P], _T],
) -> Callable[Concatenate[SftpFiles, _P], _T]:
    """Turns a missing answer of the other machine into an infrastructure error."""

    @functools.wraps(ask)
    def asked(self: SftpFiles, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return ask(self, *args, **kwargs)
        except (FileNotFoundError, PermissionError):
            raise  # an answer about the file itself
        except (*SILENCE, paramiko.SFTPError) as error:
            if not self.connection.is_open:
                raise self.connection.gone() from error
            raise InfrastructureError(
                f"The files of {self.connection.name} cannot be read or written: {error!r}."
            ) from error

    return asked


class SftpFiles:
    """The files of a machine, over SFTP.

    Every method raises `InfrastructureError` if the machine does not answer, and `PermissionError` if its
    user has no access.

    Args:
        connection: the connection to the machine.

    Attributes:
        connection: the connection to the machine.
    """

    def __init__(self, connection: SshConnection) -> None:
        self.connection = connection
        self._open: dict[int, paramiko.SFTPClient] = {}

    @property
    def _sftp(self) -> paramiko.SFTPClient:
        if os.getpid() not in self._open:
            sftp = self._open[os.getpid()] = self.connection.client.open_sftp()
            channel = sftp.get_channel()
            if channel is not None:
                channel.settimeout(HOST_ANSWER.seconds)
        return self._open[os.getpid()]

    def for_another_thread(self) -> Files:
        """The same files over another channel: two threads on one channel would take each other's answers."""
        return SftpFiles(self.connection)

    @_answered
    def make(self, folder: PurePath) -> None:
        """Make a folder with its parents; it may exist."""
        for each in reversed([folder, *folder.parents]):
            if not self.exists(each):
                self._sftp.mkdir(str(each))

    @_answered
    def link(self, place: PurePath, target: PurePath) -> None:
        """Make a symbolic link to a folder."""
        self._sftp.symlink(str(target), str(place))

    @_answered
    def exists(self, place: PurePath) -> bool:
        """Whether there is a file or folder."""
        try:
            self._sftp.stat(str(place))
        except FileNotFoundError:
            return False
        return True

    @_answered
    def read(self, file: PurePath) -> bytes:
        """The content of a file.

        Raises:
            OSError: there is no such file.
        """
        with self._sftp.open(str(file), "rb") as opened:
            return bytes(opened.read())

    @_answered
    def write(self, file: PurePath, content: bytes) -> None:
        """Replace the content of a file; its folder must exist.

        Raises:
            InfrastructureError: the disk is full.
        """
        with self._sftp.open(str(file), "wb") as opened:
            opened.set_pipelined(True)  # a release is large, and the other machine may be far
            opened.write(content)
            # A pipelined write gets no answer of its own, so check the size.
            written = opened.stat().st_size
        if written != len(content):
            raise InfrastructureError(
                f"{self.connection.name} has no space for {file}: free disk space there."
            )

    @_answered
    def below(self, folder: PurePath) -> list[PurePath]:
        """All files below a folder, sorted; none if the folder does not exist."""
        try:
            entries = sorted(self._sftp.listdir_attr(str(folder)), key=lambda entry: entry.filename)
        except FileNotFoundError:
            return []
        return [
            file
            for entry in entries
            for place in [folder / entry.filename]
            for file in (self.below(place) if stat.S_ISDIR(entry.st_mode or 0) else [place])
        ]

    @_answered
    def entries(self, folder: PurePath) -> list[Entry]:
        """The entries of a folder, sorted by name; times are in whole seconds.

        Raises:
            OSError: there is no such folder.
        """
        listed = sorted(self._sftp.listdir_attr(str(folder)), key=lambda entry: entry.filename)
        return [
            Entry(
                each.filename, stat.S_ISDIR(each.st_mode or 0), each.st_size or 0, float(each.st_mtime or 0)
            )
            for each in listed
        ]

    @_answered
    def modified(self, file: PurePath) -> float:
        """The time of the last change of a file, in whole seconds.

        Raises:
            OSError: there is no such file.
        """
        return float(self._sftp.stat(str(file)).st_mtime or 0)

    def remove(self, folder: PurePath) -> None:
        """Remove a folder with its content; it may be missing."""
        self.connection.run(f"rm -rf -- {shlex.quote(str(folder))}")
