"""Points in time: current, written and read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The current time."""
    return datetime.now(UTC)


def stamp(moment: datetime | None = None) -> str:
    """A time in the format of records and answers; the current time if none is given."""
    return f"{moment or now():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def moment(text: str) -> datetime:
    """Parse a recorded time."""
    return datetime.fromisoformat(text)


def after(seconds: float) -> datetime:
    """The time after this number of seconds."""
    return now() + timedelta(seconds=seconds)
