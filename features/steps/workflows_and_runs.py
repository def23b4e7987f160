"""Workflows, their runs, and what becomes of their steps."""

from datetime import timedelta

from behave import given, then, when

from swamp_harness.product.commands import SUCCEEDS, Output
from swamp_harness.product.run import CANCELLED, FAILED, METHOD_SUCCEEDS, SUCCEEDED, run_that
from swamp_harness.scenario import run_events, run_observations
from swamp_harness.scenario.judging import judge
from swamp_harness.scenario.kinds import NOTHING_SAID
from swamp_harness.scenario.placement import planned
from swamp_harness.scenario.probe import written_by_probe
from swamp_harness.scenario.tables import promised_queue, rows_of


@given("a workflow with the steps:")
def a_workflow(context):
    """Creates a repository with a workflow: one row for each step, where it runs and what it does."""
    context.world.given.workflow(planned(context.table))


@when("the workflow starts")
@when("the workflow starts {details:StartingDetails}")
def the_workflow_starts(context, details=NOTHING_SAID):
    """Starts the workflow and follows its output; does not wait for the end."""
    run_events.start_workflow(context.world, **details)


@when('a method starts that {work:Work}, with the tags "{tags:Labels}"')
def a_method_starts_with_tags(context, work, tags):
    """Runs a method of the model with tags for all data that it writes."""
    run_events.start_method(context.world, work, tags)


@when("the workflow has run to its end")
def the_workflow_has_run(context):
    """Starts the workflow and waits until the run has ended."""
    run_events.complete_workflow(context.world)


@when('the step "{step:Name}" is running')
def the_step_is_running(context, step):
    """Waits until the step has started."""
    run_events.wait_until_begun(context.world, step)


@when('the step "{step:Name}" is running for the second time, or the run is over')
def the_step_is_running_again(context, step):
    """Waits until the step has started a second time, or the run has ended."""
    run_events.wait_until_begun_again(context.world, step)


@when('the step "{step:Name}" goes on once the workers "{workers:Names}" have ended')
def the_step_goes_on_once_workers_have_ended(context, step, workers):
    """Waits until these workers have exited or are enrolled, then lets the step continue."""
    run_events.go_on_once_ended(context.world, step, workers)


@when('the step "{step:Name}" has written')
def the_step_has_written(context, step):
    """Waits until the running step has written data."""
    run_events.wait_until_written(context.world, step)


@when('the step "{step:Name}" has been handed to "{worker:Name}"')
def the_step_has_been_handed_to(context, step, worker):
    """Waits until the orchestrator has dispatched the step to the worker."""
    run_events.wait_until_handed_over(context.world, step, worker)


@when('the step "{step:Name}" waits in the queue')
def the_step_waits_in_the_queue(context, step):
    """Waits until the step is in the queue."""
    run_events.wait_until_queued(context.world, step)


@when('the queue limit of "{step:Name}" is over')
def the_queue_limit_is_over(context, step):
    """Waits until the step has left the queue because its time limit has passed."""
    run_events.wait_until_queue_limit_is_over(context.world, step)


@when("the operator cancels the run")
def the_operator_cancels_the_run(context):
    """Cancels the run by its id."""
    run_events.cancel_run(context.world)


@when("the operator cancels the workflow by its name")
def the_operator_cancels_the_workflow(context):
    """Cancels the run by the name of its workflow."""
    context.world.operator.cancel_workflow(context.world.workflow.name)


@when("the operator presses Ctrl-C")
def the_operator_presses_ctrl_c(context):
    """Presses Ctrl-C in the command that follows the run."""
    context.world.runs.last.press_ctrl_c()


@then("the run succeeds")
def the_run_succeeds(context):
    """Waits for the end of the run and checks that its output and the run history show success."""
    _judge_run(context, run_that(SUCCEEDED))


@then("the run fails because {reason:RunFailure}")
def the_run_fails_because(context, reason):
    """Waits for the end of the run and checks that it failed for this reason."""
    _judge_run(context, run_that(FAILED, reason))


@then("the method succeeds")
def the_method_succeeds(context):
    """Waits for the end of the method and checks that its output shows success."""
    judge(
        "the method has ended, for the one who follows it, as succeeded",
        promised=METHOD_SUCCEEDS,
        seen=run_observations.outcome_of_method(context.world),
    )


@then("the command confirms that it cancels the run")
def the_command_confirms_the_cancellation(context):
    """Checks that the cancel command succeeds and names this run."""
    judge(
        "the command succeeds, and says that it cancels this run",
        promised={"command": SUCCEEDS, "cancels": "this run"},
        seen=run_observations.told_of_cancellation(context.world),
    )


@then("nothing of the run was left when the command said that it is cancelled")
def nothing_was_left_when_told(context):
    """Checks that no process, lease, busy worker or queued step was left when the cancel command answered."""
    judge(
        "nothing of the run was left at work when the command said that it is cancelled",
        promised=[],
        seen=run_observations.left_when_told_as_cancelled(context.world),
    )


@then('the step "{step:Name}" was over at most {seconds:Number} seconds after the command had answered')
def the_step_was_over_in_time(context, step, seconds):
    """Checks that the step's lease ended within this many seconds of the command's answer."""
    judge(
        f'the dispatch of "{step}" ended, by its lease, at most {seconds} s after the command had answered',
        promised=run_observations.IN_TIME,
        seen=run_observations.end_after_answer(context.world, step, timedelta(seconds=seconds)),
    )


@then(
    'the lease of the step "{step:Name}" on "{worker:Name}" ended at most '
    "{seconds:Number} seconds after the deadline"
)
def the_lease_ended_at_the_deadline(context, step, worker, seconds):
    """Checks that the step's lease ended within this many seconds of the token's expiry."""
    judge(
        f'the lease of "{step}" on "{worker}" ended at most {seconds} s after the lifetime of its token',
        promised=run_observations.IN_TIME,
        seen=run_observations.end_after_deadline(context.world, step, worker, timedelta(seconds=seconds)),
    )


@then('the step "{step:Name}" was asked to stop, and ended before its own end')
def the_step_was_ended(context, step):
    """Checks that the step started once and was stopped before it finished its work."""
    judge(
        f'the step "{step}" was asked to stop, and did not come to its own end, by its own account',
        promised={"began": 1, "asked to stop": "yes", "came to its own end": 0},
        seen=run_observations.starts_and_ends(context.world, step),
    )


@then("the run is cancelled")
def the_run_is_cancelled(context):
    """Waits for the end of the run and checks that its output and the run history show a cancellation."""
    _judge_run(context, run_that(CANCELLED))


def _judge_run(context, promised):
    judge(
        f"the run has ended, for its follower and in the run history, as {promised}",
        promised=promised,
        seen=run_observations.outcome_of_run(context.world),
    )


@then("these steps began, and no others:")
def these_steps_began(context):
    """Checks which steps started and on which worker, and that no other step started."""
    judge(
        "these steps began, by their own account, and no others",
        promised=rows_of(context.table, {"step", "worker"}),
        seen=run_observations.steps_begun(context.world),
    )


@then("no step began")
def no_step_began(context):
    """Checks that no step started."""
    judge("no step began, by its own account", promised=[], seen=run_observations.steps_begun(context.world))


@then("the operator sees these dispatches, and no others:")
def these_dispatches(context):
    """Checks every lease that the operator sees: step, worker, state and whether the step wrote data."""
    judge(
        "the operator sees these dispatches, and no others",
        promised=rows_of(context.table, {"step", "worker", "began on", "lease", "because", "wrote"}),
        seen=run_observations.dispatches(context.world, context.table.headings),
    )


@then("this data has been recorded, and no other:")
def this_data_has_been_recorded(context):
    """Checks all data that the steps wrote: step, name, version and worker."""
    judge(
        "the steps have recorded this data, and no other",
        promised=rows_of(context.table, {"step", "data", "version", "written on", "word"}),
        seen=run_observations.results(context.world, context.table.headings),
    )


@then('the operator can read what the step "{step:Name}" had written into "{datum:Name}"')
def the_operator_can_read(context, step, datum):
    """Checks that the operator reads exactly what the step wrote into this data item."""
    judge(
        f'the operator can read what the step "{step}" had written into "{datum}"',
        promised=written_by_probe(datum, step),
        seen=run_observations.reading(context.world, step, datum),
    )


@then("the queue shows, in text and in JSON:")
def the_queue_shows(context):
    """Checks the queue in text and in JSON, and that it shows no other step."""
    promised = promised_queue(context.table, context.world.present_instance)
    for output in (Output.TEXT, Output.JSON):
        judge(
            f"the queue, in {output.value}, shows these steps and no others",
            promised=promised,
            seen=run_observations.queue_holding(context.world, [row["step"] for row in promised], output),
        )


@then("the queue is empty")
def the_queue_is_empty(context):
    """Checks that no step waits in the queue."""
    judge("the queue is empty", promised=[], seen=run_observations.queue(context.world, Output.JSON))


@then('the most steps that ran on "{worker:Name}" at one time is {number:Number}')
def the_most_steps_at_one_time(context, worker, number):
    """Checks the highest number of steps that the worker ran at once."""
    judge(
        f'the most steps that ran on "{worker}" at one time is {number}',
        promised={"by the steps' own account": number, "by the leases": number},
        seen=run_observations.most_at_once(context.world, worker),
    )


@then('each item of "{step:Name}" was worked {number:Number} time')
@then('each item of "{step:Name}" was worked {number:Number} times')
def each_item_was_worked(context, step, number):
    """Checks how often each item of the step was processed."""
    judge(
        f'each item of "{step}" was worked {number} times, and no other',
        promised=dict.fromkeys(run_observations.items_of(context.world, step), number),
        seen=run_observations.items_worked(context.world, step),
    )


@then('the result of each item of "{step:Name}" is there in version {number:Number}')
def the_result_of_each_item(context, step, number):
    """Checks the version of each item's result."""
    judge(
        f'the result of each item of "{step}" is there in version {number}, and no other',
        promised=dict.fromkeys(run_observations.items_of(context.world, step), number),
        seen=run_observations.versions_of_results(context.world),
    )


@then('the result of each item of "{step:Name}" can still be read in version {number:Number}')
def the_result_can_still_be_read(context, step, number):
    """Checks that the operator can still read this version of each item's result."""
    items = run_observations.items_of(context.world, step)
    judge(
        f'the result of each item of "{step}" can still be read in version {number}',
        promised={item: f"result of {item}, version {number}, written by start {number}" for item in items},
        seen=run_observations.results_in_version(context.world, items, number),
    )


@then('the items of "{step:Name}" wrote the versions 1 to {number:Number} of the result of "{model:Name}"')
def the_items_wrote_the_versions(context, step, number, model):
    """Checks that each item wrote one version of the shared result and that none is lost."""
    versions = [str(version) for version in range(1, number + 1)]
    judge(
        f'each item of "{step}" wrote one of the versions 1 to {number} of the result of "{model}"',
        promised={
            "versions": versions,
            "written by": run_observations.items_of(context.world, step),
            "newest": versions[-1:],
        },
        seen=run_observations.versions_of_record(context.world, model, number),
    )


@then('items of "{step:Name}" were worked side by side')
def items_were_worked_side_by_side(context, step):
    """Checks that at least two items were processed at the same time."""
    judge(
        f'items of "{step}" were worked side by side',
        promised={"several at one time": True},
        seen={"several at one time": run_observations.items_at_once(context.world, step) > 1},
    )


@then('the workers "{first:Name}", "{second:Name}" and "{third:Name}" have all taken part')
def the_workers_have_taken_part(context, first, second, third):
    """Checks that exactly these three workers ran steps."""
    judge(
        f'"{first}", "{second}" and "{third}" have all taken part',
        promised=sorted([first, second, third]),
        seen=run_observations.workers_that_took_part(context.world),
    )


@then('nothing of a step is left running on the machine of "{worker:Name}"')
def nothing_of_a_step_is_left(context, worker):
    """Checks that no process of a step is left on the worker's machine."""
    judge(
        f'nothing of a step is left running on the machine of "{worker}"',
        promised=[],
        seen=run_observations.left_of_steps(context.world, worker),
    )


@then('the worker "{worker:Name}" takes another step')
def the_worker_takes_another_step(context, worker):
    """Runs one more step on the worker and checks that it starts there."""
    judge(
        f'the worker "{worker}" takes another step',
        promised=[{"step": "another", "worker": worker}],
        seen=run_observations.next_step_of(context.world, worker),
    )


@then('the worker "{worker:Name}" is connected as the same pool member as before')
def the_worker_is_the_same_member(context, worker):
    """Waits until the worker is connected and checks that it is the same pool member as at first."""
    judge(
        f'the worker "{worker}" is connected as the same pool member as before',
        promised=run_observations.first_membership(context.world, worker),
        seen=run_observations.membership(context.world, worker),
    )


@then("the history of all runs shows the run as {status:RunStatus}")
def the_history_shows_the_run_as(context, status):
    """Checks the run's status in the history of all runs."""
    judge(
        f"the history of all runs shows the run as {status}",
        promised=status,
        seen=context.world.operator.status_in_run_history(context.world.runs.last.run_id),
    )


@then("the orchestrator still serves")
def the_orchestrator_still_serves(context):
    """Checks that the orchestrator still answers."""
    judge("the orchestrator still serves", promised=True, seen=context.world.orchestrator.api.ready())


@then('all data of the step "{steps:Names}" have the tags "{tags:Labels}"')
@then('all data of the steps "{steps:Names}" have the tags "{tags:Labels}"')
def all_data_have_the_tags(context, steps, tags):
    """Checks that all data of these steps have exactly these tags."""
    judge(
        f"all data of the steps {' and '.join(steps)} have the tags that the run was given",
        promised={step: [tags] for step in steps},
        seen={step: run_observations.tags_of_data(context.world, step, tags) for step in steps},
    )
