"""The time budget of a run: whether a further scenario would overrun it."""

from __future__ import annotations

import time
from collections.abc import Callable

from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult


class Budget:
    """A time budget, which begins now.

    Args:
        seconds: that the run may take.
        seconds_of: how long a scenario takes, by its id.
        clock: the time now.

    Attributes:
        seconds: that the run may take.
    """

    def __init__(
        self, seconds: float, seconds_of: Callable[[str], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = seconds
        self._seconds_of = seconds_of
        self._clock = clock
        self._begun = clock()
        self._expected = self._taken = 0.0

    def allows(self, scenario: str) -> bool:
        """Whether a scenario that begins now ends in time, at the pace of those that have ended."""
        pace = self._taken / self._expected if self._expected else 1.0
        return self._clock() - self._begun + pace * self._seconds_of(scenario) <= self.seconds

    def take(self, result: ScenarioResult) -> None:
        """Note how long a scenario took."""
        if result.outcome is not Outcome.NOT_RUN:
            self._expected += self._seconds_of(result.id)
            self._taken += result.seconds
