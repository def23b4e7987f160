"""The datastore: versions of data as folders of a repository, always complete, readable by any process."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from standin.moments import stamp

_METADATA = "metadata.json"
_RAW = "raw"
_JSON = "application/json"


@dataclass(frozen=True)
class Place:
    """The owner and the name of a datum.

    Attributes:
        model_type: such as "@uat/probe".
        model: the name of the model instance.
        name: of the datum.
    """

    model_type: str
    model: str
    name: str

    @property
    def model_id(self) -> str:
        """The id of the model instance, which follows from its type and name."""
        return model_id_of(self.model_type, self.model)


@dataclass(frozen=True)
class Kind:
    """How a datum is stored.

    Attributes:
        spec: the name of its declaration.
        data_type: "resource" or "file".
        content_type: of its bytes.
        lifetime: how long it is stored.
        versions_kept: how many of its versions are kept.
        streaming: whether it grows line by line.
        tags: of the datum.
    """

    spec: str
    data_type: str = "resource"
    content_type: str = _JSON
    lifetime: str = "infinite"
    versions_kept: int = 100
    streaming: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


def model_id_of(model_type: str, model: str) -> str:
    """The id of a model instance."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{model_type}/{model}"))


def name_for_item(name: str, item: str) -> str:
    """The name of a datum that is kept apart for one item."""
    return f"{name}-{item}"


class Datum:
    """One stored version of a datum.

    Args:
        folder: that holds it.
        facts: its metadata.
    """

    def __init__(self, folder: Path, facts: Mapping[str, Any]) -> None:
        self.folder = folder
        self.facts = dict(facts)

    @property
    def raw(self) -> Path:
        """The file with its bytes."""
        return self.folder / _RAW

    @property
    def version(self) -> int:
        """Its version."""
        return int(self.facts["version"])

    def content(self) -> Any:
        """Its content: parsed if it is JSON, else its text."""
        text = self.raw.read_bytes().decode("utf-8", "replace")
        return json.loads(text) if self.facts["contentType"] == _JSON else text


class Store:
    """The data of one repository.

    Args:
        repository: its root.
    """

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        self._root = repository / ".swamp" / "data"
        self._staging = repository / ".swamp" / "staging"

    def put(self, place: Place, kind: Kind, content: Any) -> Datum:
        """Store JSON content as a new version."""
        return self.put_bytes(place, kind, json.dumps(content, ensure_ascii=False).encode())

    def put_bytes(self, place: Place, kind: Kind, content: bytes) -> Datum:
        """Store bytes as a new version."""
        draft = self.draft()
        draft.append(content)
        return draft.keep(place, kind)

    def draft(self) -> Draft:
        """Begin a version that cannot be read before it is complete."""
        return Draft(self, self._staging / uuid.uuid4().hex)

    def change(self, place: Place, kind: Kind, change: Callable[[Any], Any]) -> Any:
        """Store a new version made from the latest one; simultaneous changes happen one after the other.

        Args:
            place: of the datum.
            kind: of the datum.
            change: makes the new content from the present one, which is None if there is none.

        Returns:
            The new content.
        """
        while True:
            present = self.latest(place)
            content = change(present.content() if present else None)
            draft = self.draft()
            draft.append(json.dumps(content, ensure_ascii=False).encode())
            if draft.keep_as(place, kind, (present.version if present else 0) + 1):
                return content

    def folder_of(self, place: Place) -> Path:
        """Where the versions of a datum are."""
        return self._root / place.model_type / place.model_id / place.name

    def versions(self, place: Place) -> list[int]:
        """The stored versions of a datum, in order."""
        return _versions_in(self.folder_of(place))

    def latest(self, place: Place) -> Datum | None:
        """The latest version of a datum."""
        versions = self.versions(place)
        return self.version(place, versions[-1]) if versions else None

    def version(self, place: Place, version: int) -> Datum | None:
        """One version of a datum."""
        return _datum(self.folder_of(place) / str(version) / _METADATA)

    def forget_version(self, place: Place, version: int) -> None:
        """Delete one version of a datum."""
        shutil.rmtree(self.folder_of(place) / str(version), ignore_errors=True)

    def delete(self, place: Place) -> bool:
        """Delete a datum with all its versions; whether it existed."""
        folder = self.folder_of(place)
        if not folder.is_dir():
            return False
        shutil.rmtree(folder)
        return True

    def all_latest(self) -> Iterator[Datum]:
        """Every datum in its latest version."""
        for folder, names, _ in os.walk(self._root):
            versions = sorted(int(name) for name in names if name.isdecimal())
            if not versions:
                continue
            names.clear()  # the folders of versions have no subfolders
            while versions:
                datum = _datum(Path(folder, str(versions.pop()), _METADATA))
                if datum is not None:
                    yield datum
                    break

    def latest_of_steps(self) -> Iterator[Datum]:
        """Every datum in the latest version of each step that wrote it."""
        for latest in self.all_latest():
            if "step" not in latest.facts["tags"]:
                yield latest
                continue
            of_steps: dict[str, Datum] = {}
            for version in _versions_in(latest.folder.parent):
                datum = _datum(latest.folder.parent / str(version) / _METADATA)
                if datum is not None:
                    of_steps[datum.facts["tags"].get("step", "")] = datum
            yield from of_steps.values()

    def in_every_version(self) -> Iterator[Datum]:
        """Every datum in each of its versions."""
        for latest in self.all_latest():
            for version in _versions_in(latest.folder.parent):
                datum = _datum(latest.folder.parent / str(version) / _METADATA)
                if datum is not None:
                    yield datum

    def describe(self, datum: Datum, *, content: bool = True) -> dict[str, Any]:
        """The metadata of a datum, for answers.

        Args:
            datum: the datum.
            content: whether to include its content.
        """
        place = datum.raw.relative_to(self.repository).as_posix()
        tags = datum.facts["tags"]
        answer = {
            **datum.facts,
            **{field: tags.get(tag, "") for field, tag in _OF_A_RUN.items()},
            "isLatest": True,
            "contentPath": place,
        }
        if content and datum.facts["size"] < _TELLABLE:
            answer["content"] = datum.content()
        return answer


# The facts about the run that wrote a datum, and their tags.
_OF_A_RUN = {"stepName": "step", "workflowName": "workflow", "workflowRunId": "workflowRunId"}
_TELLABLE = 4_000_000


class Draft:
    """A version that is being written.

    Args:
        store: of the datum.
        folder: of the draft.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        folder.mkdir(parents=True)
        self._file = (folder / _RAW).open("wb")
        self._digest = hashlib.sha256()
        self._size = 0

    def append(self, content: bytes) -> None:
        """Append bytes."""
        self._file.write(content)
        self._digest.update(content)
        self._size += len(content)

    def keep(self, place: Place, kind: Kind) -> Datum:
        """Make it the latest version of a datum."""
        version = (self._store.versions(place) or [0])[-1] + 1
        while not self.keep_as(place, kind, version):
            version += 1
        datum = self._store.version(place, version)
        assert datum is not None
        return datum

    def keep_as(self, place: Place, kind: Kind, version: int) -> bool:
        """Store it as a certain version; False if that version already exists."""
        self._file.close()
        facts = {
            "id": str(uuid.uuid4()),
            "name": place.name,
            "modelId": place.model_id,
            "modelName": place.model,
            "modelType": place.model_type,
            "specName": kind.spec,
            "dataType": kind.data_type,
            "contentType": kind.content_type,
            "lifetime": kind.lifetime,
            "garbageCollection": kind.versions_kept,
            "streaming": kind.streaming,
            "tags": dict(kind.tags),
            "version": version,
            "size": self._size,
            "checksum": self._digest.hexdigest(),
            "createdAt": stamp(),
        }
        (self._folder / _METADATA).write_text(json.dumps(facts), "utf-8")
        target = self._store.folder_of(place) / str(version)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._folder.rename(target)
        except OSError:
            if not target.exists():
                raise
            self.discard()
            return False
        for old in self._store.versions(place)[: -kind.versions_kept]:
            shutil.rmtree(target.parent / str(old), ignore_errors=True)
        return True

    def discard(self) -> None:
        """Discard it."""
        self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _versions_in(folder: Path) -> list[int]:
    try:
        return sorted(int(name) for name in os.listdir(folder) if name.isdecimal())  # noqa: PTH208 - no races
    except OSError:
        return []


def _datum(file: Path) -> Datum | None:
    try:
        return Datum(file.parent, json.loads(file.read_text("utf-8")))
    except OSError:  # it never existed, or was removed meanwhile
        return None
