"""The runs of workflows and methods: how they begin and end, what their steps did and left."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from swamp_harness.product.commands import Output
from swamp_harness.product.remains import data_of_model
from swamp_harness.product.run import MethodOutcome, RunOutcome
from swamp_harness.product.run_records import ACTIVE, LeaseRecord
from swamp_harness.product.workflow import Task, Workflow
from swamp_harness.scenario.network import beyond_grace_window, outlast_grace_windows
from swamp_harness.scenario.placement import ON_THE_ORCHESTRATOR, step_for, value_of_input
from swamp_harness.scenario.probe import INPUT_VALUE, PROBE, reading_of
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import LEASES_SETTLED, RUN_ENDED, STEP_PROCESSES_GONE
from swamp_harness.system.waiting import WaitTimeout, wait_until

_GIVEN = "the input"


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
        WaitTimeout: it does not end.
    """
    lost = any(not member.connected for member in world.live_pool())
    run = world.runs.last
    ending = run.wait_for_end(
        beyond_grace_window(world, RUN_ENDED) if lost else RUN_ENDED,
        give_up_if=lambda: None if world.orchestrator.alive else "the orchestrator has ended",
    )
    return RunOutcome.of(ending, world.operator.run_record(run.run_id))


def outcome_of_method(world: World) -> MethodOutcome:
    """How the method that was started last has ended, for the one who follows it.

    Raises:
        WaitTimeout: it does not end.
    """
    return world.runs.last_method.outcome(RUN_ENDED)


def latest_end(world: World, chosen: Callable[[LeaseRecord], bool], moment: datetime) -> timedelta | None:
    """How long after a moment the last of some leases ended; None if one is active, or there is none."""
    settle_leases(world)
    ends = [lease.ended_at for lease in world.leases() if chosen(lease)]
    if not ends or None in ends:
        return None
    return max(end for end in ends if end is not None) - moment


def starts_and_ends(world: World, step: str) -> dict[str, int | str]:
    """How often a step began and came to its own end, and whether it was asked to stop, as it notes."""
    return {
        "began": len(world.probe_log.starts(step)),
        "asked to stop": world.probe_log.note("asked-to-stop", step) or "no",
        "came to its own end": len(world.probe_log.ends(step)),
    }


def steps_begun(world: World) -> list[Row]:
    """Which steps have begun where, by their own account: in the order of names, a step's in their order."""
    return [
        {"step": entry.step, "worker": entry.worker or ON_THE_ORCHESTRATOR}
        for entry in sorted(world.probe_log.starts(), key=lambda entry: entry.step)
    ]


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


def reading(world: World, step: str, name: str) -> str:
    """What the operator reads who asks for a datum of a step, in its first version."""
    result = world.operator.get_datum(step, name, 1)
    if not result.succeeded:
        return str(result.outcome)
    return reading_of(result.answer("data-get").get("content"))


def left_of_steps(world: World, worker: str) -> list[str]:
    """What still runs of steps on a worker's machine, after the time that processes need to end.

    Raises:
        InfrastructureError: no process of a step was seen there while one ran, so seeing none proves nothing.
    """
    if worker not in world.machines_with_steps:
        raise InfrastructureError(f'The suite saw no process of a step on the machine of "{worker}" before.')
    with contextlib.suppress(WaitTimeout):
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
        WaitTimeout: the run does not end.
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


def settle_leases(world: World) -> None:
    """Wait until no lease is active any longer, or the limit for that has passed."""
    with contextlib.suppress(WaitTimeout):
        wait_until(
            "the leases to end",
            lambda: [lease for lease in world.orchestrator.api.leases() if lease.state == ACTIVE],
            lambda active: not active,
            LEASES_SETTLED,
        )


def start_workflow(
    world: World,
    *,
    at_a_terminal: bool = False,
    tags: Mapping[str, str] | None = None,
    after_absences: bool = False,
) -> None:
    """Start the scenario's workflow, and follow it until the orchestrator knows of the run.

    Args:
        world: the scenario's.
        at_a_terminal: whether it is followed at a terminal.
        tags: that the run gives to all data; none when None.
        after_absences: whether to start it once every grace window that has begun has passed.
    """
    if after_absences:
        outlast_grace_windows(world)
    workflow = world.workflow
    instances = {name: value_of_input(name, world.present_instance) for name in workflow.inputs}
    output = Output.TERMINAL if at_a_terminal else world.operator.output
    world.runs.start(workflow, world.orchestrator.api, output, instances, tags)


def start_method(world: World, work: Callable[[str], Task], tags: Mapping[str, str] | None = None) -> None:
    """Start a method of the scenario's model on the orchestrator, and follow it.

    Args:
        world: the scenario's.
        work: what the method does.
        tags: that the run gives to all data; none when None.

    Raises:
        InfrastructureError: that is no method of the model.
    """
    task = work(world.model)
    if task.model_type != PROBE:
        raise InfrastructureError(f'The model "{world.model}" has no method that does this.')
    world.runs.start_method(world.model, task.method, task.inputs, world.orchestrator.api, tags)


def complete_workflow(world: World) -> None:
    """Start the scenario's workflow, and wait until the run has ended."""
    start_workflow(world)
    world.runs.last.wait_for_end(RUN_ENDED, give_up_if=lambda: cause_of_standstill(world))


def cause_of_standstill(world: World) -> str | None:
    """Why nothing more can come of a run, or None while something can."""
    if not world.orchestrator.alive:
        return "the orchestrator has ended"
    return None if world.runs.last_followed.alive else "the run is over"
