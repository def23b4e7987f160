"""Promise by release: what became of each promise, and since when it is kept or broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from swamp_harness.report import features
from swamp_harness.report.outcomes import Outcome, ScenarioResult, title_of
from swamp_harness.report.suite_run import SuiteRun

KEPT, BROKEN, UNKNOWN = "kept", "broken", "not judged"

# In a release that has not a listed deviation the promise is kept; a waiver does not make it so.
_STANDINGS = {
    Outcome.HELD: KEPT,
    Outcome.DEVIATION_GONE: KEPT,
    Outcome.BROKEN: BROKEN,
    Outcome.DEVIATION: BROKEN,
    Outcome.WAIVED: BROKEN,
    Outcome.FAULT: UNKNOWN,
    Outcome.NOT_RUN: UNKNOWN,
}


@dataclass(frozen=True)
class ReleaseRun:
    """A release, and the run of the suite over it.

    Attributes:
        name: of the release: its version, or how it was given.
        record: of the run; None if it came to nothing.
    """

    name: str
    record: SuiteRun | None


def matrix(runs: Sequence[ReleaseRun]) -> dict[str, Any]:
    """The promises by release, ready to be written as JSON.

    A promise is broken in a release if one of its scenarios is, else not judged if one is not that was to be.

    Args:
        runs: the releases, oldest first.
    """
    return {
        "releases": [_release(run) for run in runs],
        "promises": [_promise(promise, runs) for promise in features.catalogue()],
    }


def since(standings: Sequence[tuple[str, str]]) -> str:
    """Since when something is as it is, in words.

    Args:
        standings: the name of each release, oldest first, with "kept", "broken" or "not judged".
    """
    judged = [(name, standing) for name, standing in standings if standing != UNKNOWN]
    if not judged:
        return UNKNOWN
    now = judged[-1][1]
    before = [name for name, standing in judged if standing != now]
    if not before:
        return f"{now} in all" if len(judged) > 1 else now
    names = [name for name, _ in judged]
    last_other = max(names.index(name) for name in before)
    return f"{now} since {names[last_other + 1]}"


def _release(run: ReleaseRun) -> dict[str, Any]:
    record = run.record
    digests = sorted({facts["sha256"] for facts in record.binaries.values()}) if record else []
    return {
        "name": run.name,
        "version": record.version if record else "",
        "sha256": digests,
        "verdict": record.verdict.name if record else "",
    }


def _promise(promise: features.Promise, runs: Sequence[ReleaseRun]) -> dict[str, Any]:
    own = [(run.name, _of(run, promise.number)) for run in runs]
    standings = [(name, _standing(results)) for name, results in own]
    scenarios = {result.id: result.name for _, results in own for result in results}
    return {
        "number": promise.number,
        "section": promise.section,
        "title": promise.title,
        "releases": dict(standings),
        "since": since(standings),
        "scenarios": [_scenario(key, name, own) for key, name in scenarios.items()],
    }


def _scenario(key: str, name: str, own: Sequence[tuple[str, Sequence[ScenarioResult]]]) -> dict[str, Any]:
    standings = [
        (release, _standing([each for each in results if each.id == key])) for release, results in own
    ]
    return {"name": title_of(name), "releases": dict(standings), "since": since(standings)}


def _of(run: ReleaseRun, number: int) -> list[ScenarioResult]:
    return [each for each in run.record.results if number in each.numbers] if run.record else []


def _standing(results: Sequence[ScenarioResult]) -> str:
    # What should have run and was not judged could be either; what nobody asked for there says nothing.
    telling = [each for each in results if not each.is_unselected and not each.is_for_elsewhere]
    seen = {_STANDINGS[result.outcome] for result in telling}
    return next((each for each in (BROKEN, UNKNOWN, KEPT) if each in seen), UNKNOWN)
