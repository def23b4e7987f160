"""Workflow files: their steps, where these may run, and the values of expressions."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from standin import records, vaults
from standin.errors import UserError
from standin.extensions import confided_to
from standin.orchestrator.dispatch import Requirement
from standin.repository import Repository
from standin.store import name_for_item

_EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}", re.DOTALL)
_LATEST = re.compile(
    r'data\.latest\("(?P<model>[^"]+)",\s*"(?P<name>[^"]+)"(?:,\s*\["(?P<item>[^"]+)"\])?\)'
    r"\.attributes(?P<path>(?:\.\w+)*)"
)
_SECRET = re.compile(r'vault\.get\("(?P<vault>[^"]+)",\s*"(?P<key>[^"]+)"\)')
_PLACEMENT = ("target", "labels", "platform", "queueTimeout")
# The keys that each level of a workflow may have.
_KEYS = {
    "workflow": ("id", "name", "tags", "inputs", "jobs", "version", "affinity", *_PLACEMENT),
    "job": ("name", "steps", "dependsOn", "weight", "affinity", "concurrency", *_PLACEMENT),
    "step": (
        *("name", "task", "forEach", "dependsOn", "weight", "dataOutputOverrides", "allowFailure"),
        "concurrency",
        *_PLACEMENT,
    ),
}


@dataclass
class Step:
    """One step of a run.

    Attributes:
        name: of the step.
        model_type: of its model instance.
        model: the name of its model instance.
        method: that it runs.
        inputs: of the method, with the secrets in place.
        secrets: the secrets among the inputs.
        requirement: for its worker; None if it runs on the orchestrator.
        queue_limit: how long it may wait for a worker, in seconds; None for the orchestrator's default.
        after: the steps that must have succeeded before.
        kept: overrides of how its data are stored, by kind.
        of_the_model: the arguments of the model, for all its methods.
        group: the job that it shares one worker with; empty if it may run anywhere.
        prompt: what the operator is asked who must approve the step, which runs no method; empty for others.
        approval_limit: the seconds that the operator has for it; 0 for no limit.
        may_fail: whether the run goes on if it fails.
        after_any_end: whether it runs also if the steps before it have failed.
        expanded: its name before it was expanded over its items.
        at_a_time: how many items of it may be at work at the same time; 0 for no limit.
    """

    name: str
    model_type: str
    model: str
    method: str
    inputs: dict[str, Any]
    secrets: list[str]
    requirement: Requirement | None
    queue_limit: float | None
    after: list[str] = field(default_factory=list)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    of_the_model: dict[str, Any] = field(default_factory=dict)
    group: str = ""
    prompt: str = ""
    approval_limit: int = 0
    may_fail: bool = False
    after_any_end: bool = False
    expanded: str = ""
    at_a_time: int = 0


def steps_of(repository: Repository, workflow: str, inputs: dict[str, str]) -> list[Step]:
    """The steps of a workflow, expanded over their items, with all expressions evaluated.

    Raises:
        UserError: there is no such workflow, or it has an unknown key.
    """
    import yaml

    document = yaml.safe_load(file_of(repository, workflow).read_text("utf-8"))
    refuse_unknown_keys(document)
    jobs = [of_the_workflow(job, document) for job in document["jobs"]]
    described = [placed(step, job) for job in jobs for step in job["steps"]]
    given = {f"inputs.{name}": value for name, value in {**defaults_of(document), **inputs}.items()}
    steps = [
        (each["job"], _step(repository, each, {**given, **item}))
        for each in described
        for item in items_of(repository, each)
    ]
    for job, step in steps:
        step.after[:] = items_of_steps(step.after, [other for name, other in steps if name == job])
    before = {job["name"]: [each["job"] for each in job.get("dependsOn", ())] for job in document["jobs"]}
    for job, step in steps:
        step.after += [other.name for name, other in steps if name in before[job]]
    return [step for _, step in steps]


def items_of_steps(names: Sequence[str], steps: Sequence[Step]) -> list[str]:
    """The names of the steps that steps were expanded to, by the names in their workflow."""
    return [step.name for name in names for step in steps if step.expanded == name]


def refuse_unknown_keys(document: dict[str, Any]) -> None:
    """Refuse a workflow with an unknown key, at any level of it.

    Raises:
        UserError: there is one.
    """
    jobs = document["jobs"]
    refuse_unknown_keys_of("workflow", document)
    for job in jobs:
        refuse_unknown_keys_of("job", job)
    for step in (step for job in jobs for step in job["steps"]):
        refuse_unknown_keys_of("step", step)


def refuse_unknown_keys_of(level: str, described: dict[str, Any]) -> None:
    """Refuse a workflow, a job or a step with an unknown key.

    Raises:
        UserError: it has one.
    """
    known = _KEYS[level]
    for key in described:
        if key not in known:
            raise UserError(
                f"Unknown key '{key}' on {level} '{described['name']}'.{suggestion_for(key, known)} "
                f"Valid {level} keys: {', '.join(known)}"
            )


def suggestion_for(key: str, known: Sequence[str]) -> str:
    """The question whether a known key was meant, if one is near."""
    near = difflib.get_close_matches(key, known, 1)
    return f" Did you mean '{near[0]}'?" if near else ""


def validations(repository: Repository, workflow: str = "") -> list[dict[str, Any]]:
    """The validation of a workflow, or of all of them.

    Raises:
        UserError: there is no such workflow.
    """
    files = [file_of(repository, workflow)] if workflow else all_files(repository)
    return [validation(file) for file in files]


def all_files(repository: Repository) -> list[Path]:
    """The files of all workflows."""
    return sorted((repository.folder / "workflows").glob("workflow-*.yaml"))


def tags_of_all(repository: Repository) -> dict[str, dict[str, str]]:
    """The tags of all workflows, by name."""
    import yaml

    documents = [yaml.safe_load(file.read_text("utf-8")) for file in all_files(repository)]
    return {each["name"]: each["tags"] for each in documents}


def tags_of(repository: Repository, workflow: str) -> dict[str, str]:
    """The tags of a workflow, which its data get."""
    import yaml

    return dict(yaml.safe_load(file_of(repository, workflow).read_text("utf-8"))["tags"])


def validation(file: Path) -> dict[str, Any]:
    """The validation of a workflow: whether it can be read, and if not, why."""
    import yaml

    document = yaml.safe_load(file.read_text("utf-8"))
    checked: dict[str, Any] = {"name": "Schema validation", "passed": True}
    try:
        refuse_unknown_keys(document)
    except UserError as error:
        checked = {**checked, "passed": False, "error": f"{error} (file: {file})"}
    return {
        "workflowId": document["id"],
        "workflowName": document["name"],
        "validations": [checked],
        "totalWarnings": 0,
        "passed": checked["passed"],
    }


def file_of(repository: Repository, workflow: str) -> Path:
    """The file of a workflow.

    Raises:
        UserError: there is no such workflow.
    """
    file = repository.folder / "workflows" / f"workflow-{workflow}.yaml"
    if not file.is_file():
        raise UserError(
            f"Workflow not found: {workflow}.\nCreate it with: swamp workflow create {workflow}",
            "workflow_not_found",
        )
    return file


def defaults_of(document: dict[str, Any]) -> dict[str, str]:
    """The default values of the inputs of a workflow."""
    described = document.get("inputs", {}).get("properties", {})
    return {name: each["default"] for name, each in described.items() if "default" in each}


def of_the_workflow(job: dict[str, Any], workflow: dict[str, Any]) -> dict[str, Any]:
    """The description of a job, with the worker requirements and the affinity of its workflow."""
    inherited: dict[str, Any] = {key: workflow[key] for key in _PLACEMENT if key in workflow}
    group = {"group": "the workflow"} if workflow.get("affinity") else {}
    return {**inherited, **job, **group}


def placed(step: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """The description of a step, with the worker requirements and the limit of its job, and its group."""
    inherited: dict[str, Any] = {key: job[key] for key in (*_PLACEMENT, "concurrency") if key in job}
    group = job.get("group", job["name"] if job.get("affinity") else "")
    return {**inherited, **step, "job": job["name"], "group": group}


def items_of(repository: Repository, described: dict[str, Any]) -> list[dict[str, str]]:
    """The items that a step is expanded over; an empty one for a single step."""
    if "forEach" not in described:
        return [{}]
    listed = _EXPRESSION.fullmatch(described["forEach"]["in"].strip())
    item = f"self.{described['forEach']['item']}"
    if listed is not None and listed[1] == "workers.connected()":
        return [{f"{item}.attributes.name": worker["name"]} for worker in connected_workers(repository)]
    return [values_of(item, each) for each in (listed_in(ast.literal_eval(listed[1])) if listed else [])]


def listed_in(items: Any) -> list[Any]:
    """The items of a list, or those of a map: its keys with their values."""
    if isinstance(items, dict):
        return [{"key": key, "value": value} for key, value in items.items()]
    return list(items)


def values_of(name: str, item: Any) -> dict[str, str]:
    """The values of the expressions about an item, which is a word, a number or an object."""
    if isinstance(item, dict):
        return {f"{name}.{field}": str(value) for field, value in item.items()}
    return {name: str(item)}


def connected_workers(repository: Repository) -> list[dict[str, Any]]:
    """The records of the workers that are not disconnected."""
    return [worker for worker in records.workers(repository) if worker["status"] != "disconnected"]


def _step(repository: Repository, described: dict[str, Any], known: dict[str, str]) -> Step:
    secrets: list[str] = []

    def meaning(expression: str) -> str:
        secret = _SECRET.fullmatch(expression)
        if secret is not None:
            secrets.append(vaults.get(repository, secret["vault"], secret["key"]))
            return secrets[-1]
        if _LATEST.fullmatch(expression):
            return f"${{{{ {expression} }}}}"  # it is evaluated when the step begins
        if expression not in known:
            raise UserError(f"Unknown expression: {expression}")
        return known[expression]

    task = _evaluated(described["task"], meaning)
    target = _evaluated(described.get("target", ""), meaning)
    labels = _evaluated(described.get("labels", {}), meaning)
    platform = _evaluated(described.get("platform", ""), meaning)
    model = task.get("modelName") or task.get("modelIdOrName", "")
    model_type = task.get("modelType") or (repository.model_type_of(model) if model else "")
    secrets += confided_to(model_type, task.get("methodName", ""), task.get("inputs", {}))
    return Step(
        _evaluated(name_of(described), meaning),
        model_type,
        model,
        task.get("methodName", ""),
        task.get("inputs", {}),
        secrets,
        Requirement(target, labels, platform) if target or labels or platform else None,
        described.get("queueTimeout"),
        [each["step"] for each in described.get("dependsOn", ())],
        {each["specName"]: each for each in described.get("dataOutputOverrides", ())},
        task.get("globalArgs", {}),
        described["group"],
        task.get("prompt", ""),
        task.get("timeout", 0),
        described.get("allowFailure", False),
        any(each["condition"]["type"] == "completed" for each in described.get("dependsOn", ())),
        described["name"],
        described.get("concurrency", 0),
    )


def name_of(described: dict[str, Any]) -> str:
    """The name of a step; that of an expanded one gets its item at the end, unless it has an expression."""
    name = str(described["name"])
    if "forEach" not in described or _EXPRESSION.search(name):
        return name
    return f"{name}-${{{{ self.{described['forEach']['item']} }}}}"


def _evaluated(value: Any, meaning: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _evaluated(item, meaning) for key, item in value.items()}
    if isinstance(value, list):
        return [_evaluated(item, meaning) for item in value]
    if isinstance(value, str):
        return _EXPRESSION.sub(lambda match: meaning(match[1]), value)
    return value


def with_latest(repository: Repository, value: Any) -> Any:
    """The inputs of a step that begins, with their expressions evaluated on the newest data."""

    def latest(match: re.Match[str]) -> Any:
        parts = _LATEST.fullmatch(match[1])
        if parts is None:
            raise UserError(f"Unknown expression: {match[1]}")
        name = name_for_item(parts["name"], parts["item"]) if parts["item"] else parts["name"]
        datum = repository.store.latest(repository.place_of(parts["model"], name))
        found: Any = datum.content() if datum else None
        for part in parts["path"].split(".")[1:]:
            found = found[part]
        return found

    if isinstance(value, dict):
        return {key: with_latest(repository, item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_latest(repository, item) for item in value]
    if not isinstance(value, str):
        return value
    whole = _EXPRESSION.fullmatch(value)
    return latest(whole) if whole else _EXPRESSION.sub(lambda match: str(latest(match)), value)
