"""A machine of a scenario: a home, a temp folder, a working folder and a cache that nobody else uses."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.machinery.scrubbing import scrubbed_environment
from swamp_harness.product.conventions import QUIET_ENVIRONMENT

_MACHINE_ID = "machine-id"


@dataclass(frozen=True)
class Machine:
    """Folders that stand for one machine.

    Attributes:
        root: holds them all.
    """

    root: Path

    @classmethod
    def at(cls, root: Path) -> Machine:
        """Make a new machine with empty folders."""
        machine = cls(root)
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
        """What a worker on this machine gives as its `--cache-dir`."""
        return self.root / "cache"

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of a process on this machine."""
        return scrubbed_environment(self.home, self.temp, {**QUIET_ENVIRONMENT, **extra})

    def clone_to(self, root: Path) -> Machine:
        """A second machine from the same disk image: the same cache, and so the same machine id."""
        clone = Machine.at(root)
        shutil.copytree(self.cache, clone.cache)
        return clone

    def reboot(self) -> None:
        """Lose what a reboot loses: the temp folder's content."""
        shutil.rmtree(self.temp)
        self.temp.mkdir()

    def machine_ids(self) -> list[str]:
        """The machine ids that workers have left here: in the cache, or in temporary caches, oldest first."""
        files = [self.cache / _MACHINE_ID, *self.temp.glob(f"*/{_MACHINE_ID}")]
        existing = sorted(
            (path for path in files if path.is_file()), key=lambda path: path.stat().st_mtime_ns
        )
        return [path.read_text("utf-8").strip() for path in existing]
