"""Steps of a workflow that an operator approves or rejects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from behave import then, when

from swamp_harness.product.commands import Output
from swamp_harness.scenario import approvals
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.kinds import NO_DETAILS
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of


@when("the run waits for approval")
@when("the command that follows the run ends")
def the_run_waits_for_approval(context: StepContext) -> None:
    """Waits until the command that follows the run has ended."""
    approvals.wait_for_suspension(context.world)


@when('the step "{step:Name}" waits for approval')
def the_step_waits_for_approval(context: StepContext, step: str) -> None:
    """Waits until the run is suspended; other steps may still run."""
    approvals.wait_until_reached(context.world, step)


@when('the time for the approval of the step "{step:Name}" passes')
def the_time_for_the_approval_passes(context: StepContext, step: str) -> None:
    """Waits until the time limit for the approval of a step is over."""
    approvals.wait_until_too_late(context.world, step)


@when('the operator approves the step "{step:Name}"')
@when('the operator approves the step "{step:Name}" {details:DecisionDetails}')
def the_operator_approves(context: StepContext, step: str, details: Any = NO_DETAILS) -> None:
    """Approves the step, in the repository unless the details differ; the command may fail."""
    approvals.decide(context.world, step, approves=True, **details)


@when('the operator rejects the step "{step:Name}" {details:DecisionDetails}')
def the_operator_rejects(context: StepContext, step: str, details: Any) -> None:
    """Rejects the step, in the repository unless the details differ; the command may fail."""
    approvals.decide(context.world, step, approves=False, **details)


@then('the command that followed the run asks to approve the step "{step:Name}"')
def the_command_asks_to_approve(context: StepContext, step: str) -> None:
    """Checks that the output of the run names the step and the question of its workflow."""
    expect(
        f'the command that followed the run asks to approve the step "{step}"',
        expected=approvals.asked_about(step),
        actual=approvals.asked(context.world),
    )


@then("the list of approvals shows, in each place, in text and in JSON:")
def the_list_of_approvals_shows(context: StepContext) -> None:
    """Checks the steps that wait for approval, with their questions, by all four ways to list them."""
    rows = rows_of(context.table, {"workflow", "step", "run"})
    for answer in approvals.waiting(context.world):
        expect(
            f"the list of approvals {answer.how}",
            expected=approvals.expected_waiting(context.world, rows, answer),
            actual=approvals.listed_waiting(context.world, context.table.headings, answer),
        )


@then("no step waits for approval")
def no_step_waits(context: StepContext) -> None:
    """Checks that the list of approvals is empty, by all four ways to list them."""
    for answer in approvals.waiting(context.world):
        expect(
            f"no step waits for approval, by the list {answer.how}",
            expected=[],
            actual=approvals.listed_waiting(context.world, ["workflow", "step"], answer),
        )


@then(
    'the step "{step:Name}" is recorded as {approved:Decision} by "{person:Name}", '
    'with the note "{note:Name}"'
)
def the_decision_is_recorded(context: StepContext, step: str, approved: bool, person: str, note: str) -> None:
    """Checks who decided and with what note, in the answer to the command and in the record of the run."""
    expect(
        f'the decision about the step "{step}", in the answer to the command and in the record of the run',
        expected=approvals.decided(step, person, note, approved=approved),
        actual=approvals.decision(context.world, person, note),
    )


@then('the history of the run shows the note "{note:Name}", in {outputs:Outputs}')
def the_history_shows_the_note(context: StepContext, note: str, outputs: Sequence[Output]) -> None:
    """Checks that the history of the last run shows the note as the reason why a step failed."""
    expect(
        "the history of the run shows the note",
        expected={output.value: True for output in outputs},
        actual={output.value: approvals.note_in_history(context.world, note, output) for output in outputs},
    )
