"""The lines that show what a line of code does: the uses of what it defines, and the rest of its function.

Many scenarios reach a line, so reaching it says little about who could notice a change of it. A scenario that
also reaches a line that few others reach is likelier to notice.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from swamp_harness.quality.reach import statement_lines

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = ast.Assign | ast.AnnAssign | _Function


def uses_of(texts: Mapping[str, str], module: str, line: int) -> dict[str, set[int]]:
    """The lines that show what a line does, by module.

    What a line defines while its module is imported, such as a constant, a field or a default value, shows
    wherever its name stands; the head of a function shows in the body. Inside a function, these lines count:
    the other lines of the function, the bodies of the module's functions that the line names, the mentions of
    the attributes that it sets, and the calls of the function, if no other one has its name. A name that
    begins with an underscore has uses in its own module alone. Uses that no name shows, such as those by
    `getattr`, are missing.

    Args:
        texts: of the modules, by path.
        module: the path of the module.
        line: of the module.

    Returns:
        No lines if the line defines nothing and is part of no function.
    """
    tree = ast.parse(texts[module])
    definition = next((each for each in _definitions(tree) if line in _head(each)), None)
    if isinstance(definition, _Function):
        return {module: _body(definition)}
    if definition is not None:
        return _mentions(texts, module, _names_set(definition), set(_head(definition)))
    functions = [each for each in ast.walk(tree) if isinstance(each, _Function)]
    around = [each for each in functions if line in _body(each)]
    if not around:
        return {}
    own = statement_lines(texts[module]).get(line, range(line, line + 1))
    changed = [each for each in ast.walk(around[-1]) if getattr(each, "lineno", 0) in own]
    named = {each.attr if isinstance(each, ast.Attribute) else each.id for each in _names(changed)}
    attributes = {each.attr for each in changed if isinstance(each, ast.Attribute) and _is_set(each)}
    found = _mentions(texts, module, attributes | _if_unique(around[-1].name, texts), set(own))
    bodies = (_body(each) for each in (around[-1], *(each for each in functions if each.name in named)))
    found[module] = found.get(module, set()).union(*bodies) - set(own)
    return {name: lines for name, lines in found.items() if lines}


def _definitions(body: ast.AST) -> Iterator[_Definition]:
    for node in ast.iter_child_nodes(body):
        if isinstance(node, _Definition):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _definitions(node)


def _head(node: ast.stmt) -> range:
    if isinstance(node, _Function):
        return range(node.lineno, node.body[0].lineno)
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _body(function: _Function) -> set[int]:
    end = function.end_lineno or function.lineno
    return set(range(function.body[0].lineno, end + 1))


def _names(nodes: list[ast.AST]) -> Iterator[ast.Name | ast.Attribute]:
    yield from (each for each in nodes if isinstance(each, ast.Name | ast.Attribute))


def _is_set(node: ast.Name | ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store)


def _if_unique(name: str, texts: Mapping[str, str]) -> set[str]:
    """The name of a function, unless another function has it as well."""
    head = re.compile(rf"\bdef {name}\(")
    return {name} if sum(len(head.findall(text)) for text in texts.values()) == 1 else set()


def _names_set(definition: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(definition) if isinstance(each, ast.Name) and _is_set(each)}


def _mentions(
    texts: Mapping[str, str], module: str, names: set[str], without: set[int]
) -> dict[str, set[int]]:
    public = {name for name in names if not name.startswith("_")}
    found = {name: _mentioned_in(text, names if name == module else public) for name, text in texts.items()}
    found[module] -= without
    return {name: lines for name, lines in found.items() if lines}


def _mentioned_in(text: str, names: set[str]) -> set[int]:
    statements = statement_lines(text)
    return {
        line
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Name) and node.id in names)
        or (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.keyword) and node.arg in names)
        for line in statements.get(node.lineno, (node.lineno,))
    }
