"""The report of mutation testing: by module and promise, the score, and the survivors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from swamp_harness.render.pages import write_page
from swamp_harness.system.plain_text import json_text

PAGE, DOCUMENT = "mutation.html", "mutation.json"


class Outcome(Enum):
    """The outcome of a mutant."""

    KILLED = "killed in a Then"
    KILLED_ELSEWHERE = "killed elsewhere"
    SURVIVED = "survived"
    UNDECIDED = "undecided"
    DOES_NOT_START = "does not start"
    EQUIVALENT = "equivalent"
    OUTSIDE = "outside"


# What counts for the score: every mutant that starts and could break a promise, once its scenarios have run.
_SCORED = (Outcome.KILLED, Outcome.KILLED_ELSEWHERE, Outcome.SURVIVED)
# What counts for the strict score: every mutant that is not equivalent.
_SCORED_STRICTLY = (*_SCORED, Outcome.DOES_NOT_START, Outcome.OUTSIDE)


@dataclass(frozen=True)
class Finding:
    """The result of the scenarios that ran against a mutant.

    Attributes:
        mutant: its name.
        module: that was changed.
        line: the first changed line.
        diff: the change.
        outcome: of the mutant.
        scenario: that killed it; empty otherwise.
        message: the step at which that scenario failed, with its message; or why a person decided so.
        promises: the numbers of those whose scenarios ran.
        killed_by: the numbers of the scenario that killed it.
        scenarios: how many ran.
        reaching: how many reach the changed lines.
        seconds: how long that took.
    """

    mutant: str
    module: str
    line: int
    diff: str
    outcome: Outcome
    scenario: str = ""
    message: str = ""
    promises: tuple[int, ...] = ()
    killed_by: tuple[int, ...] = ()
    scenarios: int = 0
    reaching: int = 0
    seconds: float = 0.0


def as_value(finding: Finding) -> dict[str, Any]:
    """A finding, as JSON can hold it."""
    return {**vars(finding), "outcome": finding.outcome.value}


def from_value(value: Mapping[str, Any]) -> Finding:
    """A finding, as JSON held it."""
    numbers = {name: tuple(value[name]) for name in ("promises", "killed_by")}
    return Finding(**{**value, **numbers, "outcome": Outcome(value["outcome"])})


def score(findings: Iterable[Finding], *, strict: bool = False) -> float | None:
    """Which part of the mutants was killed in a Then; None if there are none.

    Args:
        findings: about the mutants.
        strict: whether those count as well with which the product does not start, and those that break no
            promise; equivalent and undecided ones never count.
    """
    seen = Counter(each.outcome for each in findings)
    total = sum(seen[outcome] for outcome in (_SCORED_STRICTLY if strict else _SCORED))
    return seen[Outcome.KILLED] / total if total else None


def report(
    findings: Sequence[Finding],
    *,
    started: datetime,
    seed: int,
    possible: Mapping[str, int],
    unreached: Mapping[str, Sequence[str]],
    left_out: Mapping[str, str],
    titles: Mapping[int, str],
) -> dict[str, Any]:
    """What the report says, as a document.

    Args:
        findings: about the mutants that ran.
        started: when this run, perhaps not the first of the session, began.
        seed: of the sample.
        possible: how many mutants each module can have.
        unreached: by module, the statements that no scenario reaches, each with its line number.
        left_out: the modules that are not mutated, each with the reason.
        titles: of the promises, by number.
    """
    numbers = sorted({number for each in findings for number in (*each.promises, *each.killed_by)})
    return {
        "started": started.isoformat(timespec="minutes"),
        "seed": seed,
        "possible": sum(possible.values()),
        "total": _row("all modules", findings),
        "modules": [
            {**_row(module, [each for each in findings if each.module == module]), "possible": count}
            for module, count in sorted(possible.items())
        ],
        "promises": [
            {"number": number, "title": titles.get(number, ""), **_of_promise(number, findings)}
            for number in numbers
        ],
        "survivors": _listed(findings, lambda each: each.outcome is Outcome.SURVIVED),
        "undecided": _listed(findings, lambda each: each.outcome is Outcome.UNDECIDED),
        "killed elsewhere": _listed(findings, lambda each: each.outcome is Outcome.KILLED_ELSEWHERE),
        "does not start": _listed(findings, lambda each: each.outcome is Outcome.DOES_NOT_START),
        "killed": _listed(findings, lambda each: each.outcome is Outcome.KILLED),
        "decided": _listed(findings, lambda each: each.outcome in (Outcome.EQUIVALENT, Outcome.OUTSIDE)),
        "unreached": [
            {"module": module, "lines": list(lines)} for module, lines in unreached.items() if lines
        ],
        "left out": dict(left_out),
    }


def write_report(document: Mapping[str, Any], reports: Path) -> Path:
    """Write the report as a page and as JSON.

    Returns:
        The page.
    """
    (reports / DOCUMENT).write_text(json_text(dict(document)) + "\n", "utf-8")
    return write_page(reports / PAGE, document=document, outcomes=[each.value for each in Outcome])


def _row(name: str, findings: Sequence[Finding]) -> dict[str, Any]:
    seen = Counter(each.outcome for each in findings)
    parts = {"score": score(findings), "strict score": score(findings, strict=True)}
    return {
        "name": name,
        "counts": {outcome.value: seen[outcome] for outcome in Outcome},
        **{kind: None if part is None else round(part, 3) for kind, part in parts.items()},
    }


def _of_promise(number: int, findings: Sequence[Finding]) -> dict[str, int]:
    return {
        "killed": sum(number in each.killed_by for each in findings),
        "survived": sum(each.outcome is Outcome.SURVIVED and number in each.promises for each in findings),
    }


def _listed(findings: Iterable[Finding], wanted: Callable[[Finding], bool]) -> list[dict[str, Any]]:
    found = [each for each in findings if wanted(each)]
    return [as_value(each) for each in sorted(found, key=lambda each: (each.module, each.line, each.mutant))]
