"""The behaviour of fixtures/extensions/models/uat_probe.ts."""

from __future__ import annotations

import os
from typing import Any

from standin.extensions import Check, Description
from standin.extensions.notes import account, is_first, log_entry, note, notes
from standin.store import Kind
from standin.timing import CLEANING_UP, HOLDING, MOMENT
from standin.worker.context import Aborted, Context


def _may_go_on(step: str) -> bool:
    return (notes() / f"go-on-{step}").is_dir()


async def _hold(step: str, context: Context, *, listening: bool = True, always: bool = False) -> None:
    holds = is_first(step) or always
    log_entry("start", step)
    if holds:
        await _wait_to_go_on(step, context, listening=listening)


async def _wait_to_go_on(step: str, context: Context, *, listening: bool = True) -> None:
    try:
        await context.pause(HOLDING, until=lambda: _may_go_on(step), listening=listening)
    except Aborted:
        note(f"asked-to-stop-{step}", "yes")
        raise


async def _finish(step: str, context: Context, **fields: str) -> None:
    await context.write_resource("state", "result", {**account(step), **fields})
    log_entry("end", step)


async def _once(inputs: dict[str, Any], context: Context) -> None:
    log_entry("start", inputs["step"])
    await _finish(inputs["step"], context, **{name: inputs[name] for name in inputs if name == "word"})


async def _noted(inputs: dict[str, Any], _context: Context) -> None:
    log_entry("start", inputs["step"])
    log_entry("end", inputs["step"])


async def _moment(inputs: dict[str, Any], context: Context) -> None:
    log_entry("start", inputs["step"])
    await context.pause(MOMENT)
    await _finish(inputs["step"], context)


async def _held(inputs: dict[str, Any], context: Context) -> None:
    await _hold(inputs["step"], context)
    await _finish(inputs["step"], context)


async def _read(inputs: dict[str, Any], context: Context) -> None:
    if not [piece async for piece in context.content("@uat/probe", inputs["of"], "result")]:
        raise RuntimeError(f"there is no result of {inputs['of']}")
    await _hold(inputs["step"], context, always=True)
    await _finish(inputs["step"], context)


async def _deaf(inputs: dict[str, Any], context: Context) -> None:
    await _hold(inputs["step"], context, listening=False)
    await _finish(inputs["step"], context)


async def _tidy(inputs: dict[str, Any], context: Context) -> None:
    try:
        await _hold(inputs["step"], context)
    except Aborted:
        await context.pause(CLEANING_UP, listening=False)
        note(f"cleaned-up-{inputs['step']}", "yes")
        raise
    await _finish(inputs["step"], context)


async def _partial(inputs: dict[str, Any], context: Context) -> None:
    await context.write_resource("state", "before", account(inputs["step"]))
    await _hold(inputs["step"], context)
    await context.write_resource("state", "after", account(inputs["step"]))
    log_entry("end", inputs["step"])


async def _many(inputs: dict[str, Any], context: Context) -> None:
    step = inputs["step"]
    log_entry("start", step)
    for number in range(1, 121):
        await context.write_resource("state", f"part-{number}", account(step))
    log_entry("end", step)


async def _late(inputs: dict[str, Any], context: Context) -> None:
    step = inputs["step"]
    await _hold(step, context)
    await context.write_resource("state", "before", account(step))
    if is_first(step, "begun-{}-again"):
        await _wait_to_go_on(step, context)
    await context.write_resource("state", "after", account(step))
    log_entry("end", step)


async def _say(inputs: dict[str, Any], context: Context) -> None:
    await context.log(f"{inputs['step']} is at work")
    await _hold(inputs["step"], context)
    await context.log(f"{inputs['step']} has worked")
    more = inputs.get("more", 0)
    for number in range(1, more + 1):
        await context.log(f"{inputs['step']}, line {number} of {more}")
    await _finish(inputs["step"], context)


async def _falter(inputs: dict[str, Any], context: Context) -> None:
    await _hold(inputs["step"], context)
    raise RuntimeError(f"{inputs['step']} has failed on purpose")


async def _fail(inputs: dict[str, Any], _: Context) -> None:
    log_entry("start", inputs["step"])
    raise RuntimeError(f"{inputs['step']} has failed on purpose")


async def _vanish(inputs: dict[str, Any], _: Context) -> None:
    log_entry("start", inputs["step"])
    os._exit(9)


async def _stumble(inputs: dict[str, Any], context: Context) -> None:
    first = is_first(inputs["step"])
    log_entry("start", inputs["step"])
    if first:
        raise RuntimeError(f"{inputs['step']} has failed on purpose")
    await _finish(inputs["step"], context)


async def _file(inputs: dict[str, Any], context: Context) -> None:
    log_entry("start", inputs["step"])
    trace = context.file("trace", "trace")
    await trace.write_line(inputs["word"])
    await trace.finalize()
    log_entry("end", inputs["step"])


async def _lines(inputs: dict[str, Any], context: Context) -> None:
    trace = context.file("trace", "trace")
    await trace.write_line("before")
    await _hold(inputs["step"], context)
    await trace.write_line("after")
    await trace.finalize()
    log_entry("end", inputs["step"])


DESCRIPTION = Description(
    methods={
        "once": _once,
        "discreet": _once,
        "checked": _once,
        "chained": _once,
        "noted": _noted,
        "moment": _moment,
        "hold": _held,
        "read": _read,
        "deaf": _deaf,
        "tidy": _tidy,
        "partial": _partial,
        "many": _many,
        "late": _late,
        "say": _say,
        "fail": _fail,
        "falter": _falter,
        "stumble": _stumble,
        "vanish": _vanish,
        "file": _file,
        "lines": _lines,
    },
    resources={"state": Kind("state")},
    checks={"uat-slow": Check(("slow",), ("checked",), "the slow check has failed on purpose")},
    followed_by={"chained": ("noted",)},
    confided={"discreet": ("word",)},
    files={"trace": Kind("trace", "file", "text/plain", streaming=True)},
)
