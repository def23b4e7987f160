"""The sentences of journeys: acts, what is seen after them, and what is seen when all is at rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from swamp_harness.exploration.acts import NEVER_MINTED, Act, Seen
from swamp_harness.exploration.model import ANY, End, State, Token, Worker

_MEMBER = ("worker", "status", "slots", "labels")


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
        rows = [(step.name, _place(step.place), step.work.value) for step in state.steps]
        sentences.append(Sentence("a workflow with the steps:", (("step", "runs on", "work"), *rows)))
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


def _place(place: str) -> str:
    if place == ANY:
        return "any worker"
    return f"pool={place}" if len(place) == 1 else f'worker "{place}"'


def _token_details(token: Token, *, short: bool) -> str:
    if short:
        return " with a short lifetime"
    return f" for {token.machines} machines" if token.machines > 1 else ""


def _worker_details(name: str, worker: Worker) -> str:
    details = [
        *([f'with the token "{worker.token}"'] if worker.token != name else []),
        *([f'with the labels "pool={worker.pool}"'] if worker.pool != ANY else []),
        *([f"with {worker.slots} slots"] if worker.slots > 1 else []),
        *(["on a network that can be cut"] if worker.cuttable else []),
    ]
    return "".join(f"{',' if place else ''} {each}" for place, each in enumerate(details))


# --- acts

_WHEN: Mapping[str, Callable[[Act], str]] = {
    "mint": lambda act: f'the operator mints the token "{act.of}"',
    "revoke": lambda act: f'the operator revokes the token "{act.of}" {act.change}'.rstrip(),
    "pass lifetime": lambda act: f'the lifetime of the token "{act.of}" passes',
    "start": lambda act: (
        f'the worker "{act.of}" starts with a credential that was never minted'
        if act.token == NEVER_MINTED
        else f'the worker "{act.of}" starts with the token "{act.token}"'
    ),
    "start twin": lambda act: (
        f'the worker "{act.of}" starts with the token "{act.token}" from the machine of "{act.change}"'
    ),
    "kill": lambda act: f'the worker "{act.of}" is killed',
    "stop": lambda act: f'the worker "{act.of}" is stopped',
    "start again": lambda act: (
        f'the worker "{act.of}" starts again with the labels "{act.change}"'
        if act.change
        else f'the worker "{act.of}" starts again'
    ),
    "cut": lambda act: f'the network of "{act.of}" is cut',
    "silence": lambda act: f'the network of "{act.of}" goes silent',
    "reset": lambda act: f'the network of "{act.of}" is reset',
    "heal": lambda act: f'the network of "{act.of}" heals',
    "restart after a stop": lambda _: "the orchestrator is stopped and starts again",
    "restart after a kill": lambda _: "the orchestrator is killed and starts again",
    "start run": lambda _: "the workflow starts",
    "go on": lambda act: f'the step "{act.of}" continues',
    "cancel": lambda _: "the operator cancels the run",
}


def of_act(act: Act) -> Sentence:
    """The When step of an act."""
    return Sentence(_WHEN[act.kind](act))


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
    "disconnected": lambda seen: f'the worker "{seen.of}" is disconnected at the deadline',
    "enrolled": lambda seen: f'the worker "{seen.of}" is enrolled',
    "rejected": lambda seen: f'the worker "{seen.of}" is rejected because {_word(seen)}',
    "connected": lambda seen: f'the worker "{seen.of}" is connected',
    "same member": lambda seen: f'the worker "{seen.of}" is connected as the same pool member as before',
    "run ends": lambda seen: _run_ends(seen.value),
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


def at_rest(state: State) -> Iterator[Sentence]:
    """The Then steps for all that an operator must see in a state, while nothing changes."""
    yield _tokens(state)
    yield _pool(state)
    if state.open:
        yield _queue(state)
        return
    if not state.steps:
        return
    yield Sentence("the queue is empty")
    yield _starts(state)
    yield from _peaks(state)
    if state.known and state.dispatches:
        yield _dispatches(state)
    if state.known and state.data:
        yield _data(state)
    for worker in sorted(state.left):
        yield Sentence(f'no process of a step is left on the machine of "{worker}"')


def _tokens(state: State) -> Sentence:
    if not state.tokens:
        return Sentence("the token list is empty")
    rows = [(name, token.state, _machines(token)) for name, token in sorted(state.tokens.items())]
    # In text, a token for several machines shows how many it has admitted, not which.
    several = any(token.machines > 1 for token in state.tokens.values())
    outputs = "" if several else ", in text and in JSON"
    return _table(f"the token list shows{outputs}:", ("token", "state", "machine"), rows)


def _machines(token: Token) -> str:
    if len(token.bound) < 2:  # noqa: PLR2004 - "that of" one, "those of" two
        return f'that of "{token.bound[0]}"' if token.bound else "none"
    workers = " and ".join(f'"{worker}"' for worker in token.bound)
    return f"those of {workers}"


def _pool(state: State) -> Sentence:
    if not state.workers:
        return Sentence("the pool is empty")
    workers = sorted(state.workers)
    if all(worker.connected for worker in state.workers.values()):
        rows = [(name, *_member(state, name), "yes") for name in workers]
        return _table("the pool shows, in text and in JSON:", (*_MEMBER, "connected"), rows)
    # When the live pool forgets a worker that stays away depends on its grace window.
    members = [(name, *_member(state, name)) for name in workers]
    return _table("the pool shows, including past members:", _MEMBER, members)


def _member(state: State, name: str) -> tuple[str, str, str]:
    worker = state.workers[name]
    busy = len(state.on(name)) if worker.connected else 0
    status = "disconnected" if not worker.connected else "busy" if busy else "idle"
    # A member of a fleet has a label of its token as well.
    fleet = f"fleet={worker.token}," if state.tokens[worker.token].machines > 1 else ""
    return (status, f"{busy}/{worker.slots}", f"{fleet}pool={worker.pool}")


def _queue(state: State) -> Sentence:
    if not state.waiting:
        return Sentence("the queue is empty")
    rows = [(name, _awaits(state.step(name).place)) for name in sorted(state.waiting)]
    return _table("the queue shows, in text and in JSON:", ("step", "waits for"), rows)


def _awaits(place: str) -> str:
    return f"pool={place}" if place == ANY or len(place) == 1 else f"target={place}"


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


def _table(text: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Sentence:
    return Sentence(text, (tuple(headings), *map(tuple, rows)))
