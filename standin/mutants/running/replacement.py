"""Replaces a sound function with a broken one when its module is loaded, if the signatures match."""

from __future__ import annotations

import functools
import importlib.machinery
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType, ModuleType
from typing import Any

from standin.mutants.running import effect

_waiting: dict[str, list[Callable[[ModuleType], None]]] = {}
_USUAL = inspect.Parameter.POSITIONAL_OR_KEYWORD
_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Misfit(Exception):
    """A replacement that does not match the function that it replaces."""


def when_loaded(module: str, act: Callable[[ModuleType], None]) -> None:
    """Run an action on a module: at once if it is loaded, otherwise as soon as it is."""
    if module in sys.modules:
        act(sys.modules[module])
        return
    if not _waiting:
        sys.meta_path.insert(0, _Finder())
    _waiting.setdefault(module, []).append(act)


def put_in(place: str, function: Callable[..., Any], module: ModuleType) -> None:
    """Replace a sound function.

    Args:
        place: as "module:name" or "module:Class.name" below `standin`.
        function: the broken one; its first argument is the sound one.
        module: the module of the place.

    Raises:
        Misfit: there is no such function, or the signatures do not match.
    """
    owner, name, old = _found(place, module)
    if problem := misfit(old, function, is_method=inspect.isclass(owner)):
        raise Misfit(f"{place} cannot be replaced: {problem}.")
    new = _noting(place, function, old)
    setattr(owner, name, new)
    if owner is module and old.__module__ == module.__name__:
        _put_in_where_imported(name, old, new)
    effect.note(effect.PUT_IN, place)


def _put_in_where_imported(name: str, old: FunctionType, new: Callable[..., Any]) -> None:
    """Replace a function in the modules that have imported it already: a ready program has loaded all."""
    for path, module in list(sys.modules.items()):
        if path.startswith("standin.") and vars(module).get(name) is old:
            setattr(module, name, new)


def watch(place: str, module: ModuleType) -> None:
    """Record that a sound function is reached, and change nothing else.

    Args:
        place: as for `put_in`.
        module: the module of the place.

    Raises:
        Misfit: there is no such function.
    """
    owner, name, old = _found(place, module)
    setattr(owner, name, _noting(place, lambda sound, *rest, **named: sound(*rest, **named), old))


def _found(place: str, module: ModuleType) -> tuple[Any, str, FunctionType]:
    """The owner of the function of a place, the name of the function there, and the function."""
    *owners, name = place.partition(":")[2].split(".")
    owner: Any = module
    for each in owners:
        owner = getattr(owner, each, None)
    old = inspect.getattr_static(owner, name, None)
    if not isinstance(old, FunctionType):
        raise Misfit(f"{place} cannot be replaced: there is no such function or method.")
    return owner, name, old


def misfit(old: Callable[..., Any], new: Callable[..., Any], *, is_method: bool = False) -> str:
    """Why a function cannot replace another one; empty if it can.

    Args:
        old: the sound one.
        new: the broken one: it takes the sound one first, then the same parameters. `*rest` and `**rest`
            together may replace parameters that can be given both by position and by keyword.
        is_method: whether the first parameter of the sound one is the object; its name may differ.
    """
    if inspect.iscoroutinefunction(old) != inspect.iscoroutinefunction(new):
        return "one of the two is a coroutine function"
    wanted, taken = inspect.signature(old), inspect.signature(new)
    first = 1 + is_method  # the sound one, and the object
    parameters = list(taken.parameters.values())
    if [each.kind for each in parameters[:first]] != [_USUAL] * first:
        return "the new one does not take the old one first"
    problems = list(_problems(list(wanted.parameters.values())[is_method:], parameters[first:]))
    if not hasattr(old, "__wrapped__"):  # otherwise its result is not of the annotated type
        problems += _problem_of_type("what it returns", wanted.return_annotation, taken.return_annotation)
    return "; ".join(problems)


def _problems(wanted: Sequence[inspect.Parameter], taken: Sequence[inspect.Parameter]) -> Iterator[str]:
    rest = [each for each in taken if each.kind in _REST]
    named = {each.name: each for each in taken if each.kind not in _REST}
    yield from (f"the old one does not take '{name}'" for name in named if name not in _names(wanted))
    for each in wanted:
        other = named.get(each.name)
        if other is not None:
            if (other.kind, other.default) != (each.kind, each.default):
                yield f"the new one takes '{each.name}' in another way, or with another default"
            yield from _problem_of_type(f"'{each.name}'", each.annotation, other.annotation)
        elif not _takes(rest, each):
            yield f"the new one does not take '{each.name}'"
    positional = _names(each for each in taken if each.kind is _USUAL)
    if positional != _names(wanted)[: len(positional)]:
        yield "the new one takes its parameters in another order"


def _problem_of_type(what: str, wanted: Any, taken: Any) -> Iterator[str]:
    """What is wrong with an annotation, given as text; a missing one is correct."""
    if taken not in (wanted, inspect.Parameter.empty):
        yield f"{what} is of the type {wanted}, not {taken}"


def _names(parameters: Iterable[inspect.Parameter]) -> list[str]:
    return [each.name for each in parameters]


def _takes(rest: Sequence[inspect.Parameter], wanted: inspect.Parameter) -> bool:
    """Whether `*rest` and `**rest` accept a parameter in every way in which it can be given."""
    kinds = {each.kind for each in rest}
    if wanted.kind is _USUAL:
        return kinds == set(_REST)
    if wanted.kind is inspect.Parameter.KEYWORD_ONLY:
        return inspect.Parameter.VAR_KEYWORD in kinds
    return wanted.kind in kinds


def _noting(place: str, function: Callable[..., Any], old: Callable[..., Any]) -> Callable[..., Any]:
    """The broken function, wrapped to record that it is reached and how it fails."""

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

    made: Any = new_coroutine if inspect.iscoroutinefunction(old) else new
    made.__signature__ = inspect.signature(old)
    del made.__wrapped__
    return made  # type: ignore[no-any-return]


class _Finder:
    """Finds the modules with pending actions, and runs these when they are loaded.

    A finder of `sys.meta_path`, without the class of that name: loading it takes longer than the rest.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _waiting:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(spec.name, spec.origin)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        for act in _waiting.pop(module.__name__, []):
            act(module)
