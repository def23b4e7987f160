"""Large artifacts: what arrives, what can be read, and how much memory they need on the way."""

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
    """Wait until the run has ended, with the limit for large artifacts."""
    world.runs.last.wait_for_end(ARTIFACT_SENT, give_up_if=lambda: _standstill(world))


def wait_until_half_sent(world: World, step: str) -> None:
    """Wait until a step that holds half way has written the first half of its artifact.

    Raises:
        WaitTimeout: it does not write it, or the run is over.
    """
    wait_until(
        f'the step "{step}" to write the first half of its artifact',
        lambda: world.probe_log.note("half", step),
        bool,
        ARTIFACT_SENT,
        give_up_if=lambda: runs.cause_of_standstill(world),
    )
    step_progress.wait_until_written(world, step)


def made_by(world: World, step: str) -> dict[str, str]:
    """The expected artifact of a step, from its size and from bytes computed outside of the product."""
    expected = described(blocks(step, _size_of(world, step)))
    return {"as reported": expected, "as stored": expected}


def recorded_of(world: World, step: str) -> dict[str, str]:
    """The artifact of a step: its size and checksum as reported to the operator, and those of its bytes.

    Raises:
        PromiseBroken: the product shows no such artifact, or its answer breaks its contract, or names a file
            that does not exist.
    """
    result = _get_artifact(world, step)
    if not result.succeeded:
        raise PromiseBroken(f'The artifact of the step "{step}" cannot be read:\n{result}')
    datum = result.answer("data-get")
    stored = world.repository.folder / datum["contentPath"]
    if not stored.is_file():
        raise ContractBroken(
            f"`{result.command}` names the file {datum['contentPath']}, which does not exist."
        )
    return {
        "as reported": in_words(datum["size"], datum["checksum"]),
        "as stored": described(_bytes_of(stored)),
    }


def readable_of(world: World, step: str) -> str:
    """What an operator can read of the artifact of a step: "none", or what the product reports.

    Raises:
        InfrastructureError: the product shows no data at all, so that a missing artifact proves nothing.
    """
    result, data = _get_artifact(world, step), world.records.all_data()
    if not data:
        raise InfrastructureError(
            "The product shows no data at all, so that it does not show the artifact proves nothing."
        )
    listed = [each for each in data if each["modelName"] == step and each["name"] == ARTIFACT]
    shown = [f"version {each['version']}" for each in listed]
    if not shown and not result.succeeded:
        return NOT_THERE
    read = in_words(*_size_and_checksum(result)) if result.succeeded else "cannot be read"
    return f"{read}; listed: {', '.join(shown) or 'none'}"


def read_by(world: World, step: str) -> str:
    """What a step read of another step's artifact, as it recorded."""
    return world.probe_log.note("read", step) or "the step recorded nothing"


def expected_reading(world: World, step: str) -> str:
    """The expected reading of a step's artifact."""
    return described(blocks(step, _size_of(world, step)))


def damaged_of_all_sizes(world: World, step: str) -> list[str]:
    """The artifacts of all sizes of a step that differ from what the step made, with both values."""
    api = world.orchestrator.api
    damaged = []
    for name, expected in _expected_of_all_sizes(step).items():
        try:
            datum = api.data("data.get", "data-get", modelIdOrName=step, dataName=name, includeContent=False)
        except RequestRefused as refused:
            damaged.append(f"{name}: cannot be read: {refused}")
            continue
        actual = {
            "reported": in_words(datum["size"], datum["checksum"]),
            "stored": described(_bytes_of(world.repository.folder / datum["contentPath"])),
        }
        damaged += [
            f"{name}: expected {expected}, {source} {text}"
            for source, text in actual.items()
            if text != expected
        ]
    return damaged


def misread_of_all_sizes(world: World, step: str, maker: str) -> list[str]:
    """The artifacts of all sizes that a step did not read as they were made, as it recorded."""
    text = world.probe_log.note("read", step)
    actual = json.loads(text) if text else {}
    return [
        f"{name}: expected {expected}, actual {actual.get(name, 'nothing')}"
        for name, expected in _expected_of_all_sizes(maker).items()
        if actual.get(name) != expected
    ]


def _expected_of_all_sizes(step: str) -> dict[str, str]:
    return {name: described(blocks(step, one["size"])) for name, one in SIZED_ARTIFACTS.items()}


def watch_memory(world: World, name: str) -> None:
    """Start to watch the memory of a worker, or of the orchestrator."""
    watched = world.orchestrator if name == ORCHESTRATOR else world.workers[name]
    world.memory[name] = world.cleanup.enter_context(MemoryWatch(lambda: watched.memory))


def memory_for(world: World, name: str, large: str, small: str) -> dict[str, str]:
    """Whether a worker or the orchestrator used more memory for a large artifact than for a small one.

    The threshold is a third of the difference of their sizes: much less than a process needs that holds the
    whole artifact, and more than the memory of a process varies. The measurements go into the evidence.

    Args:
        world: the scenario's.
        name: of the worker, or "the orchestrator".
        large: the step that makes the large artifact.
        small: the step that makes the small one.

    Returns:
        An empty dictionary if it did not use more, else the measurements.

    Raises:
        InfrastructureError: the memory was not watched, or a step has not completed.
    """
    if name not in world.memory:
        raise InfrastructureError(
            f"The memory of {name} was not watched: add a step that watches it before artifacts are made."
        )
    watch = world.memory[name]
    most = {step: watch.most_between(*_span_of(world, step)) for step in (small, large)}
    measurements = {
        "at first": _megabytes(watch.at_first),
        **{
            f"for the artifact of {_megabytes(_size_of(world, each))}": _megabytes(most[each])
            for each in most
        },
    }
    lines = "".join(f"{when}: {size}\n" for when, size in measurements.items())
    world.evidence.write(f"The memory of {name}", f"memory-{name.replace(' ', '-')}.txt", lines)
    allowed = (_size_of(world, large) - _size_of(world, small)) // 3
    return {} if most[large] - most[small] < allowed else measurements


def _span_of(world: World, step: str) -> tuple[datetime, datetime]:
    moments = [entry.at for entry in world.probe_log.entries() if entry.step == step]
    if len(moments) <= len(world.probe_log.starts(step)):
        raise InfrastructureError(
            f'The step "{step}" has not completed, so its memory cannot be measured: wait for the run first.'
        )
    return moments[0], moments[-1]


def _size_of(world: World, step: str) -> int:
    sizes = [size_made_by(each.task) for each in world.workflow.steps if each.name == step]
    if not any(sizes):
        raise InfrastructureError(f'The workflow has no step "{step}" that makes an artifact.')
    return sizes[0]


def _get_artifact(world: World, step: str) -> CommandResult:
    return world.operator.commands.run("data", "get", step, ARTIFACT, "--no-content", output=Output.JSON)


def _bytes_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_READ_AT_ONCE):
            yield piece


def _size_and_checksum(result: CommandResult) -> tuple[int, str]:
    datum = result.answer("data-get")
    return datum["size"], datum["checksum"]


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:.0f} MB"


def _standstill(world: World) -> str | None:
    return None if world.orchestrator.alive else "the orchestrator has ended"
