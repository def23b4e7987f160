"""The product's records of workflow runs, as plain values: leases, queued steps, run status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from swamp_harness.product.records import labels_from_text, moment, rows_of_table
from swamp_harness.product.wordings import AGE, INTERRUPTIONS, WAITS, WAITS_FOR_ONE, reasons_given
from swamp_harness.system.errors import ContractBroken

ACTIVE = "active"
COMPLETED = "completed"
LEASE_TYPE = "swamp/step-lease"
ALL_LEASES = f'modelType == "{LEASE_TYPE}"'
ALL_WAITS = 'modelType == "swamp/pending-dispatch"'
_NO_QUEUE = "No steps are currently queued."


@dataclass(frozen=True)
class LeaseRecord:
    """A step lease: one dispatch of a step to a worker (design/remote-execution.md, "Step lease").

    Attributes:
        step: the dispatched step; "" for the verification of a worker.
        worker: the pool member of the dispatch.
        state: "active", "completed", "failed" or "expired".
        has_writes: whether the step has persisted anything.
        created_at: the time of the dispatch.
        ended_at: the time of its end; None while it is active.
        error: the reason why it did not complete; "" if there is none.
    """

    step: str
    worker: str
    state: str
    has_writes: bool
    created_at: datetime
    ended_at: datetime | None
    error: str = ""

    def __str__(self) -> str:
        """The lease for a message."""
        return f'{self.state}: step "{self.step}" on "{self.worker}"'

    @property
    def end(self) -> str:
        """The state, followed by the contradictions in the rest of the lease."""
        active, completed = self.state == ACTIVE, self.state == COMPLETED
        contradictions = {
            "with a time of end": active and self.ended_at is not None,
            "without a time of end": not active and self.ended_at is None,
            "ended before it began": self.ended_at is not None and self.ended_at < self.created_at,
            "with an error": (active or completed) and bool(self.error),
            "without a reason": not (active or completed) and not self.error,
        }
        return ", ".join([self.state, *(words for words, present in contradictions.items() if present)])


@dataclass(frozen=True)
class Wait:
    """A wait of a step for a worker, as it is recorded.

    Attributes:
        step: the step.
        lasted: how long it lasted; None while it lasts.
    """

    step: str
    lasted: timedelta | None


@dataclass(frozen=True)
class QueuedStep:
    """A step in the operator's queue that waits for a worker.

    Attributes:
        step: the name of the step.
        waits_for: the requirement, as "target=alpha" or "pool=a,zone=x" with its labels sorted.
        model: the type of its model.
        queued_at: the time at which it was queued.
        age: its waiting time so far, in seconds, as a lower and an upper bound.
        work: the workflow, the job and the method; empty if a table does not show them.
    """

    step: str
    waits_for: str
    model: str
    queued_at: datetime
    age: tuple[float, float]
    work: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunRecord:
    """A run in the run history.

    Attributes:
        run_id: the id of the run.
        status: "running", "succeeded", "failed" or "cancelled".
        failure: the reason of a failure; "" if it did not fail.
        workflow: the name of its workflow.
        interruptions: why the orchestrator did not finish it, in the words of the features; empty if it did.
        lasted: the time from its start to its end; None if it has not ended.
    """

    run_id: str
    status: str
    failure: str
    workflow: str = ""
    interruptions: tuple[str, ...] = ()
    lasted: timedelta | None = None


def lease(content: Mapping[str, Any]) -> LeaseRecord:
    """A lease from the content of its datum, which fulfils the contract "step-lease"."""
    return LeaseRecord(
        step=content.get("stepName", ""),
        worker=content["workerName"],
        state=content["state"],
        has_writes=content["hasWrites"],
        created_at=moment(content["createdAt"]),
        ended_at=moment(content["endedAt"]) if content.get("endedAt") else None,
        error=content.get("error", ""),
    )


def wait(content: Mapping[str, Any]) -> Wait:
    """A wait from the content of its datum, which fulfils the contract "pending-dispatch"."""
    ended = content.get("endedAt")
    return Wait(content["stepName"], moment(ended) - moment(content["queuedAt"]) if ended else None)


def queue_from_json(answer: list[dict[str, Any]]) -> list[QueuedStep]:
    """The queued steps of an answer that fulfils the contract "worker-queue"."""
    return [
        QueuedStep(
            item["stepName"],
            _requirement(item["requirement"]),
            item["modelType"],
            moment(item["queuedAt"]),
            (item["ageMs"] / 1000, item["ageMs"] / 1000),
            (item["workflowName"], item["jobName"], item["methodName"]),
        )
        for item in answer
    ]


def queue_from_table(text: str) -> list[QueuedStep]:
    """The queued steps of the table that `swamp worker queue` prints.

    Raises:
        PromiseBroken: the text is neither such a table nor the message for an empty queue.
    """
    headings = ("REQUIREMENT", "STEP", "MODEL", "QUEUED AT", "AGE")
    return [
        QueuedStep(
            row["STEP"],
            _requirement(row["REQUIREMENT"]),
            row["MODEL"],
            moment(row["QUEUED AT"]),
            _age(row["AGE"]),
        )
        for row in rows_of_table(text, headings, _NO_QUEUE)
    ]


def waits_reported_in(text: str) -> list[str]:
    """The requirements of the steps that wait, as in the queue, from the output that follows a run."""
    reported = (match["requirement"] for match in WAITS.finditer(text))
    plain = (WAITS_FOR_ONE.sub(r"\g<kind>=\g<value>", words.strip()) for words in reported)
    return [_requirement(words.removeprefix("labels ").replace(" and ", ",")) for words in plain]


def run(item: Mapping[str, Any]) -> RunRecord:
    """A run from an item of an answer that fulfils the contract "workflow-history"."""
    end = item.get("completedAt")
    return RunRecord(
        item["runId"],
        item["status"],
        item.get("failureReason") or "",
        item["workflowName"],
        tuple(reasons_given(interruption(item.get("tags", {})), INTERRUPTIONS)),
        moment(end) - moment(item["startedAt"]) if end else None,
    )


def interruption(tags: Mapping[str, str]) -> str:
    """Why the orchestrator did not finish a run, from the tags of the run; empty if they do not say."""
    return tags.get("interrupt_reason") or tags.get("cancel_reason") or ""


def lacks_reasons(item: Mapping[str, Any]) -> bool:
    """Whether an item is of a release before 2026-08-18, whose history has no reasons."""
    return "instanceId" not in item


def steps_of(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps of a run, from an answer that fulfils the contract "workflow-run"."""
    return [step for job in answer["jobs"] for step in job["steps"]]


def failures_of_steps(answer: Mapping[str, Any]) -> list[str]:
    """The error messages of the steps of a run, from an answer that fulfils the contract "workflow-run"."""
    return [step["error"] for step in steps_of(answer) if step.get("error")]


def _requirement(text: str) -> str:
    return ",".join(f"{name}={value}" for name, value in labels_from_text(text))


def _age(text: str) -> tuple[float, float]:
    match = AGE.fullmatch(text)
    if match is None:
        raise ContractBroken(f"Expected an age such as 12s or 3m in the queue, but found {text!r}.")
    if match["minutes"]:
        return 60.0 * int(match["minutes"]), 60.0 * (int(match["minutes"]) + 1)
    seconds = int(match["seconds"] or 0)
    return float(seconds), float(seconds + 1)
