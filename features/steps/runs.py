"""Workflows and methods: how their runs start, end and are cancelled, and what their steps do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from behave import given, then, when

from swamp_harness.product.commands import SUCCEEDS
from swamp_harness.product.run import FAILED, METHOD_SUCCEEDS, RunOutcome, WorkflowRun, run_that
from swamp_harness.scenario import cancellation, repositories, runs, step_progress
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.kinds import NO_DETAILS
from swamp_harness.scenario.lateness import IN_TIME
from swamp_harness.scenario.placement import planned
from swamp_harness.scenario.probe_results import written_by_probe
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of
from swamp_harness.system.stop_request import StopRequest


@given('the model "{model:Name}"')
def the_model(context: StepContext, model: str) -> None:
    """Creates a repository with a model whose methods can be run without a workflow."""
    repositories.begin_with_model(context.world, model)


@given("a workflow with the steps:")
@given("a workflow {details:WorkflowDetails}, with the steps:")
def a_workflow(context: StepContext, details: Any = NO_DETAILS) -> None:
    """Creates a repository with a workflow: one row for each step, where it runs and what it does."""
    repositories.begin_with_workflow(context.world, planned(context.table, **details))


@when('the worker "{worker:Name}" is stopped, and then the step "{steps:Names}" continues')
@when(
    'the worker "{worker:Name}" is stopped, and then the steps "{steps:Names}" continue one after the other'
)
def the_worker_is_stopped_during_steps(context: StepContext, worker: str, steps: list[str]) -> None:
    """Asks the worker to stop while the steps pause, lets each continue in turn and waits for the worker."""
    step_progress.stop_during_steps(context.world, worker, steps)


@when(
    'the worker "{worker:Name}" is stopped with Ctrl-C, '
    'and then the steps "{steps:Names}" continue one after the other'
)
def the_worker_is_stopped_with_ctrl_c(context: StepContext, worker: str, steps: list[str]) -> None:
    """Presses Ctrl-C in the worker while steps pause, lets each continue in turn, waits for the worker."""
    step_progress.stop_during_steps(context.world, worker, steps, StopRequest.CTRL_C)


@when('the terminal of the worker "{worker:Name}" is closed, and then the step "{step:Name}" continues')
def the_terminal_is_closed(context: StepContext, worker: str, step: str) -> None:
    """Sends the worker the signal of a closed terminal, lets the step continue and waits for the worker."""
    step_progress.stop_during_steps(context.world, worker, [step], StopRequest.CLOSED_TERMINAL)


@when("the workflow starts")
@when("the workflow starts {details:StartingDetails}")
def the_workflow_starts(context: StepContext, details: Any = NO_DETAILS) -> None:
    """Starts the workflow and follows its output; does not wait for the end."""
    runs.start_workflow(context.world, **details)


@when('the worker "{worker:Name}" runs a step of another workflow, which pauses')
def the_worker_runs_another_step(context: StepContext, worker: str) -> None:
    """Starts another workflow with a step for this worker, and waits until the step has started."""
    runs.start_another(context.world, worker, "pauses, then writes")
    step_progress.wait_until_begun(context.world, runs.ANOTHER)


@when('a method that {work:Work} starts with the tags "{tags:Labels}"')
def a_method_starts(context: StepContext, work: Any, tags: dict[str, str]) -> None:
    """Runs a method of the model with tags for all data that it writes."""
    runs.start_method(context.world, work, tags)


@when("the workflow runs to its end")
def the_workflow_runs_to_its_end(context: StepContext) -> None:
    """Starts the workflow and waits until the run has ended."""
    runs.complete_workflow(context.world)


@when('the step "{steps:Names}" is running')
@when('the steps "{steps:Names}" are running')
@then('the step "{steps:Names}" is running')
@then('the steps "{steps:Names}" are running')
def the_steps_are_running(context: StepContext, steps: list[str]) -> None:
    """Waits until each step has started."""
    for step in steps:
        step_progress.wait_until_begun(context.world, step)


@when('the step "{step:Name}" starts again')
def the_step_is_running_again(context: StepContext, step: str) -> None:
    """Waits until the step has started a second time, or the run has ended."""
    step_progress.wait_until_begun_again(context.world, step)


@when('the step "{step:Name}" continues')
def the_step_continues(context: StepContext, step: str) -> None:
    """Lets a step continue that pauses."""
    context.world.probe_log.let_go_on(step)


@when('the step "{step:Name}" has ended')
def the_step_has_ended(context: StepContext, step: str) -> None:
    """Waits until the step has ended on its worker, in the last run."""
    step_progress.wait_until_ended(context.world, step)


@when('the step "{step:Name}" is running and the step "{other:Name}" has ended')
def the_step_is_running_and_another_has_ended(context: StepContext, step: str, other: str) -> None:
    """Waits until the first step has started, and the other one has ended on its worker."""
    step_progress.wait_until_begun(context.world, step)
    step_progress.wait_until_ended(context.world, other)


@when('the step "{step:Name}" has written')
def the_step_has_written(context: StepContext, step: str) -> None:
    """Waits until the running step has written data."""
    step_progress.wait_until_written(context.world, step)


@when('the step "{step:Name}" is dispatched to "{worker:Name}"')
def the_step_is_dispatched_to(context: StepContext, step: str, worker: str) -> None:
    """Waits until the orchestrator has dispatched the step to the worker."""
    step_progress.wait_until_handed_over(context.world, step, worker)


@when("the operator cancels the run")
@when("the operator cancels the run {details:CancellingDetails}")
def the_operator_cancels_the_run(context: StepContext, details: Any = NO_DETAILS) -> None:
    """Cancels the run, by its id on the orchestrator unless the details differ."""
    cancellation.cancel_run(context.world, **details)


@when("the operator resumes the run {details:ResumingDetails}")
def the_operator_resumes_the_suspended_run(context: StepContext, details: Any) -> None:
    """Resumes a suspended run, in the repository or elsewhere; waits until it ends or is suspended again."""
    runs.resume(context.world, **details)


@when("the operator resumes the run through the orchestrator, and follows it")
def the_operator_follows_the_resumed_run(context: StepContext) -> None:
    """Resumes the suspended run and follows its output; does not wait for the end."""
    context.world.runs.resume(
        context.world.workflow, context.world.orchestrator.api, context.world.operator.output
    )


@when('the operator resumes the run from the step "{step:Name}"')
@when('the operator resumes the run from the step "{step:Name}" {details:ResumingDetails}')
def the_operator_resumes_the_run(context: StepContext, step: str, details: Any = NO_DETAILS) -> None:
    """Resumes the failed run, in the repository unless the details differ, and waits until it has ended."""
    runs.resume(context.world, step=step, **details)


@when("the operator presses Ctrl-C")
def the_operator_presses_ctrl_c(context: StepContext) -> None:
    """Presses Ctrl-C in the command that follows the run."""
    context.world.runs.last.press_ctrl_c()


@then("the run {status:RunEnd}")
def the_run_ends(context: StepContext, status: str) -> None:
    """Waits for the end of the run and checks its status in its output and in the run history."""
    _expect_run(context, run_that(status))


@then("the first run {status:RunEnd}")
def the_first_run_ends(context: StepContext, status: str) -> None:
    """Waits for the end of the first run and checks its status in its output and in the run history."""
    _expect_run(context, run_that(status), "the first run", context.world.runs.first)


@then("the run fails because {reason:RunFailure}")
def the_run_fails_because(context: StepContext, reason: str) -> None:
    """Waits for the end of the run and checks in its output and in the run history why it failed."""
    _expect_run(context, run_that(FAILED, reason))


@then('the run fails because the worker "{worker:Name}" was lost after the step "{step:Name}" had written')
def the_run_names_the_lost_worker(context: StepContext, worker: str, step: str) -> None:
    """Waits for the end of the run and checks which worker and which step its output and history name."""
    lost = [{"worker": context.world.member_of(worker), "step": step}]
    expect(
        f'the run names "{worker}" as the worker that was lost after the step "{step}" had written',
        expected={"printed": lost, "in the run history": lost},
        actual=runs.losses_named(context.world),
    )


def _expect_run(
    context: StepContext, expected: RunOutcome, called: str = "the run", run: WorkflowRun | None = None
) -> None:
    expect(
        f"{called} has ended, in its output and in the run history, as {expected}",
        expected=expected,
        actual=runs.outcome_of_run(context.world, run),
    )


@then("the run ended at its time limit")
def the_run_ended_at_its_time_limit(context: StepContext) -> None:
    """Checks that the run lasted as long as the orchestrator allows: no less than half, 8 seconds more."""
    expect(
        "the run ended at its time limit, by the run history",
        expected=runs.AT_TIME_LIMIT,
        actual=runs.end_at_time_limit(context.world),
    )


@then("the method succeeds")
def the_method_succeeds(context: StepContext) -> None:
    """Waits for the end of the method and checks that its output shows success."""
    expect(
        "the method has succeeded, by the output that follows it",
        expected=METHOD_SUCCEEDS,
        actual=runs.outcome_of_method(context.world),
    )


@then("the command confirms that it cancels the run")
def the_command_confirms_the_cancellation(context: StepContext) -> None:
    """Checks that the cancel command succeeds and names this run."""
    expect(
        "the command succeeds and confirms that it cancels this run",
        expected={"command": SUCCEEDS, "cancels": "this run"},
        actual=cancellation.reported_cancellation(context.world),
    )


@then('the command did not report the run as cancelled while the step "{step:Name}" still ran')
def the_command_did_not_report_early(context: StepContext, step: str) -> None:
    """Checks that the command did not report a complete cancellation too early; it may report a request."""
    expect(
        f'the command reported the run as cancelled while the step "{step}" still ran',
        expected=False,
        actual=cancellation.reported_while_running(context.world, step),
    )


@then("nothing of the run was left when the command reported the cancellation")
def nothing_was_left_when_reported(context: StepContext) -> None:
    """Checks that no process, lease, busy worker or queued step was left when the cancel command answered."""
    expect(
        "nothing of the run was left when the command reported the cancellation",
        expected=[],
        actual=cancellation.left_when_reported_as_cancelled(context.world),
    )


@then('the lease of the step "{step:Name}" ended at most {seconds:Number} seconds after the command')
def the_lease_ended_after_the_command(context: StepContext, step: str, seconds: int) -> None:
    """Checks that the step's lease ended within this many seconds of the end of the cancel command."""
    expect(
        f'the lease of the step "{step}" ended at most {seconds} s after the command',
        expected=IN_TIME,
        actual=cancellation.end_after_answer(context.world, step, timedelta(seconds=seconds)),
    )


@then('the step "{step:Name}" started after the lease of the step "{other:Name}" had ended')
def the_step_started_after_a_lease(context: StepContext, step: str, other: str) -> None:
    """Checks that the first start of a step came after the last lease of another step had ended."""
    expect(
        f'the step "{step}" started after the lease of the step "{other}" had ended',
        expected=cancellation.AFTER,
        actual=cancellation.start_beside_lease(context.world, step, other),
    )


@then('the step "{step:Name}" was asked to stop and stopped before it had finished')
def the_step_was_stopped(context: StepContext, step: str) -> None:
    """Checks that the step started once and was stopped before it finished its work."""
    expect(
        f'the step "{step}" was stopped before it had finished, by the probe log',
        expected={"began": 1, "asked to stop": "yes", "completed": 0},
        actual=runs.starts_and_ends(context.world, step),
    )


@then('the step "{step:Name}" had the time to clean up before it ended')
def the_step_had_the_time_to_clean_up(context: StepContext, step: str) -> None:
    """Checks that a step which was asked to stop came to the end of its cleaning up."""
    expect(
        f'the step "{step}" came to the end of its cleaning up',
        expected=True,
        actual=bool(context.world.probe_log.note("cleaned-up", step)),
    )


@then("these steps started, and no others:")
def these_steps_started(context: StepContext) -> None:
    """Checks which steps started and on which worker, and that no other step started."""
    expect(
        "these steps started, by the probe log, and no others",
        expected=rows_of(context.table, {"step", "worker"}),
        actual=runs.steps_begun(context.world),
    )


@then("no step started")
def no_step_started(context: StepContext) -> None:
    """Checks that no step started."""
    expect("no step started, by the probe log", expected=[], actual=runs.steps_begun(context.world))


@then("this data is recorded, and no other:")
def this_data_is_recorded(context: StepContext) -> None:
    """Checks all data that the steps wrote: step, name, version and worker."""
    expect(
        "the steps have recorded this data, and no other",
        expected=rows_of(context.table, {"step", "data", "version", "written on", "word"}),
        actual=runs.results(context.world, context.table.headings),
    )


@then('the operator can read what the step "{step:Name}" wrote into "{datum:Name}"')
def the_operator_can_read(context: StepContext, step: str, datum: str) -> None:
    """Checks that the operator reads exactly what the step wrote into this data item."""
    expect(
        f'the operator can read what the step "{step}" wrote into "{datum}"',
        expected=written_by_probe(datum, step),
        actual=runs.reading(context.world, step, datum),
    )


@then("the operator reads these versions as the newest:")
def the_operator_reads_as_the_newest(context: StepContext) -> None:
    """Checks which version of each data item the operator gets who names no version."""
    rows = rows_of(context.table, {"step", "data", "version"})
    expect(
        "the operator who names no version reads the newest one",
        expected=rows,
        actual=[runs.newest_of(context.world, row["step"], row["data"]) for row in rows],
    )


@then('no process of a step is left on the machine of "{workers:Names}"')
@then('no process of a step is left on the machines of "{workers:Names}"')
def no_process_of_a_step_is_left(context: StepContext, workers: list[str]) -> None:
    """Checks that no process of a step is left on the machine of any of these workers."""
    for worker in workers:
        expect(
            f'no process of a step is left on the machine of "{worker}"',
            expected=[],
            actual=runs.left_of_steps(context.world, worker),
        )


@then("the history of all runs shows the run as {status:RunStatus}")
def the_history_shows_the_run_as(context: StepContext, status: str) -> None:
    """Checks the run's status in the history of all runs."""
    expect(
        f"the history of all runs shows the run as {status}",
        expected=status,
        actual=context.world.records.status_in_run_history(context.world.runs.last.run_id),
    )


@then("a report of the run is recorded, and no report of its steps")
def a_report_of_the_run_is_recorded(context: StepContext) -> None:
    """Checks that a report about the workflow is recorded, and none about a step."""
    expect(
        "a report of the run is recorded, and no report of its steps",
        expected={"of the workflow": True, "of its steps": False},
        actual=runs.reports_recorded(context.world),
    )


@then("the orchestrator still answers")
def the_orchestrator_still_answers(context: StepContext) -> None:
    """Checks that the orchestrator answers a request."""
    expect("the orchestrator still answers", expected=True, actual=context.world.orchestrator.api.ready())


@then('all data of the step "{steps:Names}" has the tags "{tags:Labels}"')
@then('all data of the steps "{steps:Names}" has the tags "{tags:Labels}"')
def all_data_has_the_tags(context: StepContext, steps: list[str], tags: dict[str, str]) -> None:
    """Checks that all data of these steps has exactly these tags."""
    expect(
        f"all data of the steps {' and '.join(steps)} has these tags",
        expected={step: [tags] for step in steps},
        actual={step: runs.tags_of_data(context.world, step, tags) for step in steps},
    )
