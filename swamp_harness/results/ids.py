"""The ids of scenarios: permanent tags such as `@token-shown-once`, the keys of everything that is recorded.

Each tag of a scenario is one of `TAGS`, or the number of a promise such as `@uat-07`, or the scenario's id.
An example of an outline has the outline's id and its own values: `token-shown-once[text]`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from swamp_harness.results.findings import Finding, finding_at, finding_in
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.root import in_project
from swamp_harness.system.yaml_files import line_of

UAT_TAG = re.compile(r"^uat-(\d\d)$")
# What each tag means. Any other tag is an id.
TAGS = {
    "issue-630": "the issue that makes most promises of the feature; the report links to it",
    "slow": "waits out a timer of the product of more than 30 s",
    "network": "cuts a network path",
    "tls": "speaks TLS, with certificates that are made for it",
    "posix": "runs a POSIX shell in its steps, so it does not run on Windows",
    "platform-linux": "needs a host with Linux",
    "platform-darwin": "needs a host with macOS",
    "platform-windows": "needs a host with Windows",
    "terminal": "needs a terminal, so it does not run on Windows",
    "other-binary": "needs a binary of another protocol version (SWAMP_OTHER_BIN)",
    "earlier-binary": "needs a binary of an earlier release with the same protocol (SWAMP_EARLIER_BIN)",
}
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_NEAR_ENOUGH = 0.75


class IdMistake(UnusableInput):
    """Ids of scenarios are missing, repeated or unknown; nothing was started.

    Args:
        mistakes: each with its place.
    """

    def __init__(self, mistakes: Sequence[Finding]) -> None:
        head = "Scenario ids have mistakes; nothing was started:"
        super().__init__("\n".join((head, *(f"  {each}" for each in mistakes))), ExitCode.FEATURE_MISTAKE)
        self.findings = tuple(mistakes)


def ids_in(tags: Iterable[Any]) -> list[str]:
    """The tags that are ids: those with no other meaning."""
    return [str(tag) for tag in tags if tag not in TAGS and not UAT_TAG.match(tag)]


def id_of(scenario: Any) -> str:
    """The id of a scenario of behave's, of an outline, or of an example of one; "" if it has no id."""
    own = next(iter(ids_in(scenario.tags)), "")
    # behave keeps the values of an example in this attribute, and nowhere else.
    row = getattr(scenario, "_row", None)
    return f"{own}[{', '.join(row.cells)}]" if own and row is not None else own


def is_of(run: str, scenario: str) -> bool:
    """Whether the id of a run is that of a scenario, or of an example of the outline with that id."""
    return run == scenario or run.startswith(f"{scenario}[")


def mistakes_in(features: Sequence[Any]) -> list[Finding]:
    """Scenarios of behave's without an id, with several, or with the id of another one."""
    first: dict[str, str] = {}
    findings = []
    for feature in features:
        findings += [finding_at(feature, f"move @{each} to a scenario") for each in ids_in(feature.tags)]
        written = feature.walk_scenarios(with_outlines=True)
        rows = {id(row) for each in written if each.type == "scenario_outline" for row in each.scenarios}
        for scenario in written:
            if id(scenario) not in rows:
                findings += _mistakes_of(scenario, first)
    return findings


def _mistakes_of(scenario: Any, first: dict[str, str]) -> list[Finding]:
    findings = [
        finding_at(examples, f"@{each} has no meaning as a tag of Examples{_meant(each)}")
        for examples in getattr(scenario, "examples", ())
        for each in ids_in(examples.tags)
    ]
    found = ids_in(scenario.tags)
    for each in found if found[1:] else ():
        if near := _near(each):
            findings.append(finding_at(scenario, f"@{each} has no meaning: did you mean @{near}?"))
            found = [other for other in found if other != each]
    if complaint := _complaint_about(found):
        return [*findings, finding_at(scenario, complaint)]
    runs = scenario.scenarios if scenario.type == "scenario_outline" else []
    for item, key in [(scenario, found[0]), *((row, id_of(row)) for row in runs)]:
        if key in first:
            findings.append(finding_at(item, f"the id {key} is already used at {first[key]}: choose another"))
        first.setdefault(key, f"{in_project(item.filename)}:{item.line}")
    return findings


def _complaint_about(found: Sequence[str]) -> str:
    if not found:
        return "the scenario has no id: add a last tag such as @token-shown-once"
    if found[1:]:
        names = " and ".join(f"@{each}" for each in found)
        return f"the scenario has more than one id, {names}: keep the oldest one"
    if not ID.fullmatch(found[0]):
        return f"@{found[0]} is not a valid id: write two or more words in lower case, joined by -"
    return ""


def _near(tag: str) -> str:
    """The tag with a meaning that comes nearest to one without; "" if none comes near."""
    return next(iter(get_close_matches(tag, TAGS, n=1, cutoff=_NEAR_ENOUGH)), "")


def _meant(tag: str) -> str:
    near = _near(tag)
    return f": did you mean @{near}?" if near else ": list it in ids.TAGS, or remove it"


@dataclass(frozen=True)
class Named:
    """A place that names a scenario.

    Attributes:
        file: that does.
        scenario: the id of the scenario, or of an example of it.
        path: the keys and indexes that lead to the name in a YAML or JSON file; empty in another file.
    """

    file: Path
    scenario: str
    path: tuple[str | int, ...] = ()

    @property
    def line(self) -> int:
        """The line of the name; the first one in a file that is neither YAML nor JSON."""
        return line_of(self.file, self.path) if self.path else 1


def unknown(named: Iterable[Named], known: Collection[str]) -> list[Finding]:
    """The places that name a scenario that does not exist.

    Args:
        named: the places that name a scenario.
        known: the ids of all scenarios as they run.
    """
    exist = {*known, *(run.partition("[")[0] for run in known)}  # outlines as well
    return [
        finding_in(
            each.file,
            each.line,
            f"the scenario {each.scenario!r} does not exist: correct the id, or remove the entry",
        )
        for each in named
        if each.scenario not in exist
    ]
