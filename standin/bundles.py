"""Shipped extensions: the bundles of a repository, found by the model types in their text.

The stand-in runs no TypeScript. It implements the suite's extensions in Python (`standin.extensions`), but
sends their real files: the version of a running extension comes from its text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from standin.repository import Repository

PULLED = "pulled-extensions"
# The folder with downloads of the bundling, in a user's home directory.
PACKAGES = Path(".swamp", "deno-cache")

_TYPE = re.compile(r'^  type: "(?P<type>@[^"]+)"', re.MULTILINE)
_VERSION = re.compile(r'^(?:export const VERSION = |  version: )"(?P<version>[^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Bundle:
    """The program of a model type, with its files.

    Attributes:
        program: its text.
        files: their bytes, by path.
        folder: where the files are.
    """

    program: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def model_type(self) -> str:
        """The model type in the program's text; empty if there is none."""
        match = _TYPE.search(self.program)
        return match["type"] if match else ""

    @property
    def version(self) -> str:
        """The version in the program's text."""
        match = _VERSION.search(self.program)
        return match["version"] if match else ""

    @cached_property
    def fingerprint(self) -> str:
        """A checksum of program and files, which identifies the bundle."""
        digest = hashlib.sha256(self.program.encode())
        for path, content in sorted(self.files.items()):
            digest.update(f"\0{path}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()


def bundles_of(repository: Repository) -> dict[str, Bundle]:
    """The bundles of a repository's extensions, by model type."""
    own = [Bundle(file.read_text("utf-8")) for file in repository.folder.glob("extensions/models/*.ts")]
    pulled = [
        Bundle(program_in(folder), _files_in(folder.parent / "files"), folder.parent / "files")
        for folder in (repository.inner / PULLED).rglob("models")
    ]
    return {bundle.model_type: bundle for bundle in (*own, *pulled) if bundle.model_type}


def program_in(folder: Path) -> str:
    """The program of a pulled extension: its model, with the modules that the model imports."""
    return "\n".join(file.read_text("utf-8") for file in sorted(folder.glob("*.ts")))


def _files_in(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }
