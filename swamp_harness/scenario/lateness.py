"""Whether something ended soon enough after a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Lateness:
    """Whether something ended in time.

    Attributes:
        ended: whether it has ended at all.
        seconds: how long after the moment in question, if that was too late; 0 if it was in time.
    """

    ended: bool = True
    seconds: float = 0.0

    @classmethod
    def of(cls, late: timedelta | None, allowed: timedelta) -> Lateness:
        """The value for an end so long after the moment in question; None for no end."""
        if late is None:
            return cls(ended=False)
        return IN_TIME if late <= allowed else cls(seconds=round(late.total_seconds(), 1))

    def __str__(self) -> str:
        """In words."""
        if not self.ended:
            return "not ended"
        return f"{self.seconds:.1f} s after that" if self.seconds else "in time"


IN_TIME = Lateness()
