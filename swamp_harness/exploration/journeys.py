"""Journeys: how they are made up, and the scenario that each of them is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from typing import Any

from hypothesis import strategies

from swamp_harness.exploration import model
from swamp_harness.exploration.acts import FLEET, NAMES, Event, Focus, Seen, completed, possible
from swamp_harness.exploration.model import ANY, State, Step, Token, Undetermined, Work, Worker
from swamp_harness.exploration.sentences import Sentence, at_rest, awaited, beginning, compared, of_act

_MOST_ACTS = 8
_MOST_WORKERS = 3
_MOST_STEPS = 3
_STEPS = ("build", "test", "ship")
_ITEMS = ("apple", "pear")
# The values of labels, next to that for any worker. Those of each pair are alike, but not the same.
_ALIKE = (
    *(("a", "b"), ("a", "ab"), ("a", "A"), ("gold", "not-gold"), ("a=b=c", "a=b=d"), ("a=b=c", "a=b")),
    *(("1", "01"), ("1.2", "1x2"), ("Köln", "Koln")),
)
_BRIEF = "brief"
_LONGEST_ID = 8
_RARE = 3
# Kinds of acts that lead to more than others do, and how many times as often they are drawn.
_OFTEN = {"start run": 6, "go on": 3, "start again": 2, "heal": 2}


@dataclass(frozen=True)
class Journey:
    """What happens, and what must be seen.

    Attributes:
        subject: what it is about.
        start: the state before the first act.
        brief: the token with a short lifetime; none if empty.
        events: the acts in order, each with its consequences.
        looks: the places of events after which everything is looked at; it is in any case after the last.
        everywhere: whether the lists are looked at in every way.
    """

    subject: Focus
    start: State
    brief: str
    events: tuple[Event, ...]
    looks: frozenset[int]
    everywhere: bool = False

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


def pair_before(journey: Journey, step: str) -> tuple[str, str] | None:
    """The pair of acts that leads to a step of a journey's scenario.

    Args:
        journey: with at least one act.
        step: the words of the step, without its keyword; the first of them if the scenario has several.

    Returns:
        The kinds of both acts; None if the step is the last one, so that it hides nothing.
    """
    lines = script(journey)
    place = next(place for place, line in enumerate(lines) if line.sentence.text == step)
    if place == len(lines) - 1:
        return None
    acts = [of_act(event.act) for event in journey.events]
    before = sum(line.keyword == "When" and line.sentence in acts for line in lines[: place + 1])
    return pairs_of(journey)[max(before, 1) - 1]


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
            # To look in every way takes long, and a step does not pause for ever.
            everywhere = journey.everywhere and not event.after.running
            seen = at_rest(event.after, everywhere=everywhere)
            lines += [Line("Then", sentence) for sentence in seen]
    return lines


def _line_of(seen: Seen) -> Line:
    waits = awaited(seen)
    return Line("Then", compared(seen)) if waits is None else Line("When", waits)


# --- making them up


@strategies.composite
def journeys(draw: Any, subject: Focus) -> Journey:
    """Journeys about a subject.

    Args:
        draw: Hypothesis's.
        subject: what they are about.
    """
    focus = frozenset({subject})
    brief = Focus.EXPIRY in focus
    with_runs = bool(focus & {Focus.RUNS, Focus.SCHEDULING}) or (brief and draw(strategies.booleans()))
    pools = (ANY, *draw(strategies.sampled_from(_ALIKE)))
    most = _MOST_WORKERS - brief  # they must enroll within a short lifetime
    workers = draw(strategies.lists(_workers(focus, pools), min_size=int(with_runs), max_size=most))
    fleet = draw(strategies.booleans())
    alert = any(worker.cuttable for worker, _ in workers) and draw(strategies.booleans())
    start = _start(State(pools=pools, alert=alert), workers, brief=brief, fleet=fleet)
    if with_runs:
        steps = draw(strategies.lists(_steps(), min_size=1, max_size=_MOST_STEPS))
        shape = draw(strategies.sampled_from(list(_Shape)))
        start = replace(start, steps=tuple(_startable(start, list(_workflow(steps, start, shape)))))
    choices = draw(strategies.lists(_choices(), min_size=1, max_size=_MOST_ACTS))
    events = list(_events(start, choices, focus))
    events += _to_its_end(events[-1].after if events else start, focus)
    wanted = {place for place, choice in enumerate(choices) if choice.look}
    looks = frozenset(place for place in wanted if place < len(events) and not _is_hurried(events[place]))
    everywhere = draw(strategies.booleans())
    return Journey(subject, start, _BRIEF if brief else "", tuple(events), looks, everywhere)


class _Shape(Enum):
    """What is special about a workflow."""

    PLAIN = "every step by itself"
    ORDERED = "the last step comes after the first"
    LIST = "the last step is expanded over a list of items"


@dataclass(frozen=True)
class _Choice:
    """What happens next, by numbers that a list of acts is entered with."""

    kind: int
    which: int
    look: bool
    rare: bool


def _is_hurried(event: Event) -> bool:
    """Whether a short lifetime is passing: looking at every list would take too long."""
    return any(token.short and not token.expired for token in event.after.tokens.values())


def _workers(focus: frozenset[Focus], pools: Sequence[str]) -> Any:
    """Workers, their token still open, each with whether it shares that of others."""
    may_be_cut = bool(focus & {Focus.NETWORK, Focus.RUNS, Focus.EXPIRY})
    workers = strategies.builds(
        Worker,
        token=strategies.just(""),
        pool=strategies.sampled_from(pools),
        slots=strategies.integers(1, 3),
        cuttable=strategies.booleans() if may_be_cut else strategies.just(value=False),
        special=_rarely(),
    )
    return strategies.tuples(workers, strategies.booleans())


def _steps() -> Any:
    """Steps, each a number for its place, its work, and whether it asks for a second label."""
    # A number, which means something whatever workers there are, so that a failure is shortened further.
    return strategies.tuples(_numbers(), strategies.sampled_from([*Work, Work.PAUSING]), _rarely())


def _places(start: State) -> list[str]:
    """Where steps may run, so that most of them find a worker."""
    # A worker that shares its token has another name in the pool, which nobody knows before it enrolls.
    named = [name for name, worker in start.workers.items() if worker.token == name]
    # No worker has such a name, so these steps wait.
    missing = [alike for name in named[:1] for alike in (name[:-1], name[1:], name.capitalize())]
    own = [worker.pool for worker in start.workers.values()]
    return [*own, *named, *own, *named, *named, *start.pools, *missing]


def _workflow(drawn: Sequence[tuple[int, Work, bool]], start: State, shape: _Shape) -> Iterator[Step]:
    """The steps of a workflow; only one that asks for a label can ask for a second one."""
    places = _places(start)
    for name, (number, work, special) in zip(_STEPS, drawn, strict=False):
        place = places[number % len(places)]
        step = Step(name, place, work, special=special and place in start.pools)
        is_last = name == _STEPS[len(drawn) - 1]
        if is_last and shape is _Shape.LIST:
            for item in _ITEMS:
                yield replace(step, name=f"{name}-{item}", expanded=name)
        elif is_last and shape is _Shape.ORDERED and len(drawn) > 1:
            yield replace(step, after=_STEPS[0])
        else:
            yield step


def _startable(start: State, steps: Sequence[Step]) -> Iterator[Step]:
    """The steps without those through which it would be open what happens when the workflow starts."""
    kept: list[Step] = []
    for step in steps:
        if step.after and step.after not in [each.name for each in kept]:
            continue
        try:
            model.started(replace(start, steps=(*kept, step)))
        except Undetermined:
            continue
        kept.append(step)
        yield step


def _choices() -> Any:
    return strategies.builds(
        _Choice, kind=_numbers(), which=_numbers(), look=strategies.booleans(), rare=_rarely()
    )


def _numbers() -> Any:
    return strategies.integers(0, 59)


def _rarely() -> Any:
    """True in one of four cases."""
    return strategies.integers(0, 3).map(lambda drawn: drawn == _RARE)


def _start(state: State, workers: Sequence[tuple[Worker, bool]], *, brief: bool, fleet: bool) -> State:
    shared = _BRIEF if brief else FLEET
    machines = 2 if fleet else 1
    if brief or fleet:
        state = model.minted(state, shared, Token(machines=machines, short=brief))
    for name, (worker, shares) in zip(NAMES, workers, strict=False):
        token = shared if shares and _admits(state, shared) else name
        state = state if token in state.tokens else model.minted(state, token, Token())
        state = model.enrolled(state, name, replace(worker, token=token))
    return state


def _admits(state: State, token: str) -> bool:
    return token in state.tokens and len(state.tokens[token].bound) < state.tokens[token].machines


def _events(state: State, choices: Sequence[_Choice], focus: frozenset[Focus]) -> Iterator[Event]:
    for choice in choices:
        every = possible(state, focus)
        by_kind = _by_kind([event for event in every if event.rare == choice.rare] or every)
        if not by_kind:
            return
        kinds = [kind for kind in by_kind for _ in range(_OFTEN.get(kind, 1))]
        own = by_kind[kinds[choice.kind % len(kinds)]]
        event = completed(state, own[choice.which % len(own)])
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
    every = [completed(state, event) for event in possible(state, focus)]
    events = [event for event in every if event.after != state]
    if state.open is None:
        return next((event for event in events if event.act.kind == "pass lifetime"), None)
    back = [event for event in events if event.act.kind in ("heal", "start again") and state.on(event.act.of)]
    on = [event for event in events if event.act.kind == "go on"]
    return next(iter([*back, *on, *(event for event in events if event.act.kind == "cancel")]), None)
