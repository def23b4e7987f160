"""The layout of feature files: what is corrected, and what is kept."""

import pytest

from swamp_harness.quality import style_check
from swamp_harness.specification import project
from swamp_harness.specification.feature_layout import laid_out

LAID_OUT = """\
@issue-630
Feature: Naps
  Workers may nap.

  A second paragraph.

  # Of the first kind.
  @uat-07 @worker-naps
  Scenario Outline: A worker naps <how>
    Given a workflow with the steps:
      | step  | work   |
      | build | a \\| b |
      | größe | 日本   |
    When the worker "alpha" naps <how>
    # A comment about the step.
    Then the pool is empty

    # About the rows.
    @posix
    Examples: of naps
      | how  |
      | well |

  @uat-07 @worker-wakes
  Scenario: A worker wakes
    Then the pool is empty
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    When the", "  When  the"),
        ("| how  |", "|how|"),
        ("      | well |", "| well     |"),
        ("\n\n  @uat-07 @worker-wakes", "\n  @uat-07 @worker-wakes"),
        ("\n\n    # About the rows.", "\n\n\n\n# About the rows."),
        ("    Then the pool is empty\n\n    #", "\n    Then the pool is empty   \n\n    #"),
        ("  Scenario: A worker wakes\n", "  Scenario: A worker wakes\n\n"),
        ("wakes\n    Then the pool is empty\n", "wakes\n    Then the pool is empty\n\n\n"),
        ("\n", "\r\n"),
    ],
    ids=[
        *("indentation", "narrow cells", "a wide cell", "no blank line", "many blank lines"),
        *("a blank line between steps", "a blank line after the title", "at the end", "Windows"),
    ],
)
def test_another_layout_is_corrected_without_changing_a_word(old, new):
    assert old in LAID_OUT
    assert laid_out(LAID_OUT.replace(old, new)) == LAID_OUT


def test_a_correct_layout_is_not_changed():
    assert laid_out(LAID_OUT) == LAID_OUT


def test_doc_strings_are_not_changed():
    text = LAID_OUT + '    Given a text:\n      """\n   odd   \n | no table |\n      """\n    And the pool\n'
    assert laid_out(text).endswith('"""\n   odd\n | no table |\n      """\n    And the pool\n')


def test_a_layout_finding_names_the_lines(tmp_path):
    file = tmp_path / "naps.feature"
    file.write_text(LAID_OUT.replace("      | well |", "  | well |"))

    (finding,) = style_check.layout_errors([file])

    assert finding.line == LAID_OUT.splitlines().index("      | well |") + 1
    assert "make check FIX=1" in finding.message
    assert style_check.lay_out([file]) == [file]
    assert file.read_text() == LAID_OUT
    assert style_check.lay_out([file]) == []


def test_laying_out_the_projects_features_changes_no_word():
    for file in project.FEATURES.rglob("*.feature"):
        text = file.read_text("utf-8")
        assert "".join(laid_out(text).split()) == "".join(text.split()), file.name
