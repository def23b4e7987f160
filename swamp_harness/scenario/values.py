"""Values that pass through the product: which there are, and how others differ from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

# A text for each kind of letter that something on the way could take for its own.
_TEXTS = {
    "empty": "",
    "lines": "one\ntwo\r\nthree\n\n",
    "quotes": "'single' \"double\" `tick` \\ \\n $HOME ${HOME} $(id) %PATH% {{ x }} # no comment",
    "letters": "Grüße, 世界, שלום, e\u0301, 👋🏽, ﬁ, \u202eright to left",
    "control": "\ttab\u0001\u001b[31m\u2028\u00a0\ufeff",
    "blanks": "  at both ends \t ",
    "colon": "key: value, - item, &anchor, *alias, !tag, |, >, @, ?",
}
# Texts that are no numbers, no booleans and no documents, however they look.
_LOOKS_LIKE = [
    "007", "1_000", "0x1F", "-1", "1.0", "12:30", "2026-01-01", "true", "no", "null", "~", "NaN",
    "[]", "{}", '{"a": 1}', '"quoted"', "1 + 1", "data.latest('a', 'b')", "-", "=", "<<",
]  # fmt: skip
VALUES: dict[str, Any] = {
    **_TEXTS,
    "looks like something else": _LOOKS_LIKE,
    "numbers": [0, -1, 1.5, -0.25, 2**53 - 1, -(2**53 - 1), 1e21, 1e-7],
    "nothing": None,
    "true": True,
    "false": False,
    "no items": [],
    "no entries": {},
    "nested": [[[]], {"": "no key", "a.b": {"c": [None, False, 0, ""]}, "ключ": [{"deeper": [1, [2, [3]]]}]}],
}
# With what a workflow cannot give, since it would be evaluated there; a step adds it to what it hands over.
HANDED_OVER: dict[str, Any] = {**VALUES, "like an expression": "${{ 1 + 1 }}"}
# Empty lines are left out: what becomes of them another scenario says.
LINES = [text for text in _TEXTS.values() if text and "\n" not in text]
# More than a megabyte, in one line, of letters that a block may cut in two.
_REPEATED, _TIMES = "0123456789abcdef Grüße|", 50_000
LONG = {"text": _REPEATED, "times": _TIMES}
LONG_TEXT = _REPEATED * _TIMES

# What a step says that fails: the words by which its failure is known, and whatever a message may hold.
MESSAGE = (
    "it has failed on purpose: 'single' \"double\" \\ $HOME {{ x }} Grüße 世界 👋🏽\n"
    "  second line\n"
    "\n"
    "\tlast line"
)

_SHOWN = 60


def differences(known: Any, came: Any, path: str = "") -> Iterator[str]:
    """Where a value that came differs from the known one, each place with both."""
    if isinstance(known, Mapping) and isinstance(came, Mapping):
        for key in sorted({*known, *came}):
            here = f"{path} > {key}" if path else str(key)
            if key in known and key in came:
                yield from differences(known[key], came[key], here)
            elif key in known:
                yield f"{here}: {_shown(known[key])} is missing"
            else:
                yield f"{here}: {_shown(came[key])} is too many"
    elif isinstance(known, list) and isinstance(came, list) and len(known) == len(came):
        for number, (one, other) in enumerate(zip(known, came, strict=True), 1):
            yield from differences(one, other, f"{path} > {number}")
    elif not _same(known, came):
        start = _first_difference(known, came)
        place = (path or "all of it") + (f", from character {start + 1}" if start else "")
        yield f"{place}: {_shown(known, start)} came as {_shown(came, start)}"


def _same(known: Any, came: Any) -> bool:
    # To Python, True is 1; to those who read JSON it is not.
    return known == came and isinstance(known, bool) == isinstance(came, bool)


def _first_difference(known: Any, came: Any) -> int:
    if not (isinstance(known, str) and isinstance(came, str)):
        return 0
    pairs = enumerate(zip(known, came, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(known), len(came)))


def _shown(value: Any, start: int = 0) -> str:
    text = json.dumps(value[start:] if start else value, ensure_ascii=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
