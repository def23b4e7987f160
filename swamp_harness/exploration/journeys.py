"""Journeys: how they are made up, and the scenario that each of them is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from hypothesis import strategies

from swamp_harness.exploration import model
from swamp_harness.exploration.acts import FLEET, NAMES, POOLS, Event, Focus, Seen, possible
from swamp_harness.exploration.model import State, Step, Token, Work, Worker
from swamp_harness.exploration.sentences import Sentence, at_rest, awaited, beginning, compared, of_act

_MOST_ACTS = 8
_MOST_WORKERS = 3
_MOST_STEPS = 3
_STEPS = ("build", "test", "ship")
_BRIEF = "brief"
_LONGEST_ID = 8


@dataclass(frozen=True)
class Journey:
    """What happens, and what must be seen.

    Attributes:
        subject: what it is about.
        start: the state before the first act.
        brief: the token with a short lifetime; none if empty.
        events: the acts in order, each with its consequences.
        looks: the places of events after which everything is looked at; it is in any case after the last.
    """

    subject: Focus
    start: State
    brief: str
    events: tuple[Event, ...]
    looks: frozenset[int]

    @property
    def states(self) -> list[State]:
        """The states that it reaches."""
        return [self.start, *(event.after for event in self.events)]

    @property
    def id(self) -> str:
        """What identifies it: the same journey has the same id."""
        text = repr([(line.keyword, line.sentence) for line in script(self)])
        return hashlib.sha256(text.encode()).hexdigest()[:_LONGEST_ID]


@dataclass(frozen=True)
class Avoided:
    """What journeys stay away from, so that a known deviation does not hide others.

    Attributes:
        pairs: kinds of acts that do not follow each other.
    """

    pairs: frozenset[tuple[str, str]] = frozenset()

    def is_in(self, journey: Journey) -> bool:
        """Whether a journey contains something of it."""
        return not self.pairs.isdisjoint(pairs_of(journey))


def pairs_of(journey: Journey) -> list[tuple[str, str]]:
    """The kinds of acts that follow each other, in order; the first follows the beginning."""
    kinds = ["", *(event.act.kind for event in journey.events)]
    return list(pairwise(kinds))


@dataclass(frozen=True)
class Line:
    """A step of the scenario of a journey.

    Attributes:
        keyword: Given, When or Then.
        sentence: of the step.
    """

    keyword: str
    sentence: Sentence


def script(journey: Journey) -> list[Line]:
    """The steps of a journey's scenario, in order."""
    lines = [Line("Given", sentence) for sentence in beginning(journey.start, journey.brief)]
    last = len(journey.events) - 1
    for place, event in enumerate(journey.events):
        lines.append(Line("When", of_act(event.act)))
        lines += map(_line_of, event.seen)
        if place == last or place in journey.looks:
            lines += [Line("Then", sentence) for sentence in at_rest(event.after)]
    return lines


def _line_of(seen: Seen) -> Line:
    waits = awaited(seen)
    return Line("Then", compared(seen)) if waits is None else Line("When", waits)


# --- making them up


@strategies.composite
def journeys(draw: Any, subjects: Sequence[Focus]) -> Journey:
    """Journeys, each about one of some subjects.

    Args:
        draw: Hypothesis's.
        subjects: what they are about.
    """
    subject = draw(strategies.sampled_from(list(subjects)))
    focus = frozenset({subject})
    with_runs = bool(focus & {Focus.RUNS, Focus.SCHEDULING})
    workers = draw(strategies.lists(_workers(focus), min_size=int(with_runs), max_size=_MOST_WORKERS))
    brief = Focus.EXPIRY in focus
    fleet = not brief and draw(strategies.booleans())
    alert = any(cuttable for _, _, cuttable, _ in workers) and draw(strategies.booleans())
    start = _start(workers, brief=brief, fleet=fleet, alert=alert)
    if with_runs:
        steps = draw(strategies.lists(_steps(start), min_size=1, max_size=_MOST_STEPS))
        named = [Step(name, *where_and_what) for name, where_and_what in zip(_STEPS, steps, strict=False)]
        start = replace(start, steps=tuple(named))
    choices = draw(strategies.lists(_choices(), min_size=1, max_size=_MOST_ACTS))
    events = list(_events(start, [(kind, which) for kind, which, _ in choices], focus))
    events += _to_its_end(events[-1].after if events else start, focus)
    wanted = {place for place, (_, _, look) in enumerate(choices) if look}
    looks = frozenset(place for place in wanted if place < len(events) and not _is_hurried(events[place]))
    return Journey(subject, start, _BRIEF if brief else "", tuple(events), looks)


def _is_hurried(event: Event) -> bool:
    """Whether a short lifetime is passing: looking at every list would take too long."""
    return any(token.short and not token.expired for token in event.after.tokens.values())


def _workers(focus: frozenset[Focus]) -> Any:
    return strategies.tuples(
        strategies.sampled_from(POOLS),
        strategies.integers(1, 2),
        strategies.booleans() if focus & {Focus.NETWORK, Focus.RUNS} else strategies.just(value=False),
        strategies.booleans(),
    )


def _steps(start: State) -> Any:
    # A worker that shares its token has another name in the pool, which nobody knows before it enrolls.
    named = [name for name, worker in start.workers.items() if worker.token == name]
    return strategies.tuples(strategies.sampled_from([*POOLS, *named]), strategies.sampled_from(list(Work)))


def _choices() -> Any:
    number = strategies.integers(0, 59)
    return strategies.tuples(number, number, strategies.booleans())


def _start(workers: Sequence[tuple[str, int, bool, bool]], *, brief: bool, fleet: bool, alert: bool) -> State:
    tokens: dict[str, Token] = {_BRIEF: Token(short=True)} if brief else {}
    tokens |= {FLEET: Token(machines=2)} if fleet else {}
    state = State(tokens=tokens, alert=alert)
    for name, (pool, slots, cuttable, shares) in zip(NAMES, workers, strict=False):
        shared = _BRIEF if brief else FLEET if fleet else name
        token = shared if shares and _admits(state, shared) else name
        state = state if token in state.tokens else model.minted(state, token, Token())
        state = model.enrolled(state, name, Worker(token, pool, slots, cuttable))
    return state


def _admits(state: State, token: str) -> bool:
    return token in state.tokens and len(state.tokens[token].bound) < state.tokens[token].machines


def _events(state: State, choices: Sequence[tuple[int, int]], focus: frozenset[Focus]) -> Iterator[Event]:
    for kind, which in choices:
        by_kind = _by_kind(possible(state, focus))
        if not by_kind:
            return
        own = list(by_kind.values())[kind % len(by_kind)]
        event = own[which % len(own)]
        yield event
        state = event.after


def _by_kind(events: Sequence[Event]) -> Mapping[str, list[Event]]:
    kinds: dict[str, list[Event]] = {}
    for event in events:
        kinds.setdefault(event.act.kind, []).append(event)
    return kinds


def _to_its_end(state: State, focus: frozenset[Focus]) -> Iterator[Event]:
    """What remains to happen: a worker comes back, a run goes on or is cancelled, a lifetime passes."""
    while (event := _ending(state, focus)) is not None:
        yield event
        state = event.after


def _ending(state: State, focus: frozenset[Focus]) -> Event | None:
    events = [event for event in possible(state, focus) if event.after != state]
    if state.open is None:
        return next((event for event in events if event.act.kind == "pass lifetime"), None)
    back = [event for event in events if event.act.kind in ("heal", "start again") and state.on(event.act.of)]
    on = [event for event in events if event.act.kind == "go on"]
    return next(iter([*back, *on, *(event for event in events if event.act.kind == "cancel")]), None)
