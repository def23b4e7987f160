"""Reads the step definitions and their uses; finds steps that no definition matches, or several."""

from __future__ import annotations

import difflib
import re
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from behave.runner import Runner, the_step_registry
from behave.step_registry import AmbiguousStep

from swamp_harness.results.findings import Finding, finding_at, finding_in
from swamp_harness.runner.start import configuration
from swamp_harness.scenario.kinds import Details
from swamp_harness.scenario.vocabulary import KINDS

_NEAREST = 3
_NEAR_ENOUGH = 0.7
# A value in a step, or a parameter in a pattern: not counted when steps are compared.
_VALUE = re.compile(r'"[^"]*"|\{[^}]*\}|\b\d+(\.\d+)?\b')
# The folder whose definitions of steps are loaded.
_loaded: list[Path] = []
_KIND = re.compile(r"\{(\w+):(\w*)\}")


def load_definitions(folder: Path) -> None:
    """Load the definitions of steps that belong to a folder of features, unless some are loaded already.

    Args:
        folder: of the features.

    Raises:
        AmbiguousStep: two definitions match the same step.
    """
    if any(the_step_registry.steps.values()):
        return  # loaded before in this process; to load them twice would make every step ambiguous
    runner = Runner(configuration([str(folder), "--dry-run"]))
    with runner.path_manager:
        runner.setup_paths()
        runner.load_hooks()
        runner.load_step_definitions()
    _loaded.append(folder)


def are_loaded(folder: Path) -> bool:
    """Whether this process, or the one that it is a fork of, has loaded the definitions of a folder."""
    return folder in _loaded


def forget_definitions() -> None:
    """Forget the definitions of another folder."""
    the_step_registry.clear()
    _loaded.clear()


def defined_twice(error: AmbiguousStep) -> Finding:
    """The place of the second of two definitions that match the same step."""
    frames = [
        each
        for each in traceback.extract_tb(error.__traceback__)
        if Path(each.filename).parent.name == "steps"
    ]
    file, line = (frames[-1].filename, frames[-1].lineno or 1) if frames else ("features/steps", 1)
    return finding_in(file, line, f"two steps have the same definition: {' '.join(str(error).split())}")


def definitions() -> list[Any]:
    """Every definition that is loaded, those of Given first."""
    return [each for kind in ("given", "when", "then", "step") for each in the_step_registry.steps[kind]]


def described(definition: Any) -> str:
    """What a step does or checks: the docstring of its function, if that is of one line; else ""."""
    text = (definition.func.__doc__ or "").strip()
    return "" if "\n" in text else text


@dataclass(frozen=True)
class Use:
    """A step of a scenario, or of an example of an outline, as it runs.

    Attributes:
        step: behave's.
        scenario: of behave's, to which it belongs.
        definitions: those that match it; exactly one, unless the step is a mistake.
    """

    step: Any
    scenario: Any
    definitions: tuple[Any, ...]


class Uses:
    """Every use of a step in some features.

    Args:
        models: behave's.
    """

    def __init__(self, models: Sequence[Any]) -> None:
        self._models = models
        self._known: dict[tuple[str, str], tuple[Any, ...]] = {}

    @cached_property
    def all(self) -> list[Use]:
        """The uses, in order."""
        scenarios = [row for model in self._models for row in model.walk_scenarios(with_outlines=False)]
        return [Use(step, row, self._matching(step)) for row in scenarios for step in row.all_steps]

    def _matching(self, step: Any) -> tuple[Any, ...]:
        words = (step.step_type, step.name)
        if words not in self._known:
            self._known[words] = tuple(matching(step))
        return self._known[words]


def step_mistakes(scenarios: Iterable[Any]) -> list[Finding]:
    """What is wrong with the steps of scenarios, in order.

    Args:
        scenarios: behave's; the examples of an outline each for themselves.
    """
    return mistakes_in([(step, matching(step)) for each in scenarios for step in each.all_steps])


def mistakes_in(matched: Iterable[tuple[Any, Sequence[Any]]]) -> list[Finding]:
    """The mistakes in steps, each with the definitions that match it, in order."""
    found = {(step.filename, step.line, step.name): (step, own) for step, own in matched}
    return [
        finding_at(step, message)
        for _, (step, own) in sorted(found.items())
        for message in _complaints(step, own)
    ]


def matching(step: Any) -> list[Any]:
    """The definitions that match a step."""
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
    for kind, registered in the_step_registry.steps.items():
        for pattern in (pattern for each in registered for pattern in _written_out(each.pattern)):
            alike = difflib.SequenceMatcher(None, wanted, _VALUE.sub('""', pattern)).ratio()
            # With equal words, one of the same keyword comes first.
            rated.append((alike, kind == step.step_type, f"{kind.title()} {shown(pattern)}"))
    rated.sort(reverse=True)
    return [text for alike, _, text in rated[:_NEAREST] if alike >= _NEAR_ENOUGH]


def _written_out(pattern: str) -> list[str]:
    """A pattern with each detail that it allows in the place of its details, and as it is."""
    for name, kind in parameters_of(pattern).items():
        details = KINDS.get(kind)
        if isinstance(details, Details):
            return [pattern, *(pattern.replace(f"{{{name}:{kind}}}", phrase) for phrase in details.phrases)]
    return [pattern]


def shown(pattern: str) -> str:
    """A pattern for people: a parameter without its kind."""
    return _KIND.sub(r"{\1}", pattern)


def parameters_of(pattern: str) -> dict[str, str]:
    """The kind of each parameter of a pattern, by its name."""
    return dict(_KIND.findall(pattern))


def _complaints(step: Any, found: Sequence[Any]) -> Iterator[str]:
    words = f"`{step.keyword} {step.name}`"
    if not found:
        near = nearest(step)
        hint = f"; did you mean {' or '.join(f'`{each}`' for each in near)}?" if near else ""
        yield f"no step is defined for {words}{hint}"
    if len(found) > 1:
        yield f"{words} is ambiguous, see {' and '.join(sorted(set(map(place_of, found))))}"


def place_of(definition: Any) -> str:
    """Where a step is defined, and its pattern."""
    return f"{Path(definition.location.filename).name}:{definition.location.line} {definition.pattern}"
