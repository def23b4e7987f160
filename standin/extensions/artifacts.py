"""The behaviour of fixtures/extensions/models/uat_artifacts.ts."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import Any

from standin.extensions import Description
from standin.extensions.notes import is_first, log_entry, note, notes
from standin.store import Kind
from standin.timing import HOLDING
from standin.worker.context import Context

_BLOCK = 1 << 20
_SHIFT = 4099
_PART = 1 << 16
_WORD = 0xFFFFFFFF
_MEETING = 60.0
_BEFORE, _AFTER = 3, 4


@cache
def _pattern(step: str) -> bytes:
    state = 1
    for character in step:
        state = (state * 31 + ord(character)) & _WORD
    words = []
    for _ in range(_BLOCK // 4):
        state ^= (state << 13) & _WORD
        state ^= state >> 17
        state ^= (state << 5) & _WORD
        words.append(state)
    return struct.pack(f"<{len(words)}I", *words)


def _blocks(step: str, size: int) -> Iterator[bytes]:
    whole = _pattern(step)
    for index, begin in enumerate(range(0, size, _BLOCK)):
        start = index * _SHIFT % _BLOCK
        yield (whole[start:] + whole[:start])[: size - begin]


def _half_way() -> int:
    return len(list(notes().glob("half-*")))


async def _stream(inputs: dict[str, Any], context: Context) -> AsyncIterator[bytes]:
    step, size, sent, past = inputs["step"], inputs["size"], 0, False
    for block in _blocks(step, size):
        if not past and sent >= size / 2:
            past = True
            note(f"half-{step}", "half of the artifact has been handed over")
            if inputs["holds"] and is_first(step):
                await context.pause(HOLDING)
            await context.pause(_MEETING, until=lambda: _half_way() > inputs["others"])
        sent += len(block)
        yield block


def _within_larger(content: bytes) -> memoryview:
    return memoryview(b"\xff" * _BEFORE + content + b"\xff" * _AFTER)[_BEFORE:-_AFTER]


async def _make(inputs: dict[str, Any], context: Context) -> None:
    log_entry("start", inputs["step"])
    writer = context.file("artifact", "artifact")
    if inputs["way"] == "in one piece":
        await writer.write(_within_larger(b"".join(_blocks(inputs["step"], inputs["size"]))))
    else:
        await writer.write_stream(_stream(inputs, context))
    log_entry("end", inputs["step"])


async def _read(inputs: dict[str, Any], context: Context) -> None:
    log_entry("start", inputs["step"])
    size, digest = 0, hashlib.sha256()
    async for piece in context.content("@uat/artifacts", inputs["of"], "artifact"):
        size += len(piece)
        digest.update(piece)
    note(f"read-{inputs['step']}", f"{size} bytes, SHA-256 {digest.hexdigest()}")
    log_entry("end", inputs["step"])


async def _make_all(inputs: dict[str, Any], context: Context) -> None:
    step = inputs["step"]
    log_entry("start", step)
    for name, one in inputs["artifacts"].items():
        writer, content = context.file("artifact", name), b"".join(_blocks(step, one["size"]))
        if one["way"] == "as a stream":
            await writer.write_stream(_cut(content, _PART))
        elif one["way"] == "as a stream of one piece":
            await writer.write_stream(_cut(content, len(content)))
        elif one["way"] == "in one piece":
            await writer.write(_within_larger(content))
        else:
            await writer.write(content)
    log_entry("end", step)


async def _cut(content: bytes, size: int) -> AsyncIterator[bytes]:
    for begin in range(0, len(content), size):
        yield content[begin : begin + size]


async def _read_all(inputs: dict[str, Any], context: Context) -> None:
    log_entry("start", inputs["step"])
    read = {}
    for name in inputs["artifacts"]:
        pieces = context.content("@uat/artifacts", inputs["of"], name)
        content = b"".join([piece async for piece in pieces])
        read[name] = f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}"
    note(f"read-{inputs['step']}", json.dumps(read))
    log_entry("end", inputs["step"])


DESCRIPTION = Description(
    methods={"make": _make, "read": _read, "makeAll": _make_all, "readAll": _read_all},
    files={"artifact": Kind("artifact", "file", "application/octet-stream", versions_kept=10)},
)
