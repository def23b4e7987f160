"""Which scenarios run again after a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from swamp_harness.runner.changed import changes_in, select_changed, since_in_words
from swamp_harness.runner.steps import load_definitions
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode, UnusableInput
from tests.conftest import run_suite


@pytest.fixture(scope="module")
def scenarios() -> list[Any]:
    load_definitions(project.FEATURES)
    return [row for model in features.parse(project.FEATURES) for row in model.walk_scenarios()]


def subjects_of(scenarios: list[Any], *names: str) -> set[str]:
    return {Path(each.filename).stem for each in select_changed(changes_in("main", names), scenarios)}


def test_a_feature_runs_its_own_scenarios(scenarios: list[Any]) -> None:
    assert subjects_of(scenarios, "features/tokens.feature") == {"tokens"}


@pytest.mark.parametrize("place", ["features/steps/tls.py", "swamp_harness/scenario/tls.py"])
def test_steps_and_module_of_a_subject_run_the_scenarios_that_use_them(
    scenarios: list[Any], place: str
) -> None:
    found = select_changed(changes_in("main", [place]), scenarios)
    assert "tls" in {Path(each.filename).stem for each in found}
    assert len(found) < len(scenarios)


@pytest.mark.parametrize(
    ("module", "subject"),
    [
        ("tokens", "runs"),  # whose module imports it through others: workers enroll with tokens
        ("json_mode", "remote_client"),  # whose module imports it
        ("secrets", "tokens"),  # whose steps import it
    ],
)
def test_a_module_runs_the_scenarios_of_the_subjects_that_import_it(
    scenarios: list[Any], module: str, subject: str
) -> None:
    own = [each for each in scenarios if Path(each.filename).stem == subject]
    assert subjects_of(own, f"swamp_harness/scenario/{module}.py") == {subject}


def test_a_module_that_few_others_import_runs_few_scenarios(scenarios: list[Any]) -> None:
    some = scenarios[::8]
    changed = changes_in("main", ["swamp_harness/scenario/scheduling.py"])
    assert 0 < len(select_changed(changed, some)) < len(some) / 2


@pytest.mark.parametrize(
    "deeper",
    [
        "swamp_harness/system/waiting.py",
        "swamp_harness/product/worker.py",
        "swamp_harness/runner/session.py",
        "swamp_harness/scenario/world.py",
        "features/environment.py",
        "fixtures/extensions/models/uat_probe.ts",
        "standin/store.py",
    ],
)
def test_a_deeper_change_runs_everything_and_says_so_in_a_line(scenarios: list[Any], deeper: str) -> None:
    changed = changes_in("main", ["features/tokens.feature", deeper])
    assert select_changed(changed, scenarios) == scenarios
    line = since_in_words(changed, scenarios)
    assert deeper in line
    assert "every scenario" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "apart", ["README.md", "tests/conftest.py", "swamp_harness/render/words.py", "standin/mutants/tls.py"]
)
def test_what_no_scenario_rests_on_runs_nothing(scenarios: list[Any], apart: str) -> None:
    with pytest.raises(UnusableInput, match="has changed since main") as caught:
        select_changed(changes_in("main", [apart]), scenarios)
    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE


@pytest.mark.parametrize("ref", ["no-such-branch", "-x", "HEAD:README.md"])
def test_what_names_no_commit_is_refused(ref: str, tmp_path: Path) -> None:
    done = run_suite(tmp_path, f"--since={ref}", env={"PATH": str(tmp_path)})
    assert done.returncode == 2
    assert f"{ref!r} names no commit" in done.stderr
    assert len(done.stderr.splitlines()) == 1
