"""Faults: what a broken product would do. Each replaces one function of the stand-in; `catalogue.yaml` lists them.

A fault is called by the number of the promise that it breaks and a name: "01-secret-shown-twice" is the
function `secret_shown_twice` of `number_01.py`.
"""

from __future__ import annotations

import importlib
from typing import Any

# Names the fault that a process of the stand-in has; it has none when empty.
VARIABLE = "SWAMP_STANDIN_FAULT"


def install(name: str) -> None:
    """Make this process a broken one.

    Args:
        name: of the fault; none when empty.
    """
    if name:
        number, _, fault = name.partition("-")
        getattr(importlib.import_module(f"standin.faults.number_{number}"), fault.replace("-", "_"))()


def replace(owner: Any, name: str) -> Any:
    """A decorator: puts a function in the place of one of a module or a class.

    Args:
        owner: the module or class.
        name: of the function that is replaced; the new one is given the old one first.
    """

    def put(function: Any) -> Any:
        old = getattr(owner, name)

        def new(*arguments: Any, **named: Any) -> Any:
            return function(old, *arguments, **named)

        setattr(owner, name, new)
        return function

    return put
