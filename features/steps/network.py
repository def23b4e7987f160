"""Networks that fail, workers and orchestrators that end and come back."""

from __future__ import annotations

from functools import partial
from typing import Any

from behave import then, when

from swamp_harness.product.worker import DISCONNECTED
from swamp_harness.scenario import absences, network, runs, step_progress
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.kinds import NO_DETAILS
from swamp_harness.scenario.lateness import IN_TIME
from swamp_harness.scenario.step_context import StepContext


@when('the network of "{worker:Name}" {happens:NetworkEvent}')
def something_happens_to_the_network(context: StepContext, worker: str, happens: Any) -> None:
    """Changes the worker's network; does not wait until the orchestrator notices."""
    happens(context.world.workers.network(worker))


@when('{connections:Number} new connection of "{worker:Name}" is held back')
@when('{connections:Number} new connections of "{worker:Name}" are held back')
def new_connections_are_held_back(context: StepContext, connections: int, worker: str) -> None:
    """Waits until the worker's network holds back so many new connections."""
    network.wait_until_held(context.world, worker, connections)


@when('the orchestrator notices that "{worker:Name}" is gone')
def the_orchestrator_notices(context: StepContext, worker: str) -> None:
    """Waits until the pool shows the worker as not connected."""
    absences.wait_until_noticed(context.world, worker)


@when("the grace windows of all absences pass")
def the_grace_windows_pass(context: StepContext) -> None:
    """Waits until every grace window that has begun has passed, also those of workers that came back."""
    network.outlast_grace_windows(context.world)


@when('the network of "{worker:Name}" heals after a third of the silence that the orchestrator allows')
def the_network_heals_in_time(context: StepContext, worker: str) -> None:
    """Ends the silence after a third of the orchestrator's timeout for silent connections."""
    network.heal_after(context.world, worker, context.world.times.idle_limit / 3)


@when('the network of "{worker:Name}" refuses connections until the worker has tried {attempts:Number} times')
def the_network_refuses(context: StepContext, worker: str, attempts: int) -> None:
    """Refuses the worker's connections until it has tried this often, or has exited."""
    network.refuse_until_tried(context.world, worker, attempts)


@when(
    'the network of "{worker:Name}" is reset, '
    "and the orchestrator notices only after the worker has reconnected"
)
def the_network_is_reset_unnoticed(context: StepContext, worker: str) -> None:
    """Breaks the connection for the worker, waits until it is back, then breaks it for the orchestrator."""
    network.break_unnoticed(context.world, worker)


@when(
    'the network of "{worker:Name}" is reset {times:Number} times, '
    'and the step "{step:Name}" starts again each time'
)
def the_network_is_reset_at_work(context: StepContext, worker: str, times: int, step: str) -> None:
    """Breaks every connection so often, and waits each time until the step has started again."""
    step_progress.reset_at_work(context.world, worker, step, times)


@when('the network of "{worker:Name}" refuses 1 connection and heals')
@when('the network of "{worker:Name}" refuses {attempts:Number} connections and heals')
@when('the network of "{worker:Name}" refuses {attempts:Number} connections and heals, {times:Number} times')
def the_network_refuses_and_heals(
    context: StepContext, worker: str, attempts: int = 1, times: int = 1
) -> None:
    """Refuses this many connections, heals the network and waits until the worker is back; several times."""
    network.refuse_and_heal(context.world, worker, attempts, times)


@when('the worker "{worker:Name}" {ends:Ending}')
def the_worker_ends(context: StepContext, worker: str, ends: Any) -> None:
    """Ends the worker's process; does not wait for the orchestrator to notice."""
    ends(context.world.workers[worker])


@when('the worker "{worker:Name}" starts again')
@when('the worker "{worker:Name}" starts again {changes:ChangedDetails}')
def the_worker_starts_again(context: StepContext, worker: str, changes: Any = NO_DETAILS) -> None:
    """Starts the worker again, with the same settings unless the details differ; does not wait."""
    context.world.workers[worker].start_again(**changes)


@when('the worker "{worker:Name}" {ends:Ending} and returns {changes:ChangedDetails}')
@when('the worker "{worker:Name}" {ends:Ending} and returns, {times:Number} times')
def the_worker_ends_and_returns(
    context: StepContext, worker: str, ends: Any, changes: Any = NO_DETAILS, times: int = 1
) -> None:
    """Ends the worker until the orchestrator notices, starts it again and waits until it is connected."""
    actor = context.world.workers[worker]
    absences.leave_and_return(
        context.world, worker, partial(ends, actor), partial(actor.start_again, **changes), times
    )


@when('the worker "{workers:Names}" is killed and starts again')
@when('the workers "{workers:Names}" are killed and start again')
def the_workers_are_killed_and_start_again(context: StepContext, workers: list[str]) -> None:
    """Kills all these workers, then starts each again with the same settings; does not wait."""
    actors = [context.world.workers[worker] for worker in workers]
    for actor in actors:
        actor.kill()
    for actor in actors:
        actor.start_again()


@when(
    'the worker "{worker:Name}" is killed, the network of "{other:Name}" is cut and heals, '
    "and the worker returns, {times:Number} times"
)
def two_absences_overlap(context: StepContext, worker: str, other: str, times: int) -> None:
    """Kills a worker, lets another leave and return by its network, starts the first again; several times."""
    absences.leave_during_absence(context.world, worker, other, times)


@when('the network of "{worker:Name}" is cut and heals')
@when('the network of "{worker:Name}" is cut and heals, {times:Number} times')
def the_network_is_cut_and_heals(context: StepContext, worker: str, times: int = 1) -> None:
    """Cuts the network until the orchestrator notices, heals it and waits for the worker; several times."""
    path = context.world.workers.network(worker)
    absences.leave_and_return(context.world, worker, path.cut, path.heal, times)


@when("the orchestrator {ends:Ending} and starts again")
@when("the orchestrator {ends:Ending} and starts again {changes:RestartDetails}")
def the_orchestrator_ends_and_starts_again(
    context: StepContext, ends: Any, changes: Any = NO_DETAILS
) -> None:
    """Ends the orchestrator, starts it again and waits until all workers that ran are connected."""
    orchestrator = context.world.orchestrator
    absences.restart_orchestrator_and_wait(context.world, partial(ends, orchestrator), **changes)


@when('every machine reboots, and those of "{workers:Names}" stay off')
def every_machine_reboots(context: StepContext, workers: list[str]) -> None:
    """Kills every process, deletes what a reboot deletes, then starts everything but some workers again."""
    absences.reboot(context.world, off=workers)


@then('the worker "{worker:Name}" has stayed connected')
def the_worker_has_stayed_connected(context: StepContext, worker: str) -> None:
    """Checks that the worker never lost its connection."""
    expect(
        f'the worker "{worker}" has stayed connected',
        expected=[],
        actual=context.world.workers[worker].disconnected_at,
    )


@then('the worker "{worker:Name}" reported no disconnection')
def the_worker_reported_no_disconnection(context: StepContext, worker: str) -> None:
    """Checks that the worker reported no disconnection, neither before nor after it started again."""
    milestones = context.world.workers[worker].milestones()
    expect(
        f'the worker "{worker}" reported no disconnection',
        expected=[],
        actual=[each.at for each in milestones if each.kind == DISCONNECTED],
    )


@then(
    'the orchestrator noticed the silence of "{worker:Name}" within twice its timeout for silent connections'
)
def the_orchestrator_noticed_the_silence(context: StepContext, worker: str) -> None:
    """Checks when the pool showed the worker as gone: one timeout until it is asked, one for its answer."""
    allowed = 2 * context.world.times.short_idle_limit
    expect(
        f'the orchestrator noticed the silence of "{worker}" in at most {allowed.total_seconds():g} s',
        expected=IN_TIME,
        actual=absences.notice_of_silence(context.world, worker, allowed),
    )


@then('the list of workers shows that "{worker:Name}" was last seen after its network had healed')
def the_list_shows_when_last_seen(context: StepContext, worker: str) -> None:
    """Checks the time in the worker list at which the worker was last seen."""
    expect(
        f'the list of workers shows that "{worker}" was last seen after its network had healed',
        expected=True,
        actual=network.was_seen_since_it_healed(context.world, worker),
    )


@then('the worker "{worker:Name}" reports that it has reconnected')
def the_worker_reports_a_reconnection(context: StepContext, worker: str) -> None:
    """Checks that the worker reports its last enrollment as a reconnection."""
    expect(
        f'the worker "{worker}" reports at its last enrollment that it has reconnected',
        expected=True,
        actual=context.world.workers[worker].says_reconnected(),
    )


@when('the pool no longer shows "{worker:Name}" after the grace window')
@then('the pool no longer shows "{worker:Name}" after the grace window')
def the_pool_no_longer_shows(context: StepContext, worker: str) -> None:
    """Waits until the grace window has passed, then checks that the live pool has removed the worker."""
    expect(
        f'the pool no longer shows "{worker}"',
        expected=[],
        actual=network.kept_after_grace_window(context.world, worker),
    )


@then('the worker "{worker:Name}" tried to connect as soon after its last disconnection as after its first')
def the_worker_tried_as_soon(context: StepContext, worker: str) -> None:
    """Checks that each return ends the series of ever longer pauses before new attempts to connect."""
    pauses = context.world.workers[worker].first_pauses
    expect(
        f'the first pause of the worker "{worker}" after its last disconnection, in seconds',
        expected=pauses[:1],
        actual=pauses[-1:],
    )


@then('the worker "{worker:Name}" tried to connect again after the pauses that it reported')
def the_worker_paused_as_reported(context: StepContext, worker: str) -> None:
    """Checks that the pauses in the worker's output are, in total, about as long as those that it made."""
    expect(
        f'the worker "{worker}" tried to connect again after the pauses that it reported',
        expected=network.AS_REPORTED,
        actual=network.pauses_made(context.world, worker),
    )


@then('the worker "{worker:Name}" can run another step')
def the_worker_can_run_another_step(context: StepContext, worker: str) -> None:
    """Checks that one more step, which this step starts, runs on the worker."""
    expect(
        f'the worker "{worker}" can run another step',
        expected=[{"step": runs.ANOTHER, "worker": worker}],
        actual=runs.next_step_of(context.world, worker),
    )


@then('the worker "{worker:Name}" is connected as the same pool member as before')
def the_worker_is_the_same_member(context: StepContext, worker: str) -> None:
    """Waits until the worker is connected and checks that it is the same pool member as at first."""
    expect(
        f'the worker "{worker}" is connected as the same pool member as before',
        expected=network.first_membership(context.world, worker),
        actual=network.membership(context.world, worker),
    )
