"""The page of measurements is made from reports, never by hand."""

from datetime import UTC, datetime

import pytest

from swamp_harness.render.mutation_report import Finding, Outcome, report, write_report
from swamp_harness.render.verification import PROOF, Measure, Measurements, page, read_measurements, taken
from swamp_harness.specification import features
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import json_text

NOTICED = {"outcome": "noticed", "noticed by": {"A scenario": "Failed."}}
SURVIVED = {"outcome": "SURVIVED", "noticed by": {}}
TOTAL = {"mutants": 1, "noticed": 1}


def proof(**changes):
    return {
        "started": "2026-01-01T00:00+00:00",
        "seconds": 12.3,
        "whole": True,
        "all": True,
        "scenarios": 7,
        "never failed": ["A scenario that nothing breaks"],
        "mutants": [{"number": 1, **NOTICED}, {"number": 1, **SURVIVED}, {"number": 30, **NOTICED}],
    } | changes


def test_a_proof_is_counted_by_section(tmp_path):
    (tmp_path / PROOF).write_text(json_text(proof()), "utf-8")

    text = page(taken(Measurements(), Measure.PROOF, tmp_path, features.catalogue()))

    assert "| Token lifecycle | 2 | 1 |" in text
    assert "| all | 3 | 2 |" in text
    assert "- A scenario that nothing breaks" in text


def test_a_proof_in_which_every_scenario_failed_says_so():
    measured = Measurements(
        proof={"started": "", "seconds": 1, "scenarios": 1, "never failed": [], "sections": [], "all": TOTAL}
    )

    assert "A mutant breaks every scenario." in page(measured)


def test_a_proof_of_some_mutants_is_not_recorded(tmp_path):
    (tmp_path / PROOF).write_text(json_text(proof(all=False)), "utf-8")

    with pytest.raises(UnusableInput, match="run `make prove`"):
        taken(Measurements(), Measure.PROOF, tmp_path, features.catalogue())


def test_mutation_testing_is_counted_by_module(tmp_path):
    findings = [
        Finding("a.py number 1", "a.py", 1, "", Outcome.KILLED),
        Finding("a.py number 2", "a.py", 2, "", Outcome.SURVIVED),
        Finding("b.py number 1", "b.py", 1, "", Outcome.EQUIVALENT),
    ]
    document = report(
        findings,
        started=datetime(2026, 1, 1, tzinfo=UTC),
        seed=3,
        possible={"a.py": 10, "b.py": 5, "c.py": 5},
        unreached={},
        left_out={},
        titles={},
    )
    write_report(document, tmp_path)

    text = page(taken(Measurements(), Measure.MUTATION, tmp_path, features.catalogue()))

    assert "seed 3: 3 of 20 possible mutants" in text
    assert "| a.py | 1 | 0 | 1 | 0 | 0 | 0 | 0 | 50 % | 50 % |" in text
    assert "| b.py | 0 | 0 | 0 | 0 | 0 | 1 | 0 |  |  |" in text
    assert "| c.py" not in text


def test_measurements_are_kept_and_a_corrupt_file_is_refused(tmp_path):
    file = tmp_path / "verification.json"
    assert page(read_measurements(file)).count("Not measured yet.") == len(Measure)
    Measurements(mutation={"seed": 1}).write_to(file)
    assert read_measurements(file) == Measurements(mutation={"seed": 1})

    file.write_text("{", "utf-8")
    with pytest.raises(UnusableInput, match="restore it with git") as refused:
        read_measurements(file)
    assert refused.value.exit_code is ExitCode.BAD_COMMAND_LINE


def test_a_missing_measurement_is_not_recorded(tmp_path):
    with pytest.raises(UnusableInput, match="make that measurement first"):
        taken(Measurements(), Measure.MUTATION, tmp_path, features.catalogue())
