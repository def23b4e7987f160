"""Cleanup: every step runs, even if an earlier one fails."""

from __future__ import annotations

from collections.abc import Callable


def run_all_cleanups(*steps: Callable[[], object]) -> None:
    """Run all steps of a cleanup, one after the other.

    Raises:
        BaseException: the first error of a step, after all steps have run.
    """
    first: BaseException | None = None
    for step in steps:
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - an interrupt does not stop the cleanup either
            first = error if first is None else first
    if first is not None:
        raise first
