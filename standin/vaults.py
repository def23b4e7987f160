"""Vaults: the only place for secrets. The stand-in does not encrypt them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from standin.errors import UserError
from standin.moments import now
from standin.repository import Repository

_KIND = "local_encryption"
# Keys of the orchestrator, which no step can read.
INFRASTRUCTURE = re.compile(r"(?:worker|server)-token-")


def create(repository: Repository, kind: str, name: str) -> None:
    """Create a vault.

    Raises:
        UserError: there is no such kind of vault.
    """
    if kind != _KIND:
        raise UserError(f"Unknown vault type '{kind}'. The stand-in has: {_KIND}")
    folder = repository.folder / "vaults"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(f"name: {name}\ntype: {kind}\n", "utf-8")
    _store_of(repository, name).mkdir(parents=True, mode=0o700)


def names(repository: Repository) -> list[str]:
    """The vaults of a repository."""
    return sorted(each.stem for each in (repository.folder / "vaults").glob("*.yaml"))


def put(repository: Repository, vault: str, key: str, value: str) -> None:
    """Store a secret, replacing an earlier one with its key."""
    file = _file_of(repository, vault, key)
    file.touch(mode=0o600)
    file.write_bytes(value.encode())


def get(repository: Repository, vault: str, key: str) -> str:
    """A secret.

    Raises:
        UserError: there is no secret with this key.
    """
    file = _file_of(repository, vault, key)
    if not file.is_file():
        raise UserError(f"Secret '{key}' not found in vault '{vault}'")
    if audits_reads(repository, vault):
        record_read(repository, vault, key)
    return file.read_bytes().decode()


def audits_reads(repository: Repository, vault: str) -> bool:
    """Whether a vault records who reads a secret."""
    description = repository.folder / "vaults" / f"{vault}.yaml"
    return "auditReads: true" in description.read_text("utf-8").splitlines()


def record_read(repository: Repository, vault: str, key: str) -> None:
    """Record that a secret was read."""
    folder = repository.inner / "audit"
    folder.mkdir(exist_ok=True)
    with (folder / f"vault-audit-{now():%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps({'vaultName': vault, 'secretKey': key})}\n")


def delete(repository: Repository, vault: str, key: str) -> None:
    """Delete a secret.

    Raises:
        UserError: there is no secret with this key.
    """
    get(repository, vault, key)
    _file_of(repository, vault, key).unlink()


def keys(repository: Repository, vault: str) -> list[str]:
    """The keys of the secrets in a vault."""
    return sorted(each.stem for each in _store_of(repository, vault).glob("*.enc"))


def _file_of(repository: Repository, vault: str, key: str) -> Path:
    folder = _store_of(repository, vault)
    if not folder.is_dir():
        raise UserError(f"Vault '{vault}' not found")
    return folder / f"{key}.enc"


def _store_of(repository: Repository, vault: str) -> Path:
    return repository.inner / "secrets" / _KIND / vault
