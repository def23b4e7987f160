"""Makes text of the product or of a feature safe for files, terminals and CI logs.

Secrets are blanked first: a secret with an escaped character is not found any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from swamp_harness.system.redaction import SECRETS

# Control characters except tab and newline, marks that change the direction of writing, unusual line
# separators, halves of surrogate pairs, and code points that are not characters.
_UNWRITABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
    + "]"
)
# Lines that a CI system takes for its own commands: GitHub's `::error::` and Buildkite's `--- group` at the
# beginning of a line; `##[group]`, Azure's `##vso[...]` and TeamCity's `##teamcity[...]` anywhere.
_AT_LINE_START = re.compile(r"^(\s*)(::|---|\+\+\+|~~~|\^\^\^)", re.MULTILINE)
_ANYWHERE = re.compile(r"#(?=#\w*\[)")

_MOST_LINES, _LONGEST_LINE = 60, 500


def clean(text: str) -> str:
    r"""The text without characters that some format cannot hold.

    Such a character becomes its escape, such as `\x1b`. Every line ends with a newline.
    """
    return _UNWRITABLE.sub(_escape, text.replace("\r\n", "\n"))


def for_file(text: str) -> str:
    """The text for a file: blanked of secrets, and clean."""
    return clean(SECRETS.blank(text))


def json_text(document: Any, indent: int | None = 2) -> str:
    """A document as JSON, with every text in it blanked of secrets and clean."""
    return SECRETS.blank(json.dumps(_cleaned(document), indent=indent, ensure_ascii=False, default=str))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return for_file(value)
    if isinstance(value, Mapping):
        return {_cleaned(name): _cleaned(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value


def for_terminal(text: str) -> str:
    r"""The text for a terminal or a CI log: blanked, no escape sequences, and no commands of a CI system.

    A command gets a backslash, such as `\::error::` and `#\#vso[`, and stays readable.
    """
    return _ANYWHERE.sub(r"#\\", _AT_LINE_START.sub(r"\1\\\2", for_file(text)))


def shortened(text: str, most_lines: int = _MOST_LINES, longest_line: int = _LONGEST_LINE) -> str:
    """The first and the last lines of a text, each cut to length, with notes about the omitted parts."""
    lines = text.split("\n")
    if len(lines) > most_lines:
        first, last = most_lines - most_lines // 2, most_lines // 2
        left_out = f"[... {len(lines) - first - last} lines left out ...]"
        lines = [*lines[:first], left_out, *lines[len(lines) - last :]]
    return "\n".join(cut(line, longest_line) for line in lines)


def cut(line: str, longest: int = _LONGEST_LINE) -> str:
    """The beginning of a line, with a note about the omitted part."""
    if len(line) <= longest:
        return line
    return f"{line[:longest]} [... {len(line) - longest} characters left out]"


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
