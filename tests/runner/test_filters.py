"""Filters that no scenario matches end a run before anything starts, and name what does not match."""

from typing import Any

import pytest

from swamp_harness.runner.filters import refuse_unknown_tags
from swamp_harness.runner.start import configuration
from swamp_harness.specification import features
from swamp_harness.system.errors import ExitCode, UnusableInput
from tests.conftest import run_suite

MINT = "@token-shown-once"


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("@bad-name-mints-nothing or @unknwon-token-leaves-no-trace", "@unknown-token-leaves-no-trace"),
        ("@bad-name-mints-nothing and not @slwo", "@slow"),
        ("not (@uat-01 and @nte*)", "no scenario has the tag @nte"),
    ],
)
def test_a_tag_that_nothing_has_is_refused_wherever_it_stands(expression: str, complaint: str) -> None:
    with pytest.raises(UnusableInput) as caught:
        refuse_unknown_tags([], configuration(["--tags", expression]))
    assert complaint in str(caught.value)
    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE


@pytest.mark.parametrize(
    "expression",
    ["@uat-5* and not @network", "not @other-binary", f"{MINT} or @issue-630", "@found-by-chance"],
)
def test_tags_of_the_project_and_of_the_features_that_run_are_known(tmp_path: Any, expression: str) -> None:
    text = "Feature: Found\n  @uat-01 @found-by-chance\n  Scenario: One\n    Given a repository\n"
    (tmp_path / "found.feature").write_text(text)
    refuse_unknown_tags(features.parse(tmp_path), configuration(["--tags", expression]))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--tags", "@uat-02 and not @uat-02"], "matches the tags '@uat-02 and not @uat-02'"),
        (["--name", "zzzz"], "no title of a scenario in features matches the name 'zzzz'"),
        (["--tags", "@uat-01", "--name", "network is cut returns"], "matches both the tags and the name"),
        (["--tags", MINT, "--shard", "9/9"], "the shard 9/9 is empty, as the selected scenarios are only "),
        (["{empty}"], "there is no scenario in {empty}"),
    ],
)
def test_a_run_of_nothing_names_its_filter_and_writes_no_reports(
    tmp_path: Any, arguments: list[str], complaint: str
) -> None:
    empty = tmp_path / "empty.feature"
    empty.touch()
    given = [each.format(empty=empty) for each in arguments]
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "run.json").write_text("the last results")

    for _ in range(2):  # a second mistake does not replace what the first one has set aside
        done = run_suite(reports, *given, env={"SWAMP_BIN": "/nowhere/swamp"})

        assert done.returncode == ExitCode.BAD_COMMAND_LINE
        assert done.stderr.startswith("swamp-uat: NOTHING RAN: ")
        assert complaint.format(empty=empty) in done.stderr
        assert done.stderr.count("\n") == 1
        assert [each.name for each in reports.iterdir()] == ["previous"]
    assert (reports / "previous" / "run.json").read_text() == "the last results"


def test_a_feature_outside_of_the_project_serves_no_unknown_promise(tmp_path: Any) -> None:
    text = "Feature: Found\n  @uat-99 @found-by-chance\n  Scenario: One\n    Given a repository\n"
    (tmp_path / "found.feature").write_text(text)

    done = run_suite(tmp_path / "reports", str(tmp_path / "found.feature"), env={"PATH": str(tmp_path)})

    assert done.returncode == ExitCode.FEATURE_MISTAKE
    assert "found.feature:3: @uat-99 is not a promise in release/catalogue.yaml" in done.stderr
