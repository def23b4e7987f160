"""The one comparison of a step: expected value, actual value, one message with both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from swamp_harness.system.errors import Comparison, PromiseBroken
from swamp_harness.system.plain_values import plain

T = TypeVar("T")


def expect(promise: str, *, expected: T, actual: T) -> None:
    """Compare the product's value with the expected one.

    Args:
        promise: a sentence about the product that is true if the values are equal.
        expected: the value that keeps the promise.
        actual: the value that the product showed.

    Raises:
        PromiseBroken: the values differ; the error and its message have both.
    """
    if actual != expected:
        raise PromiseBroken(
            f"Expected, but not so: {promise}.\n"
            f"{_labelled('expected', expected)}\n{_labelled('actual', actual)}",
            Comparison(plain(expected), plain(actual)),
        )


def _labelled(label: str, value: object) -> str:
    margin = " " * 12
    # A dictionary has a line for each entry, as its values may contain commas.
    entries = [{key: item} for key, item in value.items()] if isinstance(value, dict) and value else value
    return f"  {label + ':':<10}" + _format(entries).replace("\n", "\n" + margin)


def _format(value: object) -> str:
    if isinstance(value, str):
        return value or "nothing"
    if isinstance(value, dict):
        entries = (f"{key}: {' and '.join(_format(item).splitlines())}" for key, item in value.items())
        return ", ".join(entries) or "nothing"
    if isinstance(value, Sequence):
        return "\n".join(map(_format, value)) or "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
