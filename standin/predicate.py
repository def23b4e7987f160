"""The predicates of `swamp data query`: comparisons of fields with values, joined by && and ||."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

Predicate = Callable[[Mapping[str, Any]], bool]

_WORD = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>&&|\|\||[=!<>]=|[<>()])|(?P<name>[\w.-]+))')
_SIGNS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class NoPredicate(ValueError):
    """The text is not a predicate."""


def compiled(text: str) -> Predicate:
    """Parse a predicate.

    Raises:
        NoPredicate: the text is not a predicate.
    """
    words = _words(text)
    predicate = _either(words)
    if words:
        raise NoPredicate(f"Invalid CEL predicate: unexpected {words[0]!r}")
    return predicate


def _words(text: str) -> list[str]:
    words, place, text = [], 0, text.strip()
    while place < len(text):
        match = _WORD.match(text, place)
        if match is None:
            raise NoPredicate(f"Invalid CEL predicate: {text[place:]!r}")
        words.append(match[0].strip())
        place = match.end()
    return words


def _either(words: list[str]) -> Predicate:
    options = [_all(words)]
    while words[:1] == ["||"]:
        del words[0]
        options.append(_all(words))
    return lambda item: any(option(item) for option in options)


def _all(words: list[str]) -> Predicate:
    parts = [_comparison(words)]
    while words[:1] == ["&&"]:
        del words[0]
        parts.append(_comparison(words))
    return lambda item: all(part(item) for part in parts)


def _comparison(words: list[str]) -> Predicate:
    if len(words) < 3 or words[1] not in _SIGNS:  # noqa: PLR2004 - a field, a sign, a value
        raise NoPredicate(f"Invalid CEL predicate: no comparison in {' '.join(words)!r}")
    field, sign, value = words[0].split("."), _SIGNS[words[1]], _value(words[2])
    del words[:3]

    def holds(item: Mapping[str, Any]) -> bool:
        found: Any = item
        for part in field:
            found = found.get(part) if isinstance(found, Mapping) else None
        try:
            return bool(sign(found, value))
        except TypeError:
            return False

    return holds


def _value(word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError as error:
        raise NoPredicate(f"Invalid CEL predicate: {word!r} is no value") from error
