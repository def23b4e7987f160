"""A value that several processes need, and that the first of them makes."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from swamp_harness.system.errors import InfrastructureError, PromiseBroken
from swamp_harness.system.limits import Limit
from swamp_harness.system.waiting import wait_until, without_the_product

T = TypeVar("T")

_VALUE, _FAILURE = "value", "failure"


def made_once(place: Path, make: Callable[[], T], limit: Limit) -> T:
    """The value of a place: made now if this is the first process that asks for it, else read.

    Args:
        place: a folder that only this value uses; its parent exists.
        make: makes the value, which can be pickled.
        limit: for the time until another process has made it.

    Raises:
        InfrastructureError: the value could not be made. The error is the same in every process that asks,
            whatever was raised, so that all scenarios that need the value have the same outcome.
    """
    try:
        place.mkdir()
    except FileExistsError:
        return _read(place, limit)
    try:
        value = make()
    except Exception as error:
        failure = InfrastructureError(f"{_not_made(place)}: {_reason(error)}")
        _write(place / _FAILURE, str(failure))
        raise failure from error
    except BaseException:
        _write(place / _FAILURE, f"{_not_made(place)}: it was interrupted.")
        raise
    _write(place / _VALUE, value)
    return value


def _not_made(place: Path) -> str:
    return f"What several scenarios need could not be made ({place.name})"


def _reason(error: Exception) -> str:
    if isinstance(error, InfrastructureError | PromiseBroken):
        return str(error)
    return f"the suite itself failed.\n{''.join(traceback.format_exception(error))}"


def _read(place: Path, limit: Limit) -> T:  # type: ignore[type-var]
    with without_the_product():
        wait_until(
            f"another process to make {place.name}",
            lambda: [file.name for file in (place / _VALUE, place / _FAILURE) if file.exists()],
            bool,
            limit,
        )
    if (place / _FAILURE).exists():
        raise InfrastructureError(pickle.loads((place / _FAILURE).read_bytes()))  # noqa: S301 - our own
    value: T = pickle.loads((place / _VALUE).read_bytes())  # noqa: S301 - our own file
    return value


def _write(file: Path, value: object) -> None:
    draft = file.with_suffix(".draft")
    draft.write_bytes(pickle.dumps(value))
    draft.replace(file)
