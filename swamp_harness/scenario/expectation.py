"""One comparison, one message that says what was expected and what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from swamp_harness.system.errors import Comparison, PromiseBroken
from swamp_harness.system.plain_values import plain

T = TypeVar("T")


def expect(promise: str, *, expected: T, actual: T) -> None:
    """Compare what was seen with what was promised.

    Args:
        promise: the promise in words, as a sentence about the product.
        expected: the value that keeps it.
        actual: the value that the product showed.

    Raises:
        PromiseBroken: they differ; it has both, and the message shows them.
    """
    if actual != expected:
        raise PromiseBroken(
            f"Failed: {promise}.\n{_aligned('expected', expected)}\n{_aligned('actual', actual)}",
            Comparison(plain(expected), plain(actual)),
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
