"""One comparison, one message that says what was expected and what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from swamp_harness.system.errors import Comparison, PromiseBroken
from swamp_harness.system.plain_values import plain

T = TypeVar("T")


def judge(promise: str, *, promised: T, seen: T) -> None:
    """Compare what was seen with what was promised.

    Args:
        promise: the promise in words, as a sentence about the product.
        promised: the value that keeps it.
        seen: the value that the product showed.

    Raises:
        PromiseBroken: they differ; it has both, and the message shows them.
    """
    if seen != promised:
        raise PromiseBroken(
            f"Not so: {promise}.\n{_aligned('promised', promised)}\n{_aligned('seen', seen)}",
            Comparison(plain(promised), plain(seen)),
        )


def _aligned(heading: str, value: object) -> str:
    margin = " " * 12
    return f"  {heading + ':':<10}" + _shown(value).replace("\n", "\n" + margin)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {' and '.join(_shown(item).splitlines())}" for key, item in value.items())
    if isinstance(value, Sequence):
        return "\n".join(map(_shown, value)) or "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
