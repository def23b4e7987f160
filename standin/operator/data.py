"""Data, as operators see it."""

from __future__ import annotations

import json
from typing import Any

from standin import questions
from standin.answers import table, tell
from standin.commandline import Call
from standin.errors import UserError
from standin.repository import Repository

_HEADINGS = ("NAME", "VERSION", "TYPE", "SIZE")


def query(call: Call) -> None:
    """`swamp data query`."""
    told = questions.data_query(Repository.here(), call.arguments[0])
    tell(call, told, _table(told["results"]) if told["results"] else "No matching data found.")


def show(call: Call) -> None:
    """`swamp data list`."""
    told = questions.data_query(Repository.here(), f'modelName == "{call.arguments[0]}"')
    tell(call, told, _table(told["results"]))


def get(call: Call) -> None:
    """`swamp data get`."""
    model, name = call.arguments
    version = call.option("--version")
    if version and not version.isdecimal():
        raise UserError(f'Invalid --version value "{version}": must be a number')
    told = questions.data_get(
        Repository.here(),
        model,
        name,
        version=int(version) if version else None,
        content=not call.has("--no-content"),
    )
    text = f"{told['name']} of {told['modelName']}, version {told['version']}\n"
    tell(call, told, text + json.dumps(told.get("content"), indent=2, ensure_ascii=False))


def _table(items: list[dict[str, Any]]) -> str:
    rows = [
        {
            "NAME": f"{each['modelName']}/{each['name']}",
            "VERSION": str(each["version"]),
            "TYPE": each["modelType"],
            "SIZE": str(each["size"]),
        }
        for each in items
    ]
    return table(rows, _HEADINGS)
