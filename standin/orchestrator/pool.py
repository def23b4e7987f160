"""The pool: workers enroll, are lost, come back or are dropped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from websockets.asyncio.server import ServerConnection

from standin import protocol, records, tokens
from standin.moments import now, stamp
from standin.repository import Repository
from standin.timing import GRACE_WINDOW
from standin.tokens import Rejected

RETURNED, GONE = "returned", "gone"
_NO_VERSION = json.dumps(
    [
        {
            "expected": "number",
            "code": "invalid_type",
            "path": ["protocolVersion"],
            "message": "Invalid input: expected number, received undefined",
        }
    ],
    indent=2,
)


@dataclass
class Member:
    """A worker of the pool.

    Attributes:
        name: that of its token, with its own suffix if the token is for several machines.
        token: the token that it presented.
        instance: identifies its process.
        labels: for scheduling.
        platform: of its machine.
        arch: of its machine.
        capacity: how many steps it runs in parallel.
        deadline: the end of its token's lifetime.
        enrolled_at: when this instance was admitted.
        last_seen: the time of its last message.
        socket: its connection; None while it is lost.
        dispatches: the ids of its dispatches.
        draining: whether it takes no more steps.
        unverified: whether it has not passed its verification.
        failure: why it has not passed; empty while it is not known.
        fate: whether it comes back; pending while it is lost.
    """

    name: str
    token: str
    instance: str
    labels: dict[str, str]
    platform: str
    arch: str
    capacity: int
    deadline: datetime
    enrolled_at: str = field(default_factory=stamp)
    last_seen: str = field(default_factory=stamp)
    socket: ServerConnection | None = None
    dispatches: set[str] = field(default_factory=set)
    draining: bool = False
    unverified: bool = False
    failure: str = ""
    fate: asyncio.Future[str] | None = None

    @property
    def connected(self) -> bool:
        """Whether its connection is open."""
        return self.socket is not None

    @property
    def status(self) -> str:
        """The status for operators."""
        if not self.connected:
            return "disconnected"
        if self.draining:
            return "draining"
        if self.unverified:
            return "unverified"
        return "busy" if self.dispatches else "idle"

    def record(self) -> dict[str, Any]:
        """The record of the worker."""
        reason = {"verifyFailureReason": self.failure} if self.failure and self.status == "unverified" else {}
        return {
            **reason,
            "name": self.name,
            "instanceUuid": self.instance,
            "status": self.status,
            "labels": self.labels,
            "platform": self.platform,
            "arch": self.arch,
            "capacity": self.capacity,
            "activeDispatchIds": sorted(self.dispatches),
            "enrolledAt": self.enrolled_at,
            "lastSeenAt": self.last_seen,
        }


class Pool:
    """The workers of one orchestrator.

    Args:
        repository: that it serves.
        say: writes a line into the orchestrator's log.
        verifies: whether each worker that enrolls must first show that it can run steps.

    Attributes:
        verifies: as given.
        members: by name: those that are connected or may still come back.
        changed: called when a worker has enrolled or has a free slot.
        lost: called with a member whose connection has broken.
    """

    def __init__(self, repository: Repository, say: Callable[[str], None], *, verifies: bool) -> None:
        self.verifies = verifies
        self._repository = repository
        self._say = say
        self.members: dict[str, Member] = {}
        self.changed: Callable[[], None] = lambda: None
        self.lost: Callable[[Member], None] = lambda _: None
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}

    def enroll(self, wish: dict[str, Any], socket: ServerConnection) -> tuple[Member, bool]:
        """Admit a worker.

        Args:
            wish: the worker's request.
            socket: its connection.

        Returns:
            The member, and whether the worker was that member before.

        Raises:
            Rejected: it is turned away.
        """
        check_protocol(wish.get("protocolVersion"))
        deadline = tokens.admit(self._repository, wish["token"], wish["machineId"])
        token, _ = tokens.split(wish["token"])
        name = tokens.member_name(self._repository, wish["token"], wish["machineId"])
        before = self.members.get(name)
        same = is_same_member(before, wish["instanceUuid"])
        if not same:
            check_not_connected(before, name)
        if same:
            assert before is not None
            member = before
            self.lose_steps_unnoticed(member)
        else:
            member = Member(
                name,
                token,
                wish["instanceUuid"],
                wish["labels"] if name == token else {"fleet": token, **wish["labels"]},
                wish["platform"],
                wish["arch"],
                wish["capacity"],
                deadline,
            )
        member.socket, member.draining, member.unverified = socket, False, self.verifies
        self.members[name] = member
        self._stop_timer(name, "grace")
        self._start_deadline(member)
        self.record(member)
        self._say(f'Worker "{name}" enrolled ("{"reconnect" if same else "first-connect"}")')
        if before is not None:
            settle(before, RETURNED)
        self.changed()
        return member, same

    def record(self, member: Member) -> None:
        """Record the state of a member; if it is connected, with the current time as last-seen time."""
        if member.connected:
            member.last_seen = stamp()
        records.put_worker(self._repository, member.record())

    def release(self, member: Member, dispatch: str) -> None:
        """Remove a dispatch from a member."""
        member.dispatches.discard(dispatch)
        if self.members.get(member.name) is member:
            self.record(member)
            self.changed()

    def judge(self, member: Member, failure: str) -> None:
        """Record whether a member has passed its verification: with a failure it gets no step."""
        member.failure, member.unverified = failure, bool(failure)
        if failure:
            self._say(f'Worker "{member.name}" failed enrollment verification: "{failure}"')
        self.record(member)
        self.changed()

    def lose(self, member: Member, socket: ServerConnection) -> None:
        """Handle the lost connection of a member."""
        if member.socket is not socket:
            return
        member.socket, member.last_seen = None, stamp()
        if member.draining and not member.dispatches:
            self._say(f'Draining worker "{member.name}" disconnected — removed from pool')
            self._forget(member)
            return
        self._lose_steps(member)
        if has_reached_deadline(member):
            settle(member, GONE)  # it cannot come back, so its leases end
        self.record(member)
        loop = asyncio.get_running_loop()
        self._timers[member.name, "grace"] = loop.call_later(grace_window(), self._end_grace, member)

    def lose_steps_unnoticed(self, member: Member) -> None:
        """Handle the steps of a connection that has broken, if its worker is back before that is noticed."""
        if member.socket is not None:
            self._lose_steps(member)

    def _lose_steps(self, member: Member) -> None:
        member.fate = asyncio.get_running_loop().create_future()
        self.lost(member)
        member.dispatches.clear()

    def _end_grace(self, member: Member) -> None:
        self._say(f'Reconnection grace window expired for "{member.name}"')
        self._forget(member)

    def _forget(self, member: Member) -> None:
        if self.members.get(member.name) is member:
            del self.members[member.name]
        self._stop_timer(member.name, "deadline")
        settle(member, GONE)
        self.record(member)

    def _start_deadline(self, member: Member) -> None:
        self._stop_timer(member.name, "deadline")
        left = max(0.0, (member.deadline - now()).total_seconds())
        loop = asyncio.get_running_loop()
        self._timers[member.name, "deadline"] = loop.call_later(left, self.enforce_deadline, member)

    def enforce_deadline(self, member: Member) -> None:
        """Disconnect a member whose token's lifetime has passed."""
        self._say(f'Enrollment token for "{member.name}" expired — disconnecting')
        tokens.expire(self._repository, member.token)
        if member.socket is not None:
            member.socket.transport.abort()
        else:
            settle(member, GONE)

    def _stop_timer(self, name: str, kind: str) -> None:
        timer = self._timers.pop((name, kind), None)
        if timer is not None:
            timer.cancel()


def check_protocol(version: int | None) -> None:
    """Turn away a worker of another protocol version, or of none."""
    if version is None:
        raise Rejected(_NO_VERSION, for_good=False)
    if version != protocol.VERSION:
        raise Rejected(
            f"Worker protocol version {version} does not match orchestrator version {protocol.VERSION}",
            code="protocol_mismatch",
        )


def check_not_connected(before: Member | None, name: str) -> None:
    """Turn away a second worker of a member that is connected."""
    if before is not None and before.connected:
        raise Rejected(f"Worker '{name}' is already connected", for_good=False, code="already_connected")


def is_same_member(before: Member | None, instance: str) -> bool:
    """Whether an enrolling worker is the one that was lost."""
    return before is not None and before.instance == instance


def has_reached_deadline(member: Member) -> bool:
    """Whether the lifetime of a member's token has passed."""
    return member.deadline <= now()


def grace_window() -> float:
    """How long the place of a lost worker is kept, in seconds."""
    return GRACE_WINDOW


def settle(member: Member, fate: str) -> None:
    """Resolve the fate of a lost member for everything that waits for it."""
    if member.fate is not None and not member.fate.done():
        member.fate.set_result(fate)
