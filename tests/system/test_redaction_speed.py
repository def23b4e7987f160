"""Blanking, searching for leaks and recognising wordings take time in proportion to the length of a text.

The tests compare two lengths. `python -m tests.system.test_redaction_speed 50` measures 50 MB of each.
"""

from __future__ import annotations

import hashlib
import re
import sys
import time
from collections.abc import Callable
from functools import cache

import pytest

from swamp_harness.product import credential, wordings
from swamp_harness.product.credential import SECRET_BY_FORM, credentials_in, learn_from_output
from swamp_harness.product.help_text import subcommands
from swamp_harness.product.wordings import reasons_given
from swamp_harness.results.deviations import matches
from swamp_harness.system.leak_search import search_text
from swamp_harness.system.lines import Lines
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.redaction import Redactor

_MANY = [hashlib.sha256(str(index).encode()).hexdigest() for index in range(200)]
_HEX = hashlib.shake_256(b"").hexdigest(1 << 15)

# The texts that are repeated to make long ones.
TEXTS = {
    "hex letters in one line": _HEX,
    "hex letters in lines": "\n".join(_HEX[at : at + 70] for at in range(0, len(_HEX), 70)),
    "one letter": "a",
    "dots": ".",
    "names and dots": "a-.",
    "empty lines": "\n",
    "spaces": " ",
    "secrets": " ".join(_MANY),
    "secrets but for a letter": " ".join(f"{secret[:-1]}x" for secret in _MANY),
    "parts of secrets": "x".join(secret[:15] for secret in _MANY),
    "unknown credentials": f"w1.{_HEX[:64]} ",
    "credentials but for a letter": f"w1.{_HEX[:63]} ",
    "encoded letters": "%61%62",
    "backslashes and escapes": "\\\\u0061\\x61\\",
    "ampersands": "&",
    "entities": "&#97;&amp;",
    "beginnings of tags": "<a",
    "beginnings of colours": "\x1b[",
    "colours": "\x1b[1ma",
    "beginnings of links": "\x1b]8",
    "boxes": "│ ─",
    "letters beyond ASCII": "äß日本",
    "prose": "The quick brown fox, 12:30:11, jumped (over) the lazy dogs.\n",
}


def repeated(name: str, length: int) -> str:
    text = TEXTS[name]
    return (text * (length // len(text) + 1))[:length]


@cache
def knowing_much() -> Redactor:
    redactor = Redactor()
    redactor.add_pattern(SECRET_BY_FORM)
    for secret in (*_MANY, "hunter-2!", "Pässwörd, <tagged> & 100%\nover lines"):
        redactor.add(secret)
    return redactor


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def assert_grows_with_the_length(work: Callable[[int], Callable[[], object]], length: int = 60_000) -> None:
    """Eight times the length takes about eight times as long; quadratic work would take 64 times as long."""
    short, long = (min(seconds(work(each)) for _ in range(2)) for each in (length, 8 * length))
    assert long < 24 * short + 0.1, f"{length} characters take {short:.3f} s, {8 * length} take {long:.3f} s"


@pytest.mark.parametrize("name", TEXTS)
def test_blanking(name):
    redactor = knowing_much()

    def work(length):
        text = repeated(name, length)
        return lambda: redactor.blank(text)

    assert_grows_with_the_length(work)


@pytest.mark.parametrize("name", TEXTS)
def test_the_other_readers_of_output(name, monkeypatch):
    monkeypatch.setattr(credential, "SECRETS", Redactor())

    def work(length):
        text = repeated(name, length)
        return lambda: (
            search_text(_MANY[0], [("a log", text)]),
            credentials_in(text),
            learn_from_output(text),
        )

    assert_grows_with_the_length(work)


def test_many_more_secrets_take_hardly_longer():
    few, many = Redactor(), Redactor()
    few.add(_MANY[0])
    for index in range(2000):
        many.add(f"{index:064x}"[::-1] + _MANY[0])
    text = repeated("hex letters in one line", 500_000)

    short, long = (min(seconds(lambda: each.blank(text)) for _ in range(2)) for each in (few, many))  # noqa: B023
    assert long < 5 * short + 0.1


# Texts that almost match a wording, many times.
WORDINGS = {
    "empty lines": "\n",
    "a stack trace": "   at x:1:1:1:",
    "digits": "  at x:1:" + "1" * 60,
    "no orchestrator": "Could not connect to x ",
    "a lifetime": "Invalid --duration value ",
    "a rejection": "Enrollment token 'a",
    "an ending": "Completed workflow a",
    "a method": "Completed   a on ",
    "a run": 'Cancelled run "a',
    "an address": 'listening on "ws://a',
    "an enrollment": "Enrolled as a ",
    "a dispatch": "* Dispatch 0123abcd: a (a > a",
}


@pytest.mark.parametrize("text", WORDINGS.values(), ids=WORDINGS)
def test_wordings(text):
    tables = [value for value in vars(wordings).values() if isinstance(value, dict)]
    single = [value for value in vars(wordings).values() if isinstance(value, re.Pattern)]
    single += [each for table in tables for each in table.values() if isinstance(each, re.Pattern)]
    reasons = [table for table in tables if all(isinstance(each, list) for each in table.values())]

    def work(length):
        repeated_text = text * (length // len(text))
        return lambda: (
            [reasons_given(repeated_text, table) for table in reasons],
            [each.search(repeated_text) for each in single],
        )

    assert_grows_with_the_length(work, 100_000)


@pytest.mark.parametrize("text", ["Usage: swamp a   ", "  a   [", "Usage: swamp a" + " " * 80])
def test_help(text):
    def work(length):
        repeated_text = text * (length // len(text))

        def read():
            with pytest.raises(Exception, match="does not show the help"):
                subcommands(repeated_text, "b")

        return read

    assert_grows_with_the_length(work, 100_000)


def test_deviations():
    def work(length):
        output = "one " + "two three " * (length // 10)
        return lambda: matches("one … two … three … four", "", output)

    assert_grows_with_the_length(work, 100_000)


@pytest.mark.parametrize("end", ["", "\n"])
def test_splitting_into_lines(end):
    def work(length):
        pieces = [b"a" * 100 + end.encode()] * (length // 100)
        lines = Lines()
        return lambda: [lines.feed(piece) for piece in pieces]

    assert_grows_with_the_length(work)


@pytest.mark.parametrize("width", [20, 10_000_000])
def test_logging(tmp_path, width):
    def work(length):
        log = ProcessLog(tmp_path / f"{length}-{width}.log")
        text = repeated("hex letters in one line", length)
        lines = [text[at : at + width] for at in range(0, length, width)]
        pieces = [lines[at : at + 3000] for at in range(0, len(lines), 3000)]
        return lambda: [log.add("stdout", *piece) for piece in pieces]

    assert_grows_with_the_length(work)


def main(megabytes: int) -> None:
    """Print how long each text takes."""
    redactor = knowing_much()
    for name in TEXTS:
        text = repeated(name, megabytes * 1_000_000)
        print(f"{name:32} {megabytes} million characters: {seconds(lambda: redactor.blank(text)):5.1f} s")  # noqa: B023


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 50)
