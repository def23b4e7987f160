"""Dispatch: steps wait for a matching worker, are sent to it, and run again after its loss if allowed."""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from standin import records
from standin.moments import stamp
from standin.orchestrator.pool import Member, Pool
from standin.repository import Repository
from standin.timing import STOPPING

_LOST = "lost"


@dataclass(frozen=True)
class Requirement:
    """The requirements of a step for its worker.

    Attributes:
        target: the name or the instance of a worker; empty for none.
        labels: that the worker must have.
        platform: of the worker's machine, such as linux/x86_64; empty for any.
    """

    target: str
    labels: dict[str, str]
    platform: str = ""

    def fits(self, member: Member) -> bool:
        """Whether the step may run on a worker."""
        if self.target:
            return self.target in (member.name, member.instance)
        matches = all(member.labels.get(name) == value for name, value in self.labels.items())
        return matches and self.fits_platform(member)

    def fits_platform(self, member: Member) -> bool:
        """Whether the step may run on the machine of a worker."""
        return self.platform in ("", member.platform, f"{member.platform}/{member.arch}")

    def in_words(self) -> str:
        """Format for the queue."""
        target = [f"target={self.target}"] if self.target else []
        platform = [f"platform={self.platform}"] if self.platform else []
        return ", ".join([*target, *(f"{name}={value}" for name, value in self.labels.items()), *platform])

    def in_a_sentence(self) -> str:
        """Format for a message."""
        return f"target '{self.target}'" if self.target else f"labels {self.in_words().replace(', ', ',')}"


@dataclass
class Work:
    """The work of a step, ready to run.

    Attributes:
        workflow: the name of its workflow.
        run: the id of its run.
        step: its name.
        model_type: of its model instance.
        model: the name of its model instance.
        method: that it runs.
        inputs: of the method, with the secrets in place.
        secrets: the secrets among the inputs.
        say: called with the output of the step.
        wrote: called with what it writes, as (name, version).
        kept: overrides of how its data are stored, by kind.
        tags: of the run, for its data.
        of_the_model: the arguments of the model, for all its methods.
        group: the group of steps that share one worker; empty if it may run anywhere.
        checks_skipped: the labels of the checks that are not made before it.
    """

    workflow: str
    run: str
    step: str
    model_type: str
    model: str
    method: str
    inputs: dict[str, Any]
    secrets: list[str]
    say: Callable[[str], None]
    wrote: Callable[[dict[str, Any]], None]
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    of_the_model: dict[str, Any] = field(default_factory=dict)
    group: str = ""
    checks_skipped: Sequence[str] = ()


class StepFailed(Exception):
    """A step has failed; the message says why."""


class WorkerLost(Exception):
    """The worker of a step was lost."""


@dataclass
class Dispatch:
    """A step that was sent to a worker, or that the orchestrator runs itself.

    Attributes:
        work: what it does.
        member: the worker; None for the orchestrator itself.
        identity: its id.
        ticket: with which its process authenticates to the data plane.
        ended: how it ended.
        lease: its record; empty for the orchestrator itself.
        closed: whether requests of its process are refused.
    """

    work: Work
    member: Member | None
    identity: str = field(default_factory=lambda: str(uuid.uuid4()))
    ticket: str = field(default_factory=lambda: secrets.token_hex(16))
    ended: asyncio.Future[dict[str, Any]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    lease: dict[str, Any] = field(default_factory=dict)
    closed: bool = False


@dataclass
class _Waiting:
    requirement: Requirement
    granted: asyncio.Future[Dispatch]
    work: Work
    entry: dict[str, Any] = field(default_factory=dict)


class Dispatcher:
    """Sends steps to workers.

    Args:
        repository: where leases are recorded.
        pool: of workers.
        say: writes a line into the orchestrator's log.
        job_for: makes the job that is sent to a worker.

    Attributes:
        dispatches: those in progress, by id.
    """

    def __init__(
        self,
        repository: Repository,
        pool: Pool,
        say: Callable[[str], None],
        job_for: Callable[[Dispatch], dict[str, Any]],
    ) -> None:
        self._repository = repository
        self._pool = pool
        self._say = say
        self._job_for = job_for
        self._waiting: list[_Waiting] = []
        self._pins: dict[str, str] = {}
        self.dispatches: dict[str, Dispatch] = {}
        pool.changed = self.serve_queue
        pool.lost = self._worker_lost

    async def run(self, work: Work, requirement: Requirement, queue_limit: float) -> None:
        """Run a step on a worker, again if the worker is lost before the step has written.

        Raises:
            StepFailed: it failed, or no worker came in time.
        """
        while True:
            self.demand_worker_of_group(work.group)
            dispatch = await self._place(work, requirement, queue_limit)
            try:
                await self._carry_out(dispatch)
            except WorkerLost:
                if work.group:
                    raise self.has_lost_its_worker(work.group) from None
                self._say(f'Worker "{dispatch.lease["workerName"]}" lost a no-write dispatch; re-scheduling')
            else:
                return

    def demand_worker_of_group(self, group: str) -> None:
        """Make sure that the worker of a group of steps is connected, once it has one.

        Raises:
            StepFailed: it is not.
        """
        if group in self._pins:
            member = self._pool.members.get(self._pins[group])
            if member is None or not member.connected:
                raise self.has_lost_its_worker(group)

    def has_lost_its_worker(self, group: str) -> StepFailed:
        """The error of a step whose group has lost its worker."""
        return StepFailed(
            f"Worker '{self._pins[group]}' required by affinity group '{group}' is no longer connected — "
            "failing step to preserve co-location guarantee"
        )

    # --- the queue

    async def _place(self, work: Work, requirement: Requirement, limit: float) -> Dispatch:
        waiting = _Waiting(requirement, asyncio.get_running_loop().create_future(), work)
        self._waiting.append(waiting)
        self.serve_queue()
        if not waiting.granted.done():
            if self.is_away(requirement.target):
                work.say(
                    f"warning: target worker '{requirement.target}' is disconnected; "
                    "use workers.connected() to filter dispatchable workers"
                )
            self.report_wait(work, requirement)
            self._enter(waiting)
        try:
            return await asyncio.wait_for(waiting.granted, time_to_wait(limit))
        except TimeoutError:
            self.leave(waiting.entry, "timed_out")
            raise StepFailed(
                f"Timed out waiting for a worker matching {requirement.in_a_sentence()} to become available"
            ) from None
        except asyncio.CancelledError:
            self.leave(waiting.entry, "cancelled")
            raise
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    def report_wait(self, work: Work, requirement: Requirement) -> None:
        """Tell the followers of a run that a step waits."""
        work.say(f"queued, waiting for worker matching {requirement.in_a_sentence()}")

    def is_away(self, target: str) -> bool:
        """Whether the worker with a name or an instance is lost, and may still come back."""
        members = self._pool.members.values()
        return any(target in (each.name, each.instance) and not each.connected for each in members)

    def serve_queue(self) -> None:
        """Assign free slots to waiting steps, in the order of arrival."""
        for waiting in list(self._waiting):
            if waiting.granted.done():
                continue
            member = self.chosen(self.pinned(waiting.requirement, waiting.work.group))
            if member is None:
                continue
            if waiting.work.group:
                self._pins[waiting.work.group] = member.name
            dispatch = Dispatch(waiting.work, member)
            member.dispatches.add(dispatch.identity)
            self._waiting.remove(waiting)
            self.leave(waiting.entry, "dispatched")
            waiting.granted.set_result(dispatch)

    def pinned(self, requirement: Requirement, group: str) -> Requirement:
        """What a step of a group requires: the worker of the group, once a step of it has one."""
        return replace(requirement, target=self._pins[group]) if group in self._pins else requirement

    def chosen(self, requirement: Requirement) -> Member | None:
        """The worker with the most free slots that a step can run on now; None if there is none."""
        free = [
            member
            for member in self._pool.members.values()
            if takes_steps(member) and has_free_slot(member) and requirement.fits(member)
        ]
        return min(free, key=lambda member: (-free_slots(member), member.name), default=None)

    def _enter(self, waiting: _Waiting) -> None:
        waiting.entry.update(
            queueId=str(uuid.uuid4()),
            requirement=waiting.requirement.in_words(),
            workflowName=waiting.work.workflow,
            stepName=waiting.work.step,
            modelType=waiting.work.model_type,
            methodName=waiting.work.method,
            queuedAt=stamp(),
            state="waiting",
        )
        records.put_pending(self._repository, waiting.entry)

    def leave(self, entry: dict[str, Any], state: str) -> None:
        """Record that a step no longer waits."""
        if entry:
            entry.update(state=state, endedAt=stamp())
            records.put_pending(self._repository, entry)

    # --- a dispatch

    async def _carry_out(self, dispatch: Dispatch) -> None:
        member = dispatch.member
        assert member is not None
        self.dispatches[dispatch.identity] = dispatch
        self._open_lease(dispatch, member)
        try:
            await self.hand_over(dispatch, member)
            ended = await self._end_of(dispatch, member)
        except asyncio.CancelledError:
            await self.stop(dispatch, member)
            self.close_lease(dispatch, "failed", "Dispatch was aborted")
            raise
        finally:
            dispatch.closed = True
            self.dispatches.pop(dispatch.identity, None)
            self._pool.release(member, dispatch.identity)
        if ended["status"] != "success":
            self.close_lease(dispatch, "failed", ended["error"])
            raise StepFailed(ended["error"])
        self.close_lease(dispatch, "completed")

    async def hand_over(self, dispatch: Dispatch, member: Member) -> None:
        """Send a step to its worker."""
        self._pool.record(member)
        await self._send(member, "dispatch.start", self._job_for(dispatch))

    async def _end_of(self, dispatch: Dispatch, member: Member) -> dict[str, Any]:
        ended = await asyncio.shield(dispatch.ended)
        if ended["status"] == _LOST:
            dispatch.closed = True
            fate = member.fate
            assert fate is not None
            self.after_loss(dispatch, await asyncio.shield(fate))
            raise WorkerLost
        return ended

    def after_loss(self, dispatch: Dispatch, fate: str) -> None:
        """Decide about a step whose worker was lost: it runs again only if it had not written.

        Raises:
            StepFailed: it had written.
        """
        if dispatch.lease["hasWrites"]:
            self.close_lease(dispatch, "failed", "worker disconnected after writing (write-then-drop)")
            raise StepFailed(
                f"Worker '{dispatch.lease['workerName']}' disconnected after step '{dispatch.work.step}' had "
                "written data — failing the run (write-then-drop)"
            )
        how = "worker reconnected after drop" if fate == "returned" else "worker lost"
        self.close_lease(dispatch, "expired", f"{how}; no writes had occurred")

    async def stop(self, dispatch: Dispatch, member: Member) -> None:
        """End a cancelled step; it has ended when this returns."""
        dispatch.closed = True
        if dispatch.ended.done() or not member.connected:
            return
        await self._send(member, "dispatch.cancel", {"dispatchId": dispatch.identity})
        await asyncio.wait([dispatch.ended], timeout=STOPPING * 10)

    async def _send(self, member: Member, method: str, params: dict[str, Any]) -> None:
        if member.socket is not None:
            try:
                await member.socket.send(json.dumps({"method": method, "params": params}))
            except OSError:
                return  # the receiving side notices its loss

    def _worker_lost(self, member: Member) -> None:
        for identity in member.dispatches:
            dispatch = self.dispatches.get(identity)
            if dispatch is not None and not dispatch.ended.done():
                dispatch.ended.set_result({"status": _LOST})

    def finished(self, params: dict[str, Any]) -> None:
        """Record how a step has ended, as its worker reports it."""
        dispatch = self.dispatches.get(params["dispatchId"])
        if dispatch is not None and not dispatch.ended.done():
            dispatch.ended.set_result(params)

    # --- its lease

    def _open_lease(self, dispatch: Dispatch, member: Member) -> None:
        dispatch.lease.update(
            leaseId=str(uuid.uuid4()),
            dispatchId=dispatch.identity,
            workerName=member.name,
            workflowName=dispatch.work.workflow,
            jobName="main",
            stepName=dispatch.work.step,
            modelType=dispatch.work.model_type,
            methodName=dispatch.work.method,
            state="active",
            hasWrites=False,
            createdAt=stamp(),
        )
        records.put_lease(self._repository, dispatch.lease)

    def note_write(self, dispatch: Dispatch) -> None:
        """Record that a step writes something."""
        if dispatch.lease and not dispatch.lease["hasWrites"]:
            dispatch.lease["hasWrites"] = True
            records.put_lease(self._repository, dispatch.lease)

    def close_lease(self, dispatch: Dispatch, state: str, error: str = "") -> None:
        """Record how a dispatch has ended."""
        dispatch.lease.update(state=state, endedAt=stamp(), **({"error": error} if error else {}))
        records.put_lease(self._repository, dispatch.lease)


def time_to_wait(limit: float) -> float | None:
    """How long a step with a queue limit waits; without limit if that is 0."""
    return limit or None


def takes_steps(member: Member) -> bool:
    """Whether a worker takes any steps now."""
    return member.connected and not member.draining and not member.unverified


def has_free_slot(member: Member) -> bool:
    """Whether a worker can take one more step."""
    return free_slots(member) > 0


def free_slots(member: Member) -> int:
    """How many more steps a worker can take."""
    return member.capacity - len(member.dispatches)
