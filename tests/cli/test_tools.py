"""The tools around a run: the list of deviations, the exit code, the coverage map, the checks of features."""

import re

import pytest
import yaml

from swamp_harness.cli import main
from swamp_harness.render import coverage
from swamp_harness.render.coverage import Recorded, coverage_map, load_recorded, record, without_scenario
from swamp_harness.render.words import outcome_in_words
from swamp_harness.results import deviations
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.policy import Group
from swamp_harness.results.result import ScenarioResult, exit_code_of
from swamp_harness.scenario.expectation import expect
from swamp_harness.specification import features, project
from swamp_harness.system.errors import Comparison, ExitCode, PromiseBroken, UnusableInput
from tests.conftest import a_result, a_run, forget_definitions, step_errors, style_errors

ENTRY = """
- id: known
  scenario: other-protocol-version-turned-away
  step: the pool is empty
  expected: the pool is empty
  where: issue 630, 10
  actual: somebody is
  actual_value: [alpha]
  since: v1
  link: https://swamp-club.com/lab/630
"""


def listed(tmp_path, text):
    file = tmp_path / "deviations.yaml"
    file.write_text(text)
    return deviations.load(file)


def test_a_deviation_concerns_every_row_of_its_outline(tmp_path):
    (deviation,) = listed(tmp_path, ENTRY)

    assert deviation.concerns("other-protocol-version-turned-away[an older]")
    assert not deviation.concerns("other-protocol-version-turned-away-for-good")


def test_a_deviation_matches_only_the_failure_that_it_describes(tmp_path):
    (deviation,) = listed(tmp_path, ENTRY)

    assert deviation.explains("the pool is empty", [], ["alpha"])
    assert not deviation.explains("the pool is empty", [], ["beta"])
    assert not deviation.explains("the token list is empty", [], ["alpha"])


@pytest.mark.parametrize(
    ("listed", "expected", "actual", "is_listed"),
    [
        ("alpha", "", "alpha", True),
        ("alpha", "", "alphabet", False),
        ("alpha", "", ["alpha"], False),
        ("id …-7 of [4]", "", "id 3f-7 of [4]", True),
        ("id …-7 of [4]", "", "id 3f-7 of [4] and more", False),
        ("id … of …-7", "", "id of 3-7", False),
        (False, True, False, True),
        (False, True, 0, False),
        (None, 1, None, True),
        ([], ["one"], [], True),
        ([], ["one"], ["two"], False),
        (["one", "two"], [], ["one", "two"], True),
        (["one", "two"], [], ["two", "one"], False),
        (["one"], [], ["one", "two"], False),
        ({"state": "bound"}, {}, {"state": "bound"}, True),
        ({"state": "bound"}, {}, {"state": "bound", "since": "noon"}, False),
        ({"state": "bound", "since": "noon"}, {}, {"state": "bound"}, False),
        ({"at": {"from": 60, "below": 80}}, {"at": 0}, {"at": 61.5}, True),
        ({"at": {"from": 60, "below": 80}}, {"at": 0}, {"at": 80}, False),
        ({"at": {"from": 60, "below": 80}}, {"at": 0}, {"at": "61.5"}, False),
        ({"id": "as expected", "up": False}, {"id": "7f", "up": True}, {"id": "7f", "up": False}, True),
        ({"id": "as expected", "up": False}, {"id": "7f", "up": True}, {"id": "8a", "up": False}, False),
        ([{"id": "as expected"}], [{"id": "7f"}], [{"id": "8a"}], False),
    ],
)
def test_a_listed_value_hides_no_other_value(listed, expected, actual, is_listed):
    assert deviations.matches(listed, expected, actual) is is_listed


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("key: [", "line 2: this is not YAML"),
        ("id: known", "line 1: a list of entries is expected, not .*known"),
        (ENTRY.replace("  where: issue 630, 10\n", ""), "line 2: .where. is a required property"),
        (
            ENTRY.replace("where: issue 630, 10", "where:"),
            "under where: a text is expected, not None",
        ),
        (ENTRY.replace("  link:", "  shows-as: alpha\n  link:"), "line 2: .*'shows-as' was unexpected"),
        (ENTRY.replace("id: known", "id: Known"), "line 2, under id: 'Known' does not match"),
    ],
)
def test_an_unusable_list_of_deviations_is_bad_input(tmp_path, text, complaint):
    with pytest.raises(UnusableInput, match=complaint) as caught:
        listed(tmp_path, text)
    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE


def results(*outcomes):
    return [
        ScenarioResult(f"the-{index}", f"s{index}", (1,), f"f:{index}", outcome, "why", "", 1.0, 2, 3.0, 0)
        for index, outcome in enumerate(outcomes)
    ]


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([Outcome.HELD, Outcome.NOT_RUN], ExitCode.EVERY_PROMISE_HELD),
        ([Outcome.HELD, Outcome.DEVIATION], ExitCode.KNOWN_DEVIATIONS),
        ([Outcome.DEVIATION, Outcome.ERROR], ExitCode.INFRASTRUCTURE_ERROR),
        ([Outcome.ERROR, Outcome.BROKEN], ExitCode.PROMISE_BROKEN),
        ([Outcome.HELD, Outcome.DEVIATION_GONE], ExitCode.PROMISE_BROKEN),
        ([Outcome.NOT_RUN], ExitCode.BAD_COMMAND_LINE),
        ([], ExitCode.BAD_COMMAND_LINE),
    ],
)
def test_the_exit_code_is_that_of_the_worst_outcome(outcomes, code):
    assert exit_code_of(results(*outcomes)) is code


@pytest.mark.parametrize(
    ("outcomes", "begins"),
    [
        ([Outcome.BROKEN, Outcome.DEVIATION_GONE], "PROMISE BROKEN: 1 broken, "),
        ([Outcome.DEVIATION_GONE], "NO NEW BROKEN PROMISE, but a list must be corrected: 1 listed deviation"),
        ([Outcome.HELD], "NO NEW BROKEN PROMISE, but a list must be corrected: 1 held"),
    ],
)
def test_a_run_says_that_a_promise_is_broken_only_if_one_is(outcomes, begins):
    assert outcome_in_words(results(*outcomes), ExitCode.PROMISE_BROKEN).startswith(begins)


def test_a_comparison_shows_expected_and_actual():
    with pytest.raises(PromiseBroken) as caught:
        expect("two are there", expected=[{"worker": "a"}, {"worker": "b"}], actual=[])
    assert str(caught.value) == (
        "Expected, but not so: two are there.\n  expected: worker: a\n            worker: b\n  actual:   none"
    )
    assert caught.value.comparison == Comparison([{"worker": "a"}, {"worker": "b"}], [])


def test_a_comparison_of_dictionaries_shows_a_line_for_each_entry():
    with pytest.raises(PromiseBroken) as caught:
        expect("it fails", expected={"text": "exit code 1, no trace", "JSON": ["a", "b"]}, actual={})
    assert str(caught.value) == (
        "Expected, but not so: it fails.\n"
        "  expected: text: exit code 1, no trace\n"
        "            JSON: a and b\n"
        "  actual:   nothing"
    )


def test_the_issue_has_thirty_promises_and_those_made_since_count_on():
    thirty = [promise.number for promise in features.in_group(Group.THIRTY)]
    since = features.in_group(Group.SINCE)

    assert thirty == list(range(1, 31))
    assert all(promise.number > max(thirty) and promise.source for promise in since)


FEATURE = """\
@issue-630
Feature: Naps
  Workers may nap.

  @uat-07 @worker-naps
  Scenario Outline: A worker naps <how>
    Given an orchestrator
    When the worker "alpha" naps <how>
    Then the pool is empty

    Examples:
      | how  |
      | well |
      | long |
"""


HEAD = FEATURE.partition("\n  @uat-07")[0]
SINCE = FEATURE[len(HEAD) :].replace("@uat-07", "@uat-44")


@pytest.fixture
def folder(tmp_path):
    def write(text):
        (tmp_path / "naps.feature").write_text(text)
        return tmp_path

    return write


def test_the_coverage_map_shows_the_scenarios_of_each_number_and_the_gaps(folder):
    scenarios = features.scenarios_in(features.parse(folder(FEATURE)))
    seen = {"worker-naps": Recorded("held", "20260822", ("abc", "def"), "2026-11-23")}

    text = coverage_map(features.catalogue(), scenarios, [], seen)

    assert "1 of the 30 promises" in text
    assert (
        "| 7 | Temp cache dir caveat | A worker naps &lt;how> (2 examples) | features/naps.feature:6 | "
        "@issue-630 @uat-07 @worker-naps | none | held, 20260822 (abc, def), 2026-11-23 |"
    ) in text
    assert f"| 8 | Second machine rejected | {coverage.GAP} |" in text


def test_a_promise_without_a_scenario_is_reported_and_the_project_has_none():
    promises, scenarios = features.catalogue(), features.scenarios_in(features.parse(project.FEATURES))

    assert without_scenario(promises, scenarios) == []
    assert without_scenario(promises, [each for each in scenarios if 7 not in each.numbers]) == [7]


def test_the_coverage_map_shows_which_scenario_checks_each_default():
    held = coverage.Default("A limit", "10 s", "its help", "A worker naps <how>", "held by behaviour")
    loose = coverage.Default("A port", "9090", "its help", coverage.NOT_HELD, "chosen anew")

    text = coverage_map(features.catalogue(), [], [], {}, [held, loose])

    assert "| A limit | 10 s | its help | A worker naps &lt;how> | held by behaviour |" in text
    assert "| A port | 9090 | its help | not held | chosen anew |" in text


def test_the_coverage_map_shows_a_deviation_of_one_row_of_an_outline(tmp_path):
    (outline,) = [
        scenario
        for scenario in features.scenarios_in(features.parse(project.FEATURES))
        if scenario.id == "other-protocol-version-turned-away"
    ]
    (deviation,) = listed(tmp_path, ENTRY.replace(outline.id, outline.runs[0]))

    text = coverage_map(features.catalogue(), [outline], [deviation], {})

    assert "| `known` |" in text


def test_the_worst_result_of_an_outline_is_recorded_and_kept_if_it_does_not_run(folder, tmp_path):
    scenarios = features.scenarios_in(features.parse(folder(FEATURE)))
    file, run = tmp_path / "recorded.json", tmp_path / "run.json"

    def run_with(*outcomes):
        rows = [a_result(f"worker-naps[{n}]", Outcome(outcome)) for n, outcome in enumerate(outcomes)]
        binaries = {"linux x86_64": {"sha256": "abcdef0123456789"}}
        a_run(*rows, version="v1", binaries=binaries).write_to(tmp_path)
        return record(run, scenarios, file)

    assert run_with("held", "broken") == 1
    assert load_recorded(file)["worker-naps"] == Recorded("broken", "v1", ("abcdef012345",), "2026-08-23")
    assert run_with("not run", "not run") == 0
    assert load_recorded(file)["worker-naps"].outcome == "broken"


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.NOT_RUN])
def test_every_outcome_is_recorded_even_if_another_example_held(folder, tmp_path, outcome):
    scenarios = features.scenarios_in(features.parse(folder(FEATURE)))
    rows = [a_result("worker-naps[well]"), a_result("worker-naps[long]", outcome)]
    a_run(*rows).write_to(tmp_path)

    assert record(tmp_path / "run.json", scenarios, tmp_path / "recorded.json") == 1
    assert load_recorded(tmp_path / "recorded.json")["worker-naps"].outcome == outcome.value


@pytest.mark.parametrize(("lost", "outcome"), [(0, "held"), (1, "not run")])
def test_the_result_of_a_row_on_its_own_platform_is_recorded(folder, tmp_path, lost, outcome):
    scenarios = features.scenarios_in(features.parse(folder(FEATURE)))
    linux, mac = "linux x86_64", "darwin aarch64"
    rows = [
        a_result("worker-naps[well]", platform=linux),
        a_result("worker-naps[well]", Outcome.NOT_RUN, platform=mac),
        a_result("worker-naps[long]", Outcome.NOT_RUN, platform=linux),
        a_result("worker-naps[long]", platform=mac),
    ]
    a_run(*rows[: len(rows) - lost]).write_to(tmp_path)

    record(tmp_path / "run.json", scenarios, tmp_path / "recorded.json")

    assert load_recorded(tmp_path / "recorded.json")["worker-naps"].outcome == outcome


def test_a_run_that_cannot_be_read_is_bad_input(tmp_path):
    (tmp_path / "run.json").write_text("{")

    with pytest.raises(UnusableInput, match=r"give the run\.json of a finished run"):
        record(tmp_path / "run.json", [], tmp_path / "recorded.json")


def test_a_sound_feature_has_no_style_errors(folder):
    assert style_errors(folder(FEATURE)) == []


@pytest.mark.parametrize(
    "text",
    [FEATURE.replace("@uat-07", "@uat-07 @uat-44"), HEAD.partition("\n")[2] + SINCE],
    ids=["both groups", "since"],
)
def test_a_feature_carries_the_issue_only_for_promises_of_the_issue(folder, text):
    assert style_errors(folder(text)) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("@issue-630\n", "", "does not carry its issue"),
        ("  Workers may nap.\n", "", "does not say in prose"),
        ("@uat-07", "@slow", "does not carry the number"),
        ("@uat-07", "@uat-99", "is not a promise in release/catalogue.yaml"),
        ("@uat-07", "@uat-44", "no scenario serves a promise of issue 630: remove @issue-630"),
        ("    Given an orchestrator\n", "", "3 to 13 steps, this one has 2"),
        ("    Then the pool is empty\n", "    And it is over\n", "has no Then"),
        ("    Given an orchestrator\n", "    Then the pool is empty\n", "do not go from Given over When"),
        ("naps <how>\n    Then", "naps with --json\n    Then", "a command line flag"),
        ("naps <how>\n    Then", "waits for 20 s\n    Then", "a pause"),
        ("naps <how>\n    Then", "dials ws://host\n    Then", "a URL"),
        ("naps <how>\n    Then", "naps if it can\n    Then", "contains a condition"),
    ],
)
def test_style_errors_are_reported_with_their_place(folder, old, new, complaint):
    assert old in FEATURE
    errors = style_errors(folder(FEATURE.replace(old, new)))

    assert any(complaint in error for error in errors), errors
    assert all(re.match(r"naps\.feature:\d+: ", error) for error in errors)


SCENARIO = FEATURE[FEATURE.index("\n  @uat-07") :]
PLAIN = SCENARIO.partition("\n    Examples")[0].replace(" Outline", "").replace("<how>", "well")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (FEATURE + SCENARIO, ""),
        (FEATURE, FEATURE),
        (FEATURE, f"{HEAD}{PLAIN}"),
        (f"{HEAD}\n  Rule: One\n{PLAIN}\n  Rule: Two\n{PLAIN}", ""),
    ],
    ids=["copied", "in two files", "like a row of an outline", "under two rules"],
)
def test_two_scenarios_with_the_same_name_are_reported_with_both_places(folder, first, second):
    place = folder(first)
    (place / "other.feature").write_text(second)

    errors = [each for each in style_errors(place) if "a scenario of this name" in each]

    (error,) = errors
    assert re.fullmatch(
        r"(naps|other)\.feature:\d+: a scenario of this name exists already at .*/naps\.feature:\d+", error
    )


STEPS = """\
from behave import given, then, when
@given('an orchestrator')
def a(context): "Starts an orchestrator."
@when('the worker "alpha" naps {how}')
def c(context, how): "Lets it nap."
@when('the worker "{name}" naps {how}')
def b(context, name, how): "Lets one nap."
@then('this step is unused')
def d(context): pass
"""


def test_undefined_ambiguous_and_unused_steps_are_errors(folder, monkeypatch):
    forget_definitions(monkeypatch)
    place = folder(FEATURE)
    (place / "steps").mkdir()
    (place / "steps" / "naps.py").write_text(STEPS)

    errors = "\n".join(step_errors(place))

    assert "no step is defined for `Then the pool is empty`" in errors
    assert '`When the worker "alpha" naps well` is ambiguous' in errors
    assert "steps/naps.py:8: no feature uses the step `this step is unused`" in errors
    assert "steps/naps.py:8: the step `this step is unused` has no description" in errors
    assert "an orchestrator" not in errors


def test_a_waiver_for_an_unknown_scenario_is_a_style_error(tmp_path, monkeypatch, capsys):
    waiver = {
        "scenario": "worker-nips",
        "reason": "for the time being",
        "link": "https://swamp-club.com/lab/630",
        "last-version": "20300101.000000.0",
    }
    file = tmp_path / "waivers.yaml"
    file.write_text(yaml.safe_dump([waiver]))
    monkeypatch.setenv("UAT_WAIVERS", str(file))

    assert main.main(["check-features"]) == ExitCode.FEATURE_MISTAKE
    message = "the scenario 'worker-nips' does not exist: correct the id, or remove the entry"
    assert f"{file.resolve().as_posix()}:4: {message}\n" in capsys.readouterr().out


def test_the_project_knows_its_own_files():
    assert project.FEATURES.is_dir()
    assert project.deviations().is_file()
