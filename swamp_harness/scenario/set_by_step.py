"""An attribute of the World that a step sets."""

from __future__ import annotations

from typing import Generic, TypeVar, overload

from swamp_harness.system.errors import InfrastructureError

T = TypeVar("T")


class SetByStep(Generic[T]):
    """An attribute that has no value until a step sets it.

    Reading it before that raises an `InfrastructureError`, because the feature lacks a step.

    Args:
        missing: the message of that error: what is missing, and how to fix it.
    """

    def __init__(self, missing: str) -> None:
        self._missing = missing
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, world: None, owner: type) -> SetByStep[T]: ...

    @overload
    def __get__(self, world: object, owner: type) -> T: ...

    def __get__(self, world: object | None, owner: type) -> SetByStep[T] | T:
        if world is None:
            return self
        value = self.of(world)
        if value is None:
            raise InfrastructureError(self._missing)
        return value

    def __set__(self, world: object, value: T) -> None:
        world.__dict__[self._name] = value

    def of(self, world: object) -> T | None:
        """The value, or None if no step has set it yet."""
        value: T | None = world.__dict__.get(self._name)
        return value
