"""Mutants: what a broken product would do. Each puts a broken function in the place of a sound one.

There is a file for each subject. A mutant is called by the promise that it breaks and the words of its
function: "01-secret-shown-twice" is `secret_shown_twice`, a mutant of promise 1. Its docstring says what it
does. The sound stand-in knows nothing of this package: `running/entry.py` starts one with a mutant.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, TypeVar

from standin.mutants.running.replacement import put_in, when_loaded

_Function = TypeVar("_Function", bound=Callable[..., Any])

_known: dict[str, Callable[[], None]] = {}


def mutant(promise: int, *, name: str = "") -> Callable[[Callable[[], None]], Callable[[], None]]:
    """A decorator: makes a function a mutant, which puts its replacements in when it is called.

    Args:
        promise: that it breaks, of the thirty.
        name: the words of its name; those of the function when empty.
    """

    def known(function: Callable[[], None]) -> Callable[[], None]:
        _known[f"{promise:02}-{name or function.__name__.replace('_', '-')}"] = function
        return function

    return known


def replaces(place: str) -> Callable[[_Function], _Function]:
    """A decorator: puts a function in the place of one of the stand-in, as soon as that is loaded.

    Args:
        place: of the function that is replaced, as "module:name" or "module:Class.name" below `standin`; the
            module may have imported it. The new one is given the old one first, and takes what that takes.
    """
    module = place.partition(":")[0]

    def put(function: _Function) -> _Function:
        when_loaded(f"standin.{module}", functools.partial(put_in, place, function))
        return function

    return put


def install(name: str) -> None:
    """Make a mutant of this process, before it loads the stand-in.

    Args:
        name: of the mutant.

    Raises:
        KeyError: there is no such mutant.
    """
    for subject in pkgutil.iter_modules(__path__):
        if name in _known:
            break
        if not subject.ispkg:
            importlib.import_module(f"{__name__}.{subject.name}")
    _known[name]()
