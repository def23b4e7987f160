"""Parallel scenarios: their order, shards, the display, and whole runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from swamp_harness.results import policy
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.runner.display import Display
from swamp_harness.runner.judgement import Judgement, Loss
from swamp_harness.runner.parallel import SideBySide
from swamp_harness.runner.progress import Progress
from swamp_harness.runner.run_reports import Listed
from swamp_harness.runner.schedule import jobs_for, longest_first, shard_in, shard_of
from swamp_harness.runner.session import Session
from swamp_harness.specification import features, project
from swamp_harness.specification.features import FeatureRun
from swamp_harness.specification.plan import Plan
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import NEXT_STEP
from swamp_harness.system.redaction import SECRETS
from tests.conftest import ROOT, a_result, needs_fork, run_suite, suite_environment
from tests.family import family_of

SECONDS = {"a": 1.0, "b": 9.0, "c": 4.0, "d": 5.0}
GB = 10**9
SCENARIOS = [
    SimpleNamespace(
        name=name, tags=[name], filename="features/x.feature", line=line, error_message=None, all_steps=()
    )
    for line, name in enumerate(SECONDS, start=1)
]


def a_planned(name: str, line: int) -> FeatureRun:
    return FeatureRun(name, name, (1,), f"features/x.feature:{line}", "Tokens")


def names(scenarios: list[SimpleNamespace]) -> str:
    return "".join(scenario.name for scenario in scenarios)


def test_the_longest_scenario_starts_first() -> None:
    assert names(longest_first(SCENARIOS, SECONDS.__getitem__)) == "bdca"


def test_shards_are_disjoint_and_of_about_the_same_duration() -> None:
    shards = [shard_of(SCENARIOS, SECONDS.__getitem__, number, 2) for number in (1, 2)]
    assert sorted(names(shards[0]) + names(shards[1])) == list("abcd")
    loads = [sum(SECONDS[scenario.name] for scenario in shard) for shard in shards]
    assert max(loads) - min(loads) <= 1


@pytest.mark.parametrize("text", ["", "4", "0/4", "5/4", "a/b", "1/2/3"])
def test_an_invalid_shard_is_not_parsed(text: str) -> None:
    assert shard_in(text) is None


def test_the_display_shows_the_progress() -> None:
    display = Display([a_planned("a", 1), a_planned("b", 2)], {"a": 10.0, "b": 10.0}.__getitem__, jobs=1)
    display.begin("features/x.feature:1")
    display.step("features/x.feature:1", "When it runs")
    assert display.summary(1) == "0 done, 0 failed, 1 running, 1 waiting"
    display.end("features/x.feature:1", 5.0, Outcome.HELD)
    assert display.summary(1) == "1 done, 0 failed, 0 running, 1 waiting, about 5 s to go"


@pytest.mark.parametrize(
    ("outcome", "failed"),
    [
        *((each, 1) for each in (Outcome.BROKEN, Outcome.DEVIATION_GONE, Outcome.ERROR)),
        *((each, 0) for each in (Outcome.HELD, Outcome.DEVIATION, Outcome.WAIVED, Outcome.NOT_RUN)),
    ],
)
def test_the_display_counts_what_failed(outcome: Outcome, failed: int) -> None:
    display = Display([a_planned("a", 1)], SECONDS.__getitem__, jobs=1)
    display.begin("features/x.feature:1")
    display.end("features/x.feature:1", 5.0, outcome)
    assert display.summary(0).startswith(f"1 done, {failed} failed, 0 running")


@pytest.mark.parametrize(
    ("processors", "memory", "jobs"),
    [(2, 8 * GB, 6), (1.5, 8 * GB, 4), (0.1, 8 * GB, 1), (64, 3 * GB, 4), (64, 0, 1)],
)
def test_the_number_of_parallel_scenarios_depends_on_processors_and_memory(
    processors: float, memory: int, jobs: int
) -> None:
    assert jobs_for(processors, memory) == jobs


class Recorder:
    """A session that records what it hears about the scenarios.

    Attributes:
        lost: the lost scenarios, by name.
        errors: of the suite itself, by name of the scenario.
        results: the names of the scenarios with a result.
    """

    def __init__(self, result: ScenarioResult | None = None) -> None:
        self.progress = SimpleNamespace(
            interrupted=None, is_stopped=False, hurried=False, add_from_child=self._add
        )
        self.lost: dict[str, Loss] = {}
        self.errors: dict[str, str] = {}
        self.results: list[str] = []
        self._result = result

    def become_child(self, _: int, at_step: Callable[[str], None]) -> None:
        self.at_step = at_step

    def report_of_child(self) -> tuple[ScenarioResult, str] | None:
        return None if self._result is None else (self._result, "")

    def take_loss(self, scenario: Any, _: int, loss: Loss) -> ScenarioResult:
        self.lost[scenario.name] = loss
        return a_result(scenario.name, Outcome.ERROR)

    def take_error(self, scenario: Any, error: str) -> None:
        self.errors[scenario.name] = error

    def _add(self, result: ScenarioResult, *_: object) -> None:
        self.results.append(result.name)


def run_in_child(session: Recorder, run_alone: Callable[[Any], None]) -> None:
    """Run a scenario that is called "a" in a process of its own."""
    display = Display([a_planned("a", 1)], SECONDS.__getitem__, jobs=1)
    SideBySide(session, 1, run_alone, lambda _: None, display).run(SCENARIOS[:1])  # type: ignore[arg-type]


@needs_fork
def test_a_scenario_that_hangs_is_ended_and_reported_as_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UAT_TIME_SCALE", "0.001")
    session = Recorder()

    def hang(_: object) -> None:
        session.at_step("When it hangs")
        time.sleep(60)

    run_in_child(session, hang)
    assert session.lost == {"a": Loss(-signal.SIGKILL, "When it hangs", NEXT_STEP)}
    judgement = Judgement.lost(session.lost["a"])
    assert judgement.step == "When it hangs"
    assert "the limit for the next step of a scenario" in judgement.reason


@pytest.mark.parametrize("refusal", [None, InfrastructureError("process 7 cannot be killed")])
def test_what_a_lost_scenario_left_running_is_ended_and_its_folder_stays(
    tmp_path: Path, refusal: InfrastructureError | None
) -> None:
    ended: list[tuple[str, Path, bool]] = []

    def end_scenario(name: str, folder: Path, *, keep: bool) -> None:
        ended.append((name, folder, keep))
        if refusal is not None:
            raise refusal

    binary = SimpleNamespace(version="1", built_for="linux x86_64")
    run_context: Any = SimpleNamespace(
        binary=binary, reports=tmp_path, folder=tmp_path, end_scenario=end_scenario
    )
    planned = (a_planned("a", 1),)
    listed = Listed([], [], policy.load(project.POLICY))
    session = Session(run_context, listed, Progress(Plan(planned, planned)))
    result = session.take_loss(SCENARIOS[0], 12, Loss(-signal.SIGKILL, "When it hangs"))
    assert (result.outcome, result.step) == (Outcome.ERROR, "When it hangs")
    assert ended == [("scenario-012", tmp_path / "scenario-012", True)]
    assert session.progress.results == [result]
    assert len(session.progress.errors) == (0 if refusal is None else 1)


def fail(_: object) -> None:
    SECRETS.add("a secret of test_side_by_side")
    raise KeyError("a bug with a secret of test_side_by_side")


@needs_fork
def test_an_error_of_the_suite_reaches_the_result_of_its_scenario() -> None:
    session = Recorder()
    run_in_child(session, fail)
    judgement = Judgement.lost(session.lost["a"])
    assert judgement.outcome is Outcome.ERROR
    assert judgement.reason.startswith("The suite itself failed, not the product: KeyError: 'a bug with ")
    assert "in fail" in judgement.reason  # the traceback
    assert "secret" not in judgement.reason


@needs_fork
def test_an_error_of_the_suite_after_the_result_leaves_the_result() -> None:
    session = Recorder(a_result("a"))
    run_in_child(session, fail)
    assert (session.results, session.lost) == (["a"], {})
    assert "in fail" in session.errors["a"]


@needs_fork
def test_an_error_of_a_hook_is_the_reason_of_a_scenario_without_a_result() -> None:
    def fail_as_behave_does(scenario: Any) -> None:
        scenario.error_message = "HOOK-ERROR in after_scenario: OSError: full"

    session = Recorder()
    run_in_child(session, fail_as_behave_does)
    assert session.lost["a"].error == "HOOK-ERROR in after_scenario: OSError: full"


@needs_fork
@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP", "SIGTERM"])
def test_what_a_scenario_starts_does_not_ignore_signals(tmp_path: Path, name: str) -> None:
    question = f"import signal; print(signal.getsignal(signal.{name}) is signal.SIG_IGN)"

    def ask(_: object) -> None:
        (tmp_path / "answer").write_bytes(subprocess.check_output([sys.executable, "-c", question]))

    run_in_child(Recorder(), ask)
    assert (tmp_path / "answer").read_text() == "False\n"


@needs_fork
def test_a_parallel_run_has_the_same_reports_as_a_serial_one(tmp_path: Path) -> None:
    reports = {jobs: tmp_path / f"reports-{jobs}" for jobs in ("1", "4")}
    for jobs, folder in reports.items():
        done = run_suite(folder, "-j", jobs, "--tags", "@uat-53", env={"PATH": str(tmp_path)})
        assert done.returncode == 0, done.stdout + done.stderr
    document = [json.loads((folder / "run.json").read_text())["results"] for folder in reports.values()]
    kept = ("name", "numbers", "location", "outcome", "reason", "step", "commands")
    one, other = [[{key: each[key] for key in kept} for each in results] for results in document]
    assert sorted(one, key=str) == sorted(other, key=str)
    written = [len(list((folder / "allure-results").glob("*-result.json"))) for folder in reports.values()]
    assert written == [len(one), len(one)]


@needs_fork
def test_a_shard_of_the_scenarios_can_be_run(tmp_path: Path) -> None:
    names_of_shards = []
    for shard in ("1/2", "2/2"):
        folder = tmp_path / shard.replace("/", "-")
        done = run_suite(folder, "--shard", shard, "--tags", "@uat-49", env={"PATH": str(tmp_path)})
        assert done.returncode == 0, done.stdout + done.stderr
        names_of_shards.append(
            [each["name"] for each in json.loads((folder / "run.json").read_text())["results"]]
        )
    assert all(names_of_shards)
    assert not set(names_of_shards[0]) & set(names_of_shards[1])
    chosen = [each.name for each in features.runs_in(features.parse(project.FEATURES)) if 49 in each.numbers]
    assert sorted(names_of_shards[0] + names_of_shards[1]) == sorted(chosen)

    parts = [str(tmp_path / part) for part in ("1-2", "2-2")]
    done = subprocess.run(
        [sys.executable, "-m", "swamp_harness.cli.main", "signoff", *parts],
        env=suite_environment(tmp_path / "whole"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 7, done.stdout + done.stderr
    assert done.stdout.startswith("NOT A SIGN-OFF: ")
    together = json.loads((tmp_path / "whole" / "run.json").read_text())["results"]
    assert [each["name"] for each in together] == chosen
    assert all((tmp_path / "whole" / each["evidence"] / "timeline.svg").exists() for each in together)
    assert "<svg" in (tmp_path / "whole" / "signoff.html").read_text()


@needs_fork
def test_the_suite_is_measured_serially_and_in_parallel(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "swamp_harness.cli.main", "benchmark", "-j", "3", "--tags", "@uat-49"],
        env=suite_environment(tmp_path, PATH=str(tmp_path)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    runs = json.loads((tmp_path / "benchmark.json").read_text())["runs"]
    assert [runs[name]["scenarios at a time"] for name in ("serial", "side by side")] == [1, 3]
    chosen = [each for each in features.runs_in(features.parse(project.FEATURES)) if 49 in each.numbers]
    assert runs["serial"]["outcomes"] == runs["side by side"]["outcomes"] == {"held": len(chosen)}


def test_a_benchmark_without_scenarios_ends_with_the_exit_code_of_the_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "swamp_harness.cli.main", "benchmark", "--tags", "@nothing"],
        env=suite_environment(tmp_path, PATH=str(tmp_path)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "so nothing was measured" in done.stderr


def test_an_invalid_shard_is_refused(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "--shard", "3/2", env={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert "use for example 2/4" in done.stderr


INTERRUPTED = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "terminal closed"}


@needs_fork
@pytest.mark.parametrize("name", [*INTERRUPTED, "SIGKILL"])
def test_nothing_is_left_of_an_interrupted_parallel_run(tmp_path: Path, name: str) -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "swamp_harness.cli.main", "run", "-j", "3", "--tags", "@uat-06"],
        env=suite_environment(tmp_path, PATH=str(tmp_path)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    end = time.monotonic() + 30
    # Three scenarios, with processes of their own.
    while len(family_of(run.pid)) < 7 and time.monotonic() < end:
        time.sleep(0.05)
    family = family_of(run.pid)
    os.kill(run.pid, getattr(signal, name))
    run.communicate(timeout=30)
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    if name != "SIGKILL":
        results = json.loads((tmp_path / "run.json").read_text())["results"]
        runs = features.runs_in(features.parse(project.FEATURES))
        assert len(results) == sum(6 in run.numbers for run in runs)
        endings = {each["skip"]["ending"] for each in results if each["skip"]}
        assert INTERRUPTED[name] in endings
