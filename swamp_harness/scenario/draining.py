"""Workers that finish their work and take no more, since somebody or a limit of their own stops them."""

from __future__ import annotations

import contextlib

from swamp_harness.scenario.world import World
from swamp_harness.system.limits import OUTPUT_SEEN, PROCESS_STOPPED, STEP_TAKEN
from swamp_harness.system.waiting import WaitTimeout, wait_until

STILL_RUNS = "still runs"


def ask_to_stop(world: World, worker: str, *, with_ctrl_c: bool = False) -> None:
    """Ask a worker to stop, and wait until it reports that it finishes its work, or has exited.

    Later steps show whether it does.
    """
    actor = world.workers[worker]
    actor.ask_to_stop(with_ctrl_c=with_ctrl_c)
    with contextlib.suppress(WaitTimeout):
        wait_until(
            f'the worker "{worker}" to report that it is finishing its work',
            lambda: actor.log.tail(3),
            lambda _: actor.is_finishing or not actor.alive,
            OUTPUT_SEEN,
        )


def ask_to_stop_again(world: World, worker: str) -> None:
    """Ask a worker to stop that finishes its work, and wait until it has exited, or for the limit."""
    actor = world.workers[worker]
    actor.ask_to_stop()
    actor.wait_for_exit(PROCESS_STOPPED)


def exit_code(world: World, worker: str) -> int | str:
    """The exit code of a worker, once it has exited."""
    code = world.workers[worker].wait_for_exit(PROCESS_STOPPED)
    return STILL_RUNS if code is None else code


def starts_during(world: World, step: str, other: str) -> dict[str, list[str] | str]:
    """Where a step starts that a free worker can take, and whether another step still runs then."""
    with contextlib.suppress(WaitTimeout):
        wait_until(f'the step "{step}" to start', lambda: world.probe_log.starts(step), bool, STEP_TAKEN)
    return {
        step: [entry.worker for entry in world.probe_log.starts(step)],
        other: "has ended" if world.probe_log.ends(other) else STILL_RUNS,
    }
