"""Feature files as people save them: in sub-folders, empty, from Windows, in other encodings."""

import os

import pytest

from swamp_harness.specification import features
from swamp_harness.specification.feature_files import FeatureMistake
from tests.cli.test_tools import FEATURE
from tests.conftest import forget_definitions, step_errors, style_errors

STEPS = """\
from behave import given, then, when
@given('an orchestrator')
def a(context): pass
@when('the worker "{name}" naps {how}')
def b(context, name, how): pass
@then('the pool is empty')
def d(context): pass
"""


def test_a_feature_in_a_sub_folder_is_checked_and_counted(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "naps.feature").write_text(FEATURE.replace("@uat-07", "@slow"))

    assert [each.name for each in features.scenarios_in(features.parse(tmp_path))] == ["A worker naps <how>"]
    assert any("does not carry the number of its promise" in error for error in style_errors(tmp_path))


@pytest.mark.parametrize("text", ["", "\n \n", "# a comment\n"], ids=["empty", "blank", "comments"])
def test_a_file_without_a_feature_is_reported_and_stops_nothing(tmp_path, text):
    (tmp_path / "naps.feature").write_text(FEATURE)
    (tmp_path / "none.feature").write_text(text)

    assert len(features.parse(tmp_path)) == 1
    assert style_errors(tmp_path) == [
        "none.feature:1: the file holds no feature: write one, or delete the file"
    ]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (FEATURE.replace("nap.", "näp.").encode("latin-1"), "naps.feature:3: the file is not in UTF-8"),
        (b"\xef\xbb\xbf" + FEATURE.encode(), "naps.feature:1: the file begins with a byte-order mark"),
        (FEATURE.encode("utf-16"), "naps.feature:1: the file begins with a byte-order mark"),
        (FEATURE.replace("    When", "    Whan").encode(), "naps.feature:8: behave cannot read this line"),
    ],
    ids=["Latin-1", "UTF-8 with a mark", "UTF-16", "no Gherkin"],
)
def test_a_file_that_cannot_be_read_is_reported_with_its_line(tmp_path, data, complaint):
    (tmp_path / "naps.feature").write_bytes(data)

    with pytest.raises(FeatureMistake) as caught:
        features.parse(tmp_path)

    (finding,) = caught.value.findings
    assert complaint in str(finding)
    assert str(finding) in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator reads all")
def test_a_file_without_read_permission_is_reported(tmp_path):
    (tmp_path / "naps.feature").write_text(FEATURE)
    (tmp_path / "naps.feature").chmod(0)

    with pytest.raises(
        FeatureMistake, match=r"naps\.feature:1: the file cannot be read \(Permission denied\)"
    ):
        features.parse(tmp_path)


def test_windows_line_ends_and_tabs_are_read_and_a_folder_is_not_a_feature(tmp_path):
    text = FEATURE.replace("\n", "\r\n").replace("    ", "\t")
    (tmp_path / "naps.feature").write_bytes(text.encode())
    (tmp_path / "folder.feature").mkdir()

    assert style_errors(tmp_path) == []
    (scenario,) = features.scenarios_in(features.parse(tmp_path))
    assert scenario.runs == ("worker-naps[well]", "worker-naps[long]")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (FEATURE.partition("\n    Examples")[0], "naps.feature:6: the Scenario Outline has no table"),
        (
            FEATURE.partition("      | well")[0],
            "naps.feature:11: the Examples of 'A worker naps <how>' have no",
        ),
        (
            FEATURE.partition("      | how")[0],
            "naps.feature:11: the Examples of 'A worker naps <how>' have no",
        ),
    ],
    ids=["no Examples", "a head alone", "no table"],
)
def test_an_outline_without_rows_is_reported(tmp_path, text, complaint):
    (tmp_path / "naps.feature").write_text(text)

    errors = style_errors(tmp_path)

    assert any(complaint in error for error in errors), errors


def test_a_control_character_in_a_name_is_reported(tmp_path):
    (tmp_path / "naps.feature").write_text(
        FEATURE.replace("naps <how>\n    Given", "naps \x1b[31m<how>\n    Given")
    )

    (error,) = style_errors(tmp_path)

    assert error.startswith("naps.feature:6: the name contains characters that some formats cannot hold")


@pytest.fixture
def own_steps(tmp_path, monkeypatch):
    forget_definitions(monkeypatch)
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "naps.py").write_text(STEPS)
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ('worker "alpha" naps', 'wroker "omega" naps', '`When the worker "{name}" naps {how}`'),
        ("When the worker", "When an orchestrator\n    And the worker", "`Given an orchestrator`"),
    ],
    ids=["a slip of the pen", "another keyword"],
)
def test_the_most_similar_step_is_suggested(own_steps, old, new, hint):
    (own_steps / "naps.feature").write_text(FEATURE.replace(old, new))

    errors = step_errors(own_steps)

    assert any(f"did you mean {hint}" in error for error in errors), errors


def test_nothing_is_suggested_if_nothing_is_similar(own_steps):
    (own_steps / "naps.feature").write_text(FEATURE.replace("the pool is empty", "42 cats chase mice"))

    errors = "\n".join(step_errors(own_steps))

    assert "naps.feature:9: no step is defined for `Then 42 cats chase mice`" in errors
    assert "cats chase mice`; did you mean" not in errors
