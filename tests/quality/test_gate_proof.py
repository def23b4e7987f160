"""The proof of a gate: which scenarios run against which mutant, and what it shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from swamp_harness.quality import gate_proof
from swamp_harness.quality.gate_proof import prove_gate, trials_of
from swamp_harness.quality.mutant_list import WrittenMutant
from swamp_harness.results.noticed import load_noticed
from swamp_harness.specification import project
from swamp_harness.specification.features import FeatureRun
from swamp_harness.system.errors import ExitCode
from tests.conftest import needs_fork

MUTANTS = [
    WrittenMutant("01-x", 1, "does"),
    WrittenMutant("01-y", 1, "does"),
    WrittenMutant("02-z", 2, "does"),
]
RUNS = [
    FeatureRun(name, name, (1,), f"features/x.feature:{line}", "Tokens") for line, name in enumerate("ab")
]


@pytest.mark.parametrize(
    ("whole", "expected"),
    [(False, {"01-x": ["a"]}), (True, {"01-x": ["a", "b"], "01-y": ["a", "b"]})],
)
def test_recorded_scenarios_of_the_gate_run_or_all_of_the_promise(
    whole: bool, expected: dict[str, list[str]]
) -> None:
    known = {"01-x": ["a", "elsewhere"], "02-z": ["elsewhere"]}
    trials = trials_of(MUTANTS, RUNS, known, whole=whole)
    assert {mutant.name: [run.id for run in runs] for mutant, runs in trials} == expected


@needs_fork
@pytest.mark.parametrize(
    ("recorded", "code"), [(True, ExitCode.EVERY_PROMISE_HELD), (False, ExitCode.PROMISE_BROKEN)]
)
def test_a_gate_notices_what_is_recorded_or_fails(
    recorded: bool, code: ExitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant, notices, misses = "01-another-vault-in-json", "token-shown-once[JSON]", "token-shown-once[text]"
    noticed = tmp_path / "noticed.json"
    noticed.write_text(json.dumps({mutant: [notices if recorded else misses]}))
    monkeypatch.setattr(project, "NOTICED", noticed)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(
        gate_proof, "chosen_for", lambda *_: [run for run in all_runs() if run.id in (notices, misses)]
    )

    assert prove_gate(300, [mutant], tmp_path / "reports", 1, record=True) is code

    document = json.loads((tmp_path / "reports" / gate_proof.GATE_PROOF).read_text())
    assert document["missed"] == ([] if recorded else [mutant])
    assert load_noticed(noticed) == {mutant: [notices if recorded else misses]}
    assert not list(temporary.iterdir()), "a run keeps the folder of a failed scenario"


def all_runs() -> list[FeatureRun]:
    return gate_proof.features.runs_in(gate_proof.features.parse(project.FEATURES))
