"""Where the project's own files are."""

from __future__ import annotations

import os
from pathlib import Path

from swamp_harness.system import root
from swamp_harness.system.errors import ExitCode, UnusableInput

ROOT = root.PROJECT
FEATURES = ROOT / "features"
# What people decide about releases, and what programs write for later runs.
RELEASE = ROOT / "release"
DATA = ROOT / "data"
COVERAGE_MAP = ROOT / "coverage.md"
EMBEDDED_TARGET = ROOT / "standin" / "target.yaml"
DIFFERENCES = ROOT / "standin" / "differences.yaml"
MUTANTS = ROOT / "standin" / "mutants"
NOTICED = DATA / "noticed.json"
STAND_IN = ROOT / "standin"
REACHED = DATA / "reached.json"
MUTATION = STAND_IN / "mutation.yaml"
MEASUREMENTS = DATA / "verification.json"
VERIFICATION = ROOT / "docs" / "verification.md"
STEPS = ROOT / "docs" / "steps.md"
STEPS_PAGE = ROOT / "docs" / "steps.html"
EDITOR_SETTINGS = ROOT / ".vscode" / "settings.json"
REPORT_PACKAGE = ROOT / "allure-report"
RECORDED_RESULTS = DATA / "recorded-results.json"
RECORDED_TIMES = DATA / "recorded-times.json"
CATALOGUE = RELEASE / "catalogue.yaml"
DEFAULTS = RELEASE / "defaults.yaml"
DEVIATIONS = RELEASE / "deviations.yaml"
WAIVERS = RELEASE / "waivers.yaml"
POLICY = RELEASE / "policy.yaml"

REPORTS_VARIABLE = "UAT_REPORTS"
DEVIATIONS_VARIABLE = "UAT_DEVIATIONS"
WAIVERS_VARIABLE = "UAT_WAIVERS"


def reports() -> Path:
    """Where a run writes its artifacts: `UAT_REPORTS`, else `reports/` in the project."""
    return Path(os.environ.get(REPORTS_VARIABLE) or ROOT / "reports").absolute()


def deviations() -> Path:
    """The list of known deviations: `UAT_DEVIATIONS`, for a release with its own, else the project's.

    Raises:
        UnusableInput: the variable names a file that is not there (exit code 2).
    """
    return _list_of(DEVIATIONS_VARIABLE, DEVIATIONS)


def waivers() -> Path:
    """The list of waived promises: `UAT_WAIVERS`, else the project's, which need not be there.

    Raises:
        UnusableInput: the variable names a file that is not there (exit code 2).
    """
    return _list_of(WAIVERS_VARIABLE, WAIVERS)


def environment_with_reports(folder: Path) -> dict[str, str]:
    """The environment of this process for another run of the suite, with its own folder for reports."""
    return {**os.environ, REPORTS_VARIABLE: str(folder)}


def _list_of(variable: str, default: Path) -> Path:
    named = os.environ.get(variable)
    if not named:
        return default
    file = Path(named).absolute()
    if not file.exists():
        raise UnusableInput(
            f"{variable} names {file}, which does not exist: name an existing file, or unset {variable}.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return file
