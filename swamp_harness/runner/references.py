"""Checks the ids of the features that run, and the ids that the lists name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swamp_harness.results import deviations, ids, waivers
from swamp_harness.results.ids import Named
from swamp_harness.specification import project


def refuse_id_mistakes(models: Sequence[Any]) -> None:
    """Check the ids of features that are about to run, and those in the lists of deviations and waivers.

    Raises:
        IdMistake: an id is missing, repeated, or named in a list and does not exist (exit code 12).
    """
    if mistakes := [*ids.mistakes_in(models), *ids.unknown(named_in_lists(), known_ids(models))]:
        raise ids.IdMistake(mistakes)


def known_ids(models: Sequence[Any]) -> list[str]:
    """The ids of the scenarios and examples of features of behave's."""
    return [ids.id_of(row) for model in models for row in model.walk_scenarios()]


def named_in_lists() -> list[Named]:
    """Every place in the lists of deviations and waivers that names a scenario, or an example of one."""
    listed, waived = project.deviations(), project.waivers()
    return [
        Named(file, scenario, (index, "scenario"))
        for file, scenarios in (
            (listed, [each.scenario for each in deviations.load(listed)]),
            (waived, [each.scenario for each in waivers.load(waived)]),
        )
        for index, scenario in enumerate(scenarios)
    ]
