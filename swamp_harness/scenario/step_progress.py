"""Steps at work: waits for what a step does, by its own account or by its lease."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from swamp_harness.product.run_records import ACTIVE, LeaseRecord
from swamp_harness.scenario.runs import cause_of_standstill
from swamp_harness.scenario.world import World
from swamp_harness.system.limits import OUTPUT_SEEN, STEP_BEGUN, STEP_WRITTEN
from swamp_harness.system.waiting import WaitTimeout, wait_until


def wait_until_begun(world: World, step: str) -> None:
    """Wait until a step has noted its own beginning, and note which processes it has there.

    Raises:
        WaitTimeout: it does not begin, or the run is over.
    """
    wait_until(
        f'the step "{step}" to begin',
        lambda: world.probe_log.starts(step),
        bool,
        STEP_BEGUN,
        give_up_if=lambda: cause_of_standstill(world),
    )
    world.note_processes_of_steps()


def stop_during_step(world: World, worker: str, step: str) -> None:
    """Stop a worker cleanly while a step holds, and let the step go on.

    The step goes on once the worker says that it finishes its work, has ended, or the limit has passed.

    Raises:
        WaitTimeout: the worker does not end.
    """
    actor = world.workers[worker]
    with ThreadPoolExecutor(1) as executor:
        stopped = executor.submit(actor.stop)
        with contextlib.suppress(WaitTimeout):
            wait_until(
                f'the worker "{worker}" to say that it finishes its work',
                lambda: actor.log.tail(3),
                lambda _: actor.is_finishing or not actor.alive,
                OUTPUT_SEEN,
            )
        world.probe_log.let_go_on(step)
        stopped.result()


def wait_until_begun_again(world: World, step: str) -> None:
    """Wait until a step has begun for the second time, or the run is over: then what follows will show it.

    Raises:
        WaitTimeout: neither comes.
    """
    wait_until(
        f'the step "{step}" to begin again, or the run to be over',
        lambda: cause_of_standstill(world) or world.probe_log.starts(step),
        lambda seen: isinstance(seen, str) or len(seen) > 1,
        STEP_BEGUN,
    )


def go_on_once_ended(world: World, step: str, workers: Sequence[str]) -> None:
    """Let a step go on that holds, once the processes of other workers have ended or have been let in."""
    for worker in workers:
        with contextlib.suppress(WaitTimeout):
            world.workers[worker].wait_until_ended()
    world.probe_log.let_go_on(step)


def wait_until_written(world: World, step: str) -> None:
    """Wait until the lease of a step that runs says that the step has persisted something.

    Raises:
        WaitTimeout: it does not write, or the run is over.
    """
    wait_until_begun(world, step)
    wait_for_lease(world, step, f'the step "{step}" to have written', lambda lease: lease.has_writes)


def wait_until_handed_over(world: World, step: str, worker: str) -> None:
    """Wait until a step has been dispatched to a worker, whether or not it has begun there.

    Raises:
        WaitTimeout: it is not dispatched there, or the run is over.
    """
    wait_for_lease(
        world, step, f'the step "{step}" to be handed to "{worker}"', lambda lease: lease.worker == worker
    )


def wait_for_lease(world: World, step: str, awaited: str, wanted: Callable[[LeaseRecord], bool]) -> None:
    """Wait until a step has a lease of some kind; give up if nothing can happen any longer."""

    def leases() -> list[LeaseRecord]:
        return [lease for lease in world.orchestrator.api.leases() if lease.step == step]

    wait_until(
        awaited,
        leases,
        lambda seen: any(lease.state == ACTIVE and wanted(lease) for lease in seen),
        STEP_WRITTEN,
        give_up_if=lambda: cause_of_standstill(world),
    )
