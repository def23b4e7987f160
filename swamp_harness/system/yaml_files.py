"""YAML files that people edit: read, and validated against a JSON Schema that editors use as well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import cut

# The parser in C, where PyYAML was built with it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LONGEST_VALUE = 100
# What people call the types of JSON Schema.
_TYPES = {
    "array": "a list of entries",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "keys with values",
    "string": "a text",
}


@dataclass(frozen=True)
class YamlProblem:
    """An error in a file.

    Attributes:
        line: its line, from 1 on.
        under: the keys above it; empty at the top.
        message: what is wrong.
    """

    line: int
    under: tuple[str, ...]
    message: str


def read_yaml(file: Path, schema: Path) -> Any:
    """Read a file.

    Args:
        file: the file; an empty one is an empty list.
        schema: the schema that it must match.

    Returns:
        Its content, which nobody may change: whoever reads the same text gets the same.

    Raises:
        UnusableInput: the file is missing, cannot be read or does not match; the message has its path, and
            the line (exit code 2).
    """
    if file.is_dir():
        raise UnusableInput(f"{file} is a folder: give the path of a file.", ExitCode.BAD_COMMAND_LINE)
    try:
        document, problems = _read(file.read_text("utf-8"), schema)
    except FileNotFoundError as error:
        raise UnusableInput(f"{file} does not exist: correct the path.", ExitCode.BAD_COMMAND_LINE) from error
    except OSError as error:
        raise unusable(file, f"it cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise unusable(file, f"it cannot be read: {error}") from error
    except yaml.YAMLError as error:
        document, problems = None, [_not_yaml(error)]
    for problem in problems:
        about = f", under {' / '.join(problem.under)}" if problem.under else ""
        raise unusable(file, f"line {problem.line}{about}: {problem.message}")
    return document


def problems_in(file: Path, schema: Path) -> list[YamlProblem]:
    """All errors of a file.

    Args:
        file: the file.
        schema: the schema that it must match.
    """
    try:
        return list(_read(file.read_text("utf-8"), schema)[1])
    except (OSError, UnicodeDecodeError) as error:
        return [YamlProblem(1, (), f"the file cannot be read: {error}")]
    except yaml.YAMLError as error:
        return [_not_yaml(error)]


def line_of(file: Path, path: Sequence[str | int]) -> int:
    """The line of a value, from 1 on; if it is missing, the line of its nearest parent.

    Args:
        file: a YAML or JSON file.
        path: the keys and indexes of the value, such as `(3, "scenario")`.
    """
    _, node = _parsed(file.read_text("utf-8"))
    return _line_in(node, path)


def unusable(file: Path, what: str) -> UnusableInput:
    """The error about an unusable file, as one sentence."""
    return UnusableInput(
        f"{file} is not usable, {' '.join(what.split())}: correct the file.", ExitCode.BAD_COMMAND_LINE
    )


def _not_yaml(error: yaml.YAMLError) -> YamlProblem:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or " ".join(str(error).split())
    return YamlProblem(mark.line + 1 if mark else 1, (), f"this is not YAML: {reason}")


def _parsed(text: str) -> tuple[Any, yaml.Node | None]:
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        document = None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()
    return [] if document is None else document, node


# Runs that are forked from one process read the same texts.
@cache
def _read(text: str, schema: Path) -> tuple[Any, Sequence[YamlProblem]]:
    """The content of a text, and what is wrong with it."""
    document, node = _parsed(text)
    return document, [
        YamlProblem(
            _line_in(node, broken.absolute_path),
            tuple(part for part in broken.absolute_path if isinstance(part, str)),
            _in_words(broken),
        )
        for broken in _in_order(_validator(schema).iter_errors(document))
    ]


def _in_words(broken: ValidationError) -> str:
    if broken.validator != "type":
        return str(broken.message)
    allowed: Any = broken.validator_value
    types: list[str] = [allowed] if isinstance(allowed, str) else allowed
    expected = " or ".join(_TYPES[each] for each in types)
    return f"{expected} is expected, not {cut(repr(broken.instance), _LONGEST_VALUE)}"


@cache
def _validator(schema: Path) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema.read_text("utf-8")))


def _in_order(errors: Iterable[ValidationError]) -> list[ValidationError]:
    return sorted(errors, key=lambda error: [str(part) for part in error.absolute_path])


def _line_in(node: yaml.Node | None, path: Iterable[str | int]) -> int:
    # A missing value has no line, so stop at the last node of the path that exists.
    for part in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part] if part < len(node.value) else node
        elif isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == str(part)), node)
    return node.start_mark.line + 1 if node is not None else 1
