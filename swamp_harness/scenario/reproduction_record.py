"""Records the actions and observations of a scenario, for a reproduction by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from swamp_harness.product.commands import CommandResult, Output, SwampCommands
from swamp_harness.product.credential import SECRET_BY_FORM
from swamp_harness.product.extension import bundling
from swamp_harness.product.repository import CREATE_VAULT, INITIALISE
from swamp_harness.product.run import WorkflowRun
from swamp_harness.product.worker import DISCONNECTED, ENROLLED, Worker
from swamp_harness.scenario.reproduction import (
    MADE_UP,
    ROOT,
    SWAMP,
    Event,
    EventKind,
    Obstacle,
    Place,
    Reproduction,
)
from swamp_harness.scenario.world import World
from swamp_harness.system.child_process import Launch
from swamp_harness.system.clean_env import added_variables
from swamp_harness.system.hosts.host import HERE
from swamp_harness.system.marked_processes import MARK_VARIABLE
from swamp_harness.system.network import PathState
from swamp_harness.system.process_log import Life, ProcessLog

_MODEL_TYPE = re.compile(r'^\s*type: "(?P<type>@[^"]+)"', re.MULTILINE)


def reproduction_of(world: World) -> Reproduction | None:
    """The actions and observations of a scenario so far; None if it has no repository."""
    operator = World.operator.of(world)
    if operator is None:
        return None
    masks = _Masks(world)
    failed = next((step for step in world.steps if step.kind == "failed"), None)
    begin = failed.begin if failed is not None else world.begun
    end = (failed.end if failed is not None else None) or max(
        (step.end for step in world.steps if step.end is not None), default=world.begun
    )
    events = sorted(
        (each for each in _events(world, masks) if each.at <= end),
        key=lambda each: (each.at, not each.kind.is_action),
    )
    events = [
        replace(each, is_of_failed_step=each.kind is EventKind.COMMAND and each.at >= begin)
        for each in events
    ]
    files = _files(world, masks)
    return Reproduction(
        files=files,
        preparation=_preparation(operator.commands.results, files),
        operator=masks.place(operator.commands.folder, operator.commands.environment),
        events=tuple(events),
        end=end,
        tokens=tuple(operator.credentials),
        secrets={
            key: len([line for line in secret.splitlines() if line])
            for key, secret in operator.vault_secrets.items()
        },
        obstacles=tuple(dict.fromkeys(_obstacles(world))),
    )


class _Masks:
    """Replaces values of this run, such as paths and secrets, by placeholders."""

    def __init__(self, world: World) -> None:
        operator = world.operator
        pairs = {
            **{str(each): f"⟦token {name}⟧" for name, each in operator.credentials.items()},
            **{each.secret: f"⟦secret of token {name}⟧" for name, each in operator.credentials.items()},
            **{secret: f"⟦secret {key}⟧" for key, secret in operator.vault_secrets.items()},
            **{
                run.run_id: f"⟦run {run.log.file.stem}⟧"
                for run in world.followed_runs()
                if isinstance(run, WorkflowRun) and run.run_id
            },
            str(world.run_context.binary.runs_as): SWAMP,
            str(world.folder): ROOT,
        }
        served = list(world.orchestrators.values())
        for orchestrator in served:
            pairs[orchestrator.api.url] = f"⟦url {orchestrator.log.file.stem}⟧"
        first = served[0].log.file.stem if served else ""
        paths = [*world.workers.networks(), *filter(None, [World.operator_network.of(world)])]
        for each in paths:
            host, port = each.address
            for scheme in ("ws", "wss"):
                pairs[f"{scheme}://{host}:{port}"] = f"⟦url {first}⟧"
        # The longest first: a secret may begin with another one.
        self._pairs = sorted(pairs.items(), key=lambda pair: -len(pair[0]))
        self._ports = {
            str(orchestrator.address[1]): f"⟦port {orchestrator.log.file.stem}⟧" for orchestrator in served
        }

    def text(self, text: str) -> str:
        for raw, mark in self._pairs:
            text = text.replace(raw, mark)
        # A credential that no command has minted can have any value.
        return SECRET_BY_FORM.sub(f".{MADE_UP}", text)

    def arguments(self, arguments: Iterable[str]) -> tuple[str, ...]:
        given = list(map(str, arguments))
        return tuple(
            self._ports.get(each, each) if before == "--port" else self.text(each)
            for before, each in zip(["", *given], given, strict=False)
        )

    def place(self, folder: object, environment: Mapping[str, str]) -> Place:
        variables = {
            name: self.text(value)
            for name, value in added_variables(environment).items()
            if name != MARK_VARIABLE
        }
        return Place(self.text(str(folder)), variables)


def _events(world: World, masks: _Masks) -> Iterator[Event]:
    yield from _commands(world, masks)
    for orchestrator in world.orchestrators.values():
        yield from _process(orchestrator.log, orchestrator.launches, masks)
    for worker in world.workers.all():
        yield from _process(worker.log, worker.launches, masks)
        yield from _milestones(worker)
    for run in world.followed_runs():
        yield from _process(run.log, [run.launch], masks)
    yield from _steps(world)


def _commands(world: World, masks: _Masks) -> Iterator[Event]:
    operator, remote = world.operator, World.remote_client.of(world)
    for commands in (operator.commands, *([remote.commands] if remote is not None else [])):
        for result in commands.results:
            yield _command(result, commands, masks)
    place = masks.place(operator.commands.folder, operator.commands.environment)
    for request in operator.requests:
        if request.command:
            url = next(iter(world.orchestrators.values())).api.url
            # With --server, a command takes no standard input; in the repository it does.
            there = ("--server", url) if request.stdin is None else ()
            arguments = masks.arguments((*request.command, *there, "--json"))
            stdin = None if request.stdin is None else masks.text(request.stdin)
            yield Event(
                request.started,
                EventKind.COMMAND,
                request.started,
                place=place,
                arguments=arguments,
                stdin=stdin,
            )


def _milestones(worker: Worker) -> Iterator[Event]:
    for kind in (ENROLLED, DISCONNECTED):
        times = [each.at for each in worker.milestones() if each.kind == kind]
        for number, at in enumerate(times, start=1):
            yield Event(at, EventKind.REPORTED, at, name=worker.log.file.stem, text=kind, count=number)


def _steps(world: World) -> Iterator[Event]:
    counted: dict[tuple[str, str], Iterator[int]] = {}
    for entry in world.probe_log.entries():
        number = next(counted.setdefault((entry.event, entry.step), count(1)))
        yield Event(entry.at, EventKind.STEP, entry.at, name=entry.step, text=entry.event, count=number)
    for step, at in world.probe_log.released:
        yield Event(at, EventKind.LET_GO_ON, at, name=step)


_ACTIONS = {
    Life.KILLED: EventKind.KILL,
    Life.ASKED_TO_STOP: EventKind.STOP,
    Life.SUSPENDED: EventKind.SUSPEND,
    Life.RESUMED: EventKind.RESUME,
    Life.ENDED: EventKind.ENDED,
}


def _process(log: ProcessLog, launches: Sequence[Launch], masks: _Masks) -> Iterator[Event]:
    name, started = log.file.stem, iter(launches)
    for event in log.life:
        if event.what is Life.STARTED:
            launch = next(started)
            yield Event(
                event.at,
                EventKind.START,
                event.at,
                name=name,
                place=masks.place(launch.folder, launch.environment),
                arguments=masks.arguments(launch.arguments[1:]),
            )
        elif event.what in _ACTIONS:
            yield Event(event.at, _ACTIONS[event.what], event.at, name=name)


def _command(result: CommandResult, commands: SwampCommands, masks: _Masks) -> Event:
    environment = {**commands.environment, **result.variables}
    return Event(
        result.started,
        EventKind.COMMAND,
        result.ended,
        place=masks.place(commands.folder_of(result.arguments, environment), environment),
        arguments=masks.arguments(result.arguments),
        stdin=None if result.stdin is None else masks.text(result.stdin),
        exit_code=result.exit_code,
        stdout=masks.text(result.stdout),
        stderr=masks.text(result.stderr),
    )


def _files(world: World, masks: _Masks) -> dict[str, str]:
    """The workflows of the repository, and the extensions that they need."""
    repository = world.repository.folder
    workflows = {
        file: masks.text(file.read_text("utf-8")) for file in sorted(repository.glob("workflows/*.yaml"))
    }
    used = " ".join((*workflows.values(), *map(" ".join, _typed(world))))
    models = {
        file: text
        for file in sorted(repository.glob("extensions/models/*.ts"))
        if (match := _MODEL_TYPE.search(text := file.read_text("utf-8"))) and match["type"] in used
    }
    shared = (
        {file: file.read_text("utf-8") for file in sorted(repository.glob("extensions/shared/*.ts"))}
        if models
        else {}
    )
    return {masks.text(str(file)): text for file, text in {**workflows, **models, **shared}.items()}


def _typed(world: World) -> list[tuple[str, ...]]:
    return [result.arguments for result in world.operator.commands.results]


def _preparation(results: Sequence[CommandResult], files: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    if results and results[0].arguments[:2] == INITIALISE[:2]:
        return ()
    types = [match["type"] for text in files.values() if (match := _MODEL_TYPE.search(text))]
    return tuple((*command, "--json") for command in (INITIALISE, CREATE_VAULT, *map(bundling, types)))


def _obstacles(world: World) -> Iterator[Obstacle]:
    networks = [*world.workers.networks(), *filter(None, [World.operator_network.of(world)])]
    if any(change.state is not PathState.PASSING for each in networks for change in each.changes):
        yield Obstacle.NETWORK
    if World.security.of(world) is not None:
        yield Obstacle.CERTIFICATES
    outputs = {*(each.output for each in world.typed()), *(each.output for each in world.followed_runs())}
    if Output.TERMINAL in outputs:
        yield Obstacle.TERMINAL
    if world.registry is not None:
        yield Obstacle.REGISTRY
    tested = str(world.run_context.binary.runs_as)
    started = [launch for worker in world.workers.all() for launch in worker.launches]
    if any(str(launch.arguments[0]) != tested for launch in started) or world.workers.use_relays:
        yield Obstacle.OTHER_VERSION
    if any(worker.machine.host is not HERE for worker in world.workers.all()):
        yield Obstacle.OTHER_MACHINE
    if world.memory:
        yield Obstacle.MEMORY
