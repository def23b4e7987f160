"""What a scenario needs that this machine, this run, or its bench may not have."""

from __future__ import annotations

import sys
from typing import Any

from swamp_harness.report.outcomes import NEEDS_A_MACHINE
from swamp_harness.scenario.bench import Bench
from swamp_harness.scenario.bench_machines import platforms_of

_NEEDS_OTHER_BINARY = "other-binary"
_PLATFORM = "platform-"
# As people call them; swamp and the tags say darwin.
_PLATFORMS = {"darwin": "macOS", "linux": "Linux", "windows": "Windows"}
_NOT_ON_WINDOWS = {
    "terminal": "needs a terminal, which this suite does not have on Windows",
    "posix": "needs a POSIX shell for its steps, which Windows does not have",
}


def platforms_asked_by(scenario: Any) -> set[str]:
    """The operating systems on one of which the workers of a scenario must run; none if any will do."""
    tags = map(str, scenario.effective_tags)
    return {tag.removeprefix(_PLATFORM) for tag in tags if tag.startswith(_PLATFORM)}


def missing_for(scenario: Any, bench: Bench) -> str | None:
    """Why a scenario cannot run, in words; None if it can.

    Args:
        scenario: as behave has it.
        bench: that the run has.
    """
    if _NEEDS_OTHER_BINARY in scenario.effective_tags and bench.other is None:
        return f"needs a binary of another protocol version: {bench.remedy_for_other}"
    asked = platforms_asked_by(scenario)
    if asked and not asked & platforms_of(bench.machines):
        lacking = f"{NEEDS_A_MACHINE} {' or '.join(sorted(_PLATFORMS.get(each, each) for each in asked))}"
        faults = [
            fault for machine, fault in bench.faults_of_machines.items() if asked & platforms_of([machine])
        ]
        return f"{lacking}: {faults[0]}" if faults else lacking
    if not bench.machines:
        return "needs a machine of the bench, and none can be used: " + " ".join(
            bench.faults_of_machines.values()
        )
    missing = [reason for tag, reason in _NOT_ON_WINDOWS.items() if tag in scenario.effective_tags]
    return missing[0] if missing and sys.platform == "win32" else None
