"""Where steps run, which wait, how many run at a time, and lists of items."""

from __future__ import annotations

from behave import then, when

from swamp_harness.product.commands import Output
from swamp_harness.scenario import scheduling
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of, rows_of_queue


@when('the step "{step:Name}" waits in the queue')
def the_step_waits_in_the_queue(context: StepContext, step: str) -> None:
    """Waits until the step is in the queue."""
    scheduling.wait_until_queued(context.world, step)


@when('the queue limit of "{step:Name}" is over')
def the_queue_limit_is_over(context: StepContext, step: str) -> None:
    """Waits until the step has left the queue because its time limit has passed."""
    scheduling.wait_until_queue_limit_is_over(context.world, step)


@then("the operator sees these dispatches, and no others:")
def these_dispatches(context: StepContext) -> None:
    """Checks every lease that the operator sees: step, worker, state and whether the step wrote data."""
    expect(
        "the operator sees these dispatches, and no others",
        expected=rows_of(context.table, {"step", "worker", "began on", "lease", "because", "wrote"}),
        actual=scheduling.dispatches(context.world, context.table.headings),
    )


@then("the queue shows, in text and in JSON:")
def the_queue_shows(context: StepContext) -> None:
    """Checks the queue in text and in JSON, and that it shows no other step."""
    expected = rows_of_queue(context.table, context.world.present_instance)
    for output in (Output.TEXT, Output.JSON):
        expect(
            f"the queue, in {output.value}, shows these steps and no others",
            expected=expected,
            actual=scheduling.queue_holding(context.world, [row["step"] for row in expected], output),
        )


@then("the queue is empty")
def the_queue_is_empty(context: StepContext) -> None:
    """Checks that no step waits in the queue."""
    expect("the queue is empty", expected=[], actual=scheduling.queue(context.world, Output.JSON))


@then('the most steps that ran on "{worker:Name}" at one time is {number:Number}')
def the_most_steps_at_one_time(context: StepContext, worker: str, number: int) -> None:
    """Checks the highest number of steps that the worker ran at once."""
    expect(
        f'the most steps that ran on "{worker}" at one time is {number}',
        expected={"by the probe log": number, "by the leases": number},
        actual=scheduling.most_at_once(context.world, worker),
    )


@then('each item of "{step:Name}" was worked {number:Number} time')
@then('each item of "{step:Name}" was worked {number:Number} times')
def each_item_was_worked(context: StepContext, step: str, number: int) -> None:
    """Checks how often each item of the step was processed."""
    expect(
        f'each item of "{step}" was worked {number} times, and no other',
        expected=dict.fromkeys(scheduling.items_of(context.world, step), number),
        actual=scheduling.items_worked(context.world, step),
    )


@then('the result of each item of "{step:Name}" is there in version {number:Number}')
def the_result_of_each_item(context: StepContext, step: str, number: int) -> None:
    """Checks the version of each item's result."""
    expect(
        f'the result of each item of "{step}" is there in version {number}, and no other',
        expected=dict.fromkeys(scheduling.items_of(context.world, step), number),
        actual=scheduling.versions_of_results(context.world),
    )


@then('the result of each item of "{step:Name}" can still be read in version {number:Number}')
def the_result_can_still_be_read(context: StepContext, step: str, number: int) -> None:
    """Checks that the operator can still read this version of each item's result."""
    items = scheduling.items_of(context.world, step)
    expect(
        f'the result of each item of "{step}" can still be read in version {number}',
        expected={item: f"result of {item}, version {number}, written by start {number}" for item in items},
        actual=scheduling.results_in_version(context.world, items, number),
    )


@then('the items of "{step:Name}" wrote the versions 1 to {number:Number} of the result of "{model:Name}"')
def the_items_wrote_the_versions(context: StepContext, step: str, number: int, model: str) -> None:
    """Checks that each item wrote one version of the shared result and that none is lost."""
    versions = [str(version) for version in range(1, number + 1)]
    expect(
        f'each item of "{step}" wrote one of the versions 1 to {number} of the result of "{model}"',
        expected={
            "versions": versions,
            "written by": scheduling.items_of(context.world, step),
            "newest": versions[-1:],
        },
        actual=scheduling.versions_of_record(context.world, model, number),
    )


@then('items of "{step:Name}" were worked side by side')
def items_were_worked_side_by_side(context: StepContext, step: str) -> None:
    """Checks that at least two items were processed at the same time."""
    expect(
        f'items of "{step}" were worked side by side',
        expected={"several at one time": True},
        actual={"several at one time": scheduling.items_at_once(context.world, step) > 1},
    )


@then('the workers "{first:Name}", "{second:Name}" and "{third:Name}" have all taken part')
def the_workers_have_taken_part(context: StepContext, first: str, second: str, third: str) -> None:
    """Checks that exactly these three workers ran steps."""
    expect(
        f'"{first}", "{second}" and "{third}" have all taken part',
        expected=sorted([first, second, third]),
        actual=scheduling.workers_that_took_part(context.world),
    )
