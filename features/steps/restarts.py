"""Orchestrators that crash, are stopped or are replaced, and what is shown of their runs."""

from __future__ import annotations

from collections.abc import Sequence

from behave import given, then, when

from swamp_harness.product.binary import Release
from swamp_harness.product.commands import Output
from swamp_harness.product.run import SUCCEEDED
from swamp_harness.scenario import enrollment, repositories, restarts
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of
from swamp_harness.system.limits import RUN_ENDED
from swamp_harness.system.stop_request import StopRequest


@given("a repository that the other release has used")
def a_used_repository(context: StepContext) -> None:
    """Copies the repository that the other release has used, for tokens, workers and a run of a workflow."""
    repositories.begin_with_used(context.world)


@when("the orchestrator is replaced by one of {release:Release}")
def the_orchestrator_is_replaced(context: StepContext, release: Release) -> None:
    """Stops the orchestrator and starts one of that release, which the operator uses from now on as well."""
    restarts.replace(context.world, release)


@when("the operator uses {release:Release} from now on")
def the_operator_uses(context: StepContext, release: Release) -> None:
    """Lets the operator's commands and the commands that follow runs be of that release."""
    enrollment.operate_with(context.world, release)


@when('the orchestrator is stopped, and then the step "{steps:Names}" continues')
@when('the orchestrator is stopped, and then the steps "{steps:Names}" continue one after the other')
def the_orchestrator_is_stopped_during_steps(context: StepContext, steps: list[str]) -> None:
    """Asks the orchestrator to stop while the steps pause, lets each continue in turn; waits for its end."""
    restarts.stop_during_steps(context.world, steps)


@when('the orchestrator is stopped with Ctrl-C, and then the step "{step:Name}" continues')
def the_orchestrator_is_stopped_with_ctrl_c(context: StepContext, step: str) -> None:
    """Presses Ctrl-C in the orchestrator while a step pauses, lets it continue, and waits for its end."""
    restarts.stop_during_steps(context.world, [step], StopRequest.CTRL_C)


@when(
    'the orchestrator is stopped, another workflow starts on "{worker:Name}", '
    'and then the step "{step:Name}" continues'
)
def a_workflow_starts_during_the_stop(context: StepContext, worker: str, step: str) -> None:
    """Starts a workflow while the orchestrator waits for its runs; its step pauses until they have ended."""
    restarts.start_during_stop(context.world, step, worker)


@when("the orchestrator starts again")
def the_orchestrator_starts_again(context: StepContext) -> None:
    """Starts the orchestrator again and waits until all workers that run are connected."""
    restarts.start_again(context.world)


@then("the orchestrator exits with exit code {code:Number}")
def the_orchestrator_exits(context: StepContext, code: int) -> None:
    """Checks the exit code of the orchestrator, which has ended."""
    expect(
        f"the orchestrator exits with exit code {code}",
        expected=code,
        actual=context.world.orchestrator.exit_code,
    )


@then("the orchestrator ended right after the time that it gives to its runs")
def the_orchestrator_ended_after_its_time(context: StepContext) -> None:
    """Checks that the orchestrator waited as long as it does for runs, and then ended within 8 seconds."""
    expect(
        "the orchestrator ended right after the time that it gives to its runs when it is stopped",
        expected=restarts.RIGHT_AFTER,
        actual=restarts.time_to_stop(context.world),
    )


@then("the command that follows the run fails")
def the_command_fails(context: StepContext) -> None:
    """Waits until the command that follows the last run ends, and checks that it reports no success."""
    expect(
        "the command that follows the run ends with exit code 1",
        expected=1,
        actual=context.world.runs.last.wait_for_exit(RUN_ENDED),
    )


@then("the history shows these runs, and no others:")
def the_history_shows_these_runs(context: StepContext) -> None:
    """Checks the history of all runs, the oldest first: how each ended, and why if it was interrupted."""
    expect(
        "the history shows these runs, and no others",
        expected=rows_of(context.table, {"workflow", "status", "because"}),
        actual=restarts.history(context.world, context.table.headings),
    )


@then("the check of all runs finds none that is active or stale")
def no_run_is_active_or_stale(context: StepContext) -> None:
    """Checks what `swamp run doctor` finds, in text and in JSON, in the repository and elsewhere."""
    found = restarts.in_progress(context.world)
    expect(
        "the check of all runs finds none that is active or stale",
        expected=dict.fromkeys(found, restarts.NONE_IN_PROGRESS),
        actual=found,
    )


@then("every run in the history succeeded")
def every_run_succeeded(context: StepContext) -> None:
    """Checks that the history shows runs, and that all of them have succeeded."""
    expect(
        "every run in the history succeeded",
        expected=[SUCCEEDED],
        actual=restarts.statuses_in_history(context.world),
    )


@then("the history of the run shows these steps, and no others:")
def the_history_shows_these_steps(context: StepContext) -> None:
    """Checks the status of every step in the history of the last run."""
    expect(
        "the history of the run shows these steps, and no others",
        expected=rows_of(context.table, {"step", "status"}),
        actual=restarts.steps_shown(context.world),
    )


@then("the history of the run shows these steps, among others:")
def the_history_shows_some_steps(context: StepContext) -> None:
    """Checks the status of some steps in the history of the last run."""
    expected = rows_of(context.table, {"step", "status"})
    expect(
        "the history of the run shows these steps, among others",
        expected=expected,
        actual=restarts.steps_shown(context.world, [row["step"] for row in expected]),
    )


@then("the history of the run shows, in {outputs:Outputs}, that {reason:Interruption}")
def the_history_shows_why(context: StepContext, outputs: Sequence[Output], reason: str) -> None:
    """Checks that the history of the last run names what interrupted the run."""
    expect(
        f"the history of the run shows that {reason}",
        expected={output.value: reason for output in outputs},
        actual={output.value: restarts.reason_in_history(context.world, output) for output in outputs},
    )


@then("no process of a step is left on the machine of the orchestrator")
def no_process_is_left_there(context: StepContext) -> None:
    """Checks that no process of a step is left on the machine of the orchestrator."""
    expect(
        "no process of a step is left on the machine of the orchestrator",
        expected=[],
        actual=restarts.left_on_the_orchestrator(context.world),
    )


@then('the tokens "{names:Names}" are listed as the other release listed them')
def the_tokens_are_listed_as_before(context: StepContext, names: list[str]) -> None:
    """Checks every fact that the other release listed about these tokens, such as the first enrollment."""
    expect(
        f"the tokens {', '.join(names)} are listed as the other release listed them",
        expected=restarts.tokens_listed_before(context.world, names),
        actual=restarts.tokens_listed(context.world, names),
    )


@then("the operator reads the data of the other release as before")
def the_operator_reads_the_data_as_before(context: StepContext) -> None:
    """Checks the content of the result that a step wrote under the other release."""
    expect(
        "the operator reads the data of the other release as before",
        expected=context.world.used.content,
        actual=restarts.result_of_before(context.world),
    )


@then('the worker "{worker:Name}" is enrolled under the same name as before')
def the_worker_has_its_name(context: StepContext, worker: str) -> None:
    """Waits until the worker is enrolled, and checks that it has its name of before in the pool."""
    context.world.workers[worker].wait_until_enrolled()
    expect(
        f'the name of the worker "{worker}" in the pool',
        expected=context.world.used.members[worker],
        actual=context.world.workers[worker].enrolled_as,
    )
