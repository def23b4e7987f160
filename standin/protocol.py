"""The version of the protocol between an orchestrator and its workers."""

from __future__ import annotations

VERSION = 4
