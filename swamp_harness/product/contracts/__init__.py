"""The contracts of swamp's JSON answers: a JSON Schema file for each answer, and the validation.

A contract lists the fields that operators' scripts use. A release may add fields, but not remove any.
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

# Counts that scripts use, which a schema cannot check: (the stated count, the number of listed items).
_COUNTS: Mapping[str, Callable[[Any], Mapping[str, tuple[object, object]]]] = {
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
        contract: the name of the schema file, without its extension.
        answer: the parsed JSON.
        source: the source of the answer for the message, such as "swamp worker list --json".

    Raises:
        ContractBroken: the answer does not match the contract (issue 630, scenario 27).
    """
    errors = sorted(_validator(contract).iter_errors(answer), key=lambda error: list(error.absolute_path))
    listed = "\n".join(f"  {error.json_path}: {error.message}" for error in errors) or "\n".join(
        f"  $.{field}: {stated}, but the answer lists {counted}"
        for field, (stated, counted) in _counts(contract, answer)
        if stated != counted
    )
    if listed:
        raise ContractBroken(
            f"{source} does not match its JSON contract ({contract}, stated by {_STATED_BY}):\n{listed}"
        )


def names() -> list[str]:
    """The names of all contracts."""
    return sorted(
        path.name.removesuffix(".json")
        for path in files(__package__).iterdir()
        if path.name.endswith(".json")
    )


def _counts(contract: str, answer: Any) -> Iterable[tuple[str, tuple[object, object]]]:
    return _COUNTS[contract](answer).items() if contract in _COUNTS else ()


def _counted(verified: Sequence[Mapping[str, Any]], *, passed: bool) -> int:
    return sum((each["status"] == "pass") is passed for each in verified)


@cache
def _validator(contract: str) -> Draft202012Validator:
    schema = json.loads((files(__package__) / f"{contract}.json").read_text("utf-8"))
    return Draft202012Validator(schema, format_checker=FormatChecker())
