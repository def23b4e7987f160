"""Checks everything that names a scenario by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swamp_harness.quality.mutant_list import mutants_in
from swamp_harness.quality.proof import named_in_proof
from swamp_harness.render import coverage
from swamp_harness.results import ids
from swamp_harness.results.findings import Finding
from swamp_harness.results.ids import Named
from swamp_harness.results.noticed import load_noticed
from swamp_harness.runner.references import known_ids, named_in_lists
from swamp_harness.specification import project


def id_mistakes(models: Sequence[Any]) -> list[Finding]:
    """What is wrong with the ids of features of behave's, and with all that names them."""
    return [*ids.mistakes_in(models), *ids.unknown(named_scenarios(), known_ids(models))]


def named_scenarios() -> list[Named]:
    """Every place of the project that names a scenario, or an example of one, by its id."""
    defaults = [
        Named(project.DEFAULTS, each.scenario, (index, "scenario"))
        for index, each in enumerate(coverage.documented_defaults())
        if each.scenario != coverage.NOT_HELD
    ]
    recorded = project.RECORDED_RESULTS
    return [
        *named_in_lists(),
        *(Named(recorded, each, (each,)) for each in coverage.load_recorded(recorded)),
        *defaults,
        *named_in_proof(mutants_in(project.MUTANTS), load_noticed(project.NOTICED)),
    ]
