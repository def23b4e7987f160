"""A workflow file of the repository: its steps, their placement and their tasks."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

import yaml

from swamp_harness.product.repository import Repository

_ITEM = "item"
# An item of a step: a word, a number, or an object with a name and the worker that runs its step.
Item: TypeAlias = str | int | Mapping[str, str]
_NAME, _WORKER = "name", "worker"
# What the item of a map is made of, in expressions.
_KEY, _VALUE = "key", "value"
_CONNECTED_WORKERS = "workers.connected()"
# The name of the worker that is the item of a step, in expressions.
WORKER_OF_ITEM = f"${{{{ self.{_ITEM}.attributes.name }}}}"
# The worker that an item with a name has.
WORKER_IN_ITEM = f"${{{{ self.{_ITEM}.{_WORKER} }}}}"
# The same of an item of a map.
WORKER_OF_KEY = f"${{{{ self.{_ITEM}.{_VALUE} }}}}"
MAIN_JOB = "main"
_VALUE_OF_UNKNOWN_KEY = "alpha"


@dataclass(frozen=True)
class Placement:
    """The placement of a step (design/remote-execution.md, "Scheduling, fan-out, and provisioning").

    Attributes:
        target: the name of a worker, or an expression for the uuid of its instance; none if empty.
        labels: the labels that the worker must have.
        platform: the platform of the worker's machine, such as linux/x86_64; any if empty.
    """

    target: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""

    def document(self) -> dict[str, Any]:
        """The placement in a workflow file, for a step or for a job."""
        fields = {"target": self.target, "labels": dict(self.labels), "platform": self.platform}
        return {key: value for key, value in fields.items() if value}


@dataclass(frozen=True)
class Task:
    """The task of a step: a method of a model, or the wait for an approval.

    Attributes:
        model_type: for example "command/shell"; empty for an approval.
        method: for example "execute"; empty for an approval.
        inputs: the arguments of the method.
        kept: the workflow's overrides for stored data, such as lifetime and tags, by kind of data.
        of_the_model: the arguments of the model, for all its methods.
        prompt: what the operator is asked who must approve the step; empty for a method.
        approval_limit: the seconds that the operator has for it; 0 for no limit.
    """

    model_type: str
    method: str
    inputs: Mapping[str, Any]
    kept: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    of_the_model: Mapping[str, Any] = field(default_factory=dict)
    prompt: str = ""
    approval_limit: int = 0

    def document(self, model: str, *, exists: bool) -> dict[str, Any]:
        """The task in a workflow file.

        Args:
            model: the name of its model instance.
            exists: whether the instance was created before; otherwise the step names its type.
        """
        if self.prompt:
            limit = {"timeout": self.approval_limit} if self.approval_limit else {}
            return {"type": "manual_approval", "prompt": self.prompt, **limit}
        instance = {"modelIdOrName": model} if exists else {"modelType": self.model_type, "modelName": model}
        return {
            "type": "model_method",
            **instance,
            "methodName": self.method,
            "inputs": dict(self.inputs),
            **({"globalArgs": dict(self.of_the_model)} if self.of_the_model else {}),
        }


@dataclass(frozen=True)
class Step:
    """One step of a workflow.

    Attributes:
        name: the name of the step; if it is expanded over items, the part of the name before the item.
        task: its task.
        placement: its placement.
        after: the step that must succeed before it; none if empty.
        queue_limit: the seconds that it may wait for a worker; None for the orchestrator's limit.
        items: the items to expand it over, all of one kind; None for a single step.
        in_a_map: whether the items are the keys of a map, with their workers as its values, and not a list.
        names_items: whether its name in the workflow file has the expression for the item; otherwise swamp
            adds the item to the name.
        at_a_time: how many of its items are at work at the same time at most; 0 for no limit.
        for_each_worker: whether to expand it over the connected workers (design/expressions.md, "Workers
            Namespace") instead.
        model: the name of its model instance; the name of the step if empty.
        job: its job. Jobs run in parallel. In a job, a step with `after` waits for all steps without `after`.
        runs_as_its_job: whether the placement of the job applies instead of its own.
        may_fail: whether the run goes on if it fails.
        after_any_end: whether it runs also if the step before it has failed.
    """

    name: str
    task: Task
    placement: Placement
    after: str = ""
    queue_limit: float | None = None
    items: Sequence[Item] | None = None
    in_a_map: bool = False
    names_items: bool = True
    at_a_time: int = 0
    for_each_worker: bool = False
    model: str = ""
    job: str = MAIN_JOB
    runs_as_its_job: bool = False
    may_fail: bool = False
    after_any_end: bool = False

    @property
    def written_name(self) -> str:
        """The step's name in the workflow file."""
        return self.template if self.names_items else self.name

    @property
    def template(self) -> str:
        """The step's name, with the expression for the item if it is expanded."""
        if self.for_each_worker:
            return name_for_item(self.name, WORKER_OF_ITEM)
        if self.items is None:
            return self.name
        named = _KEY if self.in_a_map else _NAME
        field_of_name = f".{named}" if any(isinstance(item, Mapping) for item in self.items) else ""
        return name_for_item(self.name, f"${{{{ self.{_ITEM}{field_of_name} }}}}")

    @property
    def instance(self) -> str:
        """The name of its model instance: that of the step unless another is set."""
        return self.model or self.template

    def document(self, *, model_exists: bool = False) -> dict[str, Any]:
        """The step in a workflow file.

        Args:
            model_exists: whether its model instance was created before.
        """
        end = "completed" if self.after_any_end else "succeeded"
        depends = [{"step": self.after, "condition": {"type": end}}] if self.after else []
        optional: dict[str, Any] = {
            "queueTimeout": self.queue_limit,
            "dataOutputOverrides": [{"specName": kind, **how} for kind, how in self.task.kept.items()]
            or None,
            "forEach": self._expansion(),
            "concurrency": self.at_a_time or None,
        }
        return {
            "name": self.written_name,
            **self.placement.document(),
            # A queue limit of 0 stays: it means that there is no limit.
            **{key: value for key, value in optional.items() if value is not None},
            "task": self.task.document(self.instance, exists=model_exists),
            "dependsOn": depends,
            "weight": 0,
            "allowFailure": self.may_fail,
        }

    def _expansion(self) -> dict[str, str] | None:
        if self.for_each_worker:
            return {"item": _ITEM, "in": f"${{{{ {_CONNECTED_WORKERS} }}}}"}
        if self.items is None:
            return None
        listed = {each[_NAME]: each[_WORKER] for each in self.items if isinstance(each, Mapping)}
        return {"item": _ITEM, "in": f"${{{{ {listed if self.in_a_map else list(self.items)} }}}}"}


class Level(Enum):
    """A level of a workflow at which a key can stand."""

    STEP = "step"
    JOB = "job"
    WORKFLOW = "workflow"


@dataclass(frozen=True)
class UnknownKey:
    """A key that swamp does not know, as an operator may mistype it.

    Attributes:
        name: the key.
        level: the level at which it stands: the last step, the last job, or the workflow itself.
    """

    name: str
    level: Level


@dataclass(frozen=True)
class Workflow:
    """A workflow, of one job or several.

    Attributes:
        name: the name of the workflow.
        steps: the steps of its jobs.
        inputs: the names of its text inputs.
        defaults: the defaults of optional inputs.
        jobs: the placement of a job's steps without a placement of their own, by the name of the job.
        job_order: the job that must succeed before another, by the name of the other.
        pinned: the jobs of which all steps run on the worker of their first step ("Worker affinity").
        stays: whether the steps of all its jobs run on the worker of its first step.
        placement: the placement of jobs and steps without one of their own.
        queue_limit: the seconds that its steps may wait for a worker; None for the orchestrator's limit.
        job_queue_limits: the same for the steps of a job, by the name of the job.
        at_a_time: how many steps of a job are at work at the same time at most, by the name of the job.
        of_existing_models: whether the model instances of its steps were created before.
        required_checks: the checks that their definitions require before every method.
        model_tags: the tags of their definitions.
        unknown_key: a key that swamp does not know; None for none.
        tags: of the workflow itself.
    """

    name: str
    steps: Sequence[Step]
    inputs: Sequence[str] = ()
    jobs: Mapping[str, Placement] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    pinned: Collection[str] = ()
    job_order: Mapping[str, str] = field(default_factory=dict)
    unknown_key: UnknownKey | None = None
    stays: bool = False
    placement: Placement = field(default_factory=Placement)
    queue_limit: float | None = None
    job_queue_limits: Mapping[str, float] = field(default_factory=dict)
    at_a_time: Mapping[str, int] = field(default_factory=dict)
    of_existing_models: bool = False
    required_checks: Sequence[str] = ()
    model_tags: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The content of the workflow file."""
        given = {
            "properties": {name: {"type": "string", **self._default(name)} for name in self.inputs},
            "required": [name for name in self.inputs if name not in self.defaults],
        }
        document = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, self.name)),
            "name": self.name,
            "tags": dict(self.tags),
            **self.placement.document(),
            **_limited(self.queue_limit),
            **({"affinity": True} if self.stays else {}),
            **({"inputs": given} if self.inputs else {}),
            "jobs": [
                {
                    "name": job,
                    **self._place_of(job),
                    **_limited(self.job_queue_limits.get(job)),
                    **({"affinity": True} if job in self.pinned else {}),
                    **({"concurrency": self.at_a_time[job]} if job in self.at_a_time else {}),
                    "steps": [self._document_of(step) for step in self.steps if step.job == job],
                    "dependsOn": self._jobs_before(job),
                    "weight": 0,
                }
                for job in dict.fromkeys(step.job for step in self.steps)
            ],
            "version": 1,
        }
        if self.unknown_key is not None:
            self._at(self.unknown_key.level, document)[self.unknown_key.name] = _VALUE_OF_UNKNOWN_KEY
        return document

    def written_name_of(self, step: str) -> str:
        """The name in the workflow file of a step, which has an expression if it is expanded."""
        return next((each.written_name for each in self.steps if each.name == step), step)

    def name_at(self, level: Level) -> str:
        """The name of the workflow, of its last job, or of that job's last step."""
        return str(self._at(level, self.document())["name"])

    @staticmethod
    def _at(level: Level, document: dict[str, Any]) -> dict[str, Any]:
        job = document["jobs"][-1]
        found: dict[Level, dict[str, Any]] = {
            Level.WORKFLOW: document,
            Level.JOB: job,
            Level.STEP: job["steps"][-1],
        }
        return found[level]

    def _default(self, name: str) -> dict[str, str]:
        return {"default": self.defaults[name]} if name in self.defaults else {}

    def _jobs_before(self, job: str) -> list[dict[str, Any]]:
        before = self.job_order.get(job)
        return [{"job": before, "condition": {"type": "succeeded"}}] if before else []

    def _place_of(self, job: str) -> dict[str, Any]:
        if job not in self.jobs:
            return {}
        return self.jobs[job].document() or _cleared(self.placement.document())

    def _document_of(self, step: Step) -> dict[str, Any]:
        # A step without a placement runs on the orchestrator only if it clears what it would inherit.
        inherited = {**self.placement.document(), **self._place_of(step.job)}
        is_local = not step.runs_as_its_job and not step.placement.document()
        document = step.document(model_exists=self.of_existing_models)
        return {**document, **(_cleared(inherited) if is_local else {})}

    def write_to(self, repository: Repository) -> str:
        """Write the workflow into a repository; it replaces one of the same name.

        Returns:
            The text of its file.
        """
        text = yaml.safe_dump(self.document(), sort_keys=False)
        folder = repository.folder / "workflows"
        folder.mkdir(exist_ok=True)
        (folder / f"workflow-{self.name}.yaml").write_text(text, "utf-8")
        return text


def _cleared(placement: Mapping[str, Any]) -> dict[str, Any]:
    """The empty values that clear the fields of an inherited placement."""
    return {name: type(value)() for name, value in placement.items()}


def _limited(seconds: float | None) -> dict[str, float]:
    # A queue limit of 0 stays: it means that there is no limit.
    return {} if seconds is None else {"queueTimeout": seconds}


def item_on(name: str, worker: str) -> Item:
    """An item with a name, and with the worker that runs its step."""
    return {_NAME: name, _WORKER: worker}


def name_for_item(step: str, item: Item) -> str:
    """The name of an expanded step for one of its items."""
    return f"{step}-{item[_NAME] if isinstance(item, Mapping) else item}"
