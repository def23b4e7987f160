"""Workers that finish their work and take no more, since somebody or a limit of their own stops them."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

from swamp_harness.product.worker import ENROLLED
from swamp_harness.scenario.world import World
from swamp_harness.system.limits import IDLE_TIME_OVER, OUTPUT_SEEN, PROCESS_STOPPED, STEP_TAKEN
from swamp_harness.system.stop_request import StopRequest
from swamp_harness.system.waiting import WaitTimeout, wait_until

STILL_RUNS = "still runs"
IDLE_AS_ALLOWED = "as long as it is allowed"
# A worker prints a line a little before or after the moment in question.
_MARGIN = timedelta(seconds=0.2)
_LATEST = timedelta(seconds=5)


def ask_to_stop(world: World, worker: str, by: StopRequest = StopRequest.TERMINATION) -> None:
    """Ask a worker to stop, and wait until it reports that it finishes its work, or has exited.

    Later steps show whether it does.
    """
    actor = world.workers[worker]
    actor.ask_to_stop(by)
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


def outlast_idle_time(world: World, worker: str) -> None:
    """Wait until a worker would have stopped, if it had been idle since it enrolled or a step ended last."""
    idle_time = _idle_time(world, worker) + _MARGIN
    actor = world.workers[worker]
    enrolled = max(each.at for each in actor.milestones() if each.kind == ENROLLED)
    since = max([enrolled, *actor.ends_of_steps])
    wait_until(
        f'the idle time of the worker "{worker}" to pass',
        lambda: datetime.now(UTC) - since,
        lambda passed: passed > idle_time,
        IDLE_TIME_OVER,
    )


def idleness(world: World, worker: str) -> str:
    """How long a worker was idle after its last step before it reported that it finishes its work."""
    idle = world.workers[worker].idle_before_stop
    if idle is None:
        return "it has run no step, or does not stop"
    late = idle - _idle_time(world, worker)
    return IDLE_AS_ALLOWED if -_MARGIN < late < _LATEST else f"{idle.total_seconds():.1f} s"


def _idle_time(world: World, worker: str) -> timedelta:
    return world.workers[worker].settings.idle_time * world.times.second
