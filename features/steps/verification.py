"""Workers that are verified when they enroll."""

from __future__ import annotations

from behave import then, when

from swamp_harness.scenario import verification, verified_workers
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of


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


@then("both verifications fail, with exit code {code:Number}, and show these workers:")
def both_verifications_fail(context: StepContext, code: int) -> None:
    """Checks which workers have passed, in text and in JSON, that others have a reason, and the exit code."""
    rows = rows_of(context.table, {"worker", "verified"})
    workers = {row["worker"]: row["verified"] for row in rows}
    for result in (context.world.asked.text, context.world.asked.json):
        expect(
            f"the verification, in {result.output.value}, shows these workers and exits with {code}",
            expected={"workers": workers, "exit code": code},
            actual=verified_workers.shown_verification(result),
        )
