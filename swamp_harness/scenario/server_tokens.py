"""A repository with server tokens and a grant, made once for a run and copied for each scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.product.commands import SwampCommands
from swamp_harness.product.credential import Credential
from swamp_harness.product.repository import Repository
from swamp_harness.product.server_tokens import (
    IF_NIGHTLY,
    IF_NOT_NIGHTLY,
    IF_STAGING,
    NOT_TO_RUN_ONE_DRAFT,
    TO_READ_THE_WORKFLOW,
    TO_RUN_DRAFTS,
    TO_RUN_NIGHTLY_WORKFLOWS,
    TO_RUN_THE_WORKFLOW,
    demand,
    mint,
    subject,
)

ADMINISTRATOR = "erin"
_GRANTED, _READER, _REVOKED, _EXPIRED = "alice", "bob", "carol", "dave"
_CLIENTS = (_GRANTED, _READER, _REVOKED, _EXPIRED, ADMINISTRATOR)
# Of "bob" alone.
GROUP = "testers"
_GRANTS = (
    (subject(_GRANTED), (*TO_RUN_THE_WORKFLOW, *IF_NOT_NIGHTLY)),
    (subject(_READER), TO_READ_THE_WORKFLOW),
    (subject(_READER), (*TO_RUN_THE_WORKFLOW, *IF_NIGHTLY)),
    (subject(_READER), (*TO_RUN_THE_WORKFLOW, *IF_STAGING)),
    (f"group:{GROUP}", TO_RUN_NIGHTLY_WORKFLOWS),
    (subject(ADMINISTRATOR), TO_RUN_DRAFTS),
    (subject(ADMINISTRATOR), NOT_TO_RUN_ONE_DRAFT),
)


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
    """Mint the server tokens in a repository, revoke one, make a group of one client, and give the grants.

    Raises:
        InfrastructureError: a command failed.
    """
    credentials = {client: mint(commands, client, expired=client == _EXPIRED) for client in _CLIENTS}
    demand(commands.run("access", "token", "revoke", _REVOKED))
    demand(commands.run("access", "group", "create", GROUP))
    demand(commands.run("access", "group", "add-member", GROUP, subject(_READER)))
    for whom, what in _GRANTS:
        demand(commands.run("access", "grant", "create", "--subject", whom, *what))
    return TokenRepository(repository.folder, credentials)
