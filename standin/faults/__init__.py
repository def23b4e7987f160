"""Faults: what a broken product would do. Each puts a broken function in the place of a sound one.

A fault is called by the number of issue 630 that it breaks and a name: "01-secret-shown-twice" is the
function `secret_shown_twice` of `number_01.py`, and its docstring says what the fault does. The sound
stand-in knows nothing of this package: `entry.py` starts one that has a fault.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

from standin.faults.replacement import put_in, when_loaded


def install(name: str) -> None:
    """Make this process a broken one, before it loads the stand-in.

    Args:
        name: of the fault.
    """
    number, _, fault = name.partition("-")
    getattr(importlib.import_module(f"standin.faults.number_{number}"), fault.replace("-", "_"))()


def broken(place: str) -> Callable[[Any], Any]:
    """A decorator: puts a function in the place of one of the stand-in, as soon as that is loaded.

    Args:
        place: of the function that is replaced, as "module:name" or "module:Class.name" below `standin`.
            The new one is given the old one first, and takes what that takes.
    """
    module = place.partition(":")[0]

    def put(function: Any) -> Any:
        when_loaded(f"standin.{module}", functools.partial(put_in, place, function))
        return function

    return put
