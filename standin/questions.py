"""Queries of a repository, by a command in it or through an orchestrator."""

from __future__ import annotations

from typing import Any

from standin import records, tokens, vaults
from standin.errors import UserError
from standin.moments import moment, now
from standin.predicate import NoPredicate, compiled
from standin.repository import METHODS, Repository
from standin.store import Place

_OF_A_WORKER = (
    "name",
    "status",
    "labels",
    "platform",
    "arch",
    "instanceUuid",
    "enrolledAt",
    "lastSeenAt",
    "capacity",
    "activeDispatchIds",
)
# Why a worker has not passed its verification; other workers do not have it.
_REASON = "verifyFailureReason"


def token_list(repository: Repository) -> list[dict[str, Any]]:
    """`swamp worker token list`."""
    return [tokens.list_entry(record) for record in tokens.records(repository)]


def worker_list(repository: Repository, *, past: bool) -> dict[str, Any]:
    """`swamp worker list`.

    Args:
        repository: to ask.
        past: whether to include workers that are not connected.
    """
    everyone = [
        {key: record[key] for key in (*_OF_A_WORKER, _REASON) if key in record}
        for record in records.workers(repository)
    ]
    shown = [each for each in everyone if past or each["status"] != "disconnected"]
    answer: dict[str, Any] = {"workers": shown, "count": len(shown)}
    if len(shown) < len(everyone):
        answer["filteredDisconnectedCount"] = len(everyone) - len(shown)
    return answer


def queue(repository: Repository) -> list[dict[str, Any]]:
    """`swamp worker queue`."""
    fields = ("queueId", "requirement", "workflowName", "stepName", "modelType", "methodName", "queuedAt")
    return [
        {**{key: record[key] for key in fields}, "jobName": "main", "ageMs": _age(record["queuedAt"])}
        for record in sorted(records.waiting(repository), key=lambda each: each["queuedAt"])
    ]


def data_query(repository: Repository, predicate: str) -> dict[str, Any]:
    """`swamp data query`.

    Raises:
        UserError: the predicate is invalid.
    """
    try:
        holds = compiled(predicate)
    except NoPredicate as error:
        raise UserError(str(error)) from error
    store = repository.store
    # Earlier versions are included only if the predicate asks for versions.
    found = store.in_every_version() if "version" in predicate else store.latest_of_steps()
    answer = [store.describe(each) for each in found]
    results = [item for item in answer if holds({**item, "attributes": item.get("content")})]
    return {"predicate": predicate, "results": results, "total": len(results)}


def data_get(
    repository: Repository, model: str, name: str, *, version: int | None = None, content: bool = True
) -> dict[str, Any]:
    """`swamp data get`.

    Raises:
        UserError: there is no such datum or no such version.
    """
    place = repository.place_of(model, name)
    store = repository.store
    datum = store.latest(place) if version is None else store.version(place, version)
    if datum is None:
        raise UserError(f'Data not found: "{name}" version {version} for model "{model}"', "data_not_found")
    return store.describe(datum, content=content)


def data_of_run(
    repository: Repository, workflow: str, run: str, name: str, *, content: bool = True
) -> dict[str, Any]:
    """`swamp data get --workflow`: what a run wrote, or the last one if none is named.

    Raises:
        UserError: there is no such run or no such datum.
    """
    identity = run or str(run_document(repository, workflow)["id"])
    if all(each["runId"] != identity for each in history(repository)):
        raise UserError(f'Workflow run not found: Run "{run}" not found for workflow: {workflow}')
    found = [
        datum
        for datum in repository.store.in_every_version()
        if datum.facts["name"] == name and datum.facts["tags"].get("workflowRunId") == identity
    ]
    if not found:
        raise UserError(f'Data not found: "{name}" in workflow "{workflow}"', "data_not_found")
    return repository.store.describe(max(found, key=lambda each: each.version), content=content)


def data_versions(repository: Repository, place: Place) -> list[dict[str, Any]]:
    """`swamp data versions`, the newest first."""
    versions = repository.store.versions(place)
    found = (repository.store.version(place, version) for version in reversed(versions))
    fields = ("version", "size", "checksum", "contentType", "createdAt")
    return [
        {**{key: datum.facts[key] for key in fields}, "isLatest": datum.version == versions[-1]}
        for datum in found
        if datum is not None
    ]


def history(repository: Repository) -> list[dict[str, Any]]:
    """`swamp workflow history search`: the runs of workflows, the newest first."""
    fields = ("runId", "instanceId", "workflowName", "status", "startedAt")
    optional = ("completedAt", "failedStep", "failureReason", "tags")
    return [
        {**{key: run[key] for key in fields}, **{key: run[key] for key in optional if run.get(key)}}
        for run in sorted(repository.documents("runs"), key=lambda run: run["startedAt"], reverse=True)
    ]


def run_document(repository: Repository, workflow: str) -> dict[str, Any]:
    """The last run of a workflow, in the format of `swamp workflow run`.

    Raises:
        UserError: it never ran.
    """
    runs = [run for run in repository.documents("runs") if run["workflowName"] == workflow]
    if not runs:
        raise UserError(f"No runs found for workflow '{workflow}'")
    return run_answer(repository, max(runs, key=lambda run: run["startedAt"]))


def run_answer(repository: Repository, run: dict[str, Any]) -> dict[str, Any]:
    """A run, in the format of `swamp workflow run`, with the file of its record."""
    return {
        "id": run["runId"],
        "workflowName": run["workflowName"],
        "status": run["status"],
        **({"tags": run["tags"]} if run["tags"] else {}),
        "jobs": [{"name": "main", "status": run["status"], "steps": run["steps"]}],
        "path": str(repository.inner / "runs" / f"{run['runId']}.json"),
    }


def run_history(repository: Repository) -> dict[str, Any]:
    """`swamp run history`."""
    workflows = [
        {
            "id": run["runId"],
            "runKind": "workflow",
            "name": run["workflowName"],
            "status": "completed" if run["status"] == "succeeded" else run["status"],
        }
        for run in history(repository)
    ]
    return {"runs": [*workflows, *repository.documents(METHODS)]}


def runs_in_progress(repository: Repository) -> dict[str, Any]:
    """`swamp run doctor`; no run of the stand-in becomes stale."""
    runs = run_history(repository)["runs"]
    active = [run for run in runs if run["status"] == "running"]
    return {
        "totalTracked": len(runs),
        "active": len(active),
        "stale": 0,
        "reaped": 0,
        "activeRuns": active,
        "staleRuns": [],
    }


def run_log(repository: Repository, run_id: str) -> str:
    """`swamp workflow history logs`.

    Raises:
        UserError: there is no such run.
    """
    file = repository.inner / "runs" / f"{run_id}.log"
    if not file.is_file():
        raise UserError(f"Run not found: {run_id}")
    return file.read_text("utf-8")


def vault_keys(repository: Repository, vault: str) -> list[str]:
    """`swamp vault list-keys`."""
    return vaults.keys(repository, vault)


def _age(queued_at: str) -> int:
    return max(0, int((now() - moment(queued_at)).total_seconds() * 1000))
