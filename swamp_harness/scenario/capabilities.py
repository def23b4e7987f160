"""What a step can do: the same on a worker and on the orchestrator, and with every value as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swamp_harness.product.conventions import VAULT
from swamp_harness.product.remains import data_of_model, secrets_that_name
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.values import HANDED_OVER, LINES, LONG_TEXT, VALUES, differences
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError, PromiseBroken

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
_TEXT_OF_LINES = "".join(f"{line}\n" for line in (*LINES, LONG_TEXT))
# What comes back to a step on each path, unless it is what it handed over.
_ON_PATHS: dict[str, Any] = {
    "its inputs": VALUES,
    "lines": _TEXT_OF_LINES,
    "a long text": LONG_TEXT,
    "a long resource": LONG_TEXT,
    "a long query": LONG_TEXT,
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
        InfrastructureError: one of them noted no answer, so there is nothing to compare.
    """
    noted = {step: world.probe_log.note("got", step) for step in (one, other)}
    for step, text in noted.items():
        if not text:
            raise InfrastructureError(f'The step "{step}" noted no answer.')
    answers = {step: _renamed(json.loads(text), [(step, _ITS_OWN_NAME)]) for step, text in noted.items()}
    return _differences("given back", answers)


def given_back(world: World, step: str, wanted: Iterable[str]) -> list[Row]:
    """What a step was given back for some of its calls.

    Args:
        world: the scenario's.
        step: that noted it.
        wanted: the calls, in the words of the features, or the expressions that it had evaluated.
    """
    text = world.probe_log.note("got", step)
    if not text:
        raise InfrastructureError(f'The step "{step}" noted no answer.')
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
        InfrastructureError: neither left anything, so there is nothing to compare.
    """
    remains = {step: _remains(world, step) for step in (one, other)}
    if not any(remains.values()):
        raise InfrastructureError(f'Neither "{one}" nor "{other}" has left anything behind.')
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
    """The error of a step of the last run, as reported to its follower and as recorded."""
    accounts = {
        "reported": world.runs.last.steps(),
        "recorded": world.records.steps_of_last_run(world.workflow.name),
    }
    return {
        source: next((each.get("error", "") for each in steps if each["name"] == step), "no such step")
        for source, steps in accounts.items()
    }


def _noted(world: World, name: str, step: str) -> Any:
    noted = world.probe_log.note(name, step)
    if not noted:
        raise PromiseBroken(f'The step "{step}" noted no values.')
    return json.loads(noted)


def _document(told: Any) -> Any:
    """What a text in JSON says; whatever is none stays as it was told, to be seen where it differs."""
    try:
        return json.loads(told) if isinstance(told, str) else told
    except ValueError:
        return told
