"""`make check`: what it finds without a product, at which line, and what it corrects."""

import pytest

from swamp_harness.cli import main
from swamp_harness.quality import check, edited_yaml
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.yaml_files import line_of
from tests.conftest import forget_definitions

A_FEATURE = "tokens.feature"


@pytest.fixture
def feature(own_features):
    main.main(["check", "--fix"])
    return own_features / A_FEATURE


def changed(file, old, new):
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def found(group):
    return check.findings().findings.get(group, [])


@pytest.mark.usefixtures("feature")
def test_a_correct_project_passes(capsys):
    assert main.main(["check"]) == ExitCode.EVERY_PROMISE_HELD
    assert "check passed in " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "group", "complaint"),
    [
        (
            "When the operator mints the token",
            "When the operater mints the token",
            check.STEPS,
            'did you mean `When the operator mints the token "{token}"`',
        ),
        ("    Given a repository\n", "   Given a repository\n", check.LAYOUT, "make check FIX=1"),
        ("@terminal", "@terminall", check.TAGS, "@terminall has no meaning as a tag of Examples"),
        ("@uat-01 @token-shown-once", "@uat-01", check.TAGS, "the scenario has no id"),
        ("@uat-01 @token-shown-once", "@token-shown-once", check.FEATURE_FILES, "does not carry the number"),
    ],
    ids=["unknown step", "layout", "a tag without a meaning", "no id", "no number"],
)
def test_a_mistake_in_a_feature_is_reported_with_its_line(feature, old, new, group, complaint):
    line = changed(feature, old, new)

    findings = [each for each in found(group) if complaint in each.message]

    assert findings, found(group)
    assert findings[0].file.endswith(f"/{A_FEATURE}")
    assert 0 <= findings[0].line - line <= 1  # a tag stands in the line above its scenario


def test_a_renamed_id_is_reported_where_its_old_name_is_used(feature):
    changed(feature, "@token-shown-once", "@token-shown-just-once")

    files = {each.file for each in found(check.TAGS) if "'token-shown-once" in each.message}

    assert "data/recorded-results.json" in files


def test_all_findings_are_printed_by_group_with_a_summary(feature, capsys):
    changed(feature, "    Given a repository\n", "   Given a repository\n")
    changed(feature, "@terminal", "@terminall")
    capsys.readouterr()

    assert main.main(["check"]) == ExitCode.CHECK_FAILED

    *_, summary = out = capsys.readouterr().out.splitlines()
    assert out[0] == "Layout:"
    assert "Tags and ids:" in out
    assert summary.startswith("check failed in ")
    assert "Layout: 1" in summary


def test_fix_corrects_layout_and_generated_files_and_nothing_else(feature, capsys):
    changed(feature, "    Given a repository\n", "   Given   a repository\n")
    project.STEPS.unlink()
    changed(feature, "Scenario: The secret of a token is only", "Scenario: The secret of each token is only")
    capsys.readouterr()

    assert main.main(["check", "--fix"]) == ExitCode.EVERY_PROMISE_HELD

    out = capsys.readouterr().out
    for name in (A_FEATURE, "steps.md", "coverage.md"):
        assert f"/{name}\n" in out, out
    assert "    Given a repository\n" in feature.read_text("utf-8")
    assert "The secret of each token is only" in project.COVERAGE_MAP.read_text("utf-8")


@pytest.mark.usefixtures("feature")
def test_fix_does_not_hide_that_a_promise_has_no_scenario(capsys):
    for file in project.FEATURES.glob("*.feature"):
        file.write_text(file.read_text("utf-8").replace("@uat-02", "@uat-01"), "utf-8")

    assert main.main(["check", "--fix"]) == ExitCode.CHECK_FAILED
    assert "no scenario serves promise 2: write one" in capsys.readouterr().out


def test_an_unreadable_feature_is_reported_with_the_checks_that_need_it(feature, capsys):
    line = changed(feature, "    Then the command succeeds", "    Than the command succeeds")
    capsys.readouterr()

    assert main.main(["check", "--fix"]) == ExitCode.CHECK_FAILED

    out = capsys.readouterr().out
    assert f"/{A_FEATURE}:{line}: behave cannot read this line" in out
    assert (
        "Not checked because of these findings: Layout, Steps, Phrases, Tags and ids, Generated files." in out
    )


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        ("- scenario: token-shown-once\n  reason: x\n", 1, "'link' is a required property"),
        (
            "# why\n- scenario: a-b\n  reason: x\n  link: y\n  last-version: 20300101\n",
            5,
            "a text is expected, not 20300101",
        ),
        ("- scenario: a-b\n  raeson: x\n  link: y\n  last-version: z\n", 1, "'raeson' was unexpected"),
        ("- scenario: [\n", 2, "this is not YAML"),
        ("scenario: a-b\n", 1, "a list of entries is expected, not {"),
    ],
    ids=["a field is missing", "a number", "an unknown field", "no YAML", "no list"],
)
@pytest.mark.usefixtures("own_features")
def test_a_mistake_in_a_list_is_reported_with_its_line(tmp_path, monkeypatch, text, line, complaint):
    file = tmp_path / "waivers.yaml"
    file.write_text(text)
    monkeypatch.setenv("UAT_WAIVERS", str(file))

    checked = check.findings()

    finding = next(each for each in checked.findings[check.YAML_FILES] if complaint in each.message)
    assert (finding.file, finding.line) == (file.resolve().as_posix(), line)
    assert check.GENERATED in checked.skipped


def test_the_yaml_files_of_the_project_follow_existing_schemas():
    for each in edited_yaml.edited_files():
        assert each.file.exists() or each.file == edited_yaml.HOSTS_FILE, each.file
        assert each.schema.exists(), each.schema
    assert edited_yaml.findings() == []


def test_the_line_of_a_value_is_its_first_line_or_that_of_its_parent(tmp_path):
    file = tmp_path / "list.yaml"
    file.write_text("# a list\n- one: 1\n- one: 2\n  two:\n    - x\n    - y\n")

    assert line_of(file, [1, "two", 1]) == 6
    assert line_of(file, [1, "two"]) == 5
    assert line_of(file, [1, "three"]) == 3
    assert line_of(file, [3]) == 2


def test_duplicate_steps_are_reported_with_their_file(feature, monkeypatch):
    forget_definitions(monkeypatch)
    steps = feature.parent / "steps" / "capabilities.py"
    text = steps.read_text("utf-8")
    steps.write_text(
        f'{text}\n\n@then("the command succeeds")\ndef again(context):\n    """Again."""\n', "utf-8"
    )

    checked = check.findings()

    (finding,) = checked.findings[check.STEPS]
    assert "two steps have the same definition" in finding.message
    assert finding.file.endswith(".py")
    assert check.GENERATED in checked.skipped
