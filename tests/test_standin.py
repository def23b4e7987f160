"""The stand-in: what it keeps, what it reads, and what its faults and its times are."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from standin import bundles, timing
from standin.commandline import COMMANDS, help_for, understood
from standin.errors import UserError
from standin.orchestrator.dispatch import Requirement
from standin.predicate import NoPredicate, compiled
from standin.redaction import Blanking, blanked
from standin.store import Kind, Place, Store
from swamp_harness.product.target import load
from swamp_harness.report import project
from swamp_harness.report.features import catalogue, parse, scenarios_in
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.tools.fault_list import Fault, faults_in, lacking_numbers, load_noticed, write_noticed
from swamp_harness.tools.prove import finding_of, never_failed
from tests.conftest import a_result

PLACE = Place("@uat/probe", "build", "result")
EXTENSIONS = project.ROOT / "fixtures"


@pytest.mark.parametrize(
    ("predicate", "holds"),
    [
        ('modelType == "a" && name == "x"', True),
        ('modelType == "b" || name == "x"', True),
        ('modelType == "b" || name == "y"', False),
        ('modelType != ""', True),
        ("content.number == 0", True),
        ("content.number > 0", False),
        ('content.nothing == "x"', False),
    ],
)
def test_a_predicate_holds_or_does_not(predicate: str, holds: bool) -> None:
    item = {"modelType": "a", "name": "x", "content": {"number": 0}}
    assert compiled(predicate)(item) is holds


@pytest.mark.parametrize("text", ["this is no predicate", 'name = "x"', 'name == "x" &&', "name == x"])
def test_what_is_no_predicate_is_refused(text: str) -> None:
    with pytest.raises(NoPredicate):
        compiled(text)


def test_the_store_keeps_versions_and_forgets_the_oldest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(1, 5):
        store.put(PLACE, Kind("state", versions_kept=2), {"number": number})
    assert store.versions(PLACE) == [3, 4]
    latest = store.latest(PLACE)
    assert latest is not None
    assert latest.content() == {"number": 4}


def test_of_changes_at_the_same_time_none_is_lost(tmp_path: Path) -> None:
    store, kind = Store(tmp_path), Kind("count")

    def count(_: int) -> None:
        store.change(PLACE, kind, lambda present: {"count": (present or {"count": 0})["count"] + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(40)))
    latest = store.latest(PLACE)
    assert latest is not None
    assert latest.content() == {"count": 40}


def test_a_draft_cannot_be_read_before_it_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    draft = store.draft()
    draft.append(b"half")
    assert list(store.all_latest()) == []
    draft.discard()
    assert store.latest(PLACE) is None


def test_a_requirement_asks_for_every_label() -> None:
    wanted = Requirement("", {"region": "east", "gpu": "true"})
    assert wanted.in_words() == "region=east, gpu=true"
    assert Requirement("alpha", {}).in_words() == "target=alpha"


def test_secrets_are_blanked_wherever_they_stand() -> None:
    value = {"text": "it is s3cret", "list": ["s3cret", 1, None]}
    assert blanked(value, ["s3cret"]) == {"text": "it is ***", "list": ["***", 1, None]}


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_a_secret_is_blanked_wherever_the_pieces_are_cut_that_it_comes_in(size: int) -> None:
    content = b"it is hunter2, and hunter2 again, hunte"
    blanking = Blanking(["hunter2", "secret"])
    pieces = [blanking.piece(content[at : at + size]) for at in range(0, len(content), size)]
    assert b"".join([*pieces, blanking.rest()]) == b"it is ***, and *** again, hunte"


def test_what_comes_in_pieces_without_secrets_is_left_as_it_is() -> None:
    blanking = Blanking([])
    assert blanking.piece(b"all at once") == b"all at once"
    assert blanking.rest() == b""


def test_every_extension_of_the_fixtures_is_one_that_the_stand_in_knows() -> None:
    files = [*EXTENSIONS.glob("extensions/models/*.ts"), *EXTENSIONS.glob("published/*.ts")]
    for file in files:
        bundle = bundles.Bundle(file.read_text("utf-8"))
        assert bundle.version
        declared = importlib.import_module("standin.extensions").described(bundle.model_type)
        assert all(f"    {name}: {{" in bundle.program for name in declared.methods), file.name


def test_a_bundle_with_other_files_is_another_bundle() -> None:
    one, other = bundles.Bundle("p", {"a": b"1"}), bundles.Bundle("p", {"a": b"2"})
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (["worker", "dance"], '"dance" is not a subcommand of "worker".', 2),
        (["worker", "list", "--dance"], 'Unknown option "--dance"', 1),
        (["worker", "token", "create", "alpha"], 'Missing required option "--duration".', 1),
        (["worker", "token"], "No subcommand specified", 1),
        (["data", "get", "alpha"], 'Missing argument "name".', 1),
    ],
)
def test_a_command_line_that_means_nothing_is_refused(words: list[str], told: str, code: int) -> None:
    with pytest.raises(UserError) as caught:
        understood(words)
    assert told in str(caught.value)
    assert caught.value.exit_code == code


def test_every_command_has_its_function_and_its_help() -> None:
    for command in COMMANDS:
        module, _, name = command.place.partition(":")
        assert callable(getattr(importlib.import_module(f"standin.{module}"), name))
        assert f"Usage:   swamp {command.words}" in help_for(command.words)


def test_the_suite_is_told_the_times_that_the_stand_in_has() -> None:
    told = load(project.EMBEDDED_TARGET)
    assert told.times.grace_window.total_seconds() == timing.GRACE_WINDOW
    assert told.times.idle_limit.total_seconds() == timing.IDLE_LIMIT
    assert told.times.minute.total_seconds() == timing.MINUTE
    assert not told.is_for_sign_off


def test_every_number_has_at_least_two_faults() -> None:
    assert lacking_numbers(faults_in(project.FAULTS)) == []
    assert lacking_numbers([]) == [promise.number for promise in catalogue()]


def test_which_scenario_noticed_a_fault_is_kept_as_long_as_there_is_the_fault(tmp_path: Path) -> None:
    file = tmp_path / "noticed.json"
    assert load_noticed(file) == {}
    first, second, third = (Fault(name, 1, "does") for name in ("01-x", "02-y", "03-z"))
    write_noticed(file, {"01-x": "a scenario", "02-y": "another"}, [first, second])
    write_noticed(file, {"03-z": "a third"}, [second, third])
    assert load_noticed(file) == {"02-y": "another", "03-z": "a third"}


def test_what_is_written_down_of_the_proof_is_about_scenarios_that_there_are() -> None:
    runs = {run for each in scenarios_in(parse(project.FEATURES)) for run in each.runs}
    assert set(load_noticed(project.NOTICED).values()) <= runs


_INSTALL = """
import sys
sys.argv = ["swamp", *{words!r}]
from standin import faults
for name in {names!r}:
    faults.install(name)
"""


@pytest.mark.parametrize("words", [["serve"], ["worker", "connect"], ["worker", "list"]])
def test_every_fault_finds_what_it_breaks(words: list[str]) -> None:
    names = [fault.name for fault in faults_in(project.FAULTS)]
    done = subprocess.run(
        [sys.executable, "-c", _INSTALL.format(words=words, names=names)],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _result(number: int, outcome: str, step_type: str = "") -> ScenarioResult:
    key = "token-shown-once[JSON]" if number == 1 else f"scenario-of-{number}"
    return a_result(key, Outcome(outcome), numbers=(number,), step_type=step_type)


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ([_result(7, "broken", "then"), _result(1, "held")], "noticed"),
        ([_result(7, "held"), _result(1, "held")], "SURVIVED"),
        ([_result(7, "broken", "when"), _result(1, "held")], "NOT JUDGED"),
        ([_result(7, "infrastructure fault", "then"), _result(1, "held")], "NOT JUDGED"),
        ([_result(7, "broken", "then"), _result(1, "broken", "then")], "A CONTROL FAILED"),
        ([_result(1, "held")], "SURVIVED"),
        ([_result(7, "broken", "then")], "CONTROL MISSING"),
        ([_result(7, "broken", "then"), _result(1, "not run")], "CONTROL MISSING"),
        ([], "CONTROL MISSING"),
    ],
)
def test_a_fault_counts_as_noticed_only_by_a_judgement(results: list[ScenarioResult], verdict: str) -> None:
    assert finding_of(Fault("07-x", 7, "does"), results, 1.0).verdict == verdict


def test_scenarios_that_failed_under_no_fault_are_told() -> None:
    fault = Fault("07-x", 7, "does")
    broken = replace(_result(7, "broken", "then"), id="noticed-it")
    held = replace(_result(7, "held"), id="noticed-nothing")
    control = _result(1, "held")
    findings = [finding_of(fault, [broken, held, control], 1.0), finding_of(fault, [held], 1.0)]
    assert never_failed(findings) == ["noticed-nothing"]


def test_the_stand_in_answers_like_a_program(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "standin.main", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run("--version").stdout.startswith("swamp ")
    assert run("worker", "list").returncode == 1
    run("repo", "init", "--tool", "none")
    run("vault", "create", "local_encryption", "v1")
    minted = json.loads(run("worker", "token", "create", "alpha", "--duration", "1h", "--json").stdout)
    assert minted["token"].startswith("alpha.")
    assert minted["token"].partition(".")[2] not in run("data", "query", 'modelType != ""').stdout
    assert "already exists" in run("worker", "token", "create", "alpha", "--duration", "1h").stderr
