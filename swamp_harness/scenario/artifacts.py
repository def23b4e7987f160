"""Large artifacts: what arrives of them, what can be read, and what memory they take on their way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.serve_api import RequestRefused
from swamp_harness.scenario import runs, step_progress
from swamp_harness.scenario.artifact_bytes import SIZED_ARTIFACTS, blocks, described, in_words
from swamp_harness.scenario.probe import ARTIFACT, MEGABYTE, size_made_by
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import ContractBroken, InfrastructureError, PromiseBroken
from swamp_harness.system.limits import ARTIFACT_SENT
from swamp_harness.system.memory import MemoryWatch
from swamp_harness.system.waiting import wait_until

ORCHESTRATOR = "the orchestrator"
NOT_THERE = "none"

_READ_AT_ONCE = 1 << 20


def wait_for_artifacts(world: World) -> None:
    """Wait until the run has ended, as long as large artifacts may take."""
    world.runs.last.wait_for_end(ARTIFACT_SENT, give_up_if=lambda: _standstill(world))


def wait_until_half_sent(world: World, step: str) -> None:
    """Wait until a step that holds half way has handed over half of its artifact, and the rest is to come.

    Raises:
        WaitTimeout: it does not, or the run is over.
    """
    wait_until(
        f'the step "{step}" to have handed over half of its artifact',
        lambda: world.probe_log.note("half", step),
        bool,
        ARTIFACT_SENT,
        give_up_if=lambda: runs.cause_of_standstill(world),
    )
    step_progress.wait_until_written(world, step)


def made_by(world: World, step: str) -> dict[str, str]:
    """What the artifact of a step must be, by its size and by bytes that were made outside of the product."""
    bytes_made = described(blocks(step, _size_of(world, step)))
    return {"as the product tells": bytes_made, "as it is kept": bytes_made}


def recorded_of(world: World, step: str) -> dict[str, str]:
    """The artifact of a step: what the product tells the operator of it, and what its bytes are.

    Raises:
        PromiseBroken: the product shows no such artifact, or its answer breaks its contract, or names a file
            that does not exist.
    """
    result = _asked_for(world, step)
    if not result.succeeded:
        raise PromiseBroken(f'The artifact of the step "{step}" cannot be read:\n{result}')
    told = result.answer("data-get")
    kept = world.repository.folder / told["contentPath"]
    if not kept.is_file():
        raise ContractBroken(
            f"`{result.command}` names the file {told['contentPath']}, which does not exist."
        )
    return {
        "as the product tells": in_words(told["size"], told["checksum"]),
        "as it is kept": described(_bytes_of(kept)),
    }


def readable_of(world: World, step: str) -> str:
    """What an operator can read of the artifact of a step: "none", or what is told of it.

    Raises:
        InfrastructureError: the product shows no data at all, so that it shows no artifact proves nothing.
    """
    result, data = _asked_for(world, step), world.operator.all_data()
    if not data:
        raise InfrastructureError("The product shows no data at all, so nothing is known of the artifact.")
    listed = [each for each in data if each["modelName"] == step and each["name"] == ARTIFACT]
    shown = [f"version {each['version']}" for each in listed]
    if not shown and not result.succeeded:
        return NOT_THERE
    read = in_words(*_told(result)) if result.succeeded else "not to be read"
    return f"{read}; listed: {', '.join(shown) or 'none'}"


def read_by(world: World, step: str) -> str:
    """What a step has read of another's artifact, by its own account."""
    return world.probe_log.note("read", step) or "nothing was noted"


def expected_reading(world: World, step: str) -> str:
    """What a step must read of the artifact of a step."""
    return described(blocks(step, _size_of(world, step)))


def damaged_of_all_sizes(world: World, step: str) -> list[str]:
    """Which artifacts of a step that makes them of all sizes are not there, bit for bit, and what is."""
    api = world.orchestrator.api
    damaged = []
    for name, true in _true_of_all_sizes(step).items():
        try:
            told = api.data("data.get", "data-get", modelIdOrName=step, dataName=name, includeContent=False)
        except RequestRefused as refused:
            damaged.append(f"{name}: not to be read: {refused}")
            continue
        seen = {
            "told": in_words(told["size"], told["checksum"]),
            "kept": described(_bytes_of(world.repository.folder / told["contentPath"])),
        }
        damaged += [f"{name}, as it is {how}: {text}" for how, text in seen.items() if text != true]
    return damaged


def misread_of_all_sizes(world: World, step: str, maker: str) -> list[str]:
    """Which artifacts of all sizes a step has not read as they were made, by its own account."""
    noted = world.probe_log.note("read", step)
    read = json.loads(noted) if noted else {}
    true = _true_of_all_sizes(maker)
    return [f"{name}: {read.get(name)}" for name in true if read.get(name) != true[name]]


def _true_of_all_sizes(step: str) -> dict[str, str]:
    return {name: described(blocks(step, one["size"])) for name, one in SIZED_ARTIFACTS.items()}


def watch_memory(world: World, name: str) -> None:
    """Begin to watch the memory of a worker, or of the orchestrator."""
    watched = world.orchestrator if name == ORCHESTRATOR else world.workers[name]
    world.memory[name] = world.cleanup.enter_context(MemoryWatch(lambda: watched.memory))


def memory_for(world: World, name: str, large: str, small: str) -> dict[str, str]:
    """Whether a worker or the orchestrator took more memory for a large artifact than for a small one.

    It did if it took more by at least a third of what the large one has more: much less than anybody takes
    who holds the whole artifact at once, and more than the memory of a process varies. The figures go into
    evidence.

    Args:
        world: the scenario's.
        name: whose memory was watched.
        large: the step that makes the large artifact.
        small: the step that makes the small one.

    Returns:
        Nothing if it did not, else how much it took.

    Raises:
        InfrastructureError: the memory was not watched, or a step has not run to its end.
    """
    if name not in world.memory:
        raise InfrastructureError(f"The memory of {name} was not watched.")
    watch = world.memory[name]
    most = {step: watch.most_between(*_span_of(world, step)) for step in (small, large)}
    figures = {
        "at first": _megabytes(watch.at_first),
        **{
            f"for the artifact of {_megabytes(_size_of(world, each))}": _megabytes(most[each])
            for each in most
        },
    }
    told = "".join(f"{when}: {size}\n" for when, size in figures.items())
    world.evidence.write(f"The memory of {name}", f"memory-{name.replace(' ', '-')}.txt", told)
    allowed = (_size_of(world, large) - _size_of(world, small)) // 3
    return {} if most[large] - most[small] < allowed else figures


def _span_of(world: World, step: str) -> tuple[datetime, datetime]:
    moments = [entry.at for entry in world.probe_log.entries() if entry.step == step]
    if len(moments) <= len(world.probe_log.starts(step)):
        raise InfrastructureError(f'The step "{step}" has not run to its end.')
    return moments[0], moments[-1]


def _size_of(world: World, step: str) -> int:
    sizes = [size_made_by(each.task) for each in world.workflow.steps if each.name == step]
    if not any(sizes):
        raise InfrastructureError(f'The workflow has no step "{step}" that makes an artifact.')
    return sizes[0]


def _asked_for(world: World, step: str) -> CommandResult:
    return world.operator.commands.run("data", "get", step, ARTIFACT, "--no-content", output=Output.JSON)


def _bytes_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_READ_AT_ONCE):
            yield piece


def _told(result: CommandResult) -> tuple[int, str]:
    told = result.answer("data-get")
    return told["size"], told["checksum"]


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.0f} MB"


def _standstill(world: World) -> str | None:
    return None if world.orchestrator.alive else "the orchestrator has ended"
