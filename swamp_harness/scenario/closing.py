"""The end of a scenario: collect the last evidence, end everything, explain a failure."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from swamp_harness.product.costs import Purpose
from swamp_harness.product.run_records import LeaseRecord
from swamp_harness.scenario.final_state import failure_context, record_final_state
from swamp_harness.scenario.reproduction import REPRODUCTION_FILE
from swamp_harness.scenario.reproduction_record import reproduction_of
from swamp_harness.scenario.timeline import Timeline
from swamp_harness.scenario.timeline_lanes import TimelineSource, lanes_of
from swamp_harness.scenario.world import World
from swamp_harness.system.cleanup import run_all_cleanups


def close(world: World, *, keep: bool, interrupted: bool = False) -> int:
    """Collect the last evidence, end everything, and remove the folder; one error does not stop the rest.

    Args:
        world: the scenario's.
        keep: leave the folder on disk for people to inspect.
        interrupted: end at once, without further requests to the product.

    Returns:
        How many leaked processes had to be ended, that is, processes that belong to no actor.

    Raises:
        Exception: the first error, after everything has been tried.
    """
    world.begin_purpose(Purpose.EVIDENCE)
    runs = World.runs.of(world)
    leaked: list[int] = []
    run_all_cleanups(
        partial(_collect_last_evidence, world, keep=keep, interrupted=interrupted),
        world.probe_log.close,
        *([runs.end] if runs is not None else []),
        partial(world.workers.end, keep=keep),
        *(orchestrator.end for orchestrator in world.orchestrators.values()),
        world.cleanup.close,
        lambda: leaked.append(world.run_context.end_scenario(world.scenario, world.folder, keep=keep)),
    )
    return sum(leaked)


def _collect_last_evidence(world: World, *, keep: bool, interrupted: bool) -> None:
    leases: list[LeaseRecord] = []
    # Before the last questions to the product, which nobody has to repeat.
    if keep and (reproduction := reproduction_of(world)) is not None:
        world.evidence.write_answer("What to do by hand", REPRODUCTION_FILE, reproduction.as_document())
    operator = World.operator.of(world)
    if operator is not None:
        if not interrupted:
            orchestrator = next(iter(world.orchestrators.values()), None)
            probe_log = world.probe_log if World.workflow.of(world) is not None else None
            leases = record_final_state(world.evidence, operator, orchestrator, probe_log, failed=keep)
        world.evidence.write_transcript([*world.typed(), *operator.requests])
    world.timeline = _timeline(world, leases)


def _timeline(world: World, leases: list[LeaseRecord]) -> Timeline:
    operator = World.operator.of(world)
    source = TimelineSource(
        typed=world.typed(),
        requests=operator.requests if operator is not None else [],
        orchestrators=list(world.orchestrators.values()),
        workers={name: world.workers[name] for name in world.workers.names()},
        members={name: world.member_of(name) for name in world.workers.names()},
        networks=world.workers.networks_by_name(),
        runs=world.followed_runs(),
        lifetimes=operator.lifetimes if operator is not None else {},
        leases=leases,
        entries=world.probe_log.entries(),
    )
    lanes = lanes_of(source, world.pool_watch, world.times.grace_window)
    return Timeline(world.begun, datetime.now(UTC), world.steps, lanes)


def explanation(world: World) -> str:
    """The last log lines and commands, and where the evidence is."""
    context = failure_context(world.actors(), world.typed())
    return "\n".join((*context, f"Evidence: {world.evidence.folder}", f"Kept on disk: {world.folder}"))
