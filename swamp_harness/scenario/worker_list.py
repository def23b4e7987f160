"""The worker list: the rows that a scenario expects, and those of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from swamp_harness.product.records import (
    BUSY,
    DISCONNECTED,
    PoolMember,
    hidden_in_text,
    members_from_json,
    members_from_table,
)
from swamp_harness.scenario.list_answers import Answer
from swamp_harness.scenario.placement import ANY_WORKER
from swamp_harness.scenario.tables import Row, labels_in_words, whole_rows_of
from swamp_harness.scenario.world import World

WHEN_ENROLLED = "when it enrolled"
_SINCE_ENROLLED = "since it enrolled"
_SINCE_IT_WORKS = "since its step began"
_SINCE_IT_LEFT = "since it left"
# When a member with this status was last seen, at the earliest; any other since it enrolled.
_SEEN_SINCE = {BUSY: _SINCE_IT_WORKS, DISCONNECTED: _SINCE_IT_LEFT}
# The product cuts moments to milliseconds.
_PRECISION = timedelta(milliseconds=1)
_BY_NAME, _NOT_BY_NAME = "by name", "another one"
_NONE = "none"
_USUAL_LABELS = "the usual ones"


def rows_of_workers(table: Any) -> list[Row]:
    """The rows of a feature's table, where "the usual ones" becomes the default labels of workers.

    Args:
        table: of the step; None if it expects no worker.
    """
    usual = ",".join(f"{name}={value}" for name, value in sorted(ANY_WORKER.items()))
    meanings = {_USUAL_LABELS: usual, _NONE: ""}
    rows = whole_rows_of(table, ("worker", "status", "slots", "labels")) if table is not None else []
    return [{**row, "labels": meanings.get(row["labels"], row["labels"])} for row in rows]


def expected_workers(world: World, rows: Sequence[Row], answer: Answer, *, past: bool) -> dict[str, object]:
    """The rows of the feature with what else is known of them, their order, and how many are hidden."""
    live = {each.name: each.instance for each in world.live_pool()}
    expected = []
    for row in rows:
        first = world.first_membership(row["worker"])
        in_json = {"instance": live.get(first.name, first.instance), "enrolled": WHEN_ENROLLED}
        seen = _SEEN_SINCE.get(row["status"], _SINCE_ENROLLED)
        known = {"platform": first.platform, "last seen": seen}
        expected.append({**row, **known, **(in_json if answer.in_json else {})})
    left_out = 0 if past else len(world.memberships) - len(expected)
    return {"workers": expected, "order": _BY_NAME, "left out": left_out}


def listed_workers(world: World, answer: Answer) -> dict[str, object]:
    """The workers of an answer, their order there, and the number of workers that it reports as hidden.

    The order is that of their names in the pool, which are not those of the scenario for workers with a token
    for several machines.
    """
    if answer.in_json:
        document = answer.result.answer("worker-list")
        members, left_out = members_from_json(document), document.get("filteredDisconnectedCount", 0)
    else:
        text = answer.result.stdout
        members, left_out = members_from_table(text), hidden_in_text(text)
    names = [each.name for each in members]
    rows = [_worker_row(world, each, answer) for each in members]
    return {
        "workers": sorted(rows, key=lambda row: row["worker"]),
        "order": _BY_NAME if names == sorted(names) else _NOT_BY_NAME,
        "left out": left_out,
    }


def _worker_row(world: World, member: PoolMember, answer: Answer) -> Row:
    # A member of a token for several machines has a special name in the pool.
    name = world.called(member.name)
    row = {
        "worker": name,
        "status": member.status,
        "slots": member.slots,
        "labels": labels_in_words(member.labels),
        "platform": member.platform,
        "last seen": _last_seen(world, name, member, answer),
    }
    if not answer.in_json:
        return row
    enrolled = member.enrolled_at is not None and is_while_enrolling(world, name, member.enrolled_at)
    return {
        **row,
        "instance": member.instance,
        "enrolled": WHEN_ENROLLED if enrolled else str(member.enrolled_at),
    }


def _last_seen(world: World, name: str, member: PoolMember, answer: Answer) -> str:
    """When a worker was last seen, as a phrase if correct.

    A busy one was seen since its run started, a disconnected one when the orchestrator noticed its loss.
    """
    seen, since = member.last_seen_at, _SEEN_SINCE.get(member.status, _SINCE_ENROLLED)
    earliest = _earliest(world, name, since)
    if seen is None or earliest is None or not earliest - _PRECISION <= seen <= answer.result.ended:
        return str(seen)
    return since


def _earliest(world: World, name: str, since: str) -> datetime | None:
    if name not in world.memberships:
        return None
    enrolled = world.memberships[name].enrolled_at
    if since == _SINCE_IT_LEFT:
        # A worker may have lost its connection before it was killed; then its loss is not noticed after that.
        killed, losses = world.workers[name].killed, world.pool_watch.losses.get(world.member_of(name), [])
        return killed if killed is not None and any(loss >= killed for loss in losses) else enrolled
    runs = [run.started for run in world.followed_runs()] if since == _SINCE_IT_WORKS else []
    return runs[-1] if runs else enrolled


def is_while_enrolling(world: World, worker: str, at: datetime) -> bool:
    """Whether a moment is between the first start of a worker and the end of its first enrollment."""
    first = world.workers.first_enrollments().get(worker)
    return first is not None and first.started - _PRECISION <= at <= first.seen
