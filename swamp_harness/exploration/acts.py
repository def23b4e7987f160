"""Acts of a journey: when each is possible, where it leads, and what must be seen directly after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial

from swamp_harness.exploration import model
from swamp_harness.exploration.model import End, Rejection, State, Token, Undetermined, Work, Worker

# The names that journeys give to tokens and workers; a worker with a token of its own has the same name.
# Some begin alike, so that a name that is only compared in part shows.
NAMES = ("alpha", "alpha-2", "beta", "beta-2")
FLEET = "fleet"
NEVER_MINTED = "nobody"
_STRANGER = "stranger"
# How many acts fit into a short lifetime, and what takes too long for it.
_MOST_HURRIED = 2
_LENGTHY = ("refuse", "reset unnoticed")


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
        value: a reason, an end, a number or another worker, if it has one.
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
        rare: whether it is drawn from the rare acts, so that common ones are not starved.
    """

    act: Act
    after: State
    seen: tuple[Seen, ...] = ()
    rare: bool = False


def possible(state: State, focus: frozenset[Focus]) -> list[Event]:
    """The acts that may follow in a state, the simplest first, each with what it changes by itself.

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
        makers = [_pass_lifetime]
        if state.open is not None:
            makers += [_go_on, _cancel]
        elif state.hurried < _MOST_HURRIED:
            makers += [_enroll, _end_worker, _return, _break_network, _restart, _start_run]
    elif away:
        makers = [_return, _cancel, _pass_grace_window]
    else:
        makers += [_start_run, _go_on, _cancel, _drain]
        makers += [_mint, _revoke] if focus & {Focus.TOKENS, Focus.ENROLLMENT, Focus.EXPIRY} else []
        makers += [_enroll] if focus - {Focus.NETWORK} else []
        makers += [_end_worker, _return]
        makers += (
            [_break_network, _restart, _pass_every_grace_window]
            if focus & {Focus.NETWORK, Focus.RUNS}
            else []
        )
    made = [event for maker in makers for event in maker(state)]
    if brief is not None:
        made = [
            replace(event, after=replace(event.after, hurried=state.hurried + 1))
            for event in made
            if event.act.kind not in _LENGTHY
        ]
    return made


def completed(before: State, event: Event) -> Event:
    """A possible event with all of its consequences, beyond those that its act has by itself.

    Args:
        before: the state in which it happens.
        event: one of the possible ones.
    """
    return _with_its_run(before, _outlasted(before, event))


def _outlasted(before: State, event: Event) -> Event:
    """An event while other workers stay away: on a slow machine their grace windows may pass meanwhile."""
    away = {
        name: replace(worker, first=False)
        for name, worker in before.workers.items()
        if not worker.connected and event.after.workers[name] == worker
    }
    if not away:
        return event
    return replace(event, after=replace(event.after, workers={**event.after.workers, **away}))


def _with_its_run(before: State, event: Event) -> Event:
    """An event with what it changes in the open run, and at workers that finish their steps.

    Steps begin or wait, the run ends, and a worker exits that was asked to stop.
    """
    exits = [Seen("exits", name, "0") for name in model.drained(event.after)]
    after = event.after
    for each in exits:
        after = model.lost(after, each.of, running=False)
    event = replace(event, after=after)
    if after.open is None:
        return replace(event, seen=(*event.seen, *exits))
    begun = after.starts[len(before.starts) :]
    seen = [
        *(Seen("ended", step) for step, _ in begun if step not in after.running),
        *(Seen("running", step) for step, _ in begun if step in after.running),
        *(Seen("waiting", step) for step in after.waiting if step not in before.waiting),
    ]
    end = model.end_of(after)
    if end is None:
        return replace(event, seen=(*event.seen, *seen, *exits))
    return replace(event, after=model.over(after), seen=(*event.seen, Seen("run ends", value=end), *exits))


def _determined(
    act: Act, seen: Sequence[Seen], after: Callable[[], State], *, rare: bool = False
) -> Iterator[Event]:
    """The event of an act; none if the promises leave its consequences open."""
    try:
        state = after()
    except Undetermined:
        return
    yield Event(act, state, tuple(seen), rare)


# --- tokens

# Notations of lifetimes that are long enough for every journey, and lifetimes that no token can have.
_LIFETIMES = ("2h", "7d", "2w", "1mo", "1y")
_REFUSED = (("0m", "the lifetime must be positive"), ("30s", "the lifetime is not understood"))


def _mint(state: State) -> Iterator[Event]:
    taken = (Seen("fails", value="the name is taken"),)
    for name in NAMES:
        ways = ["", "through the orchestrator", "for 3 machines", *map(_with_lifetime, _LIFETIMES)]
        for way in ways:
            act = Act("mint", name, change=way)
            if name in state.tokens:
                yield Event(act, state, taken, rare=way != "")
            else:
                token = Token(machines=3 if way.startswith("for") else 1)
                yield Event(act, model.minted(state, name, token), (Seen("succeeds"),), rare=way != "")
        for lifetime, reason in _REFUSED if name not in state.tokens else ():
            act = Act("mint", name, change=_with_lifetime(lifetime))
            yield Event(act, state, (Seen("fails", value=reason),), rare=True)


def _with_lifetime(lifetime: str) -> str:
    return f"with a lifetime of {lifetime}"


def _revoke(state: State) -> Iterator[Event]:
    for name, token in state.tokens.items():
        if token.expired and not token.revoked:
            continue  # the state of such a token is open
        anew = state.newly_revoked == name
        for way in ("", "through the orchestrator"):
            seen = [Seen("revoked since", name)] if anew else []
            seen += [Seen("already revoked")] if token.revoked else []
            act = Act("revoke again" if anew else "revoke", name, change=way)
            yield Event(act, model.revoked(state, name), (*seen, Seen("succeeds")), rare=anew)
    unknown = (Seen("fails", value="there is no such token"),)
    yield Event(Act("revoke", NEVER_MINTED), replace(state, newly_revoked=""), unknown, rare=True)


def _pass_lifetime(state: State) -> Iterator[Event]:
    for name, token in state.tokens.items():
        if not token.short or token.expired:
            continue
        connected = [worker for worker in token.bound if state.workers[worker].connected]
        seen = [Seen("disconnected", worker) for worker in connected]
        ends = [worker for worker in connected if not state.workers[worker].unawaited]
        seen += [Seen("rejected", worker, Rejection.EXPIRED) for worker in ends if not token.revoked]
        for event in _determined(Act("pass lifetime", name), seen, partial(model.expired, state, name)):
            # When a step that ends at the deadline begins again, or waits, is open; how its run ends is not.
            # A step that pauses does not pause for as long as a lifetime.
            if not event.after.open or not state.running:
                yield event


# --- enrollment


def _enroll(state: State) -> Iterator[Event]:
    stranger = f"{_STRANGER}-{state.strangers + 1}"
    for token in [*state.tokens, NEVER_MINTED]:
        try:
            reason = model.rejection(state, stranger, token)
        except Undetermined:
            continue
        if reason is not None:
            yield _rejected(state, Act("start", stranger, token=token), reason)
            continue
        is_free = token not in state.tried and token not in state.workers
        if state.tokens[token].machines == 1 and is_free:
            # The pool calls a worker by its token. Its name for one of several on one token is known only of
            # workers that are there from the beginning.
            after = partial(model.enrolled, state, token, Worker(token, later=True))
            yield from _determined(Act("start", token, token=token), [Seen("enrolled", token)], after)
            secret = Act("start", token, change="with a wrong secret")
            wrong = (Seen("rejected", token, Rejection.WRONG_SECRET),)
            yield Event(secret, model.tried(state, token), wrong, rare=True)
        for protocol, refused in _PROTOCOLS:
            act = Act("start", stranger, token=token, change=protocol)
            yield replace(_rejected(state, act, refused), rare=True)
    for token in list(state.tokens)[:1]:
        alone = Act("start", stranger, change=f'with the secret of the token "{token}" alone')
        malformed = (Seen("rejected", stranger, Rejection.MALFORMED),)
        yield Event(alone, model.turned_away(state), malformed, rare=True)
    for name, worker in state.workers.items():
        if not _is_refused(state, name):
            yield from _from_its_machine(state, stranger, name, worker)


_PROTOCOLS = (
    ("with an older protocol version", Rejection.OTHER_PROTOCOL),
    ("with a newer protocol version", Rejection.OTHER_PROTOCOL),
    ("with output in JSON, without a protocol version", Rejection.NO_PROTOCOL),
)


def _from_its_machine(state: State, stranger: str, name: str, worker: Worker) -> Iterator[Event]:
    twin = Act("start twin", stranger, token=worker.token, change=name)
    if worker.connected:
        yield _rejected(state, twin, Rejection.CONNECTED)
        clone = replace(twin, kind="start clone")
        yield replace(_rejected(state, clone, Rejection.CONNECTED), rare=True)
    elif not worker.running:
        older = replace(twin, kind="start older twin")
        yield replace(_rejected(state, older, Rejection.OTHER_PROTOCOL), rare=True)
    if state.tokens[worker.token].machines == 1:
        similar = replace(twin, kind="start similar")
        yield replace(_rejected(state, similar, Rejection.BOUND), rare=True)


def _rejected(state: State, act: Act, reason: Rejection) -> Event:
    """A worker is rejected that was never a member, and nobody else notices."""
    seen = [Seen("rejected", act.of, reason)]
    # Whether a worker tries again that is not rejected for good is open.
    if reason not in (Rejection.CONNECTED, Rejection.MALFORMED, Rejection.NO_PROTOCOL):
        seen.append(Seen("tried once", act.of))
    for name, worker in state.workers.items():
        if worker.connected and worker.token == act.token:
            seen.append(Seen("stayed", name, act.of) if worker.steady else Seen("connected", name))
    return Event(act, model.turned_away(state), tuple(seen))


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


def _drain(state: State) -> Iterator[Event]:
    for name, worker in state.workers.items():
        if not worker.connected or not state.on(name) or _is_stubborn(state, name):
            continue
        if not worker.draining:
            yield Event(Act("ask to stop", name), model.asked_to_stop(state, name))
        elif not _is_lost_for_good(state, name):
            seen = (Seen("exits", name, "1"), Seen("gone", name))
            yield Event(Act("ask to stop again", name), model.lost(state, name, running=False), seen)


def _is_stubborn(state: State, name: str) -> bool:
    """Whether a worker has a step of which it is open how long it goes on after the worker is lost."""
    return any(state.step(step).work is Work.STUBBORN for step in state.on(name))


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
            for pool in state.pools:
                if pool != worker.pool:
                    label = f"pool={pool}, {model.SPECIAL}" if worker.special else f"pool={pool}"
                    act = Act(kind, name, change=f'with the labels "{label}"')
                    yield from _returning(state, act, {"pool": pool, "first": False})
            slots, words = (3, "with 3 slots") if worker.slots == 1 else (1, "with 1 slot")
            act = Act(kind, name, change=words)
            yield from _returning(state, act, {"slots": slots, "first": False}, rare=True)


def _returning(state: State, act: Act, changes: dict[str, object], *, rare: bool = False) -> Iterator[Event]:
    try:
        reason = model.rejection(state, act.of, state.workers[act.of].token)
    except Undetermined:
        return
    worker, starts = state.workers[act.of], act.kind == "start again"
    # After a later enrollment than the first, only the lists show whether a worker is back; after a reset,
    # they may show it as it was before.
    awaited = starts or (worker.first and act.kind != "reset")
    if reason is None:
        seen = [Seen("same member", act.of)] if worker.first and not starts else []
        seen += [Seen("enrolled", act.of)] if awaited else []
    elif starts or not worker.unawaited:
        seen = [Seen("rejected", act.of, reason), *([Seen("tried once", act.of)] if starts else [])]
    else:
        seen = []
    changed = {**changes, "unawaited": not awaited}
    yield from _determined(act, seen, lambda: model.returned(state, act.of, **changed), rare=rare)


def _break_network(state: State) -> Iterator[Event]:
    for name, worker in state.workers.items():
        if not worker.cuttable or not worker.connected or _is_lost_for_good(state, name):
            continue
        if worker.draining or _is_stubborn(state, name):
            continue  # whether it comes back is open, or how long its step goes on beside the second run
        for kind in ("cut", "silence") if state.alert else ("cut",):
            yield Event(Act(kind, name), model.lost(state, name, cut=True), (Seen("gone", name),))
        yield from _returning(state, Act("reset", name), {"steady": False})
        if not _is_refused(state, name):
            refused = model.lost(state, name, cut=True)
            yield Event(Act("refuse", name), refused, (Seen("gone", name),), rare=True)
        if not _is_refused(state, name) and not state.on(name):
            yield from _returning(state, Act("reset unnoticed", name), {"steady": False}, rare=True)


def _pass_grace_window(state: State) -> Iterator[Event]:
    """The grace window of the only worker that was lost with steps passes, if no other step pauses meanwhile.

    What a worker runs that was only cut off goes on, so how often its steps run is open.
    """
    away = [name for name, worker in state.workers.items() if not worker.connected]
    for name in away if len(away) == 1 else ():
        if not state.workers[name].running and state.running == state.on(name):
            act = Act("pass grace window", name)
            yield from _determined(act, [], partial(model.given_up, state, name), rare=True)


def _pass_every_grace_window(state: State) -> Iterator[Event]:
    """The grace windows of workers that are back pass, which changes nothing."""
    back = all(worker.connected for worker in state.workers.values())
    if back and not state.running and not all(worker.steady for worker in state.workers.values()):
        yield Event(Act("pass every grace window"), state, rare=True)


def _restart(state: State) -> Iterator[Event]:
    # What becomes of a run whose orchestrator ends is open, only not that it holds no worker.
    works = {state.step(step).work for step in state.running}
    if state.open is not None and (len(state.running) < len(state.open) or works != {Work.PAUSING}):
        return
    for name, worker in state.workers.items():
        if worker.connected and (not worker.cuttable or worker.draining or _is_refused(state, name)):
            return
        if worker.cut:
            return
    connected = [name for name, worker in state.workers.items() if worker.connected]
    seen = tuple(Seen(kind, name) for name in connected for kind in ("connected", "enrolled"))
    for kind in (
        ("restart after a stop", "restart after a kill") if state.open is None else ("restart after a kill",)
    ):
        yield Event(Act(kind), model.restarted(state), seen, rare=state.open is not None)


# --- runs


def _start_run(state: State) -> Iterator[Event]:
    if state.steps and state.open is None:
        yield from _determined(Act("start run"), [], lambda: model.started(state))
        followed = replace(state, at_terminal=True)
        act = Act("start run", change="at a terminal")
        yield from _determined(act, [], lambda: model.started(followed), rare=True)


def _go_on(state: State) -> Iterator[Event]:
    for step in state.running:
        # What follows must not come before its end, which takes the step a moment.
        seen = [] if model.is_away(state, step) else [Seen("ended", step)]
        yield from _determined(Act("go on", step), seen, partial(model.released, state, step))


def _cancel(state: State) -> Iterator[Event]:
    if not state.open:
        return
    after = model.cancelled(state)
    ended = [Seen("run ends", value=End.CANCELLED)]
    stopped = [Seen("stopped", step) for step in model.stopped(state)]
    if any(model.is_away(state, step) for step in state.running):
        yield Event(Act("cancel"), after, tuple(ended))
        return
    stubborn = [step for step in state.running if state.step(step).work is Work.STUBBORN]
    at_once = [] if stubborn else [Seen("nothing left")]
    confirmed = [Seen("confirmed"), *(Seen("not early", step) for step in stubborn), *at_once]
    for way in ("", "with the orchestrator's address in a variable"):
        yield Event(Act("cancel", change=way), after, (*confirmed, *ended, *stopped), rare=way != "")
    by_name = Act("cancel", change="by the name of its workflow")
    yield Event(by_name, after, (Seen("answers"), *ended, *stopped), rare=True)
    if state.at_terminal:
        yield Event(Act("press Ctrl-C"), after, (*ended, *stopped))
