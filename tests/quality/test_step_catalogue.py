"""The catalogue of steps: what it shows for each step, its pages, and the search on the terminal."""

from html.parser import HTMLParser
from itertools import pairwise

import pytest

from swamp_harness.cli import main
from swamp_harness.quality import step_catalogue
from swamp_harness.render import step_pages
from swamp_harness.runner.steps import Uses, load_definitions
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode
from tests.conftest import forget_definitions

STEPS = '''\
"""The naps of workers."""
from behave import given, then, when
@given('an orchestrator')
def a(context):
    """Starts an orchestrator."""
@when('the worker "{name:Name}" naps for {number:Number} minute')
@when('the worker "{name:Name}" naps for {number:Number} minutes')
def b(context, name, number):
    """Lets the worker nap."""
@then('the run fails because {reason:RunFailure}')
def c(context, reason):
    """Checks why the run failed."""
@given('a workflow with the steps:')
def d(context):
    """Creates a workflow."""
'''
FEATURE = """\
@issue-630
Feature: Naps
  Workers may nap.

  @uat-07 @worker-naps
  Scenario Outline: A worker naps
    Given an orchestrator
    And a workflow with the steps:
      | step  | work           |
      | build | writes at once |
    When the worker "<name>" naps for 10 minutes
    Then the run fails because its step failed

    Examples:
      | name   |
      | alpha  |
      | omegas |

  @uat-07 @worker-naps-briefly
  Scenario: A worker naps briefly
    Given an orchestrator
    When the worker "alpha" naps for 1 minute
    Then the run fails because its step failed
"""


@pytest.fixture
def uses(tmp_path, monkeypatch):
    forget_definitions(monkeypatch)
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "naps_of_workers.py").write_text(STEPS)
    (tmp_path / "environment.py").write_text((project.FEATURES / "environment.py").read_text("utf-8"))
    (tmp_path / "naps.feature").write_text(FEATURE)
    load_definitions(tmp_path)
    return Uses(features.parse(tmp_path))


@pytest.fixture
def catalogue(uses):
    return step_catalogue.catalogue_of(uses)


@pytest.fixture(scope="module")
def of_project():
    return step_catalogue.catalogue_of_project()


def test_a_step_is_shown_with_all_its_forms_and_the_shortest_example_of_a_scenario(catalogue):
    step = next(each for each in catalogue.steps if each.keyword == "When")

    assert step.patterns == (
        'When the worker "{name}" naps for {number} minute',
        'When the worker "{name}" naps for {number} minutes',
    )
    assert step.description == "Lets the worker nap."
    assert step.parameters == {"name": "Name", "number": "Number"}
    assert step.example == 'When the worker "alpha" naps for 1 minute'
    assert step.scenarios == ("worker-naps", "worker-naps-briefly")  # an outline counts once


def test_steps_are_filed_by_subject_and_given_comes_before_then(catalogue):
    (subject,) = catalogue.subjects

    assert (subject.title, subject.description) == ("Naps of workers", "The naps of workers.")
    assert [step.keyword for step in subject.steps] == ["Given", "Given", "When", "Then"]


def test_an_example_has_its_table_and_a_column_shows_its_phrases(catalogue):
    step = next(each for each in catalogue.steps if each.columns)

    assert step.columns == {"step": "", "work": "Work"}
    assert step.example.splitlines()[1:] == ["  | step  | work           |", "  | build | writes at once |"]


def test_the_page_in_markdown_shows_pattern_description_example_phrases_and_use(catalogue):
    text = step_pages.markdown(catalogue)

    assert "### `Then the run fails because {reason}`\n\nChecks why the run failed.\n" in text
    assert "- `{reason}`: why a run fails: [7 phrases](#why-a-run-fails)\n" in text
    assert "- `work` in the table: what a step does: [" in text
    assert "- Used by 2 scenarios, such as `worker-naps`\n" in text
    assert "```gherkin\nThen the run fails because its step failed\n```" in text
    assert "### What a step does\n\n- `writes at once`\n" in text


def test_a_phrase_that_no_scenario_uses_is_found_with_its_place(uses):
    findings = {
        finding.message.partition("`")[2].partition("`")[0]: finding
        for finding in step_catalogue.unused_phrases(uses)
    }

    assert "its step failed" not in findings
    assert "writes at once" not in findings  # in a table
    assert "succeeded" not in findings  # one of a whole: the states of a run
    assert findings["no matching worker came in time"].file == "swamp_harness/product/wordings.py"
    assert findings["makes mistakes in its calls"].line > 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["NAPS"], ["naps for"]),
        (["lets", "worker"], ["naps for"]),
        (["worker", "lost"], ["the run fails"]),  # in a phrase that it allows
        (["once"], ["a workflow with"]),  # in a phrase that its table allows
        (["orchestrator", "naps"], []),
    ],
)
def test_the_search_finds_the_steps_that_have_all_words(catalogue, words, found):
    titles = [step.title for step in catalogue.search(words)]

    assert len(titles) == len(found)
    assert all(part in title for part, title in zip(found, titles, strict=True))


def test_words_in_the_step_itself_come_first(of_project):
    found = of_project.search(["cancels"])

    assert "cancels" in found[0].title
    assert len(found) > 1


def test_every_step_of_the_project_is_described_and_has_an_example(of_project):
    assert len(of_project.steps) > 100
    for step in of_project.steps:
        assert step.description.endswith("."), step.title
        assert step.example, step.title
        assert step.keyword == step.example.partition(" ")[0] or len(step.patterns) > 1, step.title


# --- the page to search in


class _Page(HTMLParser):
    """The resources that a browser would load, and the elements by name with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def named(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def page(of_project):
    return _Page(step_pages.html(of_project))


def test_the_page_loads_nothing(page):
    assert page.named("link", "img", "iframe", "object") == []
    assert all("src" not in each for each in page.named("script"))
    assert all(each["href"].startswith("#") for each in page.named("a"))
    (policy,) = [each["content"] for each in page.named("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none';")


def test_the_page_has_an_anchor_for_every_step_and_no_dead_links(page, of_project):
    anchors = [each["id"] for _, each in page.elements if "id" in each]

    assert len(anchors) == len(set(anchors))
    assert len(page.named("article")) == len(of_project.steps)
    assert {each["href"][1:] for each in page.named("a")} <= set(anchors)


def test_every_control_has_a_label_and_headings_skip_no_level(page):
    labelled = {each.get("for") for each in page.named("label")}
    texts = [each for each in page.named("input") if each["type"] == "search"]
    levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3", "h4")]

    assert page.named("html") == [{"lang": "en"}]
    assert all(each["id"] in labelled for each in texts)
    assert all("aria-label" in each for each in page.named("nav", "pre") if "tabindex" in each)
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


# --- the commands


def test_steps_are_found_on_the_terminal(capsys):
    assert main.main(["steps", "revokes", "orchestrator"]) == ExitCode.EVERY_PROMISE_HELD

    out = capsys.readouterr().out
    assert 'When the operator revokes the token "{token}" {details}\n' in out
    assert "    Revokes a token, in the repository unless the details differ.\n" in out
    assert "      through the orchestrator: the orchestrator does it; " in out
    assert '    When the operator revokes the token "alpha" through the orchestrator\n' in out
    assert '    {token}: a name that you choose, such as "alpha"\n' in out


def test_words_that_no_step_has_are_reported_with_the_nearest_steps(capsys):
    assert main.main(["steps", "wroker", "killd"]) == ExitCode.NO_SUCH_STEP

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(
        "swamp-uat: no step has all of these words: wroker killd\nThe nearest steps:\n"
    )
    assert "the worker" in output.err or "is killed" in output.err
    assert "killed" in output.err


@pytest.mark.usefixtures("own_features")
def test_docs_are_written_and_stale_ones_are_reported(capsys):
    project.STEPS.write_text("# Steps\n\nNothing.\n")
    assert main.main(["docs", "--check"]) == ExitCode.CHECK_FAILED
    assert (
        f"{project.STEPS.resolve().as_posix()}:3: the file is stale: run `make docs`\n"
        in capsys.readouterr().out
    )

    assert main.main(["docs"]) == ExitCode.EVERY_PROMISE_HELD
    assert project.STEPS_PAGE.read_text("utf-8").startswith("<!doctype html>")
    assert main.main(["docs", "--check"]) == ExitCode.EVERY_PROMISE_HELD
