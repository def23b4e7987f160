"""What can be seen of the workflow runs of a World, as plain values that a step compares with a promise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from swamp_harness.machinery.faults import InfrastructureFault
from swamp_harness.machinery.limits import (
    LEASES_SETTLED,
    POOL_CHANGED,
    RUN_ENDED,
    STEP_PROCESSES_GONE,
    STEP_QUEUED,
)
from swamp_harness.machinery.waiting import AwaitedInVain, wait_until
from swamp_harness.product.commands import Output
from swamp_harness.product.remains import data_of_model
from swamp_harness.product.run import MethodOutcome, RunOutcome
from swamp_harness.product.run_records import ACTIVE, LeaseRecord, QueuedStep
from swamp_harness.product.wordings import LEASE_REASONS, reasons_given
from swamp_harness.product.workflow import Workflow
from swamp_harness.scenario.journal import Note
from swamp_harness.scenario.observations import beyond_grace_window
from swamp_harness.scenario.placement import ON_THE_ORCHESTRATOR, names_of_items, step_for
from swamp_harness.scenario.probe import INPUT_VALUE, RESULT, reading_of
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World

_GIVEN = "the input"


@dataclass(frozen=True)
class Membership:
    """What makes a worker the same pool member over a loss of its connection.

    Attributes:
        instance: the instance uuid.
        enrolled_at: when it enrolled, as the worker list tells it.
        connected: whether it is connected.
    """

    instance: str
    enrolled_at: str
    connected: bool

    def __str__(self) -> str:
        """As a list of facts."""
        connected = "connected" if self.connected else "not connected"
        return f"instance {self.instance}, enrolled at {self.enrolled_at}, {connected}"


@dataclass(frozen=True)
class Lateness:
    """Whether something ended soon enough.

    Attributes:
        ended: whether it has ended at all.
        seconds: how long after the moment that counts, if that was too late; 0 if it was in time.
    """

    ended: bool = True
    seconds: float = 0.0

    @classmethod
    def of(cls, late: timedelta | None, allowed: timedelta) -> Lateness:
        """What it means that something ended so long after the moment that counts; None if it has not."""
        if late is None:
            return cls(ended=False)
        return IN_TIME if late <= allowed else cls(seconds=round(late.total_seconds(), 1))

    def __str__(self) -> str:
        """In words."""
        if not self.ended:
            return "not ended"
        return f"{self.seconds:.1f} s after that" if self.seconds else "in time"


IN_TIME = Lateness()


def outcome_of_run(world: World) -> RunOutcome:
    """How the run that was started last has ended, by what its follower was told and by the run history.

    Raises:
        AwaitedInVain: it does not end.
    """
    lost = any(not member.connected for member in world.live_pool())
    run = world.runs.last
    ending = run.wait_for_end(
        beyond_grace_window(world, RUN_ENDED) if lost else RUN_ENDED,
        hopeless=lambda: None if world.orchestrator.alive else "the orchestrator has ended",
    )
    return RunOutcome.of(ending, world.operator.run_record(run.run_id))


def outcome_of_method(world: World) -> MethodOutcome:
    """How the method that was started last has ended, for the one who follows it.

    Raises:
        AwaitedInVain: it does not end.
    """
    return world.runs.last_method.outcome(RUN_ENDED)


def told_of_cancellation(world: World) -> dict[str, Any]:
    """How the command that cancels ended, and which run it says it cancels."""
    result = world.operator.last
    named = world.operator.run_told_as_cancelled() if result.succeeded else ""
    this = named == world.runs.last.run_id
    return {"command": result.outcome, "cancels": "this run" if this else named or "no run"}


def left_when_told_as_cancelled(world: World) -> list[str]:
    """What was still at work when the command said that the run is cancelled, or that it did not say so."""
    if not world.operator.run_told_as_over():
        return [
            f"the command does not say so: {world.operator.last.stdout}{world.operator.last.stderr}".strip()
        ]
    return world.left_at_cancellation


def end_after_answer(world: World, step: str, allowed: timedelta) -> Lateness:
    """Whether the lease of a step ended soon enough after the operator's last command had answered."""
    answered = world.operator.last.ended
    return Lateness.of(_latest_end(world, lambda lease: lease.step == step, answered), allowed)


def end_after_deadline(world: World, step: str, worker: str, allowed: timedelta) -> Lateness:
    """Whether the lease of a step on a worker ended soon enough after the lifetime of the worker's token."""
    deadline = world.operator.lifetimes[worker][1]
    late = _latest_end(world, lambda lease: (lease.step, lease.worker) == (step, worker), deadline)
    return Lateness.of(late, allowed)


def _latest_end(world: World, chosen: Callable[[LeaseRecord], bool], moment: datetime) -> timedelta | None:
    """How long after a moment the last of some leases ended; None if one is active, or there is none."""
    _settle(world)
    ends = [lease.ended_at for lease in world.leases() if chosen(lease)]
    if not ends or None in ends:
        return None
    return max(end for end in ends if end is not None) - moment


def starts_and_ends(world: World, step: str) -> dict[str, int | str]:
    """How often a step began and came to its own end, and whether it was asked to stop, as it notes."""
    return {
        "began": len(world.journal.starts(step)),
        "asked to stop": world.journal.remark("asked-to-stop", step) or "no",
        "came to its own end": len(world.journal.ends(step)),
    }


def steps_begun(world: World) -> list[Row]:
    """Which steps have begun where, by their own account: in the order of names, a step's in their order."""
    return [
        {"step": note.step, "worker": note.worker or ON_THE_ORCHESTRATOR}
        for note in sorted(world.journal.starts(), key=lambda note: note.step)
    ]


def dispatches(world: World, headings: Sequence[str]) -> list[Row]:
    """The leases, by the operator's account, in the same order, once none is active any more.

    Args:
        world: the scenario's.
        headings: which of step, worker, began on (where the step itself says that it began), lease (how it
            ended), because (why it did not complete), wrote (whether the lease says so) are wanted.
    """
    _settle(world)
    ordered = sorted(world.operator.leases(), key=lambda lease: (lease.step, lease.created_at))
    begun = {step: iter(world.journal.starts(step)) for step in {lease.step for lease in ordered}}
    rows = [
        {
            "step": lease.step,
            "worker": lease.worker,
            "began on": _where_it_began(next(begun[lease.step], None), lease.worker),
            "lease": lease.end,
            "because": " and ".join(reasons_given(lease.error, LEASE_REASONS)) or lease.error,
            "wrote": "yes" if lease.has_writes else "no",
        }
        for lease in ordered
    ]
    return [{heading: row[heading] for heading in headings} for row in rows]


def _where_it_began(start: Note | None, worker: str) -> str:
    if start is None:
        return "no worker"
    return (
        "the worker of its lease"
        if start.worker == worker
        else f"{start.worker}, but its lease says {worker}"
    )


def results(world: World, headings: Sequence[str]) -> list[Row]:
    """All data that the steps have persisted, in the order of names.

    Args:
        world: the scenario's.
        headings: which of step, data, version, written on (by the data's own account), word (that the step
            was given to write) are wanted.
    """
    rows = [
        {
            "step": record.step,
            "data": record.name,
            "version": str(record.version),
            "written on": record.worker or ON_THE_ORCHESTRATOR,
            "word": _GIVEN if record.word == INPUT_VALUE else record.word,
        }
        for record in sorted(world.operator.results(), key=lambda each: (each.step, each.name))
    ]
    return [{heading: row[heading] for heading in headings} for row in rows]


def queue_holding(world: World, steps: Iterable[str], output: Output) -> list[Row]:
    """The queue of steps, as the operator sees it once these steps wait, or the time for that has passed."""
    awaited = set(steps)
    with contextlib.suppress(AwaitedInVain):
        wait_until(
            f"these steps to wait in the queue: {', '.join(sorted(awaited))}",
            world.orchestrator.api.queued_steps,
            lambda queued: awaited <= set(queued),
            STEP_QUEUED,
        )
    return queue(world, output)


def queue(world: World, output: Output) -> list[Row]:
    """The queue of steps, as the operator sees it."""
    return [_row(queued) for queued in sorted(world.operator.queue(output), key=lambda each: each.step)]


def most_at_once(world: World, worker: str) -> dict[str, int]:
    """How many steps a worker ran at one time at the most, by the steps' own account and by the leases."""
    leases = [lease for lease in world.operator.leases() if lease.worker == worker]
    # Of two leases that touch, the first ended before the second began.
    moments = sorted(
        [(lease.created_at, 1) for lease in leases]
        + [(lease.ended_at, -1) for lease in leases if lease.ended_at is not None]
    )
    held = most = 0
    for _, change in moments:
        held += change
        most = max(most, held)
    return {"by the steps' own account": world.journal.most_at_once(worker=worker), "by the leases": most}


def items_worked(world: World, step: str) -> dict[str, int]:
    """How often each item of an expanded step was worked, by the steps' own account."""
    begun = [note.step for note in world.journal.starts()]
    names = _item_names(world, step)
    return {name: begun.count(name) for name in sorted({*names, *begun})}


def items_of(world: World, step: str) -> list[str]:
    """The names of the steps that an expanded step becomes, in order."""
    return sorted(_item_names(world, step))


def items_at_once(world: World, step: str) -> int:
    """How many items of an expanded step were worked at one time, at the most, by the steps' own account."""
    return world.journal.most_at_once(steps=_item_names(world, step))


def versions_of_record(world: World, model: str, most: int) -> dict[str, list[str]]:
    """The versions of the result that several steps have written into one model instance, and who wrote each.

    Args:
        world: the scenario's.
        model: the name of the model instance.
        most: how many versions there should be; one more is looked for.
    """
    answers = [world.operator.get_datum(model, RESULT, version) for version in range(1, most + 2)]
    newest = world.operator.get_datum(model, RESULT)
    told = [answer.answer("data-get") for answer in answers if answer.succeeded]
    return {
        "versions": [str(datum["version"]) for datum in told],
        "written by": sorted(datum["content"]["step"] for datum in told),
        "newest": [str(newest.answer("data-get")["version"]) if newest.succeeded else str(newest.outcome)],
    }


def versions_of_results(world: World) -> dict[str, int]:
    """The version of each step's result."""
    return {record.step: record.version for record in world.operator.results()}


def results_in_version(world: World, steps: Iterable[str], version: int) -> dict[str, str]:
    """What the operator reads who asks for the result of each step in one version."""
    return {step: _result_in_version(world, step, version) for step in steps}


def reading(world: World, step: str, name: str) -> str:
    """What the operator reads who asks for a datum of a step, in its first version."""
    result = world.operator.get_datum(step, name, 1)
    if not result.succeeded:
        return str(result.outcome)
    return reading_of(result.answer("data-get").get("content"))


def workers_that_took_part(world: World) -> list[str]:
    """The workers that have run at least one step, by the steps' own account and by the leases."""
    by_journal = {note.worker for note in world.journal.starts()}
    by_leases = {lease.worker for lease in world.operator.leases()}
    return sorted(by_journal & by_leases)


def left_of_steps(world: World, worker: str) -> list[str]:
    """What still runs of steps on a worker's machine, after the time that processes need to end.

    Raises:
        InfrastructureFault: no process of a step was seen there while one ran, so seeing none proves nothing.
    """
    if worker not in world.machines_with_steps:
        raise InfrastructureFault(f'The suite saw no process of a step on the machine of "{worker}" before.')
    with contextlib.suppress(AwaitedInVain):
        wait_until(
            f'the processes of steps on the machine of "{worker}" to end',
            lambda: world.processes_of_steps(worker),
            lambda processes: not processes,
            STEP_PROCESSES_GONE,
        )
    return world.processes_of_steps(worker)


def next_step_of(world: World, worker: str) -> list[Row]:
    """Give a worker another step, in a workflow of its own, and return which steps of it have begun where.

    Raises:
        AwaitedInVain: the run does not end.
    """
    name = "another"
    workflow = Workflow(name, [step_for(worker, name, "works at once")])
    workflow.write_to(world.repository)
    world.runs.start(workflow, world.orchestrator.api, Output.JSON, {})
    outcome_of_run(world)
    return [row for row in steps_begun(world) if row["step"] == name]


def tags_of_data(world: World, step: str, names: Container[str]) -> list[dict[str, str]]:
    """Each way in which the data of a step have some tags; one alone if all data have the same.

    Args:
        world: the scenario's.
        step: whose data.
        names: of the tags.
    """
    ways: list[dict[str, str]] = []
    for datum in data_of_model(world.orchestrator.api, step).values():
        tags = {name: value for name, value in datum["got"]["tags"].items() if name in names}
        ways += [tags] if tags not in ways else []
    return ways


def first_membership(world: World, worker: str) -> Membership:
    """The pool member that a worker became when the scenario enrolled it, connected."""
    member = world.first_membership(worker)
    return Membership(member.instance, str(member.enrolled_at), connected=True)


def membership(world: World, worker: str) -> Membership:
    """The pool member that a worker is now, once it is connected."""
    with contextlib.suppress(AwaitedInVain):
        wait_until(f'"{worker}" to be connected', lambda: _connected(world, worker), bool, POOL_CHANGED)
    listed = [member for member in world.operator.pool(past=True) if member.name == worker]
    if not listed:
        return Membership("none", "never", connected=False)
    return Membership(listed[0].instance, str(listed[0].enrolled_at), connected=_connected(world, worker))


def _connected(world: World, worker: str) -> bool:
    return any(member.name == worker and member.connected for member in world.live_pool())


def _settle(world: World) -> None:
    with contextlib.suppress(AwaitedInVain):
        wait_until(
            "the leases to end",
            lambda: [lease for lease in world.orchestrator.api.leases() if lease.state == ACTIVE],
            lambda active: not active,
            LEASES_SETTLED,
        )


def _result_in_version(world: World, step: str, version: int) -> str:
    result = world.operator.get_datum(step, RESULT, version)
    if not result.succeeded:
        return str(result.outcome)
    datum = result.answer("data-get")
    # A step tells in what it writes which process it was, as it does in the journal.
    starts = [note.pid for note in world.journal.starts(step)]
    content = datum.get("content")
    writer = content.get("pid") if isinstance(content, dict) else None
    start = f"start {starts.index(writer) + 1}" if writer in starts else "none of its starts"
    return f"{datum['name']} of {datum['modelName']}, version {datum['version']}, written by {start}"


def _item_names(world: World, step: str) -> list[str]:
    return [name for each in world.workflow.steps if each.name == step for name in names_of_items(each)]


def _row(queued: QueuedStep) -> Row:
    return {"step": queued.step, "waits for": queued.waits_for}
