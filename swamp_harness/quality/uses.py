"""Where the code uses what a module defines while it is imported, such as a constant or a default value.

Every scenario reaches such a definition, so reaching it says nothing about who could notice a change of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from swamp_harness.quality.reach import statement_lines


def uses_of_definition(texts: Mapping[str, str], module: str, line: int) -> dict[str, set[int]]:
    """The lines that use what a line defines while its module is imported, by module.

    A use is any mention of the defined name, and for the head of a function its body; a name that begins with
    an underscore has uses in its own module alone. Uses that no name shows, such as those by `getattr`, are
    missing.

    Args:
        texts: of the modules, by path.
        module: the path of the module that defines.
        line: of the definition.

    Returns:
        No lines if the line is part of a function's body, or defines nothing.
    """
    definition = next(
        (each for each in _definitions(ast.parse(texts[module])) if line in _head(each)),
        None,
    )
    if definition is None:
        return {}
    if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        end = definition.end_lineno or definition.lineno
        return {module: set(range(definition.body[0].lineno, end + 1))}
    names = {
        node.id
        for node in ast.walk(definition)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    public = {name for name in names if not name.startswith("_")}
    found = {name: _mentions(text, names if name == module else public) for name, text in texts.items()}
    found[module] -= set(_head(definition))
    return {name: lines for name, lines in found.items() if lines}


def _definitions(
    body: ast.AST,
) -> Iterator[ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.iter_child_nodes(body):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _definitions(node)


def _head(node: ast.stmt) -> range:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return range(node.lineno, node.body[0].lineno)
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _mentions(text: str, names: set[str]) -> set[int]:
    statements = statement_lines(text)
    return {
        line
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Name) and node.id in names)
        or (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.keyword) and node.arg in names)
        for line in statements.get(node.lineno, (node.lineno,))
    }
