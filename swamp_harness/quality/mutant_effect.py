"""The effect of a mutant in the processes of a run, as they recorded it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

# Names the folder in which each process of the embedded target records the effect of its mutant.
EFFECT_VARIABLE = "SWAMP_STANDIN_EFFECT"

_REACHED = "reached"
_CRASHED = "crashed"
_PREPARATION = ""


@dataclass(frozen=True)
class Effect:
    """The effect of a mutant.

    Attributes:
        reached_in: the marks of the scenarios in which one of its replacements was called; an empty one is
            the preparation of the run.
        crashes: the errors of processes that the mutant crashed, each once.
    """

    reached_in: Collection[str] = ()
    crashes: Sequence[str] = ()

    def has_reached(self, mark: str) -> bool:
        """Whether a replacement was called in a scenario, or in the preparation, which serves them all."""
        return mark in self.reached_in or _PREPARATION in self.reached_in


def effect_in(folder: Path) -> Effect:
    """The effect that the processes of a run recorded in a folder."""
    entries = [
        json.loads(line)
        for file in sorted(folder.glob("*.jsonl"))
        for line in file.read_text("utf-8").splitlines()
    ]
    return Effect(
        frozenset(each["scenario"] for each in entries if each["kind"] == _REACHED),
        tuple(dict.fromkeys(each["detail"] for each in entries if each["kind"] == _CRASHED)),
    )
