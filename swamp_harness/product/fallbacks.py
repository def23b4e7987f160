"""Fallbacks: the older or dearer ways that the suite takes where a release does not know the usual one.

Only a recognised answer of the product may lead to one, such as 404 or "unknown request"; every other refusal
is a failure. Each one taken is counted by name, so that a run whose usual ways stopped working shows it.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum


class Fallback(Enum):
    """A way that was taken in place of the usual one; the value names it in figures and records."""

    TOKEN_BY_COMMAND = "token minted by a command, not by a request"  # noqa: S105 - no password
    POOL_FROM_LIST = "live pool read from the worker list, not from /api/v1/health"
    READINESS_FROM_HEALTH = "readiness read from /health, not from /ready"
    FAILURE_FROM_RUN = "reason of a failed run read from the run, not from the history"
    PACKAGES_COPIED = "packages copied, not linked"


# How often each was taken.
Fallbacks = Counter[Fallback]
