"""What the suite catches, and what it costs: the text of `docs/verification.md`.

Measurements are kept in `data/verification.json`, so that no number is typed by hand.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from swamp_harness.render.mutation_report import DOCUMENT, Outcome
from swamp_harness.results.run_record import RUN_FILE, SuiteRun, read_run
from swamp_harness.specification.features import Promise
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import json_text

PROOF = "proof.json"

_NOTICED = "noticed"


class Measure(StrEnum):
    """A kind of measurement."""

    RUN = "run"
    PROOF = "proof"
    MUTATION = "mutation"


@dataclass(frozen=True)
class Measurements:
    """The last measurement of each kind, as JSON holds it; None where there is none yet.

    Attributes:
        proof: of all mutants of the stand-in.
        mutation: of a sample of mutants of the stand-in.
        run: of a whole run against swamp.
    """

    proof: Mapping[str, Any] | None = None
    mutation: Mapping[str, Any] | None = None
    run: Mapping[str, Any] | None = None

    def write_to(self, file: Path) -> None:
        """Write them as JSON."""
        file.write_text(json_text(vars(self)) + "\n", "utf-8")


def read_measurements(file: Path) -> Measurements:
    """Read what was measured before; nothing if there is no file yet.

    Raises:
        UnusableInput: the file is not one of measurements (exit code 2).
    """
    if not file.exists():
        return Measurements()
    try:
        return Measurements(**json.loads(file.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise UnusableInput(
            f"{file} cannot be read ({error}): restore it with git.", ExitCode.BAD_COMMAND_LINE
        ) from error


def taken(measured: Measurements, kind: Measure, reports: Path, promises: Sequence[Promise]) -> Measurements:
    """The measurements with the last one of a kind in place of the one before.

    Args:
        measured: before.
        kind: that is to be replaced.
        reports: the folder with the last one.
        promises: of the catalogue.

    Raises:
        UnusableInput: there is no such report, or it is incomplete (exit code 2).
    """
    if kind is Measure.RUN:
        return replace(measured, run=_of_run(read_run(reports / RUN_FILE)))
    if kind is Measure.PROOF:
        return replace(measured, proof=_of_proof(_document(reports / PROOF), promises))
    return replace(measured, mutation=_of_mutation(_document(reports / DOCUMENT)))


def _document(file: Path) -> dict[str, Any]:
    if not file.exists():
        raise UnusableInput(f"There is no {file}: make that measurement first.", ExitCode.BAD_COMMAND_LINE)
    document: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return document


def _of_proof(document: Mapping[str, Any], promises: Sequence[Promise]) -> dict[str, Any]:
    if not document["all"] or "mutants" not in document:
        raise UnusableInput(
            "The last proof left out mutants: run `make prove`.",
            ExitCode.BAD_COMMAND_LINE,
        )
    section_of = {promise.number: promise.section for promise in promises}
    mutants = [{**each, "section": section_of[each["number"]]} for each in document["mutants"]]
    sections = [
        {"section": section, **_counted([each for each in mutants if each["section"] == section])}
        for section in dict.fromkeys(promise.section for promise in promises)
    ]
    kept = ("started", "seconds", "scenarios", "never failed")
    return {**{name: document[name] for name in kept}, "sections": sections, "all": _counted(mutants)}


def _of_mutation(document: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("started", "seed", "possible", "total")
    modules = [each for each in document["modules"] if sum(each["counts"].values())]
    return {**{name: document[name] for name in kept}, "modules": modules}


def _of_run(run: SuiteRun) -> dict[str, Any]:
    if not run.is_for_sign_off:
        raise UnusableInput(
            "The last run was not of the whole suite against swamp.", ExitCode.BAD_COMMAND_LINE
        )
    return {
        "started": run.started.isoformat(timespec="minutes"),
        "version": run.version,
        "outcomes": dict(Counter(result.outcome.value for result in run.results)),
        "metrics": dict(run.metrics),
    }


def page(measured: Measurements) -> str:
    """The whole text of `docs/verification.md`."""
    parts = [
        "# Verification",
        "",
        "What the suite catches, and what it costs. `make verification` writes this page from the last "
        "reports; do not edit it.",
    ]
    parts += _section("The suite against swamp", measured.run, _run_lines)
    parts += _section("The proof: hand-written mutants", measured.proof, _proof_lines)
    parts += _section("Mutation testing: changes that a tool chose", measured.mutation, _mutation_lines)
    return "\n".join(parts) + "\n"


def _section(
    heading: str, measured: Mapping[str, Any] | None, lines: Callable[[Mapping[str, Any]], list[str]]
) -> list[str]:
    return ["", f"## {heading}", "", *(["Not measured yet."] if measured is None else lines(measured))]


def _run_lines(run: Mapping[str, Any]) -> list[str]:
    costs = run["metrics"]
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in run["outcomes"].items())
    return [
        f"Started {run['started']}, swamp {run['version']}: {outcomes}.",
        "",
        "| Metric | Value |",
        "| --- | --- |",
        *(f"| {name} | {value:g} |" for name, value in costs.items()),
    ]


def _proof_lines(proof: Mapping[str, Any]) -> list[str]:
    lines = [
        f"Started {proof['started']}: {proof['scenarios']} scenarios in {proof['seconds']:.0f} s.",
        "",
        "| Section | Mutants | Noticed |",
        "| --- | --- | --- |",
    ]
    lines += [
        f"| {row['section']} | {row['mutants']} | {row['noticed']} |"
        for row in [*proof["sections"], {"section": "all", **proof["all"]}]
    ]
    unbroken = [f"- {name}" for name in proof["never failed"]]
    lines += ["", "Scenarios that no mutant breaks:" if unbroken else "A mutant breaks every scenario."]
    return [*lines, *(["", *unbroken] if unbroken else [])]


def _mutation_lines(mutation: Mapping[str, Any]) -> list[str]:
    total = mutation["total"]
    ran = sum(total["counts"].values())
    lines = [
        f"Started {mutation['started']}, seed {mutation['seed']}: {ran} of {mutation['possible']} possible "
        "mutants.",
        "",
        "The score is the share of mutants that a scenario noticed in a Then step, of all that start and "
        "could break a promise; the strict score is of all that are not equivalent.",
        "",
        "| Module | "
        + " | ".join(outcome.value.capitalize() for outcome in Outcome)
        + " | Score | Strict score |",
        "| --- |" + " --- |" * (len(Outcome) + 2),
    ]
    for row in [*mutation["modules"], {**total, "name": "all"}]:
        cells = [str(row["counts"].get(outcome.value, 0)) for outcome in Outcome]
        parts = [row["score"], row["strict score"]]
        cells += ["" if part is None else f"{100 * part:.0f} %" for part in parts]
        lines.append(f"| {row['name']} | {' | '.join(cells)} |")
    return lines


def _counted(mutants: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    noticed = [each for each in mutants if each["outcome"] == _NOTICED]
    return {"mutants": len(mutants), "noticed": len(noticed)}
