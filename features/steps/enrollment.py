"""The orchestrator, the workers that enroll with it, and the pool they form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from behave import given, then, when

from swamp_harness.product.commands import Output
from swamp_harness.product.wordings import EXPIRED, TRIES_AGAIN
from swamp_harness.product.worker import Ending
from swamp_harness.scenario import enrollment, network
from swamp_harness.scenario.expectation import expect
from swamp_harness.scenario.lateness import IN_TIME
from swamp_harness.scenario.listings import IN_JSON
from swamp_harness.scenario.orchestrator_details import ORCHESTRATOR_AS_USUAL, serve
from swamp_harness.scenario.step_context import StepContext
from swamp_harness.scenario.tables import rows_of_pool, shown_pool
from swamp_harness.scenario.worker_details import WORKER_AS_USUAL, connect, enroll
from swamp_harness.scenario.world import World


@given("an orchestrator")
@given("an orchestrator {details:OrchestratorDetails}")
def an_orchestrator(context: StepContext, details: Any = ORCHESTRATOR_AS_USUAL) -> None:
    """Starts an orchestrator and waits until it is ready; creates a repository if there is none yet."""
    serve(context.world, details)


@given("the workers' output is in {output:Output}")
def the_workers_output_is_in(context: StepContext, output: Output) -> None:
    """Sets the output format of all workers that start from now on."""
    context.world.worker_output = output


@given('the enrolled worker "{worker:Name}"')
@given('the enrolled worker "{worker:Name}" {details:WorkerDetails}')
def the_enrolled_worker(context: StepContext, worker: str, details: Any = WORKER_AS_USUAL) -> None:
    """Starts a worker, with a token and a machine of its own, and waits until it is enrolled."""
    enroll(context.world, worker, details)


@when('the worker "{worker:Name}" starts')
@when('the worker "{worker:Name}" starts {details:ConnectingDetails}')
def the_worker_starts(context: StepContext, worker: str, details: Any = WORKER_AS_USUAL) -> None:
    """Starts a new worker, with the token of its own name unless the details differ; does not wait."""
    connect(context.world, worker, details)


@when('the worker "{worker:Name}" starts and is enrolled')
def the_worker_starts_and_is_enrolled(context: StepContext, worker: str) -> None:
    """Starts a new worker with the token of its own name and waits until it is enrolled."""
    connect(context.world, worker, WORKER_AS_USUAL)
    context.world.workers[worker].wait_until_enrolled()


@when('the orchestrator has answered "{workers:Names}"')
def the_orchestrator_has_answered(context: StepContext, workers: list[str]) -> None:
    """Waits until each worker is enrolled or its process has exited; later steps check which."""
    for worker in workers:
        enrollment.settle(context.world, worker)


@when('the machine id of "{worker:Name}" is saved with a byte order mark and foreign line endings')
def the_machine_id_is_saved(context: StepContext, worker: str) -> None:
    """Saves the machine id as an editor does, with the line endings of Windows or, on Windows, of Linux."""
    context.world.workers.machine_of(worker).save_machine_id_by_an_editor()


@when('the workers "{first:Name}" and "{second:Name}" present the token "{token:Name}" at the same moment')
@when(
    'the workers "{first:Name}" and "{second:Name}" present the token "{token:Name}" at the same moment, '
    'from the machine of "{other:Name}"'
)
def the_workers_race(context: StepContext, first: str, second: str, token: str, other: str = "") -> None:
    """Starts two workers whose enrollment requests arrive together, on separate machines unless named."""
    enrollment.race(context.world, [first, second], token, machine_of=other)


@when('the worker "{workers:Names}" is enrolled')
@then('the worker "{workers:Names}" is enrolled')
@then('the workers "{workers:Names}" are enrolled')
def the_workers_are_enrolled(context: StepContext, workers: list[str]) -> None:
    """Waits until each worker reports that it is enrolled, since its last start."""
    for worker in workers:
        context.world.workers[worker].wait_until_enrolled()
        context.world.workers.remember_first_enrollment(worker)


@then(
    'exactly one of "{first:Name}" and "{second:Name}" is enrolled, called "{winner:Name}" from here on, '
    'and the other "{loser:Name}"'
)
def one_is_enrolled(context: StepContext, first: str, second: str, winner: str, loser: str) -> None:
    """Waits until one worker is enrolled and the other has exited; later steps use the two new names."""
    context.world.workers.call_the_winner([first, second], winner, loser)


@then('the worker "{worker:Name}" is connected')
def the_worker_is_connected(context: StepContext, worker: str) -> None:
    """Checks that the worker's process runs and that the pool shows the worker as connected."""
    expect(
        f'the worker "{worker}" is connected',
        expected=True,
        actual=enrollment.is_connected(context.world, worker),
    )


@then('the worker "{worker:Name}" is rejected because {reason:Rejection}')
def the_worker_is_rejected_because(context: StepContext, worker: str, reason: str) -> None:
    """Waits until the worker exits, then checks that it failed for this reason, and at once if it must."""
    _expect_rejection(context.world, worker, reason)


@then('the workers "{workers:Names}" are rejected because their token has expired')
def the_workers_are_rejected_as_expired(context: StepContext, workers: list[str]) -> None:
    """Waits until each worker exits, then checks that it failed because its token has expired."""
    for worker in workers:
        _expect_rejection(context.world, worker, EXPIRED)


def _expect_rejection(world: World, worker: str, reason: str) -> None:
    ending = world.workers[worker].wait_until_ended()
    gave_up = TRIES_AGAIN.get(reason, ending.gave_up)
    expect(
        f'the worker "{worker}" ends by itself, failing, because {reason}',
        expected=Ending(failing=True, reasons=(reason,), enrolled=False, gave_up=gave_up),
        actual=ending,
    )


@then(
    'the worker "{worker:Name}" was rejected at most {seconds:Number} seconds '
    "after its first attempt to connect"
)
def the_worker_was_rejected_in_time(context: StepContext, worker: str, seconds: int) -> None:
    """Checks that the rejected worker reported within this many seconds that it stops."""
    expect(
        f'the worker "{worker}" was rejected at most {seconds} s after its first attempt to connect',
        expected=IN_TIME,
        actual=enrollment.lateness_of_rejection(context.world, worker, timedelta(seconds=seconds)),
    )


@then(
    'the worker "{worker:Name}" reports that it has {shift:VersionShift} protocol version '
    "than its orchestrator"
)
def the_worker_reports_the_versions(context: StepContext, worker: str, shift: int) -> None:
    """Checks both protocol versions that the rejected worker reports: its own and the orchestrator's."""
    expect(
        f'the protocol version that the worker "{worker}" reports for itself, minus the orchestrator\'s',
        expected=shift,
        actual=context.world.workers[worker].protocol_difference,
    )


@then('the worker "{worker:Name}" reports that the pool member of "{other:Name}" is already connected')
def the_worker_reports_who_is_connected(context: StepContext, worker: str, other: str) -> None:
    """Checks the name of the connected pool member that the rejected worker reports."""
    expect(
        f'the pool member that the worker "{worker}" reports as already connected',
        expected=context.world.member_of(other),
        actual=context.world.workers[worker].member_already_connected,
    )


@then('the rejection of the worker "{worker:Name}" has the code "{code:Name}"')
def the_rejection_has_the_code(context: StepContext, worker: str, code: str) -> None:
    """Checks the code of the orchestrator's answer to each of the worker's attempts to enroll."""
    expect(
        f'the code with which the orchestrator rejected the worker "{worker}"',
        expected=[code],
        actual=context.world.workers.refusals_of(worker),
    )


@then('the worker "{worker:Name}" tried to connect {number:Number} time')
@then('the worker "{worker:Name}" tried to connect {number:Number} times')
def the_worker_tried_to_connect(context: StepContext, worker: str, number: int) -> None:
    """Checks how many times the worker tried to connect, and that it paused ever longer before each retry."""
    expect(
        f'the worker "{worker}" tried to connect {number} times, counted, with a pause before each retry',
        expected=enrollment.attempts_in_a_row(number),
        actual=enrollment.attempts(context.world, worker),
    )


@then('the worker "{worker:Name}" has stayed connected since "{other:Name}" started')
def the_worker_has_stayed_connected_since(context: StepContext, worker: str, other: str) -> None:
    """Checks that the worker kept its process, connection and enrollment after another worker started."""
    expect(
        f'the worker "{worker}" has stayed connected since "{other}" started',
        expected=network.UNDISTURBED,
        actual=network.standing_of(context.world, worker, since=context.world.workers[other].started),
    )


@then("the pool shows:")
@then("the pool shows, in {outputs:Outputs}:")
@then("the pool shows, {past:PastMembers}:")
def the_pool_shows(context: StepContext, outputs: Sequence[Output] = IN_JSON, *, past: bool = False) -> None:
    """Checks the pool's members, in JSON unless the step names both outputs, and that there are no others."""
    members = enrollment.pool_rows(context.world, rows_of_pool(context.table))
    live = enrollment.LivePool.of(members)
    for output in outputs:
        expect(
            f"the pool, in {output.value}, shows these members and no others",
            expected=members,
            actual=shown_pool(
                enrollment.pool_when(context.world, live, output, past=past),
                context.world.live_pool(),
                context.table.headings,
            ),
        )


@then('the workers "{workers:Names}" have a slot for each processor')
def the_workers_have_a_slot_for_each_processor(context: StepContext, workers: list[str]) -> None:
    """Checks the slots: no fewer than the processors that this run may use, no more than this machine has."""
    for worker in workers:
        expect(
            f'"{worker}" has a slot for each processor',
            expected=enrollment.FOR_EACH_PROCESSOR,
            actual=enrollment.slots_beside_processors(context.world, worker),
        )


@then('the token "{token:Name}" is still bound to the machine of "{worker:Name}" only')
def the_token_is_still_bound(context: StepContext, token: str, worker: str) -> None:
    """Checks that the token is bound to the worker's machine only, since its first enrollment."""
    expect(
        f'the token "{token}" is still bound to the machine of "{worker}" only',
        expected=enrollment.first_binding_of(context.world, worker),
        actual=enrollment.binding_of(context.world, token, worker),
    )


@then('the machine id of "{workers:Names}" is kept in its cache directory')
@then('the machine ids of "{workers:Names}" are kept in their cache directories')
def the_machine_ids_are_kept(context: StepContext, workers: list[str]) -> None:
    """Checks that the cache directory of each worker stores the machine id with which it enrolled."""
    for worker in workers:
        expect(
            f'the machine id under which "{worker}" enrolled is kept in its cache directory',
            expected=enrollment.machine_id_of(context.world, worker),
            actual=context.world.workers[worker].machine.kept_machine_id,
        )
