"""Lifetimes that pass, and what ends with them."""

from __future__ import annotations

from datetime import timedelta

from behave import then, when

from swamp_harness.scenario import expiry
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.lateness import IN_TIME
from swamp_harness.scenario.step_context import StepContext


@when('{part:PartOfLifetime} of the token "{token:Name}" passes')
def the_lifetime_passes(context: StepContext, part: float, token: str) -> None:
    """Waits until the lifetime of the token, or half of it, has passed."""
    expiry.wait_for_lifetime(context.world, token, part)


@when('the orchestrator is killed and starts again after the lifetime of the token "{token:Name}"')
def the_orchestrator_is_away_until_expiry(context: StepContext, token: str) -> None:
    """Kills the orchestrator, waits until the token has expired and starts the orchestrator again."""
    expiry.restart_orchestrator_after_expiry_of(context.world, token)


@then('the worker "{workers:Names}" is disconnected at the deadline')
@then('the workers "{workers:Names}" are disconnected at the deadline')
def the_workers_are_disconnected_at_the_deadline(context: StepContext, workers: list[str]) -> None:
    """Checks that the orchestrator disconnects each worker when its token expires."""
    for worker in workers:
        expect(
            f'the worker "{worker}" is disconnected when the lifetime of its token has passed',
            expected="at the deadline",
            actual=expiry.deadline_kept_by(context.world, worker),
        )


@then(
    'the lease of the step "{step:Name}" on "{worker:Name}" ended at most '
    "{seconds:Number} seconds after the deadline"
)
def the_lease_ended_at_the_deadline(context: StepContext, step: str, worker: str, seconds: int) -> None:
    """Checks that the step's lease ended within this many seconds of the token's expiry."""
    expect(
        f'the lease of "{step}" on "{worker}" ended at most {seconds} s after the lifetime of its token',
        expected=IN_TIME,
        actual=expiry.end_after_deadline(context.world, step, worker, timedelta(seconds=seconds)),
    )
