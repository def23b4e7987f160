"""Large artifacts that steps on a worker write."""

from __future__ import annotations

from behave import given, then, when

from swamp_harness.scenario import artifacts
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext


@given('the memory of the orchestrator and of the worker "{worker:Name}" is measured')
def the_memory_is_measured(context: StepContext, worker: str) -> None:
    """Measures the memory use of these two processes from now on."""
    for name in (artifacts.ORCHESTRATOR, worker):
        artifacts.watch_memory(context.world, name)


@when("the run ends within the time for large artifacts")
def the_run_ends_within_the_time(context: StepContext) -> None:
    """Waits until the run ends, with a timeout that is long enough for large artifacts."""
    artifacts.wait_for_artifacts(context.world)


@when('the step "{step:Name}" has sent half of its artifact')
def the_step_has_sent_half(context: StepContext, step: str) -> None:
    """Waits until the step has sent the first half of its artifact and pauses."""
    artifacts.wait_until_half_sent(context.world, step)


@then('the artifact of the step "{step:Name}" is stored, bit for bit')
def the_artifact_is_stored(context: StepContext, step: str) -> None:
    """Checks the artifact's size and checksum as the product reports them and as it stores them."""
    expect(
        f'the artifact of the step "{step}" is stored, bit for bit',
        expected=artifacts.made_by(context.world, step),
        actual=artifacts.recorded_of(context.world, step),
    )


@then('the artifacts of all sizes of the step "{step:Name}" are stored, bit for bit')
def the_artifacts_are_stored(context: StepContext, step: str) -> None:
    """Checks that every artifact of a step that writes many sizes is complete and unchanged."""
    expect(
        f'the artifacts of all sizes of the step "{step}" are stored, bit for bit',
        expected=[],
        actual=artifacts.damaged_of_all_sizes(context.world, step),
    )


@then('the step "{step:Name}" has read the artifacts of all sizes of the step "{maker:Name}", bit for bit')
def the_step_has_read_all(context: StepContext, step: str, maker: str) -> None:
    """Checks that one step read every artifact of another step without a change."""
    expect(
        f'the step "{step}" has read the artifacts of all sizes of the step "{maker}", bit for bit',
        expected=[],
        actual=artifacts.misread_of_all_sizes(context.world, step, maker),
    )


@then('the operator can read nothing of the artifact of the step "{step:Name}"')
def the_operator_can_read_nothing(context: StepContext, step: str) -> None:
    """Checks that the operator can read no part of the artifact."""
    expect(
        f'the operator can read nothing of the artifact of the step "{step}"',
        expected=artifacts.NOT_THERE,
        actual=artifacts.readable_of(context.world, step),
    )


@then('the step "{step:Name}" has read the artifact of the step "{maker:Name}", bit for bit')
def the_step_has_read(context: StepContext, step: str, maker: str) -> None:
    """Checks that one step read the artifact of another step without a change."""
    expect(
        f'the step "{step}" has read the artifact of the step "{maker}", bit for bit',
        expected=artifacts.expected_reading(context.world, maker),
        actual=artifacts.read_by(context.world, step),
    )


@then(
    'the orchestrator used no more memory for the artifact of the step "{large:Name}" '
    'than for that of "{small:Name}"'
)
@then(
    'the worker "{name:Name}" used no more memory for the artifact of the step "{large:Name}" '
    'than for that of "{small:Name}"'
)
def no_more_memory_was_used(
    context: StepContext, large: str, small: str, name: str = artifacts.ORCHESTRATOR
) -> None:
    """Checks that the memory use of this process does not grow with the size of the artifact."""
    expect(
        f'the memory that {name} used for the artifact of the step "{large}" is no more than for "{small}"',
        expected={},
        actual=artifacts.memory_for(context.world, name, large, small),
    )
