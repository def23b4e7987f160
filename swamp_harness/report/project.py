"""Where the project's own files are."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FEATURES = ROOT / "features"
COVERAGE_MAP = ROOT / "coverage.md"
EMBEDDED_TARGET = ROOT / "standin" / "target.yaml"
DIFFERENCES = ROOT / "standin" / "differences.yaml"
FAULTS = ROOT / "standin" / "faults"
REPORT_PACKAGE = ROOT / "allure-report"
RECORDED_RESULTS = ROOT / "recorded-results.json"

REPORTS_VARIABLE = "UAT_REPORTS"
DEVIATIONS_VARIABLE = "UAT_DEVIATIONS"
WAIVERS_VARIABLE = "UAT_WAIVERS"


def reports() -> Path:
    """Where a run writes its artifacts: `UAT_REPORTS`, else `reports/` in the project."""
    return Path(os.environ.get(REPORTS_VARIABLE) or ROOT / "reports").absolute()


def deviations() -> Path:
    """The list of known deviations: `UAT_DEVIATIONS`, for a release with its own, else the project's."""
    return Path(os.environ.get(DEVIATIONS_VARIABLE) or ROOT / "deviations.yaml").absolute()


def waivers() -> Path:
    """The list of waived promises: `UAT_WAIVERS`, else the project's; it need not be there."""
    return Path(os.environ.get(WAIVERS_VARIABLE) or ROOT / "waivers.yaml").absolute()


def environment_with_reports(folder: Path) -> dict[str, str]:
    """The environment of this process for another run of the suite, with its own folder for reports."""
    return {**os.environ, REPORTS_VARIABLE: str(folder)}
