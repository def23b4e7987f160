"""The orchestrator, the workers that dial it, and the pool they form."""

from functools import partial

from behave import given, then, when

from swamp_harness.product.commands import Output
from swamp_harness.scenario import observations, run_events
from swamp_harness.scenario.judging import judge
from swamp_harness.scenario.kinds import NOTHING_SAID
from swamp_harness.scenario.orchestrator_details import ORCHESTRATOR_AS_USUAL, serve
from swamp_harness.scenario.tables import NOT_LIVE, promised_pool, seen_pool
from swamp_harness.scenario.worker_details import WORKER_AS_USUAL, connect, enroll


@given("an orchestrator")
@given("an orchestrator {details:OrchestratorDetails}")
def an_orchestrator(context, details=ORCHESTRATOR_AS_USUAL):
    """Starts an orchestrator and waits until it is ready; creates a repository if there is none yet."""
    serve(context.world, details)


@given("workers report in {output:Output}")
def workers_report_in(context, output):
    """Sets the output format of all workers that start from now on."""
    context.world.worker_output = output


@given('the enrolled worker "{worker:Name}"')
@given('the enrolled worker "{worker:Name}" {details:WorkerDetails}')
@when('the worker "{worker:Name}" joins')
def the_enrolled_worker(context, worker, details=WORKER_AS_USUAL):
    """Starts a worker, with a token and a machine of its own, and waits until it is enrolled."""
    enroll(context.world, worker, details)


@given('the network of "{worker:Name}" has failed')
@when('the network of "{worker:Name}" has failed')
def the_network_has_failed(context, worker):
    """Cuts the worker's network and waits until the orchestrator notices."""
    context.world.lose(worker, context.world.workers.network(worker).cut)


@given('the worker "{worker:Name}" has been killed')
@when('the worker "{worker:Name}" has been killed')
def the_worker_has_been_killed(context, worker):
    """Kills the worker's process and waits until the orchestrator notices."""
    context.world.lose(worker, context.world.workers[worker].kill)


@when('the network of "{worker:Name}" {happens:NetworkEvent}')
def something_happens_to_the_network(context, worker, happens):
    """Changes the worker's network; does not wait for anybody to notice."""
    happens(context.world.workers.network(worker))


@when('the network of "{worker:Name}" goes silent until the orchestrator notices')
def the_network_goes_silent_until_noticed(context, worker):
    """Makes the worker's network drop all data and waits until the orchestrator notices."""
    run_events.silence_until_noticed(context.world, worker)


@when('the network of "{worker:Name}" heals after a third of the time that the orchestrator allows')
def the_network_heals_in_time(context, worker):
    """Ends the silence after a third of the orchestrator's timeout for silent connections."""
    run_events.heal_after(context.world, worker, context.world.times.idle_limit / 3)


@when(
    'the network of "{worker:Name}" refuses connections '
    "until it has tried {attempts:Number} times or given up"
)
def the_network_refuses(context, worker, attempts):
    """Refuses the worker's connections until it has tried this often, or has exited."""
    run_events.refuse_until_tried(context.world, worker, attempts)


@when('the network of "{worker:Name}" breaks, and the orchestrator notices only when the worker is back')
def the_network_breaks_unnoticed(context, worker):
    """Breaks the connection on the worker's side first; the orchestrator notices once the worker is back."""
    run_events.break_unnoticed(context.world, worker)


@when('the network of "{worker:Name}" refuses {attempts:Number} attempts and heals, {times:Number} times')
def the_network_refuses_and_heals(context, worker, attempts, times):
    """Refuses this many connection attempts, heals the network and waits for the worker, several times."""
    run_events.refuse_and_heal(context.world, worker, attempts, times)


@when('the worker "{worker:Name}" {ends:Ending}')
def the_worker_ends(context, worker, ends):
    """Ends the worker's process; does not wait for the orchestrator to notice."""
    ends(context.world.workers[worker])


@when('the worker "{worker:Name}" is stopped, and then the step "{step:Name}" goes on')
def the_worker_is_stopped_during_a_step(context, worker, step):
    """Asks the worker to stop while the step holds, lets the step continue and waits for the worker."""
    run_events.stop_during_step(context.world, worker, step)


@when('the worker "{worker:Name}" starts again')
@when('the worker "{worker:Name}" starts again {changes:ChangedDetails}')
def the_worker_starts_again(context, worker, changes=NOTHING_SAID):
    """Starts the worker's process again on its machine, with the same settings unless it says others."""
    context.world.workers[worker].start_again(**changes)


@when('the worker "{worker:Name}" {ends:Ending} and comes back {changes:ChangedDetails}')
@when('the worker "{worker:Name}" {ends:Ending} and comes back, {times:Number} times')
def the_worker_ends_and_comes_back(context, worker, ends, changes=NOTHING_SAID, times=1):
    """Ends the worker, waits until it has left the pool, starts it again and waits until it is back."""
    actor = context.world.workers[worker]
    context.world.absent(worker, partial(ends, actor), partial(actor.start_again, **changes), times)


@when('the network of "{worker:Name}" fails and heals, {times:Number} times')
def the_network_fails_and_heals(context, worker, times):
    """Cuts and heals the worker's network, and waits each time until the pool shows it; several times."""
    network = context.world.workers.network(worker)
    context.world.absent(worker, network.cut, network.heal, times)


@when("the orchestrator {ends:Ending} and starts again")
@when("the orchestrator {ends:Ending} and starts again, {times:Number} times")
def the_orchestrator_ends_and_starts_again(context, ends, times=1):
    """Ends and restarts the orchestrator and waits until all workers are back."""
    orchestrator = context.world.orchestrator
    context.world.restart_orchestrator_repeatedly(partial(ends, orchestrator), times)


@when('the orchestrator is killed, and starts again once the lifetime of the token "{token:Name}" has passed')
def the_orchestrator_is_away_until_expiry(context, token):
    """Kills the orchestrator and restarts it after the token has expired."""
    context.world.restart_orchestrator_after_expiry_of(token)


@when("every machine reboots")
def every_machine_reboots(context):
    """Kills every process, deletes what a reboot deletes, then starts everything again."""
    context.world.reboot()


@when('the worker "{worker:Name}" connects')
@when('the worker "{worker:Name}" connects {details:ConnectingDetails}')
def the_worker_connects(context, worker, details=WORKER_AS_USUAL):
    """Starts a new worker, with the token of the same name; does not wait for the result."""
    connect(context.world, worker, details)


@when('the workers "{workers:Names}" have enrolled or ended')
def the_workers_have_enrolled_or_ended(context, workers):
    """Waits until each of these workers is enrolled or its process has ended."""
    context.world.settle(workers)


@when('the machine id of "{worker:Name}" is saved with foreign line ends')
def the_machine_id_is_saved(context, worker):
    """Rewrites the worker's machine id file with Windows line endings."""
    context.world.workers.machine_of(worker).save_machine_id_with_foreign_line_ends()


@when('the workers "{first:Name}" and "{second:Name}" present the token "{token:Name}" at the same moment')
def the_workers_race(context, first, second, token):
    """Starts two workers whose enrollment requests with one token arrive together."""
    context.world.race([first, second], token)


@then(
    'one of "{first:Name}" and "{second:Name}" is enrolled, from now on the "{winner:Name}", '
    'and the other the "{loser:Name}"'
)
def one_is_enrolled(context, first, second, winner, loser):
    """Waits until one worker is enrolled and the other has exited; later steps use the two new names."""
    context.world.workers.call_the_winner([first, second], winner, loser)


@when('the worker "{worker:Name}" is enrolled')
@then('the worker "{worker:Name}" is enrolled')
def the_worker_is_enrolled(context, worker):
    """Waits until the worker reports that it is enrolled, since its last start."""
    context.world.workers[worker].wait_until_enrolled()


@then('the worker "{worker:Name}" is connected')
def the_worker_is_connected(context, worker):
    """Checks that the worker's process runs and that the pool shows the worker as connected."""
    judge(
        f'the worker "{worker}" is connected',
        promised=True,
        seen=observations.is_connected(context.world, worker),
    )


@then('the worker "{worker:Name}" is rejected because {reason:Rejection}')
def the_worker_is_rejected_because(context, worker, reason):
    """Waits until the worker exits, then checks that it failed for this reason."""
    judge(
        f'the worker "{worker}" ends by itself, failing, because {reason}',
        promised=f"ended by itself with a failing exit code, because {reason}",
        seen=str(context.world.workers[worker].wait_until_ended()),
    )


@then('the worker "{worker:Name}" made {number:Number} attempt')
@then('the worker "{worker:Name}" made {number:Number} attempts')
def the_worker_made_attempts(context, worker, number):
    """Checks how many times the worker tried to connect."""
    judge(
        f'the worker "{worker}" tried to connect {number} times, counted, with a pause before each retry',
        promised={"attempts": list(range(1, number + 1)), "pauses": [observations.PAUSE] * (number - 1)},
        seen=observations.attempts(context.world, worker),
    )


@then('the worker "{worker:Name}" has not been disconnected')
def the_worker_has_not_been_disconnected(context, worker):
    """Checks that the worker never lost its connection."""
    judge(
        f'the worker "{worker}" has not been disconnected',
        promised=[],
        seen=context.world.workers[worker].disconnected_at,
    )


@then('the worker "{worker:Name}" says that it has reconnected')
def the_worker_says_it_has_reconnected(context, worker):
    """Checks that the worker reports its last enrollment as a reconnection."""
    judge(
        f'the worker "{worker}" says at its last enrollment that it has reconnected',
        promised=True,
        seen=context.world.workers[worker].says_reconnected(),
    )


@then('the worker "{worker:Name}" was not disturbed by "{other:Name}"')
def the_worker_was_not_disturbed(context, worker, other):
    """Checks that the worker stayed connected and in the pool after another worker started."""
    judge(
        f'the worker "{worker}" was not disturbed by "{other}"',
        promised=observations.UNDISTURBED,
        seen=observations.standing_of(context.world, worker, since=context.world.workers[other].started),
    )


@then('the worker "{worker:Name}" is disconnected at the deadline')
def the_worker_is_disconnected_at_the_deadline(context, worker):
    """Checks that the orchestrator disconnects the worker when its token expires."""
    judge(
        f'the worker "{worker}" is disconnected when the lifetime of its token has passed',
        promised="at the deadline",
        seen=observations.deadline_kept_by(context.world, worker),
    )


@then("the pool is empty")
def the_pool_is_empty(context):
    """Checks that neither the worker list nor the live pool shows a worker."""
    judge(
        "the pool is empty",
        promised=[],
        seen=seen_pool(
            observations.pool_when(context.world, set(), Output.JSON), context.world.live_pool(), ["worker"]
        ),
    )


@then("the pool shows, in text and in JSON:")
def the_pool_shows_in_both(context):
    """Checks the workers in the pool, in text and in JSON, and that there are no others."""
    for output in (Output.TEXT, Output.JSON):
        _judge_pool(context, output)


@then("the pool shows, past members included:")
def the_pool_shows_with_past_members(context):
    """Checks the workers in the pool, including those that have left, and that there are no others."""
    _judge_pool(context, Output.JSON, past=True)


def _judge_pool(context, output, *, past=False):
    promised = promised_pool(context.table)
    expected = {
        (row["worker"], row["connected"] == "yes") for row in promised if row["connected"] != NOT_LIVE
    }
    judge(
        f"the pool, in {output.value}, shows these members and no others",
        promised=promised,
        seen=seen_pool(
            observations.pool_when(context.world, expected, output, past=past),
            context.world.live_pool(),
            context.table.headings,
        ),
    )


@then('the pool no longer holds "{worker:Name}" once the grace window is over')
def the_pool_no_longer_holds(context, worker):
    """Waits until the grace window has passed, then checks that the live pool has removed the worker."""
    judge(
        f'the pool no longer holds "{worker}"',
        promised=[],
        seen=observations.kept_after_grace_window(context.world, worker),
    )
