"""What a scenario needs that this machine, this run, or its hosts may lack."""

from __future__ import annotations

import sys
from typing import Any

from swamp_harness.product.binary import Release
from swamp_harness.results.skip import Skip, SkipKind
from swamp_harness.scenario.inventory import platforms_of
from swamp_harness.scenario.run_context import RunContext

_NEEDED_RELEASES = {
    "other-binary": (Release.OTHER, SkipKind.NO_OTHER_BINARY),
    "earlier-binary": (Release.EARLIER, SkipKind.NO_EARLIER_BINARY),
}
_PLATFORMS = {f"platform-{system}": system for system in ("darwin", "linux", "windows")}
_NOT_ON_WINDOWS = {"terminal": SkipKind.NO_TERMINAL, "posix": SkipKind.NO_POSIX_SHELL}
_ALL_BUT_WINDOWS = ("darwin", "linux")


def platforms_asked_by(scenario: Any) -> set[str]:
    """The operating systems on one of which the workers of a scenario must run; none if any will do."""
    return {_PLATFORMS[tag] for tag in map(str, scenario.effective_tags) if tag in _PLATFORMS}


def missing_for(scenario: Any, run_context: RunContext) -> Skip | None:
    """Why a scenario cannot run; None if it can.

    Args:
        scenario: as behave has it.
        run_context: that the run has.
    """
    for tag, (release, kind) in _NEEDED_RELEASES.items():
        if tag in scenario.effective_tags and run_context.companions[release].binary is None:
            return Skip(kind, detail=run_context.companions[release].remedy)
    asked = platforms_asked_by(scenario)
    if asked and not asked & platforms_of(run_context.machines):
        reasons = [
            reason
            for machine, reason in run_context.unavailable_machines.items()
            if asked & platforms_of([machine])
        ]
        return Skip(SkipKind.NO_SUCH_MACHINE, tuple(sorted(asked)), detail="".join(reasons[:1]))
    if not run_context.machines:
        return Skip(SkipKind.NO_MACHINE, detail=" ".join(run_context.unavailable_machines.values()))
    lacked = [kind for tag, kind in _NOT_ON_WINDOWS.items() if tag in scenario.effective_tags]
    return Skip(lacked[0], _ALL_BUT_WINDOWS) if lacked and sys.platform == "win32" else None
