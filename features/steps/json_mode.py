"""The same commands in text and in JSON."""

from __future__ import annotations

from typing import Any

from behave import then, when

from swamp_harness.product.commands import SUCCEEDS, Output, fails_because
from swamp_harness.scenario import (
    json_mode,
    list_answers,
    queue_list,
    verified_workers,
    worker_events,
    worker_list,
)
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of, whole_rows_of


@when("the operator asks for help on the worker commands")
def the_operator_asks_for_help(context: StepContext) -> None:
    """Collects every command under `swamp worker` from the product's own help."""
    context.world.asked = json_mode.worker_commands(context.world)


@when("the operator {command:Question}, in text and in JSON")
@when("the operator {command:Mistake}, in text and in JSON")
@when("the operator {command:Method}, in text and in JSON")
@when("the operator {command:WorkflowCommand}, in text and in JSON")
@when("the operator verifies {command:Selection}, in text and in JSON")
def the_operator_runs(context: StepContext, command: Any) -> None:
    """Runs a command twice: once with its output in text, once in JSON."""
    context.world.asked = command(context.world)


@then("the help lists these worker commands, and no others:")
def the_help_lists(context: StepContext) -> None:
    """Checks that the help lists exactly these commands; `tested in` names the promise that covers each."""
    expect(
        "the help lists these worker commands, and no others",
        expected=[row["command"] for row in rows_of(context.table, {"command", "tested in"})],
        actual=context.world.asked,
    )


@then("text and JSON list the same {number:Number} entry")
@then("text and JSON list the same {number:Number} entries")
def text_and_json_list_the_same(context: StepContext, number: int) -> None:
    """Checks that text and JSON list the same entries, and how many there are."""
    expect(
        f"text and JSON list the same {number} entries",
        expected=str(number),
        actual=json_mode.entries_of_both(context.world.asked),
    )


@then('text and JSON list "{worker:Name}" as the only verified worker')
def text_and_json_list_only(context: StepContext, worker: str) -> None:
    """Checks that text and JSON list this worker as passed, and no other worker."""
    _judge_verified(context, [{"worker": worker, "verified": "pass"}], context.world.asked)


@then('text and JSON list "{worker:Name}" as the only worker, not verified, with exit code {code:Number}')
def text_and_json_list_as_not_verified(context: StepContext, worker: str, code: int) -> None:
    """Checks that text and JSON list this worker alone, as not verified, and both exit codes."""
    for result in context.world.asked:
        expect(
            f'the verification, in {result.output.value}, shows "{worker}", failed, and exits with {code}',
            expected={"verified": {worker: "no"}, "passed": "not all", "exit code": code},
            actual=verified_workers.failed_verification(result),
        )


@then("every list of workers shows:")
@then("every list of workers shows no worker and how many it leaves out")
@then("every list of workers, {past:PastMembers}, shows:")
def every_list_of_workers_shows(context: StepContext, *, past: bool = False) -> None:
    """Checks each worker list and its order: in text and in JSON, in both places where it is asked for."""
    rows = worker_list.rows_of_workers(context.table)
    for answer in list_answers.answers(context.world, "worker", "list", *(("--all",) if past else ())):
        expect(
            f"the worker list, {answer.how}, shows these workers and no others",
            expected=worker_list.expected_workers(context.world, rows, answer, past=past),
            actual=worker_list.listed_workers(context.world, answer),
        )


@then("every list of waiting steps shows:")
def every_list_of_waiting_steps_shows(context: StepContext) -> None:
    """Waits until as many steps are queued, then checks every form of the queue."""
    rows = whole_rows_of(context.table, ("step", "waits for"))
    queue_list.wait_until_all_queued(context.world, rows)
    for answer in list_answers.answers(context.world, "worker", "queue"):
        expect(
            f"the queue, {answer.how}, shows these steps and no others",
            expected=queue_list.expected_queue(context.world, rows, answer),
            actual=queue_list.listed_queue(context.world, answer),
        )


@then("every verification of the workers shows:")
def every_verification_shows(context: StepContext) -> None:
    """Checks the verification of all workers, in text and in JSON."""
    rows = rows_of(context.table, {"worker", "verified"})
    _judge_verified(context, rows, verified_workers.verifications(context.world))


def _judge_verified(context: StepContext, rows: Any, answers: Any) -> None:
    for answer in answers:
        expect(
            f"the verification, {answer.how}, shows these workers and no others",
            expected=verified_workers.expected_verified(context.world, rows),
            actual=verified_workers.listed_verified(answer),
        )


@then("both commands fail because {reason:Failure}, with the same exit code")
def both_commands_fail(context: StepContext, reason: str) -> None:
    """Checks that both commands fail for this reason, with the same exit code and no stack trace."""
    code = context.world.asked.json.exit_code
    outcome = fails_because(reason, code)
    expect(
        f"both commands fail because {reason}, with the same exit code",
        expected={Output.TEXT.value: outcome, Output.JSON.value: outcome},
        actual=json_mode.outcomes(context.world.asked),
    )


@then('the command in text shows the help with the commands "{commands:Names}"')
def the_command_shows_the_help(context: StepContext, commands: list[str]) -> None:
    """Checks that the command in text succeeds, and which commands its help lists."""
    expect(
        "the command in text succeeds and shows the help with these commands",
        expected={"command": SUCCEEDS, "commands": sorted(commands)},
        actual=json_mode.help_shown(context.world.asked.text),
    )


@then("the command in JSON fails because {reason:Failure}, with exit code {code:Number}")
def the_command_in_json_fails(context: StepContext, reason: str, code: int) -> None:
    """Checks that the command in JSON prints its error object, and nothing else, to standard error."""
    expect(
        f"the command in JSON fails because {reason}, with exit code {code}",
        expected=fails_because(reason, code),
        actual=context.world.asked.json.outcome_and_code,
    )


@then('the worker "{worker:Name}" reported these events, one on each line:')
def the_worker_reported_these_events(context: StepContext, worker: str) -> None:
    """Checks the events that the worker printed, in order, one on each line."""
    expect(
        f'the worker "{worker}" reported these events, one on each line',
        expected=worker_events.expected_events(context.table),
        actual=worker_events.events_of(context.world, worker),
    )
