"""A gate: the scenarios that notice most within a time budget, and each promise at least once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from swamp_harness.specification.candidates import Candidate
from swamp_harness.specification.order import ends, in_order

# The part of the budget that scenarios can use: preparing takes time, and so does the last one of them, when
# nothing is left to run beside it.
_USABLE = 0.92
# In seconds: a scenario without a recorded time is no bargain.
_SHORTEST = 0.1


@dataclass(frozen=True)
class Capacity:
    """What a run has for its scenarios.

    Attributes:
        seconds: that it may take.
        processors: that it may use.
        at_once: how many scenarios run at a time.
    """

    seconds: float
    processors: float
    at_once: int

    def time_of(self, candidate: Candidate) -> float:
        """How much longer a run takes with a scenario: its part of the processors, or of the places."""
        return max(candidate.processor_seconds / self.processors, candidate.seconds / self.at_once)

    def fits(self, chosen: Collection[Candidate]) -> bool:
        """Whether scenarios end in time."""
        usable = _USABLE * self.seconds
        return (
            sum(each.processor_seconds for each in chosen) / self.processors <= usable
            and sum(each.seconds for each in chosen) / self.at_once <= usable
            and all(each.seconds <= usable for each in chosen)
        )


@dataclass(frozen=True)
class Gate:
    """What a run with a time budget will test.

    Attributes:
        capacity: that it has.
        chosen: the scenarios.
        possible: how many scenarios it could choose from.
        mutants: how many mutants the proof knows.
    """

    capacity: Capacity
    chosen: tuple[Candidate, ...]
    possible: int
    mutants: int

    @property
    def seconds(self) -> float:
        """How long the scenarios take, if the machine is as busy as when their times were recorded."""
        at_once = self.capacity.at_once
        return max(ends(in_order(self.chosen, at_once, each_promise_first=True), at_once), default=0.0)

    @property
    def numbers(self) -> list[int]:
        """The promises that it tests, in ascending order."""
        return sorted(numbers_of(self.chosen))

    @property
    def noticed(self) -> int:
        """How many of the mutants it notices."""
        return len(noticed_by(self.chosen))


def choose(candidates: Sequence[Candidate], capacity: Capacity) -> list[Candidate]:
    """The scenarios of a gate, in the order of the candidates; the same for the same input.

    Each promise comes first, then what is left of the time goes to the largest gain for its time. A scenario
    that adds nothing to the others makes way for another one.
    """
    left, chosen = list(candidates), list[Candidate]()
    while True:
        _fill(chosen, left, capacity)
        idle = next((each for each in reversed(chosen) if _is_idle(each, chosen)), None)
        if idle is None:
            return [each for each in candidates if each in chosen]
        chosen.remove(idle)
        left.remove(idle)


def noticed_by(chosen: Iterable[Candidate]) -> set[str]:
    """The mutants that scenarios notice together."""
    return {name for each in chosen for name in each.notices}


def numbers_of(chosen: Iterable[Candidate]) -> set[int]:
    """The promises that scenarios serve together."""
    return {number for each in chosen for number in each.numbers}


def _fill(chosen: list[Candidate], left: Sequence[Candidate], capacity: Capacity) -> None:
    """Add the best of what is left until nothing that is worth it fits."""
    while best := _best(chosen, left, capacity, lambda each: bool(set(each.numbers) - numbers_of(chosen))):
        chosen.append(best)
    while best := _best(chosen, left, capacity, lambda each: each.gain(noticed_by(chosen)) > 0):
        chosen.append(best)


def _best(
    chosen: Sequence[Candidate],
    left: Sequence[Candidate],
    capacity: Capacity,
    is_wanted: Callable[[Candidate], bool],
) -> Candidate | None:
    noticed = noticed_by(chosen)
    return max(
        (each for each in left if each not in chosen and is_wanted(each) and capacity.fits([*chosen, each])),
        key=lambda each: each.gain(noticed) / max(capacity.time_of(each), _SHORTEST),
        default=None,
    )


def _is_idle(candidate: Candidate, chosen: Sequence[Candidate]) -> bool:
    others = [each for each in chosen if each is not candidate]
    return candidate.gain(noticed_by(others)) == 0 and set(candidate.numbers) <= numbers_of(others)
