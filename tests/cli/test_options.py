"""The options that several sub-commands share refuse what they cannot use, in one sentence."""

import pytest

from swamp_harness.cli.main import main


@pytest.mark.parametrize("command", ["run", "benchmark", "prove", "mutate", "explore"])
@pytest.mark.parametrize("jobs", ["0", "-3", "x", "", "1.5"])
def test_a_number_of_jobs_below_one_is_refused_before_anything_starts(
    monkeypatch, tmp_path, capsys, command, jobs
):
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path))

    assert main([command, f"-j{jobs}" if jobs else "--jobs="]) == 2

    expected = f"swamp-uat: JOBS (-j) is {jobs!r}: give a whole number from 1, or leave it out.\n"
    assert capsys.readouterr().err == expected


def test_mutation_testing_of_an_unknown_module_is_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path))

    assert main(["mutate", "nonsense"]) == 2

    assert "No module of the stand-in that is mutated begins with 'nonsense'" in capsys.readouterr().err
