"""The same work by a step on the orchestrator and by one on a worker, held against each other.

What a step was given back it notes itself; what it left behind the orchestrator tells the operator
(issue 630, scenario 22).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swamp_harness.machinery.faults import InfrastructureFault
from swamp_harness.product.conventions import VAULT
from swamp_harness.product.remains import data_of_model, secrets_that_name
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World

# What tells a datum's identity, and so who wrote it, where and when: all that may differ
# (design/remote-execution.md, "The remote `MethodContext`": "The method author API is unchanged").
_WHO_WHERE_AND_WHEN = frozenset({"id", "modelId", "ownerRef", "createdAt", "contentPath", "definitionHash"})
_ITS_OWN_NAME = "(the step's own name)"
_ABSENT = "nothing"
# The sensitive field that a step writes, and another one beside it (uat_capabilities.ts).
_SENSITIVE, _BESIDE = "lovelace-1815", "ada"
_THIS_RUN = "this run"
# Calls of the probe in the words of the features, by the name under which it notes what came back.
_CALLS = {
    "the latest version of its own": "latest",
    "the first version of its own": "first",
    "a resource that does not exist": "missing",
    "the deletion": "deleted",
    "the resource that it deletes": "read",
    "the resource that it spares": "spared",
    "the lines of a stream": "lines",
    'the records of "seed"': "earlierOfOneKind",
    'the records of "seed" with number 0': "queried",
}


@dataclass(frozen=True)
class Difference:
    """A place where two steps were not given, or did not leave, the same.

    Attributes:
        at: the way to the place.
        values: what each step has there, as JSON, by the name of the step.
    """

    at: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        """In words."""
        return f"{self.at}: {', '.join(f'{value} for {step}' for step, value in self.values.items())}"


def differences_in_answers(world: World, one: str, other: str) -> list[Difference]:
    """Where the answers differ that two steps were given to the same calls.

    Raises:
        InfrastructureFault: one of them noted no answer, so there is nothing to compare.
    """
    noted = {step: world.journal.remark("got", step) for step in (one, other)}
    for step, text in noted.items():
        if not text:
            raise InfrastructureFault(f'The step "{step}" noted no answer.')
    answers = {step: _renamed(json.loads(text), [(step, _ITS_OWN_NAME)]) for step, text in noted.items()}
    return _differences("given back", answers)


def given_back(world: World, step: str, wanted: Iterable[str]) -> list[Row]:
    """What a step was given back for some of its calls.

    Args:
        world: the scenario's.
        step: that noted it.
        wanted: the calls, in the words of the features, or the expressions that it had evaluated.
    """
    text = world.journal.remark("got", step)
    if not text:
        raise InfrastructureFault(f'The step "{step}" noted no answer.')
    noted = json.loads(text.replace(world.runs.last.run_id, _THIS_RUN))
    return [{"asked for": each, "given back": _in_words(_answer_to(each, noted))} for each in wanted]


def _answer_to(wanted: str, noted: Mapping[str, Any]) -> Any:
    if wanted in noted:
        return noted[wanted]
    if wanted in _CALLS:
        return noted[_CALLS[wanted]]
    return json.loads(noted["answers"].get(wanted, "null"))  # it notes answers as JSON, big numbers as "3n"


def _in_words(noted: Any) -> str:
    if isinstance(noted, list):  # what it was told without asking
        noted = {"answer": noted}
    if not isinstance(noted, Mapping) or "answer" not in noted:
        return f"not an answer: {noted}"
    answer = noted["answer"]
    if isinstance(answer, list):
        return ", ".join(_word(each) for each in answer) or _ABSENT
    return _word(answer)


def _word(answer: Any) -> str:
    if answer is None:
        return _ABSENT
    if isinstance(answer, Mapping):
        return str(answer.get("text", answer.get("name", answer)))
    text = str(answer)
    return text.removesuffix("n") if text.strip("-0123456789") == "n" else text


def differences_in_remains(world: World, one: str, other: str) -> list[Difference]:
    """Where the data and the secrets differ that two steps have left behind, and what the run tells of them.

    Raises:
        InfrastructureFault: neither left anything, so there is nothing to compare.
    """
    remains = {step: _remains(world, step) for step in (one, other)}
    if not any(remains.values()):
        raise InfrastructureFault(f'Neither "{one}" nor "{other}" has left anything behind.')
    return _differences("left behind", remains)


def sensitive_field(world: World, step: str) -> dict[str, bool]:
    """Where the sensitive field can be found that a step has written, and another field beside it."""
    api = world.orchestrator.api
    data = data_of_model(api, step)
    ids = {datum["got"]["modelId"] for datum in data.values()}
    text = json.dumps(data)
    return {
        "in the vault": _SENSITIVE in secrets_that_name(api, VAULT, [step, *ids]).values(),
        "in its data": _SENSITIVE in text,
        "another field in its data": _BESIDE in text,
    }


def _remains(world: World, step: str) -> dict[str, Any]:
    api = world.orchestrator.api
    data = data_of_model(api, step)
    ids = {datum["got"]["modelId"] for datum in data.values()}
    secrets = secrets_that_name(api, VAULT, [step, *ids])
    nameless = [(own, _ITS_OWN_NAME) for own in (step, *ids)]
    data = {name: _comparable(datum, [step, *ids]) for name, datum in data.items()}
    told = {"told of by the run": _renamed(_told_of(world, step), nameless)} if data else {}
    return {
        **_renamed(data, nameless),
        **({"secrets": _renamed(secrets, nameless)} if secrets else {}),
        **told,
    }


def _told_of(world: World, step: str) -> dict[str, str]:
    told = next(each for each in world.runs.last.steps() if each["name"] == step)
    return {each["name"]: str(each["version"]) for each in told.get("dataArtifacts", ())}


def _comparable(datum: dict[str, Any], names: list[str]) -> dict[str, Any]:
    # What tells a name of its step's own has another checksum, and another size if the name is longer.
    if not any(name in str(datum["got"].get("content")) for name in names):
        return datum
    return {key: _without(item, {"checksum", "size"}) for key, item in datum.items()}


def _without(value: Any, keys: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, keys) for key, item in value.items() if key not in keys}
    return [_without(item, keys) for item in value] if isinstance(value, list) else value


def _differences(kind: str, told: Mapping[str, Any]) -> list[Difference]:
    (one, first), (other, second) = ((step, dict(_leaves(answer))) for step, answer in told.items())
    return [
        Difference(f"{kind} > {path}", {one: first.get(path, _ABSENT), other: second.get(path, _ABSENT)})
        for path in sorted({*first, *second})
        if first.get(path, _ABSENT) != second.get(path, _ABSENT)
    ]


def _renamed(value: Any, names: list[tuple[str, str]]) -> Any:
    if isinstance(value, dict):
        return {_renamed(key, names): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, str):
        for own, name in names:
            value = value.replace(own, name)
    return value


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    inside = (
        {key: item for key, item in value.items() if key not in _WHO_WHERE_AND_WHEN}
        if isinstance(value, dict)
        else dict(enumerate(value, 1))
        if isinstance(value, list)
        else {}
    )
    for key, item in inside.items():
        yield from _leaves(item, f"{path} > {key}" if path else str(key))
    if not inside:
        yield path, json.dumps(value, ensure_ascii=False)
