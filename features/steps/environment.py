"""The environment that steps find."""

from __future__ import annotations

from behave import given, then

from swamp_harness.product.commands import Output
from swamp_harness.scenario import enrollment, environment
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of


@given("these enrolled workers:")
def these_enrolled_workers(context: StepContext) -> None:
    """Starts and enrolls one worker for each row, with its log level and output format."""
    for row in rows_of(context.table, {"worker", "log level", "output"}):
        enrollment.enroll_worker(
            context.world, row["worker"], log_level=row["log level"], output=Output(row["output"])
        )


@then('the steps on "{worker:Name}" found these variables:')
def the_steps_found(context: StepContext, worker: str) -> None:
    """Checks where each variable in the steps' environment came from."""
    expected = rows_of(context.table, {"step", "start", "variable", "value of"})
    expect(
        f'the steps on "{worker}" found these variables',
        expected=expected,
        actual=environment.found_variables(context.world, worker, expected),
    )


@then('the step "{step:Name}" found no control-plane variable on "{worker:Name}"')
def the_step_found_no_control_plane_variable(context: StepContext, step: str, worker: str) -> None:
    """Checks that the step's environment has no credential, address or variable of the connection."""
    expect(
        f'the step "{step}" found no control-plane variable in its environment',
        expected=[],
        actual=environment.of_the_control_plane(context.world, worker, step),
    )
