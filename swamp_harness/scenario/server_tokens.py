"""A repository with server tokens and a grant, made once for a run and copied for each scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.product.commands import SwampCommands
from swamp_harness.product.credential import Credential
from swamp_harness.product.repository import Repository
from swamp_harness.product.server_tokens import TO_RUN_THE_WORKFLOW, demand, mint, subject

ADMINISTRATOR = "erin"
_GRANTED, _REVOKED, _EXPIRED = "alice", "carol", "dave"
_CLIENTS = (_GRANTED, "bob", _REVOKED, _EXPIRED, ADMINISTRATOR)


@dataclass(frozen=True)
class TokenRepository:
    """A repository with server tokens.

    Attributes:
        folder: of the repository.
        credentials: of the server tokens, by client.
    """

    folder: Path
    credentials: Mapping[str, Credential]


def make_with_server_tokens(repository: Repository, commands: SwampCommands) -> TokenRepository:
    """Mint the server tokens in a repository, revoke one, and grant one client to run the workflow.

    Raises:
        InfrastructureError: a command failed.
    """
    credentials = {client: mint(commands, client, expired=client == _EXPIRED) for client in _CLIENTS}
    demand(commands.run("access", "token", "revoke", _REVOKED))
    demand(commands.run("access", "grant", "create", "--subject", subject(_GRANTED), *TO_RUN_THE_WORKFLOW))
    return TokenRepository(repository.folder, credentials)
