"""What has become of the values that the steps of a World were given, held against what they are."""

from __future__ import annotations

import json
from typing import Any

from swamp_harness.product.conventions import VAULT
from swamp_harness.product.remains import data_of_model, secrets_that_name
from swamp_harness.scenario.values import HANDED_OVER, LINES, LONG_TEXT, VALUES, differences
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import PromiseBroken

_TEXT_OF_LINES = "".join(f"{line}\n" for line in (*LINES, LONG_TEXT))
# What comes back to a step on each path, unless it is what it handed over.
_ON_PATHS: dict[str, Any] = {
    "its inputs": VALUES,
    "lines": _TEXT_OF_LINES,
    "a long text": LONG_TEXT,
    "a long resource": LONG_TEXT,
    "a long query": LONG_TEXT,
}


def values_that_came(world: World, step: str) -> list[str]:
    """Where values differ that a step handed over and read again, on any path.

    Raises:
        PromiseBroken: the step noted nothing.
    """
    came = _noted(world, "came", step)
    return [
        f"{path} > {difference}"
        for path, answer in came.items()
        for difference in differences(_ON_PATHS.get(path, HANDED_OVER), answer)
    ]


def values_left(world: World, step: str) -> list[str]:
    """Where the values differ that an operator finds after a step, in its data and in the vault."""
    api = world.orchestrator.api
    data = {name: datum["got"].get("content") for name, datum in data_of_model(api, step).items()}
    secrets = secrets_that_name(api, VAULT, [f"kept-by-{step}"])
    found = {
        "lines": (_TEXT_OF_LINES, data.get("lines")),
        "a long text": (LONG_TEXT, data.get("long-text")),
        "a long resource": ({"text": LONG_TEXT}, _document(data.get("long"))),
        "a secret": (HANDED_OVER, _document(secrets.get(f"kept-by-{step}"))),
        **{name: (HANDED_OVER, _document(data.get(name))) for name in ("bag", "text", "bytes", "stream")},
    }
    return [
        f"{place} > {difference}"
        for place, (known, left) in found.items()
        for difference in differences(known, left)
    ]


def values_given(world: World, step: str) -> list[str]:
    """Where the values differ that a step was given by an expression."""
    promised = {"given": HANDED_OVER, "within": f"<{VALUES['lines']}>"}
    return list(differences(promised, _noted(world, "given", step)))


def error_of(world: World, step: str) -> dict[str, str]:
    """The error of a step of the last run, by what its follower was told and by the record of the run."""
    accounts = {
        "told": world.runs.last.steps(),
        "recorded": world.operator.steps_of_last_run(world.workflow.name),
    }
    return {
        how: next((each.get("error", "") for each in steps if each["name"] == step), "no such step")
        for how, steps in accounts.items()
    }


def _noted(world: World, name: str, step: str) -> Any:
    noted = world.probe_log.remark(name, step)
    if not noted:
        raise PromiseBroken(f'The step "{step}" noted no values.')
    return json.loads(noted)


def _document(told: Any) -> Any:
    """What a text in JSON says; whatever is none stays as it was told, to be seen where it differs."""
    try:
        return json.loads(told) if isinstance(told, str) else told
    except ValueError:
        return told
