"""The process of one step: reads its job, runs the method, reports the result."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
import threading
from typing import Any, TextIO

from standin.extensions import method_of
from standin.redaction import blanked
from standin.remote import connected
from standin.runners import end_tree
from standin.worker.context import Context

# The variable that Python adds to the environment of a process in the C locale (PEP 538).
_ADDED_BY_PYTHON = ("LC_CTYPE", "C.UTF-8")


def main() -> None:
    """Run the step whose job is on standard input."""
    job = json.loads(sys.stdin.readline())
    name, value = _ADDED_BY_PYTHON
    if os.environ.get(name) == value:
        del os.environ[name]
    channel = sys.stdout
    sys.stdout = sys.stderr = _Console(channel, job["secrets"])
    result = asyncio.run(_run(job, channel))
    _send(channel, result)


async def _run(job: dict[str, Any], channel: TextIO) -> dict[str, Any]:
    try:
        method = method_of(job["modelType"], job["method"])
        async with connected(job["url"], job["trusted"], "/data") as socket:
            await socket.send(json.dumps({"dispatch": job["dispatchId"], "ticket": job["ticket"]}))
            context = Context(job, socket, lambda line: _send(channel, {"console": line}))
            _listen_for_stop(context)
            try:
                await method(job["inputs"], context)
            finally:
                context.leave()
    except Exception as error:  # noqa: BLE001 - any error of a step is its result
        return {"status": "error", "error": error_message(error, job["secrets"])}
    return {"status": "success"}


def error_message(error: Exception, secrets: list[str]) -> str:
    """The message of a step's error."""
    return blanked(str(error) or type(error).__name__, secrets)


def _listen_for_stop(context: Context) -> None:
    """Listen for the request to stop; a step whose parent is gone ends at once."""
    loop = asyncio.get_running_loop()

    def listen() -> None:
        for line in sys.stdin:
            if line.strip() == "stop":
                loop.call_soon_threadsafe(context.asked_to_stop.set)
        end_with_all_it_started()

    threading.Thread(target=listen, daemon=True).start()


def end_with_all_it_started() -> None:
    """End a step whose parent is gone, with the programs that it runs."""
    end_tree(os.getpid())


class _Console(io.TextIOBase):
    """The console of a step, which passes on its output line by line."""

    def __init__(self, channel: TextIO, secrets: list[str]) -> None:
        self._channel = channel
        self._secrets = secrets
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            _send(self._channel, {"console": console_line(line, self._secrets)})
        return len(text)


def console_line(line: str, secrets: list[str]) -> str:
    """The message with a line of a step's console."""
    return blanked(line, secrets)


def _send(channel: TextIO, answer: dict[str, Any]) -> None:
    channel.write(json.dumps(answer) + "\n")
    channel.flush()
