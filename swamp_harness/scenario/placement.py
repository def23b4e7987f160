"""The workflow of a feature's table: its steps, and where each may run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from swamp_harness.product.binary import platforms
from swamp_harness.product.records import labels_from_text
from swamp_harness.product.workflow import (
    MAIN_JOB,
    WORKER_IN_ITEM,
    WORKER_OF_ITEM,
    WORKER_OF_KEY,
    Item,
    Placement,
    Step,
    Workflow,
    item_on,
    name_for_item,
)
from swamp_harness.scenario.probe import INPUT, INPUT_VALUE, WORK
from swamp_harness.scenario.tables import rows_of
from swamp_harness.system.errors import InfrastructureError

WORKFLOW = "release"
ON_THE_ORCHESTRATOR = "the orchestrator"
ANY_WORKER: Mapping[str, str] = {"pool": "any"}

_WORKER = re.compile(r'^worker "(?P<name>[^"]+)"$')
_INSTANCE = re.compile(r'^the present instance of "(?P<name>[^"]+)"$')
_MEMBER = re.compile(r'^the pool member of "(?P<name>[^"]+)"$')
_PART_OF_INSTANCE = re.compile(r'^the first half of the instance of "(?P<name>[^"]+)"$')
# The places that are not made of parts.
_WHOLE: Mapping[str, Placement] = {
    "the worker named by its item": Placement(target="${{ self.item }}"),
    "the worker that is its item": Placement(target=WORKER_OF_ITEM),
    "the worker of its item": Placement(target=WORKER_IN_ITEM),
    "the worker of its key": Placement(target=WORKER_OF_KEY),
    "the pool named by its item": Placement(labels={"pool": "${{ self.item }}"}),
}
_FIRST_HALF, _MEMBER_OF = "first_half_of_", "member_of_"
# The targets whose values a run gets as inputs, with the beginnings of the names of these inputs.
_INPUTS = {_INSTANCE: "", _MEMBER: _MEMBER_OF, _PART_OF_INSTANCE: _FIRST_HALF}
_QUEUE_LIMIT = re.compile(r"^(?P<seconds>\d+(\.\d+)?) s$")
_COLUMNS = {
    "step",
    "runs on",
    "work",
    "after",
    "queue limit",
    "for each of",
    "item in its name",
    "at a time",
    "job",
    "job runs on",
    "job stays",
    "job after",
    "job queue limit",
    "job at a time",
    "model",
    "may fail",
}
_CONNECTED_WORKERS = "the connected workers"
_NO_ITEM = "no item"
_IN_A_MAP = "the keys "
_ITEM_ON = re.compile(r'^(?P<name>[^"]+) on "(?P<worker>[^"]+)"$')
_ON_ONE_WORKER = "on one worker"
_AS_ITS_JOB = "as its job"
_YES = "yes"
_NO = "no"


def planned(
    table: Any,
    *,
    stays: bool = False,
    labels: Mapping[str, str] | None = None,
    platform: str = "",
    queue_limit: float | None = None,
    of_existing_models: bool = False,
    required_checks: Sequence[str] = (),
    model_tags: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Workflow:
    """The workflow that a feature's table describes.

    Args:
        table: one row for each step, with the columns step, runs on, work; optional columns are after (the
            step that must have succeeded before), queue limit, for each of (the items that it is expanded
            over, digits as numbers, or items with a worker each, also as the keys of a map; or "no item"; or
            the connected workers),
            item in its name (no if swamp adds it to the name), at a time (how many of its items), job, job
            runs on, job stays (on one worker, for all its steps), job after (the job that must have succeeded
            before), job queue limit, job at a time (how many of its steps), model (the name of its model
            instance), and may fail (yes if the run goes on when it fails, with the steps after it).
        stays: whether all its jobs stay on one worker.
        labels: the labels of the workers for jobs and steps without a place of their own; none if None.
        platform: that of the workers for jobs and steps without one of their own; any if empty.
        queue_limit: the seconds that its steps may wait for a worker; None for the orchestrator's limit.
        of_existing_models: whether the operator has created the model instances of its steps.
        required_checks: the checks that the definitions of these models require.
        model_tags: the tags of these definitions; none if None.
        tags: of the workflow itself; none if None.

    Returns:
        The workflow. A run needs these inputs: the uuid of each worker whose instance the workflow names, the
        name of each whose pool member it names, and the input that a step writes.

    Raises:
        InfrastructureError: a cell of the table has no known meaning.
    """
    rows = rows_of(table, _COLUMNS)
    places = [place for row in rows for place in (row["runs on"], row.get("job runs on", ""))]
    parts = list(dict.fromkeys(part for place in places for part in _parts(place)))
    targets = list(filter(None, map(_input_of, parts)))
    jobs = {row["job"]: _placement(row["job runs on"]) for row in rows if row.get("job runs on")}
    order = {row["job"]: row["job after"] for row in rows if row.get("job after")}
    limits = {row["job"]: _seconds(row.get("job queue limit", "")) for row in rows if "job" in row}
    pinned = {row["job"] for row in rows if _stays_on_one_worker(row)}
    may_fail = {row["step"] for row in rows if _may_fail(row)}
    steps = [
        replace(step, may_fail=step.name in may_fail, after_any_end=step.after in may_fail)
        for step in map(_step, rows)
    ]
    words = {INPUT: "nothing"} if any(INPUT in step.task.inputs for step in steps) else {}
    return Workflow(
        WORKFLOW,
        steps,
        [*targets, *words],
        jobs,
        defaults=words,
        pinned=pinned,
        job_order=order,
        stays=stays,
        placement=Placement(labels=labels or {}, platform=platform),
        queue_limit=queue_limit,
        at_a_time={row["job"]: int(row["job at a time"]) for row in rows if row.get("job at a time")},
        job_queue_limits={job: limit for job, limit in limits.items() if limit is not None},
        of_existing_models=of_existing_models or bool(model_tags),
        required_checks=required_checks,
        model_tags=model_tags or {},
        tags=tags or {},
    )


def value_of_input(name: str, instance_of: Callable[[str], str], member_of: Callable[[str], str]) -> str:
    """The value for an input of a planned workflow.

    Args:
        name: of the input.
        instance_of: the uuid of a worker's instance.
        member_of: the name of a worker in the pool.
    """
    if name == INPUT:
        return INPUT_VALUE
    if name.startswith(_MEMBER_OF):
        return member_of(name.removeprefix(_MEMBER_OF))
    worker = name.removeprefix(_FIRST_HALF)
    instance = instance_of(worker)
    return instance if worker == name else instance[: len(instance) // 2]


def step_for(worker: str, name: str, work: str) -> Step:
    """A step for one worker."""
    return Step(name, WORK[work](name), Placement(target=worker))


def _stays_on_one_worker(row: Mapping[str, str]) -> bool:
    words = row.get("job stays", "")
    if words not in ("", _ON_ONE_WORKER):
        raise InfrastructureError(f'Unknown place "{words}" where a job stays; use: {_ON_ONE_WORKER}.')
    return words == _ON_ONE_WORKER


def _may_fail(row: Mapping[str, str]) -> bool:
    words = row.get("may fail", "")
    if words not in ("", _YES):
        raise InfrastructureError(f'Unknown word "{words}" for a step that may fail; use: {_YES}.')
    return words == _YES


def _names_items(row: Mapping[str, str]) -> bool:
    words = row.get("item in its name", "")
    if words not in ("", _NO):
        raise InfrastructureError(
            f'Unknown word "{words}" for a step without its item in its name; use: {_NO}.'
        )
    return words != _NO


def _step(row: Mapping[str, str]) -> Step:
    work = row["work"]
    if work not in WORK:
        raise InfrastructureError(f'Unknown work "{work}" of a step; use one of: {"; ".join(WORK)}.')
    each = row.get("for each of", "")
    for_each_worker = each == _CONNECTED_WORKERS
    step = Step(
        row["step"],
        WORK[work](row["step"]),
        _placement(row["runs on"]),
        after=row.get("after", ""),
        queue_limit=_seconds(row.get("queue limit", "")),
        items=None if for_each_worker or not each else _items(each),
        in_a_map=each.startswith(_IN_A_MAP),
        names_items=_names_items(row),
        at_a_time=int(row.get("at a time") or 0),
        for_each_worker=for_each_worker,
        model=row.get("model", ""),
        job=row.get("job") or MAIN_JOB,
        runs_as_its_job=row["runs on"] == _AS_ITS_JOB,
    )
    # In the probe log each item's step has the name that it gets when the step is expanded.
    return replace(step, task=WORK[work](step.template))


def _items(listed: str) -> list[Item]:
    if listed == _NO_ITEM:
        return []
    return [_item(item.strip()) for item in listed.removeprefix(_IN_A_MAP).split(",")]


def _item(word: str) -> Item:
    if on := _ITEM_ON.match(word):
        return item_on(on["name"], on["worker"])
    return int(word) if word.isdecimal() else word


def _seconds(limit: str) -> float | None:
    match = _QUEUE_LIMIT.match(limit)
    if limit and match is None:
        raise InfrastructureError(f'Invalid queue limit "{limit}": use for example "4 s".')
    return float(match["seconds"]) if match else None


def _placement(words: str) -> Placement:
    if words in _WHOLE:
        return _WHOLE[words]
    target, labels, platform = "", dict[str, str](), ""
    for part in _parts(words):
        if match := _WORKER.match(part):
            target = match["name"]
        elif name := _input_of(part):
            target = f"${{{{ inputs.{name} }}}}"
        elif part == "any worker":
            labels |= ANY_WORKER
        elif part in platforms():
            platform = platforms()[part]
        elif part in (ON_THE_ORCHESTRATOR, _AS_ITS_JOB):
            continue  # a step without a placement runs on the orchestrator, unless its job has one
        elif "=" in part:
            labels |= dict(labels_from_text(part))
        else:
            raise InfrastructureError(
                f'Unknown place "{part}" for a step; use {ON_THE_ORCHESTRATOR}, any worker, worker "alpha", '
                f"labels such as pool=a, or one of {', '.join(platforms())}."
            )
    return Placement(target, labels, platform)


def _input_of(part: str) -> str:
    """The name of the input with the value of a target; empty if the part of a place is no such target."""
    matches = ((prefix, pattern.match(part)) for pattern, prefix in _INPUTS.items())
    return next((prefix + match["name"] for prefix, match in matches if match), "")


def _parts(words: str) -> list[str]:
    return [part.strip() for part in words.split(",")]


def names_of_items(step: Step) -> list[str]:
    """The names of the steps that an expanded step becomes."""
    return [name_for_item(step.name, item) for item in step.items or ()]
