"""Texts with placeholders as words of sh."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

_PLACEHOLDER = re.compile(
    r"⟦(?P<kind>root|swamp|made up|run|url|port|token|secret of token|secret) ?(?P<name>[^⟧]*)⟧"
)
_VARIABLES: dict[str, Callable[[str], str]] = {
    "root": lambda _: "$ROOT",
    "swamp": lambda _: "$SWAMP_BIN",
    "made up": lambda _: "$MADE_UP",
    "run": lambda name: f"$RUN_{variable(name)}",
    "url": lambda name: f"$URL_{variable(name)}",
    "port": lambda name: f"$PORT_{variable(name)}",
    "token": lambda name: f"$TOKEN_{variable(name)}",
    "secret of token": lambda name: f"${{TOKEN_{variable(name)}#*.}}",
    "secret": lambda name: f"$SECRET_{variable(name)}",
}


def variable(name: str) -> str:
    """A name as a part of the name of a variable."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)


def quoted(text: str) -> str:
    """A text as one word, its placeholders as variables."""
    words, behind = [], 0
    for match in _PLACEHOLDER.finditer(text):
        words += [shlex.quote(text[behind : match.start()])] if match.start() > behind else []
        words.append(f'"{_variable_of(match)}"')
        behind = match.end()
    rest = text[behind:]
    return "".join((*words, *([shlex.quote(rest)] if rest or not words else [])))


def _variable_of(match: re.Match[str]) -> str:
    return _VARIABLES[match["kind"]](match["name"])


def shown(text: str) -> str:
    """A text for people, its placeholders as variables."""
    return _PLACEHOLDER.sub(_variable_of, text)


def has_placeholders(text: str) -> bool:
    """Whether a text has one."""
    return _PLACEHOLDER.search(text) is not None
