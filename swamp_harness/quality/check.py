"""`make check`: everything about features, lists and generated files that needs no product, in seconds.

Each finding is a line with file and line, in groups. `FIX=1` corrects the layout and writes what is stale.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from behave.step_registry import AmbiguousStep

from swamp_harness.quality import edited_yaml, generated, step_catalogue, style_check
from swamp_harness.quality.references import id_mistakes
from swamp_harness.results import ids
from swamp_harness.results.findings import Finding, finding_in
from swamp_harness.runner.steps import Uses, defined_twice, load_definitions
from swamp_harness.specification import features, project
from swamp_harness.specification.feature_files import FeatureMistake, files_below
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.root import in_project

YAML_FILES = "YAML files"
FEATURE_FILES = "Feature files"
LAYOUT = "Layout"
STEPS = "Steps"
PHRASES = "Phrases"
TAGS = "Tags and ids"
GENERATED = "Generated files"


@dataclass
class Checked:
    """The findings of a check.

    Attributes:
        findings: by group, in order; a group without any was checked and is in order.
        skipped: the groups that could not be checked, because of findings in another one.
    """

    findings: dict[str, list[Finding]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        """How many findings there are."""
        return sum(map(len, self.findings.values()))


def check(*, fix: bool) -> ExitCode:
    """Check the project, and print the findings.

    Args:
        fix: whether to correct the layout, and to write generated files that are stale, before.
    """
    started = time.monotonic()
    for mended in mend() if fix else ():
        print(f"corrected {in_project(str(mended))}")
    checked = findings()
    _print(checked, time.monotonic() - started)
    return ExitCode.CHECK_FAILED if checked.number else ExitCode.EVERY_PROMISE_HELD


def check_features() -> ExitCode:
    """Check the feature files only, and print the findings."""
    started = time.monotonic()
    checked = _findings_of_features()
    _print(checked, time.monotonic() - started)
    return ExitCode.FEATURE_MISTAKE if checked.number else ExitCode.EVERY_PROMISE_HELD


def findings() -> Checked:
    """All findings."""
    of_files = {YAML_FILES: edited_yaml.findings()}
    checked = _findings_of_features(lists_are_usable=not of_files[YAML_FILES])
    checked.findings = {**of_files, **checked.findings}
    if checked.findings[YAML_FILES] or checked.findings[FEATURE_FILES] or STEPS in checked.skipped:
        checked.skipped.append(GENERATED)
    else:
        checked.findings[GENERATED] = [each for file in _generated_files() for each in file.findings]
    return checked


def mend() -> list[Path]:
    """Correct the layout, and write generated files that are stale; returns the files that have changed."""
    files = files_below(project.FEATURES)
    try:
        features.parse(project.FEATURES)
        changed = style_check.lay_out(files)
        return changed if edited_yaml.findings() else [*changed, *generated.written(_generated_files())]
    except (FeatureMistake, AmbiguousStep):
        return []  # the check that follows reports why


def _findings_of_features(*, lists_are_usable: bool = True) -> Checked:
    found = Checked()
    files = files_below(project.FEATURES)
    try:
        models = features.parse(project.FEATURES)
    except FeatureMistake as mistake:
        found.findings[FEATURE_FILES] = list(mistake.findings)
        found.skipped += [LAYOUT, STEPS, PHRASES, TAGS]
        return found
    found.findings[FEATURE_FILES] = style_check.style_errors(project.FEATURES, models)
    found.findings[LAYOUT] = style_check.layout_errors(files)
    try:
        load_definitions(project.FEATURES)
    except AmbiguousStep as error:
        found.findings[STEPS] = [defined_twice(error)]
        found.skipped += [STEPS, PHRASES]
    else:
        uses = Uses(models)
        found.findings[STEPS] = style_check.step_errors(uses)
        found.findings[PHRASES] = step_catalogue.unused_phrases(uses)
    if lists_are_usable:
        found.findings[TAGS] = [*id_mistakes(models), *_unused_tags(models)]
    else:
        found.skipped.append(TAGS)
    return found


def _generated_files() -> list[generated.GeneratedFile]:
    return [
        *generated.step_files(step_catalogue.catalogue_of_project()),
        generated.coverage_file(),
        generated.verification_file(),
    ]


def _unused_tags(models: Sequence[Any]) -> list[Finding]:
    used = {str(tag) for model in models for row in model.walk_scenarios() for tag in row.effective_tags}
    file = Path(ids.__file__)
    lines = file.read_text("utf-8").splitlines()
    return [
        finding_in(file, _line_with(f'"{tag}":', lines), f"no scenario has the tag @{tag}: delete it")
        for tag in ids.TAGS
        if tag not in used
    ]


def _line_with(text: str, lines: Sequence[str]) -> int:
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)


def _print(checked: Checked, seconds: float) -> None:
    for name, found in checked.findings.items():
        if found:
            print(f"{name}:")
        for finding in sorted(set(found)):
            print(str(finding))
        if found:
            print()
    if checked.skipped:
        print(f"Not checked because of these findings: {', '.join(checked.skipped)}.")
    counts = ", ".join(f"{name}: {len(set(found))}" for name, found in checked.findings.items() if found)
    can_be_fixed = {LAYOUT, GENERATED} & {name for name, found in checked.findings.items() if found}
    hint = " `make check FIX=1` corrects layout and generated files." if can_be_fixed else ""
    groups = ", ".join(checked.findings)
    print(
        f"check failed in {seconds:.1f} s. {counts}.{hint}"
        if counts
        else f"check passed in {seconds:.1f} s. {groups}: nothing to correct."
    )
