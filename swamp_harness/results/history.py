"""The outcomes of earlier runs, in `history.jsonl`, and which scenarios they show to be flaky.

Each line is a run on one platform. A scenario is flaky if its outcome differs between runs with the same
binary on the same platform.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from swamp_harness.results.metrics import WALL
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import title_of
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.system.plain_text import json_text

HISTORY_FILE = "history.jsonl"
# Older runs say nothing about a scenario in its present form.
_KEPT = 50


@dataclass(frozen=True)
class PastRun:
    """The results of a run on one platform.

    Attributes:
        started: when, in ISO 8601.
        version: of the binary.
        sha256: of the binary.
        platform: on which it ran.
        outcomes: of the scenarios that ran, by id.
        seconds: that each of them took, by id; empty for runs recorded without them.
        wall_seconds: that the run took; None for runs recorded without it.
        target: what the run was about; empty for runs recorded without it.
    """

    started: str
    version: str
    sha256: str
    platform: str
    outcomes: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    wall_seconds: float | None = None
    target: str = ""


@dataclass(frozen=True)
class Flake:
    """A scenario with different outcomes in different runs.

    Attributes:
        id: of the scenario.
        name: its title, or its id if this run has no scenario of that id.
        platform: on which it ran.
        outcomes: how often it had each.
    """

    id: str
    name: str
    platform: str
    outcomes: dict[str, int]


def remember(record: SuiteRun, folder: Path) -> list[PastRun]:
    """Add a run to the history in a folder.

    Returns:
        The history with it, the oldest first. A line that cannot be read is dropped, and so is a run in which
        no scenario ran.
    """
    file = folder / HISTORY_FILE
    past = {(each.started, each.platform): each for each in [*read(file), *_runs_of(record)]}
    # A run on several platforms has a line for each of them.
    starts = list(dict.fromkeys(each.started for each in past.values()))[-_KEPT:]
    kept = [each for each in past.values() if each.started in starts]
    file.write_text("".join(json_text(asdict(each), indent=None) + "\n" for each in kept), "utf-8")
    return kept


def read(file: Path) -> list[PastRun]:
    """The history in a file, the oldest first; none if it is not there."""
    if not file.exists():
        return []
    runs = []
    for line in file.read_text("utf-8", errors="replace").split("\n"):
        try:
            runs.append(PastRun(**json.loads(line)))
        except (ValueError, TypeError):
            continue  # a truncated line must not fail a run
    return runs


def flakes(history: Sequence[PastRun], record: SuiteRun) -> list[Flake]:
    """The scenarios whose outcome differs between runs with the binaries of a run."""
    found, names = [], {result.id: title_of(result.name) for result in record.results}
    for platform, facts in record.binaries.items():
        alike = [each for each in history if (each.sha256, each.platform) == (facts["sha256"], platform)]
        for key in dict.fromkeys(key for each in alike for key in each.outcomes):
            outcomes = [each.outcomes[key] for each in alike if key in each.outcomes]
            if len(set(outcomes)) > 1:
                counted = {outcome: outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)}
                found.append(Flake(key, names.get(key, key), platform, counted))
    return found


def _runs_of(record: SuiteRun) -> list[PastRun]:
    runs = [_run_on(platform, record) for platform in record.binaries]
    return [each for each in runs if each.outcomes]


def _run_on(platform: str, record: SuiteRun) -> PastRun:
    ran = [
        result
        for result in record.results
        if result.platform == platform and result.outcome is not Outcome.NOT_RUN
    ]
    return PastRun(
        record.started.isoformat(timespec="seconds"),
        record.version,
        record.binaries[platform]["sha256"],
        platform,
        {result.id: result.outcome.value for result in ran},
        {result.id: result.seconds for result in ran},
        record.metrics[WALL],
        record.target,
    )
