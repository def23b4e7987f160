"""How long scenarios took, as recorded for a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from swamp_harness.results.outcome import Outcome
from swamp_harness.results.recorded_times import RecordedTime, load_times, record_times
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.system.errors import ExitCode, UnusableInput
from tests.conftest import a_result, a_run

TEXTS = {"a": "text of a", "b": "text of b", "c": "text of c"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "recorded-times.json"


def of_swamp(**seconds: float) -> SuiteRun:
    results = [a_result(name, seconds=each, product_cpu_seconds=each / 2) for name, each in seconds.items()]
    return a_run(*results)


def test_a_run_adds_the_times_of_its_scenarios(file: Path) -> None:
    assert record_times(of_swamp(a=10.0, b=20.0), TEXTS, file) == 2
    assert record_times(of_swamp(b=30.0), TEXTS, file) == 1

    times = load_times(file, "swamp")

    assert times.of("a") == RecordedTime(10.0, 5.0, "text of a")
    assert times.of("b") == RecordedTime(30.0, 15.0, "text of b")


def test_what_was_not_tested_has_no_times(file: Path) -> None:
    not_tested = [a_result("a", Outcome.NOT_RUN), a_result("b", Outcome.ERROR)]
    assert record_times(a_run(*not_tested), TEXTS, file) == 0


def test_a_scenario_that_is_gone_is_removed(file: Path) -> None:
    record_times(of_swamp(a=10.0, b=20.0), TEXTS, file)
    record_times(of_swamp(b=20.0), {"b": "text of b"}, file)
    assert list(load_times(file, "swamp").of_scenarios) == ["b"]


def test_each_target_has_times_of_its_own_or_those_of_swamp(file: Path) -> None:
    record_times(of_swamp(a=10.0), TEXTS, file)
    assert load_times(file, "the stand-in").of("a").seconds == 10.0

    record_times(a_run(a_result("a", seconds=2.0), target="the stand-in"), TEXTS, file)

    assert load_times(file, "the stand-in").of("a").seconds == 2.0
    assert load_times(file, "swamp").of("a").seconds == 10.0


def test_a_scenario_without_times_is_an_average_one(file: Path) -> None:
    record_times(of_swamp(a=10.0, b=20.0, c=90.0), TEXTS, file)
    assert load_times(file, "swamp").of("new").seconds == 20.0
    assert load_times(file.with_name("none.json"), "swamp").of("new").seconds > 0


def test_a_scenario_is_recorded_with_its_text(file: Path) -> None:
    record_times(of_swamp(a=10.0), TEXTS, file)
    times = load_times(file, "swamp")
    assert times.is_recorded("a", "text of a")
    assert not times.is_recorded("a", "another text")
    assert not times.is_recorded("b", "text of b")


def test_a_damaged_record_is_refused(file: Path) -> None:
    file.write_text("{")
    with pytest.raises(UnusableInput, match="restore it with git") as caught:
        load_times(file, "swamp")
    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE
