"""The reports at the end of a run, when one of them cannot be written."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from swamp_harness.product.binary import Release
from swamp_harness.results import policy
from swamp_harness.results.outcome import Outcome
from swamp_harness.runner.progress import Progress
from swamp_harness.runner.run_reports import Listed, RunReports
from swamp_harness.specification import project
from swamp_harness.specification.features import FeatureRun
from swamp_harness.specification.plan import Plan
from swamp_harness.system.errors import ExitCode
from tests.conftest import a_result


def test_a_run_keeps_its_exit_code_if_its_bug_reports_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = {"version": "1", "sha256": "ab", "size": "7", "runs_as": "/swamp"}
    run_context: Any = SimpleNamespace(
        binary=SimpleNamespace(version="1", built_for="linux x86_64", facts=lambda: facts),
        companions=dict.fromkeys(Release, SimpleNamespace(binary=None)),
        target=SimpleNamespace(name="swamp", is_for_sign_off=True),
        machines=[],
        unavailable_machines={},
        preparation=SimpleNamespace(commands=[]),
        loading=None,
        reports=tmp_path,
    )
    planned = (FeatureRun("one", "one", (1,), "features/a.feature:1", "Tokens"),)
    progress = Progress(Plan(planned, planned))
    progress.add(a_result("one", Outcome.BROKEN))
    listed = Listed([], [], policy.load(project.POLICY))
    (tmp_path / "bugs").touch()  # in place of their folder

    code = RunReports(run_context, listed, progress, record_only=False).write()

    assert code is ExitCode.PROMISE_BROKEN
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["exit code"] == "PROMISE_BROKEN"
    assert "The bug reports cannot be written" in record["errors"][0]
    assert (tmp_path / "junit.xml").exists()
    out, err = capsys.readouterr()
    assert "The bug reports cannot be written" in out
    assert "The suite itself failed, not the product: " in err
