"""Files that people keep in YAML: read, and validated against a JSON Schema that editors can use as well."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from swamp_harness.machinery.faults import ExitCode, UnusableInput


def read_yaml(file: Path, schema: Path) -> Any:
    """Read a file.

    Args:
        file: to be read; an empty one is an empty list.
        schema: that it must match.

    Raises:
        UnusableInput: it cannot be read, or does not match; the message has the line (exit code 2).
    """
    try:
        text = file.read_text("utf-8")
        document, node = yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise unusable(file, f"it cannot be read: {error}") from error
    document = [] if document is None else document
    validator = Draft202012Validator(json.loads(schema.read_text("utf-8")))
    for broken in _in_order(validator.iter_errors(document)):
        raise unusable(file, f"line {_line_of(node, broken.absolute_path)}{_about(broken)}: {broken.message}")
    return document


def unusable(file: Path, what: str) -> UnusableInput:
    """The complaint about a file that cannot be used, as one sentence."""
    return UnusableInput(
        f"{file.name} is not usable, {' '.join(what.split())}: mend the file.", ExitCode.BAD_COMMAND_LINE
    )


def _in_order(errors: Iterable[ValidationError]) -> list[ValidationError]:
    return sorted(errors, key=lambda error: [str(part) for part in error.absolute_path])


def _about(broken: ValidationError) -> str:
    names = [part for part in broken.absolute_path if isinstance(part, str)]
    return f", under {' / '.join(names)}" if names else ""


def _line_of(node: yaml.Node | None, path: Iterable[str | int]) -> int:
    # To the last node on the way that there is: what is missing has no line of its own.
    for part in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
        elif isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), node)
    return node.start_mark.line + 1 if node is not None else 1
