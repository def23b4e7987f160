"""What a scenario needs that this machine, this run, or its bench may not have."""

from __future__ import annotations

import sys
from typing import Any

from swamp_harness.results.skip import Skip, SkipKind
from swamp_harness.scenario.bench import Bench
from swamp_harness.scenario.bench_machines import platforms_of

_NEEDS_OTHER_BINARY = "other-binary"
_PLATFORMS = {f"platform-{system}": system for system in ("darwin", "linux", "windows")}
_NOT_ON_WINDOWS = {"terminal": SkipKind.NO_TERMINAL, "posix": SkipKind.NO_POSIX_SHELL}
_ALL_BUT_WINDOWS = ("darwin", "linux")


def platforms_asked_by(scenario: Any) -> set[str]:
    """The operating systems on one of which the workers of a scenario must run; none if any will do."""
    return {_PLATFORMS[tag] for tag in map(str, scenario.effective_tags) if tag in _PLATFORMS}


def missing_for(scenario: Any, bench: Bench) -> Skip | None:
    """Why a scenario cannot run; None if it can.

    Args:
        scenario: as behave has it.
        bench: that the run has.
    """
    if _NEEDS_OTHER_BINARY in scenario.effective_tags and bench.other is None:
        return Skip(SkipKind.NO_OTHER_BINARY, detail=bench.remedy_for_other)
    asked = platforms_asked_by(scenario)
    if asked and not asked & platforms_of(bench.machines):
        reasons = [
            reason for machine, reason in bench.faults_of_machines.items() if asked & platforms_of([machine])
        ]
        return Skip(SkipKind.NO_SUCH_MACHINE, tuple(sorted(asked)), detail="".join(reasons[:1]))
    if not bench.machines:
        return Skip(SkipKind.NO_MACHINE, detail=" ".join(bench.faults_of_machines.values()))
    lacked = [kind for tag, kind in _NOT_ON_WINDOWS.items() if tag in scenario.effective_tags]
    return Skip(lacked[0], _ALL_BUT_WINDOWS) if lacked and sys.platform == "win32" else None
