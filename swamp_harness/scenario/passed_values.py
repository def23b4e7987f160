"""Values that pass through the product: what a step reads again, what is stored, what an expression gives."""

from __future__ import annotations

import json
from typing import Any

from swamp_harness.product.conventions import VAULT
from swamp_harness.product.remains import data_of_model, secrets_that_name
from swamp_harness.scenario.values import EMPTY_INPUTS, HANDED_OVER, LINES, LONG_TEXT, VALUES, differences
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import PromiseBroken

_TEXT_OF_LINES = "".join(f"{line}\n" for line in (*LINES, LONG_TEXT))
# The values that a step must read again, on those paths where they are not `HANDED_OVER`.
_ON_PATHS: dict[str, Any] = {
    "its inputs": VALUES,
    "its empty inputs": EMPTY_INPUTS,
    "lines": _TEXT_OF_LINES,
    "a long text": LONG_TEXT,
    "a long resource": LONG_TEXT,
    "a long query": LONG_TEXT,
}


def differences_returned(world: World, step: str) -> list[str]:
    """The differences between the values that a step wrote and those that it read again, on all paths.

    Raises:
        PromiseBroken: the step recorded nothing.
    """
    came = _recorded(world, "came", step)
    return [
        f"{path} > {difference}"
        for path, answer in came.items()
        for difference in differences(_ON_PATHS.get(path, HANDED_OVER), answer)
    ]


def differences_stored(world: World, step: str) -> list[str]:
    """The differences between the values that a step wrote and those in its data and in the vault."""
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
        for place, (written, stored) in found.items()
        for difference in differences(written, stored)
    ]


def differences_given(world: World, step: str) -> list[str]:
    """The differences between values and those that an expression gave to a step."""
    expected = {"given": HANDED_OVER, "within": f"<{VALUES['lines']}>"}
    return list(differences(expected, _recorded(world, "given", step)))


def error_of(world: World, step: str) -> dict[str, str]:
    """The error of a step of the last run, as reported to its follower and as recorded."""
    accounts = {
        "reported": world.runs.last.steps(),
        "recorded": world.records.steps_of_last_run(world.workflow.name),
    }
    return {
        source: next((each.get("error", "") for each in steps if each["name"] == step), "no such step")
        for source, steps in accounts.items()
    }


def _recorded(world: World, name: str, step: str) -> Any:
    text = world.probe_log.note(name, step)
    if not text:
        raise PromiseBroken(f'The step "{step}" recorded no values.')
    return json.loads(text)


def _document(content: Any) -> Any:
    """The value of a text in JSON; anything else stays as it is, so that its difference is shown."""
    try:
        return json.loads(content) if isinstance(content, str) else content
    except ValueError:
        return content
