"""The mutants that the embedded target can have."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from swamp_harness.specification import features
from swamp_harness.system.errors import ExitCode, UnusableInput

_AT_LEAST = 3
# How many names a message suggests.
_SUGGESTED = 3


@dataclass(frozen=True)
class WrittenMutant:
    """A mutant of the embedded target.

    Attributes:
        name: such as "01-secret-shown-twice".
        number: of the promise that it breaks.
        does: what a target with it does, in a sentence.
    """

    name: str
    number: int
    does: str


def mutants_in(folder: Path) -> list[WrittenMutant]:
    """The mutants in the modules of a folder, in the order of the promises that they break."""
    found = [
        WrittenMutant(name, number, ast.get_docstring(node) or "")
        for file in sorted(folder.glob("*.py"))
        for name, number, node in mutants_defined_in(file.read_text("utf-8"))
    ]
    return sorted(found, key=lambda each: each.number)


def mutants_defined_in(text: str) -> Iterator[tuple[str, int, ast.FunctionDef]]:
    """The name of each mutant that a module defines by `@mutant(28)`, its promise and its function.

    Args:
        text: of the module.
    """
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            match decorator:
                case ast.Call(func=ast.Name(id="mutant"), args=[ast.Constant(value=int(number))]):
                    names = [
                        ast.literal_eval(each.value) for each in decorator.keywords if each.arg == "name"
                    ]
                    words = names[0] if names else node.name.replace("_", "-")
                    yield f"{number:02}-{words}", number, node


def wanted_of(listed: Sequence[WrittenMutant], names: Sequence[str]) -> list[WrittenMutant]:
    """The mutants whose names begin as wanted; all of them if nothing is wanted.

    Raises:
        UnusableInput: no mutant has such a name (exit code 2).
    """
    found = [mutant for mutant in listed if not names or mutant.name.startswith(tuple(names))]
    if not found:
        known = [mutant.name for mutant in listed]
        near = dict.fromkeys(each for name in names for each in get_close_matches(name, known, cutoff=0))
        raise UnusableInput(
            f"No mutant has a name that begins with {' or '.join(map(repr, names))}: give the beginning of a "
            f"name, such as {', '.join(list(near)[:_SUGGESTED])}.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return found


def lacking_numbers(listed: Sequence[WrittenMutant]) -> list[int]:
    """The numbers of the promises that have too few mutants."""
    counted = Counter(mutant.number for mutant in listed)
    return [promise.number for promise in features.catalogue() if counted[promise.number] < _AT_LEAST]
