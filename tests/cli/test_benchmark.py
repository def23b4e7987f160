"""The benchmark of the suite: what it measures and records, and its message if it cannot run."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT, needs_fork, suite_environment


def measured(reports, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "swamp_harness.cli.main", "benchmark", *arguments],
        env=suite_environment(reports),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@needs_fork
def test_a_serial_run_and_a_parallel_run_are_measured(tmp_path):
    done = measured(tmp_path, "--tags", "@uat-02", "--shard", "1/2")

    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((tmp_path / "benchmark.json").read_text())
    assert list(document["runs"]) == ["serial", "side by side"]
    assert document["runs"]["serial"]["scenarios at a time"] == 1
    assert document["runs"]["side by side"]["scenarios at a time"] > 1
    assert (
        document["runs"]["serial"]["outcomes"]
        == document["runs"]["side by side"]["outcomes"]
        == {"held": document["by number"]["2"]["scenarios"]}
    )
    assert document["by number"]["2"]["product commands"] > 0
    assert_measured_by_purpose_and_command(document, done.stdout)
    assert f"Details: {tmp_path / 'benchmark.json'}" in done.stdout


def assert_measured_by_purpose_and_command(document, printed):
    """Each run, promise and scenario has its parts, which sum up to the whole; commands have their starts."""
    whole = "product processor seconds"
    by_scenario = document["by scenario"]
    for costs in (*document["runs"].values(), *document["by number"].values(), *by_scenario.values()):
        parts = {name: value for name, value in costs.items() if name.startswith(f"{whole},")}
        assert sum(parts.values()) == pytest.approx(costs[whole], abs=0.01)
        # A whole run asks three executables for their versions, and has a guardian.
        assert abs(costs[f"{whole}, other"]) < max(costs[whole] / 2, 1)
        for part in ("set-up", "action", "orchestrators", "workers with their steps"):
            assert costs[f"{whole}, {part}"] > 0
    assert sum(
        command["starts"] for each in by_scenario.values() for command in each["by command"].values()
    ) == sum(each["product commands"] for each in by_scenario.values())
    commands = document["by number"]["2"]["by command"]
    assert {"worker token create", "serve", "worker connect"} <= set(commands)
    for shown in ("set-up", "judgement", "preparation of the run", "worker token create", "serve"):
        assert f"\n{shown} " in printed


def test_a_run_that_cannot_start_ends_the_benchmark_with_its_exit_code(tmp_path):
    done = measured(tmp_path, "--shard", "three")

    assert done.returncode == 2
    assert "so nothing was measured" in done.stderr
    assert not (tmp_path / "benchmark.json").exists()
