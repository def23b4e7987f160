"""Certificates, and whom everybody trusts."""

from __future__ import annotations

from behave import given, then

from swamp_harness.scenario import tls
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.system.certificates import Trust


@given("everybody trusts {trust:Trust}")
def everybody_trusts(context: StepContext, trust: Trust) -> None:
    """Sets whose certificates the operator and all new workers trust."""
    tls.trust(context.world, trust)


@then('the worker "{worker:Name}" ends, failing, and has not enrolled')
def the_worker_ends_failing(context: StepContext, worker: str) -> None:
    """Waits until the worker exits, then checks that it failed and did not enroll."""
    ending = context.world.workers[worker].wait_until_ended()
    expect(
        f'the worker "{worker}" ends by itself with a failing exit code, and has not enrolled',
        expected={"failing": True, "enrolled": False},
        actual={"failing": ending.failing, "enrolled": ending.enrolled},
    )


@then('the worker "{worker:Name}" says what is wrong with the certificate')
def the_worker_says_what_is_wrong(context: StepContext, worker: str) -> None:
    """Checks that the worker names what is wrong with the orchestrator's certificate."""
    expect(
        f'the worker "{worker}" says what is wrong with the certificate',
        expected=[context.world.security.flaw],
        actual=context.world.workers[worker].rejections,
    )
