"""The model types: the shell, and the suite's own extensions in Python.

The stand-in runs no TypeScript. The files of the extensions are shipped as they are; their
behaviour is here in Python, a module for each of them. Change both together.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from standin.errors import UserError
from standin.store import Kind

if TYPE_CHECKING:
    from standin.worker.context import Context

Method = Callable[[dict[str, Any], "Context"], Awaitable[None]]


@dataclass(frozen=True)
class Check:
    """A check before a method, which always fails.

    Attributes:
        labels: by which an operator skips it.
        applies_to: the methods that it stops.
        error: why it fails.
    """

    labels: tuple[str, ...]
    applies_to: tuple[str, ...]
    error: str


@dataclass(frozen=True)
class Description:
    """The declarations and methods of a model type.

    Attributes:
        methods: by name.
        resources: the kinds of resources that it declares, by spec.
        files: the kinds of files that it declares, by spec.
        sensitive: the fields of a resource that are kept in a vault, by spec.
        checks: before methods, by name.
        followed_by: the methods for which a method asks, by its name.
        confided: the sensitive arguments of methods, by name of the method.
    """

    methods: Mapping[str, Method]
    resources: dict[str, Kind] = field(default_factory=dict)
    files: dict[str, Kind] = field(default_factory=dict)
    sensitive: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    checks: Mapping[str, Check] = field(default_factory=dict)
    followed_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    confided: Mapping[str, Sequence[str]] = field(default_factory=dict)


_MODULES = {
    "command/shell": "shell",
    "@uat/probe": "probe",
    "@uat/secrets": "secrets_model",
    "@uat/environment": "environment",
    "@uat/capabilities": "capabilities",
    "@uat/artifacts": "artifacts",
    "@uat/values": "values",
    "@uat/shipped": "shipped",
}


def described(model_type: str) -> Description:
    """The declarations and methods of a model type.

    Raises:
        UserError: the stand-in does not know it.
    """
    if model_type not in _MODULES:
        raise UserError(f"Unknown model type: {model_type}")
    description: Description = importlib.import_module(
        f"standin.extensions.{_MODULES[model_type]}"
    ).DESCRIPTION
    return description


def confided_to(model_type: str, method: str, inputs: Mapping[str, Any]) -> list[str]:
    """The values of the sensitive arguments of a method; none of a type that the stand-in does not know."""
    names = described(model_type).confided.get(method, ()) if model_type in _MODULES else ()
    return [str(inputs[name]) for name in names if name in inputs]


def method_of(model_type: str, name: str) -> Method:
    """A method of a model type.

    Raises:
        UserError: there is no such method.
    """
    methods = described(model_type).methods
    if name not in methods:
        raise UserError(
            f"Unknown method '{name}' for type '{model_type}'. Available: {', '.join(methods)}",
            "unknown_method",
        )
    return methods[name]


def check_before(model_type: str, model: str, method: str, skipped: list[str]) -> None:
    """Make the checks before a method of a model, without those whose name or a label is skipped.

    Raises:
        UserError: a check fails.
    """
    failed = [
        f"\n  {name}:\n    - {check.error}"
        for name, check in described(model_type).checks.items()
        if method in check.applies_to and not {name, *check.labels} & set(skipped)
    ]
    if failed:
        raise UserError(f'Pre-flight checks failed for "{model}" → {method}:{"".join(failed)}')
