"""The JSON that swamp answers with, one JSON Schema file for each answer, and the check against it.

A contract names the fields that operators' scripts rely on; a release may add fields, not take any away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from swamp_harness.system.errors import ContractBroken

_STATED_BY = "issue 630, scenario 27"

# What a schema cannot say: figures that scripts rely on, each as (what the answer says, what is there).
_FIGURES: Mapping[str, Callable[[Any], Mapping[str, tuple[object, object]]]] = {
    "token-create": lambda answer: {"token": (answer["token"].partition(".")[0], answer["name"])},
    "token-list": lambda answer: {
        f"[{index}].bindingCount": (each["bindingCount"], len(each["bindings"]))
        for index, each in enumerate(answer)
    },
    "worker-list": lambda answer: {"count": (answer["count"], len(answer["workers"]))},
    "worker-verify": lambda answer: {
        "total": (answer["total"], len(answer["workers"])),
        "passed": (answer["passed"], _counted(answer["workers"], passed=True)),
        "failed": (answer["failed"], _counted(answer["workers"], passed=False)),
    },
    "data-query": lambda answer: {"total": (answer["total"], len(answer["results"]))},
}


def validate(contract: str, answer: Any, source: str) -> None:
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
        f"  $.{field}: {told}, where there are {there}"
        for field, (told, there) in _figures(contract, answer)
        if told != there
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


def _figures(contract: str, answer: Any) -> Iterable[tuple[str, tuple[object, object]]]:
    return _FIGURES[contract](answer).items() if contract in _FIGURES else ()


def _counted(verified: Sequence[Mapping[str, Any]], *, passed: bool) -> int:
    return sum((each["status"] == "pass") is passed for each in verified)


@cache
def _validator(contract: str) -> Draft202012Validator:
    schema = json.loads((files(__package__) / f"{contract}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())
