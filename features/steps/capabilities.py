"""What a step can do, on a worker and on the orchestrator."""

from behave import then

from swamp_harness.scenario import capabilities
from swamp_harness.scenario.judging import judge
from swamp_harness.scenario.tables import rows_of


@then('the step "{step:Name}" was given back:')
def was_given_back(context, step):
    judge(
        f'the step "{step}" was given back what is true',
        promised=rows_of(context.table, {"asked for", "given back"}),
        seen=capabilities.given_back(context.world, step, [row["asked for"] for row in context.table]),
    )


@then('the step "{placed:Name}" was given back the same as the step "{local:Name}"')
def was_given_back_the_same(context, placed, local):
    judge(
        f'the step "{placed}" was given back the same as the step "{local}", call by call',
        promised=[],
        seen=capabilities.differences_in_answers(context.world, local, placed),
    )


@then('the steps "{placed:Names}" were given back the same as the step "{local:Name}"')
def were_given_back_the_same(context, placed, local):
    judge(
        f'the steps {", ".join(placed)} were given back the same as the step "{local}", call by call',
        promised=[],
        seen=[
            f"{step}: {difference}"
            for step in placed
            for difference in capabilities.differences_in_answers(context.world, local, step)
        ],
    )


@then('the step "{placed:Name}" was given back and left behind the same as the step "{local:Name}"')
def was_given_back_and_left_behind_the_same(context, placed, local):
    judge(
        f'the step "{placed}" was given back and left behind the same as the step "{local}"',
        promised=[],
        seen=[
            *capabilities.differences_in_answers(context.world, local, placed),
            *capabilities.differences_in_remains(context.world, local, placed),
        ],
    )
