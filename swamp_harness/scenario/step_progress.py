"""Waits for what a step does, as its own log or its lease shows it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from swamp_harness.product.run import RUNNING
from swamp_harness.product.run_records import ACTIVE, LeaseRecord
from swamp_harness.scenario.draining import ask_to_stop
from swamp_harness.scenario.runs import cause_of_standstill
from swamp_harness.scenario.world import World
from swamp_harness.system.limits import PROCESS_STOPPED, RUN_ENDED, STEP_BEGUN, STEP_WRITTEN
from swamp_harness.system.stop_request import StopRequest
from swamp_harness.system.waiting import WaitTimeout, wait_until


def wait_until_begun(world: World, step: str) -> None:
    """Wait until a step has logged its start, and record the processes that run on workers' machines.

    Raises:
        WaitTimeout: it does not start, or the run is over.
    """
    wait_until(
        f'the step "{step}" to start',
        lambda: world.probe_log.starts(step),
        bool,
        STEP_BEGUN,
        give_up_if=lambda: cause_of_standstill(world),
    )
    world.note_processes_of_steps()


def stop_during_steps(
    world: World, worker: str, steps: Sequence[str], by: StopRequest = StopRequest.TERMINATION
) -> None:
    """Ask a worker to stop while steps hold, let each go on when the one before has ended, and wait for it.

    Raises:
        WaitTimeout: a step does not end.
    """
    ask_to_stop(world, worker, by)
    for step in steps[:-1]:
        world.probe_log.let_go_on(step)
        wait_until_ended(world, step)
    world.probe_log.let_go_on(steps[-1])
    world.workers[worker].wait_for_exit(PROCESS_STOPPED)


def wait_until_begun_again(world: World, step: str, starts: int = 2) -> None:
    """Wait until a step has started so often, or the run is over, which later steps then show.

    Raises:
        WaitTimeout: neither happens.
    """
    wait_until(
        f'the step "{step}" to start again, or the run to end',
        lambda: cause_of_standstill(world) or world.probe_log.starts(step),
        lambda seen: isinstance(seen, str) or len(seen) >= starts,
        STEP_BEGUN,
    )


def reset_at_work(world: World, worker: str, step: str, times: int) -> None:
    """Reset the network of a worker so often, and wait each time until its step has started again.

    If the run ends meanwhile, later steps see that.

    Raises:
        WaitTimeout: the run goes on, and the step does not start again.
    """
    before = len(world.probe_log.starts(step))
    for reset in range(1, times + 1):
        world.workers.network(worker).reset()
        wait_until_begun_again(world, step, before + reset)


def wait_until_ended(world: World, step: str) -> None:
    """Wait until a step of the last run has been dispatched, and is at work no more.

    Raises:
        WaitTimeout: it does not end, or is not dispatched.
    """
    since = world.runs.last.started

    def leases() -> list[LeaseRecord]:
        every = world.orchestrator.api.leases()
        return [lease for lease in every if lease.step == step and lease.created_at >= since]

    wait_until(
        f'the step "{step}" to end on its worker',
        leases,
        lambda seen: bool(seen) and all(lease.state != ACTIVE for lease in seen),
        STEP_WRITTEN,
    )


def wait_until_method_ended(world: World, model: str) -> None:
    """Wait until a method on the orchestrator has reached its end, or was asked to stop.

    If neither happens, later steps show that.
    """
    with contextlib.suppress(WaitTimeout):
        wait_until(
            f'the method of "{model}" to end',
            lambda: [world.probe_log.note("asked-to-stop", model), *map(str, world.probe_log.ends(model))],
            any,
            STEP_WRITTEN,
        )


def wait_until_run_ended(world: World) -> None:
    """Wait until the last run has ended, whether or not the command that follows it has.

    Raises:
        WaitTimeout: it does not end.
    """
    wait_until(
        "the run to end",
        lambda: world.orchestrator.api.run_status(world.runs.last.run_id),
        lambda status: status not in ("", RUNNING),
        RUN_ENDED,
    )


def wait_until_written(world: World, step: str) -> None:
    """Wait until the lease of a running step shows that the step has written data.

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
        world, step, f'the step "{step}" to be dispatched to "{worker}"', lambda lease: lease.worker == worker
    )


def wait_for_lease(world: World, step: str, awaited: str, wanted: Callable[[LeaseRecord], bool]) -> None:
    """Wait until a step has an active lease that is the wanted one; give up when the run is over."""

    def leases() -> list[LeaseRecord]:
        return [lease for lease in world.orchestrator.api.leases() if lease.step == step]

    wait_until(
        awaited,
        leases,
        lambda seen: any(lease.state == ACTIVE and wanted(lease) for lease in seen),
        STEP_WRITTEN,
        give_up_if=lambda: cause_of_standstill(world),
    )
