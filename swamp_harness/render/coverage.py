"""`coverage.md`: which scenarios automate each promise, and their last recorded results.

`make coverage` generates it, and `make test` fails when it is stale.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swamp_harness.render.words import severity_in_words
from swamp_harness.results import schemas
from swamp_harness.results.deviations import Deviation, of_scenario
from swamp_harness.results.ids import is_of
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.policy import Group
from swamp_harness.results.run_record import read_run
from swamp_harness.specification import project
from swamp_harness.specification.features import FeatureScenario, Promise
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.yaml_files import read_yaml

GAP = "**gap**: no scenario"
_SHOWN_OF_A_DIGEST = 12


@dataclass(frozen=True)
class Recorded:
    """The last recorded result of a scenario.

    Attributes:
        outcome: the worst of all its examples.
        version: that it ran against.
        digests: the start of the sha256 of the binary, for each platform.
        date: of the run, such as "2026-11-27".
    """

    outcome: str
    version: str
    digests: tuple[str, ...]
    date: str


NOT_HELD = "none"


@dataclass(frozen=True)
class Default:
    """A default that swamp's documents state.

    Attributes:
        default: what it is about.
        value: as it is documented.
        source: where.
        scenario: the id of the one that holds it, or "none".
        note: how far it is held, or why it is not.
    """

    default: str
    value: str
    source: str
    scenario: str
    note: str


def documented_defaults(file: Path = project.DEFAULTS) -> list[Default]:
    """Read the list of defaults.

    Raises:
        UnusableInput: the file cannot be read, or an entry is not complete (exit code 2).
    """
    return [Default(**entry) for entry in read_yaml(file, schemas.DEFAULTS)]


def coverage_map(
    promises: Sequence[Promise],
    scenarios: Sequence[FeatureScenario],
    deviations: Sequence[Deviation],
    recorded: Mapping[str, Recorded],
    defaults: Sequence[Default] = (),
) -> str:
    """The whole text of `coverage.md`."""
    thirty = [promise for promise in promises if promise.group is Group.THIRTY]
    since = [promise for promise in promises if promise.group is Group.SINCE]
    automated = len(thirty) - len(without_scenario(thirty, scenarios))
    parts = [
        "# Coverage map",
        "",
        "Written by `make coverage` from the feature files, `release/deviations.yaml` and "
        "`data/recorded-results.json`; "
        "do not edit it.",
        "",
        f"{automated} of the {len(thirty)} promises of "
        "[issue 630](https://swamp-club.com/lab/630) are automated.",
    ]
    if since:
        more = len(since) - len(without_scenario(since, scenarios))
        parts += ["", f"Of the promises that were made since then, {more} of {len(since)} are automated."]
    for section in dict.fromkeys(promise.section for promise in promises):
        own = [promise for promise in promises if promise.section == section]
        parts += ["", f"## {section}", "", *(_sources(own) if own[0].group is Group.SINCE else ())]
        where = "In issue 630" if own[0].group is Group.THIRTY else "Promise"
        parts += [
            f"| Number | {where} | Scenario | Where | Tags | Deviation | Last recorded result |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        for promise in own:
            parts += _rows(promise, scenarios, deviations, recorded)
    if defaults:
        parts += [
            "",
            "## Defaults",
            "",
            "Values that swamp's documents state, and the scenario that fails when one of them changes.",
            "",
            "| Default | Value | Source | Held by | Note |",
            "| --- | --- | --- | --- | --- |",
        ]
        parts += ["| " + " | ".join(map(_as_markdown, _cells(each))) + " |" for each in defaults]
    return "\n".join(parts) + "\n"


def _sources(promises: Sequence[Promise]) -> list[str]:
    rows = [(each.number, each.title, severity_in_words(each), each.source) for each in promises]
    return [
        "Promises that swamp's documents and help texts make, and issue 630 does not have.",
        "A proposed severity is one that the product owner has not decided yet.",
        "",
        "| Number | Promise | Severity | Source |",
        "| --- | --- | --- | --- |",
        *("| " + " | ".join(_as_markdown(str(cell)) for cell in row) + " |" for row in rows),
        "",
    ]


def _cells(default: Default) -> tuple[str, ...]:
    holder = "not held" if default.scenario == NOT_HELD else default.scenario
    return default.default, default.value, default.source, holder, default.note


def without_scenario(promises: Sequence[Promise], scenarios: Sequence[FeatureScenario]) -> list[int]:
    """The numbers of the promises that no scenario serves."""
    covered = {number for scenario in scenarios for number in scenario.numbers}
    return [promise.number for promise in promises if promise.number not in covered]


def load_recorded(file: Path) -> dict[str, Recorded]:
    """The recorded results, by the id of the scenario; none if nothing was recorded yet.

    Raises:
        UnusableInput: the file is there and not readable (exit code 2).
    """
    if not file.exists():
        return {}
    return {
        name: Recorded(**{**entry, "digests": tuple(entry["digests"])})
        for name, entry in _read_json(file).items()
    }


def record(run: Path, scenarios: Sequence[FeatureScenario], file: Path) -> int:
    """Add the results of a run to the recorded results; what did not run keeps its last result.

    Args:
        run: the `run.json` of the run.
        scenarios: those of the feature files; results of others are dropped.
        file: the recorded results.

    Returns:
        How many scenarios were recorded.

    Raises:
        UnusableInput: a file is not readable, or the run was not against swamp (exit code 2).
    """
    finished = read_run(run)
    if not finished.is_for_sign_off:
        raise UnusableInput(
            f"{run} is of a run against {finished.target}, which says nothing about swamp: "
            "record a run that was given a binary.",
            ExitCode.BAD_COMMAND_LINE,
        )
    digests = tuple(facts["sha256"][:_SHOWN_OF_A_DIGEST] for facts in finished.binaries.values())
    date = finished.started.date().isoformat()
    kept = load_recorded(file)
    fresh = {}
    for scenario in scenarios:
        rows = [each for each in finished.results if is_of(each.id, scenario.id)]
        ran = {each.id for each in rows if each.outcome is not Outcome.NOT_RUN}
        # An example that ran on one platform need not run on another.
        rows = [each for each in rows if each.outcome is not Outcome.NOT_RUN or each.id not in ran]
        if ran:
            worst = min((each.outcome for each in rows), key=lambda outcome: outcome.traits.rank)
            fresh[scenario.id] = Recorded(worst.value, finished.version, digests, date)
    merged = {scenario.id: fresh.get(scenario.id, kept.get(scenario.id)) for scenario in scenarios}
    entries = {name: vars(entry) for name, entry in sorted(merged.items()) if entry is not None}
    file.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return len(fresh)


def _rows(
    promise: Promise,
    scenarios: Sequence[FeatureScenario],
    deviations: Sequence[Deviation],
    recorded: Mapping[str, Recorded],
) -> list[str]:
    serving = [scenario for scenario in scenarios if promise.number in scenario.numbers]
    if not serving:
        return [f"| {promise.number} | {promise.title} | {GAP} | | | | |"]
    return [_row(promise, scenario, deviations, recorded.get(scenario.id)) for scenario in serving]


def _row(
    promise: Promise, scenario: FeatureScenario, deviations: Sequence[Deviation], last: Recorded | None
) -> str:
    where = f"features/{scenario.file.name}:{scenario.line}"
    tags = " ".join(f"@{tag}" for tag in scenario.tags)
    runs = f" ({len(scenario.runs)} examples)" if len(scenario.runs) > 1 else ""
    listed = {each.id for run in scenario.runs if (each := of_scenario(deviations, run)) is not None}
    result = _result(last) if last else "none"
    deviation = ", ".join(f"`{each}`" for each in sorted(listed)) or "none"
    cells = (promise.number, promise.title, f"{scenario.name}{runs}", where, tags, deviation, result)
    return "| " + " | ".join(_as_markdown(str(cell)) for cell in cells) + " |"


def _result(last: Recorded) -> str:
    return f"{last.outcome}, {last.version} ({', '.join(last.digests)}), {last.date}"


def _as_markdown(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


def _read_json(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableInput(
            f"{file} cannot be read as JSON ({error}): give the run.json of a finished run.",
            ExitCode.BAD_COMMAND_LINE,
        ) from error
