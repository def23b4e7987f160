"""Ids of scenarios: unique, permanent tags that everything else uses to name a scenario."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from swamp_harness.quality import references
from swamp_harness.render.coverage import load_recorded
from swamp_harness.results import deviations, ids
from swamp_harness.runner import references as run_references
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode

FEATURE = """\
@issue-630
Feature: Naps
  Workers may nap.

  @uat-07 @slow @worker-naps
  Scenario Outline: A worker naps <how>
    Given an orchestrator
    When the worker "alpha" naps <how>
    Then the pool is empty

    @posix
    Examples:
      | how  | then |
      | well | up   |
      | long | down |

  @uat-07 @worker-wakes
  Scenario: A worker wakes
    Given an orchestrator
    When the worker "alpha" wakes
    Then the pool is empty
"""


def parsed(tmp_path: Path, text: str) -> list[object]:
    (tmp_path / "naps.feature").write_text(text)
    return features.parse(tmp_path)


def test_the_id_of_a_scenario_is_its_tag_and_that_of_a_row_has_its_values_too(tmp_path):
    runs = features.runs_in(parsed(tmp_path, FEATURE))
    assert [run.id for run in runs] == ["worker-naps[well, up]", "worker-naps[long, down]", "worker-wakes"]


def test_the_id_of_an_outline_matches_all_its_rows_and_that_of_a_row_only_itself():
    assert ids.is_of("worker-naps[well, up]", "worker-naps")
    assert ids.is_of("worker-naps[well, up]", "worker-naps[well, up]")
    assert not ids.is_of("worker-naps[well, up]", "worker-naps[well")
    assert not ids.is_of("worker-naps-twice", "worker-naps")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (" @worker-wakes", "", "the scenario has no id: add a last tag such as @token-shown-once"),
        ("@worker-wakes", "@worker-wakes @sleepy-head", "more than one id, @worker-wakes and @sleepy-head"),
        ("@worker-wakes", "@worker-naps", "the id worker-naps is already used at"),
        (
            "@worker-wakes",
            "@Wakes",
            "@Wakes is not a valid id: write two or more words in lower case, joined by -",
        ),
        ("| long | down |", "| well | up   |", "the id worker-naps[well, up] is already used at"),
        ("@issue-630", "@issue-630 @all-naps", "move @all-naps to a scenario"),
        ("    @posix", "    @possix", "@possix has no meaning as a tag of Examples: did you mean @posix?"),
        ("@slow @worker-naps", "@slwo @worker-naps", "@slwo has no meaning: did you mean @slow?"),
    ],
)
def test_a_mistake_in_the_ids_is_reported_with_its_place_and_the_fix(tmp_path, old, new, complaint):
    assert old in FEATURE
    (error,) = ids.mistakes_in(parsed(tmp_path, FEATURE.replace(old, new)))
    assert complaint in error.message
    assert error.file.endswith("/naps.feature")
    assert error.line > 1


def test_sound_ids_have_no_mistakes(tmp_path):
    assert ids.mistakes_in(parsed(tmp_path, FEATURE)) == []


def test_a_list_that_names_an_unknown_scenario_stops_the_run(tmp_path, monkeypatch):
    (tmp_path / "deviations.yaml").write_text("[]")
    (tmp_path / "waivers.yaml").write_text(
        "- {scenario: worker-nips, reason: for now, link: a link, last-version: 20300101.000000.0}"
    )
    monkeypatch.setenv("UAT_DEVIATIONS", str(tmp_path / "deviations.yaml"))
    monkeypatch.setenv("UAT_WAIVERS", str(tmp_path / "waivers.yaml"))

    with pytest.raises(
        ids.IdMistake, match=r"waivers\.yaml:1: the scenario 'worker-nips' does not exist"
    ) as caught:
        run_references.refuse_id_mistakes(parsed(tmp_path, FEATURE))

    assert caught.value.exit_code == ExitCode.FEATURE_MISTAKE


def test_the_projects_own_lists_name_scenarios_that_exist():
    assert references.id_mistakes(features.parse(project.FEATURES)) == []


# --- titles


def test_rewording_every_title_changes_no_decision(tmp_path):
    """With other titles, runs, deviations, records and proof stay the same."""
    reworded = tmp_path / "features"
    reworded.mkdir()
    for file in project.FEATURES.rglob("*.feature"):
        text = re.sub(
            r"^(\s*(?:Scenario|Scenario Outline|Feature|Rule): ).*$",
            lambda match: f"{match[1]}Reworded {match.start()}",
            file.read_text("utf-8"),
            flags=re.MULTILINE,
        )
        (reworded / file.name).write_text(text, "utf-8")
    before, after = (features.runs_in(features.parse(folder)) for folder in (project.FEATURES, reworded))
    assert {run.name for run in before}.isdisjoint(run.name for run in after)
    assert [(run.id, run.numbers) for run in before] == [(run.id, run.numbers) for run in after]

    listed = deviations.load(project.deviations())
    for old, new in zip(before, after, strict=True):
        assert deviations.of_scenario(listed, old.id) == deviations.of_scenario(listed, new.id)
    known = {run.id for run in after}
    assert all(any(ids.is_of(run, key) for run in known) for key in load_recorded(project.RECORDED_RESULTS))
    noticers = json.loads(project.NOTICED.read_text("utf-8")).values()
    assert {name for each in noticers for name in each} <= known
