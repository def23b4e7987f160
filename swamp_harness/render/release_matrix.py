"""Promise by release: whether each release keeps each promise, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from swamp_harness.render.words import HEADINGS
from swamp_harness.results.outcome import Standing
from swamp_harness.results.policy import Group
from swamp_harness.results.result import ScenarioResult, title_of
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.specification import features

_GRAVEST_FIRST = (Standing.BROKEN, Standing.UNKNOWN, Standing.KEPT)


@dataclass(frozen=True)
class ReleaseRun:
    """A release, and the run of the suite over it.

    Attributes:
        name: of the release: its version, or how it was given.
        record: of the run; None if the run has none.
    """

    name: str
    record: SuiteRun | None


def matrix(runs: Sequence[ReleaseRun]) -> dict[str, Any]:
    """The promises by release, ready to be written as JSON.

    A promise is broken in a release if one of its scenarios is. Else it is not tested if a scenario that
    should have run was not tested.

    Args:
        runs: the releases, oldest first.
    """
    return {
        "releases": [_release(run) for run in runs],
        "groups": [
            {"name": group.value, "heading": HEADINGS[group]} for group in Group if features.in_group(group)
        ],
        "promises": [_promise(promise, runs) for promise in features.catalogue()],
    }


def since(standings: Sequence[tuple[str, Standing]]) -> str:
    """The release since which something is kept or broken, in words.

    Args:
        standings: the name of each release, oldest first, with its standing.
    """
    tested = [(name, standing) for name, standing in standings if standing is not Standing.UNKNOWN]
    if not tested:
        return Standing.UNKNOWN.value
    now = tested[-1][1]
    before = [name for name, standing in tested if standing is not now]
    if not before:
        return f"{now.value} in all" if len(tested) > 1 else now.value
    names = [name for name, _ in tested]
    last_other = max(names.index(name) for name in before)
    return f"{now.value} since {names[last_other + 1]}"


def _release(run: ReleaseRun) -> dict[str, Any]:
    record = run.record
    digests = sorted({facts["sha256"] for facts in record.binaries.values()}) if record else []
    return {
        "name": run.name,
        "version": record.version if record else "",
        "sha256": digests,
        "exit code": record.exit_code.name if record else "",
    }


def _promise(promise: features.Promise, runs: Sequence[ReleaseRun]) -> dict[str, Any]:
    own = [(run.name, _of(run, promise.number)) for run in runs]
    standings = [(name, _standing(results)) for name, results in own]
    scenarios = {result.id: result.name for _, results in own for result in results}
    return {
        "number": promise.number,
        "group": promise.group.value,
        "section": promise.section,
        "title": promise.title,
        "releases": {name: standing.value for name, standing in standings},
        "since": since(standings),
        "scenarios": [_scenario(key, name, own) for key, name in scenarios.items()],
    }


def _scenario(key: str, name: str, own: Sequence[tuple[str, Sequence[ScenarioResult]]]) -> dict[str, Any]:
    standings = [
        (release, _standing([each for each in results if each.id == key])) for release, results in own
    ]
    return {
        "id": key,
        "name": title_of(name),
        "releases": {name: standing.value for name, standing in standings},
        "since": since(standings),
    }


def _of(run: ReleaseRun, number: int) -> list[ScenarioResult]:
    return [each for each in run.record.results if number in each.numbers] if run.record else []


def _standing(results: Sequence[ScenarioResult]) -> Standing:
    # A scenario that should have run and did not is unknown; one that nobody asked for does not count.
    counted = [each for each in results if not each.is_unselected and not each.is_for_elsewhere]
    seen = {result.outcome.traits.standing for result in counted}
    return next((each for each in _GRAVEST_FIRST if each in seen), Standing.UNKNOWN)
