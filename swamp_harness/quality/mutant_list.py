"""The mutants that the embedded target can have, and which scenario is known to notice each."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.specification import features

_AT_LEAST = 2


@dataclass(frozen=True)
class WrittenMutant:
    """A mutant of the embedded target.

    Attributes:
        name: such as "01-secret-shown-twice".
        number: of issue 630 that it breaks.
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


def lacking_numbers(listed: Sequence[WrittenMutant]) -> list[int]:
    """The numbers of issue 630 that have too few mutants."""
    counted = Counter(mutant.number for mutant in listed)
    return [promise.number for promise in features.catalogue() if counted[promise.number] < _AT_LEAST]


def load_noticed(file: Path) -> dict[str, list[str]]:
    """The ids of the scenarios that noticed mutants, by name of the mutant; none if there is no file yet."""
    return dict(json.loads(file.read_text("utf-8"))) if file.exists() else {}


def write_noticed(file: Path, noticed: Mapping[str, Sequence[str]], listed: Sequence[WrittenMutant]) -> None:
    """Record which scenarios noticed mutants; the records of other mutants stay.

    Args:
        file: that `load_noticed` reads.
        noticed: the ids of the scenarios, by name of the mutant.
        listed: all mutants that there are; records of any other are removed.
    """
    known = {**load_noticed(file), **noticed}
    kept = {mutant.name: list(known[mutant.name]) for mutant in listed if mutant.name in known}
    file.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", "utf-8")
