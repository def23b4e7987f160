"""The only way to wait: for something observable, with a named limit."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from swamp_harness.system.errors import InfrastructureError, PromiseBroken
from swamp_harness.system.limits import Limit, time_scale

T = TypeVar("T")

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.25


class WaitTimeout(PromiseBroken):
    """The awaited state did not appear within the limit, or can no longer appear."""


def wait_until(
    awaited: str,
    look: Callable[[], T],
    is_there: Callable[[T], bool],
    limit: Limit,
    *,
    give_up_if: Callable[[], str | None] = lambda: None,
) -> T:
    """Look repeatedly until the awaited state is there.

    Args:
        awaited: the awaited state, as a phrase: "the worker to be enrolled".
        look: observes the current state, cheaply.
        is_there: whether the observed state is the awaited one.
        limit: when to give up.
        give_up_if: returns why it can no longer appear, or None while it still may.

    Returns:
        The observed state.

    Raises:
        WaitTimeout: with the awaited state, the time and the last observation.
    """
    started = time.monotonic()
    pause = _FIRST_PAUSE
    while True:
        lost = give_up_if()  # before the look, so that the last look sees everything up to now
        seen = look()
        if is_there(seen):
            return seen
        waited = time.monotonic() - started
        if lost is not None:
            raise WaitTimeout(_message("Gave up waiting", awaited, f"{lost} (after {waited:.1f} s)", seen))
        if waited >= limit.seconds:
            reason = f"the limit for {limit.name} is {limit.seconds:g} s"
            raise WaitTimeout(_message("Timed out waiting", awaited, reason, seen))
        time.sleep(min(pause, max(0.0, limit.seconds - waited)))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


@contextlib.contextmanager
def without_the_product() -> Iterator[None]:
    """Inside, the suite waits for something that the product has no part in, such as a removed folder.

    Raises:
        InfrastructureError: a wait inside has timed out.
    """
    try:
        yield
    except WaitTimeout as error:
        raise InfrastructureError(str(error)) from error


def wait_for_moment(awaited: str, moment: datetime) -> None:
    """Wait until a time that the product has announced, such as the end of a token's lifetime."""
    still = max(0.0, (moment - datetime.now(UTC)).total_seconds()) + 1
    ahead = Limit(awaited, still / time_scale())  # the time scale must not stretch the product's own deadline
    wait_until(awaited, lambda: datetime.now(UTC), lambda now: now >= moment, ahead)


def _message(what: str, awaited: str, reason: str, seen: object) -> str:
    shown = ", ".join(map(str, seen)) if isinstance(seen, list | tuple | set) else str(seen or "")
    return f"{what} for {awaited}: {reason}.\nLast seen: {shown or 'nothing'}"
