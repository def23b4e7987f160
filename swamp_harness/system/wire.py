"""The unencrypted HTTP requests that pass over a network path."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

_REQUEST_LINE = re.compile(rb"(?P<method>GET|HEAD|POST|PUT|PATCH|DELETE) (?P<path>/\S*) HTTP/1\.[01]\r\n")
# A quick test that excludes most data that is not a request, such as the bytes of an artifact.
_MARK = b" HTTP/1."
_LONGEST_LINE = 8192


@dataclass(frozen=True)
class SeenRequest:
    """A request that passed.

    Attributes:
        method: for example "GET".
        path: the path as sent, with its query.
    """

    method: str
    path: str


class RequestLog:
    """The requests that passed, in order. Safe to use from several threads.

    Encrypted requests are not visible. A body that contains a request line counts as a request.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: list[SeenRequest] = []

    def all(self) -> list[SeenRequest]:
        """Every request so far."""
        with self._lock:
            return list(self._seen)

    def reader(self) -> Callable[[bytes], None]:
        """A function that takes the data of one connection's near end, piece by piece."""
        rest = b""

        def read(piece: bytes) -> None:
            nonlocal rest
            text = rest + piece
            end = 0
            if _MARK in text:
                for match in _REQUEST_LINE.finditer(text):
                    self._note(match)
                    end = match.end()
            rest = text[max(end, len(text) - _LONGEST_LINE) :]

        return read

    def _note(self, match: re.Match[bytes]) -> None:
        seen = SeenRequest(match["method"].decode(), match["path"].decode("ascii", errors="replace"))
        with self._lock:
            self._seen.append(seen)
