"""The comparison of the embedded target with swamp: the same command lines, the same ways of telling.

Both go through one conversation: an operator at a repository, an orchestrator, workers, runs. What each
command does is brought to facts (exit code, streams, contract of the JSON, headings of a table, reasons for a
failure), and where the facts differ the difference must be explained in a list, or it fails the comparison.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from swamp_harness.machinery.faults import ExitCode, PromiseBroken, UnusableInput
from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.help_text import subcommands
from swamp_harness.product.target import SWAMP, Target, load
from swamp_harness.product.wordings import (
    ALREADY_REVOKED,
    COMMAND_FAILURES,
    DAEMON_IS_OFF,
    NOBODY_TO_VERIFY,
    reasons_given,
)
from swamp_harness.product.workflow import Placement, Step, Workflow
from swamp_harness.report import project
from swamp_harness.scenario import run_events, run_observations
from swamp_harness.scenario.bench import Bench
from swamp_harness.scenario.placement import ANY_WORKER
from swamp_harness.scenario.probe import WORK
from swamp_harness.scenario.world import World

Facts = Mapping[str, str]

_BOTH = (Output.TEXT, Output.JSON)
# The contract of a command's JSON answer, by the beginning of the command.
_CONTRACTS = {
    "worker token create": "token-create",
    "worker token list": "token-list",
    "worker token revoke": "token-revoke",
    "worker list": "worker-list",
    "worker queue": "worker-queue",
    "worker verify": "worker-verify",
    "worker daemon status": "daemon-status",
    "workflow history search": "workflow-history",
    "workflow history get": "workflow-run",
    "run history": "run-history",
    "data query": "data-query",
    "data get": "data-get",
    "model method run": "method-run",
}
_TABLES = (
    ("NAME", "STATE", "EXPIRES", "ENROLLMENTS"),
    ("NAME", "STATUS", "SLOTS", "LABELS", "PLATFORM/ARCH", "LAST SEEN"),
    ("REQUIREMENT", "STEP", "MODEL", "QUEUED AT", "AGE"),
    ("WORKER", "STATUS", "PLATFORM", "ARCH", "DETAILS"),
)
_SENTENCES = {
    "no tokens": "No enrollment tokens found.",
    "no workers": "No workers found.",
    "no connected workers": "No connected workers found.",
    "no waiting steps": "No steps are currently queued.",
    "shown once": "This token is shown once",
    "revoked": "✓ Token ",
}
_HELP = ("worker", "worker token", "worker daemon", "worker connect", "worker list", "worker token create")
# The token that a worker has enrolled with.
_BOUND = "alpha"
_IN_A_REPOSITORY = (
    "worker token list",
    "worker list",
    "worker queue",
    "worker token create alpha --duration 1h",
    "worker token create alpha --duration 1h",
    "worker token create beta --duration 0m",
    "worker token create beta --duration 30s",
    "worker token create beta --duration bananas",
    "worker token create beta",
    "worker token create Not.Allowed --duration 1h",
    "worker token list",
    "worker token revoke alpha",
    "worker token revoke alpha",
    "worker token revoke nobody",
    "worker verify",
    "worker connect",
    "worker connect http://127.0.0.1",
    "worker dance",
    "worker list --dance",
    "worker list --server ws://127.0.0.1:9",
    "worker daemon status",
    "data get alpha token-main",
    "data get alpha nothing-of-that-name",
    'data query modelType=="swamp/enrollment-token"',
    'data query modelType=="nothing-of-that-type"',
)
_ON_AN_ORCHESTRATOR = (
    "worker list",
    "worker token list",
    "worker queue",
    "worker verify --server {url}",
    "worker list --server {url}",
    "workflow history search",
    "run history",
    'data query modelType=="swamp/step-lease"',
    "data get build result --no-content",
    "workflow run nothing-of-that-name --server {url}",
    "model method run nothing-of-that-name once --server {url}",
    "workflow cancel --run nothing-of-that-id --server {url}",
)


@dataclass(frozen=True)
class Difference:
    """Where the two do not do the same.

    Attributes:
        command: that was given, with its mode of output.
        fact: in which they differ.
        swamp: what swamp does.
        embedded: what the embedded target does.
        explanation: why that is so; unexplained when empty.
    """

    command: str
    fact: str
    swamp: str
    embedded: str
    explanation: str


def compare(environ: Mapping[str, str]) -> int:
    """Hold the embedded target against swamp, and print where they differ.

    Returns:
        The exit code: an unexplained difference is a broken promise of the embedded target.

    Raises:
        UnusableInput: there is no swamp to compare with (exit code 3), or the list of explained differences
            is unusable (exit code 2).
    """
    explained = explanations(project.DIFFERENCES)
    target = load(project.EMBEDDED_TARGET)
    without = {name: value for name, value in environ.items() if not name.startswith("SWAMP_")}
    with tempfile.TemporaryDirectory(prefix="swamp-uat-comparison-") as folder:
        swamp = dict(_conversation(environ, load(SWAMP), Path(folder, "swamp")))
        embedded = dict(_conversation(without, target, Path(folder, "embedded")))
    found = list(differences(swamp, embedded, explained))
    for each in found:
        mark = f"explained: {each.explanation}" if each.explanation else "UNEXPLAINED"
        print(f"{each.command}\n  {each.fact}: {each.swamp}, of {target.name} {each.embedded}\n  {mark}")
    unexplained = sum(not each.explanation for each in found)
    unused = set(explained) - {(each.command, each.fact) for each in found}
    for command, fact in sorted(unused):
        print(f"{command}\n  {fact}: an explained difference that is none any longer: remove it")
    print(
        f"{len(swamp)} commands compared: {len(found)} differences, {unexplained} unexplained, "
        f"{len(unused)} explanations unused"
    )
    return ExitCode.PROMISE_BROKEN if unexplained or unused else ExitCode.EVERY_PROMISE_HELD


def differences(
    swamp: Mapping[str, Facts], embedded: Mapping[str, Facts], explained: Mapping[tuple[str, str], str]
) -> Iterator[Difference]:
    """Where the facts of the two conversations differ."""
    for command in sorted({*swamp, *embedded}):
        one, other = swamp.get(command, {}), embedded.get(command, {})
        for fact in sorted({*one, *other}):
            if one.get(fact) != other.get(fact):
                why = explained.get((command, fact), "")
                yield Difference(command, fact, one.get(fact, "none"), other.get(fact, "none"), why)


def explanations(file: Path) -> dict[tuple[str, str], str]:
    """The explained differences, by command and fact.

    Raises:
        UnusableInput: the file cannot be read (exit code 2).
    """
    try:
        entries = yaml.safe_load(file.read_text("utf-8")) or []
        return {(entry["command"], entry["fact"]): entry["why"] for entry in entries}
    except (OSError, yaml.YAMLError, TypeError, KeyError) as error:
        raise UnusableInput(
            f"{file.name} is not usable, it cannot be read: {error}: mend the file.",
            ExitCode.BAD_COMMAND_LINE,
        ) from error


def facts_of(result: CommandResult) -> Facts:
    """What a command did, as facts that two targets can share."""
    failed = not result.succeeded
    return {
        "exit code": str(result.exit_code),
        "standard output": _told(result, result.stdout),
        "standard error": _error_told(result) if failed else _anything(result.stderr),
    }


def _told(result: CommandResult, text: str) -> str:
    if not text.strip():
        return "nothing"
    if result.output is Output.JSON:
        return _json_told(result)
    headings = [
        " ".join(table)
        for table in _TABLES
        if text.split()[: len(" ".join(table).split())] == " ".join(table).split()
    ]
    sentences = [name for name, words in _SENTENCES.items() if words in text]
    patterns = {
        "revoked before": ALREADY_REVOKED,
        "daemon off": DAEMON_IS_OFF,
        "nobody to verify": NOBODY_TO_VERIFY,
    }
    recognised = [name for name, pattern in patterns.items() if pattern.search(text)]
    return ", ".join([*(f"table {each}" for each in headings), *sentences, *recognised]) or "text"


def _json_told(result: CommandResult) -> str:
    command = " ".join(result.arguments)
    contract = next((name for words, name in _CONTRACTS.items() if command.startswith(words)), "")
    if not contract:
        return "JSON" if _is_json(result.stdout) else "no JSON"
    try:
        result.answer(contract)
    except PromiseBroken as broken:
        return f"JSON that breaks its contract: {broken}"
    return f"JSON that keeps the contract {contract}"


def _error_told(result: CommandResult) -> str:
    if not result.stderr.strip():
        return "nothing"
    try:
        message = result.error_message
    except PromiseBroken:
        return "no error object"
    return f"error: {' and '.join(reasons_given(message, COMMAND_FAILURES)) or 'of another kind'}"


def _anything(text: str) -> str:
    return "something" if text.strip() else "nothing"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


# --- the conversation


def _conversation(environ: Mapping[str, str], target: Target, folder: Path) -> Iterator[tuple[str, Facts]]:
    folder.mkdir()
    bench = Bench(environ, folder, target)
    try:
        for part in (_in_a_repository, _on_an_orchestrator, _workers_turned_away):
            world = World(bench, part.__name__.strip("_"), part.__name__.strip("_"))
            try:
                yield from part(world)
            finally:
                world.close(keep=False)
    finally:
        bench.close()


def _in_a_repository(world: World) -> Iterator[tuple[str, Facts]]:
    world.given.repository()
    for command in _HELP:
        result = world.operator.commands.run(*command.split(), "--help", output=Output.TEXT)
        below = ", ".join(sorted(subcommands(result.stdout, command))) or "none"
        yield f"{command} --help", {"exit code": str(result.exit_code), "sub-commands": below}
    yield from _commands(world, _IN_A_REPOSITORY)


def _on_an_orchestrator(world: World) -> Iterator[tuple[str, Facts]]:
    steps = [_step("build", "works at once"), _step("fails", "fails")]
    world.given.workflow(Workflow("release", steps))
    world.given.orchestrator()
    world.given.worker("alpha")
    for output in _BOTH:
        world.operator.output = output
        run_events.start_workflow(world)
        yield f"workflow run release ({output.value})", {"outcome": run_observations.outcome_of_run(world)}
    yield from _commands(world, _ON_AN_ORCHESTRATOR)


def _workers_turned_away(world: World) -> Iterator[tuple[str, Facts]]:
    world.given.orchestrator()
    world.given.worker(_BOUND)
    cases: Mapping[str, Callable[[str], None]] = {
        "a malformed credential": lambda name: world.connect_stranger(name, "malformed"),
        "a wrong secret": lambda name: world.connect_stranger(name, f"{_BOUND}.{'0' * 64}"),
        "a credential that was never minted": lambda name: world.connect_stranger(name, f"nobody.{'0' * 64}"),
        "another machine": lambda name: world.connect_worker(name, token=_BOUND),
        "an older protocol version": lambda name: world.connect_worker(name, token=_BOUND, protocol_shift=-1),
    }
    for output in _BOTH:
        world.worker_output = output
        for index, (case, connect) in enumerate(cases.items()):
            name = f"{output.value.lower()}-{index}"
            connect(name)
            worker = world.workers[name]
            with contextlib.suppress(PromiseBroken):
                yield (
                    f"worker connect with {case} ({output.value})",
                    {"ending": str(worker.wait_until_ended()), "attempts": str(worker.dials)},
                )


def _step(name: str, work: str) -> Step:
    return Step(name, WORK[work](name), Placement(labels=ANY_WORKER))


def _commands(world: World, commands: Sequence[str]) -> Iterator[tuple[str, Facts]]:
    given: dict[str, int] = {}
    for command in commands:
        for output in _BOTH:
            key = f"{command} ({output.value})"
            given[key] = given.get(key, 0) + 1
            url = world.orchestrator.api.url if "{url}" in command else ""
            words = [word.replace("{url}", url) for word in command.split()]
            again = f", time {given[key]}" if given[key] > 1 else ""
            yield f"{key}{again}", facts_of(world.operator.commands.run(*words, output=output))


def main_environment() -> Mapping[str, str]:
    """The environment of the person who compares.

    Raises:
        UnusableInput: it names no swamp (exit code 3).
    """
    if not os.environ.get("SWAMP_BIN"):
        raise UnusableInput(
            "There is no swamp to compare with: give one with `make compare SWAMP_BIN=/path/to/swamp`.",
            ExitCode.NO_BINARY,
        )
    return os.environ
