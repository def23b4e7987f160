"""Checks the feature files before anybody runs them: their style, and that every word in them is understood.

The rules are those of the README's "How to read and edit a feature". An undefined, ambiguous or unused step
is an error as well: a suite has one vocabulary, and all of it is in use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from behave.runner import Runner, the_step_registry
from behave.step_registry import AmbiguousStep

from swamp_harness.machinery.plain_text import clean
from swamp_harness.report.feature_files import files_below, unreadable, without_rows
from swamp_harness.report.features import catalogue, parse
from swamp_harness.results.ids import UAT_TAG
from swamp_harness.results.result import title_of
from swamp_harness.tools.start import configuration
from swamp_harness.tools.steps import matching, place_of, step_mistakes

_FEWEST_STEPS, _MOST_STEPS = 3, 12
# What an operator's promise is not made of. Seconds count in the words of the product, not as pauses.
_MACHINERY = {
    "a command line flag": re.compile(r"(?<!\w)--\w+"),
    "a path": re.compile(r"(?<![\w/])\.?/\w+/"),
    "a URL": re.compile(r"\b(wss?|https?)://"),
    "a pause": re.compile(r"\bwaits? (for )?\d+"),
    "a regular expression": re.compile(r"\\[dws]|\.\*|\[\^"),
    "JSON": re.compile(r'[{}]|": '),
}
_CONDITION = re.compile(r"^(if|when|unless|either)\b|\bif\b", re.IGNORECASE)


def style_errors(folder: Path) -> list[str]:
    """What is wrong with the style of the feature files, as sentences with file and line."""
    files = files_below(folder)
    unread = [complaint for file in files if (complaint := unreadable(file))]
    if unread:
        return unread
    features = parse(folder)
    errors: list[str] = []
    with_feature = {Path(feature.filename).resolve() for feature in features}
    errors += [
        f"{file.relative_to(folder)}:1: the file holds no feature: write one, or delete the file"
        for file in files
        if file.resolve() not in with_feature
    ]
    for feature in features:
        errors += _feature_errors(feature)
        errors += [f"{_place(item)}: {complaint}" for _, item, complaint in without_rows(feature)]
        for scenario in feature.scenarios:
            errors += _scenario_errors(scenario)
    return [*errors, *_repeated_names(features)]


def _repeated_names(features: Sequence[Any]) -> Iterable[str]:
    first: dict[str, Any] = {}
    for scenario in _written(features):
        titles = sorted({scenario.name, *(title_of(row.name) for row in _rows(scenario))})
        earlier = next((first[title] for title in titles if title in first), None)
        if earlier is not None:
            yield f"{_place(scenario)}: a scenario of this name stands already at {_place(earlier)}"
        first = {**dict.fromkeys(titles, scenario), **first}


def _written(features: Sequence[Any]) -> list[Any]:
    """Every scenario as somebody has written it, under a rule or not, an outline once."""
    found = [each for feature in features for each in feature.walk_scenarios(with_outlines=True)]
    rows = {id(row) for each in found for row in _rows(each)}
    return [each for each in found if id(each) not in rows]


def _rows(scenario: Any) -> Sequence[Any]:
    return scenario.scenarios if scenario.type == "scenario_outline" else ()


def step_errors(folder: Path) -> list[str]:
    """Steps that no definition or more than one understands, and definitions that no step uses."""
    try:
        _load_definitions(folder)
    except AmbiguousStep as error:
        return [f"two steps are defined alike: {error}"]
    errors: list[str] = []
    used: Counter[str] = Counter()
    scenarios = [scenario for feature in parse(folder) for scenario in _runs(feature)]
    errors += step_mistakes(scenarios, _place)
    for scenario in scenarios:
        for step in scenario.all_steps:
            used.update(place_of(definition) for definition in matching(step))
    errors += [
        f"{place_of(definition)}: no feature uses the step `{definition.pattern}`"
        for definitions in the_step_registry.steps.values()
        for definition in definitions
        if not used[place_of(definition)]
    ]
    return sorted(set(errors))


def _feature_errors(feature: Any) -> Iterable[str]:
    if "issue-630" not in feature.tags:
        yield f"{_place(feature)}: the feature does not carry its issue, @issue-630"
    if not feature.description:
        yield f"{_place(feature)}: the feature does not say in prose what it promises"
    if getattr(feature, "rules", None):
        yield f"{_place(feature)}: `Rule:` is not reported by Allure, do without it"


def _scenario_errors(scenario: Any) -> Iterable[str]:
    place = _place(scenario)
    if clean(scenario.name) != scenario.name:
        yield f"{place}: the name holds what not every format can: {clean(scenario.name)!r}"
    numbers = [match[1] for tag in scenario.tags if (match := UAT_TAG.match(tag))]
    if not numbers:
        yield f"{place}: the scenario does not carry its number in issue 630, such as @uat-07"
    known = {f"{promise.number:02}" for promise in catalogue()}
    yield from (
        f"{place}: @uat-{number} is no number of issue 630" for number in numbers if number not in known
    )
    if not _FEWEST_STEPS <= len(scenario.steps) <= _MOST_STEPS:
        allowed = f"{_FEWEST_STEPS} to {_MOST_STEPS}"
        yield f"{place}: a scenario has {allowed} steps, this one has {len(scenario.steps)}"
    kinds = [step.step_type for step in scenario.steps]
    if kinds != sorted(kinds, key=["given", "when", "then"].index):
        yield f"{place}: the steps do not go from Given over When to Then"
    yield from (
        f"{place}: the scenario has no {kind.title()}" for kind in ("when", "then") if kind not in kinds
    )
    for step in scenario.steps:
        yield from _step_style_errors(step)


def _step_style_errors(step: Any) -> Iterable[str]:
    for what, pattern in _MACHINERY.items():
        if pattern.search(step.name):
            yield f"{_place(step)}: `{step.name}` shows {what}; say what the operator does or sees"
    if _CONDITION.search(step.name):
        yield f"{_place(step)}: `{step.name}` holds a condition; write two scenarios"


def _load_definitions(folder: Path) -> None:
    if any(the_step_registry.steps.values()):
        return  # loaded before in this process; to load them twice would make every step ambiguous
    runner = Runner(configuration([str(folder), "--dry-run"]))
    with runner.path_manager:
        runner.setup_paths()
        runner.load_hooks()
        runner.load_step_definitions()


def _runs(feature: Any) -> Sequence[Any]:
    return list(feature.walk_scenarios(with_outlines=False))


def _place(item: Any) -> str:
    return f"{Path(item.filename).name}:{item.line}"
