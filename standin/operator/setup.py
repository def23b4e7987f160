"""Commands about repositories and vaults."""

from __future__ import annotations

import sys
from pathlib import Path

from standin import vaults
from standin.answers import respond
from standin.commandline import Call
from standin.errors import UserError
from standin.repository import Repository


def init(call: Call) -> None:
    """`swamp repo init`."""
    repository = Repository.initialise(Path.cwd())
    respond(call, {"path": str(repository.folder)}, f"Initialized a repository in {repository.folder}")


def create_vault(call: Call) -> None:
    """`swamp vault create`."""
    kind, name = call.arguments
    vaults.create(Repository.here(), kind, name)
    respond(call, {"name": name, "type": kind}, f"Created vault {name}")


def put(call: Call) -> None:
    """`swamp vault put`."""
    vault, key = call.arguments
    if not call.has("--force") and key in vaults.keys(Repository.here(), vault):
        raise UserError(f"Secret '{key}' already exists in vault '{vault}'. Use --force (-f) to overwrite.")
    vaults.put(Repository.here(), vault, key, sys.stdin.buffer.read().decode())
    respond(call, {"vault": vault, "secretKey": key}, f"Stored {key} in vault {vault}")


def delete(call: Call) -> None:
    """`swamp vault delete`."""
    vault, key = call.arguments
    vaults.delete(Repository.here(), vault, key)
    respond(call, {"vault": vault, "secretKey": key}, f"Deleted {key} from vault {vault}")
