"""A workflow as a file of the repository: steps, where they may run, what they do."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from swamp_harness.product.repository import Repository

_ITEM = "item"
MAIN_JOB = "main"


@dataclass(frozen=True)
class Placement:
    """Where a step may run (design/remote-execution.md, "Scheduling, fan-out, and provisioning").

    Attributes:
        target: the name of a worker, or an expression for the uuid of its instance; none when empty.
        labels: what the worker's labels must match.
        platform: the platform of the worker's machine, such as linux/x86_64; any when empty.
    """

    target: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""

    def document(self) -> dict[str, Any]:
        """What a workflow file says of it, for a step or for a job."""
        said = {"target": self.target, "labels": dict(self.labels), "platform": self.platform}
        return {key: value for key, value in said.items() if value}


@dataclass(frozen=True)
class Task:
    """What a step does: a method of a model.

    Attributes:
        model_type: such as "command/shell".
        method: such as "execute".
        inputs: the method's arguments, as they are.
        kept: how its workflow wants its data kept, otherwise than the model says: such as their lifetime and
            tags, by the names of their kinds.
        of_the_model: the arguments of the model, which all its methods find.
    """

    model_type: str
    method: str
    inputs: Mapping[str, Any]
    kept: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    of_the_model: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One step of a workflow.

    Attributes:
        name: of the step; of a step that is expanded over items, the part of the name before the item.
        task: what it does.
        placement: where it may run.
        after: the step that must have succeeded before; none when empty.
        queue_limit: how many seconds it may wait for a worker; as long as the orchestrator allows when None.
        items: what it is expanded over; it is one single step when there are none.
        model: the name of its model instance; that of the step when empty.
        job: that it belongs to. Jobs run side by side. In a job, a step that comes after another waits for
            all steps that come after none.
        runs_as_its_job: whether the job says where it may run, and not the step.
    """

    name: str
    task: Task
    placement: Placement
    after: str = ""
    queue_limit: float | None = None
    items: Sequence[str] = ()
    model: str = ""
    job: str = MAIN_JOB
    runs_as_its_job: bool = False

    @property
    def template(self) -> str:
        """The step's name as the workflow file has it."""
        return name_for_item(self.name, "${{ self.item }}") if self.items else self.name

    def document(self) -> dict[str, Any]:
        """The step as a workflow file has it; its model instance is called like it unless one is named."""
        task = {
            "type": "model_method",
            "modelType": self.task.model_type,
            "modelName": self.model or self.template,
            "methodName": self.task.method,
            "inputs": dict(self.task.inputs),
            **({"globalArgs": dict(self.task.of_the_model)} if self.task.of_the_model else {}),
        }
        depends = [{"step": self.after, "condition": {"type": "succeeded"}}] if self.after else []
        optional: dict[str, Any] = {
            "queueTimeout": self.queue_limit,
            "dataOutputOverrides": [{"specName": kind, **how} for kind, how in self.task.kept.items()],
            "forEach": {"item": _ITEM, "in": f"${{{{ {list(self.items)} }}}}"} if self.items else None,
        }
        return {
            "name": self.template,
            **self.placement.document(),
            **{key: value for key, value in optional.items() if value},
            "task": task,
            "dependsOn": depends,
            "weight": 0,
            "allowFailure": False,
        }


@dataclass(frozen=True)
class Workflow:
    """A workflow, of one job or several.

    Attributes:
        name: of the workflow.
        steps: of its jobs.
        inputs: the names of the texts that whoever runs it gives.
        defaults: of those inputs that need not be given.
        jobs: where the steps of a job may run that do not say it themselves, by the job's name.
    """

    name: str
    steps: Sequence[Step]
    inputs: Sequence[str] = ()
    jobs: Mapping[str, Placement] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The workflow as the content of its file."""
        given = {
            "properties": {name: {"type": "string", **self._default(name)} for name in self.inputs},
            "required": [name for name in self.inputs if name not in self.defaults],
        }
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, self.name)),
            "name": self.name,
            "tags": {},
            **({"inputs": given} if self.inputs else {}),
            "jobs": [
                {
                    "name": job,
                    **self._place_of(job),
                    "steps": [self._document_of(step) for step in self.steps if step.job == job],
                    "dependsOn": [],
                    "weight": 0,
                }
                for job in dict.fromkeys(step.job for step in self.steps)
            ],
            "version": 1,
        }

    def _default(self, name: str) -> dict[str, str]:
        return {"default": self.defaults[name]} if name in self.defaults else {}

    def _place_of(self, job: str) -> dict[str, Any]:
        return self.jobs[job].document() if job in self.jobs else {}

    def _document_of(self, step: Step) -> dict[str, Any]:
        # In a job that runs on workers, no labels at all mean the orchestrator.
        stays = step.job in self.jobs and not step.runs_as_its_job and not step.placement.document()
        return {**step.document(), **({"labels": {}} if stays else {})}

    def write_to(self, repository: Repository) -> str:
        """Put the workflow into a repository, in place of an earlier one of its name.

        Returns:
            The text of its file.
        """
        text = yaml.safe_dump(self.document(), sort_keys=False)
        folder = repository.folder / "workflows"
        folder.mkdir(exist_ok=True)
        (folder / f"workflow-{self.name}.yaml").write_text(text, "utf-8")
        return text


def name_for_item(step: str, item: str) -> str:
    """The name of the step that an expanded step becomes for one of its items."""
    return f"{step}-{item}"
