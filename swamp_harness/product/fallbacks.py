"""Fallbacks: older or more expensive ways, for a release that does not support the usual one.

Only a known answer of the product may lead to one, such as 404 or "unknown request"; every other refusal is a
failure. Each use is counted by name, so a run shows when a usual way stops working.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum


class Fallback(Enum):
    """A way that replaces the usual one; its value is its name in metrics and records."""

    TOKEN_BY_COMMAND = "token minted by a command, not by a request"  # noqa: S105 - no password
    SECRET_BY_COMMAND = "secret stored by a command, not by a request"  # noqa: S105 - no password
    POOL_FROM_LIST = "live pool read from the worker list, not from /api/v1/health"
    READINESS_FROM_HEALTH = "readiness read from /health, not from /ready"
    FAILURE_FROM_RUN = "reason of a failed run read from the run, not from the history"
    PACKAGES_COPIED = "packages copied, not linked"


# The number of uses of each.
Fallbacks = Counter[Fallback]
