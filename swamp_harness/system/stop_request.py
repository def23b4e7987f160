"""The ways to ask a process to stop."""

from __future__ import annotations

from enum import Enum


class StopRequest(Enum):
    """How a process is asked to stop; the value is the name of the signal, without SIG."""

    TERMINATION = "TERM"
    CTRL_C = "INT"
    CLOSED_TERMINAL = "HUP"
