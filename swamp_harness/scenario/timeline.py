"""The timeline of a scenario: lanes with spans and marks on one time axis.

It uses only what the suite has already recorded, so it costs no further request to the product.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from swamp_harness.product.serve_api import LiveMember


@dataclass(frozen=True)
class Span:
    """Something with a duration.

    Attributes:
        kind: such as "command", "process" or "lease".
        text: its label.
        begin: when it began.
        end: when it ended; None if it had not.
    """

    kind: str
    text: str
    begin: datetime
    end: datetime | None


@dataclass(frozen=True)
class Mark:
    """Something that happened at a moment.

    Attributes:
        kind: such as "killed" or "enrolled".
        text: its label.
        at: when.
    """

    kind: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Lane:
    """An actor, or one aspect of it.

    Attributes:
        name: its heading.
        spans: what had a duration.
        marks: what happened at a moment.
        is_part: whether it belongs to the lane above it.
    """

    name: str
    spans: Sequence[Span] = ()
    marks: Sequence[Mark] = ()
    is_part: bool = False


@dataclass(frozen=True)
class Timeline:
    """A scenario on one time axis.

    Attributes:
        begin: the start of the scenario.
        end: the end of the axis.
        steps: of the feature, as spans of the kinds "given", "when", "then" and "failed".
        lanes: of all actors.
    """

    begin: datetime
    end: datetime
    steps: Sequence[Span]
    lanes: Sequence[Lane]


@dataclass
class PoolWatch:
    """Records when workers were first seen as not connected in the live pool.

    Attributes:
        losses: the times, by the name of the pool member.
    """

    losses: dict[str, list[datetime]] = field(default_factory=dict)
    _connected: set[str] = field(default_factory=set)
    _away: set[str] = field(default_factory=set)

    def see(self, members: Collection[LiveMember], at: datetime) -> None:
        """Record the pool as seen at a moment."""
        connected = {member.name for member in members if member.connected}
        away = {member.name for member in members} - connected
        # A worker may be lost before the pool is looked at for the first time.
        for name in (self._connected - connected) | (away - self._away):
            self.losses.setdefault(name, []).append(at)
        self._connected, self._away = connected, away
