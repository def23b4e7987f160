"""Which scenarios have noticed a mutant of a function: the likeliest to notice another change of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from swamp_harness.quality.mutant_list import mutants_defined_in

_PUTS = "replaces"


@dataclass(frozen=True)
class KnownNoticers:
    """The ids of scenarios that have noticed a mutant, by the function that it replaces.

    Attributes:
        scenarios: by module, such as "orchestrator/pool.py", and function, such as "Pool.lose".
    """

    scenarios: Mapping[tuple[str, str], frozenset[str]]

    def of_lines(self, texts: Mapping[str, str], lines: Mapping[str, Iterable[int]]) -> set[str]:
        """The ids of the scenarios that have noticed a mutant of a function with one of some lines.

        Args:
            texts: of the modules, by path.
            lines: by module.
        """
        return {
            scenario
            for module, wanted in lines.items()
            for function in _functions_at(texts[module], set(wanted))
            for scenario in self.scenarios.get((module, function), ())
        }


def known_noticers(folder: Path, noticed: Mapping[str, Sequence[str]]) -> KnownNoticers:
    """What is known of the mutants of a folder.

    Args:
        folder: of the mutants, with a module for each subject.
        noticed: the ids of the scenarios that noticed a mutant, by name of the mutant.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for file in sorted(folder.glob("*.py")):
        text = file.read_text("utf-8")
        functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
        for name, _, function in mutants_defined_in(text):
            for place in _places(function, functions):
                found.setdefault(place, set()).update(noticed.get(name, ()))
    return KnownNoticers({place: frozenset(each) for place, each in found.items()})


def _places(function: ast.AST, functions: Mapping[str, ast.AST]) -> Iterator[tuple[str, str]]:
    """What a mutant replaces, by itself or by a helper of its module."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id == _PUTS and node.args and isinstance(node.args[0], ast.Constant):
            module, _, name = str(node.args[0].value).partition(":")
            yield f"{module.replace('.', '/')}.py", name
        elif node.func.id in functions and functions[node.func.id] is not function:
            yield from _places(functions[node.func.id], functions)


def _functions_at(text: str, lines: set[int]) -> Iterator[str]:
    yield from _functions_in(ast.parse(text), "", lines)


def _functions_in(parent: ast.AST, prefix: str, lines: set[int]) -> Iterator[str]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.ClassDef):
            yield from _functions_in(node, f"{prefix}{node.name}.", lines)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not lines.isdisjoint(
            range(node.lineno, (node.end_lineno or node.lineno) + 1)
        ):
            yield f"{prefix}{node.name}"
