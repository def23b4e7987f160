"""The behaviour of fixtures/extensions/models/uat_capabilities.ts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from standin.extensions import Description
from standin.extensions.notes import log_entry, note
from standin.store import Kind
from standin.worker.context import Context, Refused

_BYTES = bytes(range(256))
_WORDS = "Grüße, 世界, 👋🏽: line one\nline two\r\n"
_PLAIN = [
    "name",
    "version",
    "modelName",
    "specName",
    "dataType",
    "contentType",
    "lifetime",
    "streaming",
    "size",
    "attributes",
    "content",
]
# The expressions of the probe that are evaluated, with their values; any other is not an expression.
_VALUES = {
    "1 + 2": "3n",
    "size('Grüße')": "5n",
    "[1, 2, 3].map(n, n * 2)": ["2n", "4n", "6n"],
    "team == 'blue' ? 'b' : 'x'": "b",
}

Answer = dict[str, Any]


def _fields(handle: Answer) -> Answer:
    return {key: handle[key] for key in ("name", "specName", "kind", "version", "size", "tags")}


async def _attempt(call: Awaitable[Any]) -> Answer:
    try:
        return {"answer": await call}
    except Refused as refused:
        return {"error": str(refused)}


async def _in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def _plain(items: Awaitable[list[Answer]]) -> list[Answer]:
    plain = [{key: item[key] for key in _PLAIN if key in item} for item in await items]
    return sorted(plain, key=lambda item: str(item["name"]))


async def _resources(context: Context) -> Answer:
    write = context.write_resource
    return {
        "plain": _fields(await write("record", "plain", {"text": _WORDS, "number": 1.5, "list": ["a", ""]})),
        "again": _fields(await write("record", "plain", {"text": "again", "number": -2})),
        "zero": _fields(await write("record", "zero", {"text": "", "number": 0})),
        "unexpected": _fields(await write("record", "unexpected", {"text": "no schema", "extra": [1, None]})),
    }


async def _adorned_resource(context: Context) -> Answer:
    overrides = {"tags": {"team": "blue", "release": "7"}, "lifetime": "30d", "garbageCollection": 3}
    data = {"text": "x", "number": 1}
    return {"adorned": _fields(await context.write_resource("record", "adorned", data, overrides))}


async def _versions(context: Context) -> Answer:
    handles = [
        _fields(await context.write_resource("scarce", "scarce", {"text": f"version {n}", "number": n}))
        for n in range(1, 5)
    ]
    return {"handles": handles}


_GUARDED = {"user": "ada", "password": "lovelace-1815"}


async def _sensitive(context: Context) -> Answer:
    return {"handle": _fields(await context.write_resource("guarded", "guarded", _GUARDED))}


async def _sensitive_read(context: Context) -> Answer:
    await context.write_resource("guarded", "guarded", _GUARDED)
    return {"read": await _attempt(context.read_resource("guarded"))}


async def _files(context: Context) -> Answer:
    return {
        "bytes": _fields(await context.file("blob", "bytes").write(_BYTES)),
        "text": _fields(await context.file("text", "text").write(_WORDS.encode())),
        "empty": _fields(await context.file("blob", "empty").write(b"")),
    }


async def _adorned_file(context: Context) -> Answer:
    overrides = {
        "contentType": "text/markdown",
        "lifetime": "7d",
        "garbageCollection": 2,
        "tags": {"team": "blue"},
    }
    return {"adorned": _fields(await context.file("text", "adorned", overrides).write(b"# adorned"))}


async def _lines(context: Context) -> Answer:
    writer = context.file("lines", "lines")
    for line in ("first", "", "Grüße 世界", "  with blanks  ", ""):
        await writer.write_line(line)
    return {"handle": _fields(await writer.finalize())}


async def _streams(context: Context) -> Answer:
    text = "one\ntwö\n\nlast, without an end".encode()
    lines: list[str] = []
    pieces = _in_pieces(text[:6], text[6:])  # in the middle of a letter
    streamed = await context.file("text", "streamed").write_stream(pieces, on_line=lines.append)
    from_path = context.file("blob", "from-path")
    from_path.path().write_bytes(_BYTES)
    return {
        "streamed": _fields(streamed),
        "lines": lines,
        "fromPath": _fields(await from_path.finalize()),
        "openTogether": {"answer": await _files_open_together(context)},
    }


async def _files_open_together(context: Context) -> list[str]:
    texts = ["the first of two", "the second of two"]
    writers = [context.file("blob", f"together-{index}") for index in range(len(texts))]
    for writer, text in zip(writers, texts, strict=True):
        writer.path().write_text(text, "utf-8")
    names = [(await writer.finalize())["name"] for writer in writers]
    pieces = [context.content("@uat/capabilities", context.model, name) for name in names]
    return [(await _whole(each)).decode() for each in pieces]


async def _reading(context: Context) -> Answer:
    for number in range(1, 12):
        data = {"text": f"version {number}", "number": number}
        await context.write_resource("record", "many", data, {"garbageCollection": 20})
    await context.write_resource("record", "own", {"text": "first", "number": 1})
    before = await _attempt(context.read_resource("own"))
    await context.write_resource("record", "own", {"text": "second", "number": 2})
    zero = 'modelName == "seed" && specName == "record" && content.number == 0'
    content = await _whole(context.content("@uat/capabilities", context.model, "own", 1))

    async def version(of: Awaitable[Answer | None]) -> int | None:
        found = await of
        return None if found is None else int(found["version"])

    async def properties(number: int) -> Answer:
        found = await context.found("own", number) or {}
        return {key: found.get(key) for key in ("name", "contentType", "size", "checksum")}

    async def found_by_id(number: int | None = None) -> int | None:
        found = await context.found("own", number)
        return await version(context.found_by_id(found["id"] if found else "", number))

    return {
        "before": before,
        "latest": await _attempt(context.read_resource("own")),
        "first": await _attempt(context.read_resource("own", 1)),
        "missing": await _attempt(context.read_resource("no-such-name")),
        "versions": await _attempt(context.versions("own")),
        "manyVersions": await _attempt(context.versions("many")),
        "latestOfMany": await _attempt(context.read_resource("many")),
        "found": await _attempt(version(context.found("own"))),
        "foundFirst": await _attempt(version(context.found("own", 1))),
        "foundById": await _attempt(found_by_id()),
        "foundFirstById": await _attempt(found_by_id(1)),
        "properties": await _attempt(properties(1)),
        "content": {"answer": content.hex()},
        "streamed": {"answer": content.decode()},
        "earlier": await _attempt(_plain(context.read_model_data("seed"))),
        "earlierOfOneKind": await _attempt(_plain(context.read_model_data("seed", "record"))),
        "queried": await _attempt(_plain(context.query(zero))),
        "definition": await _attempt(context.definition("seed")),
        "definitionOfType": await _attempt(context.definition("seed", "@uat/capabilities")),
    }


async def _computing(context: Context) -> Answer:
    expressions = [*_VALUES, "1 +"]
    answers = {each: json.dumps(context.evaluate(each, _VALUES)) for each in expressions}
    return {"answers": answers, "method": "use", "globalArgs": context.of_the_model, "tags": {}}


async def _deleting(context: Context) -> Answer:
    await context.write_resource("record", "doomed", {"text": "doomed", "number": 1})
    await context.write_resource("record", "spared", {"text": "spared", "number": 2})
    return {
        "deleted": await _attempt(context.delete_resource("doomed")),
        "read": await _attempt(context.read_resource("doomed")),
        "again": await _attempt(context.delete_resource("doomed")),
        "spared": await _attempt(context.read_resource("spared")),
    }


async def _several(context: Context) -> Answer:
    written = [
        await context.write_resource("record", "plain", {"text": text, "number": 1})
        for text in ("first", "again")
    ]
    written += [await context.file("text", "rewritten").write(text) for text in (b"one", b"two", b"three")]
    return {"written": written}


async def _rewritten(context: Context) -> int:
    for version in (1, 2):
        await context.delete_version("rewritten", version)
    return int((await context.file("text", "rewritten").write(b"four"))["version"])


async def _pruning(context: Context) -> Answer:
    return {
        "versions": await _attempt(context.versions("plain")),
        "deleted": await _attempt(context.delete_version("plain", 1)),
        "versionsLeft": await _attempt(context.versions("plain")),
        "latest": await _attempt(context.read_resource("plain")),
        "rewritten": await _attempt(_rewritten(context)),
    }


async def _removing(context: Context) -> Answer:
    return {
        "versions": await _attempt(context.versions("plain")),
        "deleted": await _attempt(context.delete_resource("plain")),
        "read": await _attempt(context.read_resource("plain")),
    }


async def _keeping(context: Context) -> Answer:
    key = f"kept-by-{context.model}"
    return {
        "put": await _attempt(context.put_secret("v1", key, "a kept value")),
        "putAgain": await _attempt(context.put_secret("v1", key, "\ta new value \n")),
    }


async def _erring(context: Context) -> Answer:
    return {
        "undeclared": await _attempt(context.write_resource("no-such-spec", "x", {"text": "x"})),
        "undeclaredFile": await _attempt(context.file("no-such-spec", "x").write(b"x")),
        "nameless": await _attempt(context.write_resource("record", " ", {"text": "x", "number": 1})),
        "badQuery": await _attempt(context.query("this is no predicate")),
    }


async def _handles(context: Context) -> Answer:
    resource = await context.write_resource("record", "looked-at", {"text": "x", "number": 1})
    file = await context.file("text", "looked-at-file").write(b"x")
    return {"resource": resource["metadata"], "attributes": resource["attributes"], "file": file["metadata"]}


_ACTIONS: dict[str, Callable[[Context], Awaitable[Answer]]] = {
    "resources": _resources,
    "adornedResource": _adorned_resource,
    "versions": _versions,
    "sensitive": _sensitive,
    "sensitiveRead": _sensitive_read,
    "files": _files,
    "adornedFile": _adorned_file,
    "lines": _lines,
    "streams": _streams,
    "reading": _reading,
    "computing": _computing,
    "deleting": _deleting,
    "several": _several,
    "pruning": _pruning,
    "removing": _removing,
    "keeping": _keeping,
    "erring": _erring,
    "handles": _handles,
}


async def _use(inputs: dict[str, Any], context: Context) -> None:
    log_entry("start", inputs["step"])
    note(f"got-{inputs['step']}", json.dumps(await _ACTIONS[inputs["action"]](context)))
    log_entry("end", inputs["step"])


async def _remove(inputs: dict[str, Any], context: Context) -> None:
    log_entry("start", inputs["step"])
    handle = await context.write_resource("record", "doomed", {"text": "doomed", "number": 1})
    note(f"got-{inputs['step']}", json.dumps({"written": _fields(handle)}))
    log_entry("end", inputs["step"])


def _record(spec: str, kept: int = 10, **tags: str) -> Kind:
    return Kind(spec, versions_kept=kept, tags=tags)


DESCRIPTION = Description(
    methods={"use": _use, "remove": _remove},
    resources={
        "record": _record("record", shelf="records"),
        "scarce": _record("scarce", 2),
        "guarded": _record("guarded"),
    },
    files={
        "blob": Kind("blob", "file", "application/octet-stream", versions_kept=10),
        "text": Kind("text", "file", "text/plain", versions_kept=10, tags={"shelf": "texts"}),
        "lines": Kind("lines", "file", "text/plain", versions_kept=10, streaming=True),
    },
    sensitive={"guarded": ("password",)},
)
