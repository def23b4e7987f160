"""The sign-off in Markdown, for the summary page of a CI job: the decision first, details folded away."""

from __future__ import annotations

import re
import textwrap
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from swamp_harness.render.words import in_ranges
from swamp_harness.results.baseline import Change
from swamp_harness.results.outcome import Outcome
from swamp_harness.system.plain_text import for_file

SUMMARY_FILE = "signoff.md"
_Rows = Iterator[Sequence[str]]

# The page of a job holds a mebibyte; the sign-off page has the whole reason.
_LONGEST_REASON = 160
# Characters with a meaning in Markdown, or in HTML within it.
_MARKUP = re.compile(r"[\\`*_\[\]<>|~&$#]|:(?=//)|(?<=www)\.")
# Characters that would end the address of a link, or its table cell.
_NO_TARGET = re.compile(r"[\s<>|\\]")


def write_summary(document: Mapping[str, Any], folder: Path) -> Path:
    """Write `signoff.md` into the folder of the reports, blanked of secrets.

    Args:
        document: what `signoff.json` holds.
        folder: where it goes.

    Returns:
        The file.
    """
    file = folder / SUMMARY_FILE
    file.write_text("\n".join(_lines(document)) + "\n", "utf-8")
    return file


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {document['decision']}: {_text(document['question'])} {_text(document['severities'])}"
    yield ""
    yield from (f"- {_text(group['in words'])}" for group in document["groups"])
    if document["reasons"]:
        yield from ("", "Reasons:", "", *(f"- {_text(reason)}" for reason in document["reasons"]))
    if document["notes"]:
        yield from ("", "Notes:", "", *(f"- {_text(note)}" for note in document["notes"]))
    yield from _baseline(document)
    yield from _under_test(document)
    yield from _promises(document)
    yield from _folded("What an operator meets", _MET, _met(document))
    yield from _folded("Scenarios that did not hold", _SCENARIOS, _scenarios(document))
    if document["did not hold"]:
        yield from (
            "",
            "Reports for the tracker are in the folder `bugs`, each with a script to reproduce it.",
        )
    yield from _folded("Known deviations", _DEVIATIONS, _deviations(document))
    yield from _folded("Waivers", _WAIVERS, _waivers(document))
    yield from _folded("Not run", _NOT_RUN, _not_run(document))
    yield from _folded("Flaky scenarios", _FLAKY, _flaky(document))
    yield from ("", "## Metrics", "")
    yield from (f"- {_text(line)}" for line in document["cost"])


def _baseline(document: Mapping[str, Any]) -> Iterator[str]:
    baseline = document["baseline"]
    if baseline is None:
        return
    counted = ", ".join(f"{count} {change}" for change, count in baseline["counts"].items())
    source = f"{_text(baseline['version'])}, from {_text(baseline['source'])}"
    yield from ("", "## Compared with the baseline", "", f"Baseline {source}: {counted}.")
    yield from _folded("Changes since the baseline", _CHANGES, _changes(baseline))


def _under_test(document: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Under test", "")
    yield from _table(
        ("Platform", "Version", "SHA-256", "Size", "Run as"),
        (
            (
                _text(platform),
                _text(facts["version"]),
                _text(facts["sha256"]),
                f"{facts['size']} bytes",
                _text(facts.get("runs_as", "not recorded")),
            )
            for platform, facts in document["binaries"].items()
        ),
    )
    for name, key in (("other", "other binary"), ("earlier", "earlier binary")):
        if document[key]:
            yield from ("", f"The {name} version was {_text(document[key]['version'])}.")
    hosts = [
        (_text(each["name"]), _text(each["platform"]), _text(each["fault"]) or "used")
        for each in document["hosts"]
    ]
    if hosts:
        yield ""
        yield from _table(("Workers on", "Platform", "State"), hosts)
    yield from ("", f"Started {document['started']}.")


def _promises(document: Mapping[str, Any]) -> Iterator[str]:
    platforms = list(dict.fromkeys(name for promise in document["promises"] for name in promise["outcomes"]))
    for group in document["groups"]:
        own = [promise for promise in document["promises"] if promise["group"] == group["name"]]
        yield from ("", f"## {group['heading']}", "")
        yield from _table(("", "Promise", *map(_text, platforms)), _rows_of_promises(own, platforms))


def _rows_of_promises(promises: Sequence[Mapping[str, Any]], platforms: Sequence[str]) -> _Rows:
    sections = list(dict.fromkeys(promise["section"] for promise in promises))
    for section in sections:
        if len(sections) > 1:
            yield ["", f"**{_text(section)}**", *("" for _ in platforms)]
        for promise in promises:
            if promise["section"] == section:
                outcomes = (_outcome(promise["outcomes"].get(platform, "")) for platform in platforms)
                yield [str(promise["number"]), _text(promise["title"]), *outcomes]


# --- folded tables: the head of each, and its rows

_MET = ("Promise", "Severity", "What an operator meets")
_CHANGES = ("Promise", "Scenario", "On", "Change")
_SCENARIOS = ("Promise", "Scenario", "On", "Outcome", "Step", "Why")
_DEVIATIONS = ("Promise", "Expected", "Actual", "Since")
_WAIVERS = ("Scenario", "Reason", "Valid up to", "State")
_NOT_RUN = ("Promise", "On", "Scenarios", "Why")
_FLAKY = ("Scenario", "On", "Outcomes with this binary")


def _met(document: Mapping[str, Any]) -> _Rows:
    for promise in document["promises"]:
        for sentence in promise["met by operators"]:
            yield str(promise["number"]), promise["severity in words"], _text(sentence)


def _changes(baseline: Mapping[str, Any]) -> _Rows:
    for each in baseline["changes"]:
        numbers = ", ".join(map(str, each["numbers"]))
        yield numbers, _text(each["name"]), _text(each["platform"]), each["change"]
    for each in baseline["not comparable"]:
        numbers, count = in_ranges(each["numbers"]), len(each["scenarios"])
        change = f"{Change.NOT_COMPARABLE.value}: {each['reason']}"
        yield numbers, f"{count} scenario{'s' * (count > 1)}", _text(each["platform"]), change


def _scenarios(document: Mapping[str, Any]) -> _Rows:
    for each in document["did not hold"]:
        why = textwrap.shorten(each["reason"].partition("\n")[0], _LONGEST_REASON, placeholder=" …")
        yield (
            ", ".join(map(str, each["numbers"])),
            _text(each["name"]),
            _text(each["platform"]),
            _outcome(each["outcome"]),
            _text(each["step"]),
            _text(why),
        )


def _deviations(document: Mapping[str, Any]) -> _Rows:
    for each in document["deviations"]:
        waived = f" ({Outcome.WAIVED.value})" if Outcome.WAIVED.value in each["outcomes"] else ""
        actual = f"{_text(each['actual'])} {_link(each['id'], each['link'])}{waived}"
        yield each["numbers"], _text(each["expected"]), actual, _text(each["since"])


def _waivers(document: Mapping[str, Any]) -> _Rows:
    for each in document["waivers"]:
        reason = f"{_text(each['reason'])} {_link(each['link'], each['link'])}"
        yield _text(each["scenario"]), reason, _text(each["last version"]), each["state"]


def _not_run(document: Mapping[str, Any]) -> _Rows:
    for each in document["not run"]:
        yield (
            each["numbers"],
            _text(each["platform"]),
            str(len(each["scenarios"])),
            _text(each["reason"]),
        )


def _flaky(document: Mapping[str, Any]) -> _Rows:
    for each in document["flaky"]:
        outcomes = ", ".join(f"{count} times {outcome}" for outcome, count in each["outcomes"].items())
        yield _text(each["name"]), _text(each["platform"]), outcomes


# --- Markdown


def _folded(title: str, head: Sequence[str], rows: _Rows) -> Iterator[str]:
    listed = list(rows)
    if listed:
        yield from ("", f"<details><summary>{title} ({len(listed)})</summary>", "")
        yield from _table(head, listed)
        yield from ("", "</details>")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from map(_row, (head, ["---"] * len(head), *rows))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _outcome(value: str) -> str:
    return f"{Outcome(value).traits.mark} {value}" if value else ""


def _link(text: str, target: str) -> str:
    return f"[{_text(text)}](<{_NO_TARGET.sub(_in_percents, for_file(target))}>)"


def _in_percents(match: re.Match[str]) -> str:
    return urllib.parse.quote(match[0])


def _text(text: str) -> str:
    # Blank secrets first: with escaped characters in it, a secret is no longer found.
    return _MARKUP.sub(r"\\\g<0>", " ".join(for_file(text).split()))
