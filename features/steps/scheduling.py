"""Where steps run, which wait, how many run at a time, and lists of items."""

from __future__ import annotations

from collections.abc import Sequence

from behave import given, then, when

from swamp_harness.product.commands import Output
from swamp_harness.product.workflow import Level
from swamp_harness.scenario import runs, scheduling, unknown_keys
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.listings import IN_JSON
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of, rows_of_queue


@given('a workflow with the unknown key "{key:Name}" at the {level:Level} level')
def a_workflow_with_an_unknown_key(context: StepContext, key: str, level: Level) -> None:
    """Creates a repository with a workflow that has this key at its last step, its last job, or itself."""
    unknown_keys.begin_with_unknown_key(context.world, key, level)


@when('the operator changes the workflow, so that the step "{step:Name}" runs on "{labels:Labels}"')
def the_operator_changes_the_workflow(context: StepContext, step: str, labels: dict[str, str]) -> None:
    """Changes the workflow file: from now on the step runs on workers with these labels."""
    scheduling.place_anew(context.world, step, labels)


@when('the step "{step:Name}" waits in the queue')
def the_step_waits_in_the_queue(context: StepContext, step: str) -> None:
    """Waits until the step is in the queue."""
    scheduling.wait_until_queued(context.world, step)


@when('the queue limit of the step "{step:Name}" passes')
def the_queue_limit_passes(context: StepContext, step: str) -> None:
    """Waits until the step has left the queue because its time limit has passed."""
    scheduling.wait_until_queue_limit_is_over(context.world, step)


@then('the command that follows the run warned that "{worker:Name}" is away, by its name and by its instance')
def the_command_warned(context: StepContext, worker: str) -> None:
    """Checks the warnings about steps of the last run that named a worker which was not connected."""
    expect(
        f'the command that follows the run warned that "{worker}" is away',
        expected=["its instance", "its name"],
        actual=scheduling.warnings_about(context.world, worker),
    )


@then("the command that follows the run reported these waits, and no others:")
def the_command_reported_these_waits(context: StepContext) -> None:
    """Checks for which workers steps wait or waited, by the output that follows the run in text."""
    expected = rows_of_queue(context.table, context.world.present_instance)
    expect(
        "the command that follows the run reported these waits, and no others",
        expected=sorted(expected, key=lambda row: row["waits for"]),
        actual=scheduling.waits_reported(context.world, len(expected)),
    )


@when("the operator evaluates the workflow")
def the_operator_evaluates_the_workflow(context: StepContext) -> None:
    """Evaluates the workflow with its inputs, in the repository, with its answer in JSON."""
    runs.evaluate(context.world)


@when("the operator evaluates the workflow and its models")
def the_operator_evaluates_the_workflow_and_its_models(context: StepContext) -> None:
    """Evaluates the workflow with its inputs, and the models of its steps, in the repository."""
    runs.evaluate_models(context.world)
    runs.evaluate(context.world)


@then("the evaluated workflow shows where its steps run:")
def the_evaluated_workflow_shows(context: StepContext) -> None:
    """Checks the worker or the labels of every step in the answer to the last command."""
    expect(
        "the evaluated workflow shows these steps, and where each runs",
        expected=rows_of(context.table, {"step", "runs on"}),
        actual=scheduling.evaluated_places(context.world.operator.last),
    )


@then("the operator sees these dispatches, and no others:")
def these_dispatches(context: StepContext) -> None:
    """Checks every lease that the operator sees: step, worker, state and whether the step wrote data."""
    expect(
        "the operator sees these dispatches, and no others",
        expected=rows_of(context.table, {"step", "worker", "started on", "lease", "because", "wrote"}),
        actual=scheduling.dispatches(context.world, context.table.headings),
    )


@then('both answers name the unknown key "{key:Name}" at the {level:Level} level')
@then('both answers name the unknown key "{key:Name}" at the {level:Level} level, and suggest "{meant:Name}"')
def both_answers_name_the_unknown_key(context: StepContext, key: str, level: Level, meant: str = "") -> None:
    """Checks which unknown key text and JSON name, and of which step, job or workflow it is."""
    expect(
        f'both answers name the unknown key "{key}" at the {level.value} level',
        expected=unknown_keys.expected_keys(context.world, key, level, meant),
        actual=unknown_keys.named_keys(context.world.asked, with_suggestion=bool(meant)),
    )


@then("both validations fail, with exit code {code:Number}")
def both_validations_fail(context: StepContext, code: int) -> None:
    """Checks the result and the exit code of the validation, and that it has no stack trace."""
    expect(
        f"both validations fail, with exit code {code}",
        expected=unknown_keys.expected_failure(code),
        actual=unknown_keys.outcomes_of_validation(context.world.asked),
    )


@then("the queue shows:")
@then("the queue shows, in {outputs:Outputs}:")
def the_queue_shows(context: StepContext, outputs: Sequence[Output] = IN_JSON) -> None:
    """Checks the queue, in JSON unless the step names both outputs, and that it shows no other step."""
    expected = rows_of_queue(context.table, context.world.present_instance)
    for output in outputs:
        expect(
            f"the queue, in {output.value}, shows these steps and no others",
            expected=expected,
            actual=scheduling.queue_holding(context.world, [row["step"] for row in expected], output),
        )


@then('the largest number of steps that ran on "{worker:Name}" at the same time is {number:Number}')
def the_largest_number_of_steps(context: StepContext, worker: str, number: int) -> None:
    """Checks the largest number of steps at once, by the probe log and by the leases."""
    expect(
        f'the largest number of steps that ran on "{worker}" at the same time is {number}',
        expected={"by the probe log": number, "by the leases": number},
        actual=scheduling.most_at_once(context.world, worker),
    )


@then('each item of "{step:Name}" was processed {number:Number} times')
def each_item_was_processed(context: StepContext, step: str, number: int) -> None:
    """Checks how often each item of the step was processed."""
    expect(
        f'each item of "{step}" was processed {number} times, and no other',
        expected=dict.fromkeys(scheduling.items_of(context.world, step), number),
        actual=scheduling.items_worked(context.world, step),
    )


@then('each item of "{step:Name}" has its result in version {number:Number}')
def each_item_has_its_result(context: StepContext, step: str, number: int) -> None:
    """Checks the version of each item's result."""
    expect(
        f'each item of "{step}" has its result in version {number}, and there is no other result',
        expected=dict.fromkeys(scheduling.items_of(context.world, step), number),
        actual=scheduling.versions_of_results(context.world),
    )


@then('the operator can still read version {number:Number} of the result of each item of "{step:Name}"')
def the_operator_can_still_read(context: StepContext, step: str, number: int) -> None:
    """Checks that the operator can still read this version of each item's result."""
    items = scheduling.items_of(context.world, step)
    expect(
        f'the operator can still read version {number} of the result of each item of "{step}"',
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


@then('items of "{step:Name}" were processed at the same time')
def items_were_processed_at_once(context: StepContext, step: str) -> None:
    """Checks that at least two items were processed at the same time."""
    expect(
        f'items of "{step}" were processed at the same time',
        expected={"several at one time": True},
        actual={"several at one time": scheduling.items_at_once(context.world, step) > 1},
    )


@then('the workers "{workers:Names}" ran steps, and no others')
def the_workers_ran_steps(context: StepContext, workers: list[str]) -> None:
    """Checks that each of these workers ran at least one step, and that no other worker did."""
    expect(
        f"the workers {', '.join(workers)} ran steps, and no others",
        expected=sorted(workers),
        actual=scheduling.workers_that_took_part(context.world),
    )


@then('the steps "{steps:Names}" started once, all on the same worker')
def the_steps_started_on_one_worker(context: StepContext, steps: list[str]) -> None:
    """Checks that each of these steps started once, and that one worker ran all of them."""
    expect(
        f"the steps {', '.join(steps)} started once each, on one worker",
        expected={"workers": 1, **dict.fromkeys(steps, 1)},
        actual=scheduling.workers_of(context.world, steps),
    )


@then("these steps have waited for a worker so long, and no longer:")
def these_steps_have_waited(context: StepContext) -> None:
    """Waits until the limits have passed, and checks by the records which applied to each step."""
    expected = rows_of(context.table, {"step", "seconds"})
    expect(
        "these steps have waited for a worker for so many seconds",
        expected=expected,
        actual=scheduling.limits_of_waits(context.world, {row["step"]: row["seconds"] for row in expected}),
    )
