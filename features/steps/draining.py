"""Workers that finish their work before they stop."""

from __future__ import annotations

from behave import then, when

from swamp_harness.scenario import draining
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext


@when('the worker "{worker:Name}" is asked to stop')
def the_worker_is_asked_to_stop(context: StepContext, worker: str) -> None:
    """Asks the worker to stop; waits until it reports that it finishes its work, or has exited."""
    draining.ask_to_stop(context.world, worker)


@when('the worker "{worker:Name}" is asked to stop again')
def the_worker_is_asked_to_stop_again(context: StepContext, worker: str) -> None:
    """Asks a worker to stop that finishes its work, and waits until it has exited."""
    draining.ask_to_stop_again(context.world, worker)


@then('the worker "{worker:Name}" exits with exit code {code:Number}')
def the_worker_exits(context: StepContext, worker: str, code: int) -> None:
    """Waits until the worker has exited, and checks its exit code."""
    expect(
        f'the worker "{worker}" exits with exit code {code}',
        expected=code,
        actual=draining.exit_code(context.world, worker),
    )


@then('the step "{step:Name}" starts on "{worker:Name}" while the step "{other:Name}" still runs')
def the_step_starts_while_another_runs(context: StepContext, step: str, worker: str, other: str) -> None:
    """Checks that a step starts on a worker that is free, and does not wait for another worker's step."""
    expect(
        f'the step "{step}" starts on "{worker}" while the step "{other}" still runs',
        expected={step: [worker], other: draining.STILL_RUNS},
        actual=draining.starts_during(context.world, step, other),
    )


@when('the idle time of "{worker:Name}" passes')
def the_idle_time_passes(context: StepContext, worker: str) -> None:
    """Waits until the worker would have stopped, if it had been idle since its enrollment."""
    draining.outlast_idle_time(context.world, worker)


@then('the worker "{worker:Name}" was idle after its last step as long as its idle time')
def the_worker_was_idle(context: StepContext, worker: str) -> None:
    """Checks the time between the end of the last step and the report that the worker stops."""
    expect(
        f'the worker "{worker}" was idle after its last step as long as its idle time',
        expected=draining.IDLE_AS_ALLOWED,
        actual=draining.idleness(context.world, worker),
    )
