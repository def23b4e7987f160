"""The kinds of words that steps take: names, reasons, outputs. A word that is none of them is no step."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from swamp_harness.machinery.certificates import Identity, Trust
from swamp_harness.product.commands import Output
from swamp_harness.product.machine import CachePlace
from swamp_harness.product.records import labels_from_text
from swamp_harness.product.run import CANCELLED, FAILED, SUCCEEDED
from swamp_harness.product.wordings import COMMAND_FAILURES, REJECTIONS, RUN_FAILURES
from swamp_harness.scenario.both_modes import MISTAKES, QUESTIONS
from swamp_harness.scenario.probe import WORK


class Kind:
    """A kind of word, as behave's step matcher wants it.

    Args:
        pattern: what such a word looks like.
        meaning: what it stands for.
    """

    def __init__(self, pattern: str, meaning: Callable[[str], Any]) -> None:
        self.pattern = pattern
        self._meaning = meaning

    def __call__(self, word: str) -> Any:
        """What a word stands for."""
        return self._meaning(word)


def _one_of(meanings: Mapping[str, Any]) -> Kind:
    longest_first = sorted(meanings, key=len, reverse=True)
    return Kind("|".join(map(re.escape, longest_first)), meanings.__getitem__)


KINDS: dict[str, Kind] = {
    "Name": Kind(r"[^\"]+", str),
    "Names": Kind(r"[^\"]+", lambda text: [name.strip() for name in text.split(",")]),
    "Lifetime": Kind(r"\S+", str),
    "Number": Kind(r"\d+", int),
    "Output": _one_of({output.value: output for output in Output}),
    "Rejection": _one_of({reason: reason for reason in REJECTIONS}),
    "Failure": _one_of({reason: reason for reason in COMMAND_FAILURES}),
    "RunFailure": _one_of({reason: reason for reason in RUN_FAILURES}),
    "RunStatus": _one_of({status: status for status in (SUCCEEDED, FAILED, CANCELLED)}),
    "TokenState": _one_of({state: state for state in ("unused", "enrolled", "expired", "revoked")}),
    "Labels": Kind(r"[^\"]+=[^\"]+", lambda text: dict(labels_from_text(text))),
    "Question": _one_of(QUESTIONS),
    "Mistake": _one_of(MISTAKES),
    "Work": _one_of(WORK),
    "CachePlace": _one_of(
        {
            "whose name has spaces": CachePlace("a cache of swamp"),
            "whose name has letters beyond ASCII": CachePlace("Zwischenspeicher für Wörter-キャッシュ"),
            "deep down in folders": CachePlace("/".join(["deep-down-in-folders"] * 13)),
            "given in relation to where it starts": CachePlace("beside/cache", is_relative=True),
        }
    ),
    "Certificate": _one_of({identity.value: identity for identity in Identity}),
    "Trust": _one_of({trust.value: trust for trust in Trust}),
    "VersionShift": _one_of({"an older": -1, "a newer": 1}),
}
