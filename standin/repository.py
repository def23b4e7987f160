"""A repository on disk: its folder and its contents."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

from standin import protocol
from standin.errors import UserError
from standin.store import Place, Store, model_id_of

_MARK = Path(".swamp.yaml")
# The file that an orchestrator writes for commands in its repository.
SERVING = "serving.json"
# The folder of the records of methods that were run without a workflow.
METHODS = "methods"
# The file with the inputs with which a workflow was evaluated last.
EVALUATED = "evaluated/{}.json"


class Repository:
    """One repository.

    Args:
        folder: its root.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder)
        self.inner = folder / ".swamp"

    @classmethod
    def here(cls, named: str = "") -> Repository:
        """The repository in the given folder, in that of the variable, or in the current one.

        Raises:
            UserError: there is none.
        """
        folder = Path.cwd() / (named or os.environ.get("SWAMP_REPO_DIR", ""))
        if not (folder / _MARK).is_file():
            raise UserError(f"Not a swamp repository: {folder}. To initialize one: swamp repo init")
        return cls(folder)

    @classmethod
    def initialise(cls, folder: Path) -> Repository:
        """Create a repository in a folder."""
        (folder / _MARK).write_text(f"repoId: {uuid.uuid4()}\nprotocol: {protocol.VERSION}\n", "utf-8")
        (folder / ".swamp" / "data").mkdir(parents=True, exist_ok=True)
        return cls(folder)

    def write(self, name: str, document: Any) -> None:
        """Store an internal document, replacing an earlier one."""
        file = self.inner / name
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
        draft.write_text(json.dumps(document, indent=2, ensure_ascii=False), "utf-8")
        draft.replace(file)

    def read(self, name: str) -> Any:
        """An internal document; None if there is none."""
        file = self.inner / name
        return json.loads(file.read_text("utf-8")) if file.is_file() else None

    def documents(self, folder: str) -> list[Any]:
        """All internal documents in a folder, in the order of their last changes."""
        files = [each for each in (self.inner / folder).glob("*.json") if each.is_file()]
        ordered = sorted(files, key=lambda each: each.stat().st_mtime_ns)
        return [json.loads(each.read_text("utf-8")) for each in ordered]

    def create_model(self, model_type: str, name: str) -> dict[str, str]:
        """Create a model instance."""
        path = self.folder / "models" / f"{name}.yaml"
        model = {"id": model_id_of(model_type, name), "name": name, "type": model_type, "path": str(path)}
        self.write(f"models/{name}.json", model)
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"name: {name}\ntype: '{model_type}'\n", "utf-8")
        return model

    def model_type_of(self, name: str) -> str:
        """The type of a model instance; for an instance of a workflow step, from the data that it wrote.

        Raises:
            UserError: there is no such model.
        """
        model = self.read(f"models/{name}.json")
        if model is not None:
            return str(model["type"])
        for place in self.places_of(name):
            return place.model_type
        raise UserError(f"Model not found: {name}", "model_not_found")

    def tags_of_model(self, name: str) -> dict[str, str]:
        """The tags in the definition of a model instance, which its data get; none without a definition."""
        import yaml

        model = self.read(f"models/{name}.json")
        definition = yaml.safe_load(Path(model["path"]).read_text("utf-8")) if model else {}
        return dict(definition.get("tags", {}))

    def places_of(self, model: str) -> list[Place]:
        """The data of a model instance, by its name or id."""
        return [
            Place(each.facts["modelType"], each.facts["modelName"], each.facts["name"])
            for each in self.store.all_latest()
            if model in (each.facts["modelName"], each.facts["modelId"])
        ]

    def place_of(self, model: str, name: str) -> Place:
        """A datum of a model instance.

        Raises:
            UserError: there is none.
        """
        for place in self.places_of(model):
            if place.name == name:
                return place
        raise UserError(f'Data not found: "{name}" for model "{model}"', "data_not_found")
