"""A whole run in which names, steps and the product's output contain text that breaks file formats."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from swamp_harness.results.history import read
from tests.conftest import ROOT, run_suite, suite_environment

NAME = (
    "Names \x1b[31m \x07 ]]> </script><script>alert(1)</script> | <img src=x> [l](http://evil) \u202e "
    "\ufffe [/x]"
)
FEATURE = f"""\
@issue-630
Feature: ::error::taken {NAME}
  Prose.

  @uat-01 @hostile-name
  Scenario: {NAME}
    Given a repository
    And the operator's output is in text
    When the operator mints the token "alpha"
    Then the command succeeds
"""
COMMAND = re.compile(r"^\s*::|##\w*\[|^(---|\+\+\+)", re.MULTILINE)
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff\ufffe\uffff]")


@pytest.fixture
def project_of(tmp_path):
    """A folder of features with the project's own steps."""

    def write(text):
        folder = tmp_path / "features"
        shutil.copytree(ROOT / "features" / "steps", folder / "steps")
        shutil.copy(ROOT / "features" / "environment.py", folder)
        (folder / "hostile.feature").write_text(text, "utf-8", newline="")
        return folder

    return write


def no_constant(name):
    raise ValueError(name)


def strictly(text):
    assert not FORBIDDEN.search(text)
    document = json.loads(text, parse_constant=no_constant)
    json.dumps(document, ensure_ascii=False).encode("utf-8")  # no half of a surrogate pair in an escape
    return document


class Scripts(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "img"):
            self.found.append((tag, attrs))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_every_file_can_be_read_by_its_own_parser(project_of, fake_swamp, tmp_path, jobs):
    reports = tmp_path / "reports"
    folder = project_of(FEATURE)

    done = run_suite(reports, "-j", jobs, str(folder), env={"SWAMP_BIN": str(fake_swamp("hostile").path)})

    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    assert not COMMAND.search(done.stdout + done.stderr)
    assert not FORBIDDEN.search(done.stdout + done.stderr)
    assert len(done.stdout) < 40_000
    assert r"\x1b[31mred" in done.stdout

    for file in [reports / "run.json", reports / "signoff.json", *reports.glob("allure-results/*.json")]:
        strictly(file.read_text("utf-8"))
    for file in reports.rglob("*.json"):
        strictly(file.read_text("utf-8"))
    (past,) = read(reports / "history.jsonl")
    assert list(past.outcomes.values()) == ["broken"]
    for file in [reports / "junit.xml", *reports.rglob("*.svg")]:
        ET.fromstring(file.read_text("utf-8"))  # noqa: S314 - it has just been written
    (case,) = ET.parse(reports / "junit.xml").getroot().iter("testcase")  # noqa: S314
    assert r"\x1b[31m \x07 ]]> </script>" in case.get("name")
    page = Scripts()
    page.feed((reports / "signoff.html").read_text("utf-8"))
    assert not any("alert" in str(each) or "x" in dict(each[1]).values() for each in page.found)
    summary = (reports / "signoff.md").read_text("utf-8")
    rows = [line for line in summary.splitlines() if "Names" in line and line.startswith("|")]
    # The list for operators has three columns, the broken scenarios have six.
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [4, 7]
    assert not re.search(r"(?<!\\)<(?!/?details|/?summary|https://swamp-club)", summary)
    for file in [*reports.rglob("*.txt"), *reports.rglob("*.log"), *reports.rglob("*.md")]:
        assert not FORBIDDEN.search(file.read_text("utf-8")), file
    (transcript,) = reports.glob("evidence/*/transcript.txt")
    assert "long " * 1_000_000 in transcript.read_text("utf-8")


def behave(reports, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "behave", *arguments],
        env=suite_environment(reports, SWAMP_BIN="/nowhere/swamp"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def uat(reports, *arguments):
    return run_suite(reports, *arguments, env={"SWAMP_BIN": "/nowhere/swamp"})


SOUND = FEATURE.replace(NAME, "A worker naps")
OUTLINE = SOUND.replace("Scenario:", "Scenario Outline:")
MISTAKES = {
    "a step that does not exist": (
        SOUND.replace("mints the token", "mints a tokin").encode(),
        'hostile.feature:9: no step is defined for `When the operator mints a tokin "alpha"`; did you mean '
        '`When the operator mints the token "{token}"`',
    ),
    "Latin-1": (
        SOUND.replace("Prose", "Größe").encode("latin-1"),
        "hostile.feature:3: the file is not in UTF-8, its byte ",
    ),
    "a byte-order mark": (
        b"\xef\xbb\xbf" + SOUND.encode(),
        "hostile.feature:1: the file begins with a byte-order mark",
    ),
    "no Gherkin": (
        SOUND.replace("    Given a repository", "    Gibberish").encode(),
        "hostile.feature:8: behave cannot read this line",
    ),
    "no Examples": (OUTLINE.encode(), "hostile.feature:6: the Scenario Outline has no table of Examples"),
    "empty Examples": (
        f"{OUTLINE}\n    Examples:\n      | a |\n".encode(),
        "hostile.feature:12: the Examples of 'A worker naps' have no row",
    ),
}


@pytest.mark.parametrize("run", [uat, behave])
@pytest.mark.parametrize(("data", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_feature_is_reported_before_the_binary_is_checked(
    project_of, tmp_path, run, data, sentence
):
    folder = project_of("")
    (folder / "hostile.feature").write_bytes(data)

    done = run(tmp_path / "reports", str(folder))

    assert done.returncode == 12, done.stdout + done.stderr
    assert "A FEATURE HAS A MISTAKE: 1 found, and nothing was started" in done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "reports" / "run.json").exists()


@pytest.mark.parametrize("run", [uat, behave])
@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (["features/nowhere.feature"], {2}),
        (["--frobnicate"], {2}),
        (["{other_folder}"], {3}),
        (["--tags", "@uat-07 and ("], {uat: 2, behave: 1}),
        (["features/expiry.feature"], {3}),
    ],
    ids=["no feature", "bad option", "a feature elsewhere", "bad tags", "no binary"],
)
def test_both_commands_end_with_the_documented_exit_codes(tmp_path, run, arguments, codes):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.feature").write_text(SOUND)
    given = [each.format(other_folder=tmp_path / "other") for each in arguments]

    done = run(tmp_path / "reports", *given)

    expected = codes[run] if isinstance(codes, dict) else next(iter(codes))
    assert done.returncode == expected, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_tags_that_are_given_twice_must_both_hold(tmp_path, fake_swamp):
    mint = "A minted credential is shown exactly once, in JSON"
    environment = {"SWAMP_BIN": str(fake_swamp().path)}

    both = run_suite(
        tmp_path, "--tags", "@uat-01", "--tags", "not @terminal", "--name", mint, env=environment
    )
    none = run_suite(tmp_path, "--tags", "@uat-02", "--tags", "@uat-01", "--name", mint, env=environment)

    assert both.returncode == 0, both.stdout
    assert none.returncode == 2


@pytest.mark.parametrize(
    "twice", [["-j", "1", "--jobs", "2"], ["--shard", "1/2", "--shard", "2/2"]], ids=["jobs", "shard"]
)
def test_an_option_that_cannot_combine_is_refused_the_second_time(tmp_path, twice):
    done = uat(tmp_path, *twice)

    assert done.returncode == 2
    assert "is given twice" in done.stderr
