"""Server tokens and grants: who may do what on an orchestrator that authenticates its clients.

Sources: design/remote-execution.md, "A symmetric control protocol"; the skill's serve/guide.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import yaml

from swamp_harness.product.commands import CommandResult, Output, SwampCommands
from swamp_harness.product.conventions import VAULT
from swamp_harness.product.credential import Credential
from swamp_harness.product.repository import Repository
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.redaction import SECRETS

# An address of this machine that is not one of those for which an orchestrator needs no TLS.
PUBLIC_HOST = "127.1"
# Any key is an account for `swamp serve`. Nothing listens at the address, so nobody is asked about the key.
ACCOUNT: Mapping[str, str] = {"SWAMP_API_KEY": "made-up", "SWAMP_CLUB_URL": "http://127.0.0.1:9"}
TO_RUN_THE_WORKFLOW = ("--allow", "run", "--on", "workflow:release")
TO_READ_THE_WORKFLOW = ("--allow", "read", "--on", "workflow:release")
# Conditions of grants: the workflow meets the first, and would with a longer name; neither the second nor the
# third, about a tag that it lacks.
IF_NOT_NIGHTLY = ("--when", 'name != "nightly"')
IF_NIGHTLY = ("--when", 'name == "nightly"')
IF_STAGING = ("--when", 'tags.env == "staging"')
# What a group may do, and what the administrator must not do although another grant allows it.
TO_RUN_NIGHTLY_WORKFLOWS = ("--allow", "run", "--on", "workflow:nightly-*")
TO_RUN_DRAFTS = ("--allow", "run", "--on", "workflow:draft-*")
NOT_TO_RUN_ONE_DRAFT = ("--deny", "run", "--on", "workflow:draft-9")


def authenticating(administrator: str) -> tuple[str, ...]:
    """The flags of an orchestrator that authenticates its clients."""
    return "--auth-mode", "token", "--admins", subject(administrator)


def subject(client: str) -> str:
    """A client, as grants and flags name it."""
    return f"user:{client}"


def mint(commands: SwampCommands, client: str, *, expired: bool = False) -> Credential:
    """Mint a server token of the client's name in the repository, and read its secret.

    A method of the model mints it: the secret of a token that `swamp access token mint` mints cannot be read.

    Args:
        commands: run swamp in the repository.
        client: that it is for.
        expired: whether its lifetime is over at once; a month if not.

    Raises:
        InfrastructureError: a command failed.
    """
    facts = {"principalId": subject(client), "principalEmail": subject(client), "vaultName": VAULT}
    given = [word for name, value in facts.items() for word in ("--input", f"{name}={value}")]
    lasting = ("--input", "durationMs:json=1") if expired else ()
    demand(commands.run("model", "@swamp/server-token", "method", "run", "mint", client, *given, *lasting))
    shown = demand(commands.run("vault", "read-secret", VAULT, f"server-token-{client}"))
    secret = str(json.loads(shown.stdout)["value"])
    SECRETS.add(secret)
    return Credential(client, secret)


def demand(result: CommandResult) -> CommandResult:
    """The result of a command that prepares server tokens or grants.

    Raises:
        InfrastructureError: the command failed.
    """
    if not result.succeeded:
        raise InfrastructureError(
            f"The server tokens of the scenarios could not be prepared: {result.ending}.\n{result}"
        )
    return result


def write_file_of_grants(repository: Repository, client: str, resource: str) -> None:
    """Write a file that grants a client to run something (guide.md, "Declarative Grants")."""
    folder = repository.folder / "grants"
    folder.mkdir(exist_ok=True)
    granted = {"subject": subject(client), "effect": "allow", "actions": ["run"], "resource": resource}
    (folder / f"{client}.yaml").write_text(yaml.safe_dump({"grants": [granted]}), "utf-8")


def mint_by_command(commands: SwampCommands, name: str, output: Output) -> CommandResult:
    """Mint a server token by the command for it, in the repository; the command may fail."""
    return commands.run("access", "token", "mint", name, "--principal", subject(name), output=output)
