"""Records that several steps write under one name: what each step found, and what is there at the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from swamp_harness.scenario.probe import ENTRY, LEDGER, NEWEST
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World

_NOTHING = "nothing"


def entries(world: World) -> list[Row]:
    """Every version of the entry, as the operator finds it: its text, and the step that wrote it."""
    return [_entry(world, item["version"]) for item in _versions(world)]


def newest(world: World) -> dict[str, str]:
    """The newest version of the entry: the one listed as latest, and the text read without a version.

    Raises:
        PromiseBroken: it cannot be read.
    """
    latest = [str(item["version"]) for item in _versions(world) if item["isLatest"]]
    return {"listed": ", ".join(latest) or _NOTHING, "read": _entry(world)["entry"]}


def _versions(world: World) -> list[dict[str, Any]]:
    api = world.orchestrator.api
    answer = api.data("data.versions", "data-versions", modelIdOrName=LEDGER, dataName=ENTRY)
    return sorted(answer["versions"], key=lambda item: int(item["version"]))


def _entry(world: World, version: int | None = None) -> Row:
    named = {} if version is None else {"version": version}
    asked: dict[str, Any] = {"modelIdOrName": LEDGER, "dataName": ENTRY, "includeContent": True, **named}
    api = world.orchestrator.api
    datum = api.data("data.get", "data-get", **asked)
    content = datum.get("content")
    content = json.loads(content) if isinstance(content, str) else content
    step = datum["tags"].get("step", _NOTHING)
    return {"version": str(datum["version"]), "entry": content["text"], "step": step}


def versions_by_run(world: World) -> dict[str, list[Row]]:
    """The versions that the steps of the last run wrote, as reported to its follower and as recorded."""
    accounts = {
        "reported": world.runs.last.steps(),
        "recorded": world.records.steps_of_last_run(world.workflow.name),
    }
    return {source: [row for step in steps for row in _written(step)] for source, steps in accounts.items()}


def _written(step: dict[str, Any]) -> list[Row]:
    artifacts = [each for each in step.get("dataArtifacts", ()) if each["name"] == ENTRY]
    return [{"step": step["name"], "version": str(each["version"])} for each in artifacts]


def differences_in_accounts(world: World) -> list[str]:
    """The differences between what each step read in the ledger, and what had been written by then.

    A query returns the newest version of each step (design/data-query.md, "Latest semantics").
    """
    entered = [row["entry"] for row in entries(world)]
    different = []
    for number, entry in enumerate(entered, 1):
        text = world.probe_log.note("entry", str(number))
        expected = _expected_account(world, entered, number)
        actual = json.loads(text) if text else {}
        different += [
            f"{entry}: {each}: expected {expected[each]}, actual {actual.get(each, _NOTHING)}"
            for each in expected
            if actual.get(each) != expected[each]
        ]
    return different


def _expected_account(world: World, entered: Sequence[str], number: int) -> dict[str, Any]:
    readers = {step.name for step in world.workflow.steps if step.task.inputs.get("newest") == NEWEST}
    step = entered[number - 1].split()[0]
    return {
        "newest": entered[number - 2] if step in readers else None,
        "before": _expected_reading(entered[: number - 1]),
        "version": number,
        "after": _expected_reading(entered[:number]),
        "each": list(entered[:number]),
    }


def _expected_reading(entered: Sequence[str]) -> dict[str, Any]:
    last = entered[-1] if entered else None
    newest_of_step = {entry.split()[0]: (number, entry) for number, entry in enumerate(entered, 1)}
    in_order = sorted(newest_of_step.values())
    return {
        "read": last,
        "content": last,
        "queried": [f"v{number} {entry}" for number, entry in in_order],
        "ofKind": [entry for _, entry in in_order],
        "versions": list(range(1, len(entered) + 1)),
    }
