"""The environment that steps find."""

from __future__ import annotations

from typing import Any

from behave import given, then, when

from swamp_harness.product.commands import Output
from swamp_harness.scenario import absences, enrollment, environment
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of


@given("these enrolled workers:")
def these_enrolled_workers(context: StepContext) -> None:
    """Starts and enrolls one worker for each row, with its log level and output format."""
    for row in rows_of(context.table, {"worker", "log level", "reports in"}):
        enrollment.enroll_worker(
            context.world, row["worker"], log_level=row["log level"], output=Output(row["reports in"])
        )


@when("the orchestrator is restarted {details:RestartDetails}")
def the_orchestrator_is_restarted(context: StepContext, details: Any) -> None:
    """Restarts the orchestrator with other environment variables than it had."""
    changed = environment.variables_of(environment.RESTARTED, details["names"])
    absences.restart_orchestrator(context.world, variables=changed)


@then('the steps on "{worker:Name}" found these variables:')
def the_steps_found(context: StepContext, worker: str) -> None:
    """Checks where each variable in the steps' environment came from."""
    expected = rows_of(context.table, {"step", "start", "variable", "found that of"})
    expect(
        f'the steps on "{worker}" found these variables',
        expected=expected,
        actual=environment.found_variables(context.world, worker, expected),
    )


@then('the step "{step:Name}" found nothing of the control plane on "{worker:Name}"')
def the_step_found_nothing(context: StepContext, step: str, worker: str) -> None:
    """Checks that the step's environment has no credential, address or variable of the connection."""
    expect(
        f'the step "{step}" found nothing of the control plane in its environment',
        expected=[],
        actual=environment.of_the_control_plane(context.world, worker, step),
    )
