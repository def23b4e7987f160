"""Shared by the tests: a fake swamp with defects to choose from, and a way to run the suite against it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from swamp_harness.quality import style_check
from swamp_harness.results.deviations import Deviation
from swamp_harness.results.outcome import Ending, Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.results.skip import Skip
from swamp_harness.runner import steps
from swamp_harness.specification import features, project
from swamp_harness.system import capacity
from swamp_harness.system.errors import ExitCode
from tests.forked import run_uat

ROOT = Path(__file__).parents[1]
FAKE = Path(__file__).parent / "fake_swamp.py"
DEVIATION = Deviation(
    id="ends-late",
    scenario="one",
    step="it ends",
    expected="It ends at once.",
    where="the manual",
    actual="It ends late.",
    actual_value="late",
    since="the first",
    link="https://swamp-club.com/lab/630",
)

needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be forked on Windows")


@dataclass(frozen=True)
class FakeSwamp:
    """An executable that imitates swamp.

    Attributes:
        path: of the executable.
        secrets_file: where it writes every secret that it mints, one per line.
    """

    path: Path
    secrets_file: Path

    def secrets(self) -> list[str]:
        return self.secrets_file.read_text().split()


def pytest_xdist_auto_num_workers() -> int:
    """How many tests run in parallel: most of them wait for processes that they have started."""
    return max(2, 2 * int(capacity.processors()))


@pytest.fixture(autouse=True)
def _without_the_callers_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Removes the settings of the person who runs the tests."""
    for name in os.environ:
        if name.startswith(("SWAMP_", "UAT_")):
            monkeypatch.delenv(name)


@pytest.fixture
def fake_swamp(tmp_path: Path) -> Callable[..., FakeSwamp]:
    """Makes a fake swamp with the given defects."""
    if sys.platform == "win32":
        pytest.skip("the fake swamp is a script, which Windows cannot execute as a binary")

    def make(*defects: str) -> FakeSwamp:
        path, secrets_file = tmp_path / "swamp", tmp_path / "minted-secrets"
        secrets_file.touch()
        path.write_text(
            f"#!{sys.executable}\n"
            f"import runpy, sys\n"
            f"sys.argv[1:1] = [{str(secrets_file)!r}, {','.join(defects)!r}]\n"
            f"runpy.run_path({str(FAKE)!r}, run_name='__main__')\n"
        )
        path.chmod(0o755)
        return FakeSwamp(path, secrets_file)

    return make


@pytest.fixture
def own_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's features and generated files, used instead of the project's."""
    copied = tmp_path / "project" / "features"
    shutil.copytree(project.FEATURES, copied, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("COVERAGE_MAP", "STEPS", "STEPS_PAGE", "EDITOR_SETTINGS"):
        file = getattr(project, name)
        copy = copied.parent / file.name
        if file.exists():
            shutil.copy(file, copy)
        monkeypatch.setattr(project, name, copy)
    monkeypatch.setattr(project, "FEATURES", copied)
    return copied


def forget_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove all step definitions."""
    empty: dict[str, list[Any]] = {kind: [] for kind in ("given", "when", "then", "step")}
    monkeypatch.setattr(steps.the_step_registry, "steps", empty)


def style_errors(folder: Path) -> list[str]:
    """The style errors of features, each with its place relative to the folder."""
    return _from(folder, style_check.style_errors(folder, features.parse(folder)))


def step_errors(folder: Path) -> list[str]:
    """The step errors of features, each with its place relative to the folder."""
    steps.load_definitions(folder)
    return _from(folder, style_check.step_errors(steps.Uses(features.parse(folder))))


def _from(folder: Path, findings: Iterable[object]) -> list[str]:
    return [str(each).removeprefix(f"{folder.resolve().as_posix()}/") for each in findings]


def a_result(name: str, outcome: Outcome = Outcome.HELD, **fields: Any) -> ScenarioResult:
    """The result of a scenario; the keyword arguments set other fields."""
    not_run = outcome is Outcome.NOT_RUN
    usual: dict[str, Any] = {
        "id": name,
        "numbers": (1,),
        "location": "features/a.feature:1",
        "reason": "" if outcome is Outcome.HELD or not_run else "why\nand how",
        "skip": Skip.by(Ending.INTERRUPTED) if not_run else None,
        "step": "",
        "seconds": 1.5,
        "commands": 2,
        "product_cpu_seconds": 1.0,
        "leaked": 0,
        "platform": "linux x86_64",
    }
    return ScenarioResult(name=name, outcome=outcome, **{**usual, **fields})


METRICS = {
    "scenarios": 1,
    "wall seconds": 3.0,
    "harness processor seconds": 0.1,
    "product processor seconds": 4.0,
    "product commands": 4,
    "processors": 2,
    "scenarios at a time": 6,
    "longest scenario seconds": 1.5,
}


def a_run(*results: ScenarioResult, **fields: Any) -> SuiteRun:
    """The record of a run with some results."""
    platforms = dict.fromkeys(result.platform for result in results) or {"linux x86_64": None}
    usual: dict[str, Any] = {
        "started": datetime(2026, 8, 23, 10, tzinfo=UTC),
        "target": "swamp",
        "is_for_sign_off": True,
        "version": "20260822.011157.0-sha.06b61472",
        "binaries": {
            each: {
                "version": "20260822.011157.0-sha.06b61472",
                "sha256": f"ab {each}",
                "size": "7",
                "runs_as": "/run/swamp",
            }
            for each in platforms
        },
        "other": None,
        "exit_code": ExitCode.EVERY_PROMISE_HELD,
        "metrics": METRICS,
    }
    return SuiteRun(**{**usual, **fields, "results": results})


def suite_environment(reports: Path, **extra: str) -> dict[str, str]:
    return {**os.environ, "UAT_REPORTS": str(reports), **extra}


def run_suite(
    reports: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `swamp-uat run` to its end."""
    return run_uat(["run", *arguments], suite_environment(reports, **(env or {})))
