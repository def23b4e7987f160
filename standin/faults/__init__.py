"""Faults: what a broken product would do. Each puts a broken function in the place of a sound one.

A fault is called by the number of issue 630 that it breaks and a name: "01-secret-shown-twice" is the
function `secret_shown_twice` of `number_01.py`, and its docstring says what the fault does.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from typing import Any

# Names the fault that a process of the stand-in has; it has none when empty.
VARIABLE = "SWAMP_STANDIN_FAULT"

# Which commands know some of the modules at all: the others need not load them to be broken. The process of
# a step is given no words, and knows those of a worker.
_KNOWN_TO = {"standin.orchestrator.": (["serve"],), "standin.worker.": (["worker", "connect"], [])}


def install(name: str) -> None:
    """Make this process a broken one.

    Args:
        name: of the fault; none when empty.
    """
    if name:
        from standin.faults import effect  # noqa: PLC0415 - a sound process does without it

        effect.watch()
        number, _, fault = name.partition("-")
        getattr(importlib.import_module(f"standin.faults.number_{number}"), fault.replace("-", "_"))()


def broken(place: str) -> Callable[[Any], Any]:
    """A decorator: puts a function in the place of one of the stand-in.

    Args:
        place: of the function that is replaced, as "module:name" or "module:Class.name" below `standin`.
            The new one is given the old one first.
    """
    module, _, path = f"standin.{place}".partition(":")

    def put(function: Any) -> Any:
        if not _is_known_here(module):
            return function
        *owners, name = path.split(".")
        owner: Any = importlib.import_module(module)
        for each in owners:
            owner = getattr(owner, each)
        setattr(owner, name, _noting(place, function, getattr(owner, name)))
        return function

    return put


def _noting(place: str, function: Callable[..., Any], old: Callable[..., Any]) -> Callable[..., Any]:
    """The broken function, which notes that it is reached and how it fails."""
    from standin.faults import effect  # noqa: PLC0415 - a sound process does without it

    effect.note(effect.PUT_IN, place)

    @functools.wraps(old)
    def new(*arguments: Any, **named: Any) -> Any:
        effect.note(effect.REACHED, place)
        try:
            return function(old, *arguments, **named)
        except Exception as error:
            effect.note_error(error)
            raise

    @functools.wraps(old)
    async def new_coroutine(*arguments: Any, **named: Any) -> Any:
        effect.note(effect.REACHED, place)
        try:
            return await function(old, *arguments, **named)
        except Exception as error:
            effect.note_error(error)
            raise

    return new_coroutine if inspect.iscoroutinefunction(function) else new


def _is_known_here(module: str) -> bool:
    given = sys.argv[1:]
    for prefix, commands in _KNOWN_TO.items():
        if module.startswith(prefix):
            return any(given[: len(words)] == words and bool(words) == bool(given) for words in commands)
    return True
