"""Mutants: ways in which a product can be broken. Each replaces a function with a broken one.

There is a file for each subject. The name of a mutant has the number of the promise that it breaks and the
words of its function: "01-secret-shown-twice" is `secret_shown_twice`, a mutant of promise 1. Its docstring
says what it does. The sound stand-in does not import this package; `running/entry.py` starts a mutant.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from standin.mutants.running import effect
from standin.mutants.running.replacement import put_in, watch, when_loaded

_Function = TypeVar("_Function", bound=Callable[..., Any])

_known: dict[str, Callable[[], None]] = {}


def _put_in_when_loaded(place: str, function: Callable[..., Any]) -> None:
    when_loaded(_module_of(place), functools.partial(put_in, place, function))


# What `replaces` does with a place and its broken function: the last one.
_uses: list[Callable[[str, Callable[..., Any]], None]] = [_put_in_when_loaded]


def mutant(promise: int, *, name: str = "") -> Callable[[Callable[[], None]], Callable[[], None]]:
    """A decorator that makes a function a mutant: calling it puts the replacements in.

    Args:
        promise: the number of the promise that it breaks.
        name: the words of its name; empty for those of the function.
    """

    def known(function: Callable[[], None]) -> Callable[[], None]:
        _known[f"{promise:02}-{name or function.__name__.replace('_', '-')}"] = function
        return function

    return known


def replaces(place: str) -> Callable[[_Function], _Function]:
    """A decorator that replaces a function of the stand-in as soon as its module is loaded.

    Args:
        place: of the function that is replaced, as "module:name" or "module:Class.name" below `standin`; the
            module may have imported it. The new one is given the old one first, and takes what that takes.
    """

    def put(function: _Function) -> _Function:
        _uses[-1](place, function)
        return function

    return put


def install(name: str) -> None:
    """Put a mutant into this process, before it loads the stand-in.

    Args:
        name: of the mutant.

    Raises:
        KeyError: there is no such mutant.
    """
    words = name.partition("-")[2]
    for file in _files():
        # Loads no file that cannot have it: every process with a mutant comes here.
        text = file.read_text("utf-8")
        if words.replace("-", "_") in text or words in text:
            _load(file)
        if name in _known:
            break
    _known[name]()


def watch_every_place() -> None:
    """Break nothing in this process: record the places of every mutant, and which of them are reached."""
    for file in _files():
        _load(file)
    places: set[str] = set()
    for name, put_in_mutant in _known.items():
        own: list[str] = []
        _uses.append(lambda place, _function, own=own: own.append(place))  # type: ignore[misc]
        put_in_mutant()
        _uses.pop()
        for place in own:
            effect.note(effect.PLACE, f"{name} {place}")
        places.update(own)
    for place in places:
        when_loaded(_module_of(place), functools.partial(watch, place))


def _module_of(place: str) -> str:
    return f"standin.{place.partition(':')[0]}"


def _files() -> list[Path]:
    return [each for each in sorted(Path(__file__).parent.glob("*.py")) if each.stem != "__init__"]


def _load(file: Path) -> None:
    importlib.import_module(f"{__name__}.{file.stem}")
