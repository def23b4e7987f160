"""What this process may use of its machine, which may be less than all of it."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

import psutil

_OWN_GROUP = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")
_VERSION_2 = "0::/"


def processors() -> float:
    """How many processors this process may use, by its affinity and by the quota of its control group."""
    if sys.platform != "linux":
        return os.cpu_count() or 1
    return min(len(os.sched_getaffinity(0)), quota(_text_of(_OWN_GROUP), _GROUPS))


def memory() -> int:
    """How much memory is available without swapping, in bytes."""
    return int(psutil.virtual_memory().available)


def quota(own_group: str, groups: Path) -> float:
    """How many processors' time a control group and those around it may take; infinite if nothing says so.

    Args:
        own_group: as /proc/self/cgroup tells it; only groups of version 2 are looked at.
        groups: the folder of all groups.
    """
    lines = own_group.splitlines()
    name = next((line.removeprefix(_VERSION_2) for line in lines if line.startswith(_VERSION_2)), "")
    own = groups / name
    folders = [each for each in (own, *own.parents) if each.is_relative_to(groups)]
    return min(_quota_in(_text_of(each / "cpu.max")) for each in folders)


def _quota_in(text: str) -> float:
    # Microseconds of processor time in each period, and the period; "max" is no limit.
    match text.split():
        case [most, period] if most.isdigit() and period.isdigit() and int(period):
            return int(most) / int(period)
    return math.inf


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
