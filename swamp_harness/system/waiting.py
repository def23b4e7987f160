"""The one way to wait. Every wait is a wait for something that can be seen, with a named limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from swamp_harness.system.errors import PromiseBroken
from swamp_harness.system.limits import Limit, time_scale

T = TypeVar("T")

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.25


class WaitTimeout(PromiseBroken):
    """What was awaited did not come: it never showed within the limit, or can no longer come."""


def wait_until(
    awaited: str,
    look: Callable[[], T],
    is_there: Callable[[T], bool],
    limit: Limit,
    *,
    give_up_if: Callable[[], str | None] = lambda: None,
) -> T:
    """Look again and again until what is awaited is there.

    Args:
        awaited: what is awaited, as a half sentence: "the worker to be enrolled".
        look: a cheap look at the world.
        is_there: whether what was seen is what is awaited.
        limit: when to give up.
        give_up_if: says why waiting on has become pointless, or None while there is hope.

    Returns:
        What was seen when it was there.

    Raises:
        WaitTimeout: with what was awaited, how long, and what was seen last.
    """
    started = time.monotonic()
    pause = _FIRST_PAUSE
    while True:
        lost = give_up_if()  # asked before the look, so that the last look sees everything that came before
        seen = look()
        if is_there(seen):
            return seen
        waited = time.monotonic() - started
        if lost is not None:
            raise WaitTimeout(_in_vain(awaited, f"{lost} (after {waited:.1f} s)", seen))
        if waited >= limit.seconds:
            reason = f"the limit for {limit.name}, {limit.seconds:g} s, has passed"
            raise WaitTimeout(_in_vain(awaited, reason, seen))
        time.sleep(min(pause, max(0.0, limit.seconds - waited)))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def wait_for_moment(awaited: str, moment: datetime) -> None:
    """Wait until a point in time that the product has announced, such as the end of a token's lifetime."""
    still = max(0.0, (moment - datetime.now(UTC)).total_seconds()) + 1
    ahead = Limit(awaited, still / time_scale())  # the product's clock does not run slower on a slow machine
    wait_until(awaited, lambda: datetime.now(UTC), lambda now: now >= moment, ahead)


def _in_vain(awaited: str, reason: str, seen: object) -> str:
    shown = ", ".join(map(str, seen)) if isinstance(seen, list | tuple | set) else str(seen or "")
    return f"Waited for {awaited}, in vain: {reason}.\nSeen last: {shown or 'nothing'}"
