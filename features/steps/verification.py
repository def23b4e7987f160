"""Workers that are verified when they enroll."""

from __future__ import annotations

from behave import then, when

from swamp_harness.scenario import verification
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext


@when('the orchestrator notices that "{worker:Name}" cannot run steps')
def the_orchestrator_notices_the_unfit(context: StepContext, worker: str) -> None:
    """Waits until the orchestrator logs that the worker has not passed its verification."""
    verification.wait_until_found_unfit(context.world, worker)


@then('the list of workers shows why "{worker:Name}" cannot run steps, in text and in JSON')
def the_list_shows_why(context: StepContext, worker: str) -> None:
    """Checks that the worker list shows the reason that the orchestrator logs, in text and in JSON."""
    expect(
        f'the worker list shows why "{worker}" cannot run steps',
        expected={"text": True, "JSON": True},
        actual=verification.shows_reason(context.world, worker),
    )
