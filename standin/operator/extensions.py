"""Commands about extensions from a registry."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from standin.answers import respond
from standin.bundles import PULLED
from standin.commandline import Call
from standin.errors import UserError
from standin.remote import ask
from standin.repository import Repository

_REGISTRY = "SWAMP_CLUB_URL"
_PATIENCE = 30


def pull(call: Call) -> None:
    """`swamp extension pull`."""
    name = call.arguments[0]
    target = Repository.here().inner / PULLED / name
    if target.exists() and not call.has("--force"):
        raise UserError("The extension was pulled before, and stdin is not a terminal — use --force")
    escaped = urllib.parse.quote(name, safe="")
    latest = json.loads(_asked(f"/api/v1/extensions/{escaped}", name))["latestVersion"]
    place = f"/api/v1/extensions/{escaped}@{latest}"
    archive = _asked(f"{place}/download", name)
    checksum = json.loads(_asked(f"{place}/checksum", name))["checksum"]
    if hashlib.sha256(archive).hexdigest() != checksum:
        raise UserError(f"The archive of {name} does not have the checksum that the registry reports.")
    shutil.rmtree(target, ignore_errors=True)
    _unpack(archive, target)
    respond(call, {"name": name, "version": latest}, f'Pulled "{name}"@"{latest}"')


def _asked(path: str, name: str) -> bytes:
    registry = os.environ.get(_REGISTRY)
    if not registry:
        raise UserError(f"The stand-in knows no public registry: name one with {_REGISTRY}.")
    try:
        with urllib.request.urlopen(f"{registry}{path}", timeout=_PATIENCE) as answer:  # noqa: S310 - as given
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        raise UserError(f"Extension {name} not found in the registry.") from error
    except OSError as error:
        raise UserError(f"The registry {registry} cannot be reached: {error}") from error


def _unpack(archive: bytes, target: Any) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as opened:
        for entry in opened.getmembers():
            inner = entry.name.partition("/")[2]
            content = opened.extractfile(entry)
            if content is None or ".." in inner.split("/"):
                continue
            file = target / inner
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.read())


def reload(call: Call) -> None:
    """`swamp serve reload`."""
    answer = ask(call.option("--server"), "serve.reload")
    respond(call, answer, f"Reloaded {answer['reloadedCount']} extension types")
