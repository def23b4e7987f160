"""What a worker reports about its rejection."""

from datetime import UTC, datetime, timedelta

import pytest

from swamp_harness.product.records import labels_from_text
from swamp_harness.product.wordings import REJECTIONS, TRIES_AGAIN
from swamp_harness.product.worker import Ending, Worker
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.system.process_log import LogLine

MOMENT = datetime(2026, 11, 26, tzinfo=UTC)
OTHER_VERSION = "Worker stopped: Worker protocol version 3 does not match orchestrator version 4"
DIAL = "Connecting to ws://127.0.0.1:9 (attempt 1)..."


def worker_with(monkeypatch, **lines):
    """A worker whose current process has reported lines, by the kind of event; each is a second later."""
    reported = {
        kind: [LogLine(MOMENT + timedelta(seconds=at), "stdout", text)] for kind, (at, text) in lines.items()
    }
    worker = object.__new__(Worker)
    monkeypatch.setattr(worker, "_lines_of", lambda _, kind: reported.get(kind, []))
    return worker


@pytest.mark.parametrize(
    ("line", "difference"), [(OTHER_VERSION, -1), ("Worker stopped: received shutdown signal", None)]
)
def test_the_protocol_versions_of_a_rejection_are_compared(monkeypatch, line, difference):
    assert worker_with(monkeypatch, stopped=(0, line)).protocol_difference == difference


@pytest.mark.parametrize(
    ("line", "member"),
    [
        ("Worker stopped: Worker 'fleet-1a2b3c4d' is already connected", "fleet-1a2b3c4d"),
        ("Worker stopped: received shutdown signal", ""),
    ],
)
def test_a_rejection_names_the_member_that_is_connected(monkeypatch, line, member):
    assert worker_with(monkeypatch, stopped=(0, line)).member_already_connected == member


@pytest.mark.parametrize(
    ("ending", "says"),
    [
        (Ending(failing=True, reasons=("its secret is wrong",), enrolled=False), False),
        (Ending(failing=True, reasons=("its secret is wrong",), enrolled=False, gave_up=True), True),
    ],
)
def test_an_ending_says_whether_the_worker_gave_up(ending, says):
    assert ("gave up after several attempts" in str(ending)) is says


def test_each_rejection_that_ends_at_once_or_late_is_a_known_one():
    assert set(TRIES_AGAIN) <= set(REJECTIONS)


def test_a_comma_in_the_value_of_a_label_is_kept():
    assert labels_from_text("zones=a,b, region=us") == (("region", "us"), ("zones", "a,b"))
    assert labels_from_text("-") == ()


def test_a_rejection_is_timed_from_the_first_attempt(monkeypatch):
    worker = worker_with(monkeypatch, connecting=(0, DIAL), stopped=(2, OTHER_VERSION))
    assert worker.time_to_stop == timedelta(seconds=2)


def test_a_worker_that_does_not_stop_has_no_time(monkeypatch):
    assert worker_with(monkeypatch, connecting=(0, DIAL)).time_to_stop is None


def test_a_worker_may_be_asked_not_to_reconnect():
    words, _ = WorkerSettings("alpha.secret", reconnects=False).command_line("ws://127.0.0.1:9", "")
    assert "--no-reconnect" in words
    words, _ = WorkerSettings("alpha.secret").command_line("ws://127.0.0.1:9", "")
    assert "--no-reconnect" not in words
