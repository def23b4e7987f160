"""The operator at another machine."""

from __future__ import annotations

from typing import Any

from behave import given, then, when

from swamp_harness.scenario import remote_client
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.kinds import NO_DETAILS
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of


@given("the operator is at another machine, without a repository")
@given("the operator is at another machine, without a repository, {details:MachineDetails}")
@when("the operator goes to another machine, without a repository")
def the_operator_is_at_another_machine(context: StepContext, details: Any = NO_DETAILS) -> None:
    """Moves the operator to a machine that has only swamp and the orchestrator's address."""
    remote_client.go_to_another_machine(context.world, **details)


@when('the network of the operator is down while "{step:Name}" ends and "{later:Name}" begins')
def the_network_of_the_operator_is_down(context: StepContext, step: str, later: str) -> None:
    """Breaks the operator's network while the first step ends and the later one begins, then restores it."""
    remote_client.break_network_between(context.world, step, later)


@when('the step "{step:Name}" goes on once the operator has seen what it says')
def the_step_goes_on_once_heard(context: StepContext, step: str) -> None:
    """Waits until the operator sees the step's output, then lets the step continue."""
    remote_client.go_on_once_shown(context.world, step)


@then("the operator has seen what these steps said while they still ran:")
def the_operator_has_seen(context: StepContext) -> None:
    """Checks that the operator saw the output of these steps while they were still running."""
    expect(
        "the operator has seen what these steps said while they still ran",
        expected=[row["step"] for row in rows_of(context.table, {"step"})],
        actual=context.world.shown_in_time,
    )


@then('the operator was told once that each of the steps "{steps:Names}" began, spoke and was done')
def the_operator_was_told_once(context: StepContext, steps: list[str]) -> None:
    """Checks that the operator saw the start, the output and the end of each step exactly once."""
    expect(
        f"the operator was told once that each of the steps {' and '.join(steps)} began, spoke and was done",
        expected=remote_client.reported_once(steps),
        actual=remote_client.times_reported(context.world, steps),
    )


@then("an operator there who runs a method is shown its result, in text and in JSON")
def an_operator_there_is_shown_the_result(context: StepContext) -> None:
    """Runs a method from the other machine and checks the result it shows in text and in JSON."""
    world = context.world
    expect(
        "a method that is run through the orchestrator succeeds and shows its result, in text and in JSON",
        expected=remote_client.expected_of_method(world),
        actual=remote_client.shown_of_method(world),
    )


@then("an operator there who runs a method that fails is told so, in text and in JSON")
def an_operator_there_is_told_of_the_failure(context: StepContext) -> None:
    """Runs a failing method from the other machine and checks exit code and reason in both outputs."""
    expect(
        "a method that is run through the orchestrator and fails fails for whoever runs it, and says why",
        expected=remote_client.expected_failure_of_method(),
        actual=remote_client.failure_of_method(context.world),
    )


@then("an operator there is told why, in text and in JSON, who:")
def an_operator_there_is_told_why(context: StepContext) -> None:
    """Runs these wrong commands from the other machine and checks the reason each gives."""
    expected = rows_of(context.table, {"errs", "reason"})
    expect(
        "the command fails and says why, to a person and to a script, with the same exit code",
        expected=expected,
        actual=remote_client.reasons_of_failures(context.world, [row["errs"] for row in expected]),
    )


@then("nothing was left on the other machine")
def nothing_was_left(context: StepContext) -> None:
    """Checks that the product wrote only the user's own settings on the other machine."""
    expect(
        "on the other machine there is nothing new but a person's own settings of swamp",
        expected=[],
        actual=context.world.remote_client.left_behind(),
    )
