"""Large artifacts that come from a worker."""

from __future__ import annotations

from behave import given, then, when

from swamp_harness.scenario import artifacts
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext


@given("the memory of the orchestrator is watched")
@given('the memory of the worker "{name:Name}" is watched')
def the_memory_is_watched(context: StepContext, name: str = artifacts.ORCHESTRATOR) -> None:
    """Records the memory use of this process from now on."""
    artifacts.watch_memory(context.world, name)


@when("the run has had the time that large artifacts take")
def the_run_has_had_its_time(context: StepContext) -> None:
    """Waits until the run ends, with a timeout that is long enough for large artifacts."""
    artifacts.wait_for_artifacts(context.world)


@when('the step "{step:Name}" has sent half of its artifact')
def the_step_has_sent_half(context: StepContext, step: str) -> None:
    """Waits until the step has sent the first half of its artifact and holds."""
    artifacts.wait_until_half_sent(context.world, step)


@then('the artifact of the step "{step:Name}" is there, bit for bit')
def the_artifact_is_there(context: StepContext, step: str) -> None:
    """Checks the artifact's size and checksum as the product reports them and as it stores them."""
    expect(
        f'the artifact of the step "{step}" is there, bit for bit',
        expected=artifacts.made_by(context.world, step),
        actual=artifacts.recorded_of(context.world, step),
    )


@then('the artifacts of all sizes of the step "{step:Name}" are there, bit for bit')
def the_artifacts_are_there(context: StepContext, step: str) -> None:
    """Checks that every artifact of a step that writes many sizes is complete and unchanged."""
    expect(
        f'the artifacts of all sizes of the step "{step}" are there, bit for bit',
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


@then('nothing can be read of the artifact of the step "{step:Name}"')
def nothing_can_be_read(context: StepContext, step: str) -> None:
    """Checks that the operator can read no part of the artifact."""
    expect(
        f'nothing can be read of the artifact of the step "{step}"',
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
    'the orchestrator took no more memory for the artifact of the step "{large:Name}" '
    'than for that of "{small:Name}"'
)
@then(
    'the worker "{name:Name}" took no more memory for the artifact of the step "{large:Name}" '
    'than for that of "{small:Name}"'
)
def no_more_memory_was_taken(
    context: StepContext, large: str, small: str, name: str = artifacts.ORCHESTRATOR
) -> None:
    """Checks that the memory use of this process does not grow with the size of the artifact."""
    expect(
        f'the memory that {name} took for the artifact of the step "{large}" is no more than for "{small}"',
        expected={},
        actual=artifacts.memory_for(context.world, name, large, small),
    )
