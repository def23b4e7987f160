"""The behaviour of fixtures/extensions/models/uat_values.ts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from standin.extensions import Description
from standin.extensions.notes import log_entry, note
from standin.store import Kind
from standin.worker.context import Context, Refused

_TYPE = "@uat/values"
_WRITTEN = {"like an expression": "${{ 1 + 1 }}"}
_PIECE = 7
_DEFAULTS = {"text": "a default", "number": 1, "flag": True, "nothing": "a default", "list": ["a default"]}


async def _pieces(text: str) -> AsyncIterator[bytes]:
    content = text.encode()
    for begin in range(0, len(content), _PIECE):
        yield content[begin : begin + _PIECE]


async def _attempt(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except Refused as refused:
        return f"failed: {refused}"


async def _text_of(context: Context, name: str, version: int | None = None) -> str:
    pieces = context.content(_TYPE, context.model, name, version)
    return b"".join([piece async for piece in pieces]).decode()


async def _json_of(context: Context, name: str) -> Any:
    return json.loads(await _text_of(context, name))


async def _attributes(context: Context, name: str) -> Any:
    found = await context.read_model_data(context.model, "bag")
    return next((each["attributes"] for each in found if each["name"] == name), None)


async def _first_of_query(context: Context) -> Any:
    found = await context.query(f'modelName == "{context.model}" && name == "bag" && attributes.empty == ""')
    return found[0]["attributes"] if found else None


async def _echo(inputs: dict[str, Any], context: Context) -> None:
    step, bag = inputs["step"], inputs["bag"]
    values = {**bag, **_WRITTEN}
    text = json.dumps(values, ensure_ascii=False)
    long = inputs["long"]["text"] * inputs["long"]["times"]
    await context.write_resource("bag", "bag", values)
    await context.write_resource("bag", "long", {"text": long})
    await context.file("text", "text").write(text.encode())
    await context.file("text", "bytes").write(text.encode())
    await context.file("text", "stream").write_stream(_pieces(text))
    await context.file("text", "long-text").write(long.encode())
    lines = context.file("lines", "lines")
    for line in (*inputs["lines"], long):
        await lines.write_line(line)
    await lines.finalize()
    came = {
        "its inputs": bag,
        "its empty inputs": {key: inputs.get(key, default) for key, default in _DEFAULTS.items()},
        "a resource that it read": await _attempt(context.read_resource("bag")),
        "the content of a resource": await _attempt(_json_of(context, "bag")),
        "a text": await _attempt(_json_of(context, "text")),
        "bytes": await _attempt(_json_of(context, "bytes")),
        "a stream": await _attempt(_json_of(context, "stream")),
        "a query": await _attempt(_first_of_query(context)),
        "the data of a model": await _attempt(_attributes(context, "bag")),
        "an expression": {
            key: context.evaluate("given", {"given": value})["answer"] if isinstance(value, str) else value
            for key, value in values.items()
        },
        "lines": await _attempt(_text_of(context, "lines")),
        "a long text": await _attempt(_text_of(context, "long-text")),
        "a long resource": (await context.read_resource("long"))["text"],
        "a long query": (await _attributes(context, "long"))["text"],
    }
    await context.put_secret("v1", f"kept-by-{context.model}", text)
    note(f"came-{step}", json.dumps(came))


async def _given(inputs: dict[str, Any], _: Context) -> None:
    answer = {"given": inputs["given"], "within": inputs["within"]}
    note(f"given-{inputs['step']}", json.dumps(answer))


async def _kinds(_: dict[str, Any], context: Context) -> None:
    write = context.write_resource
    await write("record", "plain", {"text": "first", "number": 1})
    await write("record", "plain", {"text": "second", "number": 2})
    await write("record", "zero", {"text": "", "number": 0})
    await write("recording", "tune", {"text": "second", "number": 2})
    await context.file("text", "note").write(b"a note")


async def _asked(context: Context, question: str) -> list[str]:
    model, among, spec = question.partition(" / ")
    found = await (context.read_model_data(model, spec or None) if among else context.query(question))
    return sorted(f"{each['modelName']} {each['name']} v{each['version']}" for each in found)


async def _ask(inputs: dict[str, Any], context: Context) -> None:
    seeds = await context.query('modelName == "seed" && name == "zero"')
    run = str(seeds[0]["workflowRunId"]) if seeds else ""
    answer = {
        words: {"answer": await _attempt(_asked(context, question.replace("RUN", run)))}
        for words, question in inputs["questions"].items()
    }
    up_to_two = len(await context.query('modelName == "seed"', limit=2))
    of_many = len(await context.query('modelName == "many"'))
    counted = {
        "the number of data, limited to two": {"answer": up_to_two},
        "the number of data of a large model": {"answer": of_many},
    }
    note(f"got-{inputs['step']}", json.dumps({**answer, **counted, "its run": {"answer": run}}))


def _in_order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda each: int(each["version"]))


async def _looked(context: Context) -> dict[str, Any]:
    name, versions = "entry", await context.versions("entry")
    read = await context.read_resource(name)
    found = _in_order(await context.query(f'modelName == "{context.model}" && name == "{name}"'))
    of_kind = _in_order(await context.read_model_data(context.model, "record"))
    return {
        "read": read and read["text"],
        "content": (await _json_of(context, name))["text"] if versions else None,
        "queried": [f"v{each['version']} {each['attributes']['text']}" for each in found],
        "ofKind": [each["attributes"]["text"] for each in of_kind],
        "versions": versions,
    }


async def _enter(inputs: dict[str, Any], context: Context) -> None:
    before = await _looked(context)
    text = f"{inputs['step']} {len(before['versions']) + 1}"
    handle = await context.write_resource("record", "entry", {"text": text, "number": 0})
    after = await _looked(context)
    each = [(await context.read_resource("entry", version))["text"] for version in after["versions"]]
    answer = {"newest": inputs.get("newest"), "before": before, "version": handle["version"], "after": after}
    note(f"entry-{handle['version']}", json.dumps({**answer, "each": each}))


async def _fail(inputs: dict[str, Any], _: Context) -> None:
    raise RuntimeError(inputs["message"])


def _method(
    work: Callable[[dict[str, Any], Context], Awaitable[None]],
) -> Callable[[dict[str, Any], Context], Awaitable[None]]:
    async def method(inputs: dict[str, Any], context: Context) -> None:
        log_entry("start", inputs["step"])
        await work(inputs, context)
        log_entry("end", inputs["step"])

    return method


def _kind(spec: str, **tags: str) -> Kind:
    return Kind(spec, versions_kept=20, tags=tags)


DESCRIPTION = Description(
    methods={
        "echo": _method(_echo),
        "given": _method(_given),
        "kinds": _method(_kinds),
        "ask": _method(_ask),
        "enter": _method(_enter),
        "fail": _method(_fail),
    },
    resources={
        "bag": _kind("bag"),
        "record": _kind("record", shelf="records"),
        "recording": _kind("recording", shelf="records, old"),
    },
    files={
        "text": Kind("text", "file", "text/plain", versions_kept=20, tags={"shelf": "texts"}),
        "lines": Kind("lines", "file", "text/plain", versions_kept=20, streaming=True),
    },
)
