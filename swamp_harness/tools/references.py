"""Everything that names a scenario by its id, held against the scenarios that there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swamp_harness.report import coverage, features, project
from swamp_harness.results import deviations, ids, waivers
from swamp_harness.tools.mutant_list import load_noticed, mutants_in
from swamp_harness.tools.prove import named_in_proof


def id_mistakes(models: Sequence[Any]) -> list[str]:
    """What is wrong with the ids of features of behave's, and with all that names them, as sentences."""
    return [*ids.mistakes_in(models), *ids.unknown([*_named_in_runs(), *_named_elsewhere()], _known(models))]


def refuse_id_mistakes(models: Sequence[Any]) -> None:
    """Look at features that are about to run, and at the lists that decide what becomes of them.

    Raises:
        IdMistake: an id is missing, repeated, or named in a list and does not exist (exit code 12).
    """
    if mistakes := [*ids.mistakes_in(models), *ids.unknown(_named_in_runs(), _known(models))]:
        raise ids.IdMistake(mistakes)


def _known(models: Sequence[Any]) -> list[str]:
    return [run.id for run in features.runs_in(models)]


def _named_in_runs() -> list[tuple[str, str]]:
    listed, waived = project.deviations(), project.waivers()
    return [
        *((f"{listed.name}: {each.id}", each.scenario) for each in deviations.load(listed)),
        *((f"{waived.name}: an entry", each.scenario) for each in waivers.load(waived)),
    ]


def _named_elsewhere() -> list[tuple[str, str]]:
    return [
        *((project.RECORDED_RESULTS.name, each) for each in coverage.load_recorded(project.RECORDED_RESULTS)),
        *(
            (f"defaults.yaml: {each.default}", each.scenario)
            for each in coverage.documented_defaults()
            if each.scenario != coverage.NOT_HELD
        ),
        *named_in_proof(mutants_in(project.MUTANTS), load_noticed(project.NOTICED)),
    ]
