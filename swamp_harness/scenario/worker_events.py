"""The events that a worker reports, in text or in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from swamp_harness.product.commands import Output
from swamp_harness.product.wordings import (
    RUN_FAILURES,
    STEP_STOPPED,
    STOP_REASONS,
    WORKER_EVENTS,
    reasons_given,
)
from swamp_harness.scenario.tables import Row, rows_of
from swamp_harness.scenario.world import World

_AS_EXPECTED = "as expected"


def expected_events(table: Any) -> list[Row]:
    """The rows of a feature's table (event, step), each with the fields as expected."""
    return [{**row, "fields": _AS_EXPECTED} for row in rows_of(table, {"event", "step"})]


def events_of(world: World, worker: str) -> list[Row]:
    """The events that a worker has reported, each with the step that it names and its other fields.

    The fields are "as expected" if they are those of a worker that enrolled, ran one step and was stopped,
    otherwise the event as reported. The last row is the exit code of the worker's process.

    Raises:
        PromiseBroken: the worker reports in JSON, and a line is not a JSON object, or breaks the contract.
    """
    actor = world.workers[worker]
    reported: Sequence[tuple[str, Mapping[str, Any]]]
    expected: Mapping[str, Mapping[str, Any]]
    if actor.settings.output is Output.JSON:
        reported = [(_kind_of(each), each) for each in actor.events()]
        expected = _expected_fields(world, worker, _values_of("dispatchId", reported))
    else:
        reported = actor.lines_of_events()
        expected = _expected_words(world, worker, _values_of("dispatch", reported))
    rows = [
        {
            "event": kind,
            "step": _step_of(world, facts),
            "fields": _AS_EXPECTED
            if _contains(facts, expected[kind]) and not _wrong_reason(world, kind, facts)
            else json.dumps(facts),
        }
        for kind, facts in reported
    ]
    ended = (
        [] if actor.alive else [{"event": f"exit code {actor.exit_code}", "step": "", "fields": _AS_EXPECTED}]
    )
    return [*rows, *ended]


def _values_of(field: str, reported: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    return [facts[field] for _, facts in reported if field in facts]


def _wrong_reason(world: World, kind: str, event: Mapping[str, Any]) -> str:
    """The reason in the event of a failed step; empty if it is the one that the step gave."""
    step = next(each.name for each in world.workflow.steps)
    reasons = STEP_STOPPED if world.probe_log.note("asked-to-stop", step) else RUN_FAILURES
    error = str(event.get("error", "no reason"))
    return error if kind == "dispatch_failed" and not reasons_given(error, reasons) else ""


def _reason_to_stop(world: World, worker: str) -> str:
    settings = world.workers[worker].settings
    if settings.step_limit:
        return "max-dispatches"
    return "idle-timeout" if settings.idle_time else "signal"


def _kind_of(event: Mapping[str, Any]) -> str:
    """The kind of an event; in JSON a failed step has the same kind as one that succeeded."""
    if event["kind"] == "dispatch_finished" and event["status"] != "success":
        return "dispatch_failed"
    return str(event["kind"])


def _expected_fields(world: World, worker: str, dispatches: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """The expected fields of each kind of event, of a worker that runs one step."""
    step = next(each for each in world.workflow.steps)
    dispatch = {
        "dispatchId": dispatches[0] if dispatches else "",
        "modelType": step.task.model_type,
        "methodName": step.task.method,
    }
    actor = world.workers[worker]
    return {
        "connecting": {"url": actor.url, "attempt": 1},
        "enrolled": {"workerId": actor.settings.member, "reconnect": False},
        "dispatch_started": dispatch,
        "dispatch_finished": {**dispatch, "status": "success"},
        "dispatch_failed": {**dispatch, "status": "error"},
        "draining": {"reason": _reason_to_stop(world, worker)},
        "drain_complete": {},
        "disconnected": {"reason": "drained"},
        "retrying": {},
        "stopped": {"reason": _reason_to_stop(world, worker)},
    }


def _expected_words(world: World, worker: str, dispatches: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """The expected words in the lines of each kind of event, of a worker that runs one step."""
    step, actor = next(each for each in world.workflow.steps), world.workers[worker]
    dispatch = {
        "dispatch": dispatches[0] if dispatches else "",
        "work": f"{step.task.model_type}.{step.task.method}",
    }
    end = {"reason": STOP_REASONS[_reason_to_stop(world, worker)]}
    return {
        **{kind: {} for kind in WORKER_EVENTS},
        "connecting": {"url": actor.url, "attempt": "1"},
        "enrolled": {"name": actor.settings.member},
        **dict.fromkeys(("dispatch_started", "dispatch_finished", "dispatch_failed"), dispatch),
        **dict.fromkeys(("draining", "stopped"), end),
    }


def _contains(event: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    return all(event.get(field) == value for field, value in expected.items())


def _step_of(world: World, event: Mapping[str, Any]) -> str:
    workflow, step = event.get("workflowName"), event.get("stepName")
    if (workflow, step) == (None, None):
        return ""
    return str(step) if workflow == world.workflow.name else f"{step} of {workflow}"
