"""`release/deviations.yaml`: where swamp is known to break a promise, each with what it does instead.

The list softens no scenario. It says which failures are known: the step that fails, and the value that it
gets. Any other failure of such a scenario is a new failure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swamp_harness.results import schemas
from swamp_harness.results.ids import is_of
from swamp_harness.system.yaml_files import read_yaml

_ANY_TEXT = "…"
_ALWAYS = "always"
_AS_EXPECTED = "as expected"
_RANGE = {"from", "below"}


@dataclass(frozen=True)
class Deviation:
    """One known way in which the product breaks a promise.

    Attributes:
        id: its short name.
        scenario: the id of the scenario, of the outline or of its example, that fails because of it.
        step: the text of the step that fails, without its keyword.
        expected: what the product should do, in a sentence.
        where: the document that promises it.
        actual: what it does instead, in a sentence.
        actual_value: the value that the step gets, as `matches` reads it.
        since: the first release that is known to have it.
        link: where it can be followed.
        elsewhere: how other steps show the same, as exploration meets it: the value that each gets, by step.
        shows_always: whether every run shows it; else it depends on chance, such as on which of two moments
            comes first.
    """

    id: str
    scenario: str
    step: str
    expected: str
    where: str
    actual: str
    actual_value: Any
    since: str
    link: str
    elsewhere: Mapping[str, Any] = field(default_factory=dict)
    shows_always: bool = True

    def concerns(self, scenario: str) -> bool:
        """Whether a scenario, or the example of an outline, is the one that fails because of it."""
        return is_of(scenario, self.scenario)

    def explains(self, step: str, expected: Any, actual: Any) -> bool:
        """Whether a failure is this deviation and no other.

        Args:
            step: that failed, without its keyword.
            expected: the plain value that would have kept the promise.
            actual: the plain value that the product showed.
        """
        return step == self.step and matches(self.actual_value, expected, actual)


def load(file: Path) -> list[Deviation]:
    """Read the list of deviations.

    Raises:
        UnusableInput: the file cannot be read, or an entry is not complete (exit code 2).
    """
    return [_of(dict(entry)) for entry in read_yaml(file, schemas.DEVIATIONS)]


def _of(entry: dict[str, Any]) -> Deviation:
    elsewhere = {each["step"].strip(): each["actual_value"] for each in entry.pop("elsewhere", ())}
    shows_always = entry.pop("shows", _ALWAYS) == _ALWAYS
    return Deviation(**_stripped(entry), shows_always=shows_always, elsewhere=elsewhere)


def of_scenario(deviations: Sequence[Deviation], scenario: str) -> Deviation | None:
    """The deviation that is listed for a scenario, if any."""
    return next((deviation for deviation in deviations if deviation.concerns(scenario)), None)


def matches(listed: Any, expected: Any, actual: Any) -> bool:
    """Whether an actual value is exactly a listed one.

    Args:
        listed: the value as the list has it. In a text … stands for any text; {from: 60, below: 80} is a
            number in that range; "as expected" is the expected value in its place.
        expected: the plain value that would have kept the promise.
        actual: the plain value that the product showed.
    """
    if listed == _AS_EXPECTED:
        return bool(actual == expected)
    if isinstance(listed, dict):
        return (
            _is_in_range(listed, actual) if set(listed) == _RANGE else _matches_dict(listed, expected, actual)
        )
    if isinstance(listed, list):
        return _matches_list(listed, expected, actual)
    if isinstance(listed, str):
        return isinstance(actual, str) and re.fullmatch(_pattern_of(listed), actual, re.DOTALL) is not None
    return type(listed) is type(actual) and bool(listed == actual)


def _is_in_range(listed: Mapping[str, Any], actual: Any) -> bool:
    number = isinstance(actual, int | float) and not isinstance(actual, bool)
    return number and bool(listed["from"] <= actual < listed["below"])


def _matches_dict(listed: Mapping[str, Any], expected: Any, actual: Any) -> bool:
    within = expected if isinstance(expected, dict) else {}
    return (
        isinstance(actual, dict)
        and set(actual) == set(listed)
        and all(matches(listed[name], within.get(name), actual[name]) for name in listed)
    )


def _matches_list(listed: Sequence[Any], expected: Any, actual: Any) -> bool:
    if not isinstance(actual, list) or len(actual) != len(listed):
        return False
    aligned = isinstance(expected, list) and len(expected) == len(listed)
    return all(map(matches, listed, expected if aligned else [None] * len(listed), actual))


def _pattern_of(text: str) -> str:
    first, *others = map(re.escape, text.split(_ANY_TEXT))
    if not others:
        return first
    # What stands between two "any text" is taken where it comes first and never looked for again; the last is
    # looked for from the end. Else the time would grow with a power of the length.
    *between, last = others
    return "".join([first, *(f"(?>.*?{each})" for each in between), ".*", last])


def _stripped(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.strip() if isinstance(value, str) and name != "actual_value" else value
        for name, value in entry.items()
    }
