"""A list that people keep in YAML, such as `deviations.yaml`: entries that all have the same fields."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from swamp_harness.machinery.faults import ExitCode, UnusableInput


def read_entries(file: Path, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Read the entries of a list.

    Args:
        file: the list.
        fields: that each entry has, none of them empty.

    Raises:
        UnusableInput: the file cannot be read, or an entry is not complete (exit code 2).
    """
    try:
        entries = yaml.safe_load(file.read_text("utf-8")) or []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise unusable(file, f"it cannot be read: {error}") from error
    if not isinstance(entries, list):
        raise unusable(file, "it is not a list")
    for index, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or set(entry) != set(fields):
            raise unusable(file, f"entry {index} does not have exactly the fields {', '.join(fields)}")
        empty = [name for name in fields if entry[name] is None or not str(entry[name]).strip()]
        if empty:
            raise unusable(file, f"entry {index} says nothing under {', '.join(empty)}")
    return entries


def unusable(file: Path, what: str) -> UnusableInput:
    """The complaint about a list that cannot be used, as one sentence."""
    return UnusableInput(
        f"{file.name} is not usable, {' '.join(what.split())}: mend the file.", ExitCode.BAD_COMMAND_LINE
    )
