"""The JSON that swamp answers with, one JSON Schema file for each answer, and the check against it.

A contract names the fields that operators' scripts rely on; a release may add fields, not take any away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from swamp_harness.machinery.faults import ContractBroken

_STATED_BY = "issue 630, scenario 27"

# What a schema cannot say: figures that scripts rely on, by the field and what it is to be.
_FIGURES: Mapping[str, Mapping[str, Callable[[Any], int]]] = {
    "worker-list": {"count": lambda answer: len(answer["workers"])},
    "worker-verify": {
        "total": lambda answer: len(answer["workers"]),
        "passed": lambda answer: _counted(answer["workers"], "pass"),
        "failed": lambda answer: _counted(answer["workers"], "fail"),
    },
}


def honour(contract: str, answer: Any, source: str) -> None:
    """Check an answer against its contract.

    Args:
        contract: the name of the schema file, without its ending.
        answer: the parsed JSON.
        source: who answered, for the message: "swamp worker list --json".

    Raises:
        ContractBroken: the answer is not what the contract says (issue 630, scenario 27).
    """
    errors = sorted(_validator(contract).iter_errors(answer), key=lambda error: list(error.absolute_path))
    listed = "\n".join(f"  {error.json_path}: {error.message}" for error in errors) or "\n".join(
        f"  $.{field}: {answer[field]}, where there are {count(answer)}"
        for field, count in _FIGURES.get(contract, {}).items()
        if answer[field] != count(answer)
    )
    if listed:
        raise ContractBroken(
            f"{source} does not honour its JSON contract ({contract}, stated by {_STATED_BY}):\n{listed}"
        )


def names() -> list[str]:
    """The names of all contracts."""
    return sorted(
        path.name.removesuffix(".json")
        for path in files(__package__).iterdir()
        if path.name.endswith(".json")
    )


def _counted(verified: Sequence[Mapping[str, Any]], status: str) -> int:
    return sum(each["status"] == status for each in verified)


@cache
def _validator(contract: str) -> Draft202012Validator:
    schema = json.loads((files(__package__) / f"{contract}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())
