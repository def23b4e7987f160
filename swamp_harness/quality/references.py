"""Everything that names a scenario by its id, held against the scenarios that there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swamp_harness.quality.mutant_list import load_noticed, mutants_in
from swamp_harness.quality.proof import named_in_proof
from swamp_harness.render import coverage
from swamp_harness.results import deviations, ids, waivers
from swamp_harness.results.findings import Finding
from swamp_harness.results.ids import Named
from swamp_harness.specification import features, project


def id_mistakes(models: Sequence[Any]) -> list[Finding]:
    """What is wrong with the ids of features of behave's, and with all that names them."""
    return [*ids.mistakes_in(models), *ids.unknown(named_scenarios(), _known(models))]


def refuse_id_mistakes(models: Sequence[Any]) -> None:
    """Look at features that are about to run, and at the lists that decide what becomes of them.

    Raises:
        IdMistake: an id is missing, repeated, or named in a list and does not exist (exit code 12).
    """
    if mistakes := [*ids.mistakes_in(models), *ids.unknown(_named_in_runs(), _known(models))]:
        raise ids.IdMistake(mistakes)


def named_scenarios() -> list[Named]:
    """Every place of the project that names a scenario, or a row of one, by its id."""
    defaults = [
        Named(project.DEFAULTS, each.scenario, (index, "scenario"))
        for index, each in enumerate(coverage.documented_defaults())
        if each.scenario != coverage.NOT_HELD
    ]
    recorded = project.RECORDED_RESULTS
    return [
        *_named_in_runs(),
        *(Named(recorded, each, (each,)) for each in coverage.load_recorded(recorded)),
        *defaults,
        *named_in_proof(mutants_in(project.MUTANTS), load_noticed(project.NOTICED)),
    ]


def _known(models: Sequence[Any]) -> list[str]:
    return [run.id for run in features.runs_in(models)]


def _named_in_runs() -> list[Named]:
    listed, waived = project.deviations(), project.waivers()
    return [
        Named(file, scenario, (index, "scenario"))
        for file, scenarios in (
            (listed, [each.scenario for each in deviations.load(listed)]),
            (waived, [each.scenario for each in waivers.load(waived)]),
        )
        for index, scenario in enumerate(scenarios)
    ]
