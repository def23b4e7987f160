"""The benchmark of the suite: what it measures and writes down, and what it says if it cannot."""

import json
import subprocess
import sys

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
def test_a_serial_run_is_measured_beside_one_side_by_side(tmp_path):
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
    assert f"Details: {tmp_path / 'benchmark.json'}" in done.stdout


def test_a_run_that_cannot_be_made_ends_the_benchmark_with_its_exit_code(tmp_path):
    done = measured(tmp_path, "--shard", "three")

    assert done.returncode == 2
    assert "so nothing was measured" in done.stderr
    assert not (tmp_path / "benchmark.json").exists()
