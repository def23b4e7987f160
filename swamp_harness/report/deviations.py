"""`deviations.yaml`: where the product is known to break a promise, openly and with evidence.

A listed deviation does not soften its scenario: the scenario still asserts the promise and still fails. The
list only tells an expected failure, at the expected step and for the expected reason, from a new one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swamp_harness.report.ids import is_of
from swamp_harness.report.kept_lists import read_entries, unusable

_ANY_TEXT = "…"
_FIELDS = ("id", "scenario", "step", "promised", "where", "seen", "shows-as", "since", "link")


@dataclass(frozen=True)
class Deviation:
    """One known departure of the product.

    Attributes:
        id: its short name.
        scenario: the id of the scenario, of the outline or of its row, that fails because of it.
        step: the text of the step that fails, without its keyword.
        promised: what is promised.
        where: the document that promises it.
        seen: what the product does instead.
        shows_as: a pattern that the failure's message must match, to its end.
        since: the release since which it has been seen.
        link: where it can be followed.
    """

    id: str
    scenario: str
    step: str
    promised: str
    where: str
    seen: str
    shows_as: re.Pattern[str]
    since: str
    link: str

    def concerns(self, scenario: str) -> bool:
        """Whether a scenario, or the row of an outline, is the one that fails because of it."""
        return is_of(scenario, self.scenario)

    def explains(self, step: str, message: str) -> bool:
        """Whether a failure at a step with a message is this deviation and no other failure."""
        return step == self.step and self.shows_as.search(message) is not None


def load(file: Path) -> list[Deviation]:
    """Read the list of deviations.

    Raises:
        UnusableInput: the file cannot be read, or an entry is not complete (exit code 2).
    """
    entries = read_entries(file, _FIELDS)
    return [_deviation(file, index, entry) for index, entry in enumerate(entries, start=1)]


def of_scenario(deviations: Sequence[Deviation], scenario: str) -> Deviation | None:
    """The deviation that is listed for a scenario, if any."""
    return next((deviation for deviation in deviations if deviation.concerns(scenario)), None)


def _deviation(file: Path, index: int, entry: Mapping[str, Any]) -> Deviation:
    texts = {name.replace("-", "_"): str(value).strip() for name, value in entry.items()}
    del texts["shows_as"]
    try:
        pattern = pattern_of(entry["shows-as"])
    except ValueError as error:
        raise unusable(file, f"entry {index} {error}") from error
    return Deviation(shows_as=pattern, **texts)


def _pattern_of_line(line: str) -> str:
    first, *others = map(re.escape, line.split(_ANY_TEXT))
    if not others:
        return first
    # What stands between two "any text" is taken where it comes first and never looked for again; the last is
    # looked for from the end of the line. Else the time would grow with a power of the line's length.
    *between, last = others
    return "".join([first, *(f"(?>.*?{each})" for each in between), ".*", last])


def pattern_of(told: Any) -> re.Pattern[str]:
    """The pattern of a failure: one that is given, or that of all lines of what is seen, where … is any text.

    Raises:
        ValueError: it is none, or another failure could hide behind what it matches.
    """
    if isinstance(told, list):
        return re.compile(r"seen: +" + r"\n +".join(map(_pattern_of_line, map(str, told))) + "$")
    try:
        pattern = re.compile(str(told).strip())
    except re.error as error:
        raise ValueError(f"has a pattern that is none: {error}") from error
    if not pattern.pattern.endswith("$"):
        raise ValueError("has a pattern that is open at its end, so that more could be wrong: end it with $")
    return pattern
