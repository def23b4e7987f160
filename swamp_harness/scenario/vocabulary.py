"""The kinds of words that steps take: names, reasons, outputs. A word that is none of them is no step."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from swamp_harness.product.commands import Output
from swamp_harness.product.machine import CachePlace
from swamp_harness.product.records import labels_from_text
from swamp_harness.product.run import CANCELLED, FAILED, SUCCEEDED
from swamp_harness.product.wordings import COMMAND_FAILURES, REJECTIONS, RUN_FAILURES
from swamp_harness.scenario.both_modes import MISTAKES, QUESTIONS
from swamp_harness.scenario.probe import WORK
from swamp_harness.system.certificates import Identity, Trust


class Kind:
    """A kind of word, as behave's step matcher wants it.

    Args:
        description: what a writer of features puts there.
        pattern: what such a word looks like.
        meaning: what it stands for.
        phrases: the only words that are allowed; any that the pattern matches when empty.
        is_whole: whether the phrases are a whole, such as all states, to be kept even where no scenario
            uses one of them.
    """

    def __init__(
        self,
        description: str,
        pattern: str,
        meaning: Callable[[str], Any],
        phrases: Sequence[str] = (),
        *,
        is_whole: bool = False,
    ) -> None:
        self.description = description
        self.pattern = pattern
        self.phrases = tuple(phrases)
        self.is_whole = is_whole
        self._meaning = meaning

    def __call__(self, word: str) -> Any:
        """What a word stands for."""
        return self._meaning(word)


def _one_of(description: str, meanings: Mapping[str, Any], *, is_whole: bool = False) -> Kind:
    longest_first = sorted(meanings, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest_first))
    return Kind(description, pattern, meanings.__getitem__, list(meanings), is_whole=is_whole)


KINDS: dict[str, Kind] = {
    "Name": Kind('a name that you choose, such as "alpha"', r"[^\"]+", str),
    "Names": Kind(
        'one or more names with commas between them, such as "alpha, beta"',
        r"[^\"]+",
        lambda text: [name.strip() for name in text.split(",")],
    ),
    "Lifetime": Kind("a duration as swamp takes it, such as 10m", r"\S+", str),
    "Number": Kind("a whole number", r"\d+", int),
    "Output": _one_of("an output format", {output.value: output for output in Output}),
    "Rejection": _one_of("why the orchestrator rejects a worker", {reason: reason for reason in REJECTIONS}),
    "Failure": _one_of("why a command fails", {reason: reason for reason in COMMAND_FAILURES}),
    "RunFailure": _one_of("why a run fails", {reason: reason for reason in RUN_FAILURES}),
    "RunStatus": _one_of(
        "how a run has ended",
        {status: status for status in (SUCCEEDED, FAILED, CANCELLED)},
        is_whole=True,
    ),
    "TokenState": _one_of(
        "the state of a token",
        {state: state for state in ("unused", "enrolled", "expired", "revoked")},
        is_whole=True,
    ),
    "Labels": Kind(
        'labels or tags with commas between them, such as "region=eu,size=big"',
        r"[^\"]+=[^\"]+",
        lambda text: dict(labels_from_text(text)),
    ),
    "Question": _one_of("a command that lists or checks something", QUESTIONS),
    "Mistake": _one_of("a command that is wrong", MISTAKES),
    "Work": _one_of("what a step does", WORK),
    "CachePlace": _one_of(
        "where the cache directory is",
        {
            "whose name has spaces": CachePlace("a cache of swamp"),
            "whose name has letters beyond ASCII": CachePlace("Zwischenspeicher für Wörter-キャッシュ"),
            "deep down in folders": CachePlace("/".join(["deep-down-in-folders"] * 13)),
            "given in relation to where it starts": CachePlace("beside/cache", is_relative=True),
        },
    ),
    "Certificate": _one_of("a kind of certificate", {identity.value: identity for identity in Identity}),
    "Trust": _one_of("whose certificates are trusted", {trust.value: trust for trust in Trust}),
    "VersionShift": _one_of("which protocol version", {"an older": -1, "a newer": 1}),
}

# The columns of a step's table in which only the phrases of a kind are allowed.
COLUMNS: Mapping[str, str] = {"work": "Work", "reason": "Failure"}
