"""What steps can do on a worker and on the orchestrator, and the answers that they get."""

from __future__ import annotations

from behave import then

from swamp_harness.scenario import capabilities, ledger, passed_values
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of
from swamp_harness.scenario.values import MESSAGE


@then('the step "{step:Name}" got these answers:')
def got_these_answers(context: StepContext, step: str) -> None:
    """Checks what the product returned to the step for each of its calls."""
    expect(
        f'the step "{step}" got these answers',
        expected=rows_of(context.table, {"asked for", "answer"}),
        actual=capabilities.answers_of(context.world, step, [row["asked for"] for row in context.table]),
    )


@then('the step "{placed:Names}" got the same answers as the step "{local:Name}"')
@then('the steps "{placed:Names}" got the same answers as the step "{local:Name}"')
def got_the_same_answers(context: StepContext, placed: list[str], local: str) -> None:
    """Checks that each of these steps got the same answer as another step, call by call."""
    for step in placed:
        expect(
            f'the step "{step}" got the same answers as the step "{local}", call by call',
            expected=[],
            actual=capabilities.differences_in_answers(context.world, local, step),
        )


@then('the step "{placed:Name}" got the same answers and left the same data as the step "{local:Name}"')
def got_and_left_the_same(context: StepContext, placed: str, local: str) -> None:
    """Checks that both steps got the same answers and left the same data and secrets."""
    expect(
        f'the step "{placed}" got the same answers and left the same data as the step "{local}"',
        expected=[],
        actual=[
            *capabilities.differences_in_answers(context.world, local, placed),
            *capabilities.differences_in_remains(context.world, local, placed),
        ],
    )


@then('the vault holds the sensitive field of the step "{step:Name}", and its data does not')
def the_vault_holds_the_sensitive_field(context: StepContext, step: str) -> None:
    """Checks that the sensitive field of the data is kept in the vault, and the others in the data."""
    expect(
        f'the vault holds the sensitive field of the step "{step}", and its data does not',
        expected={"in the vault": True, "in its data": False, "another field in its data": True},
        actual=capabilities.sensitive_field(context.world, step),
    )


@then('the step "{step:Name}" got every value back unchanged')
def got_every_value_back(context: StepContext, step: str) -> None:
    """Checks that the step read each value that it had written unchanged, in every way of reading."""
    expect(
        f'the step "{step}" got every value back unchanged, on each path',
        expected=[],
        actual=passed_values.differences_returned(context.world, step),
    )


@then('the operator reads every value of the step "{step:Name}" unchanged')
def the_operator_reads_every_value(context: StepContext, step: str) -> None:
    """Checks that the operator reads every value of the step unchanged."""
    expect(
        f'the operator reads every value of the step "{step}" unchanged',
        expected=[],
        actual=passed_values.differences_stored(context.world, step),
    )


@then('the step "{step:Name}" received every value unchanged')
def received_every_value(context: StepContext, step: str) -> None:
    """Checks that the step received every value of another step unchanged."""
    expect(
        f'the step "{step}" received every value unchanged',
        expected=[],
        actual=passed_values.differences_given(context.world, step),
    )


@then("the ledger holds these entries, and no others:")
def the_ledger_holds(context: StepContext) -> None:
    """Checks every version of the shared record: its text and the step that wrote it."""
    expect(
        "the ledger holds these entries, each in its version and of its step",
        expected=rows_of(context.table, {"version", "entry", "step"}),
        actual=ledger.entries(context.world),
    )


@then('the ledger shows "{entry:Name}" as its newest entry, in version {number:Number}')
def the_ledger_shows_the_newest(context: StepContext, entry: str, number: int) -> None:
    """Checks the newest version of the shared record, both as listed and as read."""
    expect(
        "the newest entry of the ledger is listed as the latest, and read by whoever names no version",
        expected={"listed": str(number), "read": entry},
        actual=ledger.newest(context.world),
    )


@then("the last run reports the entries that its steps wrote:")
def the_last_run_reports(context: StepContext) -> None:
    """Checks which versions the last run reports for each step, in its output and in its record."""
    expected = rows_of(context.table, {"step", "version"})
    expect(
        "the last run reports the entries that its steps wrote",
        expected={"reported": expected, "recorded": expected},
        actual=ledger.versions_by_run(context.world),
    )


@then("each step found the entries that were there before it, and then its own as well")
def each_step_found(context: StepContext) -> None:
    """Checks that each step saw the entries written before it and its own, in every way it asked."""
    expect(
        "each step found the entries that were there before it, and then its own as well, however it asked",
        expected=[],
        actual=ledger.differences_in_accounts(context.world),
    )


@then('the error of the step "{step:Name}" is shown as it was raised')
def the_error_is_shown(context: StepContext, step: str) -> None:
    """Checks that the step's error message is complete in the run's output and in its record."""
    expect(
        f'the error of the step "{step}" is shown as it was raised, in the output and in its record',
        expected={"reported": MESSAGE, "recorded": MESSAGE},
        actual=passed_values.error_of(context.world, step),
    )
