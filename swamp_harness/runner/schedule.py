"""The schedule of a run: how many scenarios at a time, in which order, and which of them in a shard."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from swamp_harness.results.ids import id_of
from swamp_harness.system import capacity

# Scenarios mostly wait, but each start of the product keeps a processor busy: with more at a time than this
# for each processor, the run did not get shorter.
_JOBS_FOR_EACH_PROCESSOR = 3
# In bytes, as measured for the processes of one scenario of swamp.
_MEMORY_FOR_EACH_JOB = 700 * 10**6


def can_fork() -> bool:
    """Whether scenarios can run side by side on this platform."""
    return sys.platform != "win32"


def jobs_that_suit() -> int:
    """How many scenarios at a time suit the part of this machine that this process may use."""
    return jobs_for(capacity.processors(), capacity.memory())


def jobs_for(processors: float, memory: int) -> int:
    """How many scenarios at a time, at least one, suit a machine.

    Args:
        processors: that they may use.
        memory: that they may use, in bytes.
    """
    return max(1, min(int(_JOBS_FOR_EACH_PROCESSOR * processors), memory // _MEMORY_FOR_EACH_JOB))


def longest_first(scenarios: Sequence[Any], seconds_of: Callable[[str], float]) -> list[Any]:
    """Scenarios with the longest first."""
    return sorted(scenarios, key=lambda scenario: seconds_of(id_of(scenario)), reverse=True)


def shard_in(text: str) -> tuple[int, int] | None:
    """The number of a shard and the count of all, from a text such as "2/4"; None if the text is invalid."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        return None
    return int(match[1]), int(match[2])


def shard_of(
    scenarios: Sequence[Any], seconds_of: Callable[[str], float], number: int, count: int
) -> list[Any]:
    """One of several parts of the scenarios, of about the same duration each.

    Args:
        scenarios: all of them.
        seconds_of: how long a scenario takes.
        number: of the part, from 1.
        count: of the parts.
    """
    shards: list[list[Any]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for scenario in longest_first(scenarios, seconds_of):
        lightest = loads.index(min(loads))
        shards[lightest].append(scenario)
        loads[lightest] += seconds_of(id_of(scenario)) or 1.0
    return shards[number - 1]
