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

from standin.mutants.running.replacement import put_in, when_loaded

_Function = TypeVar("_Function", bound=Callable[..., Any])

_known: dict[str, Callable[[], None]] = {}


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
    module = place.partition(":")[0]

    def put(function: _Function) -> _Function:
        when_loaded(f"standin.{module}", functools.partial(put_in, place, function))
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
    for file in sorted(Path(__file__).parent.glob("*.py")):
        # Loads no file that cannot have it: every process with a mutant comes here.
        text = file.read_text("utf-8")
        if file.stem != "__init__" and (words.replace("-", "_") in text or words in text):
            importlib.import_module(f"{__name__}.{file.stem}")
        if name in _known:
            break
    _known[name]()
