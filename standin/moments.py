"""Points in time, as the stand-in writes and reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def stamp(moment: datetime | None = None) -> str:
    """A time in the format of records and answers; the current time if none is given."""
    return f"{moment or now():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def moment(text: str) -> datetime:
    """A recorded moment."""
    return datetime.fromisoformat(text)


def after(seconds: float) -> datetime:
    """The moment that is so many seconds away."""
    return now() + timedelta(seconds=seconds)
