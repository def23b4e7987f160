"""Finds the steps that no definition understands, or more than one, and the existing ones that come near."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from behave.runner import the_step_registry

_NEAREST = 3
_NEAR_ENOUGH = 0.7
# A value in a step, and a parameter in a pattern: neither makes two steps alike or different.
_VALUE = re.compile(r'"[^"]*"|\{[^}]*\}|\b\d+(\.\d+)?\b')
_KIND = re.compile(r"\{(\w+):[^}]*\}")


def step_mistakes(scenarios: Iterable[Any], place: Callable[[Any], str]) -> list[str]:
    """What is wrong with the steps of scenarios: a sentence for each, in order.

    Args:
        scenarios: behave's; an outline's rows each for themselves.
        place: tells file and line of a step.
    """
    found = {(step.filename, step.line, step.name): step for each in scenarios for step in each.all_steps}
    return [complaint for _, step in sorted(found.items()) for complaint in _complaints(step, place(step))]


def matching(step: Any) -> list[Any]:
    """The definitions that understand a step."""
    registered = the_step_registry.steps
    return [
        definition
        for definition in [*registered[step.step_type], *registered["step"]]
        if definition.match(step.name) is not None
    ]


def nearest(step: Any) -> list[str]:
    """The existing steps nearest to one that does not exist, the nearest first, with their keyword."""
    wanted = _VALUE.sub('""', step.name)
    rated = []
    for kind, definitions in the_step_registry.steps.items():
        for definition in definitions:
            alike = difflib.SequenceMatcher(None, wanted, _VALUE.sub('""', definition.pattern)).ratio()
            # With equal words, one of the same keyword comes first.
            rated.append((alike, kind == step.step_type, f"{kind.title()} {_shown(definition.pattern)}"))
    rated.sort(reverse=True)
    return [shown for alike, _, shown in rated[:_NEAREST] if alike >= _NEAR_ENOUGH]


def _complaints(step: Any, place: str) -> Iterator[str]:
    words = f"`{step.keyword} {step.name}`"
    found = matching(step)
    if not found:
        near = nearest(step)
        hint = f"; did you mean {' or '.join(f'`{each}`' for each in near)}?" if near else ""
        yield f"{place}: no step is defined for {words}{hint}"
    if len(found) > 1:
        yield f"{place}: {words} is ambiguous, see {' and '.join(sorted(set(map(place_of, found))))}"


def place_of(definition: Any) -> str:
    """Where a step is defined, and its pattern."""
    return f"{Path(definition.location.filename).name}:{definition.location.line} {definition.pattern}"


def _shown(pattern: str) -> str:
    return _KIND.sub(r"{\1}", pattern)
