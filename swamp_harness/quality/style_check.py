"""Checks the feature files before a run: their style, and that every step in them has a definition.

The rules are those of docs/editing.md. An undefined, ambiguous or unused step
is an error as well: a suite has one vocabulary, and all of it is in use.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from swamp_harness.results.findings import Finding, finding_at, finding_in
from swamp_harness.results.ids import UAT_TAG
from swamp_harness.results.policy import Group, group_of
from swamp_harness.results.result import title_of
from swamp_harness.runner.steps import Uses, definitions, described, mistakes_in, shown
from swamp_harness.specification.feature_files import files_below, without_rows
from swamp_harness.specification.feature_layout import laid_out
from swamp_harness.specification.features import catalogue, groups, location_of, numbers_of
from swamp_harness.system.plain_text import clean

# A wait is a step of its own, so the longest scenarios have a few more than a reader would like.
_FEWEST_STEPS, _MOST_STEPS = 3, 13
_MEND = "make check FIX=1"
# What a step must not show. Durations of the product are fine, pauses are not.
_MACHINERY = {
    "a command line flag": re.compile(r"(?<!\w)--\w+"),
    "a path": re.compile(r"(?<![\w/])\.?/\w+/"),
    "a URL": re.compile(r"\b(wss?|https?)://"),
    "a pause": re.compile(r"\bwaits? (for )?\d+"),
    "a regular expression": re.compile(r"\\[dws]|\.\*|\[\^"),
    "JSON": re.compile(r'[{}]|": '),
}
_CONDITION = re.compile(r"^(if|when|unless|either)\b|\bif\b", re.IGNORECASE)


def style_errors(folder: Path, features: Sequence[Any]) -> list[Finding]:
    """What is wrong with the style of the feature files.

    Args:
        folder: of the files.
        features: behave's models of all of them.
    """
    with_feature = {Path(feature.filename).resolve() for feature in features}
    errors = [
        finding_in(file, 1, "the file holds no feature: write one, or delete the file")
        for file in files_below(folder)
        if file.resolve() not in with_feature
    ]
    for feature in features:
        errors += _feature_errors(feature)
        errors += [finding_at(item, complaint) for _, item, complaint in without_rows(feature)]
        for scenario in feature.scenarios:
            errors += _scenario_errors(scenario)
    return [*errors, *_repeated_names(features)]


def layout_errors(files: Iterable[Path]) -> list[Finding]:
    """The places where the layout of feature files is wrong."""
    return [finding for file in files for finding in _layout_errors(file)]


def lay_out(files: Iterable[Path]) -> list[Path]:
    """Correct the layout of feature files; returns those that have changed."""
    changed = []
    for file in files:
        text = file.read_text("utf-8")
        if text != (new := laid_out(text)):
            file.write_text(new, "utf-8", newline="\n")
            changed.append(file)
    return changed


def _layout_errors(file: Path) -> Iterable[Finding]:
    text = file.read_text("utf-8")
    new = laid_out(text)
    if text == new:
        return
    before, after = text.split("\n"), new.split("\n")
    for kind, first, last, *_ in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            end = f" up to line {last}" if last > first + 1 else ""
            yield finding_in(file, first + 1, f"the layout differs{end}: run `{_MEND}`")


def _repeated_names(features: Sequence[Any]) -> Iterable[Finding]:
    first: dict[str, Any] = {}
    for scenario in _written(features):
        titles = sorted({scenario.name, *(title_of(row.name) for row in _rows(scenario))})
        earlier = next((first[title] for title in titles if title in first), None)
        if earlier is not None:
            yield finding_at(scenario, f"a scenario of this name exists already at {location_of(earlier)}")
        first = {**dict.fromkeys(titles, scenario), **first}


def _written(features: Sequence[Any]) -> list[Any]:
    """Every scenario as somebody has written it, under a rule or not, an outline once."""
    found = [each for feature in features for each in feature.walk_scenarios(with_outlines=True)]
    rows = {id(row) for each in found for row in _rows(each)}
    return [each for each in found if id(each) not in rows]


def _rows(scenario: Any) -> Sequence[Any]:
    return scenario.scenarios if scenario.type == "scenario_outline" else ()


def step_errors(uses: Uses) -> list[Finding]:
    """Steps without a definition or with several, and definitions without a use or a description."""
    used = {id(definition) for use in uses.all for definition in use.definitions}
    return [
        *mistakes_in((use.step, use.definitions) for use in uses.all),
        *(
            _at_definition(each, f"no feature uses the step `{shown(each.pattern)}`: delete it")
            for each in definitions()
            if id(each) not in used
        ),
        *(
            _at_definition(
                each, f"the step `{shown(each.pattern)}` has no description: add a docstring of one line"
            )
            for each in definitions()
            if not described(each)
        ),
    ]


def _at_definition(definition: Any, message: str) -> Finding:
    return finding_in(definition.location.filename, definition.location.line, message)


def _feature_errors(feature: Any) -> Iterable[Finding]:
    of_issue = Group.THIRTY in {group_of(numbers_of(each), groups()) for each in _written([feature])}
    if of_issue and "issue-630" not in feature.tags:
        yield finding_at(feature, "the feature does not carry its issue, @issue-630")
    if not of_issue and "issue-630" in feature.tags:
        yield finding_at(feature, "no scenario serves a promise of issue 630: remove @issue-630")
    if not feature.description:
        yield finding_at(feature, "the feature does not say in prose what it promises")
    if getattr(feature, "rules", None):
        yield finding_at(feature, "`Rule:` is not reported by Allure, do without it")


def _scenario_errors(scenario: Any) -> Iterable[Finding]:
    yield from (finding_at(scenario, complaint) for complaint in _complaints_about(scenario))
    for step in scenario.steps:
        yield from (finding_at(step, complaint) for complaint in _complaints_about_step(step))


def _complaints_about(scenario: Any) -> Iterable[str]:
    if clean(scenario.name) != scenario.name:
        yield f"the name contains characters that some formats cannot hold: {clean(scenario.name)!r}"
    numbers = [match[1] for tag in scenario.tags if (match := UAT_TAG.match(tag))]
    if not numbers:
        yield "the scenario does not carry the number of its promise, such as @uat-07"
    known = {f"{promise.number:02}" for promise in catalogue()}
    yield from (
        f"@uat-{number} is not a promise in release/catalogue.yaml"
        for number in numbers
        if number not in known
    )
    if not _FEWEST_STEPS <= len(scenario.steps) <= _MOST_STEPS:
        allowed = f"{_FEWEST_STEPS} to {_MOST_STEPS}"
        yield f"a scenario has {allowed} steps, this one has {len(scenario.steps)}"
    kinds = [step.step_type for step in scenario.steps]
    if kinds != sorted(kinds, key=["given", "when", "then"].index):
        yield "the steps do not go from Given over When to Then"
    yield from (f"the scenario has no {kind.title()}" for kind in ("when", "then") if kind not in kinds)


def _complaints_about_step(step: Any) -> Iterable[str]:
    for what, pattern in _MACHINERY.items():
        if pattern.search(step.name):
            yield f"`{step.name}` shows {what}; write what the operator does or sees"
    if _CONDITION.search(step.name):
        yield f"`{step.name}` contains a condition; write two scenarios"
