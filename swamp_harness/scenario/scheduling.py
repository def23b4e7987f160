"""Scheduling: where steps run, which wait, how many run at a time, how items are expanded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from swamp_harness.product.commands import CommandResult, Output
from swamp_harness.product.run_records import LeaseRecord, QueuedStep, waits_reported_in
from swamp_harness.product.wordings import AWAY, LEASE_REASONS, reasons_given
from swamp_harness.product.workflow import Placement
from swamp_harness.scenario.placement import names_of_items
from swamp_harness.scenario.probe import RESULT
from swamp_harness.scenario.probe_log import Entry
from swamp_harness.scenario.runs import cause_of_standstill, settle_leases
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.limits import OUTPUT_SEEN, QUEUE_LIMIT_OVER, STEP_QUEUED
from swamp_harness.system.waiting import WaitTimeout, wait_until

NO_LIMIT = "no limit"
# The product reads the clock for the beginning of a wait and for its end.
_CLOCK_TOLERANCE = timedelta(seconds=0.1)


def dispatches(world: World, headings: Sequence[str]) -> list[Row]:
    """The leases that the operator sees, by step and time, once none is active.

    Args:
        world: the scenario's.
        headings: some of step, worker, started on (where the step itself logged its start), lease (how it
            ended), because (why it did not complete), wrote (whether the lease says so).
    """
    settle_leases(world)
    ordered = sorted(_leases(world), key=lambda lease: (lease.step, lease.created_at))
    begun = {step: iter(world.probe_log.starts(step)) for step in {lease.step for lease in ordered}}
    rows = [
        {
            "step": lease.step,
            "worker": lease.worker,
            "started on": _where_it_began(next(begun[lease.step], None), lease.worker),
            "lease": lease.end,
            "because": " and ".join(reasons_given(lease.error, LEASE_REASONS)) or lease.error,
            "wrote": "yes" if lease.has_writes else "no",
        }
        for lease in ordered
    ]
    return [{heading: row[heading] for heading in headings} for row in rows]


def _leases(world: World) -> list[LeaseRecord]:
    """The leases that the operator sees, with workers as the scenario calls them."""
    return [replace(lease, worker=world.called(lease.worker)) for lease in world.records.leases()]


def _where_it_began(start: Entry | None, worker: str) -> str:
    if start is None:
        return "no worker"
    return (
        "the worker of its lease"
        if start.worker == worker
        else f"{start.worker}, but its lease says {worker}"
    )


def warnings_about(world: World, worker: str) -> list[str]:
    """How the warnings about absent workers in the output of the last run name a worker, sorted."""
    names = {world.member_of(worker): "its name", world.present_instance(worker): "its instance"}
    targets = [match["target"] for match in AWAY.finditer(world.runs.last.printed("stdout"))]
    return sorted(names.get(target, target) for target in targets)


def waits_reported(world: World, least: int) -> list[Row]:
    """For what steps of the last run wait or waited, by the output that follows it, sorted.

    Args:
        world: the scenario's.
        least: how many reports to wait for, within the limit for output.
    """

    def reported() -> list[str]:
        return waits_reported_in(world.runs.last.printed("stdout"))

    with contextlib.suppress(WaitTimeout):
        wait_until(
            "the output of the run to report the steps that wait",
            reported,
            lambda seen: len(seen) >= least,
            OUTPUT_SEEN,
        )
    return [{"waits for": requirement} for requirement in sorted(reported())]


def place_anew(world: World, step: str, labels: Mapping[str, str]) -> None:
    """Change the file of the scenario's workflow, so that a step runs on workers with other labels."""
    steps = [
        replace(each, placement=Placement(labels=labels)) if each.name == step else each
        for each in world.workflow.steps
    ]
    world.workflow = replace(world.workflow, steps=steps)
    text = world.workflow.write_to(world.repository)
    world.evidence.write("The workflow, changed", "workflow-changed.yaml", text)


def evaluated_places(result: CommandResult) -> list[Row]:
    """Where each step of an evaluated workflow runs, in the words of a feature's table, sorted by step.

    Raises:
        PromiseBroken: the answer is not JSON, or breaks its contract.
    """
    jobs = result.answer("workflow-evaluate")["jobs"]
    steps = sorted((step for job in jobs for step in job["steps"]), key=lambda step: step["name"])
    return [{"step": step["name"], "runs on": _place_of(step)} for step in steps]


def _place_of(step: Mapping[str, Any]) -> str:
    target = [f'worker "{step["target"]}"'] if "target" in step else []
    labels = [f"{name}={value}" for name, value in sorted(step.get("labels", {}).items())]
    return ", ".join([*target, *labels])


def queue_holding(world: World, steps: Iterable[str], output: Output) -> list[Row]:
    """The queue that the operator sees when these steps wait, or after the limit for that."""
    awaited = set(steps)
    with contextlib.suppress(WaitTimeout):
        wait_until(
            f"these steps to wait in the queue: {', '.join(sorted(awaited))}",
            world.orchestrator.api.queued_steps,
            lambda queued: awaited <= set(queued),
            STEP_QUEUED,
        )
    return queue(world, output)


def queue(world: World, output: Output) -> list[Row]:
    """The queue that the operator sees."""
    return [_row(queued) for queued in sorted(world.records.queue(output), key=lambda each: each.step)]


def most_at_once(world: World, worker: str) -> dict[str, int]:
    """The highest number of steps that a worker ran at a time, by the probe log and by the leases."""
    leases = [lease for lease in _leases(world) if lease.worker == worker]
    # If one lease ends at the moment at which another begins, they do not overlap.
    moments = sorted(
        [(lease.created_at, 1) for lease in leases]
        + [(lease.ended_at, -1) for lease in leases if lease.ended_at is not None]
    )
    held = most = 0
    for _, change in moments:
        held += change
        most = max(most, held)
    return {"by the probe log": world.probe_log.most_at_once(worker=worker), "by the leases": most}


def items_worked(world: World, step: str) -> dict[str, int]:
    """How often each item of an expanded step ran, by the probe log."""
    begun = [entry.step for entry in world.probe_log.starts()]
    names = item_names(world, step)
    return {name: begun.count(name) for name in sorted({*names, *begun})}


def items_of(world: World, step: str) -> list[str]:
    """The names of the steps into which a step is expanded, sorted."""
    return sorted(item_names(world, step))


def items_at_once(world: World, step: str) -> int:
    """The highest number of items of an expanded step that ran at a time, by the probe log."""
    return world.probe_log.most_at_once(steps=item_names(world, step))


def versions_of_record(world: World, model: str, most: int) -> dict[str, list[str]]:
    """The versions of the result that several steps wrote into one model instance, and their writers.

    Args:
        world: the scenario's.
        model: the name of the model instance.
        most: the expected number of versions; the search includes one more.
    """
    answers = [world.records.get_datum(model, RESULT, version) for version in range(1, most + 2)]
    newest = world.records.get_datum(model, RESULT)
    data = [answer.answer("data-get") for answer in answers if answer.succeeded]
    return {
        "versions": [str(datum["version"]) for datum in data],
        "written by": sorted(datum["content"]["step"] for datum in data),
        "newest": [str(newest.answer("data-get")["version"]) if newest.succeeded else str(newest.outcome)],
    }


def versions_of_results(world: World) -> dict[str, int]:
    """The version of each step's result."""
    return {record.step: record.version for record in world.records.results()}


def results_in_version(world: World, steps: Iterable[str], version: int) -> dict[str, str]:
    """What the operator reads in one version of each step's result."""
    return {step: _result_in_version(world, step, version) for step in steps}


def workers_that_took_part(world: World) -> list[str]:
    """The workers that ran at least one step, both by the probe log and by the leases."""
    by_log = {entry.worker for entry in world.probe_log.starts()}
    by_leases = {lease.worker for lease in _leases(world)}
    return sorted(by_log & by_leases)


def _result_in_version(world: World, step: str, version: int) -> str:
    result = world.records.get_datum(step, RESULT, version)
    if not result.succeeded:
        return str(result.outcome)
    datum = result.answer("data-get")
    # A step writes its process id into its result, as into the probe log.
    starts = [entry.pid for entry in world.probe_log.starts(step)]
    content = datum.get("content")
    writer = content.get("pid") if isinstance(content, dict) else None
    start = f"start {starts.index(writer) + 1}" if writer in starts else "none of its starts"
    return f"{datum['name']} of {datum['modelName']}, version {datum['version']}, written by {start}"


def item_names(world: World, step: str) -> list[str]:
    """The names of a step's items."""
    return [name for each in world.workflow.steps if each.name == step for name in names_of_items(each)]


def _row(queued: QueuedStep) -> Row:
    return {"step": queued.step, "waits for": queued.waits_for}


def wait_until_queued(world: World, step: str) -> None:
    """Wait until a step waits for a worker.

    Raises:
        WaitTimeout: it does not wait, or the run is over.
    """
    wait_until(
        f'the step "{step}" to wait in the queue',
        world.orchestrator.api.queued_steps,
        lambda queued: step in queued,
        STEP_QUEUED,
        give_up_if=lambda: cause_of_standstill(world),
    )


def wait_until_queue_limit_is_over(world: World, step: str) -> None:
    """Wait until a step that no worker fits has left the queue.

    Raises:
        WaitTimeout: it still waits.
    """
    wait_until(
        f'the step "{step}" to leave the queue',
        world.orchestrator.api.queued_steps,
        lambda queued: step not in queued,
        QUEUE_LIMIT_OVER,
    )


def workers_of(world: World, steps: Iterable[str]) -> dict[str, int]:
    """On how many workers some steps started, and how often each step did, by the probe log."""
    entries = {step: world.probe_log.starts(step) for step in steps}
    workers = {entry.worker for started in entries.values() for entry in started}
    return {"workers": len(workers), **{step: len(started) for step, started in entries.items()}}


def limits_of_waits(world: World, expected: Mapping[str, str]) -> list[Row]:
    """How long steps waited for a worker, each as the longest limit of the scenario that had passed.

    Args:
        world: the scenario's.
        expected: by step the seconds that it may wait, or NO_LIMIT.
    """
    limited = [step for step, limit in expected.items() if limit != NO_LIMIT]

    def over() -> dict[str, timedelta | None]:
        return {wait.step: wait.lasted for wait in world.orchestrator.api.waits()}

    with contextlib.suppress(WaitTimeout):
        wait_until(
            f"the queue limits of the steps {', '.join(limited)} to pass",
            over,
            lambda lasted: all(lasted.get(step) is not None for step in limited),
            QUEUE_LIMIT_OVER,
        )
    limits = sorted({float(limit) for limit in expected.values() if limit != NO_LIMIT})
    return [{"step": step, "seconds": _limit_of(over().get(step), limits)} for step in expected]


def _limit_of(lasted: timedelta | None, limits: Sequence[float]) -> str:
    if lasted is None:
        return NO_LIMIT
    passed = [limit for limit in limits if timedelta(seconds=limit) <= lasted + _CLOCK_TOLERANCE]
    return f"{passed[-1]:g}" if passed else f"{lasted.total_seconds():.1f}"
