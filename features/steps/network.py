"""Networks that fail, workers and orchestrators that end and come back."""

from __future__ import annotations

from functools import partial
from typing import Any

from behave import given, then, when

from swamp_harness.scenario import absences, network, runs
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.kinds import NO_DETAILS
from swamp_harness.scenario.step_context import StepContext


@given('the network of "{worker:Name}" has failed')
@when('the network of "{worker:Name}" has failed')
def the_network_has_failed(context: StepContext, worker: str) -> None:
    """Cuts the worker's network and waits until the orchestrator notices."""
    absences.lose(context.world, worker, context.world.workers.network(worker).cut)


@given('the worker "{worker:Name}" has been killed')
@when('the worker "{worker:Name}" has been killed')
def the_worker_has_been_killed(context: StepContext, worker: str) -> None:
    """Kills the worker's process and waits until the orchestrator notices."""
    absences.lose(context.world, worker, context.world.workers[worker].kill)


@when('the network of "{worker:Name}" {happens:NetworkEvent}')
def something_happens_to_the_network(context: StepContext, worker: str, happens: Any) -> None:
    """Changes the worker's network; does not wait for anybody to notice."""
    happens(context.world.workers.network(worker))


@when('the network of "{worker:Name}" goes silent until the orchestrator notices')
def the_network_goes_silent_until_noticed(context: StepContext, worker: str) -> None:
    """Makes the worker's network drop all data and waits until the orchestrator notices."""
    network.silence_until_noticed(context.world, worker)


@when('the network of "{worker:Name}" heals after a third of the time that the orchestrator allows')
def the_network_heals_in_time(context: StepContext, worker: str) -> None:
    """Ends the silence after a third of the orchestrator's timeout for silent connections."""
    network.heal_after(context.world, worker, context.world.times.idle_limit / 3)


@when(
    'the network of "{worker:Name}" refuses connections '
    "until it has tried {attempts:Number} times or given up"
)
def the_network_refuses(context: StepContext, worker: str, attempts: int) -> None:
    """Refuses the worker's connections until it has tried this often, or has exited."""
    network.refuse_until_tried(context.world, worker, attempts)


@when('the network of "{worker:Name}" breaks, and the orchestrator notices only when the worker is back')
def the_network_breaks_unnoticed(context: StepContext, worker: str) -> None:
    """Breaks the connection on the worker's side first; the orchestrator notices once the worker is back."""
    network.break_unnoticed(context.world, worker)


@when('the network of "{worker:Name}" refuses {attempts:Number} attempts and heals, {times:Number} times')
def the_network_refuses_and_heals(context: StepContext, worker: str, attempts: int, times: int) -> None:
    """Refuses this many connection attempts, heals the network and waits for the worker, several times."""
    network.refuse_and_heal(context.world, worker, attempts, times)


@when('the worker "{worker:Name}" {ends:Ending}')
def the_worker_ends(context: StepContext, worker: str, ends: Any) -> None:
    """Ends the worker's process; does not wait for the orchestrator to notice."""
    ends(context.world.workers[worker])


@when('the worker "{worker:Name}" starts again')
@when('the worker "{worker:Name}" starts again {changes:ChangedDetails}')
def the_worker_starts_again(context: StepContext, worker: str, changes: Any = NO_DETAILS) -> None:
    """Starts the worker's process again on its machine, with the same settings unless it says others."""
    context.world.workers[worker].start_again(**changes)


@when('the worker "{worker:Name}" {ends:Ending} and comes back {changes:ChangedDetails}')
@when('the worker "{worker:Name}" {ends:Ending} and comes back, {times:Number} times')
def the_worker_ends_and_comes_back(
    context: StepContext, worker: str, ends: Any, changes: Any = NO_DETAILS, times: int = 1
) -> None:
    """Ends the worker, waits until it has left the pool, starts it again and waits until it is back."""
    actor = context.world.workers[worker]
    absences.leave_and_return(
        context.world, worker, partial(ends, actor), partial(actor.start_again, **changes), times
    )


@when('the network of "{worker:Name}" fails and heals, {times:Number} times')
def the_network_fails_and_heals(context: StepContext, worker: str, times: int) -> None:
    """Cuts and heals the worker's network, and waits each time until the pool shows it; several times."""
    path = context.world.workers.network(worker)
    absences.leave_and_return(context.world, worker, path.cut, path.heal, times)


@when("the orchestrator {ends:Ending} and starts again")
@when("the orchestrator {ends:Ending} and starts again, {times:Number} times")
def the_orchestrator_ends_and_starts_again(context: StepContext, ends: Any, times: int = 1) -> None:
    """Ends and restarts the orchestrator and waits until all workers are back."""
    orchestrator = context.world.orchestrator
    absences.restart_orchestrator_repeatedly(context.world, partial(ends, orchestrator), times)


@when("every machine reboots")
def every_machine_reboots(context: StepContext) -> None:
    """Kills every process, deletes what a reboot deletes, then starts everything again."""
    absences.reboot(context.world)


@then('the worker "{worker:Name}" has not been disconnected')
def the_worker_has_not_been_disconnected(context: StepContext, worker: str) -> None:
    """Checks that the worker never lost its connection."""
    expect(
        f'the worker "{worker}" has not been disconnected',
        expected=[],
        actual=context.world.workers[worker].disconnected_at,
    )


@then('the worker "{worker:Name}" says that it has reconnected')
def the_worker_says_it_has_reconnected(context: StepContext, worker: str) -> None:
    """Checks that the worker reports its last enrollment as a reconnection."""
    expect(
        f'the worker "{worker}" says at its last enrollment that it has reconnected',
        expected=True,
        actual=context.world.workers[worker].says_reconnected(),
    )


@then('the pool no longer holds "{worker:Name}" once the grace window is over')
def the_pool_no_longer_holds(context: StepContext, worker: str) -> None:
    """Waits until the grace window has passed, then checks that the live pool has removed the worker."""
    expect(
        f'the pool no longer holds "{worker}"',
        expected=[],
        actual=network.kept_after_grace_window(context.world, worker),
    )


@then('the worker "{worker:Name}" takes another step')
def the_worker_takes_another_step(context: StepContext, worker: str) -> None:
    """Runs one more step on the worker and checks that it starts there."""
    expect(
        f'the worker "{worker}" takes another step',
        expected=[{"step": "another", "worker": worker}],
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
