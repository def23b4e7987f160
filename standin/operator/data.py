"""Commands about data."""

from __future__ import annotations

import json
from typing import Any

from standin import questions
from standin.answers import respond, table
from standin.commandline import Call
from standin.errors import UserError
from standin.remote import ask
from standin.repository import Repository

_HEADINGS = ("NAME", "VERSION", "TYPE", "SIZE")


def query(call: Call) -> None:
    """`swamp data query`."""
    predicate = call.arguments[0]
    if call.has("--server"):
        answer = ask(call.option("--server"), "data.query", predicate=predicate)
    else:
        answer = questions.data_query(Repository.here(), predicate)
    respond(call, answer, _table(answer["results"]) if answer["results"] else "No matching data found.")


def show(call: Call) -> None:
    """`swamp data list`."""
    answer = questions.data_query(Repository.here(), f'modelName == "{call.arguments[0]}"')
    respond(call, answer, _table(answer["results"]))


def get(call: Call) -> None:
    """`swamp data get`."""
    workflow = call.option("--workflow")
    if not workflow and len(call.arguments) == 1:
        raise UserError('Missing argument "name".')
    model, name = ("", *call.arguments) if workflow else call.arguments
    version = call.option("--version")
    if version and not version.isdecimal():
        raise UserError(f'Invalid --version value "{version}": must be a number')
    number, content = int(version) if version else None, not call.has("--no-content")
    if call.has("--server"):
        datum: dict[str, Any] = {
            "modelIdOrName": model,
            "dataName": name,
            "version": number,
            "includeContent": content,
            "workflowName": workflow,
            "runId": call.option("--run"),
        }
        answer = ask(call.option("--server"), "data.get", **datum)
    elif workflow:
        run = call.option("--run")
        answer = questions.data_of_run(Repository.here(), workflow, run, name, content=content)
    else:
        answer = questions.data_get(Repository.here(), model, name, version=number, content=content)
    text = f"{answer['name']} of {answer['modelName']}, version {answer['version']}\n"
    respond(call, answer, text + json.dumps(answer.get("content"), indent=2, ensure_ascii=False))


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
