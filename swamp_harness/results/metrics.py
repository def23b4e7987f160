"""The metrics of a run: counts and times, and how close the wall time is to the least possible.

A run takes at least as long as its longest scenario, and at least the processor time of the product divided
by the number of processors. The larger of the two is the least possible wall time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from swamp_harness.product.costs import Cost, Purpose

SCENARIOS = "scenarios"
WALL = "wall seconds"
HARNESS = "harness processor seconds"
PRODUCT = "product processor seconds"
COMMANDS = "product commands"
PROCESSORS = "processors"
AT_ONCE = "scenarios at a time"
LONGEST = "longest scenario seconds"
# The parts of the product's processor time, by the value of their purpose, and what none of them explains.
PARTS = {purpose: f"{PRODUCT}, {purpose.value}" for purpose in Purpose}
OTHER = f"{PRODUCT}, other"

Metrics = Mapping[str, float]

# Not summed over several runs: each run had these for itself.
_NOT_SUMMED = {WALL, PROCESSORS, AT_ONCE, LONGEST}


def least_wall_seconds(metrics: Metrics) -> float:
    """The least wall time that the run could have taken."""
    return max(metrics[LONGEST], metrics[PRODUCT] / metrics[PROCESSORS])


def pace(metrics: Metrics) -> float:
    """The wall time divided by the least possible; 0 if nothing ran."""
    least = least_wall_seconds(metrics)
    return metrics[WALL] / least if least else 0.0


def share_of_harness(metrics: Metrics) -> float:
    """The processor time of the harness divided by that of the product; 0 where the platform reports none."""
    return metrics[HARNESS] / metrics[PRODUCT] if metrics[PRODUCT] else 0.0


def parts(costs: Iterable[Cost], total: float) -> dict[str, float]:
    """The metrics of the parts of the product's processor time.

    Args:
        costs: of all its processes.
        total: the whole of it; the sum of the parts.
    """
    seconds = dict.fromkeys(Purpose, 0.0)
    for cost in costs:
        seconds[cost.purpose] += cost.seconds
    rounded = {PARTS[purpose]: round(value, 2) for purpose, value in seconds.items()}
    return {**rounded, OTHER: round(total - sum(rounded.values()), 2)}


def together(runs: Sequence[Metrics]) -> Metrics:
    """The metrics of several runs together: sums, and the largest value of wall times and the like."""
    names = dict.fromkeys(name for each in runs for name in each)
    return {
        name: max(values) if name in _NOT_SUMMED else round(sum(values), 2)
        for name in names
        for values in [[each[name] for each in runs if name in each]]
    }
