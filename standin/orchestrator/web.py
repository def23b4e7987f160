"""Answers of an orchestrator to plain HTTP requests: its state, and the bundles of extensions."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

from websockets.datastructures import Headers
from websockets.http11 import Response

from standin.bundles import Bundle
from standin.orchestrator.pool import Pool


def answer(path: str, pool: Pool, bundles: Mapping[str, Bundle]) -> Response | None:
    """The answer to a request; None if it is for the WebSocket.

    Args:
        path: of the request.
        pool: of workers.
        bundles: by fingerprint.
    """
    plain = urllib.parse.unquote(path.partition("?")[0])
    if plain in ("/", "/data"):
        return None
    if plain in ("/ready", "/health"):
        return _json({"status": "ready"})
    if plain == "/api/v1/health":
        return _json({"ready": True, "workers": live_pool(pool)})
    _, kind, fingerprint, *rest = [*plain.split("/"), "", ""][:3] + plain.split("/")[3:]
    if kind == "bundle" and fingerprint in bundles:
        return _of_bundle(bundles[fingerprint], rest)
    return _response(404, b"not found", "text/plain")


def live_pool(pool: Pool) -> list[dict[str, Any]]:
    """The present pool."""
    return [{**member.record(), "connected": member.connected} for member in pool.members.values()]


def _of_bundle(bundle: Bundle, rest: list[str]) -> Response:
    if not rest:
        return _response(200, bundle_sent(bundle).encode(), "text/javascript")
    if rest == ["files"]:
        return _json(sorted(bundle.files))
    path = "/".join(rest[1:])
    if rest[0] == "file" and path in bundle.files:
        return _response(200, file_sent(bundle.files[path]), "application/octet-stream")
    return _response(404, b"not found", "text/plain")


def bundle_sent(bundle: Bundle) -> str:
    """The bytes of a bundle's program for a worker."""
    return bundle.program


def file_sent(content: bytes) -> bytes:
    """The bytes of a bundle's file for a worker."""
    return content


def _json(document: Any) -> Response:
    return _response(200, json.dumps(document).encode(), "application/json")


def _response(status: int, body: bytes, kind: str) -> Response:
    headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status, "OK" if status == 200 else "Not Found", headers, body)  # noqa: PLR2004 - HTTP
