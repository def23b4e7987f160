"""A machine of a scenario: its own home, temp folder, working folder and cache."""

from __future__ import annotations

import codecs
import os
import uuid
from dataclasses import dataclass
from pathlib import Path, PurePath

from swamp_harness.product.conventions import QUIET_ENVIRONMENT
from swamp_harness.system.clean_env import scrubbed_environment
from swamp_harness.system.errors import ContractBroken
from swamp_harness.system.files import copy
from swamp_harness.system.hosts.host import HERE, Host

_MACHINE_ID = "machine-id"
# The folder behind a cache that is a symbolic link.
_LINKED = "linked"


@dataclass(frozen=True)
class CachePlace:
    """The place of a machine's cache.

    Attributes:
        name: the path from the machine's root.
        is_relative: whether workers get a path relative to the working folder.
        is_link: whether it is a symbolic link to another folder.
    """

    name: str
    is_relative: bool = False
    is_link: bool = False


@dataclass(frozen=True)
class Machine:
    """The folders of one machine.

    Attributes:
        root: the folder of all of them.
        cache_name: the path of the cache from the root.
        cache_is_relative: whether workers get the cache as a path relative to the working folder.
        host: the host of the folders and of the processes that use them.
    """

    root: PurePath
    cache_name: str = "cache"
    cache_is_relative: bool = False
    host: Host = HERE

    @classmethod
    def at(cls, root: PurePath, cache: CachePlace | None = None, host: Host = HERE) -> Machine:
        """Make a new machine with empty folders; its first user creates the cache."""
        place = cache or CachePlace(cls.cache_name)
        machine = cls(root, place.name, place.is_relative, host)
        for folder in (machine.home, machine.temp, machine.work):
            host.files.make(folder)
        if place.is_link:
            host.files.make(root / _LINKED)
            host.files.link(machine.cache, root / _LINKED)
        return machine

    @property
    def here(self) -> Path:
        """The root, if the folders are on this machine."""
        return Path(self.root)

    @property
    def home(self) -> PurePath:
        """HOME."""
        return self.root / "home"

    @property
    def temp(self) -> PurePath:
        """TMPDIR."""
        return self.root / "tmp"

    @property
    def work(self) -> PurePath:
        """The folder in which processes start."""
        return self.root / "work"

    @property
    def cache(self) -> PurePath:
        """The cache that the workers on this machine share."""
        return self.root / self.cache_name

    @property
    def cache_as_given(self) -> str:
        """The value of `--cache-dir` for a worker on this machine."""
        above = PurePath(os.pardir)  # the working folder is in the root
        return str(above / self.cache_name) if self.cache_is_relative else str(self.cache)

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of a process on this machine."""
        return scrubbed_environment(
            self.home, self.temp, {**QUIET_ENVIRONMENT, **extra}, self.host.environment
        )

    def given(self, file: Path) -> PurePath:
        """The path of a file of the suite on this machine; copied there if needed."""
        if self.host.shares_files:
            return file
        place = self.root / "given" / file.name
        self.host.files.make(place.parent)
        self.host.files.write(place, file.read_bytes())
        return place

    def clone_to(self, root: PurePath) -> Machine:
        """A second machine from the same disk image: the same cache, and so the same machine id."""
        clone = Machine.at(root, CachePlace(self.cache_name), self.host)
        copy(self.host.files, self.cache, clone.host.files, clone.cache)
        return clone

    def reboot(self) -> None:
        """Reboot: empty the temp folder."""
        self.host.files.remove(self.temp)
        self.host.files.make(self.temp)

    def empty_machine_id(self) -> None:
        """Put an empty file in the place of the machine id, as a full disk may leave it."""
        self._save_first_machine_id(b"")

    def link_machine_id(self) -> None:
        """Put a machine id into another folder, and a symbolic link to it into the cache."""
        elsewhere, files = self.root / _MACHINE_ID, self.host.files
        files.write(elsewhere, str(uuid.uuid4()).encode())
        files.make(self.cache)
        files.link(self.cache / _MACHINE_ID, elsewhere)

    def save_machine_id_by_an_editor(self) -> None:
        """Save the machine id like an editor of another platform: with its line end, and a byte order mark.

        Raises:
            ContractBroken: there is no machine id of a worker in the cache.
        """
        file, files = self.cache / _MACHINE_ID, self.host.files
        if not files.exists(file):
            raise ContractBroken(
                f"The worker kept no machine id in its cache: {file} does not exist. "
                'A worker keeps it there (design/remote-execution.md, "Enrollment tokens").'
            )
        foreign = b"\n" if os.linesep == "\r\n" else b"\r\n"
        files.write(file, codecs.BOM_UTF8 + files.read(file).strip() + foreign)

    def save_machine_id_like(self, other: str) -> None:
        """Save a machine id that differs from another one in its last character only."""
        self._save_first_machine_id(f"{other[:-1]}{'1' if other[-1] == '0' else '0'}".encode())

    def _save_first_machine_id(self, content: bytes) -> None:
        self.host.files.make(self.cache)
        self.host.files.write(self.cache / _MACHINE_ID, content)

    @property
    def kept_machine_id(self) -> str:
        """The machine id in the cache; "" if there is none."""
        file, files = self.cache / _MACHINE_ID, self.host.files
        return files.read(file).decode().strip() if files.exists(file) else ""

    def machine_ids(self) -> list[str]:
        """The machine ids of workers here, in the cache or in temporary caches, oldest first."""
        files = self.host.files
        found = [file for file in [self.cache / _MACHINE_ID] if files.exists(file)]
        found += [file for file in files.below(self.temp) if file.name == _MACHINE_ID]
        return [files.read(file).decode().strip() for file in sorted(found, key=files.modified)]
