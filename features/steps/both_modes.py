"""The same command lines in text and in JSON."""

from behave import then, when

from swamp_harness.product.commands import Output
from swamp_harness.scenario import both_modes
from swamp_harness.scenario.judging import judge
from swamp_harness.scenario.tables import rows_of


@when("the operator asks the help for the worker commands")
def the_operator_asks_the_help(context):
    context.world.asked = both_modes.worker_commands(context.world)


@when("the operator {question:Question}, in text and in JSON")
def the_operator_asks(context, question):
    context.world.asked = both_modes.ask(context.world, question)


@when("the operator {mistake:Mistake}, in text and in JSON")
def the_operator_errs(context, mistake):
    context.world.asked = both_modes.make_mistake(context.world, mistake)


@then("these are the worker commands, and no others:")
def these_are_the_commands(context):
    judge(
        "these are the worker commands, and no others",
        promised=[row["command"] for row in rows_of(context.table, {"command", "judged in"})],
        seen=context.world.asked,
    )


@then("both answers tell the same {number:Number} facts")
@then("both answers tell the same {number:Number} fact")
def both_answers_tell_the_same(context, number):
    judge(
        f"the text tells people the same {number} facts that the JSON tells scripts",
        promised=str(number),
        seen=both_modes.facts_of_both(context.world.asked),
    )


@then("an operator is told the same in text and in JSON, who:")
def an_operator_is_told_the_same(context):
    promised = rows_of(context.table, {"asks", "facts"})
    judge(
        "for each question the text tells people the same facts that the JSON tells scripts, and as many",
        promised=promised,
        seen=both_modes.facts_by_question(context.world, [row["asks"] for row in promised]),
    )


@then("both fail because {reason:Failure}, with the same exit code")
def both_fail(context, reason):
    code = context.world.asked.json.exit_code
    outcome = f"fails because {reason}, nothing on standard output, no stack trace, exit code {code}"
    judge(
        f"the command fails because {reason}, in both modes, with the same exit code",
        promised={Output.TEXT.value: outcome, Output.JSON.value: outcome},
        seen=both_modes.outcomes(context.world.asked),
    )


@then('the events of the worker "{worker:Name}" were, one JSON object a line:')
def the_events_were(context, worker):
    judge(
        f'the worker "{worker}" told these events, one JSON object a line',
        promised=rows_of(context.table, {"event", "step"}),
        seen=both_modes.events_of(context.world, worker),
    )
