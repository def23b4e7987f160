"""A whole run against a fake swamp: exit codes, the reports, and no secret in any of them."""

import json
import re
from pathlib import Path

import pytest
import yaml

from swamp_harness.system.leak_search import search_files, search_text
from tests.conftest import run_suite
from tests.disguised import DISGUISES

MINT = "A minted credential is shown exactly once, in JSON"


def run_json(reports):
    return json.loads((reports / "run.json").read_text())


def test_a_promise_that_holds(fake_swamp, tmp_path):
    done = run_suite(tmp_path, "--name", MINT, env={"SWAMP_BIN": str(fake_swamp().path)})

    assert done.returncode == 0, done.stdout + done.stderr
    assert "EVERY PROMISE HELD: 1 held" in done.stdout
    assert "swamp 20260101" not in done.stderr
    record = run_json(tmp_path)
    (binary,) = record["binaries"].values()
    assert binary["version"] == record["version"] == "20260101.000000.0-sha.fake"
    assert len(binary["sha256"]) == 64
    assert record["metrics"]["product commands"] == 1


def test_a_feature_that_lies_anywhere_has_the_steps_of_the_project(fake_swamp, tmp_path):
    feature = tmp_path / "found.feature"
    feature.write_text(
        "@issue-630\n"
        "Feature: Found\n"
        "  @uat-01 @found-by-somebody\n"
        "  Scenario: A minted credential is shown, found\n"
        "    Given a repository\n"
        "    And the operator's output is in JSON\n"
        '    When the operator mints the token "alpha"\n'
        "    Then the command succeeds\n"
    )

    done = run_suite(tmp_path / "reports", str(feature), env={"SWAMP_BIN": str(fake_swamp().path)})

    assert done.returncode == 0, done.stdout + done.stderr
    assert [each["id"] for each in run_json(tmp_path / "reports")["results"]] == ["found-by-somebody"]


def test_a_broken_promise_shows_expected_and_actual(fake_swamp, tmp_path):
    done = run_suite(tmp_path, "--name", MINT, env={"SWAMP_BIN": str(fake_swamp("twice").path)})

    assert done.returncode == 1
    assert "PROMISE BROKEN: 1 broken" in done.stdout
    expected, _, actual = done.stdout.partition("expected:")[2].partition("actual:")
    assert "secrets: 1" in expected
    assert "secrets: 2" in actual
    assert "Evidence:" in done.stdout


def test_an_answer_that_breaks_its_contract_is_a_broken_promise(fake_swamp, tmp_path):
    done = run_suite(tmp_path, "--name", MINT, env={"SWAMP_BIN": str(fake_swamp("lost-field").path)})

    assert done.returncode == 1
    assert "'vaultRef' is a required property" in done.stdout


def test_an_infrastructure_error_is_shown_differently(fake_swamp, tmp_path):
    done = run_suite(
        tmp_path,
        "--name",
        "the pool shows them",
        "--tags",
        "@uat-05",
        env={"SWAMP_BIN": str(fake_swamp("port-taken").path)},
    )

    assert done.returncode == 5
    assert "NOT TESTED: infrastructure error" in done.stdout
    assert "port 0 was taken by another program" in done.stdout


def listing(tmp_path, scenario, step, actual, **further):
    entry = {
        **further,
        "id": "known",
        "scenario": scenario,
        "step": step,
        "expected": "once",
        "where": "issue 630",
        "actual": "twice",
        "actual_value": actual,
        "since": "the beginning",
        "link": "https://swamp-club.com/lab/630",
    }
    file = tmp_path / "deviations.yaml"
    file.write_text(yaml.safe_dump([entry]))
    return str(file)


SHOWN_ONCE = 'the output shows the credential of "alpha" exactly once'
SHOWN_TWICE = {"credentials": ["alpha", "alpha"], "secrets": 2}
MINTED_ONCE = "token-shown-once"


@pytest.mark.parametrize(
    ("defect", "listed", "outcome"),
    [
        ("twice", (SHOWN_ONCE, SHOWN_TWICE), (4, "1 known deviation")),
        ("twice", (SHOWN_ONCE, {**SHOWN_TWICE, "secrets": 3}), (1, "1 broken")),
        ("twice", ("the command succeeds", SHOWN_TWICE), (1, "1 broken")),
        ("", (SHOWN_ONCE, SHOWN_TWICE), (1, "1 listed deviation gone")),
    ],
    ids=["as listed", "in another way", "at another step", "no longer"],
)
def test_a_listed_deviation(fake_swamp, tmp_path, defect, listed, outcome):
    deviations = listing(tmp_path, MINTED_ONCE, *listed)

    done = run_suite(
        tmp_path,
        "--name",
        MINT,
        env={"SWAMP_BIN": str(fake_swamp(defect).path), "UAT_DEVIATIONS": deviations},
    )

    exit_code, words = outcome
    assert done.returncode == exit_code, done.stdout
    assert words in done.stdout


@pytest.mark.parametrize("defect", ["twice", ""])
def test_a_deviation_that_shows_only_sometimes_counts_in_every_run(fake_swamp, tmp_path, defect):
    deviations = listing(tmp_path, MINTED_ONCE, SHOWN_ONCE, SHOWN_TWICE, shows="sometimes")

    done = run_suite(
        tmp_path,
        "--name",
        MINT,
        env={"SWAMP_BIN": str(fake_swamp(defect).path), "UAT_DEVIATIONS": deviations},
    )

    assert done.returncode == 4, done.stdout
    assert "1 known deviation" in done.stdout
    assert ("did not in this run" in done.stdout) == (not defect)


def test_the_report_distinguishes_a_known_deviation_from_a_failure(fake_swamp, tmp_path):
    deviations = listing(tmp_path, MINTED_ONCE, SHOWN_ONCE, SHOWN_TWICE)
    reports = tmp_path / "reports"

    run_suite(
        reports,
        "--name",
        MINT,
        env={"SWAMP_BIN": str(fake_swamp("twice").path), "UAT_DEVIATIONS": deviations},
    )

    (result,) = [json.loads(path.read_text()) for path in (reports / "allure-results").glob("*-result.json")]
    assert result["status"] == "failed"
    assert result["statusDetails"]["message"].startswith("Known deviation: known: twice")
    assert [link["url"] for link in result["links"]] == ["https://swamp-club.com/lab/630"]
    titles = {attachment["name"] for attachment in result["attachments"]}
    assert {
        "The operator's commands and their output",
        "The token list at the end",
        "The pool at the end",
    } <= titles


def test_a_scenario_that_could_not_run_is_reported_with_its_reason(fake_swamp, tmp_path):
    done = run_suite(
        tmp_path,
        *("--tags", "@other-binary or @uat-01"),
        *("--name", "of a release with another", "--name", MINT),
        env={"SWAMP_BIN": str(fake_swamp().path)},
    )

    assert done.returncode == 0, done.stdout
    assert "1 held, 1 not run" in done.stdout
    assert "set SWAMP_OTHER_BIN" in done.stdout
    results = [json.loads(path.read_text()) for path in (tmp_path / "allure-results").glob("*-result.json")]
    skipped = [result for result in results if result["status"] == "skipped"]
    assert "SWAMP_OTHER_BIN" in skipped[0]["statusDetails"]["message"]


@pytest.mark.parametrize(
    ("defects", "selection"),
    [
        (("leaky", "wordy", "twice"), ("--tags", "@uat-01")),
        (("disguised",), ("-j", "1", "--name", "shown exactly once|the pool shows them")),
        (("disguised",), ("-j", "2", "--name", "shown exactly once|the pool shows them")),
    ],
)
def test_no_secret_is_in_any_artifact(fake_swamp, tmp_path, defects, selection):
    reports = tmp_path / "reports"
    swamp = fake_swamp(*defects)

    done = run_suite(
        reports,
        *selection,
        env={"SWAMP_BIN": str(swamp.path), "UAT_TIME_SCALE": "0.05", "TMPDIR": str(tmp_path)},
    )

    secrets = swamp.secrets()
    assert len(secrets) > 2, done.stdout
    artifacts = [path for path in reports.rglob("*") if path.is_file()]
    assert any(path.parent.name == "allure-results" for path in artifacts)
    written = {str(path.relative_to(reports)): path.read_bytes() for path in artifacts}
    terminal = done.stdout + done.stderr
    written["the terminal"] = terminal.encode()
    kinds = {Path(name).suffix for name, content in written.items() if b"[blanked]" in content}
    assert kinds >= {".txt", ".log"}
    assert [leak for secret in secrets for leak in search_files(secret, [reports])] == []
    assert [leak for secret in secrets for leak in search_text(secret, [("", terminal)])] == []
    # Search without the code that blanks as well: for every form of the secret, and for quarters of it.
    pieces = {secret[at : at + 16].encode() for secret in secrets for at in range(49)}
    shapes = {(each, disguise(secret).encode()) for each, disguise in DISGUISES.items() for secret in secrets}
    for name, content in written.items():
        folded = re.sub(rb"\x1b\[[0-9;]*m|\W", b"", content.lower())
        assert [piece for piece in pieces if piece in folded] == [], name
        assert [each for each, shape in shapes if shape in content] == [], name


@pytest.mark.parametrize(
    ("defect", "sentence"),
    [
        ("impostor", "is not swamp: it answers --version with 'kermit 1.0', not with"),
        ("silent", "does not answer --version within 0.3 s"),
    ],
)
def test_a_binary_that_is_not_swamp(fake_swamp, tmp_path, defect, sentence):
    done = run_suite(
        tmp_path,
        env={
            "SWAMP_BIN": str(fake_swamp(defect).path),
            "UAT_TIME_SCALE": "0.01" if defect == "silent" else "1",
        },
    )

    assert done.returncode == 3
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_no_binary_at_all(tmp_path):
    done = run_suite(tmp_path, env={"PATH": str(tmp_path), "UAT_REQUIRE_BINARY": "1"})

    assert done.returncode == 3
    assert "make uat SWAMP_BIN=/path/to/swamp" in done.stderr


def test_a_file_that_cannot_be_executed(tmp_path):
    plain = tmp_path / "swamp"
    plain.write_text("not a program")

    done = run_suite(tmp_path, env={"SWAMP_BIN": str(plain)})

    assert done.returncode == 3
    assert f"chmod +x {plain}" in done.stderr


def test_bad_input_sets_the_last_results_aside(tmp_path):
    before = tmp_path / "evidence" / "of-before.txt"
    before.parent.mkdir()
    before.write_text("kept")

    run_suite(tmp_path, env={"PATH": str(tmp_path), "UAT_REQUIRE_BINARY": "1"})

    assert not before.exists()
    assert (tmp_path / "previous" / "evidence" / "of-before.txt").read_text() == "kept"


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (["--tags", "@uat-07 and ("], {}, "are no tag expression"),
        (["--tags", "@uat-07 or @uat-7"], {}, "no scenario has the tag @uat-7: did you mean @uat-"),
        (["features/tokens.feature:999999"], {}, "features/tokens.feature has no line 999999: it has "),
        (["--name", "revoked ("], {}, "is no regular expression"),
        (["features/nowhere.feature"], {}, "the features cannot be found"),
        (["--frobnicate"], {}, "unrecognized arguments: --frobnicate"),
        ([], {"UAT_TIME_SCALE": "fast"}, "UAT_TIME_SCALE is 'fast'"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(fake_swamp, tmp_path, arguments, environment, sentence):
    done = run_suite(tmp_path, *arguments, env={"SWAMP_BIN": str(fake_swamp().path), **environment})

    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_without_selected_scenarios_is_not_a_success(fake_swamp, tmp_path):
    done = run_suite(tmp_path, "--name", "no such scenario", env={"SWAMP_BIN": str(fake_swamp().path)})

    assert done.returncode == 2
    assert "NOTHING RAN: no " in done.stderr
