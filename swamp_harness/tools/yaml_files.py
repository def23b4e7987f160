"""Checks the YAML files that people edit: that each can be read, and follows its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from swamp_harness.machinery.faults import UnusableInput
from swamp_harness.machinery.plain_text import cut
from swamp_harness.report import deviations as deviations_list
from swamp_harness.report import project
from swamp_harness.report import waivers as waivers_list
from swamp_harness.report.findings import Finding, finding_in
from swamp_harness.report.places import Places

HARNESS = project.ROOT / "swamp_harness"
SCHEMAS = HARNESS / "report" / "schemas"
_LONGEST = 200


@dataclass(frozen=True)
class YamlFile:
    """A YAML file that people edit.

    Attributes:
        file: that is edited.
        schema: the JSON Schema that it follows.
    """

    file: Path
    schema: Path


def yaml_files() -> list[YamlFile]:
    """The YAML files of the project that people edit."""
    return [
        YamlFile(project.ROOT / "deviations.yaml", SCHEMAS / "deviations.schema.json"),
        YamlFile(project.ROOT / "waivers.yaml", SCHEMAS / "waivers.schema.json"),
        YamlFile(HARNESS / "report" / "catalogue.yaml", SCHEMAS / "catalogue.schema.json"),
        YamlFile(HARNESS / "report" / "defaults.yaml", SCHEMAS / "defaults.schema.json"),
        YamlFile(HARNESS / "product" / "protocols.yaml", SCHEMAS / "protocols.schema.json"),
        YamlFile(HARNESS / "product" / "swamp.yaml", SCHEMAS / "target.schema.json"),
        YamlFile(project.EMBEDDED_TARGET, SCHEMAS / "target.schema.json"),
        YamlFile(project.DIFFERENCES, SCHEMAS / "differences.schema.json"),
        YamlFile(project.MUTATION, HARNESS / "tools" / "mutation.schema.json"),
    ]


def findings() -> list[Finding]:
    """What is wrong with the YAML files of the project, and with lists that the environment names instead."""
    deviations, waivers, *others = yaml_files()
    in_use = [
        replace(deviations, file=project.deviations()),
        replace(waivers, file=project.waivers()),
        *others,
    ]
    found = [finding for each in in_use for finding in findings_in(each)]
    return found or _refused([(deviations_list.load, in_use[0].file), (waivers_list.load, in_use[1].file)])


def _refused(lists: Sequence[tuple[Callable[[Path], object], Path]]) -> list[Finding]:
    """What the lists say that no schema can forbid."""
    found = []
    for load, file in lists:
        try:
            load(file)
        except UnusableInput as error:
            found.append(finding_in(file, 1, str(error)))
    return found


def findings_in(checked: YamlFile) -> list[Finding]:
    """What is wrong with a YAML file; nothing if there is no such file."""
    file = checked.file
    if not file.exists():
        return []
    try:
        document = yaml.safe_load(file.read_text("utf-8"))
        places = Places(file)
    except (OSError, UnicodeDecodeError) as error:
        return [finding_in(file, 1, f"the file cannot be read: {error}")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or " ".join(str(error).split())
        return [finding_in(file, mark.line + 1 if mark else 1, f"this is not YAML: {reason}")]
    schema = json.loads(checked.schema.read_text("utf-8"))
    # An empty list is written as a file of comments.
    empty: Any = [] if schema.get("type") == "array" else {}
    errors = Draft202012Validator(schema).iter_errors(empty if document is None else document)
    return [finding_in(file, places.line_of(list(error.absolute_path)), _told(error)) for error in errors]


def _told(error: Any) -> str:
    path = " / ".join(str(each + 1) if isinstance(each, int) else str(each) for each in error.absolute_path)
    message = cut(" ".join(error.message.split()), _LONGEST)
    return f"entry {path}: {message}" if path else message
