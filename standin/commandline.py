"""The command line: the commands, their arguments and options, and their help."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from standin.errors import UserError

_UNKNOWN_COMMAND = 2
PROGRAM = "swamp"


@dataclass(frozen=True)
class Option:
    """An option of a command.

    Attributes:
        name: with its dashes.
        takes: whether it takes a value.
        required: whether it must be given.
    """

    name: str
    takes: bool = True
    required: bool = False


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        words: that name it.
        summary: what it does.
        place: its function, as "module:function" below `standin`.
        arguments: the names of its arguments; optional ones are in square brackets.
        options: of it, beside those that every command has.
    """

    words: str
    summary: str
    place: str
    arguments: Sequence[str] = ()
    options: Sequence[Option] = ()


@dataclass(frozen=True)
class Call:
    """A command with its arguments, as given.

    Attributes:
        command: the command.
        arguments: in order.
        options: by name, each with the values given; a flag has none.
        json: whether to answer in JSON.
    """

    command: Command
    arguments: Sequence[str]
    options: Mapping[str, Sequence[str]]
    json: bool

    def option(self, name: str, otherwise: str = "") -> str:
        """The last value of an option."""
        return self.options[name][-1] if self.options.get(name) else otherwise

    def has(self, name: str) -> bool:
        """Whether an option was given."""
        return name in self.options


_SERVER = Option("--server")
_TOKEN = Option("--token")
_REPOSITORY = Option("--repo-dir")
_COMMON = (Option("--json", takes=False), Option("--log-level"), Option("--no-color", takes=False))

GROUPS: Mapping[str, str] = {
    "repo": "Manage repositories",
    "vault": "Manage vaults",
    "worker": "Manage remote workers",
    "worker token": "Manage enrollment tokens",
    "worker daemon": "Manage the worker as a service of the system",
    "model": "Manage models",
    "model type": "Look at model types",
    "model method": "Run methods of models",
    "extension": "Manage extensions",
    "access": "Manage who may do what",
    "access token": "Manage server tokens",
    "access grant": "Manage grants",
    "access group": "Manage groups of clients",
    "model type method": "Run methods of model types",
    "workflow": "Run workflows",
    "workflow history": "Look at runs of workflows",
    "run": "Look at all runs",
    "data": "Look at data",
}

COMMANDS: Sequence[Command] = (
    Command("serve", "Serve a repository to workers and operators", "orchestrator.serve:serve", (), (
        Option("--port"), Option("--no-schedule", takes=False), Option("--ws-idle-timeout"),
        Option("--queue-timeout"),
        Option("--cert-file"), Option("--key-file"), _REPOSITORY,
        Option("--hot-reload", takes=False), Option("--verify-on-enroll", takes=False),
        Option("--max-run-duration"), Option("--max-concurrent-runs"),
        Option("--auth-mode"), Option("--admins"), Option("--host"), Option("--trusted-hosts"),
    )),
    Command("serve reload", "Reload pulled extensions", "operator.extensions:reload", (), (
        Option("--server", required=True),
    )),
    Command("repo init", "Make this folder a repository", "operator.setup:init", (), (Option("--tool"),)),
    Command("vault create", "Create a vault", "operator.setup:create_vault", ("type", "name")),
    Command("vault put", "Keep a secret, read from standard input", "operator.setup:put", ("vault", "key"), (
        Option("--force", takes=False),
    )),
    Command("vault delete", "Delete a secret", "operator.setup:delete", ("vault", "key"), (
        Option("--yes", takes=False),
    )),
    Command("vault read-secret", "Show a secret", "operator.access:read_secret", ("vault", "key"), (
        Option("--yes", takes=False),
    )),
    Command("access token mint", "Mint a server token", "operator.access:mint", ("name",), (
        Option("--principal", required=True), Option("--duration"), Option("--vault"),
    )),
    Command("access token revoke", "Revoke a server token", "operator.access:revoke", ("name",), (
        _SERVER, _TOKEN,
    )),
    Command("access token rotate", "Replace a server token", "operator.access:rotate", ("name",), (
        _SERVER, _TOKEN,
    )),
    Command("access grant create", "Create a grant", "operator.access:create_grant", (), (
        Option("--subject", required=True), Option("--allow"), Option("--deny"),
        Option("--on", required=True), Option("--when"), _SERVER, _TOKEN,
    )),
    Command("access grant list", "List grants", "operator.access:list_grants", (), (_SERVER, _TOKEN)),
    Command("access grant revoke", "Revoke a grant", "operator.access:revoke_grant", ("id",), (
        _SERVER, _TOKEN,
    )),
    Command("access group create", "Make a group", "operator.access:create_group", ("name",)),
    Command("access group add-member", "Add a client to a group", "operator.access:add_member", (
        "group", "principal",
    )),
    Command("access group remove-member", "Remove a client from a group", "operator.access:remove_member", (
        "group", "principal",
    ), (_SERVER, _TOKEN)),
    Command("access reload", "Read the grants again", "operator.access:reload", (), (_SERVER, _TOKEN)),
    Command("model type method run", "Run a method of a type", "operator.access:mint_by_method", (
        "type", "method", "name",
    ), (Option("--input"),)),
    Command("model type describe", "Describe a model type", "operator.models:describe", ("type",)),
    Command("model evaluate", "Evaluate the expressions of a model", "operator.models:evaluate", ("name",)),
    Command("model create", "Create a model", "operator.models:create", ("type", "name")),
    Command("model method run", "Run a method of a model", "operator.models:run", ("model", "method"), (
        _SERVER, Option("--input"), Option("--input-file"), Option("--stdin", takes=False), Option("--tag"),
        Option("--skip-check-label"), Option("--skip-check"),
    )),
    Command("extension pull", "Pull an extension from the registry", "operator.extensions:pull", ("name",), (
        Option("--force", takes=False),
    )),
    Command("worker connect", "Connect this machine as a worker", "worker.connect:connect", ("[url]",), (
        _TOKEN, Option("--server-token"), Option("--label"), Option("--cache-dir"), Option("--concurrency"),
        Option("--no-reconnect", takes=False), Option("--data-plane-url"),
        Option("--max-dispatches"), Option("--idle-timeout"),
    )),
    Command("worker daemon disable", "Disable the service", "operator.pool:daemon_disable"),
    Command("worker daemon enable", "Enable the service", "operator.pool:daemon_enable"),
    Command("worker daemon status", "Show the state of the service", "operator.pool:daemon_status"),
    Command("worker list", "List the workers of the pool", "operator.pool:workers", (), (
        Option("--all", takes=False), _SERVER, _TOKEN, Option("--ca-cert"), _REPOSITORY,
    )),
    Command("worker queue", "List the steps that wait for a worker", "operator.pool:queue", (), (
        _SERVER, _REPOSITORY,
    )),
    Command("worker token create", "Mint an enrollment token", "operator.tokens:create", ("name",), (
        Option("--duration", required=True), Option("--max-enrollments"), Option("--vault"), _SERVER, _TOKEN,
        _REPOSITORY,
    )),
    Command("worker token list", "List enrollment tokens", "operator.tokens:show", (), (
        _SERVER, _REPOSITORY,
    )),
    Command("worker token revoke", "Revoke an enrollment token", "operator.tokens:revoke", ("name",), (
        _SERVER, _REPOSITORY,
    )),
    Command("worker verify", "Verify that workers work", "operator.pool:verify", ("[name]",), (
        _SERVER, Option("--label"),
    )),
    Command("workflow run", "Run a workflow", "operator.workflows:run", ("name",), (
        _SERVER, _TOKEN, Option("--input"), Option("--input-file"), Option("--stdin", takes=False),
        Option("--tag"), Option("--skip-report"), Option("--skip-check-label"), Option("--skip-check"),
        Option("--timeout"),
        Option("--last-evaluated", takes=False),
    )),
    Command("workflow evaluate", "Evaluate the expressions of a workflow", "operator.workflows:evaluate", (
        "name",
    ), (Option("--input"),)),
    Command("workflow validate", "Validate a workflow, or all", "operator.workflows:validate", ("[name]",), (
        _SERVER,
    )),
    Command("workflow cancel", "Cancel a run", "operator.workflows:cancel", ("[name]",), (
        _SERVER, _TOKEN, Option("--run"),
    )),
    Command("workflow resume", "Resume a suspended or a failed run", "operator.workflows:resume", ("name",), (
        Option("--from"), Option("--run"), _SERVER, _TOKEN, Option("--input"), Option("--input-file"),
        Option("--stdin", takes=False),
    )),
    Command("workflow approvals", "List the steps to approve", "operator.workflows:list_approvals", (), (
        _SERVER,
    )),
    Command("workflow approve", "Approve a step", "operator.workflows:approve", ("workflow", "step"), (
        Option("--reason"), Option("--run"), _SERVER, _TOKEN,
    )),
    Command("workflow reject", "Reject a step", "operator.workflows:reject", ("workflow", "step"), (
        Option("--reason"), Option("--run"), _SERVER, _TOKEN,
    )),
    Command("workflow history search", "Search runs", "operator.workflows:search"),
    Command("workflow history get", "Show the last run of a workflow", "operator.workflows:get", ("name",)),
    Command("workflow history logs", "Show the output of a run", "operator.workflows:logs", ("run",)),
    Command("run history", "List all runs", "operator.workflows:all_runs"),
    Command("run doctor", "Check which runs are active", "operator.workflows:check_runs", (), (_SERVER,)),
    Command("data query", "Query data", "operator.data:query", ("predicate",), (_SERVER,)),
    Command("data list", "List the data of a model", "operator.data:show", ("model",)),
    Command("data get", "Show a datum", "operator.data:get", ("model", "[name]"), (
        Option("--version"), Option("--no-content", takes=False), _SERVER,
        Option("--workflow"), Option("--run"),
    )),
)  # fmt: skip


@dataclass
class _Given:
    arguments: list[str] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)


def parse(words: Sequence[str]) -> Call | str:
    """Parse a command line: a call, or the text of the requested help.

    Raises:
        UserError: it is invalid.
    """
    name, rest = _named(_in_order(words))
    if "--help" in rest or (name in GROUPS and not rest):
        return help_for(name)
    command = next((each for each in COMMANDS if each.words == name), None)
    if command is None:
        raise _no_command(name, rest)
    given = _given(command, rest)
    needed = [each for each in command.arguments if not each.startswith("[")]
    if len(given.arguments) < len(needed):
        raise UserError(f'Missing argument "{needed[len(given.arguments)]}".')
    if len(given.arguments) > len(command.arguments):
        raise UserError(f'Too many arguments for "{PROGRAM} {name}": {given.arguments[-1]}')
    for option in command.options:
        if option.required and option.name not in given.options:
            raise UserError(f'Missing required option "{option.name}".')
    options = {**server_in_variable(command), **given.options}
    return Call(command, given.arguments, options, "--json" in options)


def server_in_variable(command: Command) -> dict[str, list[str]]:
    """The option with the address of the orchestrator, if a variable gives it and the command takes it."""
    url = os.environ.get("SWAMP_SERVE_URL")
    return {_SERVER.name: [url]} if url and _SERVER in command.options else {}


def help_for(name: str) -> str:
    """The help for a command or a group of commands."""
    command = next((each for each in COMMANDS if each.words == name), None)
    if command is not None:
        takes = "".join(f" {each}" if each.startswith("[") else f" <{each}>" for each in command.arguments)
        options = [
            f"  {each.name}{' <value>' if each.takes else ''}" for each in (*command.options, *_COMMON)
        ]
        return "\n".join(
            (f"Usage:   {PROGRAM} {name}{takes}", "", command.summary, "", "Options:", "", *options, "")
        )
    summaries = {**GROUPS, **{each.words: each.summary for each in COMMANDS}}
    below = [each for each in summaries if each.rpartition(" ")[0] == name]
    listed = [f"  {each.rpartition(' ')[2]:<12} - {summaries[each]}" for each in below]
    usage = f"Usage:   {PROGRAM} {name}".rstrip()
    return "\n".join((usage, "", GROUPS.get(name, "Automate"), "", "Commands:", "", *listed, ""))


def _in_order(words: Sequence[str]) -> Sequence[str]:
    """The words of a command; the type whose method is run stands behind the words of that command."""
    if words[:1] == ["model"] and words[2:4] == ["method", "run"]:
        return ["model", "type", "method", "run", words[1], *words[4:]]
    return words


def _named(words: Sequence[str]) -> tuple[str, list[str]]:
    names = {*GROUPS, *(each.words for each in COMMANDS)}
    name, rest = "", list(words)
    while rest and f"{name} {rest[0]}".strip() in names:
        name = f"{name} {rest.pop(0)}".strip()
    return name, rest


def _no_command(name: str, rest: Sequence[str]) -> UserError:
    word = next((each for each in rest if not each.startswith("-")), "")
    if word:
        return UserError(f'"{word}" is not a subcommand of "{name or PROGRAM}".', exit_code=_UNKNOWN_COMMAND)
    return UserError("No subcommand specified")


def _given(command: Command, rest: Sequence[str]) -> _Given:
    known = {each.name: each for each in (*command.options, *_COMMON)}
    given, words = _Given(), list(rest)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            given.arguments.append(word)
            continue
        word, joined, value = word.partition("=")
        if word not in known:
            raise UserError(f'Unknown option "{word}". See: {PROGRAM} {command.words} --help')
        values = given.options.setdefault(word, [])
        if joined:
            values.append(value)
        elif known[word].takes:
            if not words:
                raise UserError(f'Missing value for option "{word}".')
            values.append(words.pop(0))
    return given
