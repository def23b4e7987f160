"""The queue of waiting steps: the rows that a scenario expects, and those of an answer."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from swamp_harness.product.run_records import QueuedStep, queue_from_json, queue_from_table
from swamp_harness.scenario.list_answers import Answer
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.limits import STEP_QUEUED
from swamp_harness.system.waiting import WaitTimeout, wait_until

_WHEN_QUEUED = "when the workflow ran"
_AS_LONG = "as long as that"
# A text shows whole seconds.
_SHORTEST_AGE = 1


def wait_until_all_queued(world: World, rows: Sequence[Row]) -> None:
    """Wait until as many steps wait as the feature has rows, each long enough to have an age in seconds.

    If the limit for that has passed, the list is compared all the same.
    """
    with contextlib.suppress(WaitTimeout):
        wait_until(
            f"{len(rows)} steps to wait in the queue for at least {_SHORTEST_AGE} s",
            world.orchestrator.api.queue,
            lambda queued: sum(each.age[0] >= _SHORTEST_AGE for each in queued) >= len(rows),
            STEP_QUEUED,
        )


def expected_queue(world: World, rows: Sequence[Row], answer: Answer) -> list[Row]:
    """The rows of the feature with what the scenario knows besides."""
    steps = {step.name: step for step in world.workflow.steps}
    return [
        {
            **row,
            "model": steps[row["step"]].task.model_type,
            "queued": _WHEN_QUEUED,
            "age": _AS_LONG,
            **(
                {"work": f"{world.workflow.name}, main, {steps[row['step']].task.method}"}
                if answer.in_json
                else {}
            ),
        }
        for row in rows
    ]


def listed_queue(world: World, answer: Answer) -> list[Row]:
    """The waiting steps of an answer."""
    queued = (
        queue_from_json(answer.result.answer("worker-queue"))
        if answer.in_json
        else queue_from_table(answer.result.stdout)
    )
    return [_queue_row(world, each, answer) for each in sorted(queued, key=lambda each: each.step)]


def _queue_row(world: World, queued: QueuedStep, answer: Answer) -> Row:
    last = max(each.enrolled_at for each in world.memberships.values() if each.enrolled_at is not None)
    least = (answer.result.started - queued.queued_at).total_seconds() - 0.001
    most = (answer.result.ended - queued.queued_at).total_seconds() + 0.001
    row = {
        "step": queued.step,
        "waits for": queued.waits_for,
        "model": queued.model,
        "queued": _WHEN_QUEUED if last <= queued.queued_at <= answer.result.ended else str(queued.queued_at),
        "age": _AS_LONG if least <= queued.age[1] and queued.age[0] <= most else f"{queued.age} s",
    }
    return {**row, "work": ", ".join(queued.work)} if answer.in_json else row
