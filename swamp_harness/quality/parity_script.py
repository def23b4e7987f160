"""The script of the comparison: every command line that swamp and the stand-in share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from swamp_harness.product.commands import Output
from swamp_harness.product.help_text import subcommands
from swamp_harness.product.target import Target
from swamp_harness.product.workflow import Placement, Step, Workflow
from swamp_harness.quality.normalised_result import Facts, facts_of
from swamp_harness.scenario import cancellation, closing, enrollment, repositories, runs, step_progress
from swamp_harness.scenario.placement import ANY_WORKER
from swamp_harness.scenario.probe import WORK
from swamp_harness.scenario.run_context import RunContext
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import PromiseBroken

_BOTH = (Output.TEXT, Output.JSON)
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
    "worker token create beta --duration 1h --vault elsewhere",
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
    "worker token create fleet --duration 1h --max-enrollments 2",
    "worker token create fleet --duration 1h --max-enrollments 0",
    "access token mint carol --principal user:carol --duration 1h",
    "access token mint carol --principal user:carol --duration 1h",
    "access token mint dave --principal user:dave --duration bananas",
    "access token revoke carol",
    "access token revoke nobody",
    "access grant revoke nothing-of-that-id",
    "data get alpha token-main",
    "data get alpha token-main --version 1",
    "data get alpha token-main --version 99",
    "data get alpha nothing-of-that-name",
    "data list alpha",
    "run doctor",
    'data query modelType=="swamp/enrollment-token"',
    'data query modelType=="nothing-of-that-type"',
)
_ON_AN_ORCHESTRATOR = (
    "worker list",
    "worker token list",
    "worker queue",
    "worker verify --server {url}",
    "worker list --server {url}",
    "worker list --all",
    "worker list --all --server {url}",
    "worker token list --server {url}",
    "worker queue --server {url}",
    "workflow history get release",
    "workflow history search",
    "run history",
    'data query modelType=="swamp/step-lease"',
    "data get build result --no-content",
    "workflow run nothing-of-that-name --server {url}",
    "workflow run release --server ws://127.0.0.1:9",
    "model method run nothing-of-that-name once --server {url}",
    "model method run build dance --server {url}",
    "model method run build once --input step=build --server {url}",
    "model method run build fail --input step=build --server {url}",
    "workflow cancel --run nothing-of-that-id --server {url}",
    "workflow resume nothing-of-that-name --from build",
    "workflow resume nothing-of-that-name --input word=another",
    "workflow resume release --server {url}",
    "workflow validate release",
    "workflow validate release --server {url}",
    "workflow validate nothing-of-that-name",
    "workflow validate nothing-of-that-name --server {url}",
    "workflow approvals",
    "workflow approvals --server {url}",
    "workflow approve release build",
    "workflow approve release build --server {url}",
    "workflow reject release build --server {url}",
    "workflow approve nothing-of-that-name build",
)


def conversation(environ: Mapping[str, str], target: Target, folder: Path) -> Iterator[tuple[str, Facts]]:
    """Run the script against a target.

    Args:
        environ: names the binary, if the target does not.
        target: to test.
        folder: a new one for all files.

    Returns:
        The commands in order, each with what it did.
    """
    folder.mkdir()
    run_context = RunContext.open(environ, folder, target)
    try:
        for part in _PARTS:
            world = World(run_context, part.__name__.strip("_"), part.__name__.strip("_"))
            try:
                yield from part(world)
            finally:
                closing.close(world, keep=False)
    finally:
        run_context.close()


def _in_a_repository(world: World) -> Iterator[tuple[str, Facts]]:
    repositories.begin(world)
    for command in _HELP:
        result = world.operator.commands.run(*command.split(), "--help", output=Output.TEXT)
        below = ", ".join(sorted(subcommands(result.stdout, command))) or "none"
        yield f"{command} --help", {"exit code": str(result.exit_code), "sub-commands": below}
    yield from _commands(world, _IN_A_REPOSITORY)


def _on_an_orchestrator(world: World) -> Iterator[tuple[str, Facts]]:
    steps = [_step("build", "writes at once"), _step("fails", "fails")]
    repositories.begin_with_workflow(world, Workflow("release", steps))
    enrollment.start_orchestrator(world)
    enrollment.enroll_worker(world, "alpha")
    for output in _BOTH:
        world.operator.output = output
        runs.start_workflow(world)
        yield (
            f"workflow run release ({output.value})",
            {"outcome": str(runs.outcome_of_run(world))},
        )
    yield from _commands(world, _ON_AN_ORCHESTRATOR)


def _run_cancelled_in_text(world: World) -> Iterator[tuple[str, Facts]]:
    yield _run_cancelled(world, Output.TEXT)


def _run_cancelled_in_json(world: World) -> Iterator[tuple[str, Facts]]:
    yield _run_cancelled(world, Output.JSON)


def _run_cancelled(world: World, output: Output) -> tuple[str, Facts]:
    repositories.begin_with_workflow(world, Workflow("release", [_step("build", "pauses, then writes")]))
    enrollment.start_orchestrator(world)
    enrollment.enroll_worker(world, "alpha")
    world.operator.output = output
    runs.start_workflow(world)
    step_progress.wait_until_begun(world, "build")
    cancellation.cancel_run(world)
    reported = cancellation.reported_cancellation(world)
    return f"workflow cancel ({output.value})", {**reported, "outcome": runs.outcome_of_run(world)}


def _workers_turned_away(world: World) -> Iterator[tuple[str, Facts]]:
    enrollment.start_orchestrator(world)
    enrollment.enroll_worker(world, _BOUND)
    cases: Mapping[str, Callable[[str], None]] = {
        "a malformed credential": lambda name: enrollment.connect_with(world, name, "malformed"),
        "a wrong secret": lambda name: enrollment.connect_with(world, name, f"{_BOUND}.{'0' * 64}"),
        "a credential that was never minted": lambda name: enrollment.connect_with(
            world, name, f"nobody.{'0' * 64}"
        ),
        "another machine": lambda name: enrollment.connect_worker(world, name, token=_BOUND),
        "an older protocol version": lambda name: enrollment.connect_worker(
            world, name, token=_BOUND, protocol_shift=-1
        ),
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


_PARTS = (
    _in_a_repository,
    _on_an_orchestrator,
    _run_cancelled_in_text,
    _run_cancelled_in_json,
    _workers_turned_away,
)
