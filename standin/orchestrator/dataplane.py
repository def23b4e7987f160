"""The data plane: the requests that the process of a step may send, over its own connection."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection

from standin import questions, vaults
from standin.errors import UserError
from standin.extensions import Description, described
from standin.orchestrator.dispatch import Dispatch
from standin.repository import Repository
from standin.store import Draft, Kind, Place, name_for_item

_PIECE = 1 << 20


class DataPlane:
    """Serves the requests of one step for data of its repository.

    Args:
        repository: that is served.
        dispatch: the dispatch of the step.
        note_write: called before anything is written.
    """

    def __init__(self, repository: Repository, dispatch: Dispatch, note_write: Callable[[], None]) -> None:
        self._repository = repository
        self._store = repository.store
        self._dispatch = dispatch
        self._note_write = note_write
        self._work = dispatch.work
        self._description: Description = described(self._work.model_type)
        self._draft: Draft | None = None
        self._lines: bytes = b""

    async def serve(self, socket: ServerConnection) -> None:
        """Answer requests until the step's process is gone or its dispatch is closed."""
        try:
            async for message in socket:
                if self._dispatch.closed:
                    return
                if isinstance(message, bytes):
                    self._take(message)
                    continue
                request = json.loads(message)
                await self._answer(socket, request)
        finally:
            if self._draft is not None:
                self.abandon(self._draft)

    def abandon(self, draft: Draft) -> None:
        """Discard unfinished files."""
        draft.discard()

    async def _answer(self, socket: ServerConnection, request: dict[str, Any]) -> None:
        handler = getattr(self, f"do_{request['do']}")
        try:
            answer = handler(**request["with"])
        except UserError as error:
            await socket.send(json.dumps({"error": str(error)}))
            return
        if isinstance(answer, Place):  # the request is for bytes
            await self._send_bytes(socket, answer, request["with"].get("version"))
            return
        await socket.send(json.dumps({"answer": answer}))

    # --- writing

    def do_write_resource(self, spec: str, name: str, data: Any, overrides: dict[str, Any]) -> dict[str, Any]:
        """Store a resource."""
        kind = self._kind("writeResource", self._description.resources, spec, name, overrides)
        self._note_write()
        kept = self._guard(spec, name, data)
        datum = self._store.put(self._place(self.varied(spec, name)), kind, kept)
        return self._handle(datum.facts, kind, data)

    def varied(self, spec: str, name: str) -> str:
        """The name of a datum, with the values of the inputs over which its workflow varies it."""
        for key in self._work.kept.get(spec, {}).get("vary", ()):
            name = name_for_item(name, self._work.inputs[key])
        return name

    def do_begin_file(self, spec: str, name: str, overrides: dict[str, Any]) -> None:
        """Begin a file; its bytes follow."""
        self._kind("createFileWriter", self._description.files, spec, name, overrides)
        self._draft = self._store.draft()

    def _take(self, piece: bytes) -> None:
        if self._draft is not None:
            self._note_write()
            self._draft.append(piece)

    def do_end_file(self, spec: str, name: str, overrides: dict[str, Any]) -> dict[str, Any]:
        """Store a file after all its bytes have arrived."""
        kind = self._kind("createFileWriter", self._description.files, spec, name, overrides)
        assert self._draft is not None
        draft, self._draft = self._draft, None
        self._note_write()
        return self._handle(self.keep_file(draft, name, kind), kind, None)

    def keep_file(self, draft: Draft, name: str, kind: Kind) -> dict[str, Any]:
        """Store a complete file."""
        return draft.keep(self._place(self.varied(kind.spec, name)), kind).facts

    def do_write_line(self, spec: str, name: str, line: str, first: bool, overrides: dict[str, Any]) -> Any:
        """Store another line of a file, visible at once."""
        kind = self._kind("createFileWriter", self._description.files, spec, name, overrides)
        self._note_write()
        place = self._place(self.varied(spec, name))
        self._lines = self._lines + line.encode() + b"\n" if not first else line.encode() + b"\n"
        if not first:
            latest = self._store.versions(place)[-1]
            self._store.forget_version(place, latest)
        datum = self._store.put_bytes(place, kind, self._lines)
        return self._handle(datum.facts, kind, None)

    def do_delete_resource(self, name: str) -> None:
        """Delete a resource."""
        if not self._store.delete(self._place(name)):
            raise UserError(f'deleteResource: no data "{name}"')

    def do_delete_version(self, name: str, version: int) -> None:
        """Delete one version of a datum of the step's own model."""
        self._store.forget_version(self._place(name), version)

    def _kind(
        self, call: str, kinds: dict[str, Kind], spec: str, name: str, overrides: dict[str, Any]
    ) -> Kind:
        if spec not in kinds:
            raise UserError(f'{call}: "{spec}" is not declared by {self._work.model_type}')
        if not name.strip():
            raise UserError(f"{call}: a datum must have a name")
        return self.overridden(kinds[spec], overrides)

    def overridden(self, kind: Kind, overrides: dict[str, Any]) -> Kind:
        """A kind with the overrides of the step's author, or otherwise of its workflow."""
        work = self._work
        kept = work.kept.get(kind.spec, {})
        overrides = {**kept, **overrides, "tags": {**kept.get("tags", {}), **overrides.get("tags", {})}}
        run = {"workflow": work.workflow, "workflowRunId": work.run} if work.run else {}
        tags = {**kind.tags, **work.tags, **run, "step": work.step, **overrides["tags"]}
        return Kind(
            kind.spec,
            kind.data_type,
            overrides.get("contentType", kind.content_type),
            overrides.get("lifetime", kind.lifetime),
            overrides.get("garbageCollection", kind.versions_kept),
            kind.streaming,
            tags,
        )

    def _handle(self, facts: dict[str, Any], kind: Kind, attributes: Any) -> dict[str, Any]:
        self._work.wrote({"name": facts["name"], "version": facts["version"]})
        kept = ("contentType", "lifetime", "garbageCollection", "streaming", "tags")
        return {
            "name": facts["name"],
            "specName": kind.spec,
            "kind": kind.data_type,
            "version": facts["version"],
            "size": facts["size"],
            "tags": facts["tags"],
            "metadata": {key: facts[key] for key in kept},
            "attributes": attributes,
        }

    def _guard(self, spec: str, name: str, data: Any) -> Any:
        """Replace the sensitive fields of a resource with references to the vault."""
        guarded = self._description.sensitive.get(spec, ())
        if not guarded:
            return data
        vault = vaults.names(self._repository)[0]
        kept = dict(data)
        for each in guarded:
            key = f"{self._place(name).model_id}-{name}-{each}"
            vaults.put(self._repository, vault, key, str(data[each]))
            kept[each] = {"vault": vault, "key": key}
        return kept

    # --- reading

    def do_read_resource(self, name: str, version: int | None) -> Any:
        """The content of a resource of the step's own model."""
        place = self._place(name)
        datum = self._store.version(place, version) if version else self._store.latest(place)
        return None if datum is None else self._revealed(datum.content())

    def _revealed(self, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        return {
            key: vaults.get(self._repository, item["vault"], item["key"])
            if isinstance(item, dict) and set(item) == {"vault", "key"}
            else item
            for key, item in content.items()
        }

    def do_query(self, predicate: str) -> list[dict[str, Any]]:
        """The data for which a predicate holds."""
        results: list[dict[str, Any]] = questions.data_query(self._repository, predicate)["results"]
        return [{**item, "attributes": item.get("content")} for item in results]

    def do_read_model(self, model: str, spec: str | None) -> list[dict[str, Any]]:
        """The data of another model."""
        found = self.do_query(f'modelName == "{model}"')
        return [item for item in found if spec in (None, item["specName"])]

    def do_versions(self, name: str) -> list[int]:
        """The versions of a datum of the step's own model."""
        return self._store.versions(self._place(name))

    def do_find(self, name: str, version: int | None) -> dict[str, Any] | None:
        """The metadata of a datum of the step's own model."""
        place = self._place(name)
        datum = self._store.version(place, version) if version else self._store.latest(place)
        return None if datum is None else datum.facts

    def do_find_by_id(self, identity: str, version: int | None) -> dict[str, Any] | None:
        """The metadata of a datum of the step's own model, by the id of the datum."""
        for place in self._repository.places_of(self._work.model):
            found = self.do_find(place.name, version)
            if found and found["id"] == identity:
                return found
        return None

    def do_content(self, model_type: str, model: str, name: str, version: int | None) -> Place:  # noqa: ARG002
        """The bytes of a datum; the result says where they are."""
        for place in self._repository.places_of(model):
            if place.name == name and place.model_type == model_type:
                return place
        raise UserError(f'Data not found: "{name}" for model "{model}"')

    async def _send_bytes(self, socket: ServerConnection, place: Place, version: int | None) -> None:
        datum = self._store.version(place, version) if version else self._store.latest(place)
        if datum is None:
            await socket.send(json.dumps({"error": f'Data not found: "{place.name}"'}))
            return
        with datum.raw.open("rb") as file:
            while piece := file.read(_PIECE):
                await socket.send(self.piece_sent(piece))
        await socket.send(json.dumps({"answer": datum.facts["size"]}))

    def piece_sent(self, piece: bytes) -> bytes:
        """The message with a piece of a datum."""
        return piece

    def do_definition(self, name: str, model_type: str) -> str | None:
        """The name of a model, if it exists; of this type only, if it is given."""
        types = {place.model_type for place in self._repository.places_of(name)}
        return name if model_type in types or (types and not model_type) else None

    # --- the vault

    def do_get_secret(self, vault: str, key: str) -> str:
        """A secret that was passed to the step."""
        self.check_secret(vault, key)
        return vaults.get(self._repository, vault, key)

    def check_secret(self, vault: str, key: str) -> None:
        """Refuse a secret that was not passed to the step."""
        value = None if vaults.INFRASTRUCTURE.match(key) else vaults.get(self._repository, vault, key)
        if value not in self._work.secrets:
            raise UserError(f"vaultService.get: '{key}' was not handed to this step")

    def do_put_secret(self, vault: str, key: str, value: str) -> None:
        """Store a secret."""
        if vaults.INFRASTRUCTURE.match(key):
            raise UserError(f"vaultService.put: '{key}' is the orchestrator's own")
        vaults.put(self._repository, vault, key, value)

    # --- output

    def do_say(self, line: str) -> None:
        """Send a line to the followers of the run."""
        self._work.say(line)

    def _place(self, name: str) -> Place:
        return Place(self._work.model_type, self._work.model, name)
