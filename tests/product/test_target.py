"""The target of a run: swamp if there is one, otherwise the stand-in."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import psutil
import pytest

from standin.protocol import RELEASE
from swamp_harness.product import binary as binaries
from swamp_harness.product.binary import (
    Release,
    binary_under_test,
    companion,
    examined,
    under_its_own_name,
)
from swamp_harness.product.target import SWAMP, load, target_of
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.limits import PROCESS_GONE
from swamp_harness.system.waiting import wait_until
from tests.conftest import run_suite

EMBEDDED = project.EMBEDDED_TARGET

script = pytest.mark.skipif(
    sys.platform == "win32", reason="the program is a script, which Windows cannot execute"
)


def test_without_a_binary_the_run_is_against_the_embedded_target() -> None:
    assert target_of({"PATH": ""}, EMBEDDED).name == "the stand-in"


@pytest.mark.parametrize("variables", [{"SWAMP_BIN": "/opt/swamp"}, {"UAT_REQUIRE_BINARY": "1"}])
def test_a_given_or_required_binary_is_swamp(variables: dict[str, str]) -> None:
    target = target_of({"PATH": "", **variables}, EMBEDDED)
    assert (target.name, target.is_for_sign_off, target.executable) == ("swamp", True, "")


def test_a_missing_required_binary_is_an_error() -> None:
    environ = {"PATH": "", "UAT_REQUIRE_BINARY": "1"}
    with pytest.raises(UnusableInput, match="No swamp binary to test") as caught:
        binary_under_test(environ, target_of(environ, EMBEDDED))
    assert caught.value.exit_code is ExitCode.NO_BINARY


def test_a_description_may_be_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(SWAMP.read_text("utf-8").replace("name: swamp", "name: mine"), "utf-8")
    assert target_of({"UAT_TARGET": str(file), "SWAMP_BIN": "x"}, EMBEDDED).name == "mine"


@pytest.mark.parametrize(
    "text", ["", "name: x", "- a list", "{", "name: x\nsign-off: true\ndeviations: none\ntimes: 3"]
)
def test_an_invalid_description_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "target.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(UnusableInput, match="is not usable") as caught:
        load(file)
    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE


def test_a_run_against_the_embedded_target_prints_not_a_sign_off(tmp_path: Path) -> None:
    done = run_suite(
        tmp_path / "reports",
        "features/tokens.feature",
        "--name",
        "lifetime of 0m",
        env={"PATH": str(tmp_path)},
    )
    assert done.returncode == ExitCode.EVERY_PROMISE_HELD, done.stdout + done.stderr
    assert done.stdout.count("NOT A SIGN-OFF") == 2
    properties = (tmp_path / "reports" / "allure-results" / "environment.properties").read_text("utf-8")
    assert "the stand-in (NOT A SIGN-OFF)" in properties


@pytest.fixture
def oddly_named(tmp_path: Path) -> Path:
    return a_script(tmp_path / "build-7.out", "echo swamp 1.2.3")


def test_a_binary_runs_under_its_own_name_in_any_folder(
    tmp_path: Path, oddly_named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_EXECUTABLE_FORMATS", (b"#!",))  # a small program in place of a real one
    given = binary_under_test({"SWAMP_BIN": str(oddly_named)}, load(SWAMP))

    placed = under_its_own_name(given, tmp_path / "run")

    assert placed.runs_as.stem == "swamp"
    assert placed.runs_as.parent == tmp_path / "run"
    assert (placed.path, placed.sha256, placed.size) == (given.path, given.sha256, given.size)
    assert placed.facts()["runs_as"] == str(placed.runs_as)


def test_a_script_runs_from_its_own_folder(tmp_path: Path, oddly_named: Path) -> None:
    given = binary_under_test({"SWAMP_BIN": str(oddly_named)}, load(SWAMP))

    assert under_its_own_name(given, tmp_path / "run").runs_as == oddly_named
    assert not (tmp_path / "run").exists()


def a_script(file: Path, text: str) -> Path:
    file.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    file.chmod(0o755)
    return file


@pytest.fixture
def like_the_stand_in(tmp_path: Path) -> Path:
    return a_script(tmp_path / "swamp", f"echo swamp {RELEASE}")


@script
@pytest.mark.parametrize("variable", ["SWAMP_BIN", "PATH"])
def test_the_stand_in_is_refused_where_swamp_is_tested(like_the_stand_in: Path, variable: str) -> None:
    place = like_the_stand_in.parent if variable == "PATH" else like_the_stand_in
    environ = {"PATH": "", variable: str(place)}

    with pytest.raises(UnusableInput, match=r"is the stand-in .* UAT_TARGET=standin/target.yaml") as caught:
        binary_under_test(environ, target_of(environ, EMBEDDED))

    assert caught.value.exit_code is ExitCode.NO_BINARY


@script
def test_the_stand_in_is_refused_as_a_companion_of_swamp(like_the_stand_in: Path) -> None:
    with pytest.raises(UnusableInput, match="is the stand-in"):
        companion(Release.OTHER, {"SWAMP_OTHER_BIN": str(like_the_stand_in)}, load(SWAMP), "1.2.3")


@script
def test_the_stand_in_may_be_named_where_the_stand_in_is_tested(like_the_stand_in: Path) -> None:
    binary = binary_under_test({"SWAMP_BIN": str(like_the_stand_in)}, load(EMBEDDED))

    assert binary.version == RELEASE


@script
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("exit 1", "--version ends with exit code 1: give the path of a swamp binary"),
        ("echo swamp 1.2.3; exit 3", "--version ends with exit code 3: give"),
        ("kill -SEGV $$", "--version is ended by SIGSEGV: give"),
        (
            "echo first >&2; echo error while loading shared libraries >&2; exit 127",
            "ends with exit code 127 and writes 'error while loading shared libraries': give",
        ),
        ("true", "is not swamp: it answers --version with nothing, not with `swamp <version>`: give"),
        ("echo kermit 1.0", "is not swamp: it answers --version with 'kermit 1.0', not with `swamp"),
    ],
)
def test_a_binary_that_gives_no_version_says_why(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(UnusableInput, match=re.escape(reason)) as caught:
        examined(a_script(tmp_path / "swamp", text), "SWAMP_BIN")

    assert caught.value.exit_code is ExitCode.NO_BINARY


@script
def test_a_binary_that_hangs_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child"
    file = a_script(tmp_path / "swamp", f"sleep 600 & echo $! >{child}; wait")

    with monkeypatch.context() as impatient:
        impatient.setenv("UAT_TIME_SCALE", "0.03")
        with pytest.raises(UnusableInput, match="does not answer --version"):
            examined(file, "SWAMP_BIN")

    pid = int(child.read_text())
    wait_until("the end of the child", lambda: is_running(pid), lambda runs: not runs, PROCESS_GONE)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@script
def test_a_file_is_asked_for_its_version_once_unless_it_changes(tmp_path: Path) -> None:
    asked, file = tmp_path / "asked", tmp_path / "swamp"

    def write(version: str) -> None:
        a_script(file, f"echo . >> {asked}\necho swamp {version}")

    write("1.0.0")
    versions = [examined(file, "the test").version for _ in range(2)]
    write("1.0.10")
    versions.append(examined(file, "the test").version)

    assert versions == ["1.0.0", "1.0.0", "1.0.10"]
    assert len(asked.read_text().split()) == 2
