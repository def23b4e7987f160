"""What happens to workflows in a World: they start, their steps begin, write and wait, they are cancelled."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from swamp_harness.machinery.faults import InfrastructureFault
from swamp_harness.machinery.limits import (
    ATTEMPTS_MADE,
    OUTPUT_SEEN,
    QUEUE_LIMIT_OVER,
    RUN_ENDED,
    SILENCE_NOTICED,
    STEP_BEGUN,
    STEP_QUEUED,
    STEP_WRITTEN,
    WORKER_CONNECTED,
)
from swamp_harness.machinery.waiting import AwaitedInVain, wait_for_moment, wait_until
from swamp_harness.product.commands import Output
from swamp_harness.product.records import BUSY
from swamp_harness.product.run_records import ACTIVE, LeaseRecord
from swamp_harness.product.workflow import Task
from swamp_harness.scenario.placement import value_of_input
from swamp_harness.scenario.probe import PROBE, word_of
from swamp_harness.scenario.world import World

# The product removes a worker from the pool when its grace window is over, and takes a moment to do so.
_AFTER_A_WINDOW = timedelta(seconds=2)


def start_workflow(
    world: World,
    *,
    at_a_terminal: bool = False,
    tags: Mapping[str, str] | None = None,
    after_absences: bool = False,
) -> None:
    """Start the scenario's workflow, and follow it until the orchestrator knows of the run.

    Args:
        world: the scenario's.
        at_a_terminal: whether it is followed at a terminal.
        tags: that the run gives to all data; none when None.
        after_absences: whether to start it once every grace window that has begun has passed.
    """
    if after_absences:
        outlast_grace_windows(world)
    workflow = world.workflow
    instances = {name: value_of_input(name, world.present_instance) for name in workflow.inputs}
    output = Output.TERMINAL if at_a_terminal else world.operator.output
    world.runs.start(workflow, world.orchestrator.api, output, instances, tags)


def start_method(world: World, work: Callable[[str], Task], tags: Mapping[str, str] | None = None) -> None:
    """Start a method of the scenario's model on the orchestrator, and follow it.

    Args:
        world: the scenario's.
        work: what the method does.
        tags: that the run gives to all data; none when None.

    Raises:
        InfrastructureFault: that is no method of the model.
    """
    task = work(world.model)
    if task.model_type != PROBE:
        raise InfrastructureFault(f'The model "{world.model}" has no method that does this.')
    world.runs.start_method(world.model, task.method, task.inputs, world.orchestrator.api, tags)


def complete_workflow(world: World) -> None:
    """Start the scenario's workflow, and wait until the run has ended."""
    start_workflow(world)
    world.runs.last.wait_for_end(RUN_ENDED, hopeless=lambda: cause_of_standstill(world))


def wait_until_begun(world: World, step: str) -> None:
    """Wait until a step has noted its own beginning, and note which processes it has there.

    Raises:
        AwaitedInVain: it does not begin, or the run is over.
    """
    wait_until(
        f'the step "{step}" to begin',
        lambda: world.journal.starts(step),
        bool,
        STEP_BEGUN,
        hopeless=lambda: cause_of_standstill(world),
    )
    world.note_processes_of_steps()


def go_on_once_heard(world: World, step: str) -> None:
    """Wait until whoever follows the run sees what a step says while it holds, and let the step go on.

    What was seen in time is noted; after the limit the step goes on all the same.

    Raises:
        InfrastructureFault: the step did not hold.
    """
    wait_until_begun(world, step)
    if _wait_until_heard(world, step):
        world.heard_in_time.append(step)
    if world.journal.ends(step):
        raise InfrastructureFault(f'The step "{step}" did not hold, so what was seen of it proves nothing.')
    world.journal.let_go_on(step)


def break_network_between(world: World, step: str, later: str) -> None:
    """Break the operator's network while one step ends and a later one begins; both hold until then.

    The network heals before the later step goes on. Whether the operator sees what either step says is for
    the scenario to judge: both go on in any case.

    Raises:
        AwaitedInVain: the first step does not begin.
    """
    wait_until_begun(world, step)
    _wait_until_heard(world, step)
    world.operators_network.cut()
    world.journal.let_go_on(step)
    with contextlib.suppress(AwaitedInVain):
        wait_until_begun(world, later)
    world.operators_network.heal()
    _wait_until_heard(world, later)
    world.journal.let_go_on(later)


def _wait_until_heard(world: World, step: str) -> bool:
    """Wait until whoever follows the run sees what a step says; False if the limit passes before."""
    run = world.runs.last_followed
    try:
        wait_until(
            f'the one who follows the run to see that "{step}" says: {word_of(step)}',
            lambda: run.log.tail(3),
            lambda _: word_of(step) in run.log.text(),
            OUTPUT_SEEN,
            hopeless=lambda: cause_of_standstill(world),
        )
    except AwaitedInVain:
        return False
    return True


def stop_during_step(world: World, worker: str, step: str) -> None:
    """Stop a worker cleanly while a step holds, and let the step go on.

    The step goes on once the worker says that it finishes its work, has ended, or the limit has passed.

    Raises:
        AwaitedInVain: the worker does not end.
    """
    actor = world.workers[worker]
    with ThreadPoolExecutor(1) as executor:
        stopped = executor.submit(actor.stop)
        with contextlib.suppress(AwaitedInVain):
            wait_until(
                f'the worker "{worker}" to say that it finishes its work',
                lambda: actor.log.tail(3),
                lambda _: actor.is_finishing or not actor.alive,
                OUTPUT_SEEN,
            )
        world.journal.let_go_on(step)
        stopped.result()


def wait_until_begun_again(world: World, step: str) -> None:
    """Wait until a step has begun for the second time, or the run is over: then what follows will show it.

    Raises:
        AwaitedInVain: neither comes.
    """
    wait_until(
        f'the step "{step}" to begin again, or the run to be over',
        lambda: cause_of_standstill(world) or world.journal.starts(step),
        lambda seen: isinstance(seen, str) or len(seen) > 1,
        STEP_BEGUN,
    )


def go_on_once_ended(world: World, step: str, workers: Sequence[str]) -> None:
    """Let a step go on that holds, once the processes of other workers have ended or have been let in."""
    for worker in workers:
        with contextlib.suppress(AwaitedInVain):
            world.workers[worker].wait_until_ended()
    world.journal.let_go_on(step)


def wait_until_written(world: World, step: str) -> None:
    """Wait until the lease of a step that runs says that the step has persisted something.

    Raises:
        AwaitedInVain: it does not write, or the run is over.
    """
    wait_until_begun(world, step)
    _wait_for_lease(world, step, f'the step "{step}" to have written', lambda lease: lease.has_writes)


def wait_until_handed_over(world: World, step: str, worker: str) -> None:
    """Wait until a step has been dispatched to a worker, whether or not it has begun there.

    Raises:
        AwaitedInVain: it is not dispatched there, or the run is over.
    """
    _wait_for_lease(
        world, step, f'the step "{step}" to be handed to "{worker}"', lambda lease: lease.worker == worker
    )


def wait_until_queued(world: World, step: str) -> None:
    """Wait until a step waits for a worker.

    Raises:
        AwaitedInVain: it does not, or the run is over.
    """
    wait_until(
        f'the step "{step}" to wait in the queue',
        world.orchestrator.api.queued_steps,
        lambda queued: step in queued,
        STEP_QUEUED,
        hopeless=lambda: cause_of_standstill(world),
    )


def wait_until_queue_limit_is_over(world: World, step: str) -> None:
    """Wait until a step that no worker fits has left the queue.

    Raises:
        AwaitedInVain: it goes on waiting.
    """
    wait_until(
        f'the step "{step}" to leave the queue',
        world.orchestrator.api.queued_steps,
        lambda queued: step not in queued,
        QUEUE_LIMIT_OVER,
    )


def silence_until_noticed(world: World, worker: str) -> None:
    """Let the network of a worker swallow everything until the orchestrator takes the worker for lost."""
    world.lose(worker, world.workers.network(worker).stall, SILENCE_NOTICED)


def break_unnoticed(world: World, worker: str) -> None:
    """Break the network of a worker, and let the orchestrator notice only once the worker is back.

    A worker whose process has ended does not come back: what follows will find it not connected.

    Raises:
        AwaitedInVain: it still runs, and does not come back.
    """
    network, actor = world.workers.network(worker), world.workers[worker]
    before = actor.enrollments
    network.break_near_ends()
    wait_until(
        f'"{worker}" to come back, or end',
        lambda: actor.enrollments,
        lambda now: now > before or not actor.alive,
        WORKER_CONNECTED,
    )
    network.break_far_ends()


def heal_after(world: World, worker: str, silence: timedelta) -> None:
    """Let the network of a worker, which is silent, pass everything again after some time of silence.

    Raises:
        InfrastructureFault: it is not silent.
    """
    network = world.workers.network(worker)
    if network.stalled_at is None:
        raise InfrastructureFault(f'The network of "{worker}" is not silent, so it cannot end its silence.')
    wait_for_moment(f'the silence of "{worker}" to last long enough', network.stalled_at + silence)
    network.heal()


def outlast_grace_windows(world: World) -> None:
    """Wait until every grace window that has begun has passed, even where the worker came back in it."""
    wait_for_moment(
        "every grace window to pass", datetime.now(UTC) + world.times.grace_window + _AFTER_A_WINDOW
    )


def refuse_until_tried(world: World, worker: str, attempts: int) -> None:
    """Let the network of a worker refuse every connection until the worker has tried in vain so many times.

    A worker whose process has ended meanwhile tries no longer; what follows will find it not connected.

    Raises:
        AwaitedInVain: it still runs, and does not try as often.
    """
    before = world.workers[worker].dials
    world.workers.network(worker).refuse()
    wait_until(
        f'"{worker}" to have tried {attempts} times to come back, or given up',
        lambda: f"{world.workers[worker].dials - before} attempts",
        lambda _: world.workers[worker].dials - before >= attempts or not world.workers[worker].alive,
        ATTEMPTS_MADE,
    )


def refuse_and_heal(world: World, worker: str, attempts: int, times: int) -> None:
    """Let the network of a worker refuse so many attempts, and wait until the worker is back; several times.

    A worker whose process has ended meanwhile does not come back: what follows will find it not connected.

    Raises:
        AwaitedInVain: it still runs, and does not try or come back.
    """
    actor = world.workers[worker]
    for _ in range(times):
        refuse_until_tried(world, worker, attempts)
        world.workers.network(worker).heal()
        wait_until(
            f'"{worker}" to come back to the live pool, or end',
            lambda: [member for member in world.live_pool() if member.name == worker],
            lambda members: any(member.connected for member in members) or not actor.alive,
            WORKER_CONNECTED,
        )


def cancel_run(world: World) -> None:
    """Cancel the run that was started last, and note what is still at work after the answer."""
    world.operator.cancel_run(world.runs.last.run_id, world.orchestrator.api.url)
    world.left_at_cancellation = _left_of_runs(world)


def _left_of_runs(world: World) -> list[str]:
    """What still shows a step: processes on its machine, active leases, busy workers, the queue."""
    processes = [
        f'on the machine of "{name}": {process}'
        for name in world.workers.names()
        for process in world.processes_of_steps(name)
    ]
    leases = [str(lease) for lease in world.leases() if lease.state == ACTIVE]
    busy = [f'busy: the worker "{member.name}"' for member in world.members() if member.status == BUSY]
    queued = [f'queued: the step "{step}"' for step in world.queued_steps()]
    return [*processes, *leases, *busy, *queued]


def cause_of_standstill(world: World) -> str | None:
    """Why nothing more can come of a run, or None while something can."""
    if not world.orchestrator.alive:
        return "the orchestrator has ended"
    return None if world.runs.last_followed.alive else "the run is over"


def _wait_for_lease(world: World, step: str, awaited: str, wanted: Callable[[LeaseRecord], bool]) -> None:
    def leases() -> list[LeaseRecord]:
        return [lease for lease in world.orchestrator.api.leases() if lease.step == step]

    wait_until(
        awaited,
        leases,
        lambda seen: any(lease.state == ACTIVE and wanted(lease) for lease in seen),
        STEP_WRITTEN,
        hopeless=lambda: cause_of_standstill(world),
    )
