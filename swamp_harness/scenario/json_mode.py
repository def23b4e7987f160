"""Questions and mistakes of an operator, put to the product in text and in JSON (issue 630, scenario 27)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from swamp_harness.product.commands import CommandOutcome, CommandResult, Output, is_json
from swamp_harness.product.help_text import subcommands
from swamp_harness.product.records import (
    members_from_json,
    members_from_table,
    rows_of_table,
    tokens_from_json,
    tokens_from_table,
)
from swamp_harness.product.run_records import queue_from_json, queue_from_table
from swamp_harness.product.wordings import DAEMON_IS_OFF, NOBODY_TO_VERIFY, RUN_FAILURES, reasons_given
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError, PromiseBroken

ROOT = "worker"
_AS_THEY_WERE = "as they were"
_TOKEN = ("name", "state", "expires_at", "machines")
_MEMBER = ("name", "status", "labels", "platform", "slots")
_QUEUED = ("step", "waits_for", "model")
_VERIFIED = ("WORKER", "STATUS", "PLATFORM", "ARCH")
# What an operator gets wrong, in the words of the features.
MISTAKES: Mapping[str, Sequence[str]] = {
    "revokes a token that does not exist": ("worker", "token", "revoke", "nobody"),
    "mints a token without a lifetime": ("worker", "token", "create", "alpha"),
    "mints a token for a lifetime of bananas": (
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
    "connects a worker without a token": ("worker", "connect", "ws://127.0.0.1:9"),
    "connects a worker with a label without a value": (
        *("worker", "connect", "ws://127.0.0.1:9"),
        *("--token", "alpha.beta", "--label", "region"),
    ),
    "connects a worker with a label whose value is empty": (
        *("worker", "connect", "ws://127.0.0.1:9"),
        *("--token", "alpha.beta", "--label", "region="),
    ),
    "verifies workers without naming an orchestrator": ("worker", "verify"),
    "connects a worker without naming an orchestrator": ("worker", "connect"),
    "connects a worker to a web page": ("worker", "connect", "http://127.0.0.1"),
    "gives a command that does not exist": ("worker", "dance"),
    "gives an option that does not exist": ("worker", "list", "--dance"),
    "asks an orchestrator that is not there": ("worker", "list", "--server", "ws://127.0.0.1:9"),
}


@dataclass(frozen=True)
class Question:
    """Something that an operator asks.

    Attributes:
        arguments: what follows the word swamp.
        contract: that the JSON answer must honour.
        from_json: the facts of the JSON answer.
        from_text: the facts of what is printed for people.
        on_the_orchestrator: whether the question must name the orchestrator.
    """

    arguments: Sequence[str]
    contract: str
    from_json: Callable[[Any], list[str]]
    from_text: Callable[[str], list[str]]
    on_the_orchestrator: bool = False


def _told(each: Any, *fields: str) -> str:
    return ", ".join(f"{field}: {getattr(each, field)}" for field in fields)


def _verified(text: str) -> list[str]:
    table, _, _ = text.partition("\n\n")
    rows = [] if NOBODY_TO_VERIFY.search(text) else rows_of_table(table, (*_VERIFIED, "DETAILS"))
    # People see a mark before the word.
    return [", ".join(row[heading].lower().lstrip("✓✗ ") for heading in _VERIFIED) for row in rows]


# What an operator asks, in the words of the features.
QUESTIONS: Mapping[str, Question] = {
    "lists the tokens": Question(
        ("worker", "token", "list"),
        "token-list",
        lambda answer: [_told(each, *_TOKEN) for each in tokens_from_json(answer)],
        lambda text: [_told(each, *_TOKEN) for each in tokens_from_table(text)],
    ),
    "lists the workers": Question(
        ("worker", "list"),
        "worker-list",
        lambda answer: [_told(each, *_MEMBER) for each in members_from_json(answer)],
        lambda text: [_told(each, *_MEMBER) for each in members_from_table(text)],
    ),
    "lists the waiting steps": Question(
        ("worker", "queue"),
        "worker-queue",
        lambda answer: [_told(each, *_QUEUED) for each in queue_from_json(answer)],
        lambda text: [_told(each, *_QUEUED) for each in queue_from_table(text)],
    ),
    "verifies the workers": Question(
        ("worker", "verify"),
        "worker-verify",
        lambda answer: [
            ", ".join((each["name"], each["status"], each["platform"], each["arch"]))
            for each in answer["workers"]
        ],
        _verified,
        on_the_orchestrator=True,
    ),
    "asks for the state of the daemon": Question(
        ("worker", "daemon", "status"),
        "daemon-status",
        lambda answer: ["on" if answer["enabled"] else "off"],
        lambda text: ["off" if DAEMON_IS_OFF.search(text) else "on"],
    ),
}


def events_of(world: World, worker: str) -> list[Row]:
    """The events that a worker has reported, each with the step that it names and its other facts.

    The facts are "as they were" if they are those of a worker that enrolled, ran one step and was stopped;
    otherwise they are the event as it was reported. The last row is the exit code of the worker's process.

    Raises:
        PromiseBroken: the worker reports in JSON, and a line is no JSON object, or breaks the contract.
    """
    actor = world.workers[worker]
    reported = _in_json(world, worker) if actor.settings.output is Output.JSON else _in_text(world, worker)
    ended = (
        [] if actor.alive else [{"event": f"exit code {actor.exit_code}", "step": "", "facts": _AS_THEY_WERE}]
    )
    return [*reported, *ended]


def _in_text(world: World, worker: str) -> list[Row]:
    return [
        {"event": kind, "step": _step_of(world, facts), "facts": _wrong_reason(kind, facts) or _AS_THEY_WERE}
        for kind, facts in world.workers[worker].lines_of_events()
    ]


def _in_json(world: World, worker: str) -> list[Row]:
    told = world.workers[worker].events()
    known = _known_facts(world, worker, [event["dispatchId"] for event in told if "dispatchId" in event])
    return [
        {
            "event": kind,
            "step": _step_of(world, event),
            "facts": _AS_THEY_WERE
            if _holds(event, known[kind]) and not _wrong_reason(kind, event)
            else json.dumps(event),
        }
        for event in told
        for kind in [_kind_of(event)]
    ]


def _wrong_reason(kind: str, event: Mapping[str, Any]) -> str:
    """What an event of a step that failed tells as the reason; empty if it tells what the step told."""
    error = str(event.get("error", "no reason"))
    return error if kind == "dispatch_failed" and not reasons_given(error, RUN_FAILURES) else ""


def _kind_of(event: Mapping[str, Any]) -> str:
    """The kind of an event; in JSON a step that failed ends with the same kind as one that succeeded."""
    if event["kind"] == "dispatch_finished" and event["status"] != "success":
        return "dispatch_failed"
    return str(event["kind"])


def _known_facts(world: World, worker: str, dispatches: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """What each kind of event tells, of a worker that runs one step."""
    step = next(each for each in world.workflow.steps)
    dispatch = {
        "dispatchId": dispatches[0] if dispatches else "",
        "modelType": step.task.model_type,
        "methodName": step.task.method,
    }
    actor = world.workers[worker]
    return {
        "connecting": {"url": actor.url, "attempt": 1},
        "enrolled": {"workerId": actor.settings.member, "reconnect": False},
        "dispatch_started": dispatch,
        "dispatch_finished": {**dispatch, "status": "success"},
        "dispatch_failed": {**dispatch, "status": "error"},
        "draining": {"reason": "signal"},
        "drain_complete": {},
        "disconnected": {"reason": "drained"},
        "retrying": {},
        "stopped": {"reason": "signal"},
    }


def _holds(event: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    return all(event.get(field) == value for field, value in known.items())


def _step_of(world: World, event: Mapping[str, Any]) -> str:
    workflow, step = event.get("workflowName"), event.get("stepName")
    if (workflow, step) == (None, None):
        return ""
    return str(step) if workflow == world.workflow.name else f"{step} of {workflow}"


@dataclass(frozen=True)
class BothModes:
    """The same command line, given in text and in JSON.

    Attributes:
        text: what it did in text.
        json: what it did in JSON.
        question: what was asked; None if it was a mistake.
    """

    text: CommandResult
    json: CommandResult
    question: Question | None = None


def ask(world: World, question: Question) -> BothModes:
    """Ask in both modes."""
    server = ("--server", world.orchestrator.api.url) if question.on_the_orchestrator else ()
    return replace(make_mistake(world, (*question.arguments, *server)), question=question)


def make_mistake(world: World, arguments: Sequence[str]) -> BothModes:
    """Give a command line in both modes."""
    commands = world.operator.commands
    return BothModes(commands.run(*arguments, output=Output.TEXT), commands.run(*arguments))


def facts_of_both(answers: BothModes) -> str:
    """How many facts both answers tell, or how the facts differ.

    Raises:
        InfrastructureError: it was a mistake, not a question.
        PromiseBroken: the JSON answer is none, not one document, or breaks its contract; or it says something
            beside it; or the text was not made for people.
    """
    if answers.question is None:
        raise InfrastructureError("The scenario made a mistake, it asked no question.")
    if not answers.json.succeeded or answers.json.stderr.strip():
        raise PromiseBroken(f"In JSON a question has an answer on standard output alone:\n{answers.json}")
    if not answers.text.succeeded or is_json(answers.text.stdout):
        raise PromiseBroken(f"In text a question has an answer for people:\n{answers.text}")
    in_json = sorted(answers.question.from_json(answers.json.answer(answers.question.contract)))
    in_text = sorted(answers.question.from_text(answers.text.stdout))
    if in_json == in_text:
        return str(len(in_json))
    return f"in JSON {'; '.join(in_json) or 'nothing'}, but in text {'; '.join(in_text) or 'nothing'}"


def outcomes(answers: BothModes) -> dict[str, CommandOutcome]:
    """How a command line ended in each mode, with its exit code."""
    return {each.output.value: each.outcome_and_code for each in (answers.text, answers.json)}


def worker_commands(world: World) -> list[str]:
    """Every command below `swamp worker`, as the product's own help names them, sorted.

    Raises:
        PromiseBroken: the help fails, or is not that of its command.
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
        raise PromiseBroken(f"The product's help failed:\n{result}")
    return result.stdout
