"""The API of a step: the data of the orchestrator's repository, over the data plane."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection

from standin.redaction import Blanking, blanked, blanked_bytes

_LOOK_EVERY = 0.02
_PIECE = 1 << 20

Handle = dict[str, Any]


class Refused(Exception):
    """A request of the step was refused; the message says why."""


class Aborted(Exception):
    """The step was asked to stop."""


class Context:
    """The API of one step.

    Args:
        job: of the step.
        socket: its connection to the data plane.
        on_line: called with each line that it writes to its console.

    Attributes:
        model: the name of the step's model instance.
        program: the text of the extension that runs.
        asked_to_stop: whether the step must stop.
    """

    def __init__(self, job: dict[str, Any], socket: ClientConnection, on_line: Callable[[str], None]) -> None:
        self._socket = socket
        self._on_line = on_line
        self._secrets: list[str] = job["secrets"]
        self._files = Path(job["files"])
        self.model: str = job["model"]
        self.of_the_model: dict[str, Any] = job["ofTheModel"]
        self.program: str = job["program"]
        self.asked_to_stop = asyncio.Event()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    # --- writing

    async def write_resource(
        self, spec: str, name: str, data: Any, overrides: Mapping[str, Any] | None = None
    ) -> Handle:
        """Store a resource."""
        handle: Handle = await self._ask(
            "write_resource",
            spec=spec,
            name=name,
            data=self.blanked_resource(data),
            overrides=self.blanked_tags(dict(overrides or {})),
        )
        return handle

    def blanked_resource(self, data: Any) -> Any:
        """A resource without the step's secrets."""
        return blanked(data, self._secrets)

    def blanked_tags(self, overrides: dict[str, Any]) -> dict[str, Any]:
        """The overrides of an author, with tags without the step's secrets."""
        return {**overrides, "tags": blanked(overrides.get("tags", {}), self._secrets)}

    def blanked_file(self, content: bytes) -> bytes:
        """A file without the step's secrets."""
        return blanked_bytes(content, self._secrets)

    def blanking(self) -> Blanking:
        """Removes the step's secrets from a file in pieces."""
        return Blanking(self._secrets)

    def blanked_line(self, line: str) -> str:
        """A line without the step's secrets."""
        return blanked(line, self._secrets)

    def file(self, spec: str, name: str, overrides: Mapping[str, Any] | None = None) -> FileWriter:
        """A writer for a file."""
        return FileWriter(
            self, {"spec": spec, "name": name, "overrides": self.blanked_tags(dict(overrides or {}))}
        )

    def scratch(self) -> Path:
        """A folder for files that are gone when the step ends."""
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory()
        return Path(self._scratch.name)

    def leave(self) -> None:
        """Delete the scratch folder."""
        if self._scratch is not None:
            self._scratch.cleanup()

    async def delete_resource(self, name: str) -> None:
        """Delete a resource."""
        await self._ask("delete_resource", name=name)

    async def delete_version(self, name: str, version: int) -> None:
        """Delete one version of a datum of the step's own model."""
        await self._ask("delete_version", name=name, version=version)

    # --- reading

    async def read_resource(self, name: str, version: int | None = None) -> Any:
        """The content of a resource of the step's own model."""
        return await self._ask("read_resource", name=name, version=version)

    async def query(self, predicate: str, limit: int | None = None) -> list[dict[str, Any]]:
        """The data for which a predicate holds, up to a limit."""
        found: list[dict[str, Any]] = await self._ask("query", predicate=predicate)
        return self.up_to(limit, found)

    def up_to(self, limit: int | None, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The first of the data that a query found."""
        return found[:limit]

    async def read_model_data(self, model: str, spec: str | None = None) -> list[dict[str, Any]]:
        """The data of another model."""
        found: list[dict[str, Any]] = await self._ask("read_model", model=model, spec=spec)
        return found

    async def versions(self, name: str) -> list[int]:
        """The versions of a datum of the step's own model."""
        found: list[int] = await self._ask("versions", name=name)
        return found

    async def found(self, name: str, version: int | None = None) -> Handle | None:
        """The metadata of a datum of the step's own model."""
        found: Handle | None = await self._ask("find", name=name, version=version)
        return found

    async def found_by_id(self, identity: str, version: int | None = None) -> Handle | None:
        """The metadata of a datum of the step's own model, by the id of the datum."""
        found: Handle | None = await self._ask("find_by_id", identity=identity, version=version)
        return found

    async def definition(self, name: str, model_type: str = "") -> str | None:
        """The name of a model, if it exists; of this type only, if it is given."""
        found: str | None = await self._ask("definition", name=name, model_type=model_type)
        return found

    async def content(
        self, model_type: str, model: str, name: str, version: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes of a datum, in pieces."""
        await self._send("content", model_type=model_type, model=model, name=name, version=version)
        while isinstance(piece := await self._socket.recv(), bytes):
            yield piece
        _answer_in(piece)

    def evaluate(self, expression: str, values: Mapping[str, Any]) -> Any:
        """The value of an expression, or what is wrong with it."""
        if expression in values:
            return {"answer": values[expression]}
        return {"error": f"no expression: {expression}"}

    def extension_file(self, path: str) -> Path:
        """A file that came with the extension."""
        return self._files / path

    # --- the vault

    async def get_secret(self, vault: str, key: str) -> str:
        """A secret that was passed to the step."""
        return str(await self._ask("get_secret", vault=vault, key=key))

    async def put_secret(self, vault: str, key: str, value: str) -> None:
        """Store a secret."""
        await self._ask("put_secret", vault=vault, key=key, value=value)

    # --- output

    async def log(self, line: str) -> None:
        """Send a line to the worker and to the followers of the run."""
        line = self.blanked_line(line)
        self._on_line(line)
        await self._ask("say", line=line)

    async def event(self, line: str) -> None:
        """Send a line to the followers of the run."""
        await self._ask("say", line=self.blanked_line(line))

    # --- time

    async def pause(
        self, seconds: float, *, until: Callable[[], bool] = lambda: False, listening: bool = True
    ) -> None:
        """Wait.

        Args:
            seconds: how long.
            until: ends the wait earlier if it is true.
            listening: whether a request to stop ends the step.

        Raises:
            Aborted: the step was asked to stop.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            if listening and self.asked_to_stop.is_set():
                raise Aborted("aborted")
            await asyncio.sleep(_LOOK_EVERY)

    # --- the data plane

    async def _ask(self, do: str, **given: Any) -> Any:
        await self._send(do, **given)
        return _answer_in(await self._socket.recv())

    async def _send(self, do: str, **given: Any) -> None:
        await self._socket.send(json.dumps({"do": do, "with": given}))

    async def send_bytes(self, content: bytes) -> None:
        """Send some bytes of a file."""
        for begin in range(0, len(content), _PIECE):
            await self._socket.send(content[begin : begin + _PIECE])


class FileWriter:
    """Writes one file.

    Args:
        context: of the step.
        what: the file, as in the request to the data plane.
    """

    def __init__(self, context: Context, what: dict[str, Any]) -> None:
        self._context = context
        self._what = what
        self._lines = 0
        self._last: Handle = {}
        self._path: Path | None = None

    def path(self) -> Path:
        """A file to write to, which is sent when the writer is finalized."""
        if self._path is None:
            self._path = self._context.scratch() / spool_name(self._what["spec"])
        return self._path

    async def write(self, content: bytes | memoryview) -> Handle:
        """Write it in one piece."""
        await self._context._ask("begin_file", **self._what)
        await self._context.send_bytes(self._context.blanked_file(bytes(content)))
        return await self._end()

    async def write_stream(
        self, pieces: AsyncIterator[bytes], *, on_line: Callable[[str], None] | None = None
    ) -> Handle:
        """Write it in pieces, and send its lines meanwhile."""
        await self._context._ask("begin_file", **self._what)
        rest, blanking = b"", self._context.blanking()
        async for piece in pieces:
            await self._context.send_bytes(blanking.piece(piece))
            if on_line is not None:
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    on_line(line.decode())
        if on_line is not None and rest:
            on_line(rest.decode())
        await self._context.send_bytes(blanking.rest())
        return await self._end()

    async def write_line(self, line: str) -> None:
        """Write another line, visible at once."""
        self._last = await self._context._ask(
            "write_line", line=self._context.blanked_line(line), first=not self._lines, **self._what
        )
        self._lines += 1

    async def finalize(self) -> Handle:
        """Report that nothing will follow."""
        return await self.write(self._path.read_bytes()) if self._path is not None else self._last

    async def _end(self) -> Handle:
        handle: Handle = await self._context._ask("end_file", **self._what)
        return handle


def spool_name(spec: str) -> str:
    """A name for a file of a kind that a step writes by its path."""
    return f"{spec}-{uuid.uuid4()}"


def _answer_in(text: str | bytes) -> Any:
    answer = json.loads(text)
    if "error" in answer:
        raise Refused(answer["error"])
    return answer["answer"]
