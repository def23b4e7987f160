"""Refuses filters of a run that no scenario matches, before anything starts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from behave.tag_expression.model import Expression, Literal, Matcher

from swamp_harness.results.ids import TAGS
from swamp_harness.runner.selection import SHARD, scenarios_of
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import cut
from swamp_harness.system.root import in_project

_LONGEST_PLACES = 200


def refuse_unknown_tags(models: Sequence[Any], config: Any) -> None:
    """Refuse a tag expression with a tag that nothing has: with `or` and `not` it would change nothing.

    Args:
        models: behave's, of the features that are read; those of the project are known as well.
        config: behave's.

    Raises:
        UnusableInput: there is such a tag (exit code 2).
    """
    asked = list(dict.fromkeys(_tags_in(config.tag_expression)))
    if not asked:
        return
    known = {*TAGS, *(f"uat-{promise.number:02}" for promise in features.catalogue())}
    for model in (*features.parse(project.FEATURES), *models):
        for scenario in model.walk_scenarios(with_outlines=True):
            known.update(map(str, scenario.effective_tags))
    for tag in asked:
        if not any(fnmatchcase(each, tag) for each in known):
            raise UnusableInput(
                f"no scenario has the tag @{tag}{_did_you_mean(tag, known)}", ExitCode.BAD_COMMAND_LINE
            )


def refuse_lines_after_the_end(places: Sequence[Any]) -> None:
    """Refuse places in features, behave's, whose line is after the end of the file.

    Raises:
        UnusableInput: there is one (exit code 2).
    """
    for place in places:
        lines = len(Path(place.filename).read_bytes().splitlines()) if place.line else 0
        if place.line and place.line > lines:
            raise UnusableInput(
                f"{in_project(place.filename)} has no line {place.line}: it has {lines} lines.",
                ExitCode.BAD_COMMAND_LINE,
            )


def nothing_chosen(models: Sequence[Any], config: Any) -> UnusableInput:
    """The error of a run that chooses no scenario of behave's features; it names the filter."""
    there = [each for each in scenarios_of(models) if not each.should_skip]
    tagged = [each for each in there if each.should_run_with_tags(config.tag_expression)]
    named = [each for each in there if _has_name(each, config)]
    both = [each for each in tagged if _has_name(each, config)]
    where = cut(", ".join(map(in_project, map(str, config.paths))), _LONGEST_PLACES)
    if not there:
        why = f"there is no scenario in {where}"
    elif not tagged:
        why = f"no scenario in {where} matches the tags {' and '.join(config.tags)!r}"
    elif not named:
        why = f"no title of a scenario in {where} matches the name {' or '.join(map(repr, config.name))}"
    elif not both:
        why = f"no scenario in {where} matches both the tags and the name"
    else:
        why = f"the shard {config.userdata[SHARD]} is empty, as the selected scenarios are only {len(both)}"
    return UnusableInput(f"NOTHING RAN: {why}.", ExitCode.BAD_COMMAND_LINE)


def _has_name(scenario: Any, config: Any) -> bool:
    return not config.name or bool(scenario.should_run_with_name_select(config))


def _tags_in(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Literal):
        yield expression.name
    elif isinstance(expression, Matcher):
        yield expression.pattern
    else:
        for term in getattr(expression, "terms", None) or [getattr(expression, "term", None)]:
            if term is not None:
                yield from _tags_in(term)


def _did_you_mean(tag: str, known: Collection[str]) -> str:
    near = get_close_matches(tag, sorted(known))
    return f": did you mean {' or '.join(f'@{each}' for each in near)}?" if near else "."
