"""The behaviour of fixtures/extensions/models/uat_secrets.ts."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from standin.extensions import Description
from standin.extensions.notes import log_entry, note
from standin.store import Kind
from standin.timing import HOLDING
from standin.worker.context import Context, Refused


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def _resource(secret: str, context: Context) -> None:
    await context.write_resource("said", "said", {"text": f"it is {secret}", "deeper": {"list": [secret]}})


async def _file(secret: str, context: Context) -> None:
    await context.file("file", "file").write(f"it is {secret}".encode())


async def _lines(secret: str, context: Context) -> None:
    lines = context.file("lines", "lines")
    await lines.write_line(f"it is {secret}")
    await lines.finalize()


async def _stream(secret: str, context: Context) -> None:
    await context.file("file", "file").write_stream(_letters(f"it is {secret}, all of it"))


async def _letters(text: str) -> AsyncIterator[bytes]:
    for letter in text:
        yield letter.encode()


async def _tags(secret: str, context: Context) -> None:
    data = {"text": "tagged", "deeper": {"list": []}}
    await context.write_resource("said", "said", data, {"tags": {"is": secret}})


async def _log(secret: str, context: Context) -> None:
    await context.log(f"it is {secret}")


async def _console(secret: str, _: Context) -> None:
    print(f"it is {secret}")
    print(f"it is {secret}", file=sys.stderr)


async def _event(secret: str, context: Context) -> None:
    await context.event(f"it is {secret}")


async def _error(secret: str, context: Context) -> None:
    context.file("file", "file").path().write_text(f"it is {secret}", "utf-8")
    raise RuntimeError(f"the probe has failed on purpose: it is {secret}")


async def _nowhere(_: str, context: Context) -> None:
    await context.pause(HOLDING)


async def _unfinished(secret: str, context: Context) -> None:
    context.file("file", "file").path().write_text(f"it is {secret}", "utf-8")
    await context.pause(HOLDING)


_PLACES: dict[str, Callable[[str, Context], Awaitable[None]]] = {
    "resource": _resource,
    "file": _file,
    "bytes": _file,
    "stream": _stream,
    "path": _file,
    "tags": _tags,
    "lines": _lines,
    "log": _log,
    "console": _console,
    "event": _event,
    "error": _error,
    "nowhere": _nowhere,
    "unfinished": _unfinished,
}


def _note_process(step: str) -> None:
    # A step is a fork of its worker, so it has no arguments of its own.
    note(f"process-{step}", json.dumps({"environment": dict(os.environ), "arguments": []}))


async def _say(inputs: dict[str, Any], context: Context) -> None:
    log_entry("start", inputs["step"])
    _note_process(inputs["step"])
    of_the_model = [context.of_the_model["secret"]] if "secret" in context.of_the_model else []
    handed = [inputs["secret"], *(each["secret"] for each in inputs.get("also", ())), *of_the_model]
    note(f"digest-{inputs['step']}", " ".join(_digest(each) for each in handed))
    await _PLACES[inputs["place"]](" and ".join(handed), context)
    log_entry("end", inputs["step"])


async def _pry(inputs: dict[str, Any], context: Context) -> None:
    log_entry("start", inputs["step"])
    _note_process(inputs["step"])
    if "secret" in inputs:
        note(f"digest-{inputs['step']}", _digest(inputs["secret"]))
    try:
        outcome = f"got {_digest(await context.get_secret(inputs['vault'], inputs['key']))}"
    except Refused as refused:
        outcome = f"refused: {refused}"
    note(f"pried-{inputs['step']}", outcome)
    log_entry("end", inputs["step"])


DESCRIPTION = Description(
    methods={"say": _say, "pry": _pry},
    resources={"said": Kind("said")},
    files={
        "file": Kind("file", "file", "text/plain"),
        "lines": Kind("lines", "file", "text/plain", streaming=True),
    },
)
