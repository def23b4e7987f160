"""A local registry of extensions for `swamp extension pull`, in place of the public one."""

from __future__ import annotations

import hashlib
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from swamp_harness.product.publication import Publication

# The variable with the address of swamp's registry.
REGISTRY_VARIABLE = "SWAMP_CLUB_URL"

_EXTENSIONS = "/api/v1/extensions/"
_ARCHIVES = "/archives/"


class Registry:
    """Serves over HTTP until it is closed."""

    def __init__(self) -> None:
        self._publications: dict[tuple[str, str], Publication] = {}
        self._latest: dict[str, Publication] = {}
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                registry._answer(self, urllib.parse.unquote(self.path.partition("?")[0]))

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def publish(self, publication: Publication) -> None:
        """Publish a version of an extension, which becomes the latest one."""
        self._publications[publication.name, publication.version] = publication
        self._latest[publication.name] = publication

    def versions(self, name: str) -> list[Publication]:
        """All published versions of an extension, in order of publication."""
        return [each for each in self._publications.values() if each.name == name]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        if path.startswith(_ARCHIVES):
            publication = self._at(path.removeprefix(_ARCHIVES))
            return _send(handler, 200, publication.archive()) if publication else _send(handler, 404)
        name, _, what = path.removeprefix(_EXTENSIONS).rpartition("/")
        publication = self._at(name) if what in {"download", "checksum"} else None
        if publication is not None and what == "download":
            archive = urllib.parse.quote(name)
            return _send(handler, 302, location=f"{self.url}{_ARCHIVES}{archive}")
        if publication is not None:
            checksum = hashlib.sha256(publication.archive()).hexdigest()
            return _send(handler, 200, json.dumps({"checksum": checksum}).encode())
        latest = self._latest.get(path.removeprefix(_EXTENSIONS))
        if latest is None:
            return _send(handler, 404)
        known = {"name": latest.name, "description": "", "latestVersion": latest.version}
        return _send(handler, 200, json.dumps(known).encode())

    def _at(self, name_and_version: str) -> Publication | None:
        name, _, version = name_and_version.rpartition("@")
        return self._publications.get((name, version))


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", *, location: str = "") -> None:
    handler.send_response(status)
    if location:
        handler.send_header("Location", location)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
