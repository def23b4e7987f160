"""The ids of scenarios: permanent tags such as `@token-shown-once`, the keys of everything that is recorded.

A tag of a scenario is one of `TAGS`, or the number of a promise such as `@uat-07`. The one tag that is
neither is the scenario's id. A row of an outline has the outline's id and its own values:
`token-shown-once[text]`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from swamp_harness.machinery.faults import ExitCode, UnusableInput

UAT_TAG = re.compile(r"^uat-(\d\d)$")
# What each tag means. Any other tag is an id.
TAGS = {
    "issue-630": "the issue that makes the promises; the report links to it",
    "slow": "waits out a timer of the product of more than 30 s",
    "network": "cuts a network path",
    "tls": "speaks TLS, with certificates that are made for it",
    "posix": "runs a POSIX shell in its steps, so it does not run on Windows",
    "platform-linux": "needs a machine with Linux",
    "platform-darwin": "needs a machine with macOS",
    "platform-windows": "needs a machine with Windows",
    "terminal": "needs a terminal, so it does not run on Windows",
    "other-binary": "needs a binary of another protocol version (SWAMP_OTHER_BIN)",
}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")


class IdMistake(UnusableInput):
    """Ids of scenarios are missing, repeated or unknown; nothing was started.

    Args:
        mistakes: each a sentence that says where and how to fix it.
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        head = "The ids of scenarios have a mistake, and nothing was started:"
        super().__init__("\n".join((head, *(f"  {each}" for each in mistakes))), ExitCode.FEATURE_MISTAKE)
        self.mistakes = tuple(mistakes)


def ids_in(tags: Iterable[Any]) -> list[str]:
    """The tags that are ids: those with no other meaning."""
    return [str(tag) for tag in tags if tag not in TAGS and not UAT_TAG.match(tag)]


def id_of(scenario: Any) -> str:
    """The id of a scenario of behave's, of an outline, or of a row of one; "" if it has no id."""
    own = next(iter(ids_in(scenario.tags)), "")
    # behave keeps the values of a row in this attribute, and nowhere else.
    row = getattr(scenario, "_row", None)
    return f"{own}[{', '.join(row.cells)}]" if own and row is not None else own


def is_of(run: str, scenario: str) -> bool:
    """Whether the id of a run is that of a scenario, or of a row of the outline with that id."""
    return run == scenario or run.startswith(f"{scenario}[")


def mistakes_in(features: Sequence[Any]) -> list[str]:
    """Scenarios of behave's without an id, with several, or with the id of another one, as sentences."""
    first: dict[str, str] = {}
    told = []
    for feature in features:
        told += [f"{_place(feature)}: move @{each} to a scenario" for each in ids_in(feature.tags)]
        written = feature.walk_scenarios(with_outlines=True)
        rows = {id(row) for each in written if each.type == "scenario_outline" for row in each.scenarios}
        for scenario in written:
            if id(scenario) not in rows:
                told += _mistakes_of(scenario, first)
    return told


def _mistakes_of(scenario: Any, first: dict[str, str]) -> list[str]:
    place, found = _place(scenario), ids_in(scenario.tags)
    told = [
        f"{place}: @{each} is a tag of Examples that has no meaning: list it in ids.TAGS, or remove it"
        for examples in getattr(scenario, "examples", ())
        for each in ids_in(examples.tags)
    ]
    if not found:
        return [*told, f"{place}: the scenario has no id: add a last tag such as @token-shown-once"]
    if found[1:]:
        names = " and ".join(f"@{each}" for each in found)
        return [*told, f"{place}: the scenario has more than one id, {names}: keep the one it had first"]
    if not _ID.fullmatch(found[0]):
        return [*told, f"{place}: @{found[0]} is no id: write two or more words in lower case, joined by -"]
    runs = scenario.scenarios if scenario.type == "scenario_outline" else []
    for item, key in [(scenario, found[0]), *((row, id_of(row)) for row in runs)]:
        if key in first:
            told.append(f"{_place(item)}: the id {key} is taken at {first[key]}: choose another")
        first.setdefault(key, _place(item))
    return told


def unknown(named: Iterable[tuple[str, str]], known: Collection[str]) -> list[str]:
    """What names a scenario that does not exist, as sentences.

    Args:
        named: who names a scenario, and the id of the scenario or of a row.
        known: the ids of all scenarios as they run.
    """
    return [
        f"{who} names the scenario {each!r}, which does not exist: correct the id, or remove the entry"
        for who, each in named
        if not any(is_of(run, each) for run in known)
    ]


def _place(item: Any) -> str:
    return f"{item.filename}:{item.line}"
