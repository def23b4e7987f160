"""Every way to list tokens, workers and waiting steps, compared with what the scenario knows to be true.

A list is asked for in text and in JSON, in the repository and through the orchestrator. A row has what the
feature promises, and beside it what only the scenario knows: moments, machines, instances. A value that is
right comes out as a phrase, such as "when it enrolled"; any other comes out as the product wrote it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from swamp_harness.machinery.faults import PromiseBroken
from swamp_harness.machinery.limits import COMMAND, STEP_QUEUED
from swamp_harness.machinery.waiting import AwaitedInVain, wait_until
from swamp_harness.product.commands import CommandResult, Output, is_json
from swamp_harness.product.conventions import VAULT
from swamp_harness.product.records import (
    BUSY,
    PoolMember,
    TokenRecord,
    hidden_in_text,
    members_from_json,
    members_from_table,
    rows_of_table,
    tokens_from_json,
    tokens_from_table,
)
from swamp_harness.product.run_records import QueuedStep, queue_from_json, queue_from_table
from swamp_harness.product.wordings import ALL_VERIFIED
from swamp_harness.scenario.placement import ANY_WORKER
from swamp_harness.scenario.tables import Row, rows_of
from swamp_harness.scenario.world import World

_WHEN_MINTED = "when it was minted"
_BETWEEN_TWO_READINGS_OF_A_CLOCK = timedelta(seconds=1)
_WHEN_ENROLLED = "when it enrolled"
_SINCE_ENROLLED = "since it enrolled"
_SINCE_IT_WORKS = "since its step began"
_WHEN_QUEUED = "when the workflow ran"
_AS_LONG = "as long as that"
_ONE = "1"
_NONE = "none"
_OF = ", of "
_USUAL_LABELS = "the usual ones"


@dataclass(frozen=True)
class Answer:
    """The answer to one way of asking.

    Attributes:
        how: in words, such as "in JSON, through the orchestrator".
        result: what the command did.
    """

    how: str
    result: CommandResult

    @property
    def in_json(self) -> bool:
        """Whether it was asked for in JSON."""
        return self.result.output is Output.JSON


def answers(world: World, *arguments: str, here: bool = True) -> Iterator[Answer]:
    """Ask in every way.

    Args:
        world: the scenario's.
        arguments: of the command.
        here: whether it can be asked in the repository as well, not only through the orchestrator.

    Raises:
        PromiseBroken: the command fails, or one in JSON says something beside its document.
    """
    through = ("through the orchestrator", ("--server", world.orchestrator.api.url))
    for place, server in [*([("in the repository", ())] if here else []), through]:
        for output in (Output.TEXT, Output.JSON):
            result = world.operator.commands.run(*arguments, *server, output=output)
            beside = result.stderr.strip() if output is Output.JSON else is_json(result.stdout)
            if not result.succeeded or beside:
                raise PromiseBroken(
                    f"A list is asked for, and the answer is none in {output.value}:\n{result}"
                )
            yield Answer(f"in {output.value}, {place}", result)


# --- tokens


def known_tokens(world: World, promised: Sequence[Row], answer: Answer) -> list[Row]:
    """The rows that a feature promises, with what is known beside."""
    return [_known_token(world, row, answer) for row in promised]


def _known_token(world: World, row: Row, answer: Answer) -> Row:
    bound, several, allowance = row["machine"].partition(_OF)
    machines = [] if bound == _NONE else bound.split(", ")
    known = {**row, "admitted": str(len(machines)), "expires": _life(world, row["token"])}
    if answer.in_json:
        when = ", ".join([_WHEN_ENROLLED] * len(machines))
        return {**known, "minted": _WHEN_MINTED, "vault": VAULT, "bound": when}
    # People are told how many machines a token for several has admitted, not which.
    return {**known, "machine": f"{_NONE}{several}{allowance}"} if several else known


def listed_tokens(world: World, answer: Answer) -> list[Row]:
    """The tokens of an answer."""
    records = (
        tokens_from_json(answer.result.answer("token-list"))
        if answer.in_json
        else tokens_from_table(answer.result.stdout)
    )
    return [_token_row(world, each, answer) for each in sorted(records, key=lambda each: each.name)]


def _token_row(world: World, token: TokenRecord, answer: Answer) -> Row:
    several = "" if token.allowance == _ONE else f"{_OF}{token.allowance} machines"
    row = {
        "token": token.name,
        "state": token.state,
        "machine": (", ".join(token.machines) or _NONE) + several,
        "admitted": str(token.admitted),
        "expires": _life(world, token.name) if _lives_as_asked(world, token) else str(token.expires_at),
    }
    if not answer.in_json:
        return row
    lasts = world.times.lasts(world.operator.asked_lifetimes.get(token.name, "0m"))
    minted = (
        token.created_at is not None
        and abs(token.expires_at - token.created_at - lasts) <= _BETWEEN_TWO_READINGS_OF_A_CLOCK
    )
    bound = [
        _WHEN_ENROLLED if _while_enrolling(world, _worker_on(world, machine), at) else str(at)
        for machine, at in zip(token.machines, token.bound_at, strict=True)
    ]
    return {
        **row,
        "minted": _WHEN_MINTED if minted else str(token.created_at),
        "vault": token.vault,
        "bound": ", ".join(bound),
    }


def _worker_on(world: World, machine: str) -> str:
    on = (each for each in world.memberships if world.workers.first_enrollment(each).machine_id == machine)
    return next(on, "")


def _life(world: World, token: str) -> str:
    return f"{world.operator.asked_lifetimes.get(token, 'a lifetime')} after it was minted"


def _lives_as_asked(world: World, token: TokenRecord) -> bool:
    if token.name not in world.operator.lifetimes:
        return False
    started, announced = world.operator.lifetimes[token.name]
    late = announced - world.times.lasts(world.operator.asked_lifetimes[token.name]) - started
    in_time = timedelta(milliseconds=-1) <= late <= timedelta(seconds=COMMAND.seconds)
    return in_time and token.expires_at == announced


# --- workers


def promised_workers(table: Any) -> list[Row]:
    """The rows that a feature promises, with the labels that workers have unless a feature gives others.

    Args:
        table: of the step; None if it promises no worker.
    """
    usual = ",".join(f"{name}={value}" for name, value in sorted(ANY_WORKER.items()))
    said = {_USUAL_LABELS: usual, _NONE: ""}
    rows = rows_of(table, {"worker", "status", "slots", "labels"}) if table is not None else []
    return [{**row, "labels": said.get(row["labels"], row["labels"])} for row in rows]


def known_workers(world: World, promised: Sequence[Row], answer: Answer, *, past: bool) -> dict[str, object]:
    """The rows that a feature promises, with what is known beside, and how many workers are left out."""
    live = {each.name: each.instance for each in world.live_pool()}
    rows = []
    for row in promised:
        first = world.first_membership(row["worker"])
        in_json = {"instance": live.get(first.name, first.instance), "enrolled": _WHEN_ENROLLED}
        seen = _SINCE_IT_WORKS if row["status"] == BUSY else _SINCE_ENROLLED
        known = {"platform": first.platform, "last seen": seen}
        rows.append({**row, **known, **(in_json if answer.in_json else {})})
    return {"workers": rows, "left out": 0 if past else len(world.memberships) - len(rows)}


def listed_workers(world: World, answer: Answer) -> dict[str, object]:
    """The workers of an answer, and how many it says that it leaves out."""
    if answer.in_json:
        document = answer.result.answer("worker-list")
        members, left_out = members_from_json(document), document.get("filteredDisconnectedCount", 0)
    else:
        text = answer.result.stdout
        members, left_out = members_from_table(text), hidden_in_text(text)
    in_order = sorted(members, key=lambda each: each.name)
    return {"workers": [_worker_row(world, each, answer) for each in in_order], "left out": left_out}


def _worker_row(world: World, member: PoolMember, answer: Answer) -> Row:
    row = {
        "worker": member.name,
        "status": member.status,
        "slots": member.slots,
        "labels": ",".join(f"{name}={value}" for name, value in member.labels),
        "platform": member.platform,
        "last seen": _last_seen(world, member, answer),
    }
    if not answer.in_json:
        return row
    enrolled = member.enrolled_at is not None and _while_enrolling(world, member.name, member.enrolled_at)
    return {
        **row,
        "instance": member.instance,
        "enrolled": _WHEN_ENROLLED if enrolled else str(member.enrolled_at),
    }


def _last_seen(world: World, member: PoolMember, answer: Answer) -> str:
    """Since when the orchestrator has seen a worker: a busy one was seen when its run had begun, or later."""
    seen, known = member.last_seen_at, world.memberships.get(member.name)
    runs = [run.started for run in world.followed_runs()]
    busy = member.status == BUSY and bool(runs)
    earliest = runs[-1] if busy else known.enrolled_at if known is not None else None
    if seen is None or earliest is None or not earliest <= seen <= answer.result.ended:
        return str(seen)
    return _SINCE_IT_WORKS if busy else _SINCE_ENROLLED


def _while_enrolling(world: World, worker: str, at: datetime) -> bool:
    if worker not in world.memberships:
        return False
    began = world.workers[worker].started - timedelta(milliseconds=1)  # the product cuts below a millisecond
    return began <= at <= world.workers.first_enrollment(worker).seen


# --- waiting steps


def wait_until_all_queued(world: World, promised: Sequence[Row]) -> None:
    """Wait until as many steps wait as the feature promises; which they are is for the lists to show."""
    with contextlib.suppress(AwaitedInVain):
        wait_until(
            f"{len(promised)} steps to wait in the queue",
            world.orchestrator.api.queued_steps,
            lambda queued: len(queued) >= len(promised),
            STEP_QUEUED,
        )


def known_queue(world: World, promised: Sequence[Row], answer: Answer) -> list[Row]:
    """The rows that a feature promises, with what is known beside."""
    steps = {step.name: step for step in world.workflow.steps}
    return [
        {
            **row,
            "model": steps[row["step"]].task.model_type,
            "queued": _WHEN_QUEUED,
            "age": _AS_LONG,
            **(
                {"work": f"{world.workflow.name}, main, {steps[row['step']].task.method}"}
                if answer.in_json
                else {}
            ),
        }
        for row in promised
    ]


def listed_queue(world: World, answer: Answer) -> list[Row]:
    """The waiting steps of an answer."""
    queued = (
        queue_from_json(answer.result.answer("worker-queue"))
        if answer.in_json
        else queue_from_table(answer.result.stdout)
    )
    return [_queue_row(world, each, answer) for each in sorted(queued, key=lambda each: each.step)]


def _queue_row(world: World, queued: QueuedStep, answer: Answer) -> Row:
    last = max(each.enrolled_at for each in world.memberships.values() if each.enrolled_at is not None)
    least = (answer.result.started - queued.queued_at).total_seconds() - 0.001
    most = (answer.result.ended - queued.queued_at).total_seconds() + 0.001
    row = {
        "step": queued.step,
        "waits for": queued.waits_for,
        "model": queued.model,
        "queued": _WHEN_QUEUED if last <= queued.queued_at <= answer.result.ended else str(queued.queued_at),
        "age": _AS_LONG if least <= queued.age[1] and queued.age[0] <= most else f"{queued.age} s",
    }
    return {**row, "work": ", ".join(queued.work)} if answer.in_json else row


# --- verified workers


def verifications(world: World, *selected: str) -> list[Answer]:
    """Verify workers, all or those selected by words of the command, in text and in JSON."""
    return list(answers(world, "worker", "verify", *selected, here=False))


def selected_by(labels: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a command that select the workers with all of some labels."""
    return tuple(part for name, value in labels.items() for part in ("--label", f"{name}={value}"))


def known_verified(world: World, promised: Sequence[Row]) -> dict[str, object]:
    """The rows that a feature promises, with what is known beside, and how many have passed."""
    rows = [
        {**row, "platform": world.first_membership(row["worker"]).platform, "details": ""} for row in promised
    ]
    return {"workers": rows, "passed": len(rows)}


def listed_verified(answer: Answer) -> dict[str, object]:
    """The verified workers of an answer, and how many it says have passed."""
    if answer.in_json:
        document = answer.result.answer("worker-verify")
        rows = [
            {
                "worker": each["name"],
                "verified": each["status"],
                "platform": f"{each.get('platform')}/{each.get('arch')}",
                "details": "; ".join(each.get("failures", [])) or each.get("error", ""),
            }
            for each in document["workers"]
        ]
        return {"workers": _by_worker(rows), "passed": document["passed"]}
    table, _, _ = answer.result.stdout.partition("\n\n")
    rows = [
        {
            "worker": row["WORKER"],
            # People see a mark before the word.
            "verified": row["STATUS"].lower().lstrip("✓✗! "),
            "platform": f"{row['PLATFORM']}/{row['ARCH']}",
            "details": row["DETAILS"],
        }
        for row in rows_of_table(table, ("WORKER", "STATUS", "PLATFORM", "ARCH", "DETAILS"))
    ]
    passed = ALL_VERIFIED.search(answer.result.stdout)
    return {"workers": _by_worker(rows), "passed": int(passed["number"]) if passed else "not all"}


def _by_worker(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["worker"])
