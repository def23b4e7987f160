"""Acts of a journey: when each is possible, where it leads, and what must be seen directly after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial

from swamp_harness.exploration import model
from swamp_harness.exploration.model import End, Rejection, State, Token, Undetermined, Worker

# The names that journeys give to tokens and workers; a worker with a token of its own has the same name.
NAMES = ("alpha", "beta", "gamma", "delta")
FLEET = "fleet"
POOLS = (model.ANY, "a", "b")
NEVER_MINTED = "nobody"
_STRANGER = "stranger"


class Focus(Enum):
    """What journeys are about."""

    TOKENS = "tokens"
    ENROLLMENT = "enrollment"
    EXPIRY = "expiry"
    NETWORK = "network"
    RUNS = "runs"
    SCHEDULING = "scheduling"


@dataclass(frozen=True)
class Seen:
    """What must be seen directly after an act.

    Attributes:
        kind: the name of a sentence.
        of: the worker, the step or the token that it is about.
        value: a reason or an end, if it has one.
    """

    kind: str
    of: str = ""
    value: Rejection | End | str = ""


@dataclass(frozen=True)
class Act:
    """What an operator, a machine or a network does.

    Attributes:
        kind: the name of a sentence.
        of: the worker, the step or the token that it is about.
        token: that a worker presents, if it is not the one of its own name.
        change: a further word of the sentence, such as the new label of a worker.
    """

    kind: str
    of: str = ""
    token: str = ""
    change: str = ""


@dataclass(frozen=True)
class Event:
    """An act with its consequences.

    Attributes:
        act: what happens.
        after: the state that it leads to.
        seen: what must be seen directly after it, in order.
    """

    act: Act
    after: State
    seen: tuple[Seen, ...] = ()


def possible(state: State, focus: frozenset[Focus]) -> list[Event]:
    """The acts that may follow in a state, the simplest first.

    An act whose consequences the promises leave open is left out. What is at work within a grace window goes
    on: a worker that was lost with a step comes back next, so no window passes unnoticed.

    Args:
        state: of the journey so far.
        focus: what journeys are about.
    """
    away = [name for name, worker in state.workers.items() if not worker.connected and state.on(name)]
    brief = next((name for name, token in state.tokens.items() if token.short and not token.expired), None)
    makers: list[Callable[[State], Iterator[Event]]] = []
    if brief is not None:  # its lifetime must not pass by itself
        makers = [_pass_lifetime, *([] if state.tokens[brief].bound else [_enroll])]
    elif away:
        makers = [_return, _cancel]
    else:
        makers += [_start_run, _go_on, _cancel] if focus & {Focus.RUNS, Focus.SCHEDULING} else []
        makers += [_mint, _revoke] if focus & {Focus.TOKENS, Focus.ENROLLMENT, Focus.EXPIRY} else []
        makers += [_enroll] if focus - {Focus.NETWORK} else []
        makers += [_end_worker, _return]
        makers += [_break_network, _restart] if focus & {Focus.NETWORK, Focus.RUNS} else []
        makers += [_pass_lifetime] if Focus.EXPIRY in focus else []
    return [_with_its_run(state, event) for maker in makers for event in maker(state)]


def _with_its_run(before: State, event: Event) -> Event:
    """An event with what it changes in the open run: steps that begin or wait, and the end of the run."""
    after = event.after
    if after.open is None:
        return event
    begun = after.starts[len(before.starts) :]
    seen = [
        *(Seen("ended", step) for step, _ in begun if step not in after.running),
        *(Seen("running", step) for step, _ in begun if step in after.running),
        *(Seen("waiting", step) for step in after.waiting if step not in before.waiting),
    ]
    end = model.end_of(after)
    if end is None:
        return Event(event.act, after, (*event.seen, *seen))
    return Event(event.act, model.over(after), (*event.seen, Seen("run ends", value=end)))


def _determined(act: Act, seen: Sequence[Seen], after: Callable[[], State]) -> Iterator[Event]:
    """The event of an act; none if the promises leave its consequences open."""
    try:
        state = after()
    except Undetermined:
        return
    yield Event(act, state, tuple(seen))


# --- tokens


def _mint(state: State) -> Iterator[Event]:
    for name in NAMES:
        if name in state.tokens:
            taken = Seen("fails", value="the name is taken")
            yield Event(Act("mint", name), state, (taken,))
        else:
            yield Event(Act("mint", name), model.minted(state, name, Token()), (Seen("succeeds"),))


def _revoke(state: State) -> Iterator[Event]:
    for name, token in state.tokens.items():
        if token.expired:
            continue  # the state of such a token is open
        for change in ("", "through the orchestrator"):
            seen = Seen("already revoked") if token.revoked else Seen("succeeds")
            yield Event(Act("revoke", name, change=change), model.revoked(state, name), (seen,))


def _pass_lifetime(state: State) -> Iterator[Event]:
    for name, token in state.tokens.items():
        holding = [worker for worker in token.bound if state.on(worker)]
        if not token.short or token.expired or holding:
            continue
        seen = [Seen("disconnected", worker) for worker in token.bound if state.workers[worker].connected]
        yield Event(Act("pass lifetime", name), model.expired(state, name), tuple(seen))


# --- enrollment


def _enroll(state: State) -> Iterator[Event]:
    stranger = f"{_STRANGER}-{state.strangers + 1}"
    for token in [*state.tokens, NEVER_MINTED]:
        try:
            reason = model.rejection(state, stranger, token)
        except Undetermined:
            continue
        if reason is not None:
            act = Act("start", stranger, token=token)
            yield Event(act, model.turned_away(state), (Seen("rejected", stranger, reason),))
        elif state.tokens[token].machines == 1:
            # The pool calls a worker by its token. Its name for one of several on one token is known only of
            # workers that are there from the beginning.
            after = partial(model.enrolled, state, token, Worker(token))
            yield from _determined(Act("start", token, token=token), [Seen("enrolled", token)], after)
    for name, worker in state.workers.items():
        if worker.connected and not _is_refused(state, name):
            act = Act("start twin", stranger, token=worker.token, change=name)
            seen = (Seen("rejected", stranger, Rejection.CONNECTED), Seen("connected", name))
            yield Event(act, model.turned_away(state), seen)


def _is_refused(state: State, name: str) -> bool:
    try:
        return model.rejection(state, name, state.workers[name].token) is not None
    except Undetermined:
        return True


# --- workers and networks


def _end_worker(state: State) -> Iterator[Event]:
    for name, worker in state.workers.items():
        if not worker.connected or _is_lost_for_good(state, name):
            continue
        yield Event(Act("kill", name), model.lost(state, name, running=False), (Seen("gone", name),))
        if not state.on(name):
            # It says goodbye, so the live pool no longer has it and nothing has to be noticed.
            yield Event(Act("stop", name), model.lost(state, name, running=False))


def _is_lost_for_good(state: State, name: str) -> bool:
    """Whether a worker that is lost now cannot come back, so its steps wait until its grace window ends."""
    return bool(state.on(name)) and _is_refused(state, name)


def _return(state: State) -> Iterator[Event]:
    for name, worker in state.workers.items():
        if worker.connected or (worker.cut and not worker.running):
            continue
        kind = "heal" if worker.cut else "start again"
        yield from _returning(state, Act(kind, name), {"first": worker.cut and worker.first})
        if kind == "start again" and not state.on(name):
            for pool in POOLS:
                if pool != worker.pool:
                    yield from _returning(
                        state, Act(kind, name, change=f"pool={pool}"), {"pool": pool, "first": False}
                    )


def _returning(state: State, act: Act, changes: dict[str, object]) -> Iterator[Event]:
    try:
        reason = model.rejection(state, act.of, state.workers[act.of].token)
    except Undetermined:
        return
    first = act.kind != "start again" and state.workers[act.of].first
    back = "same member" if first else "enrolled" if act.kind == "start again" else "connected"
    seen = [Seen(back, act.of)] if reason is None else [Seen("rejected", act.of, reason)]
    yield from _determined(act, seen, lambda: model.returned(state, act.of, **changes))


def _break_network(state: State) -> Iterator[Event]:
    for name, worker in state.workers.items():
        if not worker.cuttable or not worker.connected or _is_lost_for_good(state, name):
            continue
        for kind in ("cut", "silence") if state.alert else ("cut",):
            yield Event(Act(kind, name), model.lost(state, name, cut=True), (Seen("gone", name),))
        yield from _returning(state, Act("reset", name), {})


def _restart(state: State) -> Iterator[Event]:
    # What becomes of a run whose orchestrator ends is not in the model.
    if state.open is not None:
        return
    for name, worker in state.workers.items():
        if worker.connected and (not worker.cuttable or _is_refused(state, name)):
            return
        if worker.cut:
            return
    connected = [name for name, worker in state.workers.items() if worker.connected]
    seen = tuple(Seen("connected", name) for name in connected)
    for kind in ("restart after a stop", "restart after a kill"):
        yield Event(Act(kind), model.restarted(state), seen)


# --- runs


def _start_run(state: State) -> Iterator[Event]:
    if state.steps and state.open is None:
        yield from _determined(Act("start run"), [], lambda: model.started(state))


def _go_on(state: State) -> Iterator[Event]:
    for step in state.running:
        yield from _determined(Act("go on", step), [], partial(model.released, state, step))


def _cancel(state: State) -> Iterator[Event]:
    if state.open:
        yield Event(Act("cancel"), model.cancelled(state), (Seen("run ends", value=End.CANCELLED),))
