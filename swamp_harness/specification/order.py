"""The order of a run: the largest expected gain for its time first, the longest never too late."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from swamp_harness.specification.candidates import Candidate

# Long scenarios that become due at the same time wait for each other; this leaves them some time.
_RESERVE = 0.97
# What it is worth to test a promise for the first time in a run, in mutants.
_GAIN_OF_A_PROMISE = 5.0


def in_order(
    candidates: Sequence[Candidate], at_once: int, *, each_promise_first: bool = False
) -> list[Candidate]:
    """Scenarios in the order in which they begin.

    The next is the one with the largest gain for its time, counting only the mutants that no earlier scenario
    notices and the promises that none serves. If a scenario must begin now to end with the shortest possible
    run, it is the next.

    Args:
        candidates: the scenarios.
        at_once: how many run at a time.
        each_promise_first: whether a scenario waits while others serve a promise that none has served.
            For a run that may end early.
    """
    end = _RESERVE * max(ends(longest_first(candidates), at_once), default=0.0)
    waiting, ordered = longest_first(candidates), list[Candidate]()
    free, noticed, served = [0.0] * at_once, set[str](), set[int]()

    def expected(candidate: Candidate) -> tuple[bool, float]:
        unserved = set(candidate.numbers) - served
        gain = candidate.gain(noticed) + _GAIN_OF_A_PROMISE * len(unserved)
        return each_promise_first and bool(unserved), gain / max(candidate.seconds, 1.0)

    while waiting:
        now = heapq.heappop(free)
        is_due = now + waiting[0].seconds >= end
        following = waiting[0] if is_due else max(waiting, key=expected)
        waiting.remove(following)
        ordered.append(following)
        noticed |= following.notices.keys()
        served.update(following.numbers)
        heapq.heappush(free, now + following.seconds)
    return ordered


def longest_first(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Scenarios with the longest first; of equally long ones the first by id."""
    return sorted(candidates, key=lambda each: (-each.seconds, each.id))


def ends(ordered: Sequence[Candidate], at_once: int) -> list[float]:
    """After how many seconds each scenario ends if they begin in this order."""
    free, found = [0.0] * at_once, []
    for each in ordered:
        found.append(heapq.heappop(free) + each.seconds)
        heapq.heappush(free, found[-1])
    return found
