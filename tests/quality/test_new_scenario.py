"""`swamp-uat new-scenario`: where it puts a scenario, which id it makes, and which questions it asks."""

import subprocess
import sys

import pytest

from swamp_harness.cli import main
from swamp_harness.quality import check
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode
from tests.conftest import ROOT

ASKS = """
import sys
from pathlib import Path
from swamp_harness.specification import project
project.FEATURES = Path(sys.argv[1])
from swamp_harness.cli import main
sys.exit(main.main(["new-scenario"]))
"""


def new(*, number="7", title="A cache on a full disk is reported", kind="scenario"):
    return main.main(["new-scenario", "--number", number, "--title", title, "--kind", kind])


def scenarios():
    return features.scenarios_in(features.parse(project.FEATURES))


def added(before):
    known = {each.id for each in before}
    (scenario,) = [each for each in scenarios() if each.id not in known]
    return scenario


@pytest.mark.usefixtures("own_features")
@pytest.mark.parametrize("kind", ["scenario", "outline", "outputs"])
def test_a_new_scenario_follows_the_last_one_of_its_promise_and_lacks_only_steps(kind):
    before = scenarios()
    assert new(kind=kind) == ExitCode.EVERY_PROMISE_HELD

    scenario = added(before)
    last = [each for each in before if 7 in each.numbers and each.file == scenario.file][-1]
    in_file = [each.id for each in scenarios() if each.file == scenario.file]
    assert in_file[in_file.index(scenario.id) - 1] == last.id
    assert scenario.numbers == (7,)
    assert scenario.id == "cache-full-disk-reported"
    assert len(scenario.runs) == (1 if kind == "scenario" else 2)
    findings = check.findings().findings
    assert findings[check.LAYOUT] == findings[check.FEATURE_FILES] == findings[check.TAGS] == []
    assert all("no step is defined for" in each.message for each in findings[check.STEPS])
    assert len(findings[check.STEPS]) == (3 if kind == "outline" else 2)


@pytest.mark.usefixtures("own_features")
def test_the_scenarios_around_it_stay_as_they_are():
    before = {(each.id, each.name, each.tags, each.steps) for each in scenarios()}

    new(number="1")

    assert before < {(each.id, each.name, each.tags, each.steps) for each in scenarios()}


@pytest.mark.usefixtures("own_features")
def test_an_id_in_use_is_not_made_again():
    before = scenarios()
    new(title="A secret of a token stays in the vault")
    taken = added(before).id
    before = scenarios()

    new(title="The secret of the token that stays in a vault")

    assert added(before).id == f"{taken}-2"


def test_an_id_that_was_used_once_is_not_made_again(own_features, capsys):
    file = next(own_features.glob("token*.feature"))
    text = file.read_text("utf-8")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example", "-C", str(own_features)]
    file.write_text(text.replace("@token-shown-once", "@cache-full-disk-reported"), "utf-8")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
    file.write_text(text, "utf-8")
    subprocess.run([*git, "commit", "-qam", "two"], check=True)
    before = scenarios()

    new()

    assert added(before).id == "cache-full-disk-reported-2"
    assert "history" not in capsys.readouterr().out


@pytest.mark.usefixtures("own_features")
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"number": "99"}, "There is no promise 99: release/catalogue.yaml has 1-"),
        ({"title": " "}, "The title is empty"),
        ({"title": "Word"}, "gives no id"),
    ],
)
def test_an_unusable_answer_is_refused_and_nothing_is_written(capsys, options, complaint):
    before = scenarios()

    assert new(**options) == ExitCode.BAD_COMMAND_LINE

    assert complaint in capsys.readouterr().err
    assert scenarios() == before


def test_without_a_terminal_everything_must_be_given(own_features):
    done = subprocess.run(
        [sys.executable, "-c", ASKS, str(own_features)],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == ExitCode.BAD_COMMAND_LINE
    assert "give --number, --title and --kind" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pexpect has no terminals on Windows")
def test_it_asks_for_what_is_not_given(own_features):
    import pexpect  # noqa: PLC0415 - not on Windows

    before = scenarios()
    child = pexpect.spawn(
        sys.executable, ["-c", ASKS, str(own_features)], cwd=str(ROOT), encoding="utf-8", timeout=120
    )
    child.expect("Number of the promise")
    child.sendline("99")
    child.expect("Enter one of the numbers 1-")
    child.sendline("7")
    child.expect("Title")
    child.sendline("A cache on a full disk is reported")
    child.expect("outputs: one promise, shown in text and in JSON")
    child.expect("Kind")
    child.sendline("outline")
    child.expect("Added the scenario @cache-full-disk-reported to ")
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == 0
    assert len(added(before).runs) == 2
