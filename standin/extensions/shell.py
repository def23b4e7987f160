"""The model type command/shell: runs a script with the shell of the system."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from standin.extensions import Description
from standin.runners import end_tree
from standin.store import Kind
from standin.worker.context import Context


async def _execute(inputs: dict[str, Any], context: Context) -> None:
    shell = ("powershell.exe", "-NoProfile", "-Command") if os.name == "nt" else ("sh", "-c")
    process = await asyncio.create_subprocess_exec(
        *shell,
        inputs["run"],
        env={**os.environ, **inputs.get("env", {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    talking = asyncio.ensure_future(process.communicate())
    asked_to_stop = asyncio.ensure_future(context.asked_to_stop.wait())
    await asyncio.wait([talking, asked_to_stop], return_when=asyncio.FIRST_COMPLETED)
    if not talking.done():
        end_tree(process.pid)
    stdout, stderr = (stream.decode(errors="replace") for stream in await talking)
    asked_to_stop.cancel()
    for line in stdout.splitlines():
        await context.log(line)
    for line in stderr.splitlines():
        await _log_error(context, line, inputs.get("timeout"))
    if process.returncode:
        raise RuntimeError(f"Command exited with code {process.returncode}")
    result = {"command": inputs["run"], "stdout": stdout, "stderr": stderr, "exitCode": process.returncode}
    await context.write_resource("result", "result", result)
    log = context.file("log", "log")
    await log.write(f"{stdout}{stderr}".encode())


async def _log_error(context: Context, line: str, timeout: int | None) -> None:  # noqa: ARG001
    await context.log(line)


DESCRIPTION = Description(
    methods={"execute": _execute},
    resources={"result": Kind("result")},
    files={"log": Kind("log", "file", "text/plain")},
)
