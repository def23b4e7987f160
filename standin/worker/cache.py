"""A worker's cache: the id of its machine, and the bundles that it received."""

from __future__ import annotations

import json
import tempfile
import urllib.parse
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from standin.errors import UserError
from standin.remote import trust

if TYPE_CHECKING:
    import ssl

_MACHINE_ID = "machine-id"
_PATIENCE = 60


class Cache:
    """The cache of one worker.

    Args:
        folder: of the cache; empty for a temporary folder.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="swamp-worker-cache-"))
        self.make_folder(self._folder)

    def make_folder(self, folder: Path) -> None:
        """Make the folder of the cache.

        Raises:
            UserError: there is something else in its place.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"Not a directory (os error 20): readfile '{folder / _MACHINE_ID}'") from error

    def machine_id(self) -> str:
        """The id of this machine, created at its first use."""
        file = self._folder / _MACHINE_ID
        if self.needs_machine_id(file):
            known = str(uuid.uuid4())
            file.write_text(known, "utf-8")
        return file.read_text("utf-8-sig").strip()

    def needs_machine_id(self, file: Path) -> bool:
        """Whether a file holds no machine id yet."""
        return not file.is_file() or not file.read_text("utf-8").strip()

    def bundle(self, fingerprint: str, url: str, trusted: str, ticket: str) -> tuple[str, Path]:
        """The program of a bundle and the folder with its files, fetched if they are not in the cache.

        Args:
            fingerprint: of the bundle.
            url: of the orchestrator.
            trusted: a file of trusted certificates; empty for none.
            ticket: of the step that needs the bundle.
        """
        folder = (self._folder / "bundles" / fingerprint).absolute()
        program = folder / "bundle.js"
        base = f"{url.replace('ws', 'http', 1)}/bundle/{fingerprint}"
        context = trust(trusted) if url.startswith("wss:") else None
        if not self.has(program):
            keep(program, _fetched(base, context, ticket))
        for path in self.missing(folder / "files", json.loads(_fetched(f"{base}/files", context, ticket))):
            file = folder / "files" / path
            content = _fetched(f"{base}/file/{urllib.parse.quote(path)}", context, ticket)
            keep(file, content)
        return program.read_text("utf-8"), folder / "files"

    def missing(self, folder: Path, files: list[str]) -> list[str]:
        """The files of a bundle that are not in the cache."""
        return [path for path in files if not (folder / path).is_file()]

    def has(self, program: Path) -> bool:
        """Whether a bundle is in the cache."""
        return program.is_file()


def keep(file: Path, content: bytes) -> None:
    """Write a file of the cache; other steps see it only when it is complete."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{uuid.uuid4().hex[:8]}")
    draft.write_bytes(content)
    draft.replace(file)


def _fetched(url: str, context: ssl.SSLContext | None, ticket: str) -> bytes:
    import urllib.request

    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {ticket}"})  # noqa: S310 - its own
    with urllib.request.urlopen(request, timeout=_PATIENCE, context=context) as answer:  # noqa: S310 - its own
        content: bytes = answer.read()
        return content
