"""The outcome of a scenario, beyond tests with whole runs: a failed cleanup, and waivers."""

from types import SimpleNamespace

from swamp_harness.results.deviations import Deviation
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.waivers import Waiver
from swamp_harness.runner.judgement import Failure, Judge, Judgement

ERROR = OSError("the disk is gone")


def test_a_promise_stays_broken_if_the_cleanup_failed():
    judgement = Judgement(Outcome.BROKEN, "Failed.", "Then so").with_a_failed_end(ERROR)

    assert judgement.outcome is Outcome.BROKEN
    assert judgement.reason.splitlines() == ["Failed.", "Cleaning up failed: OSError: the disk is gone"]


def test_a_promise_that_held_is_not_tested_if_the_cleanup_failed():
    judgement = Judgement(Outcome.HELD).with_a_failed_end(ERROR)

    assert judgement.outcome is Outcome.ERROR
    assert judgement.reason == "Cleaning up failed: OSError: the disk is gone"


def test_a_waived_deviation_keeps_its_id():
    waiver = Waiver("a", "it is not needed yet", "https://swamp-club.com/lab/630", "20260901.000000.0")
    judgement = Judgement(Outcome.DEVIATION, "ends-late: It ends late.", "Then so", "ends-late").waived_by(
        waiver
    )

    assert judgement.outcome is Outcome.WAIVED
    assert judgement.deviation == "ends-late"
    assert "it is not needed yet" in judgement.reason
    assert "known deviation: ends-late" in judgement.reason


def test_a_deviation_that_is_gone_names_the_list_that_has_it(tmp_path, monkeypatch):
    file = tmp_path / "of-another-release.yaml"
    file.touch()
    monkeypatch.setenv("UAT_DEVIATIONS", str(file))
    known = Deviation("ends-late", "a", "it ends", "It ends.", "here", "It ends late.", "late", "v1", "link")
    passed = SimpleNamespace(status=SimpleNamespace(name="passed"), effective_tags=["a"], tags=["a"])

    judgement = Judge([known], [], "v1").judge(passed, None, lambda _: Failure(""))

    assert judgement.outcome is Outcome.DEVIATION_GONE
    assert judgement.reason.startswith(f"{file.resolve().as_posix()} lists 'ends-late'")
