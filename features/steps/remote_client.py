"""The operator at another machine."""

from __future__ import annotations

from typing import Any

from behave import given, then, when

from swamp_harness.product.commands import SUCCEEDS
from swamp_harness.scenario import remote_client, step_progress
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.kinds import NO_DETAILS
from swamp_harness.scenario.remote_client import CODE
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of


@given("the operator is at another machine, without a repository")
@given("the operator is at another machine, without a repository, {details:MachineDetails}")
def the_operator_is_at_another_machine(context: StepContext, details: Any = NO_DETAILS) -> None:
    """Moves the operator to a machine that has only swamp and the orchestrator's address."""
    remote_client.go_to_another_machine(context.world, **details)


@when(
    'the network of the operator is cut while the step "{step:Name}" ends and the step "{later:Name}" starts'
)
def the_network_of_the_operator_is_cut(context: StepContext, step: str, later: str) -> None:
    """Cuts the operator's network while the first step ends and the later one starts, then heals it."""
    remote_client.break_network_between(context.world, step, later)


@when("the network of the operator {happens:NetworkEvent}")
def something_happens_to_the_network_of_the_operator(context: StepContext, happens: Any) -> None:
    """Changes the operator's network; does not wait until anybody notices."""
    happens(context.world.operator_network)


@when(
    'the network of the operator is reset while the step "{step:Name}" is running, '
    "and the command that follows the run connects again"
)
def the_network_of_the_operator_is_reset(context: StepContext, step: str) -> None:
    """Waits for the step, resets the operator's network, and waits until the command follows again."""
    remote_client.reset_network_during(context.world, step)


@when(
    'the network of the operator is reset during each of the steps "{steps:Names}", '
    "and the command that follows the run connects again"
)
def the_network_of_the_operator_is_reset_during_each(context: StepContext, steps: list[str]) -> None:
    """Resets the network during each step, which continues when the command follows again or has ended."""
    for step in steps:
        remote_client.reset_network_during(context.world, step)
        context.world.probe_log.let_go_on(step)


@when(
    'the network of the operator is cut while the step "{step:Name}" ends, '
    'and heals when the step "{later:Name}" is running'
)
def the_network_is_cut_until_a_later_step(context: StepContext, step: str, later: str) -> None:
    """Cuts the operator's network while one step ends and another starts; waits until the command is back."""
    remote_client.cut_network_until(context.world, step, later)


@when("the network of the operator refuses {attempts:Number} connections and heals")
def the_network_of_the_operator_refuses(context: StepContext, attempts: int) -> None:
    """Refuses so many connections of the command, and waits until it follows again or has ended."""
    remote_client.refuse_and_heal(context.world, attempts)


@when("the command that follows the run is killed")
def the_command_is_killed(context: StepContext) -> None:
    """Kills the command that follows the last run; the orchestrator notices that its connection is closed."""
    remote_client.kill_follower(context.world)


@when("the run has ended")
def the_run_has_ended(context: StepContext) -> None:
    """Waits until the orchestrator lists the last run as ended."""
    step_progress.wait_until_run_ended(context.world)


@when('the method of "{model:Name}" has come to an end')
def the_method_has_ended(context: StepContext, model: str) -> None:
    """Waits until the method has reached its end or was asked to stop; later steps check which."""
    step_progress.wait_until_method_ended(context.world, model)


@when('the step "{step:Name}" continues after the operator has seen its output')
def the_step_continues_after_its_output(context: StepContext, step: str) -> None:
    """Waits until the operator sees the step's output, then lets the step continue."""
    remote_client.go_on_once_shown(context.world, step)


@when("the operator runs these commands, in text and in JSON:")
def the_operator_runs_these_commands(context: StepContext) -> None:
    """Runs each command from the other machine, in text and in JSON."""
    commands = [row["command"] for row in rows_of(context.table, {"command"})]
    context.world.asked = remote_client.run_commands(context.world, commands)


@when("the operator runs the workflow for two inputs, overridden on the command line, in text and in JSON")
def the_operator_runs_the_workflow_for_two_inputs(context: StepContext) -> None:
    """Runs the workflow with two sets of inputs on standard input, in text and then in JSON."""
    context.world.asked = remote_client.run_for_two_inputs(context.world)


@when(
    "the operator runs the workflow with a time limit of {seconds:Number} seconds "
    "and with inputs on standard input"
)
def the_operator_runs_with_a_time_limit(context: StepContext, seconds: int) -> None:
    """Runs the workflow with this time limit, and waits until the command has ended."""
    remote_client.run_with_time_limit(context.world, seconds)


@then("the operator has seen the output of these steps while they still ran:")
def the_operator_has_seen(context: StepContext) -> None:
    """Checks that the operator saw the output of these steps while they were still running."""
    expect(
        "the operator has seen the output of these steps while they still ran",
        expected=[row["step"] for row in rows_of(context.table, {"step"})],
        actual=context.world.shown_in_time,
    )


@then('the operator saw the start, the output and the end of each of the steps "{steps:Names}" exactly once')
def the_operator_saw_each_once(context: StepContext, steps: list[str]) -> None:
    """Checks that the operator saw the start, the output and the end of each step exactly once."""
    expect(
        f"the operator saw the start, the output and the end of each of {' and '.join(steps)} exactly once",
        expected=remote_client.reported_once(steps),
        actual=remote_client.times_reported(context.world, steps),
    )


@then('the operator saw the last output of the step "{step:Name}" exactly once')
def the_operator_saw_the_last_output(context: StepContext, step: str) -> None:
    """Checks that the command that followed the run printed the last output of the step exactly once."""
    expect(
        f'the operator saw the last output of the step "{step}" exactly once',
        expected=1,
        actual=remote_client.times_reported(context.world, [step])[step]["last output"],
    )


@then("both outputs show the result of the method")
def both_outputs_show_the_result(context: StepContext) -> None:
    """Checks that both commands succeeded, and the result that each shows."""
    expect(
        "a method that is run through the orchestrator succeeds and shows its result, in text and in JSON",
        expected=remote_client.expected_of_method(context.world),
        actual=remote_client.shown_of_method(context.world, context.world.asked),
    )


@then("both commands fail because {reason:RunFailure}, with exit code {code:Number}")
def both_commands_fail_with_exit_code(context: StepContext, reason: str, code: int) -> None:
    """Checks the exit code and the reason of both commands, and that there is no stack trace."""
    expect(
        f"both commands fail because {reason}, with exit code {code}",
        expected=remote_client.expected_failure(reason, code),
        actual=remote_client.reported_failures(context.world.asked),
    )


@then("these commands succeed, in text and in JSON:")
def these_commands_succeed(context: StepContext) -> None:
    """Checks that each command succeeded, in text and in JSON."""
    expect(
        "each command succeeds, in text and in JSON",
        expected={row["command"]: [SUCCEEDS, SUCCEEDS] for row in rows_of(context.table, {"command"})},
        actual=remote_client.outcomes_of(context.world.asked),
    )


@then("these commands fail, in text and in JSON:")
def these_commands_fail(context: StepContext) -> None:
    """Checks the reason of each command, with the same exit code in text and in JSON and no stack trace."""
    expect(
        "each command fails for its reason, in text and in JSON, with the same exit code",
        expected=rows_of(context.table, {"command", "reason", CODE}),
        actual=remote_client.reasons_of(context.world.asked, with_codes=CODE in context.table.headings),
    )


@then(
    'the operator reads each version of the data of "{step:Name}" at the other machine as in the repository'
)
def the_operator_reads_each_version(context: StepContext, step: str) -> None:
    """Checks the first and the newest version, with contents and without, and what a run has or has not."""
    expect(
        f'the commands that get the data of "{step}" show the same at the other machine as in the repository',
        expected=remote_client.versions_in_repository(context.world, step),
        actual=remote_client.versions_at_other_machine(context.world, step),
    )


@then('a query of the operator at the other machine reads all {number:Number} resources of "{step:Name}"')
def a_query_reads_all_resources(context: StepContext, number: int, step: str) -> None:
    """Checks how many resources of the step a query through the orchestrator shows, without a limit."""
    expect(
        f'a query through the orchestrator, without a limit, shows so many different resources of "{step}"',
        expected=number,
        actual=remote_client.resources_in_query(context.world, step),
    )


@then("nothing is left on the other machine")
def nothing_is_left(context: StepContext) -> None:
    """Checks that the product wrote only the user's own settings on the other machine."""
    expect(
        "nothing is left on the other machine but the user's own settings of swamp",
        expected=[],
        actual=context.world.remote_client.left_behind(),
    )
