"""Clients that authenticate by server tokens: what they run, and the answers that they get."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.conventions import SERVER_TOKEN, SERVER_URL, UNKNOWN_RUN, VAULT
from swamp_harness.product.credential import Credential
from swamp_harness.product.serve_api import RequestRefused, TokenPlace
from swamp_harness.product.server_tokens import (
    TO_RUN_THE_WORKFLOW,
    authenticating,
    mint_by_command,
    subject,
    write_file_of_grants,
)
from swamp_harness.product.wordings import ACCESS_FAILURES, COMMAND_FAILURES, READ_SECRET, reasons_given
from swamp_harness.scenario import enrollment
from swamp_harness.scenario.placement import WORKFLOW
from swamp_harness.scenario.remote_client import reason_of
from swamp_harness.scenario.server_tokens import ADMINISTRATOR, GROUP
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError, PromiseBroken

Answers = Mapping[str, Mapping[str, Sequence[CommandResult]]]

SECRETS_READ = {"text": "a secret", "JSON": "a secret"}
_MODES = (Output.TEXT, Output.JSON)
_SUCCEEDS = "succeeds"
# The client without a server token, and the one whose token was never minted.
_NOBODY, _MALLORY = "nobody", "mallory"
_WRONG = " with a wrong secret"
# The client whose server token is in variables, not on the command line.
_BY_VARIABLES = " by variables"
_SECRET = re.compile(r"^[0-9a-f]{64}$", re.MULTILINE)
# The statuses of HTTP.
_UPGRADED, _UNAUTHORIZED, _FORBIDDEN = 101, 401, 403
_ANSWERED = {200: "answered", _UNAUTHORIZED: "refused"}
# The request to follow the last run of the scenario.
_FOLLOW = "run.attach"
# What a program of a client asks for: the phrases of the features, with the request of the client protocol.
# A phrase may have the name of a workflow behind it, in quotes.
_REQUESTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "runs": ("workflow.run", {}),
    "approves a step of": ("workflow.approve", {"stepName": "gate"}),
    "follows the run": (_FOLLOW, {}),
    "runs a method": ("model.method.run", {"modelIdOrName": "build", "methodName": "once"}),
    "reads data": ("data.get", {"modelIdOrName": "build", "dataName": "result"}),
    "queries data": ("data.query", {"predicate": "true"}),
    "deletes data": ("data.delete", {"modelIdOrName": "build", "dataName": "result"}),
    "changes a secret": ("vault.put", {"vaultName": VAULT, "key": "api-key", "value": "another"}),
    "lists the secrets": ("vault.list-keys", {"vaultName": VAULT}),
    "reads the history of runs": ("workflow.history.search", {}),
    "lists the waiting steps": ("worker.queue.list", {}),
    "verifies the workers": ("worker.verify", {}),
    "lists the tokens": ("worker.token.list", {}),
    "revokes a token": ("worker.token.revoke", {"name": "minted-in-json"}),
    "lists the grants": ("access.grant.list", {}),
    "makes the orchestrator read its grants": ("access.reload", {}),
}
_IN_QUOTES = re.compile(r' "(?P<workflow>[^"]+)"$')
_OWN, _NO_PAGE = "the own one", "none"


def run_commands(world: World, clients: Sequence[str], commands: Sequence[str]) -> Answers:
    """Run each command for each client through the orchestrator, in text and in JSON.

    Returns:
        The results in text and in JSON, by client and command.
    """
    return {
        client: {
            command: [
                world.operator.commands.run(
                    *_words(command, output),
                    *_as(world, client),
                    output=output,
                    variables=_variables_of(world, client),
                )
                for output in _MODES
            ]
            for command in commands
        }
        for client in clients
    }


def take_server_token(world: World, client: str) -> None:
    """Let the operator present the server token of a client from now on, in variables."""
    world.operator.commands.environment.update(_variables_with(world, client))


def answers(results: Answers) -> list[Row]:
    """The answers that each client got, with a column for each command."""
    return [
        {"client": client, **{command: _answer(*both) for command, both in commands.items()}}
        for client, commands in results.items()
    ]


def grant(world: World, client: str) -> None:
    """Let the administrator give a client the grant to run the workflow."""
    _administer(world, "access", "grant", "create", "--subject", subject(client), *TO_RUN_THE_WORKFLOW)
    _administer(world, "access", "reload")


def revoke_grants(world: World, client: str) -> None:
    """Let the administrator revoke all grants of a client.

    Raises:
        PromiseBroken: the list of grants does not have any.
    """
    listed = _administer(world, "access", "grant", "list")
    grants = json.loads(listed.stdout) if listed.succeeded else []
    ids = [each["id"] for each in grants if each["subject"] == {"kind": "user", "name": client}]
    if not ids:
        raise PromiseBroken(f'The list of grants shows none of "{client}":\n{listed}')
    for each in ids:
        _administer(world, "access", "grant", "revoke", each)
    _administer(world, "access", "reload")


def revoke_server_token(world: World, client: str) -> None:
    """Let the administrator revoke the server token of a client."""
    _administer(world, "access", "token", "revoke", client)


def replace_server_token(world: World, client: str) -> None:
    """Let the administrator make a new secret for the server token of a client."""
    _administer(world, "access", "token", "rotate", client)


def remove_from_group(world: World, client: str) -> None:
    """Let the administrator remove a client from the group of the repository."""
    _administer(world, "access", "group", "remove-member", GROUP, subject(client))
    _administer(world, "access", "reload")


def write_grant(world: World, client: str, beginning: str) -> None:
    """Write a file into the repository with a grant to run all workflows whose names begin alike."""
    write_file_of_grants(world.repository, client, f"workflow:{beginning}*")


def answers_without_token(world: World, paths: Sequence[str]) -> list[Row]:
    """The answers to HTTP requests for these paths, without a server token."""
    api = world.orchestrator.api
    answered = {path: api.status_without_token(path) for path in paths}
    return [
        {"path": path, "answer": _ANSWERED.get(status, f"status {status}")}
        for path, status in answered.items()
    ]


def answers_to_requests(world: World, rows: Sequence[Row]) -> list[Row]:
    """The answers that programs get to requests, each with the server token of its client.

    Raises:
        UnknownRequest: the release does not know a request.
    """
    return [{**row, "answer": _answer_to(world, row["client"], row["request"])} for row in rows]


def _answer_to(world: World, client: str, request: str) -> str:
    api = world.orchestrator.api.as_client(str(_credential(world, client)))
    named = _IN_QUOTES.search(request)
    phrase = request[: named.start()] if named else request
    if phrase not in _REQUESTS:
        raise InfrastructureError(f'Unknown request "{phrase}"; use one of: {"; ".join(_REQUESTS)}.')
    kind, payload = _REQUESTS[phrase]
    workflow = {"workflowIdOrName": named["workflow"]} if named else {}
    run = {"runId": world.runs.last.run_id} if kind == _FOLLOW else {}
    try:
        api.send(kind, **payload, **workflow, **run)
    except RequestRefused as refusal:
        reasons = reasons_given(str(refusal), {**ACCESS_FAILURES, **COMMAND_FAILURES})
        return " and ".join(reasons) or str(refusal)
    return _SUCCEEDS


def ask_for_connections(world: World, rows: Sequence[Row]) -> list[tuple[Row, int]]:
    """Ask for a connection for each row, by the named host and for the page; the status of each answer."""
    api = world.orchestrator.api
    return [
        (
            row,
            api.status_of_upgrade(
                host="" if row["host"] == _OWN else row["host"],
                origin="" if row["page"] == _NO_PAGE else row["page"],
            ),
        )
        for row in rows
    ]


def ask_with_server_tokens(world: World, rows: Sequence[Row]) -> list[tuple[Row, int]]:
    """Ask for a connection for each row, with the client's server token in the named place; the statuses."""
    api = world.orchestrator.api
    return [
        (row, api.status_of_upgrade_with(str(_credential(world, row["client"])), _place(row["place"])))
        for row in rows
    ]


def accepted(asked: Sequence[tuple[Row, int]]) -> list[Row]:
    """The rows of the accepted connections, and of those that were neither accepted nor refused.

    The orchestrator answers a client without a valid server token otherwise than an untrusted one.
    """
    refused = _UNAUTHORIZED if asked and "client" in asked[0][0] else _FORBIDDEN
    odd = [({**row, "status": str(status)}) for row, status in asked if status not in (_UPGRADED, refused)]
    return [row for row, status in asked if status == _UPGRADED] + odd


def mint_in_both_modes(world: World, name: str) -> Mapping[str, tuple[str, CommandResult]]:
    """Mint server tokens in text and in JSON: the name of each token with the result of the command."""
    names = {output: f"{name}-{output.value.lower()}" for output in _MODES}
    commands = world.operator.commands
    return {output.value: (each, mint_by_command(commands, each, output)) for output, each in names.items()}


def read_as_shown(world: World) -> dict[str, str]:
    """What the command prints that a minting shows for reading the secret, by the format of the minting."""
    return {output: _read(world, *minted) for output, minted in world.asked.items()}


def start_without_account(world: World) -> None:
    """Start an orchestrator that authenticates its clients, without an account of swamp's club.

    Later steps check whether it runs.
    """
    with contextlib.suppress(InfrastructureError):
        enrollment.start_orchestrator(world, flags=authenticating(ADMINISTRATOR))


def is_ready(world: World) -> bool:
    """Whether the orchestrator runs, and reports that it is ready."""
    return world.orchestrator.alive and world.orchestrator.api.ready()


def _words(command: str, output: Output) -> Sequence[str]:
    """The words of a command in the features."""
    commands = {
        "lists the workers": ("worker", "list"),
        "runs the workflow": ("workflow", "run", WORKFLOW),
        "approves a step": ("workflow", "approve", WORKFLOW, "build"),
        "resumes the run": ("workflow", "resume", WORKFLOW),
        "cancels an unknown run": ("workflow", "cancel", "--run", UNKNOWN_RUN),
        "mints a token": (
            *("worker", "token", "create", f"minted-in-{output.value.lower()}"),
            *("--duration", "1h", "--vault", VAULT),
        ),
    }
    if command not in commands:
        raise InfrastructureError(f'Unknown command "{command}"; use one of: {"; ".join(commands)}.')
    return commands[command]


def _as(world: World, client: str) -> Sequence[str]:
    """The options of a client's command."""
    server = ("--server", world.orchestrator.api.url)
    if client == _NOBODY or client.endswith(_BY_VARIABLES):
        return server
    return *server, "--token", str(_credential(world, client))


def _variables_of(world: World, client: str) -> dict[str, str]:
    """The variables of a client's command."""
    return (
        _variables_with(world, client.removesuffix(_BY_VARIABLES)) if client.endswith(_BY_VARIABLES) else {}
    )


def _variables_with(world: World, client: str) -> dict[str, str]:
    """Variables with the server token of a client, which count for one orchestrator."""
    credential = _credential(world, client)
    return {SERVER_TOKEN: str(credential), SERVER_URL: world.orchestrator.api.url.replace("ws", "http", 1)}


def _credential(world: World, client: str) -> Credential:
    if client == _MALLORY:
        return Credential(client, "0" * 64)
    name = client.removesuffix(_WRONG)
    if name not in world.server_tokens:
        raise InfrastructureError(
            f'There is no client "{client}"; use {_NOBODY}, {_MALLORY} or one of: '
            f"{', '.join(world.server_tokens)}."
        )
    credential = world.server_tokens[name]
    return credential if name == client else credential.nearly()


def _place(words: str) -> TokenPlace:
    places = {each.value: each for each in TokenPlace}
    if words not in places:
        raise InfrastructureError(
            f'A client cannot present its server token in "{words}"; use one of: {", ".join(places)}.'
        )
    return places[words]


def _administer(world: World, *words: str) -> CommandResult:
    """Run a command of the administrator through the orchestrator, in JSON; it may fail."""
    return world.operator.commands.run(*words, *_as(world, ADMINISTRATOR))


def _answer(text: CommandResult, in_json: CommandResult) -> Any:
    if text.succeeded and in_json.succeeded:
        return _SUCCEEDS
    return reason_of(text, in_json)


def _read(world: World, name: str, minted: CommandResult) -> str:
    if minted.output is Output.JSON and minted.succeeded:
        kept = json.loads(minted.stdout)["vaultRef"]
        words = ["vault", "read-secret", kept["vaultName"], kept["secretKey"], "--yes"]
    else:
        shown = READ_SECRET.search(minted.stdout)
        words = shown["command"].split() if shown else []
    if not words:
        return f"no command for {name}"
    result = world.operator.commands.run(*words, output=Output.TEXT)
    return "a secret" if _SECRET.search(result.stdout) else "no secret"
