"""The feature files as a model: the scenarios, and the promises that each one serves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from swamp_harness.results import schemas
from swamp_harness.results.ids import UAT_TAG, id_of
from swamp_harness.results.policy import Group, Severity
from swamp_harness.specification import project
from swamp_harness.specification.feature_files import files_below, read_features
from swamp_harness.system.root import in_project
from swamp_harness.system.yaml_files import read_yaml, unusable

# The section of the promises that issue 630 does not have.
SINCE = "Since issue 630"
_PROPOSED = "proposed-severity"
# The length of a fingerprint: enough to see that a text is another one.
_FINGERPRINT = 12


@dataclass(frozen=True)
class Promise:
    """A promise of swamp: one of issue 630, which calls it a scenario, or one that was made since.

    Attributes:
        number: as the issue counts; promises since then count on.
        section: of the issue, or `SINCE`.
        title: in the issue, or in the catalogue.
        severity: how severe it is if it is broken.
        source: the document and heading, or the help text, that makes it.
        is_proposed: whether the severity is a proposal, about which the product owner has not decided.
    """

    number: int
    section: str
    title: str
    severity: Severity
    source: str
    is_proposed: bool = False

    @property
    def group(self) -> Group:
        """The group that it belongs to."""
        return Group.SINCE if self.section == SINCE else Group.THIRTY


@dataclass(frozen=True)
class FeatureScenario:
    """One scenario, or one outline with all its examples.

    Attributes:
        id: its permanent tag.
        name: as the feature file has it.
        file: the feature file.
        line: where it stands.
        tags: its own and its feature's.
        steps: how many steps it has.
        runs: the ids under which it runs: its own, or those of an outline's examples.
    """

    id: str
    name: str
    file: Path
    line: int
    tags: tuple[str, ...]
    steps: int
    runs: tuple[str, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the promises that it serves."""
        return tuple(int(match[1]) for tag in self.tags if (match := UAT_TAG.match(tag)))


@cache
def catalogue() -> tuple[Promise, ...]:
    """All promises, in order."""
    return read_catalogue(project.CATALOGUE)


def read_catalogue(file: Path) -> tuple[Promise, ...]:
    """The promises that a file lists, in order.

    Raises:
        UnusableInput: a promise has no title, no severity that is one, or no source if the issue does not
            have it; or its number is not above the one before (exit code 2).
    """
    found = tuple(
        _promise(number, section, entry)
        for section, promises in read_yaml(file, schemas.CATALOGUE).items()
        for number, entry in promises.items()
    )
    for before, after in pairwise(found):
        if after.number <= before.number:
            raise unusable(file, f"promise {after.number} comes after promise {before.number}")
    return found


def in_group(group: Group) -> tuple[Promise, ...]:
    """The promises of a group, in order."""
    return tuple(promise for promise in catalogue() if promise.group is group)


def groups() -> dict[int, Group]:
    """The group of each promise, by number."""
    return {promise.number: promise.group for promise in catalogue()}


def _promise(number: int, section: str, entry: Mapping[str, str]) -> Promise:
    return Promise(
        number,
        section,
        entry["title"],
        Severity(entry.get("severity") or entry[_PROPOSED]),
        entry.get("source", f"issue 630, {section!r}"),
        is_proposed=_PROPOSED in entry,
    )


def parse(folder: Path) -> list[Any]:
    """The model that behave has of every feature in a folder and below it, by file name.

    Raises:
        FeatureMistake: a file cannot be read as a feature.
    """
    return read_features(files_below(folder))


@dataclass(frozen=True)
class FeatureRun:
    """One scenario, or one example of an outline, as it runs.

    Attributes:
        id: what identifies it in every run.
        name: under which it runs.
        numbers: of the promises that it serves.
        location: "file:line".
        feature: the name of its feature.
        text: the fingerprint of its steps.
    """

    id: str
    name: str
    numbers: tuple[int, ...]
    location: str
    feature: str
    text: str = ""


def runs_in(features: Sequence[Any]) -> list[FeatureRun]:
    """Every scenario of the features as it runs, each example of an outline for itself."""
    return [
        FeatureRun(id_of(row), row.name, numbers_of(row), location_of(row), feature.name, text_of(row))
        for feature in features
        for row in feature.walk_scenarios()
    ]


def numbers_of(scenario: Any) -> tuple[int, ...]:
    """The numbers of the promises that a scenario of behave's serves."""
    return tuple(sorted(int(match[1]) for tag in scenario.effective_tags if (match := UAT_TAG.match(tag))))


def text_of(scenario: Any) -> str:
    """The fingerprint of the steps of a scenario of behave's, with their tables and texts."""
    steps = [
        (step.step_type, step.name, step.text, [row.cells for row in step.table] if step.table else [])
        for step in scenario.all_steps
    ]
    return hashlib.sha256(repr(steps).encode()).hexdigest()[:_FINGERPRINT]


def location_of(scenario: Any) -> str:
    """Where a scenario of behave's stands, "file:line", from the project's own folder on."""
    return f"{in_project(scenario.filename)}:{scenario.line}"


def scenarios_in(features: Sequence[Any]) -> list[FeatureScenario]:
    """Every scenario of the features, an outline counting once."""
    return [
        FeatureScenario(
            id=id_of(scenario),
            name=scenario.name,
            file=Path(scenario.filename),
            line=scenario.line,
            tags=tuple(map(str, [*feature.tags, *scenario.tags])),
            steps=len(scenario.steps),
            runs=tuple(
                id_of(row)
                for row in (scenario.scenarios if scenario.type == "scenario_outline" else [scenario])
            ),
        )
        for feature in features
        for scenario in feature.scenarios
    ]
