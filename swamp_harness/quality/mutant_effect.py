"""The effect of a mutant in the processes of a run, as they recorded it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from swamp_harness.scenario.preparation import PREPARATION

# Names the folder in which each process of the embedded target records the effect of its mutant.
EFFECT_VARIABLE = "SWAMP_STANDIN_EFFECT"

_REACHED = "reached"
_CRASHED = "crashed"
_PLACE = "place of a mutant"


@dataclass(frozen=True)
class Effect:
    """The effect of a mutant.

    Attributes:
        reached: the places that were reached, by the mark of the scenario; that of the preparation as well.
        crashes: the errors of processes that the mutant crashed, each once.
        places: of every mutant, by its name, if the stand-in recorded them.
    """

    reached: Mapping[str, Collection[str]] = field(default_factory=dict)
    crashes: Sequence[str] = ()
    places: Mapping[str, Collection[str]] = field(default_factory=dict)

    def has_reached(self, mark: str) -> bool:
        """Whether a replacement was called in a scenario, or in the preparation, which serves them all."""
        return mark in self.reached or PREPARATION in self.reached

    def mutants_reached_in(self, mark: str) -> frozenset[str]:
        """The names of the mutants that have a place which was reached in a scenario."""
        reached = set(self.reached.get(mark, ()))
        return frozenset(name for name, places in self.places.items() if reached.intersection(places))


def effect_in(folder: Path) -> Effect:
    """The effect that the processes of a run recorded in a folder."""
    reached: dict[str, set[str]] = {}
    places: dict[str, set[str]] = {}
    crashes: list[str] = []
    for file in sorted(folder.glob("*.jsonl")):
        for entry in map(json.loads, file.read_text("utf-8").splitlines()):
            if entry["kind"] == _REACHED:
                reached.setdefault(entry["scenario"], set()).add(entry["detail"])
            elif entry["kind"] == _CRASHED:
                crashes.append(entry["detail"])
            elif entry["kind"] == _PLACE:
                mutant, _, place = entry["detail"].partition(" ")
                places.setdefault(mutant, set()).add(place)
    return Effect(reached, tuple(dict.fromkeys(crashes)), places)
