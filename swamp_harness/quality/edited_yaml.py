"""The YAML files that people edit, each with its JSON Schema: for `make check` and for editors."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from swamp_harness.product import releases, target
from swamp_harness.product import schemas as product_schemas
from swamp_harness.results import schemas
from swamp_harness.results.findings import Finding, finding_in
from swamp_harness.scenario import schemas as scenario_schemas
from swamp_harness.scenario.inventory import HOSTS_VARIABLE
from swamp_harness.specification import project
from swamp_harness.system.plain_text import cut
from swamp_harness.system.root import PROJECT
from swamp_harness.system.yaml_files import YamlProblem, problems_in

_LONGEST = 200
# Not part of the project: people write it for their own machines.
HOSTS_FILE = PROJECT / "hosts.yaml"


@dataclass(frozen=True)
class EditedFile:
    """A YAML file that people edit.

    Attributes:
        file: the YAML file.
        schema: the JSON Schema that it follows.
    """

    file: Path
    schema: Path


def edited_files() -> list[EditedFile]:
    """The YAML files of the project that people edit."""
    return [
        EditedFile(project.DEVIATIONS, schemas.DEVIATIONS),
        EditedFile(project.WAIVERS, schemas.WAIVERS),
        EditedFile(HOSTS_FILE, scenario_schemas.HOSTS),
        EditedFile(project.POLICY, schemas.POLICY),
        EditedFile(project.CATALOGUE, schemas.CATALOGUE),
        EditedFile(project.DEFAULTS, schemas.DEFAULTS),
        EditedFile(releases.PROTOCOLS, product_schemas.PROTOCOLS),
        EditedFile(target.SWAMP, product_schemas.TARGET),
        EditedFile(project.EMBEDDED_TARGET, product_schemas.TARGET),
        EditedFile(project.DIFFERENCES, schemas.DIFFERENCES),
        EditedFile(project.MUTATION, schemas.MUTATION),
    ]


def findings() -> list[Finding]:
    """The mistakes in the YAML files of the project, and in lists that the environment names instead."""
    deviations, waivers, hosts, *others = edited_files()
    in_use = [
        replace(deviations, file=project.deviations()),
        replace(waivers, file=project.waivers()),
        replace(hosts, file=Path(os.environ.get(HOSTS_VARIABLE) or hosts.file)),
        *others,
    ]
    return [finding for each in in_use for finding in findings_in(each)]


def findings_in(edited: EditedFile) -> list[Finding]:
    """The mistakes in a YAML file; none if there is no such file."""
    file = edited.file
    found = problems_in(file, edited.schema) if file.exists() else []
    return [finding_in(file, each.line, _message(each)) for each in found]


def _message(problem: YamlProblem) -> str:
    place = f"under {' / '.join(problem.under)}: " if problem.under else ""
    return place + cut(" ".join(problem.message.split()), _LONGEST)
