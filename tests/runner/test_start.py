"""How commands start: in the project's folder, with its own settings, and with output for any text."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from swamp_harness.install import fingerprint
from swamp_harness.runner.start import VARIABLES, configuration, misplaced, refuse_unknown_variables
from swamp_harness.specification import features
from tests.conftest import ROOT, run_suite, suite_environment


@pytest.fixture
def checkout(tmp_path):
    """Makes a checkout with an environment that was made for it or for another one."""

    def make(name, made_for=None):
        root = tmp_path / name
        (root / ".venv" / "bin").mkdir(parents=True)
        (root / ".venv" / "pyvenv.cfg").touch()
        (root / "requirements.lock").touch()
        (root / "pyproject.toml").touch()
        (root / ".venv" / "ready").write_text(str(fingerprint(made_for or root)).replace("'", '"'))
        return root

    return make


def test_a_command_of_its_own_checkout_starts(checkout):
    root = checkout("original")
    assert misplaced(root / ".venv/bin/swamp-uat", root / ".venv", root) == ""


def test_a_command_in_another_environment_is_refused(checkout):
    original, copy = checkout("original"), checkout("copy")

    message = misplaced(copy / ".venv/bin/swamp-uat", original / ".venv", original)

    assert message.startswith(f"{copy / '.venv'} runs what is installed in {original / '.venv'}")
    assert "run `make uat`" in message


def test_a_copied_environment_is_refused(checkout):
    original = checkout("original")
    copy = checkout("copy", made_for=original)

    message = misplaced(copy / "swamp_harness/cli/main.py", copy / ".venv", copy)

    assert message.startswith(f"{copy / '.venv'} was made for {original}")


def test_an_environment_made_by_hand_is_accepted(tmp_path):
    assert misplaced(tmp_path / "bin/swamp-uat", tmp_path / "theirs", ROOT) == ""


def test_a_checkout_can_be_reached_by_a_link(checkout, tmp_path):
    root, link = checkout("original"), tmp_path / "link"
    link.symlink_to(root)
    assert misplaced(link / ".venv/bin/swamp-uat", root / ".venv", root) == ""


def test_a_persons_own_settings_of_behave_have_no_effect(tmp_path, monkeypatch):
    (tmp_path / ".behaverc").write_text("[behave]\ndry_run = true\ntags = @no\nstop = true\njobs = many\n")
    for name, value in {"HOME": tmp_path, "USERPROFILE": tmp_path, "BEHAVE_STAGE": "other"}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(tmp_path)

    config = configuration([])

    assert not config.dry_run
    assert not config.stop
    assert config.steps_dir == "steps"
    assert config.paths == [str(ROOT / "features")]


def test_a_scenario_has_the_same_location_from_any_folder(tmp_path, monkeypatch):
    link = tmp_path / "link"
    link.symlink_to(ROOT)
    monkeypatch.chdir(tmp_path)

    (by_link, at_home) = (
        [each.location for each in features.runs_in(features.parse(folder))]
        for folder in (Path("link/features"), ROOT / "features")
    )

    assert by_link == at_home
    assert all(location.startswith("features/") for location in at_home)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii:strict"])
def test_characters_that_an_encoding_lacks_are_escaped(tmp_path, encoding):
    shutil.copytree(ROOT / "features" / "steps", tmp_path / "steps")
    shutil.copy(ROOT / "features" / "environment.py", tmp_path)
    feature = tmp_path / "names.feature"
    feature.write_text(
        "Feature: Names\n\n  @uat-02 @names-of-all-kinds\n  Scenario: ✓ 日本\n    Given a repository\n",
        "utf-8",
    )

    done = run_suite(tmp_path / "reports", "-j", "2", str(feature), env={"PYTHONIOENCODING": encoding})

    assert done.returncode == 0, done.stdout + done.stderr
    assert r"\u2713 \u65e5\u672c" in done.stdout


def test_behave_in_another_folder_reports_where_to_start_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "behave", str(ROOT / "features" / "expiry.feature")],
        env=suite_environment(tmp_path / "reports", PYTHONPATH=str(ROOT)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stdout
    assert f"behave reads this project's settings in {ROOT} only" in done.stderr


def test_a_run_can_start_from_any_folder(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "swamp_harness.cli.main", "run", "--tags", "@uat-02 and not @uat-02"],
        env=suite_environment(tmp_path / "reports", PYTHONPATH=str(ROOT)),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "NOTHING RAN: no " in done.stderr


def test_a_mistyped_variable_of_the_suite_is_refused(tmp_path):
    name = "UAT_REQUIRE_BINARI"
    done = run_suite(tmp_path, "--tags", "@uat-02", env={"PATH": str(tmp_path), name: "1"})

    assert done.returncode == 2
    complaint = f"{name} is not a variable of the suite: did you mean UAT_REQUIRE_BINARY?"
    assert done.stderr.startswith(f"swamp-uat: {complaint}")


def test_a_variable_of_another_program_is_left_alone():
    refuse_unknown_variables({"UAT_DATABASE": "1"})


def test_the_document_lists_the_variables_of_the_suite():
    listed = re.findall(
        r"^\| `(UAT_\w+)` \|", (ROOT / "docs" / "running.md").read_text("utf-8"), re.MULTILINE
    )

    assert set(listed) == set(VARIABLES)
    refuse_unknown_variables(dict.fromkeys(listed, "1"))
