"""Values that tests send through the product, and the differences of what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

# A text for each kind of character that software on the way could interpret or change.
_TEXTS = {
    "empty": "",
    "lines": "one\ntwo\r\nthree\n\n",
    "quotes": "'single' \"double\" `tick` \\ \\n $HOME ${HOME} $(id) %PATH% {{ x }} # no comment",
    "letters": "Grüße, 世界, שלום, e\u0301, 👋🏽, ﬁ, \u202eright to left",
    "control": "\ttab\u0001\u001b[31m\u2028\u00a0\ufeff",
    "blanks": "  at both ends \t ",
    "colon": "key: value, - item, &anchor, *alias, !tag, |, >, @, ?",
}
# Texts that look like numbers, booleans or documents, and must stay texts.
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
# With an expression, which a workflow would evaluate; so a step adds it to the values that it writes.
HANDED_OVER: dict[str, Any] = {**VALUES, "like an expression": "${{ 1 + 1 }}"}
# Without a lone empty line: another scenario tests it.
LINES = [
    *(text for text in _TEXTS.values() if text and "\n" not in text),
    "above a blank line\n\n  below it",
    "a return\rin the middle, and one at the end\r",
    "two lines of a file\r\nfrom Windows\r",
]
# Inputs that are empty, each in its own way; the probe has a default for each of them.
EMPTY_INPUTS: dict[str, Any] = {"text": "", "number": 0, "flag": False, "nothing": None, "list": []}
# More than a megabyte in one line, with multi-byte characters that a block boundary may split.
_REPEATED, _TIMES = "0123456789abcdef Grüße|", 50_000
LONG = {"text": _REPEATED, "times": _TIMES}
LONG_TEXT = _REPEATED * _TIMES

# The error message of a step that fails: the words that identify it, and difficult characters.
MESSAGE = (
    "it has failed on purpose: 'single' \"double\" \\ $HOME {{ x }} Grüße 世界 👋🏽\n"
    "  second line\n"
    "\n"
    "\tlast line"
)

_LONGEST_SHOWN = 60


def differences(expected: Any, actual: Any, path: str = "") -> Iterator[str]:
    """The differences of two values: for each, its path and both parts."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key in sorted({*expected, *actual}):
            here = f"{path} > {key}" if path else str(key)
            if key in expected and key in actual:
                yield from differences(expected[key], actual[key], here)
            elif key in expected:
                yield f"{here}: expected {_shortened(expected[key])}, it is missing"
            else:
                yield f"{here}: {_shortened(actual[key])} is unexpected"
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for number, (one, other) in enumerate(zip(expected, actual, strict=True), 1):
            yield from differences(one, other, f"{path} > {number}")
    elif not _is_same(expected, actual):
        start = _first_difference(expected, actual)
        place = (path or "the whole value") + (f", from character {start + 1}" if start else "")
        yield f"{place}: expected {_shortened(expected, start)}, actual {_shortened(actual, start)}"


def _is_same(expected: Any, actual: Any) -> bool:
    # In Python True equals 1, in JSON it does not.
    return expected == actual and isinstance(expected, bool) == isinstance(actual, bool)


def _first_difference(expected: Any, actual: Any) -> int:
    if not (isinstance(expected, str) and isinstance(actual, str)):
        return 0
    pairs = enumerate(zip(expected, actual, strict=False))
    return next((place for place, (one, other) in pairs if one != other), min(len(expected), len(actual)))


def _shortened(value: Any, start: int = 0) -> str:
    text = json.dumps(value[start:] if start else value, ensure_ascii=True)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}... ({len(text)} characters)"
