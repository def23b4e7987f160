"""How things are ended: every step of it is taken, whatever became of those before."""

from __future__ import annotations

from collections.abc import Callable


def run_all_cleanups(*steps: Callable[[], object]) -> None:
    """Take the steps of a clean-up one after the other, all of them.

    Raises:
        BaseException: the first that was raised in one of them, once all have been taken.
    """
    first: BaseException | None = None
    for step in steps:
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - even who interrupts wants the rest to be ended
            first = error if first is None else first
    if first is not None:
        raise first
