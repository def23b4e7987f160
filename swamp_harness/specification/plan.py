"""The plan of a run: the scenarios to run, as the features were when it started.

It is made once. Later changes, such as an edited feature file, do not affect it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.results.skip import Skip
from swamp_harness.specification import features
from swamp_harness.specification.features import FeatureRun, location_of


@dataclass(frozen=True)
class Plan:
    """The scenarios of a run.

    Attributes:
        runs: every scenario as it runs, including those that were not chosen.
        chosen: those that run, in the order of the features.
    """

    runs: tuple[FeatureRun, ...]
    chosen: tuple[FeatureRun, ...]

    @classmethod
    def of(cls, models: Sequence[Any], chosen: Sequence[Any]) -> Plan:
        """The plan for features and chosen scenarios, both behave's."""
        features.catalogue()  # read now, for the end of the run
        wanted = {location_of(scenario) for scenario in chosen}
        runs = tuple(features.runs_in(models))
        return cls(runs, tuple(run for run in runs if run.location in wanted))

    def only(self, ids: Collection[str]) -> Plan:
        """The plan with only some of its chosen scenarios, by id."""
        return replace(self, chosen=tuple(run for run in self.chosen if run.id in ids))

    def run_of(self, scenario: Any) -> FeatureRun:
        """The planned run of a scenario of behave's."""
        location = location_of(scenario)
        return next(run for run in self.runs if run.location == location)

    def without_result(self, results: Sequence[ScenarioResult]) -> list[FeatureRun]:
        """The chosen scenarios without a result."""
        ended = {result.location for result in results}
        return [run for run in self.chosen if run.location not in ended]


def not_run(run: FeatureRun, skip: Skip, platform: str) -> ScenarioResult:
    """The result of a scenario that did not run."""
    return ScenarioResult(
        id=run.id,
        name=run.name,
        numbers=run.numbers,
        location=run.location,
        outcome=Outcome.NOT_RUN,
        reason="",
        skip=skip,
        step="",
        seconds=0,
        commands=0,
        product_cpu_seconds=0,
        leaked=0,
        platform=platform,
        feature=run.feature,
    )
