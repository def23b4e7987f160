"""Certificates, and which of them workers and operators trust."""

from __future__ import annotations

from behave import given, then

from swamp_harness.product.trust import TrustedBy
from swamp_harness.scenario import tls
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.system.certificates import Trust


@given("workers and operators trust {trust:Trust}")
@given("workers and operators trust {trust:Trust}, the operator by {way:TrustedBy}")
def workers_and_operators_trust(
    context: StepContext, trust: Trust, way: TrustedBy = TrustedBy.VARIABLE
) -> None:
    """Sets what the operator and all new workers trust, the operator by a variable by default."""
    tls.trust(context.world, trust, way)


@then("the orchestrator reported the address by which it is reached")
def the_orchestrator_reported_its_address(context: StepContext) -> None:
    """Checks the address that the orchestrator reports when it listens, with or without TLS."""
    orchestrator = context.world.orchestrator
    expect(
        "the orchestrator reported the address by which it is reached",
        expected=orchestrator.api.url,
        actual=orchestrator.reported_address,
    )


@then('the worker "{worker:Name}" exits with an error and has not enrolled')
def the_worker_exits_with_an_error(context: StepContext, worker: str) -> None:
    """Waits until the worker exits, then checks that it failed and did not enroll."""
    ending = context.world.workers[worker].wait_until_ended()
    expect(
        f'the worker "{worker}" exits with an error and has not enrolled',
        expected={"failing": True, "enrolled": False},
        actual={"failing": ending.failing, "enrolled": ending.enrolled},
    )


@then('the worker "{worker:Name}" reports what is wrong with the certificate')
def the_worker_reports_what_is_wrong(context: StepContext, worker: str) -> None:
    """Checks that the worker's output names what is wrong with the orchestrator's certificate."""
    expect(
        f'the worker "{worker}" reports what is wrong with the certificate',
        expected=[context.world.security.flaw],
        actual=context.world.workers[worker].rejections,
    )
