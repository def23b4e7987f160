"""A machine of a scenario: a home, a temp folder, a working folder and a cache that nobody else uses."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from swamp_harness.machinery.scrubbing import scrubbed_environment
from swamp_harness.product.conventions import QUIET_ENVIRONMENT

_MACHINE_ID = "machine-id"


@dataclass(frozen=True)
class CachePlace:
    """Where a machine has its cache.

    Attributes:
        name: seen from the machine's root.
        is_relative: whether it is named in relation to the working folder.
    """

    name: str
    is_relative: bool = False


@dataclass(frozen=True)
class Machine:
    """Folders that stand for one machine.

    Attributes:
        root: holds them all.
        cache_name: where the cache is, seen from the root.
        cache_is_relative: whether people there name the cache in relation to the working folder.
    """

    root: Path
    cache_name: str = "cache"
    cache_is_relative: bool = False

    @classmethod
    def at(cls, root: Path, cache: CachePlace | None = None) -> Machine:
        """Make a new machine with empty folders; the cache is made by whoever uses it first."""
        machine = cls(root, cache.name, cache.is_relative) if cache else cls(root)
        for folder in (machine.home, machine.temp, machine.work):
            folder.mkdir(parents=True)
        return machine

    @property
    def home(self) -> Path:
        """HOME."""
        return self.root / "home"

    @property
    def temp(self) -> Path:
        """TMPDIR."""
        return self.root / "tmp"

    @property
    def work(self) -> Path:
        """The folder in which processes start."""
        return self.root / "work"

    @property
    def cache(self) -> Path:
        """The cache that the workers on this machine share."""
        return self.root / self.cache_name

    @property
    def cache_as_given(self) -> str:
        """What a worker on this machine gives as its `--cache-dir`."""
        return os.path.relpath(self.cache, self.work) if self.cache_is_relative else str(self.cache)

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of a process on this machine."""
        return scrubbed_environment(self.home, self.temp, {**QUIET_ENVIRONMENT, **extra})

    def clone_to(self, root: Path) -> Machine:
        """A second machine from the same disk image: the same cache, and so the same machine id."""
        clone = replace(Machine.at(root), cache_name=self.cache_name)
        shutil.copytree(self.cache, clone.cache)
        return clone

    def reboot(self) -> None:
        """Lose what a reboot loses: the temp folder's content."""
        shutil.rmtree(self.temp)
        self.temp.mkdir()

    def save_machine_id_with_foreign_line_ends(self) -> None:
        """Save the machine id as an editor of another platform would: with a line end, and a foreign one."""
        file = self.cache / _MACHINE_ID
        foreign = b"\n" if os.linesep == "\r\n" else b"\r\n"
        file.write_bytes(file.read_bytes().strip() + foreign)

    def machine_ids(self) -> list[str]:
        """The machine ids that workers have left here: in the cache, or in temporary caches, oldest first."""
        files = [self.cache / _MACHINE_ID, *self.temp.glob(f"*/{_MACHINE_ID}")]
        existing = sorted(
            (path for path in files if path.is_file()), key=lambda path: path.stat().st_mtime_ns
        )
        return [path.read_text("utf-8").strip() for path in existing]
