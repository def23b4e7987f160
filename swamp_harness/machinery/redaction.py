"""Blanks secrets in everything that the suite writes, before a byte is written.

One process is one run, and a secret of any scenario must be blanked in every artifact of the run, so the
run has one `Redactor`: `SECRETS`. Secrets that the suite knows are blanked by value (and in the usual
encodings); secrets that have a recognisable form are blanked by pattern as well, so that a value is
already gone from the very answer that first shows it.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
import urllib.parse

BLANK = "[blanked]"
_SHORTEST_SECRET = 6


def encodings_of(secret: str) -> dict[str, bytes]:
    """The forms in which a leaked secret usually turns up.

    Args:
        secret: the plain text.

    Returns:
        The bytes to look for, by the name of the encoding. Base64 is cut to the part that does not depend
        on what stands before or after the secret, for each of the three alignments.
    """
    plain = secret.encode()
    forms = {
        "plain": plain,
        "hex": binascii.hexlify(plain),
        "UTF-16": secret.encode("utf-16-le"),
        "URL": urllib.parse.quote(secret, safe="").encode(),
    }
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        # The first and last groups mix with the neighbours; what is between them is the secret alone.
        inner = encoded[4 if shift else 0 : len(encoded) - 4]
        forms[f"base64 (offset {shift})"] = inner
    distinct = {form: name for name, form in reversed(forms.items())}  # of equal forms, the first name stays
    return {name: form for form, name in distinct.items() if len(form) >= _SHORTEST_SECRET}


class Redactor:
    """Knows the secrets of the run and blanks them. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: set[str] = set()
        self._patterns: list[re.Pattern[str]] = []
        self._by_value: re.Pattern[str] | None = None

    def add(self, secret: str) -> None:
        """From now on, blank this value and its usual encodings.

        Raises:
            ValueError: the value is too short to be blanked without blanking half of every text.
        """
        if len(secret) < _SHORTEST_SECRET:
            raise ValueError(f"a secret needs at least {_SHORTEST_SECRET} characters to be blanked")
        texts = {form.decode() for name, form in encodings_of(secret).items() if name != "UTF-16"}
        with self._lock:
            self._forms |= texts
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._by_value = re.compile("|".join(map(re.escape, longest_first)))

    def add_pattern(self, pattern: re.Pattern[str]) -> None:
        """From now on, blank the group named `secret` of whatever matches the pattern."""
        with self._lock:
            self._patterns.append(pattern)

    def blank(self, text: str) -> str:
        """The text with every known secret replaced by `[blanked]`."""
        with self._lock:
            by_value, patterns = self._by_value, tuple(self._patterns)
        if by_value is not None:
            text = by_value.sub(BLANK, text)
        for pattern in patterns:
            text = pattern.sub(_blank_group, text)
        return text


def _blank_group(match: re.Match[str]) -> str:
    start, end = match.span("secret")
    start, end = start - match.start(), end - match.start()
    return match.group()[:start] + BLANK + match.group()[end:]


SECRETS = Redactor()
