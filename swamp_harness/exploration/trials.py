"""Runs journeys as scenarios, side by side, and says what was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.exploration.feature_text import as_feature, tag_of
from swamp_harness.exploration.journeys import Journey
from swamp_harness.results.deviations import Deviation, matches
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.results.run_record import RUN_FILE, SuiteRun, read_run
from swamp_harness.runner.launch import Selection

_QUOTED = re.compile(r'"[^"]*"')
_FEATURE = "journeys.feature"


@dataclass(frozen=True)
class Failure:
    """Where a journey failed.

    Attributes:
        step: the words of the step, with its keyword.
        result: of its scenario.
    """

    step: str
    result: ScenarioResult

    @property
    def kind(self) -> str:
        """The step without the names in it: failures of one kind are reported once."""
        return _kind(self.step)

    def is_known_as(self, deviation: Deviation) -> bool:
        """Whether a listed deviation explains it: one of its steps, for other names, with its value."""
        result = self.result
        own = _kind(self.step.partition(" ")[2])
        listed = {deviation.step: deviation.actual_value, **deviation.elsewhere}
        return any(
            _kind(step) == own and matches(value, result.expected, result.actual)
            for step, value in listed.items()
        )


def _kind(step: str) -> str:
    return _QUOTED.sub('"…"', step)


@dataclass(frozen=True)
class Trial:
    """What running some journeys has shown.

    Attributes:
        failures: by the id of the journey, of those that the product failed.
        undecided: the journeys that could not be judged, by id, each with the reason.
        held: the ids of the journeys that held.
        version: of the program under test.
    """

    failures: Mapping[str, Failure]
    undecided: Mapping[str, str]
    held: frozenset[str]
    version: str


class Interrupted(Exception):
    """Ctrl-C has ended the run of some journeys.

    Args:
        trial: what those that had ended have shown.
    """

    def __init__(self, trial: Trial) -> None:
        super().__init__("interrupted")
        self.trial = trial


# Runs selected scenarios with reports in a folder that does not exist yet, within some seconds.
Run = Callable[[Path, Selection, float], SuiteRun | None]


def try_journeys(journeys: Sequence[Journey], folder: Path, run: Run, jobs: int, limit: float) -> Trial:
    """Run journeys.

    Args:
        journeys: that differ.
        folder: for their feature and the reports; it must exist.
        run: runs scenarios.
        jobs: how many at a time.
        limit: the timeout in seconds; a journey that has not ended by then is undecided.

    Raises:
        Interrupted: by Ctrl-C, with the trial of the journeys that had ended.
    """
    feature = folder / _FEATURE
    feature.write_text(as_feature(journeys), "utf-8")
    reports = folder / "reports"
    try:
        record = run(reports, Selection(jobs=jobs, paths=[str(feature)], record_only=True), limit)
    except KeyboardInterrupt:
        left = reports / RUN_FILE
        raise Interrupted(_trial_of(journeys, read_run(left) if left.exists() else None)) from None
    return _trial_of(journeys, record)


def _trial_of(journeys: Sequence[Journey], record: SuiteRun | None) -> Trial:
    results = {each.id: each for each in record.results} if record is not None else {}
    failures: dict[str, Failure] = {}
    undecided: dict[str, str] = {}
    held: set[str] = set()
    for journey in journeys:
        result = results.get(tag_of(journey))
        if result is None or result.outcome is Outcome.NOT_RUN:
            undecided[journey.id] = "it did not run to its end"
        elif result.outcome is Outcome.BROKEN:
            failures[journey.id] = Failure(result.step, result)
        elif result.outcome is Outcome.HELD:
            held.add(journey.id)
        else:
            undecided[journey.id] = result.reason.partition("\n")[0]
    return Trial(failures, undecided, frozenset(held), record.version if record is not None else "")
