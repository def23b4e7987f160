"""The lanes of a scenario's timeline, made from its actors and records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from swamp_harness.product.commands import CommandResult
from swamp_harness.product.followed import Followed
from swamp_harness.product.orchestrator import Orchestrator
from swamp_harness.product.run_records import LeaseRecord
from swamp_harness.product.serve_api import Request
from swamp_harness.product.worker import DISCONNECTED, ENROLLED, Milestone, Worker
from swamp_harness.scenario.probe_log import Entry
from swamp_harness.scenario.timeline import Lane, Mark, PoolWatch, Span
from swamp_harness.system.network import NetworkPath, PathState
from swamp_harness.system.process_log import Life, LifeEvent
from swamp_harness.system.redaction import SECRETS

_OVER = {Life.KILLED, Life.ENDED}


@dataclass(frozen=True)
class TimelineSource:
    """The actors and records of a scenario, from which its timeline is made.

    Attributes:
        typed: the operator's commands.
        requests: the API requests that took the place of commands.
        orchestrators: all of them.
        workers: all of them, by name.
        members: the names of the workers in the pool, by the worker's name.
        networks: the network paths that can fail, by the worker's name.
        runs: the runs that the operator follows.
        lifetimes: start and end of each token's lifetime, if recorded.
        leases: all of them, if they could be read.
        entries: what the steps of workflows recorded in the probe log.
    """

    typed: Sequence[CommandResult]
    requests: Sequence[Request]
    orchestrators: Sequence[Orchestrator]
    workers: Mapping[str, Worker]
    members: Mapping[str, str]
    networks: Mapping[str, NetworkPath]
    runs: Sequence[Followed]
    lifetimes: Mapping[str, tuple[datetime, datetime]]
    leases: Sequence[LeaseRecord]
    entries: Sequence[Entry]


def lanes_of(source: TimelineSource, pool: PoolWatch, grace_window: timedelta) -> list[Lane]:
    """The lanes of all actors that have any spans or marks, the operator first."""
    asked = [*map(_command, source.typed), *map(_request, source.requests)]
    lanes = [Lane("operator", asked)]
    lanes += [Lane(run.log.file.stem, *_process(run.log.life)) for run in source.runs]
    lanes += [Lane(f'token "{name}"', [_lifetime(*life)]) for name, life in source.lifetimes.items()]
    lanes += [Lane(each.name, *_process(each.log.life)) for each in source.orchestrators]
    for name, worker in source.workers.items():
        lanes += _lanes_of_worker(
            name, worker, source, pool.losses.get(source.members[name], ()), grace_window
        )
    steps = list(_steps([entry for entry in source.entries if not entry.worker]))
    lanes.append(Lane("steps on the orchestrator", steps))
    return [lane for lane in lanes if lane.spans or lane.marks]


def _lanes_of_worker(
    name: str, worker: Worker, source: TimelineSource, seen_lost: Sequence[datetime], grace_window: timedelta
) -> list[Lane]:
    life, milestones = worker.log.life, worker.milestones()
    spans, marks = _process(life)
    marks = [*marks, *(Mark(each.kind, each.kind, each.at) for each in milestones)]
    leases = [each for each in source.leases if each.worker == source.members[name]]
    network = source.networks.get(name)
    return [
        Lane(worker.name, spans, sorted(marks, key=lambda mark: mark.at)),
        Lane("in the pool", list(_membership(life, milestones, seen_lost, grace_window)), is_part=True),
        Lane("leases", [_lease(each) for each in leases], is_part=True),
        Lane(
            "steps",
            list(_steps([entry for entry in source.entries if entry.worker == name], life)),
            is_part=True,
        ),
        *([Lane("network", *_outages(network), is_part=True)] if network is not None else []),
    ]


def _command(result: CommandResult) -> Span:
    text = SECRETS.blank(" ".join(result.arguments))
    end = result.ended
    kind = "command" if result.succeeded else "failing-command"
    return Span(kind, f"{text} (exit code {result.exit_code})", result.started, end)


def _request(request: Request) -> Span:
    return Span(
        "command", request.what, request.started, request.started + timedelta(seconds=request.seconds)
    )


def _lifetime(begin: datetime, end: datetime) -> Span:
    return Span("lifetime", "lifetime", begin, end)


def _lease(lease: LeaseRecord) -> Span:
    return Span(f"lease-{lease.state}", f"{lease.step}: {lease.state}", lease.created_at, lease.ended_at)


def _process(life: Sequence[LifeEvent]) -> tuple[list[Span], list[Mark]]:
    spans = _between(life, {Life.STARTED}, _OVER, "process", "")
    spans += _between(life, {Life.SUSPENDED}, {Life.RESUMED, *_OVER}, "suspended", "suspended")
    shown = {Life.ASKED_TO_STOP, Life.KILLED, Life.INTERRUPTED}
    marks = [Mark("killed", event.what.value, event.at) for event in life if event.what in shown]
    by_itself = [
        Mark("ended", "ended by itself", now.at)
        for before, now in pairwise(life)
        if now.what is Life.ENDED and before.what not in {Life.ASKED_TO_STOP, Life.KILLED}
    ]
    return spans, [*marks, *by_itself]


def _between(
    life: Sequence[LifeEvent], opening: set[Life], closing: set[Life], kind: str, text: str
) -> list[Span]:
    spans, begun = [], None
    for event in life:
        if begun is None and event.what in opening:
            begun = event.at
        elif begun is not None and event.what in closing:
            spans.append(Span(kind, text, begun, event.at))
            begun = None
    return [*spans, *([Span(kind, text, begun, None)] if begun is not None else [])]


def _membership(
    life: Sequence[LifeEvent],
    milestones: Sequence[Milestone],
    seen_lost: Sequence[datetime],
    grace_window: timedelta,
) -> Iterator[Span]:
    enrolled = [each.at for each in milestones if each.kind == ENROLLED]
    lost = sorted(
        [
            *(each.at for each in milestones if each.kind == DISCONNECTED),
            *(event.at for event in life if event.what in _OVER),
            *seen_lost,
        ]
    )
    for begin, following in pairwise([*enrolled, None]):
        assert begin is not None  # noqa: S101 - only the last is None
        losses = [at for at in lost if at > begin and (following is None or at < following)]
        if not losses:
            yield Span("member", "connected", begin, following)
            continue
        yield Span("member", "connected", begin, losses[0])
        grace_ends = losses[0] + grace_window
        yield Span("grace", "grace window", losses[0], min(following or grace_ends, grace_ends))


def _steps(entries: Sequence[Entry], life: Sequence[LifeEvent] = ()) -> Iterator[Span]:
    deaths = [event.at for event in life if event.what in _OVER]
    for start in (entry for entry in entries if entry.event == "start"):
        ends = [
            entry.at
            for entry in entries
            if entry.event == "end" and (entry.step, entry.pid) == (start.step, start.pid)
        ]
        cut_off = next((at for at in deaths if at > start.at), None)
        if ends:
            yield Span("step", start.step, start.at, ends[0])
        else:
            yield Span("step-cut-off", f"{start.step}, no end noted", start.at, cut_off)


def _outages(network: NetworkPath) -> tuple[list[Span], list[Mark]]:
    spans: list[Span] = []
    begun: tuple[PathState, datetime] | None = None
    for change in network.changes:
        if change.state is PathState.BROKEN:
            continue
        if begun is not None:
            spans.append(Span("outage", begun[0].value, begun[1], change.at))
        begun = None if change.state is PathState.PASSING else (change.state, change.at)
    spans += [Span("outage", begun[0].value, begun[1], None)] if begun is not None else []
    broken = [each for each in network.changes if each.state is PathState.BROKEN]
    return spans, [Mark("killed", each.state.value, each.at) for each in broken]
