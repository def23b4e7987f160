"""Which scenarios noticed which mutants: the record, and few pairs of it."""

from __future__ import annotations

from pathlib import Path

from swamp_harness.results.noticed import few_pairs, load_noticed, write_noticed


def test_the_record_of_a_mutant_is_kept_as_long_as_there_is_the_mutant(tmp_path: Path) -> None:
    file = tmp_path / "noticed.json"
    assert load_noticed(file) == {}
    write_noticed(file, {"01-x": ["a scenario"], "02-y": ["another", "one more"]}, ["01-x", "02-y"])
    write_noticed(file, {"03-z": ["a third"]}, ["02-y", "03-z"])
    assert load_noticed(file) == {"02-y": ["another", "one more"], "03-z": ["a third"]}


def test_few_pairs_notice_every_mutant_and_break_every_scenario() -> None:
    noticed = {"07-x": ["a", "b"], "07-y": ["a", "b"], "07-z": ["a"], "07-w": []}
    assert few_pairs(noticed, lambda _: 1) == {"07-x": ["b"], "07-y": ["a"], "07-z": ["a"]}


def test_few_pairs_are_cheap() -> None:
    noticed = {"07-x": ["dear", "cheap"], "07-y": ["cheap", "dear"], "07-z": ["dear", "cheap", "dearest"]}
    cost = {"cheap": 1.0, "dear": 10.0, "dearest": 100.0}

    pairs = few_pairs(noticed, cost.__getitem__)

    assert sorted(scenario for share in pairs.values() for scenario in share) == ["cheap", "dear", "dearest"]


def test_a_mutant_without_a_share_is_noticed_by_the_cheapest_scenario() -> None:
    noticed = {"07-x": ["dear", "cheap"], "07-y": ["dear", "cheap"], "07-z": ["dear", "cheap"]}
    cost = {"cheap": 1.0, "dear": 10.0}

    pairs = few_pairs(noticed, cost.__getitem__)

    assert sorted(scenario for share in pairs.values() for scenario in share) == ["cheap", "cheap", "dear"]
