"""The processors and the memory that this process may use; a limit may be below the machine's size."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil

_OWN_GROUPS = Path("/proc/self/cgroup")
_MOUNTS = Path("/proc/self/mountinfo")

# The controllers that limit processors and memory; a group of version 2 has both.
_CPU = "cpu"
_MEMORY = "memory"


@dataclass(frozen=True)
class ControlGroup:
    """A Linux control group of this process, or a parent of it.

    Attributes:
        version: 1 or 2.
        controllers: what it limits, such as "memory".
        folder: the folder of its files.
    """

    version: int
    controllers: frozenset[str]
    folder: Path


def processors() -> float:
    """How many processors this process may use, by its affinity and by the quotas of its control groups."""
    if sys.platform != "linux":
        return os.cpu_count() or 1
    return min(len(os.sched_getaffinity(0)), quota(_own_groups()))


def memory() -> int:
    """How much memory this process may still take without swapping, in bytes."""
    available = int(psutil.virtual_memory().available)
    return available if sys.platform != "linux" else int(min(available, memory_left(_own_groups())))


def control_groups(own_groups: str, mounts: str) -> list[ControlGroup]:
    """The visible control groups of a process, with their parents.

    Args:
        own_groups: the content of /proc/self/cgroup.
        mounts: the content of /proc/self/mountinfo.
    """
    names = {
        frozenset(controllers.split(",")) if controllers else frozenset[str](): PurePosixPath(name)
        for _, controllers, name in (line.split(":", 2) for line in own_groups.splitlines())
    }
    found: list[ControlGroup] = []
    for mount in _control_group_mounts(mounts):
        for controllers, name in names.items():
            belongs = bool(controllers & mount.controllers) if mount.version == 1 else not controllers
            if belongs:
                limits = controllers or frozenset({_CPU, _MEMORY})
                found += [ControlGroup(mount.version, limits, folder) for folder in mount.folders(name)]
    return found


def quota(groups: Iterable[ControlGroup]) -> float:
    """How many processors' time a process in all of these groups may take; infinite if none limits it."""
    return min((_quota_of(each) for each in groups if _CPU in each.controllers), default=math.inf)


def memory_left(groups: Iterable[ControlGroup]) -> float:
    """How many bytes a process in all of these groups may still take; infinite if none limits it."""
    return min((_memory_left_in(each) for each in groups if _MEMORY in each.controllers), default=math.inf)


@dataclass(frozen=True)
class _Mount:
    """The mount point of a hierarchy of control groups, and its topmost visible group."""

    version: int
    controllers: frozenset[str]
    point: Path
    root: PurePosixPath

    def folders(self, name: PurePosixPath) -> Sequence[Path]:
        """The folders of a group and its parents, up to the mount point."""
        # In a container the name may belong to the host, where it is not visible.
        inside = name.relative_to(self.root) if name.is_relative_to(self.root) else PurePosixPath()
        own = self.point / inside
        return [each for each in (own, *own.parents) if each.is_relative_to(self.point)]


def _own_groups() -> list[ControlGroup]:
    return control_groups(_text_of(_OWN_GROUPS), _text_of(_MOUNTS))


def _control_group_mounts(mounts: str) -> Iterator[_Mount]:
    for line in mounts.splitlines():
        # Ids, then root and mount point; behind the dash the type of the file system and its options.
        place, _, kind = line.partition(" - ")
        match place.split(), kind.split():
            case [_, _, _, root, point, *_], ["cgroup2", *_]:
                yield _Mount(2, frozenset(), Path(point), PurePosixPath(root))
            case [_, _, _, root, point, *_], ["cgroup", _, options, *_]:
                yield _Mount(1, frozenset(options.split(",")), Path(point), PurePosixPath(root))


def _quota_of(group: ControlGroup) -> float:
    # Microseconds of processor time in each period, and the period; "max" and -1 are no limit.
    if group.version == 1:
        texts = [_text_of(group.folder / f"cpu.cfs_{each}_us").strip() for each in ("quota", "period")]
    else:
        texts = _text_of(group.folder / "cpu.max").split()
    match texts:
        case [most, period] if most.isdigit() and period.isdigit() and int(period):
            return int(most) / int(period)
    return math.inf


def _memory_left_in(group: ControlGroup) -> float:
    if group.version == 1:
        limits, usage, cache = ["memory.limit_in_bytes"], "memory.usage_in_bytes", "total_inactive_file"
    else:
        limits, usage, cache = ["memory.max", "memory.high"], "memory.current", "inactive_file"
    limit = min(_number_in(_text_of(group.folder / each), math.inf) for each in limits)
    if math.isinf(limit):
        return math.inf
    statistics = dict(line.split(" ", 1) for line in _text_of(group.folder / "memory.stat").splitlines())
    # The kernel releases the inactive file cache as soon as memory is needed.
    used = _number_in(_text_of(group.folder / usage), 0) - _number_in(statistics.get(cache, ""), 0)
    return max(0.0, limit - max(0.0, used))


def _number_in(text: str, otherwise: float) -> float:
    return int(text) if text.strip().isdigit() else otherwise


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
