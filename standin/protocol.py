"""The version of the protocol between an orchestrator and its workers."""

from __future__ import annotations

VERSION = 4
# That of the program, which a worker states and an orchestrator does not check.
RELEASE = "1.0.0-standin"
