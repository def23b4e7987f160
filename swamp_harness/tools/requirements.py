"""What a scenario needs that this machine, or this run, may not have."""

from __future__ import annotations

import sys
from typing import Any

from swamp_harness.product.binary import this_platform
from swamp_harness.report.outcomes import NEEDS_A_MACHINE

_NEEDS_OTHER_BINARY = "other-binary"
_PLATFORM = "platform-"
# As people call them; swamp and the tags say darwin.
_PLATFORMS = {"darwin": "macOS", "linux": "Linux", "windows": "Windows"}
_NOT_ON_WINDOWS = {
    "terminal": "needs a terminal, which this suite does not have on Windows",
    "posix": "needs a POSIX shell for its steps, which Windows does not have",
}


def missing_for(scenario: Any, *, has_other_binary: bool) -> str | None:
    """Why a scenario cannot run, in words; None if it can.

    Args:
        scenario: as behave has it.
        has_other_binary: whether the run was given a binary of another protocol version.
    """
    if _NEEDS_OTHER_BINARY in scenario.effective_tags and not has_other_binary:
        return "needs a binary of another protocol version: give one with SWAMP_OTHER_BIN"
    asked = {tag for tag in scenario.effective_tags if tag.startswith(_PLATFORM)}
    if asked and f"{_PLATFORM}{this_platform()}" not in asked:
        return f"{NEEDS_A_MACHINE} {' or '.join(sorted(_in_words(tag) for tag in asked))}"
    missing = [reason for tag, reason in _NOT_ON_WINDOWS.items() if tag in scenario.effective_tags]
    return missing[0] if missing and sys.platform == "win32" else None


def _in_words(tag: str) -> str:
    platform = tag.removeprefix(_PLATFORM)
    return _PLATFORMS.get(platform, platform)
