"""Commands that list something, or that are wrong, run in text and in JSON (issue 630, scenario 27)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from swamp_harness.product.commands import CommandOutcome, CommandResult, Output, is_json
from swamp_harness.product.help_text import subcommands
from swamp_harness.product.records import (
    members_from_json,
    members_from_table,
    tokens_from_json,
    tokens_from_table,
    verifications_from_json,
    verifications_from_table,
)
from swamp_harness.product.run_records import queue_from_json, queue_from_table
from swamp_harness.product.server_tokens import ACCOUNT, PUBLIC_HOST, authenticating
from swamp_harness.product.wordings import DAEMON_IS_OFF
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError, PromiseBroken

ROOT = "worker"
_TOKEN = ("name", "state", "expires_at", "machines")
_MEMBER = ("name", "status", "labels", "platform", "slots")
_QUEUED = ("step", "waits_for", "model")
_VERIFIED = ("worker", "status", "platform", "arch")
_SERVE = ("serve", "--port", "0", "--no-schedule")
# The phrases of wrong commands in the features, each with its arguments.
MISTAKES: Mapping[str, Sequence[str]] = {
    "revokes a token that does not exist": ("worker", "token", "revoke", "nobody"),
    "mints a token without a lifetime": ("worker", "token", "create", "alpha"),
    "mints a token with a lifetime of bananas": (
        "worker",
        "token",
        "create",
        "alpha",
        "--duration",
        "bananas",
    ),
    "mints a token for no machines": (
        *("worker", "token", "create", "alpha"),
        *("--duration", "1h", "--max-enrollments", "0"),
    ),
    "lists the tokens of a folder that is no repository": (
        *("worker", "token", "list"),
        *("--repo-dir", "nowhere"),
    ),
    "starts a worker without a token": ("worker", "connect", "ws://127.0.0.1:9"),
    "starts a worker with a label without a value": (
        *("worker", "connect", "ws://127.0.0.1:9"),
        *("--token", "alpha.beta", "--label", "region"),
    ),
    "starts a worker with a label whose value is empty": (
        *("worker", "connect", "ws://127.0.0.1:9"),
        *("--token", "alpha.beta", "--label", "region="),
    ),
    "starts a worker with a limit of no steps": (
        *("worker", "connect", "ws://127.0.0.1:9"),
        *("--token", "alpha.beta", "--max-dispatches", "0"),
    ),
    "starts a worker with no slots": (
        *("worker", "connect", "ws://127.0.0.1:9"),
        *("--token", "alpha.beta", "--concurrency", "0"),
    ),
    "starts a worker with an idle time of zero": (
        *("worker", "connect", "ws://127.0.0.1:9"),
        *("--token", "alpha.beta", "--idle-timeout", "0s"),
    ),
    "starts an orchestrator for other machines without TLS": (*_SERVE, "--host", PUBLIC_HOST),
    "starts an orchestrator that authenticates, for other machines without TLS": (
        *(*_SERVE, "--host", PUBLIC_HOST),
        *authenticating("admin"),
    ),
    # The certificate is not read before the check.
    "starts an orchestrator that authenticates nobody, for other machines": (
        *(*_SERVE, "--host", PUBLIC_HOST),
        *("--cert-file", ".swamp.yaml", "--key-file", ".swamp.yaml"),
    ),
    "starts an orchestrator that authenticates without administrators": (*_SERVE, "--auth-mode", "token"),
    "verifies workers without naming an orchestrator": ("worker", "verify"),
    "starts a worker without naming an orchestrator": ("worker", "connect"),
    "starts a worker whose cache directory is a file": (
        *("worker", "connect", "ws://127.0.0.1:9"),
        *("--token", "alpha.beta", "--cache-dir", ".swamp.yaml"),
    ),
    "starts an orchestrator with a certificate without its key": (*_SERVE, "--cert-file", ".swamp.yaml"),
    "starts a worker with the address of a web page": ("worker", "connect", "http://127.0.0.1"),
    "gives a command that does not exist": ("worker", "dance"),
    "names only a group of commands": ("worker",),
    "names only a group within a group": ("worker", "token"),
    "gives an option that does not exist": ("worker", "list", "--dance"),
    "asks an orchestrator that does not run": ("worker", "list", "--server", "ws://127.0.0.1:9"),
    "trusts a file of certificates that does not exist": (
        *("worker", "list", "--server", "ws://127.0.0.1:9"),
        *("--ca-cert", "nowhere.pem"),
    ),
}


@dataclass(frozen=True)
class Question:
    """A command that lists or checks something.

    Attributes:
        arguments: what follows the word swamp.
        contract: the name of the contract of its JSON answer.
        from_json: returns the entries of the JSON answer.
        from_text: returns the entries of the text answer.
        on_the_orchestrator: whether the command must name the orchestrator.
    """

    arguments: Sequence[str]
    contract: str
    from_json: Callable[[Any], list[str]]
    from_text: Callable[[str], list[str]]
    on_the_orchestrator: bool = False


def _entry(each: Any, *fields: str) -> str:
    return ", ".join(f"{field}: {getattr(each, field)}" for field in fields)


# The phrases of questions in the features.
QUESTIONS: Mapping[str, Question] = {
    "lists the tokens": Question(
        ("worker", "token", "list"),
        "token-list",
        lambda answer: [_entry(each, *_TOKEN) for each in tokens_from_json(answer)],
        lambda text: [_entry(each, *_TOKEN) for each in tokens_from_table(text)],
    ),
    "lists the workers": Question(
        ("worker", "list"),
        "worker-list",
        lambda answer: [_entry(each, *_MEMBER) for each in members_from_json(answer)],
        lambda text: [_entry(each, *_MEMBER) for each in members_from_table(text)],
    ),
    "lists the waiting steps": Question(
        ("worker", "queue"),
        "worker-queue",
        lambda answer: [_entry(each, *_QUEUED) for each in queue_from_json(answer)],
        lambda text: [_entry(each, *_QUEUED) for each in queue_from_table(text)],
    ),
    "verifies the workers": Question(
        ("worker", "verify"),
        "worker-verify",
        lambda answer: [_entry(each, *_VERIFIED) for each in verifications_from_json(answer)],
        lambda text: [_entry(each, *_VERIFIED) for each in verifications_from_table(text)],
        on_the_orchestrator=True,
    ),
    "asks for the state of the daemon": Question(
        ("worker", "daemon", "status"),
        "daemon-status",
        lambda answer: ["on" if answer["enabled"] else "off"],
        lambda text: ["off" if DAEMON_IS_OFF.search(text) else "on"],
    ),
}


@dataclass(frozen=True)
class BothModes:
    """The results of the same command in text and in JSON.

    Attributes:
        text: the result in text.
        json: the result in JSON.
        question: the question; None if the command is a wrong one.
    """

    text: CommandResult
    json: CommandResult
    question: Question | None = None

    def __iter__(self) -> Iterator[CommandResult]:
        """The result in text, then that in JSON."""
        return iter((self.text, self.json))


def ask(world: World, question: Question) -> BothModes:
    """Ask a question in text and in JSON."""
    server = ("--server", world.orchestrator.api.url) if question.on_the_orchestrator else ()
    return replace(run_in_both_modes(world, (*question.arguments, *server)), question=question)


def run_in_both_modes(world: World, arguments: Sequence[str]) -> BothModes:
    """Run a command, which may be wrong, in text and in JSON."""
    # An orchestrator that authenticates its clients asks for an account before anything else.
    run = partial(world.operator.commands.run, variables=ACCOUNT if "--auth-mode" in arguments else None)
    return BothModes(run(*arguments, output=Output.TEXT), run(*arguments))


def entries_of_both(answers: BothModes) -> str:
    """The number of entries if text and JSON list the same ones, else the entries of both.

    Raises:
        InfrastructureError: the command was a wrong one, not a question.
        PromiseBroken: the JSON answer is not one document alone, or breaks its contract; or the text answer
            is JSON.
    """
    if answers.question is None:
        raise InfrastructureError(
            "The scenario ran a wrong command, which lists nothing: add a step that lists something."
        )
    if not answers.json.succeeded or answers.json.stderr.strip():
        raise PromiseBroken(f"The command fails in JSON, or prints to standard error:\n{answers.json}")
    if not answers.text.succeeded or is_json(answers.text.stdout):
        raise PromiseBroken(f"The command fails in text, or prints JSON:\n{answers.text}")
    in_json = sorted(answers.question.from_json(answers.json.answer(answers.question.contract)))
    in_text = sorted(answers.question.from_text(answers.text.stdout))
    if in_json == in_text:
        return str(len(in_json))
    return f"in JSON: {'; '.join(in_json) or 'nothing'}; in text: {'; '.join(in_text) or 'nothing'}"


def outcomes(answers: BothModes) -> dict[str, CommandOutcome]:
    """The outcome of the command in text and in JSON, with its exit code."""
    return {each.output.value: each.outcome_and_code for each in answers}


def help_shown(result: CommandResult) -> dict[str, Any]:
    """The outcome of a command in text, and the commands that the help on its standard output lists.

    Raises:
        PromiseBroken: it shows no help of the command.
    """
    commands = subcommands(result.stdout, " ".join(result.arguments))
    return {"command": result.outcome, "commands": sorted(commands)}


def worker_commands(world: World) -> list[str]:
    """All commands below `swamp worker` that the product's help lists, sorted.

    Raises:
        PromiseBroken: the help fails, or belongs to another command.
    """
    found, groups = [], [ROOT]
    while groups:
        group = groups.pop()
        for name in subcommands(_help(world, group), group):
            command = f"{group} {name}"
            if subcommands(_help(world, command), command):
                groups.append(command)
            else:
                found.append(command)
    return sorted(found)


def _help(world: World, command: str) -> str:
    result = world.operator.commands.run(*command.split(), "--help", output=Output.TEXT)
    if not result.succeeded:
        raise PromiseBroken(f"The help of a command fails:\n{result}")
    return result.stdout
