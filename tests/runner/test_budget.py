"""A run with a time budget: what begins, what it says, and that it is never a sign-off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from swamp_harness.results.outcome import Outcome
from swamp_harness.runner.budget import Budget
from tests.conftest import a_result, needs_fork, run_suite

SECONDS = {"short": 10.0, "long": 100.0}


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_scenario_begins_if_it_ends_in_time() -> None:
    clock = Clock()
    budget = Budget(60.0, SECONDS.__getitem__, clock)
    assert budget.allows("short")
    assert not budget.allows("long")
    clock.now += 51.0
    assert not budget.allows("short")


def test_what_is_to_come_takes_as_long_as_what_has_ended() -> None:
    budget = Budget(60.0, SECONDS.__getitem__, Clock())
    budget.take(a_result("short", Outcome.NOT_RUN, seconds=0.1))
    budget.take(a_result("short", seconds=70.0))
    assert not budget.allows("short")
    budget.take(a_result("long", seconds=100.0))
    assert budget.allows("short")


@pytest.mark.parametrize("text", ["", "5", "m", "0s", "5 m", "-5m", "5min"])
def test_what_is_no_duration_is_refused(text: str, tmp_path: Path) -> None:
    done = run_suite(tmp_path, f"--budget={text}")
    assert done.returncode == 2
    assert "give one such as 90s, 5m or 1h" in done.stderr


def test_a_budget_that_is_too_short_is_refused(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "--budget", "0.1s", "--tags", "@uat-02", env={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert "too short" in done.stderr


@needs_fork
def test_a_gate_says_what_it_runs_and_what_it_has_not_tested(tmp_path: Path) -> None:
    tags = "@token-name-taken-once or @unknown-token-cannot-be-revoked"
    arguments = ("--budget", "10m", "--tags", tags, "-j", "2")
    done = run_suite(tmp_path, *arguments, env={"PATH": str(tmp_path)})

    assert done.returncode == 0, done.stdout + done.stderr
    before, after = done.stdout.split("workers on", 1)[1].split("  ok ", 1)
    assert "GATE, NOT A SIGN-OFF" in before
    assert "3 of 30 promises and 0 of " in before
    assert "proven mutants would be noticed" in before
    assert "not tested: promises 1, 3" in after
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["budget"] == 600
    signoff = json.loads((tmp_path / "signoff.json").read_text())
    assert "A run was a gate with a time budget of 10 min." in signoff["reasons"]
    assert signoff["by results"] == "INCOMPLETE"
