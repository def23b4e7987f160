"""The progress of a run: the results so far, what went wrong beside them, and how the run ends."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from swamp_harness.product.costs import Cost
from swamp_harness.results import metrics
from swamp_harness.results.outcome import INTERRUPTIONS, Ending, Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.results.skip import Skip
from swamp_harness.runner.budget import Budget
from swamp_harness.runner.endings import failed_suite
from swamp_harness.specification.features import location_of
from swamp_harness.specification.plan import Plan, not_run
from swamp_harness.system import capacity
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.redaction import SECRETS


class Progress:
    """The state of a run from its start to its end.

    Args:
        plan: the scenarios of the run.
        at_once: how many scenarios run at a time.
        stops: whether the run ends with the first new failure.
        budget: of the run; None if it may take as long as it takes.

    Attributes:
        plan: the scenarios of the run.
        at_once: how many scenarios run at a time.
        budget: of the run, if it has one.
        started: when the run began.
        results: of the scenarios so far, in order.
        explanations: the last output of every process, by the location of a scenario that failed.
        unreported: the locations of the scenarios for which no process has written a result.
        interrupted: the exit code of an interrupted run, None while it has not been interrupted.
        hurried: whether it was interrupted a second time.
        errors: of the suite itself, outside of any scenario.
        output_lost: why the run's output could not be written completely; empty if it could.
    """

    def __init__(
        self, plan: Plan, at_once: int = 1, *, stops: bool = False, budget: Budget | None = None
    ) -> None:
        self.plan = plan
        self.at_once = at_once
        self.budget = budget
        self.started = datetime.now(UTC)
        self.results: list[ScenarioResult] = []
        self.explanations: dict[str, str] = {}
        self.unreported: set[str] = set()
        self.interrupted: ExitCode | None = None
        self.hurried = False
        self.errors: list[str] = []
        self.output_lost = ""
        self._stops = stops
        self._clock = time.monotonic()
        self._harness_seconds_of_children = 0.0

    @property
    def is_stopped(self) -> bool:
        """Whether no further scenario begins, as one has failed in a new way."""
        return self._stops and any(result.outcome.traits.is_new_failure for result in self.results)

    @property
    def ending(self) -> Ending:
        """How the run ends, if it ends now."""
        if self.interrupted is not None:
            return INTERRUPTIONS[self.interrupted]
        if not self.plan.without_result(self.results):
            return Ending.COMPLETE
        return Ending.STOPPED if self.is_stopped else Ending.FAILED

    def interrupt(self, code: ExitCode) -> None:
        """Note an interruption; running scenarios end without further questions to the product."""
        self.interrupted = self.interrupted or code

    def add(self, result: ScenarioResult) -> None:
        """Add the result of a scenario that ran in this process."""
        self._add(result)

    def add_from_child(self, result: ScenarioResult, explanation: str, harness_seconds: float) -> None:
        """Add the report of a process that ran one scenario."""
        self._add(result)
        self.explanations[result.location] = explanation
        self._harness_seconds_of_children += harness_seconds

    def _add(self, result: ScenarioResult) -> None:
        self.results.append(result)
        if self.budget is not None:
            self.budget.take(result)

    def add_error(self, error: BaseException) -> None:
        """Note and print an error of the suite itself, outside of any scenario."""
        self.add_error_from_child("".join(traceback.format_exception(error)))

    def add_error_from_child(self, trace: str) -> None:
        """Note and print an error of the suite itself that another process had."""
        self.errors.append(SECRETS.blank(trace))
        print(f"swamp-uat: {failed_suite(self.errors[-1])}", file=sys.stderr)

    def result_of(self, scenario: Any) -> ScenarioResult | None:
        """The result of a behave scenario, None if it has not finished."""
        location = location_of(scenario)
        return next((result for result in self.results if result.location == location), None)

    def completed(self, ending: Ending, platform: str) -> list[ScenarioResult]:
        """The results of all planned scenarios, in the order of the features.

        Args:
            ending: of the run, for the scenarios without a result.
            platform: on which the run is.
        """
        missing = [not_run(run, Skip.by(ending), platform) for run in self.plan.without_result(self.results)]
        return sorted([*self.results, *missing], key=lambda result: result.place)

    def metrics(self, preparation: Sequence[Cost]) -> dict[str, float]:
        """The metrics of the run so far.

        Args:
            preparation: what the processes of the product cost that served all scenarios.
        """
        ran = [result for result in self.results if result.outcome is not Outcome.NOT_RUN]
        costs = [*preparation, *(cost for result in ran for cost in result.costs)]
        # The system counts the own processor time of forked children as well.
        product = round(product_seconds(product_cpu() - self._harness_seconds_of_children, costs), 2)
        return {
            metrics.SCENARIOS: len(ran),
            metrics.WALL: round(time.monotonic() - self._clock, 1),
            metrics.HARNESS: round(time.process_time() + self._harness_seconds_of_children, 1),
            metrics.PRODUCT: product,
            metrics.COMMANDS: sum(result.commands for result in ran),
            metrics.PROCESSORS: capacity.processors(),
            metrics.AT_ONCE: self.at_once,
            metrics.LONGEST: max((result.seconds for result in ran), default=0.0),
            **metrics.parts(costs, product),
        }


def product_cpu() -> float:
    """The processor seconds of all children that this process has waited for; 0 on Windows."""
    times = os.times()
    return times.children_user + times.children_system


def product_seconds(reaped: float, costs: Sequence[Cost]) -> float:
    """All processor seconds of the product.

    Args:
        reaped: of the children that a process has waited for.
        costs: of the processes of the product among them; they are all that Windows reports.
    """
    if sys.platform == "win32":
        return sum(cost.seconds for cost in costs)
    return reaped + sum(cost.unreaped for cost in costs)
