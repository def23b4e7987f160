"""The results and the history for Allure, and the page that it makes."""

import base64
import json
import os
import re
import shutil
import sys
from datetime import UTC, datetime

import pytest
import yaml

from swamp_harness.render.documents import put_together
from swamp_harness.results.history import PastRun
from swamp_harness.results.outcome import Outcome
from swamp_harness.runner.allure_history import write_history
from swamp_harness.runner.allure_page import is_installed, make_page
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode, InfrastructureError, UnusableInput
from tests.conftest import a_result, a_run, run_suite

MINT = "A minted credential is shown exactly once, in JSON"
RESULT = {"uuid": "1", "name": "a", "fullName": "f: a", "status": "passed", "start": 1, "stop": 2}


def results_in(reports):
    return [json.loads(path.read_text()) for path in (reports / "allure-results").glob("*-result.json")]


def values(result, name):
    return [label["value"] for label in result["labels"] if label["name"] == name]


# --- a result


def test_a_result_is_filed_under_its_promise_in_the_issue(fake_swamp, tmp_path):
    run_suite(tmp_path, "--name", MINT, env={"SWAMP_BIN": str(fake_swamp().path)})

    (result,) = results_in(tmp_path)
    assert values(result, "epic") == ["the thirty"]
    assert values(result, "feature") == ["Token lifecycle"]
    assert values(result, "story") == ["1. Mint"]
    assert values(result, "severity") == ["blocker"]
    assert values(result, "suite") == ["Tokens"]
    assert values(result, "tag") == ["issue-630", "token-shown-once", "uat-01"]
    assert [link["url"] for link in result["links"]] == ["https://swamp-club.com/lab/630"]
    categories = json.loads((tmp_path / "allure-results" / "categories.json").read_text())
    (only,) = [each for each in categories if re.search(each["messageRegex"], "Known deviation: a\nb")]
    assert (only["name"], only["matchedStatuses"]) == ("Known deviations", ["failed"])
    assert {"Broken promises", "Infrastructure errors"} <= {each["name"] for each in categories}


def test_a_scenario_of_several_promises_is_filed_under_each_with_the_highest_severity(fake_swamp, tmp_path):
    run_suite(
        tmp_path,
        *("--name", "rejected without its cache directory, on", "--tags", "@platform-windows"),
        env={"SWAMP_BIN": str(fake_swamp().path)},
    )

    (result,) = results_in(tmp_path)
    assert set(values(result, "feature")) == {"Enrollment & machine binding", "Operability & UX"}
    assert [story.partition(".")[0] for story in sorted(values(result, "story"))] == ["30", "5", "6", "7"]
    assert values(result, "severity") == ["blocker"]


def test_a_promise_since_the_issue_is_filed_apart_and_without_a_link_to_the_issue(fake_swamp, tmp_path):
    tag = "@key-of-another-level-refused"
    run_suite(tmp_path, "--tags", tag, env={"SWAMP_BIN": str(fake_swamp().path)})

    (result,) = results_in(tmp_path)
    assert values(result, "epic") == ["since issue 630"]
    assert values(result, "feature") == ["Since issue 630"]
    assert values(result, "story") == ["44. Misspelt placement keys"]
    assert "links" not in result


def test_a_waived_promise_is_reported_as_waived(fake_swamp, tmp_path):
    waiver = {
        "scenario": "token-shown-once",
        "reason": "for the time being",
        "link": "https://swamp-club.com/lab/630",
        "last-version": "20300101.000000.0",
    }
    (tmp_path / "waivers.yaml").write_text(yaml.safe_dump([waiver]))

    done = run_suite(
        tmp_path / "reports",
        *("--name", MINT),
        env={"SWAMP_BIN": str(fake_swamp("twice").path), "UAT_WAIVERS": str(tmp_path / "waivers.yaml")},
    )

    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = results_in(tmp_path / "reports")
    assert result["status"] == "skipped"
    assert result["statusDetails"]["message"].startswith("Waived: for the time being")


@pytest.mark.parametrize(
    "promise", ["Mint", "{ title: Mint }", "{ severity: severe, title: Mint }", "{ severity: blocker }"]
)
def test_a_promise_without_a_valid_severity_is_bad_input(tmp_path, promise):
    file = tmp_path / "catalogue.yaml"
    file.write_text(f"Token lifecycle:\n  1: {promise}\n")

    with pytest.raises(UnusableInput, match="line 2, under Token lifecycle"):
        features.read_catalogue(file)


# --- earlier runs


def past_run(day, outcome, **others):
    fields = {"version": f"v{day}", "sha256": "ab", "platform": "linux x86_64", **others}
    return PastRun(started=f"2026-08-{day}T10:00:00+00:00", outcomes={"a": outcome.value}, **fields)


def history_of(tmp_path, *past, started="2026-08-23T10:00:00+00:00"):
    write_history(past, started, {"a": (1,)}, tmp_path)
    return {path.stem: json.loads(path.read_text()) for path in tmp_path.iterdir()}


def test_a_run_is_not_in_its_own_history(tmp_path):
    document = history_of(
        tmp_path,
        past_run(21, Outcome.HELD),
        past_run(22, Outcome.DEVIATION),
        past_run(23, Outcome.HELD),
    )

    (scenario,) = document["history"].values()
    assert [item["status"] for item in scenario["items"]] == ["failed", "passed"]
    assert [point["data"] for point in document["history-trend"]] == [{"failed": 1}, {"passed": 1}]
    assert [point["data"] for point in document["categories-trend"]] == [{"Known deviations": 1}, {}]
    assert document["executor"]["buildOrder"] == 3


def test_durations_of_runs_and_scenarios_are_passed_on_where_recorded(tmp_path):
    document = history_of(
        tmp_path,
        past_run(21, Outcome.HELD),
        past_run(22, Outcome.HELD, seconds={"a": 1.5}, wall_seconds=2.5),
    )

    (scenario,) = document["history"].values()
    assert [item["time"]["duration"] for item in scenario["items"]] == [1500, 0]
    assert [point["data"] for point in document["duration-trend"]] == [{"duration": 2500}]
    assert [point["buildOrder"] for point in document["duration-trend"]] == [2]


def test_a_run_on_two_platforms_is_one_run_with_the_scenarios_of_both(tmp_path):
    document = history_of(
        tmp_path,
        past_run(22, Outcome.HELD),
        past_run(22, Outcome.BROKEN, platform="darwin aarch64"),
    )

    assert [point["data"] for point in document["history-trend"]] == [{"passed": 1, "failed": 1}]
    assert [each["statistic"] for each in document["history"].values()] == [{"passed": 1}, {"failed": 1}]


def test_merged_reports_show_all_their_environments(tmp_path):
    for platform, digest in (("linux x86_64", "ab"), ("darwin aarch64", "cd")):
        folder = tmp_path / platform
        (folder / "allure-results").mkdir(parents=True)
        (folder / "allure-results" / "environment.properties").write_text(
            f"version=v1\nsha256={digest}\nplatform={platform}\n"
        )
        a_run(a_result("a", platform=platform)).write_to(folder)

    put_together([tmp_path / "linux x86_64", tmp_path / "darwin aarch64"], tmp_path / "all")

    text = (tmp_path / "all" / "allure-results" / "environment.properties").read_text()
    assert text == "version=v1\nsha256=ab, cd\nplatform=linux x86_64, darwin aarch64\n"


def test_reports_that_cannot_be_copied_are_bad_input(tmp_path):
    folders = [tmp_path / "linux x86_64", tmp_path / "darwin aarch64"]
    for folder in folders:
        (folder / "allure-results").mkdir(parents=True)
        a_run(a_result("a", platform=folder.name)).write_to(folder)
    (folders[0] / "allure-results" / "in the way").touch()
    (folders[1] / "allure-results" / "in the way").mkdir()

    with pytest.raises(
        UnusableInput, match=r"in the way cannot be copied to .*: free disk space or"
    ) as caught:
        put_together(folders, tmp_path / "all")
    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE


# --- the page


@pytest.fixture
def reports(tmp_path):
    """The reports of a run in which one scenario held."""
    folder = tmp_path / "reports"
    (folder / "allure-results").mkdir(parents=True)
    (folder / "allure-results" / "1-result.json").write_text(json.dumps(RESULT))
    a_run(a_result("a"), started=datetime(2026, 8, 23, 10, tzinfo=UTC)).write_to(folder)
    return folder


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Makes programs of a few lines of Python; returns an environment with only them on its PATH."""
    if sys.platform == "win32":
        pytest.skip("the programs are scripts, which Windows cannot execute")
    package = tmp_path / "package"
    package.mkdir()
    (package / "package-lock.json").write_text("{}")
    monkeypatch.setattr(project, "REPORT_PACKAGE", package)

    def make(**texts):
        folder = tmp_path / "bin"
        folder.mkdir()
        for name, text in texts.items():
            head = "" if text.startswith("#!") else f"#!{sys.executable}\nimport os, pathlib, sys, time\n"
            (folder / name).write_text(f"{head}{text}\n")
            (folder / name).chmod(0o755)
        return {"PATH": str(folder)}

    return make


NODE = """
if sys.argv[1:] == ["--version"]:
    print("v22.1.0")
    sys.exit()
assert os.environ["ALLURE_NO_ANALYTICS"] == "true"
output = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
output.mkdir()
(output / "index.html").write_text("the page")
"""
NPM = "pathlib.Path('node_modules').mkdir(exist_ok=True); open('calls', 'a').write('npm\\n')"


def test_without_results_no_page_is_made(tmp_path):
    with pytest.raises(UnusableInput, match="run `make uat` first") as caught:
        make_page(tmp_path, {})
    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE


@pytest.mark.parametrize(
    ("there", "found"),
    [
        ({}, "there is no node on the PATH"),
        ({"node": "print('v20.9.0')"}, "node is v20.9.0"),
        ({"node": "sys.exit(1)"}, "node is not Node.js"),
        ({"node": "#!/nowhere/node"}, "node cannot be executed (No such file or directory)"),
        ({"node": NODE}, "there is no npm on the PATH"),
    ],
)
def test_without_a_usable_node_the_message_shows_the_fix(programs, reports, there, found):
    with pytest.raises(UnusableInput, match=r"needs Node\.js 20\.19 or newer with npm") as caught:
        make_page(reports, programs(**there))
    assert found in str(caught.value)
    assert "install it and run `make report` again" in str(caught.value)
    assert caught.value.exit_code is ExitCode.NO_BINARY


def test_a_node_that_hangs_is_not_usable(programs, reports, monkeypatch):
    monkeypatch.setenv("UAT_TIME_SCALE", "0.01")
    with pytest.raises(UnusableInput, match=r"node does not answer --version within 0\.3 s: ") as caught:
        make_page(reports, programs(node="time.sleep(60)"))
    assert caught.value.exit_code is ExitCode.NO_BINARY


def test_an_error_of_npm_is_shown(programs, reports):
    environ = programs(node=NODE, npm="sys.exit('npm error code ENOTFOUND\\nnpm error and more')")
    with pytest.raises(InfrastructureError, match=r"cannot install Allure \(npm error code ENOTFOUND\)"):
        make_page(reports, environ)


def test_an_error_of_allure_is_shown(programs, reports):
    environ = programs(node=NODE.replace("output.mkdir()", "sys.exit('\\x1b[31mtoo large\\x1b[0m')"), npm=NPM)
    with pytest.raises(InfrastructureError, match=r"made no page of .* \(too large\)"):
        make_page(reports, environ)


def test_allure_is_installed_once(programs, reports, tmp_path):
    environ = programs(node=NODE, npm=NPM)

    assert make_page(reports, environ).read_text() == "the page"
    make_page(reports, environ)
    assert (tmp_path / "package" / "calls").read_text() == "npm\n"

    (tmp_path / "package" / "package-lock.json").write_text('{"another": "version"}')
    make_page(reports, environ)
    assert (tmp_path / "package" / "calls").read_text() == "npm\nnpm\n"


@pytest.mark.skipif(
    not shutil.which("node") or not is_installed(project.REPORT_PACKAGE),
    reason="needs Node.js, and Allure as `make report` has installed it",
)
def test_the_page_is_complete_and_loads_nothing(fake_swamp, tmp_path):
    for defects in ([], ["twice"]):
        run_suite(tmp_path / "reports", "--name", MINT, env={"SWAMP_BIN": str(fake_swamp(*defects).path)})

    page = make_page(tmp_path / "reports", os.environ).read_text()

    assert "googletagmanager" not in page
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"', page) == []
    parts = {name: base64.b64decode(text) for name, text in re.findall(r'd\("([^"]+)","([^"]*)"\)', page)}
    document = {name: json.loads(text) for name, text in parts.items() if name.endswith(".json")}
    assert [each["name"] for each in document["widgets/categories.json"]["items"]] == ["Broken promises"]
    assert [each["name"] for each in document["widgets/behaviors.json"]["items"]] == ["Token lifecycle"]
    assert {"version", "sha256", "platform"} <= {
        each["name"] for each in document["widgets/environment.json"]
    }
    assert [each["data"]["failed"] for each in document["widgets/history-trend.json"]] == [1, 0]
    (scenario,) = [each for name, each in document.items() if name.startswith("data/test-cases/")]
    assert [item["status"] for item in scenario["extra"]["history"]["items"]] == ["passed"]
    assert scenario["extra"]["severity"] == "blocker"
