"""What a run cost, and how far that is from the least that it could have cost.

No run can be shorter than its longest scenario, nor than the processor time of the product spread over all
processors; the larger of the two is the least wall time that is possible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SCENARIOS = "scenarios"
WALL = "wall seconds"
HARNESS = "harness processor seconds"
PRODUCT = "product processor seconds"
COMMANDS = "product commands"
PROCESSORS = "processors"
AT_ONCE = "scenarios at a time"
LONGEST = "longest scenario seconds"

Metrics = Mapping[str, float]

# Of several runs, each of which had all of these for itself.
_NOT_SUMMED = {WALL, PROCESSORS, AT_ONCE, LONGEST}


def least_wall_seconds(metrics: Metrics) -> float:
    """The least wall time that the run could have taken."""
    return max(metrics[LONGEST], metrics[PRODUCT] / metrics[PROCESSORS])


def pace(metrics: Metrics) -> float:
    """The wall time, in terms of the least that was possible; 0 if nothing ran."""
    least = least_wall_seconds(metrics)
    return metrics[WALL] / least if least else 0.0


def share_of_harness(metrics: Metrics) -> float:
    """The processor time of the harness, in terms of that of the product; 0 where the platform tells none."""
    return metrics[HARNESS] / metrics[PRODUCT] if metrics[PRODUCT] else 0.0


def together(runs: Sequence[Metrics]) -> Metrics:
    """The metrics of several runs as those of one: sums, but for wall times and the like the largest."""
    names = dict.fromkeys(name for each in runs for name in each)
    return {
        name: max(values) if name in _NOT_SUMMED else round(sum(values), 1)
        for name in names
        for values in [[each[name] for each in runs if name in each]]
    }
