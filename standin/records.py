"""The orchestrator's records of workers, leases and waiting steps, readable by any process."""

from __future__ import annotations

from typing import Any

from standin.repository import Repository
from standin.store import Kind, Place

WORKER = "swamp/worker"
LEASE = "swamp/step-lease"
PENDING = "swamp/pending-dispatch"


def put_worker(repository: Repository, record: dict[str, Any]) -> None:
    """Record the state of a worker."""
    repository.store.put(
        Place(WORKER, f"worker-{record['name']}", "state-main"), Kind("state", versions_kept=5), record
    )


def workers(repository: Repository) -> list[dict[str, Any]]:
    """All workers that were ever in the pool, by name."""
    return sorted(_contents(repository, WORKER), key=lambda record: record["name"])


def put_lease(repository: Repository, record: dict[str, Any]) -> None:
    """Record the state of a lease."""
    identity = record["leaseId"]
    repository.store.put(
        Place(LEASE, f"lease-{identity}", "lease-main"), Kind("lease", versions_kept=3), record
    )


def leases(repository: Repository) -> list[dict[str, Any]]:
    """All leases."""
    return _contents(repository, LEASE)


def put_pending(repository: Repository, record: dict[str, Any]) -> None:
    """Record the state of a waiting step."""
    identity = record["queueId"]
    repository.store.put(
        Place(PENDING, f"pending-{identity}", "pending-main"), Kind("pending", versions_kept=3), record
    )


def pending(repository: Repository) -> list[dict[str, Any]]:
    """All steps that ever waited."""
    return _contents(repository, PENDING)


def waiting(repository: Repository) -> list[dict[str, Any]]:
    """The steps that wait."""
    return [record for record in pending(repository) if record["state"] == "waiting"]


def _contents(repository: Repository, model_type: str) -> list[dict[str, Any]]:
    return [each.content() for each in repository.store.all_latest() if each.facts["modelType"] == model_type]
