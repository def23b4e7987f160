"""What becomes of a scenario, beyond what whole runs show: its end, and waivers."""

from swamp_harness.results.outcome import Outcome
from swamp_harness.results.waivers import Waiver
from swamp_harness.runner.judgement import Judgement

ERROR = OSError("the disk is gone")


def test_a_broken_promise_stays_one_whatever_its_end_was():
    judgement = Judgement(Outcome.BROKEN, "Failed.", "Then so").with_a_failed_end(ERROR)

    assert judgement.outcome is Outcome.BROKEN
    assert judgement.reason.splitlines() == ["Failed.", "Cleaning up failed: OSError: the disk is gone"]


def test_a_promise_that_held_is_not_judged_if_its_end_failed():
    judgement = Judgement(Outcome.HELD).with_a_failed_end(ERROR)

    assert judgement.outcome is Outcome.ERROR
    assert judgement.reason == "Cleaning up failed: OSError: the disk is gone"


def test_what_is_waived_keeps_what_it_is_a_waiver_of():
    waiver = Waiver("a", "nobody needs it yet", "https://swamp-club.com/lab/630", "20260901.000000.0")
    judgement = Judgement(Outcome.DEVIATION, "ends-late: It ends late.", "Then so", "ends-late").waived_by(
        waiver
    )

    assert judgement.outcome is Outcome.WAIVED
    assert judgement.deviation == "ends-late"
    assert "nobody needs it yet" in judgement.reason
    assert "known deviation: ends-late" in judgement.reason
