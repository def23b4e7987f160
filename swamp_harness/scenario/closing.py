"""The end of a scenario: its last evidence is taken, everything is ended, and a failure is explained."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from swamp_harness.product.run_records import LeaseRecord
from swamp_harness.scenario.final_state import failure_context, record_final_state
from swamp_harness.scenario.timeline import Timeline, TimelineSource, lanes_of
from swamp_harness.scenario.world import World
from swamp_harness.system.cleanup import run_all_cleanups


def close(world: World, *, keep: bool, interrupted: bool = False) -> int:
    """Take the last evidence, end everything, and remove the folder, whatever becomes of any of it.

    Args:
        world: the scenario's.
        keep: leave the folder on disk for people to look into.
        interrupted: end at once, and ask the product nothing more.

    Returns:
        How many processes had to be swept up that no actor knew of.

    Raises:
        Exception: the first that went wrong, once all has been tried.
    """
    runs = World.runs.of(world)
    survivors: list[int] = []
    run_all_cleanups(
        partial(_take_last_evidence, world, interrupted=interrupted),
        world.probe_log.close,
        *([runs.end] if runs is not None else []),
        partial(world.workers.end, keep=keep),
        *(orchestrator.end for orchestrator in world.orchestrators.values()),
        world.cleanup.close,
        lambda: survivors.append(world.run_context.end_scenario(world.scenario, world.folder, keep=keep)),
    )
    return sum(survivors)


def _take_last_evidence(world: World, *, interrupted: bool) -> None:
    leases: list[LeaseRecord] = []
    operator = World.operator.of(world)
    if operator is not None:
        if not interrupted:
            orchestrator = next(iter(world.orchestrators.values()), None)
            probe_log = world.probe_log if World.workflow.of(world) is not None else None
            leases = record_final_state(world.evidence, operator, orchestrator, probe_log)
        world.evidence.write_transcript([*world.typed(), *operator.requests])
    world.timeline = _timeline(world, leases)


def _timeline(world: World, leases: list[LeaseRecord]) -> Timeline:
    operator = World.operator.of(world)
    source = TimelineSource(
        typed=world.typed(),
        requests=operator.requests if operator is not None else [],
        orchestrators=list(world.orchestrators.values()),
        workers={name: world.workers[name] for name in world.workers.names()},
        networks=world.workers.networks_by_name(),
        runs=world.followed_runs(),
        lifetimes=operator.lifetimes if operator is not None else {},
        leases=leases,
        entries=world.probe_log.entries(),
    )
    lanes = lanes_of(source, world.pool_watch, world.times.grace_window)
    return Timeline(world.begun, datetime.now(UTC), world.steps, lanes)


def explanation(world: World) -> str:
    """The last things that each process said and the operator did, and where the evidence lies."""
    told = failure_context(world.actors(), world.typed())
    return "\n".join((*told, f"Evidence: {world.evidence.folder}", f"Kept on disk: {world.folder}"))
