"""Repositories and vaults."""

from __future__ import annotations

import sys
from pathlib import Path

from standin import vaults
from standin.answers import tell
from standin.commandline import Call
from standin.repository import Repository


def init(call: Call) -> None:
    """`swamp repo init`."""
    repository = Repository.initialise(Path.cwd())
    tell(call, {"path": str(repository.folder)}, f"Initialized a repository in {repository.folder}")


def create_vault(call: Call) -> None:
    """`swamp vault create`."""
    kind, name = call.arguments
    vaults.create(Repository.here(), kind, name)
    tell(call, {"name": name, "type": kind}, f"Created vault {name}")


def put(call: Call) -> None:
    """`swamp vault put`."""
    vault, key = call.arguments
    vaults.put(Repository.here(), vault, key, sys.stdin.buffer.read().decode())
    tell(call, {"vault": vault, "secretKey": key}, f"Stored {key} in vault {vault}")
