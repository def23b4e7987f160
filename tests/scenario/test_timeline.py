"""The timeline: its lanes from logs, pool, leases and outages, and its drawing."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from swamp_harness.product.run_records import LeaseRecord
from swamp_harness.product.serve_api import LiveMember
from swamp_harness.product.worker import Milestone
from swamp_harness.render.timeline_drawing import drawing_of
from swamp_harness.scenario.probe_log import Entry
from swamp_harness.scenario.timeline import Lane, Mark, PoolWatch, Span, Timeline
from swamp_harness.scenario.timeline_lanes import TimelineSource, lanes_of
from swamp_harness.system.network import NetworkPath, PathChange, PathState
from swamp_harness.system.process_log import Life, LifeEvent

START = datetime(2026, 8, 22, 12, tzinfo=UTC)
GRACE = timedelta(seconds=60)


def at(seconds):
    return START + timedelta(seconds=seconds)


@dataclass
class Log:
    life: list[LifeEvent]


@dataclass
class FakeWorker:
    """The parts of a worker from which its lanes are made."""

    life: list[tuple[float, Life]]
    reported: list[tuple[float, str]] = field(default_factory=list)
    name: str = 'worker "alpha"'

    @property
    def log(self):
        return Log([LifeEvent(at(seconds), what) for seconds, what in self.life])

    def milestones(self):
        return [Milestone(at(seconds), kind) for seconds, kind in self.reported]


def lanes(worker, pool=None, **others):
    none: list = []
    empty = dict.fromkeys(("typed", "requests", "orchestrators", "runs", "leases", "entries"), none)
    empty |= {"networks": {}, "lifetimes": {}, "members": {"alpha": "fleet-1"}}
    source = TimelineSource(workers={"alpha": worker}, **{**empty, **others})
    return {lane.name: lane for lane in lanes_of(source, pool or PoolWatch(), GRACE)}


def seconds_of(spans):
    return [
        (span.kind, (span.begin - START).seconds, (span.end - START).seconds if span.end else None)
        for span in spans
    ]


def test_a_killed_worker_that_comes_back_ends_its_grace_window():
    worker = FakeWorker(
        [(0, Life.STARTED), (5, Life.KILLED), (5, Life.ENDED), (9, Life.STARTED)],
        [(1, "enrolled"), (10, "enrolled")],
    )

    found = lanes(worker)

    assert seconds_of(found['worker "alpha"'].spans) == [("process", 0, 5), ("process", 9, None)]
    assert [mark.text for mark in found['worker "alpha"'].marks] == ["enrolled", "killed", "enrolled"]
    assert seconds_of(found["in the pool"].spans) == [
        ("member", 1, 5),
        ("grace", 5, 10),
        ("member", 10, None),
    ]


def test_a_grace_window_ends_by_itself():
    worker = FakeWorker([(0, Life.STARTED), (5, Life.KILLED)], [(1, "enrolled")])

    assert seconds_of(lanes(worker)["in the pool"].spans) == [("member", 1, 5), ("grace", 5, 65)]


def test_a_silent_loss_begins_when_the_pool_shows_it():
    pool = PoolWatch()
    for seconds, connected in ((1, True), (3, True), (7, False), (8, False)):
        pool.see([LiveMember("fleet-1", "id", connected)], at(seconds))
    worker = FakeWorker([(0, Life.STARTED)], [(1, "enrolled")])

    assert seconds_of(lanes(worker, pool)["in the pool"].spans) == [("member", 1, 7), ("grace", 7, 67)]


def test_a_loss_counts_even_if_the_pool_was_never_seen_before_it():
    pool = PoolWatch()
    for seconds in (7, 8):
        pool.see([LiveMember("alpha", "id", False)], at(seconds))

    assert pool.losses == {"alpha": [at(7)]}


def test_a_process_that_was_not_ended_is_shown_as_ended_by_itself():
    worker = FakeWorker([(0, Life.STARTED), (4, Life.ENDED)])
    stopped = FakeWorker([(0, Life.STARTED), (3, Life.ASKED_TO_STOP), (4, Life.ENDED)])

    assert [mark.text for mark in lanes(worker)['worker "alpha"'].marks] == ["ended by itself"]
    assert [mark.text for mark in lanes(stopped)['worker "alpha"'].marks] == ["asked to stop"]


def test_a_suspension_is_part_of_a_process():
    worker = FakeWorker([(0, Life.STARTED), (2, Life.SUSPENDED), (6, Life.RESUMED)])

    assert seconds_of(lanes(worker)['worker "alpha"'].spans) == [("process", 0, None), ("suspended", 2, 6)]


def test_network_outages_last_until_the_network_heals():
    with NetworkPath(("127.0.0.1", 1)) as network:
        network.changes = [
            PathChange(at(1), PathState.HELD),
            PathChange(at(1), PathState.BROKEN),
            PathChange(at(4), PathState.PASSING),
            PathChange(at(6), PathState.REFUSED),
        ]
        found = lanes(FakeWorker([(0, Life.STARTED)]), networks={"alpha": network})["network"]

    assert seconds_of(found.spans) == [("outage", 1, 4), ("outage", 6, None)]
    assert [(mark.text, mark.at) for mark in found.marks] == [("broken off", at(1))]


def test_a_network_path_records_its_changes():
    with NetworkPath(("127.0.0.1", 1)) as network:
        network.cut()
        network.heal()

        assert [change.state for change in network.changes] == [
            PathState.HELD,
            PathState.BROKEN,
            PathState.PASSING,
        ]


def test_a_step_without_a_logged_end_is_cut_off_with_its_worker():
    entries = [
        Entry("start", "build", "alpha", 7, at(1)),
        Entry("start", "test", "alpha", 8, at(2)),
        Entry("end", "build", "alpha", 7, at(3)),
    ]
    worker = FakeWorker([(0, Life.STARTED), (5, Life.KILLED)])

    assert seconds_of(lanes(worker, entries=entries)["steps"].spans) == [
        ("step", 1, 3),
        ("step-cut-off", 2, 5),
    ]


def test_leases_and_losses_are_those_of_the_pool_member_that_a_worker_is():
    worker = FakeWorker([(0, Life.STARTED)], [(1, "enrolled")])
    pool = PoolWatch()
    pool.losses["fleet-1"] = [at(7)]
    leases = [
        LeaseRecord(step, member, "completed", has_writes=False, created_at=at(2), ended_at=at(3))
        for member, step in (("fleet-1", "build"), ("alpha", "test"))
    ]

    found = lanes(worker, pool, leases=leases)

    assert [span.text for span in found["leases"].spans] == ["build: completed"]
    assert seconds_of(found["in the pool"].spans) == [("member", 1, 7), ("grace", 7, 67)]


def drawn(steps, *others):
    return ET.fromstring(drawing_of(Timeline(START, at(10), steps, others)))  # noqa: S314 - drawn here


def kinds_in(picture):
    return [each.get("class") for each in picture.iter("{http://www.w3.org/2000/svg}rect")]


def test_a_drawing_shows_where_a_scenario_failed():
    fine = drawn([Span("then", "Then it is so", at(1), at(2))])
    failed = drawn([Span("failed", "Then it is so", at(1), at(2))])

    assert "here" not in kinds_in(fine)
    assert "here" in kinds_in(failed)


def test_everything_in_a_drawing_has_a_tooltip():
    lane = Lane('worker "<alpha>"', [Span("process", "", at(0), None)], [Mark("killed", "killed", at(4))])

    text = drawing_of(Timeline(START, at(10), [], [lane]))

    assert "killed at 4.0 s" in text
    assert "process, from 0.0 s without an end" in text
    assert 'worker "&lt;alpha&gt;"' in text


def test_overlapping_spans_are_in_separate_rows():
    apart = drawn([], Lane("leases", [Span("step", "a", at(0), at(2)), Span("step", "b", at(2), at(4))]))
    together = drawn([], Lane("leases", [Span("step", "a", at(0), at(3)), Span("step", "b", at(2), at(4))]))

    def rows(picture):
        rects = picture.iter("{http://www.w3.org/2000/svg}rect")
        return {each.get("y") for each in rects if each.get("class") == "step" and each.get("height") == "12"}

    assert len(rows(apart)) == 1
    assert len(rows(together)) == 2
