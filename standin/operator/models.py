"""Commands about models and their methods."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from standin.answers import respond
from standin.bundles import PACKAGES, bundles_of
from standin.commandline import Call
from standin.errors import UserError
from standin.operator.workflows import (
    checks_to_skip,
    code_of_all,
    follow,
    inputs_given,
    overridden,
    sets_of_inputs,
)
from standin.remote import message, result_of
from standin.repository import Repository


def describe(call: Call) -> None:
    """`swamp model type describe`. Describing an extension first bundles it."""
    model_type = call.arguments[0]
    bundle = bundles_of(Repository.here()).get(model_type)
    if bundle is None:
        raise UserError(f"Unknown model type: {model_type}")
    packages = Path.home() / PACKAGES
    packages.mkdir(parents=True, exist_ok=True)
    (packages / "packages.txt").write_text("The stand-in needs no packages.\n", "utf-8")
    respond(call, {"type": model_type, "version": bundle.version}, f"{model_type} {bundle.version}")


def evaluate(call: Call) -> None:
    """`swamp model evaluate`."""
    name = call.arguments[0]
    respond(call, {"name": name, "hadExpressions": False}, f'Evaluated model definition: "{name}"')


def create(call: Call) -> None:
    """`swamp model create`."""
    model_type, name = call.arguments
    model = Repository.here().create_model(model_type, name)
    respond(call, model, f"Created model {name} of type {model_type}")


def run(call: Call) -> int:
    """`swamp model method run`."""
    if not call.has("--server"):
        raise UserError("The stand-in runs methods on an orchestrator only — pass --server")
    model, method = call.arguments
    tags = dict(each.split("=", 1) for each in call.options.get("--tag", ()))
    wanted = {"modelIdOrName": model, "methodName": method, "tags": tags, "skipChecks": checks_to_skip(call)}
    sets = [overridden(inputs, inputs_given(call)) for inputs in sets_of_inputs(call)]
    return code_of_all(run_for(call, {**wanted, "inputs": inputs}) for inputs in sets)


def run_for(call: Call, wanted: dict[str, Any]) -> int:
    """Run a method for one set of inputs, and show how it ends.

    Raises:
        UserError: the method fails, and the output is in JSON.
    """
    model, method = call.arguments
    answer = result_of(_follow(call, wanted))
    if "error" in answer and call.json:
        raise UserError(answer["error"])
    heading = "Completed" if answer["status"] == "succeeded" else "Failed"
    lines = [f"{heading} {method} on {model} {answer['status']}"]
    lines += [f"  {each['name']} v{each['version']}" for each in answer["dataArtifacts"]]
    respond(call, answer, "\n".join(lines))
    if "error" in answer:
        print(f"\nError: {answer['error']}", file=sys.stderr)
    return 0 if answer["status"] == "succeeded" else 1


async def _follow(call: Call, payload: dict[str, Any]) -> Any:
    return await follow(call, message("model.method.run", payload))
