"""What a step can do: the comparison of a step on a worker with the same step on the orchestrator."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swamp_harness.product.conventions import VAULT
from swamp_harness.product.remains import data_of_model, secrets_that_name
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError

# The fields of a datum's identity (who wrote it, where and when), the only ones that may differ
# (design/remote-execution.md, "The remote `MethodContext`": "The method author API is unchanged").
_WHO_WHERE_AND_WHEN = frozenset(
    {"id", "modelId", "ownerRef", "createdAt", "deletedAt", "contentPath", "definitionHash"}
)
# When a datum was deleted, in the content of its last version.
_DELETED_AT = re.compile(r"""["']deletedAt["']: ?["'](?P<moment>[^"']+)["']""")
_WHEN = "(the moment of its deletion)"
_ITS_OWN_NAME = "(the step's own name)"
_ABSENT = "nothing"
# The sensitive field that a step writes, and the field beside it (uat_capabilities.ts).
_SENSITIVE, _BESIDE = "lovelace-1815", "ada"
_THIS_RUN = "this run"
# The probe's calls: the phrase of the features, and the name under which the probe records the answer.
_CALLS = {
    "its own before it writes again": "before",
    "the latest version of its own": "latest",
    "the first version of its own": "first",
    "a resource that does not exist": "missing",
    "the versions that it wrote of another": "manyVersions",
    "the latest version of another": "latestOfMany",
    "the latest version, found by its name": "found",
    "the first version, found by its name": "foundFirst",
    "the latest version, found by its id": "foundById",
    "the first version, found by its id": "foundFirstById",
    "the deletion": "deleted",
    "the resource that it deletes": "read",
    "the resource that it spares": "spared",
    "the versions of the resource": "versions",
    "the versions that are left": "versionsLeft",
    "the next version of the file": "rewritten",
    "the lines of a stream": "lines",
    "two files that are open together": "openTogether",
    'the records of "seed"': "earlierOfOneKind",
    'the records of "seed" with number 0': "queried",
}


@dataclass(frozen=True)
class Difference:
    """A place where two steps received, or left behind, different values.

    Attributes:
        at: the path of the place.
        values: the value of each step there, as JSON, by the name of the step.
    """

    at: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        """In words."""
        return f"{self.at}: {', '.join(f'{value} for {step}' for step, value in self.values.items())}"


def differences_in_answers(world: World, one: str, other: str) -> list[Difference]:
    """The differences between the answers that two steps received to the same calls.

    Raises:
        InfrastructureError: one of them recorded no answer, so there is nothing to compare.
    """
    answers = {
        step: _renamed(json.loads(_recorded_answers(world, step)), [(step, _ITS_OWN_NAME)])
        for step in (one, other)
    }
    return _differences("given back", answers)


def answers_of(world: World, step: str, wanted: Iterable[str]) -> list[Row]:
    """The answers that a step received to some of its calls.

    Args:
        world: the scenario's.
        step: that recorded them.
        wanted: the calls, as phrases of the features, or the expressions that it evaluated.

    Raises:
        InfrastructureError: the step recorded no answer.
    """
    text = _recorded_answers(world, step)
    recorded = json.loads(text.replace(world.runs.last.run_id, _THIS_RUN))
    return [{"asked for": each, "answer": _in_words(_answer_to(each, recorded))} for each in wanted]


def _recorded_answers(world: World, step: str) -> str:
    text = world.probe_log.note("got", step)
    if not text:
        raise InfrastructureError(
            f'The step "{step}" recorded no answer, so nothing can be compared: see whether it completed.'
        )
    return text


def _answer_to(wanted: str, recorded: Mapping[str, Any]) -> Any:
    if wanted in recorded:
        return recorded[wanted]
    if wanted in _CALLS:
        return recorded[_CALLS[wanted]]
    return json.loads(recorded["answers"].get(wanted, "null"))  # answers are JSON, big numbers such as "3n"


def _in_words(recorded: Any) -> str:
    if isinstance(recorded, list):  # lines that it received without a call
        recorded = {"answer": recorded}
    if not isinstance(recorded, Mapping) or "answer" not in recorded:
        return f"not an answer: {recorded}"
    answer = recorded["answer"]
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
    """The differences between the data and secrets of two steps, and between the run's lists of them.

    Raises:
        InfrastructureError: neither left anything, so there is nothing to compare.
    """
    remains = {step: _remains(world, step) for step in (one, other)}
    if not any(remains.values()):
        raise InfrastructureError(
            f'Neither "{one}" nor "{other}" left data or secrets, so nothing can be compared.'
        )
    return _differences("left behind", remains)


def sensitive_field(world: World, step: str) -> dict[str, bool]:
    """The places where the sensitive field of a step, and the field beside it, are found."""
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
    listed = {"listed by the run": _renamed(_versions_by_run(world, step), nameless)} if data else {}
    return {
        **_renamed(data, nameless),
        **({"secrets": _renamed(secrets, nameless)} if secrets else {}),
        **listed,
    }


def _versions_by_run(world: World, step: str) -> dict[str, str]:
    listed = next(each for each in world.runs.last.steps() if each["name"] == step)
    versions: dict[str, list[str]] = {}
    for each in listed.get("dataArtifacts", ()):
        versions.setdefault(each["name"], []).append(str(each["version"]))
    return {name: ", ".join(each) for name, each in versions.items()}


def _comparable(datum: dict[str, Any], names: list[str]) -> dict[str, Any]:
    # A datum that contains its step's name has another checksum, and another size if the name is longer. So
    # has one that contains the moment of its deletion.
    content = str(datum["got"].get("content"))
    deleted = [(found["moment"], _WHEN) for found in _DELETED_AT.finditer(content)]
    if not deleted and not any(name in content for name in names):
        return datum
    return {key: _renamed(_without(item, {"checksum", "size"}), deleted) for key, item in datum.items()}


def _without(value: Any, keys: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, keys) for key, item in value.items() if key not in keys}
    return [_without(item, keys) for item in value] if isinstance(value, list) else value


def _differences(kind: str, values: Mapping[str, Any]) -> list[Difference]:
    (one, first), (other, second) = ((step, dict(_leaves(value))) for step, value in values.items())
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
