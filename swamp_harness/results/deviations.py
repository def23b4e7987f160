"""`deviations.yaml`: where swamp is known to break a promise, each with what was seen instead.

The list softens no scenario. It says which of the failures are known: the step that fails, and the value that
it sees. Whatever else such a scenario shows is a new failure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swamp_harness.machinery.yaml_files import read_yaml
from swamp_harness.results import schemas
from swamp_harness.results.ids import is_of

_ANY_TEXT = "…"
_AS_PROMISED = "as promised"
_RANGE = {"from", "below"}


@dataclass(frozen=True)
class Deviation:
    """One known departure of the product.

    Attributes:
        id: its short name.
        scenario: the id of the scenario, of the outline or of its row, that fails because of it.
        step: the text of the step that fails, without its keyword.
        promised: what is promised, in a sentence.
        where: the document that promises it.
        seen: what the product does instead, in a sentence.
        actual: the value that the step sees, as `matches` reads it.
        since: the release since which it has been seen.
        link: where it can be followed.
    """

    id: str
    scenario: str
    step: str
    promised: str
    where: str
    seen: str
    actual: Any
    since: str
    link: str

    def concerns(self, scenario: str) -> bool:
        """Whether a scenario, or the row of an outline, is the one that fails because of it."""
        return is_of(scenario, self.scenario)

    def explains(self, step: str, promised: Any, seen: Any) -> bool:
        """Whether a failure is this deviation and no other.

        Args:
            step: that failed, without its keyword.
            promised: the plain value that would have kept the promise.
            seen: the plain value that the product showed.
        """
        return step == self.step and matches(self.actual, promised, seen)


def load(file: Path) -> list[Deviation]:
    """Read the list of deviations.

    Raises:
        UnusableInput: the file cannot be read, or an entry is not complete (exit code 2).
    """
    return [Deviation(**_stripped(entry)) for entry in read_yaml(file, schemas.DEVIATIONS)]


def of_scenario(deviations: Sequence[Deviation], scenario: str) -> Deviation | None:
    """The deviation that is listed for a scenario, if any."""
    return next((deviation for deviation in deviations if deviation.concerns(scenario)), None)


def matches(listed: Any, promised: Any, seen: Any) -> bool:
    """Whether a seen value is a listed one; all of it, and nothing beyond.

    Args:
        listed: the value as the list has it. In a text … stands for any text; {from: 60, below: 80} is a
            number in that range; "as promised" is whatever was promised in its place.
        promised: the plain value that would have kept the promise.
        seen: the plain value that the product showed.
    """
    if listed == _AS_PROMISED:
        return bool(seen == promised)
    if isinstance(listed, dict):
        return _is_in_range(listed, seen) if set(listed) == _RANGE else _matches_dict(listed, promised, seen)
    if isinstance(listed, list):
        return _matches_list(listed, promised, seen)
    if isinstance(listed, str):
        return isinstance(seen, str) and re.fullmatch(_pattern_of(listed), seen, re.DOTALL) is not None
    return type(listed) is type(seen) and bool(listed == seen)


def _is_in_range(listed: Mapping[str, Any], seen: Any) -> bool:
    number = isinstance(seen, int | float) and not isinstance(seen, bool)
    return number and bool(listed["from"] <= seen < listed["below"])


def _matches_dict(listed: Mapping[str, Any], promised: Any, seen: Any) -> bool:
    within = promised if isinstance(promised, dict) else {}
    return (
        isinstance(seen, dict)
        and set(seen) == set(listed)
        and all(matches(listed[name], within.get(name), seen[name]) for name in listed)
    )


def _matches_list(listed: Sequence[Any], promised: Any, seen: Any) -> bool:
    if not isinstance(seen, list) or len(seen) != len(listed):
        return False
    aligned = isinstance(promised, list) and len(promised) == len(listed)
    return all(map(matches, listed, promised if aligned else [None] * len(listed), seen))


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
        name: value.strip() if isinstance(value, str) and name != "actual" else value
        for name, value in entry.items()
    }
