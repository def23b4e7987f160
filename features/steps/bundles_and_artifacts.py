"""Extensions that come to a worker, and large artifacts that come from one."""

from behave import given, then, when

from swamp_harness.scenario import artifacts, shipping
from swamp_harness.scenario.judging import judge
from swamp_harness.scenario.tables import rows_of


@given('a registry that offers version "{version:Name}" of an extension')
def a_registry(context, version):
    """Starts a local extension registry that publishes one version of the test extension."""
    shipping.publish(context.world, version)


@given("the operator has pulled the extension")
def the_operator_has_pulled(context):
    """Pulls the published extension into the repository."""
    shipping.pull(context.world)


@when('the operator pulls version "{version:Name}" with {news:News}, and the orchestrator is restarted')
def the_operator_pulls(context, version, news):
    """Publishes a version of the extension, pulls it and restarts the orchestrator."""
    shipping.replace(context.world, version, **news)


@given("the memory of the orchestrator is watched")
@given('the memory of the worker "{name:Name}" is watched')
def the_memory_is_watched(context, name=artifacts.ORCHESTRATOR):
    """Records the memory use of this process from now on."""
    artifacts.watch_memory(context.world, name)


@when("the run has had the time that large artifacts take")
def the_run_has_had_its_time(context):
    """Waits until the run ends, with a timeout that is long enough for large artifacts."""
    artifacts.wait_for_artifacts(context.world)


@when('the step "{step:Name}" has sent half of its artifact')
def the_step_has_sent_half(context, step):
    """Waits until the step has sent the first half of its artifact and holds."""
    artifacts.wait_until_half_sent(context.world, step)


@then('the step "{step:Name}" found these versions of its extension, whole:')
def the_step_found_these_versions(context, step):
    """Checks which version of the program and of the files each start of the step ran with."""
    judge(
        f'the step "{step}" ran these versions of its extension, with their own files, byte for byte',
        promised=rows_of(context.table, {"start", "program", "files"}),
        seen=shipping.found_by(context.world, step),
    )


@then('the worker "{worker:Name}" was sent of extensions:')
def the_worker_was_sent(context, worker):
    """Checks what the orchestrator sent to the worker, and that it sent each part once."""
    judge(
        f'the worker "{worker}" was sent this of extensions, and each of it once',
        promised=rows_of(context.table, {"what", "different", "sent"}),
        seen=shipping.sent_to(context.world, worker),
    )


@then('on the machine of "{worker:Name}" the extension is in the cache and nowhere else')
def the_extension_is_in_the_cache(context, worker):
    """Checks that the worker keeps the extension in its cache directory and in no other place."""
    judge(
        f'on the machine of "{worker}" the extension is in the cache and nowhere else',
        promised=["the cache"],
        seen=shipping.places_on_machine(context.world, worker),
    )


@then('the artifact of the step "{step:Name}" is there, bit for bit')
def the_artifact_is_there(context, step):
    """Checks the artifact's size and checksum as the product reports them and as it stores them."""
    judge(
        f'the artifact of the step "{step}" is there, bit for bit',
        promised=artifacts.made_by(context.world, step),
        seen=artifacts.recorded_of(context.world, step),
    )


@then('the artifacts of all sizes of the step "{step:Name}" are there, bit for bit')
def the_artifacts_are_there(context, step):
    """Checks that every artifact of a step that writes many sizes is complete and unchanged."""
    judge(
        f'the artifacts of all sizes of the step "{step}" are there, bit for bit',
        promised=[],
        seen=artifacts.damaged_of_all_sizes(context.world, step),
    )


@then('the step "{step:Name}" has read the artifacts of all sizes of the step "{maker:Name}", bit for bit')
def the_step_has_read_all(context, step, maker):
    """Checks that one step read every artifact of another step without a change."""
    judge(
        f'the step "{step}" has read the artifacts of all sizes of the step "{maker}", bit for bit',
        promised=[],
        seen=artifacts.misread_of_all_sizes(context.world, step, maker),
    )


@then('nothing can be read of the artifact of the step "{step:Name}"')
def nothing_can_be_read(context, step):
    """Checks that the operator can read no part of the artifact."""
    judge(
        f'nothing can be read of the artifact of the step "{step}"',
        promised=artifacts.NOT_THERE,
        seen=artifacts.readable_of(context.world, step),
    )


@then('the step "{step:Name}" has read the artifact of the step "{maker:Name}", bit for bit')
def the_step_has_read(context, step, maker):
    """Checks that one step read the artifact of another step without a change."""
    judge(
        f'the step "{step}" has read the artifact of the step "{maker}", bit for bit',
        promised=artifacts.expected_reading(context.world, maker),
        seen=artifacts.read_by(context.world, step),
    )


@then(
    'the orchestrator took no more memory for the artifact of the step "{large:Name}" '
    'than for that of "{small:Name}"'
)
@then(
    'the worker "{name:Name}" took no more memory for the artifact of the step "{large:Name}" '
    'than for that of "{small:Name}"'
)
def no_more_memory_was_taken(context, large, small, name=artifacts.ORCHESTRATOR):
    """Checks that the memory use of this process does not grow with the size of the artifact."""
    judge(
        f'the memory that {name} took for the artifact of the step "{large}" is no more than for "{small}"',
        promised={},
        seen=artifacts.memory_for(context.world, name, large, small),
    )
