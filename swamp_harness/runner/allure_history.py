"""Earlier runs for Allure, in the files that it reads beside the results.

They come from the suite's own history, so a run counts even if nobody made a page of it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from allure_commons.utils import md5

from swamp_harness.results.history import PastRun
from swamp_harness.results.outcome import Outcome
from swamp_harness.runner.allure import history_key

# An outcome that this version of the suite does not know is left out.
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}


def write_history(history: Sequence[PastRun], started: str, ids: Collection[str], folder: Path) -> None:
    """Write the outcome of each scenario in earlier runs, the counts of outcomes, and the durations.

    Args:
        history: of the runs.
        started: the start of the run that is shown; it is not part of its own history.
        ids: of the scenarios of the run; others are left out.
        folder: where the files go.
    """
    times = sorted({each.started for each in history} - {started}, key=datetime.fromisoformat, reverse=True)
    # Entries with the same start are one run, on several platforms.
    runs = [[each for each in history if each.started == time] for time in times]
    documents: dict[str, Any] = {
        "history": _scenarios(runs, ids),
        "history-trend": _trend(runs, lambda outcome: outcome.traits.allure_status),
        "categories-trend": _trend(runs, lambda outcome: outcome.traits.allure_category),
        "duration-trend": _trend_of_durations(runs),
        "executor": {"name": "swamp-uat", "buildOrder": len(runs) + 1, "buildName": f"run {len(runs) + 1}"},
    }
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), "utf-8")


def _scenarios(runs: Sequence[Sequence[PastRun]], ids: Collection[str]) -> dict[str, Any]:
    items: dict[str, list[dict[str, Any]]] = {}
    for past in (past for run in runs for past in run):
        for each, outcome in past.outcomes.items():
            if each in ids and outcome in _OUTCOMES:
                key = _as_allure_has_it(history_key(each, past.platform))
                items.setdefault(key, []).append(
                    {
                        "uid": _md5(f"{key} {past.started}"),
                        "status": _OUTCOMES[outcome].traits.allure_status,
                        "time": _time_of(each, past),
                    }
                )
    return {
        key: {"statistic": Counter(item["status"] for item in each), "items": each}
        for key, each in items.items()
    }


def _time_of(scenario: str, past: PastRun) -> dict[str, int]:
    # In milliseconds; the history does not have the start of a scenario, only that of its run.
    began = int(datetime.fromisoformat(past.started).timestamp() * 1000)
    took = int(past.seconds.get(scenario, 0) * 1000)
    return {"start": began, "stop": began + took, "duration": took}


def _trend_of_durations(runs: Sequence[Sequence[PastRun]]) -> list[dict[str, Any]]:
    return [
        {
            "buildOrder": len(runs) - place,
            "reportName": run[0].version,
            "data": {"duration": int(run[0].wall_seconds * 1000)},
        }
        for place, run in enumerate(runs)
        if run[0].wall_seconds is not None
    ]


def _trend(runs: Sequence[Sequence[PastRun]], trait_of: Callable[[Outcome], str]) -> list[dict[str, Any]]:
    return [
        {
            "buildOrder": len(runs) - place,
            "reportName": run[0].version,
            "data": Counter(
                trait_of(_OUTCOMES[outcome])
                for past in run
                for outcome in past.outcomes.values()
                if outcome in _OUTCOMES and trait_of(_OUTCOMES[outcome])
            ),
        }
        for place, run in enumerate(runs)
    ]


def _as_allure_has_it(key: str) -> str:
    # Allure 3 derives its own key: a digest of ours, and one of the counted parameters; there are none.
    return f"{_md5(key)}.{_md5('')}"


def _md5(text: str) -> str:
    return str(md5(text))  # type: ignore[no-untyped-call]
