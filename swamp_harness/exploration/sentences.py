"""The sentences of journeys: acts, what is seen after them, and what is seen when all is at rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from swamp_harness.exploration.acts import NEVER_MINTED, Act, Seen
from swamp_harness.exploration.model import ANY, SPECIAL, End, State, Step, Token, Worker

_MEMBER = ("worker", "status", "slots", "labels")
_MOST_READINGS = 2


@dataclass(frozen=True)
class Sentence:
    """A step of a feature, without its keyword.

    Attributes:
        text: of the step.
        table: its rows, the headings first; none if it has no table.
    """

    text: str
    table: tuple[tuple[str, ...], ...] = ()


# --- the beginning


def beginning(state: State, brief: str = "") -> list[Sentence]:
    """The Given steps that lead to the first state of a journey.

    Args:
        state: in which no act has happened yet.
        brief: the token with a short lifetime; none if empty.
    """
    sentences = []
    if state.steps:
        sentences.append(_workflow(state))
    alert = " with a short timeout for silent connections" if state.alert else ""
    sentences.append(Sentence(f"an orchestrator{alert}"))
    for name, token in state.tokens.items():
        details = _token_details(token, short=name == brief)
        if details or name not in state.workers or state.workers[name].token != name:
            sentences.append(Sentence(f'the token "{name}"{details}'))
    sentences += [
        Sentence(f'the enrolled worker "{name}"{_worker_details(name, worker)}')
        for name, worker in state.workers.items()
    ]
    return sentences


def _workflow(state: State) -> Sentence:
    headings = ("step", "runs on", "work")
    rows = {}
    for step in state.steps:
        name = step.expanded or step.name
        rows[name] = (name, _place(state, step), step.work.value, step.after, _items(state, step.expanded))
    after = any(step.after for step in state.steps)
    lists = any(step.expanded for step in state.steps)
    chosen = [*range(len(headings)), *([3] if after else []), *([4] if lists else [])]
    every = (*headings, "after", "for each of")
    cells = [tuple(row[column] for column in chosen) for row in (every, *rows.values())]
    return Sentence("a workflow with the steps:", tuple(cells))


def _items(state: State, expanded: str) -> str:
    return ", ".join(step.item for step in state.steps if expanded and step.expanded == expanded)


def _place(state: State, step: Step) -> str:
    if step.place not in state.pools:
        return f'worker "{step.place}"'
    if step.place == ANY and not step.special:
        return "any worker"
    return ", ".join([f"pool={step.place}", *([SPECIAL] if step.special else [])])


def _token_details(token: Token, *, short: bool) -> str:
    details = [
        *(["with a short lifetime"] if short else []),
        *([f"for {token.machines} machines"] if token.machines > 1 else []),
    ]
    return f" {', '.join(details)}" if details else ""


def _worker_details(name: str, worker: Worker) -> str:
    labels = f"pool={worker.pool}, {SPECIAL}" if worker.special else f"pool={worker.pool}"
    details = [
        *([f'with the token "{worker.token}"'] if worker.token != name else []),
        *([f'with the labels "{labels}"'] if worker.special or worker.pool != ANY else []),
        *([f"with {worker.slots} slots"] if worker.slots > 1 else []),
        *(["on a network that can be cut"] if worker.cuttable else []),
    ]
    return "".join(f"{',' if place else ''} {each}" for place, each in enumerate(details))


# --- acts

_WHEN: Mapping[str, Callable[[Act], str]] = {
    "mint": lambda act: f'the operator mints the token "{act.of}" {act.change}',
    "revoke": lambda act: f'the operator revokes the token "{act.of}" {act.change}',
    "revoke again": lambda act: f'the operator revokes the token "{act.of}" {act.change}',
    "pass lifetime": lambda act: f'the lifetime of the token "{act.of}" passes',
    "start": lambda act: f'the worker "{act.of}" starts {_presented(act)}',
    "start twin": lambda act: _starts_from(act, "the machine of"),
    "start clone": lambda act: _starts_from(act, "a clone of the machine of"),
    "start similar": lambda act: _starts_from(act, "a machine whose id begins like that of"),
    "start older twin": lambda act: f"{_starts_from(act, 'the machine of')}, with an older protocol version",
    "kill": lambda act: f'the worker "{act.of}" is killed',
    "stop": lambda act: f'the worker "{act.of}" is stopped',
    "ask to stop": lambda act: f'the worker "{act.of}" is asked to stop',
    "ask to stop again": lambda act: f'the worker "{act.of}" is asked to stop again',
    "start again": lambda act: f'the worker "{act.of}" starts again {act.change}',
    "cut": lambda act: f'the network of "{act.of}" is cut',
    "silence": lambda act: f'the network of "{act.of}" goes silent',
    "refuse": lambda act: f'the network of "{act.of}" refuses connections until the worker has tried 4 times',
    "reset": lambda act: f'the network of "{act.of}" is reset',
    "reset unnoticed": lambda act: (
        f'the network of "{act.of}" is reset, '
        "and the orchestrator notices only after the worker has reconnected"
    ),
    "heal": lambda act: f'the network of "{act.of}" heals',
    "pass grace window": lambda act: f'the pool no longer shows "{act.of}" after the grace window',
    "pass every grace window": lambda _: "the grace windows of all absences pass",
    "restart after a stop": lambda _: "the orchestrator is stopped and starts again",
    "restart after a kill": lambda _: "the orchestrator is killed and starts again",
    "start run": lambda act: f"the workflow starts {act.change}",
    "go on": lambda act: f'the step "{act.of}" continues',
    "cancel": lambda act: f"the operator cancels the run {act.change}",
    "press Ctrl-C": lambda _: "the operator presses Ctrl-C",
}


def _presented(act: Act) -> str:
    if act.token == NEVER_MINTED:
        return "with a credential that was never minted"
    token = f'with the token "{act.token}"' if act.token else ""
    return ", ".join(part for part in (token, act.change) if part)


def _starts_from(act: Act, machine: str) -> str:
    return f'the worker "{act.of}" starts with the token "{act.token}" from {machine} "{act.change}"'


def of_act(act: Act) -> Sentence:
    """The When step of an act."""
    return Sentence(_WHEN[act.kind](act).rstrip())


# --- what is seen after an act

# What only waits is a When step; what compares is a Then step.
_AWAITED: Mapping[str, Callable[[Seen], str]] = {
    "gone": lambda seen: f'the orchestrator notices that "{seen.of}" is gone',
    "running": lambda seen: f'the step "{seen.of}" is running',
    "ended": lambda seen: f'the step "{seen.of}" has ended',
    "waiting": lambda seen: f'the step "{seen.of}" waits in the queue',
}
_COMPARED: Mapping[str, Callable[[Seen], str]] = {
    "succeeds": lambda _: "the command succeeds",
    "fails": lambda seen: f"the command fails because {_word(seen)}",
    "already revoked": lambda _: "the output shows that the token was already revoked",
    "revoked since": lambda seen: (
        f'the first output shows since when the token "{seen.of}" is revoked, as it is still recorded'
    ),
    "disconnected": lambda seen: f'the worker "{seen.of}" is disconnected at the deadline',
    "enrolled": lambda seen: f'the worker "{seen.of}" is enrolled',
    "rejected": lambda seen: f'the worker "{seen.of}" is rejected because {_word(seen)}',
    "tried once": lambda seen: f'the worker "{seen.of}" tried to connect 1 time',
    "stayed": lambda seen: f'the worker "{seen.of}" has stayed connected since "{seen.value}" started',
    "connected": lambda seen: f'the worker "{seen.of}" is connected',
    "exits": lambda seen: f'the worker "{seen.of}" exits with exit code {seen.value}',
    "same member": lambda seen: f'the worker "{seen.of}" is connected as the same pool member as before',
    "run ends": lambda seen: _run_ends(seen.value),
    "confirmed": lambda _: "the command confirms that it cancels the run",
    "nothing left": lambda _: "nothing of the run was left when the command reported the cancellation",
    "not early": lambda seen: (
        f'the command did not report the run as cancelled while the step "{seen.of}" still ran'
    ),
    "stopped": lambda seen: f'the step "{seen.of}" was asked to stop and stopped before it had finished',
    "answers": lambda _: "the orchestrator still answers",
}


def _word(seen: Seen) -> str:
    return seen.value if isinstance(seen.value, str) else seen.value.value


def _run_ends(end: object) -> str:
    if end is End.SUCCEEDED:
        return "the run succeeds"
    if end is End.CANCELLED:
        return "the run is cancelled"
    if end is End.FAILED:
        return "the history of all runs shows the run as failed"
    assert isinstance(end, End)  # noqa: S101 - nothing else ends a run
    return f"the run fails because {end.value}"


def awaited(seen: Seen) -> Sentence | None:
    """The When step that waits until something is seen; None if it is compared."""
    return Sentence(_AWAITED[seen.kind](seen)) if seen.kind in _AWAITED else None


def compared(seen: Seen) -> Sentence:
    """The Then step that compares what is seen."""
    return Sentence(_COMPARED[seen.kind](seen))


# --- at rest


def at_rest(state: State, *, everywhere: bool = False) -> Iterator[Sentence]:
    """The Then steps for all that an operator must see in a state, while nothing changes.

    Args:
        state: of the journey.
        everywhere: whether the lists are asked for in text and in JSON, in the repository and through the
            orchestrator, and data and histories are read, too; if not, what is cheapest.
    """
    yield from _tokens(state, everywhere=everywhere)
    yield from _pool(state, everywhere=everywhere)
    if state.steps:
        yield _queue(state, everywhere=everywhere)
        yield _starts(state)
    if not state.steps or state.open:
        return
    yield from _peaks(state)
    if state.known and state.dispatches:
        yield _dispatches(state)
    if state.known and state.data:
        yield _data(state)
    for worker in sorted(state.left):
        yield Sentence(f'no process of a step is left on the machine of "{worker}"')
    if everywhere and state.known:
        yield from _readings(state)
    if everywhere and state.last is not None:
        yield from _history(state.last)


def _tokens(state: State, *, everywhere: bool) -> Iterator[Sentence]:
    if not state.tokens:
        yield Sentence("the token list is empty")
        return
    # In text, a token for several machines shows how many it has admitted, not which.
    several = any(token.machines > 1 for token in state.tokens.values())
    outputs = "" if several else ", in text and in JSON"
    text = "every list of tokens shows:" if everywhere else f"the token list shows{outputs}:"
    rows = [
        (name, token.state, _machines(token, counted=everywhere))
        for name, token in sorted(state.tokens.items())
    ]
    yield _table(text, ("token", "state", "machine"), rows)
    for name, token in sorted(state.tokens.items()):
        if token.recorded and token.state == "expired":
            yield Sentence(f'the token "{name}" is recorded as expired')


def _machines(token: Token, *, counted: bool) -> str:
    allowed = f", of {token.machines} machines" if counted and token.machines > 1 else ""
    if not token.bound:
        return f"none{allowed}"
    one = f'that of "{token.bound[0]}"'
    workers = " and ".join(f'"{worker}"' for worker in token.bound)
    return f"{one if len(token.bound) == 1 else f'those of {workers}'}{allowed}"


def _pool(state: State, *, everywhere: bool) -> Iterator[Sentence]:
    if not state.workers:
        yield Sentence("the pool is empty")
        return
    workers = sorted(state.workers)
    if all(worker.connected for worker in state.workers.values()):
        rows = [(name, *_member(state, name), "yes") for name in workers]
        yield _table("the pool shows, in text and in JSON:", (*_MEMBER, "connected"), rows)
    else:
        # When the live pool forgets a worker that stays away depends on its grace window.
        members = [(name, *_member(state, name)) for name in workers]
        yield _table("the pool shows, including past members:", _MEMBER, members)
    # What the lists show of a later enrollment than the first is not compared.
    if everywhere and all(worker.first and not worker.later for worker in state.workers.values()):
        yield _every_list_of_workers(state)


def _every_list_of_workers(state: State) -> Sentence:
    connected = [name for name in sorted(state.workers) if state.workers[name].connected]
    if not connected:
        return Sentence("every list of workers shows no worker and how many it leaves out")
    rows = [(name, *_member(state, name)) for name in connected]
    return _table("every list of workers shows:", _MEMBER, rows)


def _member(state: State, name: str) -> tuple[str, str, str]:
    worker = state.workers[name]
    busy = len(state.on(name)) if worker.connected else 0
    working = "draining" if worker.draining else "busy"
    status = "disconnected" if not worker.connected else working if busy else "idle"
    labels = [
        # A member of a fleet has a label of its token as well.
        *([f"fleet={worker.token}"] if state.tokens[worker.token].machines > 1 else []),
        *([SPECIAL] if worker.special else []),
        f"pool={worker.pool}",
    ]
    return (status, f"{busy}/{worker.slots}", ",".join(labels))


def _queue(state: State, *, everywhere: bool) -> Sentence:
    if not state.waiting:
        return Sentence("the queue is empty")
    rows = [(name, _awaits(state, state.step(name))) for name in sorted(state.waiting)]
    # Lists of items are not known there by the names of the steps that they are expanded to.
    single = not any(state.step(name).expanded for name in state.waiting)
    text = (
        "every list of waiting steps shows:"
        if everywhere and single
        else "the queue shows, in text and in JSON:"
    )
    return _table(text, ("step", "waits for"), rows)


def _awaits(state: State, step: Step) -> str:
    if step.place not in state.pools:
        return f"target={step.place}"
    return ",".join([*([SPECIAL] if step.special else []), f"pool={step.place}"])


def _starts(state: State) -> Sentence:
    if not state.starts:
        return Sentence("no step started")
    return _table("these steps started, and no others:", ("step", "worker"), sorted(state.starts))


def _peaks(state: State) -> Iterator[Sentence]:
    """How many steps ran at once on each worker where that is certain, as all its steps have ended well."""
    troubled = {each.worker for each in state.dispatches if each.lease != "completed"}
    for worker, peak in sorted(state.peaks.items()):
        if worker not in troubled and peak.exact is not None:
            at_once = f'the largest number of steps that ran on "{worker}" at the same time is {peak.exact}'
            yield Sentence(at_once)


def _dispatches(state: State) -> Sentence:
    rows = [
        (each.step, each.worker, each.lease, "yes" if each.wrote else "no")
        for each in sorted(state.dispatches, key=lambda each: each.step)
    ]
    headings = ("step", "worker", "lease", "wrote")
    return _table("the operator sees these dispatches, and no others:", headings, rows)


def _data(state: State) -> Sentence:
    rows = [
        (step, datum, str(version), worker) for (step, datum), (version, worker) in sorted(state.data.items())
    ]
    return _table("this data is recorded, and no other:", ("step", "data", "version", "written on"), rows)


def _readings(state: State) -> Iterator[Sentence]:
    for step, datum in sorted(state.data)[:_MOST_READINGS]:
        yield Sentence(f'the operator can read what the step "{step}" wrote into "{datum}"')


def _history(last: End) -> Iterator[Sentence]:
    status = last.value if last in (End.SUCCEEDED, End.CANCELLED) else "failed"
    yield Sentence(f"the history of all runs shows the run as {status}")


def _table(text: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Sentence:
    return Sentence(text, (tuple(headings), *map(tuple, rows)))
