"""The runs of workflows and methods: their start, their outcome, what their steps did and left."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime, timedelta

from swamp_harness.product.commands import Output
from swamp_harness.product.remains import (
    REPORT_OF_METHOD,
    REPORT_OF_WORKFLOW,
    WORKFLOW_TYPE,
    data_of_model,
    report_names,
)
from swamp_harness.product.run import (
    MethodOutcome,
    RunEnding,
    RunOutcome,
    WorkflowRun,
    named_as_lost,
    skipping_checks,
)
from swamp_harness.product.run_records import ACTIVE, LeaseRecord
from swamp_harness.product.workflow import Task, Workflow
from swamp_harness.scenario.network import beyond_grace_window, outlast_grace_windows
from swamp_harness.scenario.placement import ON_THE_ORCHESTRATOR, step_for, value_of_input
from swamp_harness.scenario.probe import INPUT, INPUT_VALUE, PROBE, SLOW, SLOW_CHECK
from swamp_harness.scenario.probe_results import reading_of
from swamp_harness.scenario.tables import Row
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import LEASES_SETTLED, RUN_ENDED, STEP_PROCESSES_GONE
from swamp_harness.system.waiting import WaitTimeout, wait_until

_GIVEN = "the input"
# Stands for an end at the right time, and the time that an end may take.
AT_TIME_LIMIT = "at its time limit"
_AFTER_A_TIME_LIMIT = timedelta(seconds=8)
# The name of the workflow beside that of the scenario, and of its step.
ANOTHER = "another"


def outcome_of_run(world: World, run: WorkflowRun | None = None) -> RunOutcome:
    """The outcome of a run, as reported to its follower and as recorded in the run history.

    Args:
        world: the scenario's.
        run: the run; the last one if None.

    Raises:
        WaitTimeout: it does not end.
    """
    run = run or world.runs.last
    ending = _wait_for_end_of_run(world, run)
    return RunOutcome.of(ending, world.records.run_record(run.run_id))


def losses_named(world: World) -> dict[str, list[Row]]:
    """The workers, with their steps, that the last run names as lost after a write: printed, and recorded.

    Raises:
        WaitTimeout: the run does not end.
    """
    ending = _wait_for_end_of_run(world, world.runs.last)
    record = world.records.run_record(world.runs.last.run_id)
    return {"printed": named_as_lost(ending.text), "in the run history": named_as_lost(record.failure)}


def end_at_time_limit(world: World) -> str:
    """Whether the last run lasted as long as the orchestrator allows, by the run history.

    The orchestrator begins to count a moment before the recorded start of a run.
    """
    lasted = world.records.run_record(world.runs.last.run_id).lasted
    limit = world.times.longest_run
    if lasted is None:
        return "not ended"
    in_time = limit / 2 <= lasted <= end_allowed_by(world, limit)
    return (
        AT_TIME_LIMIT
        if in_time
        else f"after {lasted.total_seconds():.1f} s, limit: {limit.total_seconds():g} s"
    )


def end_allowed_by(world: World, limit: timedelta) -> timedelta:
    """When something that a time limit ends has ended at the latest."""
    return limit + _AFTER_A_TIME_LIMIT * world.times.limits


def _wait_for_end_of_run(world: World, run: WorkflowRun) -> RunEnding:
    # A run may have ended together with its orchestrator.
    serves = world.orchestrator.alive
    lost = serves and any(not member.connected for member in world.live_pool())
    return run.wait_for_end(
        beyond_grace_window(world, RUN_ENDED) if lost else RUN_ENDED,
        give_up_if=lambda: "the orchestrator has ended" if serves and not world.orchestrator.alive else None,
    )


def outcome_of_method(world: World) -> MethodOutcome:
    """The outcome of the last method, as reported to its follower.

    Raises:
        WaitTimeout: it does not end.
    """
    return world.runs.last_method.outcome(RUN_ENDED)


def latest_end(world: World, chosen: Callable[[LeaseRecord], bool], moment: datetime) -> timedelta | None:
    """How long after a moment the last chosen lease ended; None if one is active, or there is none."""
    settle_leases(world)
    ends = [lease.ended_at for lease in world.leases() if chosen(lease)]
    if not ends or None in ends:
        return None
    return max(end for end in ends if end is not None) - moment


def starts_and_ends(world: World, step: str) -> dict[str, int | str]:
    """How often a step began and completed, and whether it was asked to stop, by the probe log."""
    return {
        "began": len(world.probe_log.starts(step)),
        "asked to stop": world.probe_log.note("asked-to-stop", step) or "no",
        "completed": len(world.probe_log.ends(step)),
    }


def steps_begun(world: World) -> list[Row]:
    """The starts of all steps with their workers, by the probe log, sorted by step and time."""
    return [
        {"step": entry.step, "worker": entry.worker or ON_THE_ORCHESTRATOR}
        for entry in sorted(world.probe_log.starts(), key=lambda entry: entry.step)
    ]


def results(world: World, headings: Sequence[str]) -> list[Row]:
    """All data that the steps wrote, sorted by name.

    Args:
        world: the scenario's.
        headings: some of step, data, version, written on (the worker that the data names), word (the input
            that the step wrote).
    """
    rows = [
        {
            "step": record.step,
            "data": record.name,
            "version": str(record.version),
            "written on": record.worker or ON_THE_ORCHESTRATOR,
            "word": _GIVEN if record.word == INPUT_VALUE else record.word,
        }
        for record in sorted(world.records.results(), key=lambda each: (each.step, each.name))
    ]
    return [{heading: row[heading] for heading in headings} for row in rows]


def reading(world: World, step: str, name: str) -> str:
    """What the operator reads in the first version of a step's datum."""
    result = world.records.get_datum(step, name, 1)
    if not result.succeeded:
        return str(result.outcome)
    return reading_of(result.answer("data-get").get("content"))


def newest_of(world: World, step: str, name: str) -> Row:
    """The version of a step's datum that the operator reads who names none; or how the command failed."""
    result = world.records.get_datum(step, name)
    shown = str(result.answer("data-get")["version"]) if result.succeeded else str(result.outcome)
    return {"step": step, "data": name, "version": shown}


def left_of_steps(world: World, worker: str) -> list[str]:
    """The processes of steps that still run on a worker's machine after the limit for their end.

    Raises:
        InfrastructureError: no process of a step was seen there before, so seeing none now proves nothing.
    """
    if worker not in world.machines_with_steps:
        raise InfrastructureError(
            f'No process of a step was seen on the machine of "{worker}" while a step ran there, so to see '
            "none now proves nothing."
        )
    return left_of(f'the machine of "{worker}"', lambda: world.processes_of_steps(worker))


def left_of(machine: str, processes: Callable[[], list[str]]) -> list[str]:
    """The processes of steps that still run on a machine after the limit for their end.

    Args:
        machine: in words.
        processes: looks which of them run.
    """
    with contextlib.suppress(WaitTimeout):
        wait_until(
            f"the processes of steps on {machine} to end",
            processes,
            lambda running: not running,
            STEP_PROCESSES_GONE,
        )
    return processes()


def next_step_of(world: World, worker: str) -> list[Row]:
    """Give a worker another step, in a new workflow, and return the starts of that step.

    Raises:
        WaitTimeout: the run does not end.
    """
    start_another(world, worker, "writes at once")
    _wait_for_end_of_run(world, world.runs.last)
    return [row for row in steps_begun(world) if row["step"] == ANOTHER]


def start_another(world: World, worker: str, work: str) -> None:
    """Start another workflow, whose only step runs on a worker."""
    workflow = Workflow(ANOTHER, [step_for(world.member_of(worker), ANOTHER, work)])
    workflow.write_to(world.repository)
    world.runs.start(workflow, world.orchestrator.api, Output.JSON, {})


def tags_of_data(world: World, step: str, names: Container[str]) -> list[dict[str, str]]:
    """The different combinations of some tags on the data of a step; only one if all data have the same.

    Args:
        world: the scenario's.
        step: that wrote the data.
        names: of the tags.
    """
    combinations: list[dict[str, str]] = []
    for datum in data_of_model(world.orchestrator.api, step).values():
        tags = {name: value for name, value in datum["got"]["tags"].items() if name in names}
        combinations += [tags] if tags not in combinations else []
    return combinations


def reports_recorded(world: World) -> dict[str, bool]:
    """Which reports of the runs are recorded: those of the workflow, and those of its steps of the probe."""
    api = world.orchestrator.api
    return {
        "of the workflow": REPORT_OF_WORKFLOW in report_names(api, WORKFLOW_TYPE),
        "of its steps": REPORT_OF_METHOD in report_names(api, PROBE),
    }


def settle_leases(world: World) -> None:
    """Wait until no lease is active, or the limit for that has passed."""
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
    input_in_a_file: bool = False,
    skips_slow_checks: bool = False,
    skips_reports_of_steps: bool = False,
    after_absences: bool = False,
    last_evaluated: bool = False,
) -> None:
    """Start the scenario's workflow, and wait until the orchestrator lists the run.

    Args:
        world: the scenario's.
        at_a_terminal: whether its output is followed at a terminal.
        tags: the tags of all data that the run writes; none if None.
        input_in_a_file: whether the command reads the inputs from a file; they are arguments otherwise.
        skips_slow_checks: whether the command skips the checks with the label of slow ones.
        skips_reports_of_steps: whether the command asks for no report about a step.
        after_absences: whether to wait first until every grace window that has begun has passed.
        last_evaluated: whether it runs as it was evaluated last, with other inputs, which have no effect.
    """
    if after_absences:
        outlast_grace_windows(world)
    workflow = world.workflow
    inputs = dict.fromkeys(workflow.inputs, "another") if last_evaluated else inputs_of_workflow(world)
    output = Output.TERMINAL if at_a_terminal else world.operator.output
    input_file = world.folder / "input.yaml" if input_in_a_file else None
    skipped = [REPORT_OF_METHOD] if skips_reports_of_steps else []
    world.runs.start(
        workflow,
        world.orchestrator.api,
        output,
        inputs,
        tags,
        input_file=input_file,
        skipped_reports=skipped,
        options=skipping_checks(output, SLOW_CHECK, SLOW) if skips_slow_checks else (),
        last_evaluated=last_evaluated,
    )


def evaluate(world: World) -> None:
    """Evaluate the scenario's workflow with its inputs, in the repository."""
    world.operator.evaluate_workflow(world.workflow.name, inputs_of_workflow(world))


def evaluate_models(world: World) -> None:
    """Evaluate the models of the scenario's workflow, which exist, in the repository."""
    for step in world.workflow.steps:
        world.operator.evaluate_model(step.name)


def inputs_of_workflow(world: World) -> dict[str, str]:
    """The inputs with which the scenario's workflow is started."""
    return {
        name: value_of_input(name, world.present_instance, world.member_of) for name in world.workflow.inputs
    }


def start_method(world: World, work: Callable[[str], Task], tags: Mapping[str, str] | None = None) -> None:
    """Start a method of the scenario's model on the orchestrator, and follow it.

    Args:
        world: the scenario's.
        work: what the method does.
        tags: the tags of all data that the run writes; none if None.

    Raises:
        InfrastructureError: the model has no such method.
    """
    task = work(world.model)
    if task.model_type != PROBE:
        raise InfrastructureError(
            f'The model "{world.model}" has no method for this work, only {task.model_type} has one: choose '
            "work of the probe."
        )
    world.runs.start_method(world.model, task.method, task.inputs, world.orchestrator.api, tags)


def complete_workflow(world: World) -> None:
    """Start the scenario's workflow, and wait until its run has ended."""
    start_workflow(world)
    world.runs.last.wait_for_end(RUN_ENDED, give_up_if=lambda: cause_of_standstill(world))


def resume(
    world: World,
    *,
    step: str = "",
    through_orchestrator: bool = False,
    of_first_run: bool = False,
    word: str = "",
    in_a_file: bool = False,
    on_standard_input: bool = False,
) -> None:
    """Resume a run of the scenario's workflow, and wait until it has ended or is suspended.

    Args:
        world: the scenario's.
        step: the step from which a failed run is resumed; empty for a suspended run.
        through_orchestrator: whether the orchestrator resumes it.
        of_first_run: whether the command names the first run.
        word: the new value of its input; empty to keep the one that it has.
        in_a_file: whether the command reads that value from a file.
        on_standard_input: whether it reads it from its standard input; it is an argument otherwise.
    """
    world.operator.resume_run(
        world.workflow.name,
        step=world.workflow.written_name_of(step),
        run_id=world.runs.first.run_id if of_first_run else "",
        through=world.orchestrator.api.url if through_orchestrator else "",
        inputs={INPUT: word} if word else None,
        input_file=world.folder / "input-of-resume.yaml" if in_a_file else None,
        on_standard_input=on_standard_input,
    )


def cause_of_standstill(world: World) -> str | None:
    """Why the last run cannot go on; None while it can."""
    if not world.orchestrator.alive:
        return "the orchestrator has ended"
    return None if world.runs.last_followed.alive else "the run is over"
