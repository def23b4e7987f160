"""The model: what an operator must see after each act of a journey, by the promises alone.

Plain values and pure functions, written from issue 630 and design/remote-execution.md, not from a program.
Where a promise leaves open what happens, such as which of two free workers gets a step, an act that would
lead there is `Undetermined`, and no journey contains it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

ANY = "any"
# The second label of a worker.
SPECIAL = "gpu=yes"


class Undetermined(Exception):
    """The promises leave open what happens."""


class Work(Enum):
    """What a step does, as features say it. A step pauses only the first time that it begins."""

    AT_ONCE = "writes at once"
    PAUSING = "pauses, then writes"
    WRITING_FIRST = "writes, pauses, writes again"
    FAILING = "fails"
    STUBBORN = "pauses and ignores the request to stop"


# The work that pauses.
_WITH_A_PAUSE = (Work.PAUSING, Work.WRITING_FIRST, Work.STUBBORN)


class Rejection(Enum):
    """Why the orchestrator rejects a worker, as features say it."""

    REVOKED = "its token is revoked"
    EXPIRED = "its token has expired"
    NEVER_MINTED = "its token was never minted"
    BOUND = "its token is bound to another machine"
    CONNECTED = "the worker is already connected"
    WRONG_SECRET = "its secret is wrong"  # noqa: S105 - a reason
    MALFORMED = "its token is malformed"
    OTHER_PROTOCOL = "its protocol version differs"
    NO_PROTOCOL = "its protocol version is missing"


class End(Enum):
    """How a run ends."""

    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"
    STEP_FAILED = "its step failed"
    WORKER_LOST = "its worker was lost after the step had written"
    FAILED = "failed"  # for more than one reason


@dataclass(frozen=True)
class Token:
    """A minted token.

    Attributes:
        machines: how many may enroll with it.
        short: whether its lifetime is the shortest.
        revoked: whether the operator has revoked it.
        expired: whether its lifetime has passed.
        recorded: whether the orchestrator records that for certain, as it ended a connection at the deadline.
        bound: the workers on whose machines it was used.
    """

    machines: int = 1
    short: bool = False
    revoked: bool = False
    expired: bool = False
    recorded: bool = False
    bound: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """As the token list shows it."""
        if self.revoked:
            return "revoked"
        if self.expired:
            return "expired"
        return "enrolled" if self.bound else "unused"


@dataclass(frozen=True)
class Worker:
    """A worker on a machine of its own that has enrolled at least once.

    Attributes:
        token: that it presents.
        pool: the value of its label.
        special: whether it has a second label.
        slots: how many steps it runs at a time.
        cuttable: whether its network can be cut.
        running: whether its process runs.
        cut: whether its network is cut.
        first: whether its enrollment is certainly still its first one.
        steady: whether it has been connected ever since.
        later: whether it enrolled in the course of the journey.
        unawaited: whether it has come back and nothing has waited for that.
        draining: whether it finishes its steps before it exits, and takes no others.
    """

    token: str
    pool: str = ANY
    slots: int = 1
    cuttable: bool = False
    running: bool = True
    cut: bool = False
    first: bool = True
    special: bool = False
    steady: bool = True
    later: bool = False
    unawaited: bool = False
    draining: bool = False

    @property
    def connected(self) -> bool:
        """Whether the pool shows it as connected."""
        return self.running and not self.cut


@dataclass(frozen=True)
class Step:
    """A step of the workflow.

    Attributes:
        place: a pool, or the name of a worker, which need not exist.
        work: what it does.
        special: whether it needs the second label, too.
        after: the step that must have succeeded before; none if empty.
        expanded: the step with a list of items that it is expanded from; empty if it is not.
    """

    name: str
    place: str
    work: Work
    special: bool = False
    after: str = ""
    expanded: str = ""

    @property
    def item(self) -> str:
        """The item of the list."""
        return self.name.removeprefix(f"{self.expanded}-")


@dataclass(frozen=True)
class Dispatch:
    """A lease, as the operator sees it.

    Attributes:
        lease: active, completed, failed or expired.
    """

    step: str
    worker: str
    lease: str
    wrote: bool


@dataclass(frozen=True)
class Peak:
    """The largest number of steps that ran on a worker at the same time.

    Attributes:
        least: that it certainly was.
        most: that it can have been.
    """

    least: int = 0
    most: int = 0

    @property
    def exact(self) -> int | None:
        """The number, if it is certain."""
        return self.least if self.least == self.most else None


@dataclass(frozen=True)
class State:
    """All that the model knows.

    Attributes:
        tokens: by name.
        workers: by name.
        steps: of the workflow.
        pools: the values of labels that workers have and steps ask for.
        open: what each step of the open run is doing: "waiting", "blocked" by the step before it, or the name
            of the worker; None without a run, and a step that has ended is missing.
        at_terminal: whether the open run is followed at a terminal.
        causes: why the open run will fail.
        last: how the last run ended; None if none has, or if that is open.
        dispatches: of all runs.
        starts: of all steps, with the worker.
        data: the version and the worker of each datum, by step and name.
        left: the workers on which a step was seen running.
        peaks: how many steps ran on each worker at the same time; of no worker that was lost with a step, as
            what it ran may go on beside its second run until it is connected again.
        interrupted: the workers that were lost with a step.
        known: whether the dispatches are determined.
        strangers: how many workers were turned away that were never members.
        alert: whether the orchestrator soon gives up a connection on which nothing comes.
        newly_revoked: the token that the last revocation has revoked; empty if it changed nothing.
        tried: the tokens with whose name a worker had a wrong secret.
        hurried: how many acts there were since a token with a short lifetime was minted.
    """

    tokens: Mapping[str, Token] = field(default_factory=dict)
    workers: Mapping[str, Worker] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    pools: tuple[str, ...] = (ANY, "a", "b")
    open: Mapping[str, str] | None = None
    at_terminal: bool = False
    causes: frozenset[End] = frozenset()
    last: End | None = None
    dispatches: tuple[Dispatch, ...] = ()
    starts: tuple[tuple[str, str], ...] = ()
    data: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    peaks: Mapping[str, Peak] = field(default_factory=dict)
    interrupted: frozenset[str] = frozenset()
    known: bool = True
    strangers: int = 0
    alert: bool = False
    newly_revoked: str = ""
    tried: frozenset[str] = frozenset()
    hurried: int = 0

    def step(self, name: str) -> Step:
        """The step of a name."""
        return next(each for each in self.steps if each.name == name)

    def on(self, worker: str) -> list[str]:
        """The steps that run on a worker, or did when it was lost."""
        return [step for step, place in (self.open or {}).items() if place == worker]

    @property
    def waiting(self) -> list[str]:
        """The steps that wait in the queue."""
        return self.on(WAITING)

    @property
    def running(self) -> list[str]:
        """The steps that run."""
        return [step for step, place in (self.open or {}).items() if place not in (WAITING, BLOCKED)]


WAITING = "waiting"
BLOCKED = "blocked"


# --- tokens and enrollment


def minted(state: State, name: str, token: Token) -> State:
    """A token is minted whose name is free."""
    return replace(state, tokens={**state.tokens, name: token})


def revoked(state: State, name: str) -> State:
    """A token is revoked; whoever is connected stays connected."""
    newly = "" if state.tokens[name].revoked else name
    return replace(_with_token(state, name, revoked=True), newly_revoked=newly)


def expired(state: State, name: str) -> State:
    """The lifetime of a token passes; its workers are disconnected and cannot come back.

    Their steps end as if the workers were lost.

    Raises:
        Undetermined: the promises leave open what becomes of a step.
    """
    connected = any(state.workers[worker].connected for worker in state.tokens[name].bound)
    state = _with_token(state, name, expired=True, recorded=connected)
    for worker in state.tokens[name].bound:
        if not state.workers[worker].connected:
            if state.on(worker):
                raise Undetermined
            continue
        state = _with_worker(state, worker, running=False, steady=False)
        for step in state.on(worker):
            state = _lost_with_its_worker(state, step, worker)
    return scheduled(state)


def rejection(state: State, worker: str, token: str) -> Rejection | None:
    """Why a worker that presents a token is rejected; None if it is enrolled.

    Raises:
        Undetermined: there is more than one reason.
    """
    if token not in state.tokens:
        return Rejection.NEVER_MINTED
    minted_token = state.tokens[token]
    reasons = [
        *([Rejection.REVOKED] if minted_token.revoked else []),
        *([Rejection.EXPIRED] if minted_token.expired else []),
        *(
            [Rejection.BOUND]
            if worker not in minted_token.bound and len(minted_token.bound) >= minted_token.machines
            else []
        ),
    ]
    if len(reasons) > 1:
        raise Undetermined
    return reasons[0] if reasons else None


def enrolled(state: State, name: str, worker: Worker) -> State:
    """A worker starts for the first time, with a token that admits it."""
    bound = state.tokens[worker.token].bound
    state = _with_token(state, worker.token, bound=(*bound, name))
    return scheduled(replace(state, workers={**state.workers, name: worker}))


def turned_away(state: State) -> State:
    """A worker is rejected that was never a member; nothing else changes."""
    return replace(state, strangers=state.strangers + 1)


def tried(state: State, token: str) -> State:
    """A worker with the name of a token is rejected as its secret is wrong; nothing else changes."""
    return replace(state, tried=state.tried | {token})


# --- workers that are lost and come back


def lost(state: State, name: str, **changes: bool) -> State:
    """The orchestrator notices that a worker is gone: its process has ended, or its network is cut.

    Within the grace window its steps stay where they are.
    """
    return _with_worker(state, name, **{**changes, "steady": False, "draining": False})


def asked_to_stop(state: State, name: str) -> State:
    """A worker with steps is asked to stop: it finishes them, and takes no others."""
    return _with_worker(state, name, draining=True)


def drained(state: State) -> list[str]:
    """The workers that exit, as they have finished what they had when they were asked to stop."""
    return [name for name, worker in state.workers.items() if worker.draining and not state.on(name)]


def given_up(state: State, name: str) -> State:
    """The grace window of a worker passes: its steps may run on another one, or when it is back.

    Raises:
        Undetermined: the promises leave open where.
    """
    state = _with_worker(state, name, first=False)
    for step in state.on(name):
        state = _lost_with_its_worker(state, step, name)
    return scheduled(state)


def restarted(state: State) -> State:
    """The orchestrator ends and starts again; its workers come back, and what they ran has ended.

    Only steps that have not written may run; what becomes of their run is open.
    """
    for step in state.running:
        worker = (state.open or {})[step]
        state = _interrupted(_ended(state, step, worker, "expired", wrote=False), worker)
    workers = {
        name: replace(worker, first=False, steady=False, unawaited=worker.unawaited and not worker.connected)
        for name, worker in state.workers.items()
    }
    last = state.last if state.open is None else None
    return replace(over(state), workers=workers, last=last)


def returned(state: State, name: str, **changes: object) -> State:
    """A worker comes back, or tries to: what it ran ends, and what had not written runs again.

    Raises:
        Undetermined: the promises leave open where.
    """
    worker = state.workers[name]
    if rejection(state, name, worker.token) is not None:
        return _with_worker(state, name, running=False, cut=False)
    state = _with_worker(state, name, **{"running": True, "cut": False, **changes})
    for step in state.on(name):
        state = _lost_with_its_worker(state, step, name)
    return scheduled(state)


def _lost_with_its_worker(state: State, step: str, worker: str) -> State:
    state = _interrupted(state, worker)
    if state.step(step).work is Work.WRITING_FIRST:
        state = _ended(state, step, worker, "failed", wrote=True)
        return replace(state, causes=state.causes | {End.WORKER_LOST})
    state = _ended(state, step, worker, "expired", wrote=False)
    assert state.open is not None  # noqa: S101 - the step was of the open run
    return replace(state, open={**state.open, step: WAITING})


# --- runs


def started(state: State) -> State:
    """The workflow starts.

    Raises:
        Undetermined: the promises leave open where a step runs.
    """
    waiting = {step.name: BLOCKED if step.after else WAITING for step in state.steps}
    return scheduled(replace(state, open=waiting, causes=frozenset(), last=None))


def scheduled(state: State) -> State:
    """Every step that waits and has a free worker begins.

    Raises:
        Undetermined: several workers are free for a step, or several steps want the last slot of one.
    """
    before, state = state, _unblocked(state)
    while state.waiting:
        free = {name: _free_slots(state, name) for name in state.workers}
        places = {step: _places(state, step, free) for step in state.waiting}
        if any(len(found) > 1 for found in places.values()):
            raise Undetermined
        wanted = {step: found[0] for step, found in places.items() if found}
        if not wanted:
            break
        for worker in set(wanted.values()):
            own = [step for step in wanted if wanted[step] == worker]
            pausing = [step for step in own if _pauses(state, step)]
            if len(pausing) > free[worker] - (len(pausing) < len(own)):
                raise Undetermined
        for step, worker in wanted.items():
            state = _begun(state, step, worker)
        state = _unblocked(state)
    return _with_peaks(before, state)


def _unblocked(state: State) -> State:
    """The state in which what comes after a step waits if that has succeeded, and is dropped if not.

    Raises:
        Undetermined: others are not over, so it is open whether it has to wait for them, too.
    """
    places = dict(state.open or {})
    for name in state.on(BLOCKED):
        before = state.step(name).after
        if before in places:
            continue
        if set(places) != {name}:
            raise Undetermined
        last = [each for each in state.dispatches if each.step == before][-1]
        if last.lease == "completed":
            places[name] = WAITING
        else:
            del places[name]
    return replace(state, open=places if state.open is not None else None)


def _with_peaks(before: State, after: State) -> State:
    """The state after steps have begun, with how many ran at the same time.

    A step that does not pause may have ended before another one began.
    """
    peaks = dict(after.peaks)
    begun = after.starts[len(before.starts) :]
    for worker in {worker for _, worker in begun} - after.interrupted:
        holding = len(after.on(worker))
        passing = sum(place == worker for _, place in begun) - (holding - len(before.on(worker)))
        peak = peaks.get(worker, Peak())
        least = max(holding, len(before.on(worker)) + bool(passing))
        most = min(after.workers[worker].slots, holding + passing)
        peaks[worker] = Peak(max(peak.least, least), max(peak.most, most))
    return replace(after, peaks=peaks)


def _free_slots(state: State, name: str) -> int:
    worker = state.workers[name]
    return worker.slots - len(state.on(name)) if worker.connected and not worker.draining else 0


def _places(state: State, step: str, free: Mapping[str, int]) -> list[str]:
    place = state.step(step).place
    if place in state.workers:
        return [place] if free[place] > 0 else []
    return [name for name, slots in free.items() if slots > 0 and _matches(state, step, name)]


def _matches(state: State, step: str, worker: str) -> bool:
    wanted, has = state.step(step), state.workers[worker]
    return has.pool == wanted.place and (has.special or not wanted.special)


def _pauses(state: State, step: str) -> bool:
    has_begun = any(name == step for name, _ in state.starts)
    return state.step(step).work in _WITH_A_PAUSE and not has_begun


def _begun(state: State, step: str, worker: str) -> State:
    pauses = _pauses(state, step)
    assert state.open is not None  # noqa: S101 - only steps of an open run begin
    state = replace(
        state,
        starts=(*state.starts, (step, worker)),
        open={**state.open, step: worker},
    )
    work = state.step(step).work
    if work is Work.WRITING_FIRST:
        state = _written(state, step, "before", worker)
    if work is Work.FAILING:
        state = _ended(state, step, worker, "failed", wrote=False)
        return replace(state, causes=state.causes | {End.STEP_FAILED})
    if pauses:
        return replace(state, left=state.left | {worker})
    return _completed(state, step, worker)


def _completed(state: State, step: str, worker: str) -> State:
    datum = "after" if state.step(step).work is Work.WRITING_FIRST else "result"
    return _ended(_written(state, step, datum, worker), step, worker, "completed", wrote=True)


def released(state: State, step: str) -> State:
    """A step that pauses goes on to its end, and what waited for its slot begins.

    Raises:
        Undetermined: the promises leave open where.
    """
    assert state.open is not None  # noqa: S101 - the step is of the open run
    return scheduled(_completed(state, step, state.open[step]))


def end_of(state: State) -> End | None:
    """How the open run ends; None while one of its steps waits or runs."""
    if state.open:
        return None
    causes = sorted(state.causes, key=lambda each: each.name)
    return End.SUCCEEDED if not causes else causes[0] if len(causes) == 1 else End.FAILED


def over(state: State) -> State:
    """The run has ended."""
    return replace(state, open=None, causes=frozenset(), last=end_of(state), at_terminal=False)


def cancelled(state: State) -> State:
    """The operator cancels the open run: what runs is stopped, what waits is dropped."""
    places = dict(state.open or {})
    away = [step for step in state.running if is_away(state, step)]
    for step in state.running:
        wrote = state.step(step).work is Work.WRITING_FIRST
        state = _ended(state, step, places[step], "failed", wrote=wrote)
    for step in away:
        state = _interrupted(state, places[step])
    return replace(over(state), known=state.known and not away, last=End.CANCELLED)


def _interrupted(state: State, worker: str) -> State:
    peaks = {name: peak for name, peak in state.peaks.items() if name != worker}
    return replace(state, peaks=peaks, interrupted=state.interrupted | {worker})


def stopped(state: State) -> list[str]:
    """The steps that a cancellation asks to stop, and that had begun once."""
    begun = [step for step, _ in state.starts]
    return [
        step
        for step in state.running
        if begun.count(step) == 1 and not is_away(state, step) and state.step(step).work is not Work.STUBBORN
    ]


def is_away(state: State, step: str) -> bool:
    """Whether the worker of a step is lost."""
    worker = state.workers.get((state.open or {})[step])
    return worker is not None and not worker.connected


def _ended(state: State, step: str, worker: str, lease: str, *, wrote: bool) -> State:
    remaining = {name: place for name, place in (state.open or {}).items() if name != step}
    dispatch = Dispatch(step, worker, lease, wrote)
    return replace(state, open=remaining, dispatches=(*state.dispatches, dispatch))


def _written(state: State, step: str, datum: str, worker: str) -> State:
    version = state.data.get((step, datum), (0, ""))[0] + 1
    return replace(state, data={**state.data, (step, datum): (version, worker)})


def _with_token(state: State, name: str, **changes: object) -> State:
    changed: Callable[..., Token] = replace
    return replace(state, tokens={**state.tokens, name: changed(state.tokens[name], **changes)})


def _with_worker(state: State, name: str, **changes: object) -> State:
    changed: Callable[..., Worker] = replace
    return replace(state, workers={**state.workers, name: changed(state.workers[name], **changes)})


# --- what is reached


def shape(state: State) -> str:
    """The state without its names, for counting which kinds of states journeys have reached."""
    tokens = sorted({token.state for token in state.tokens.values()})
    workers = sorted({_shape_of(state, name) for name in state.workers})
    steps = sorted({_activity(place) for place in (state.open or {}).values()})
    run = "no run" if state.open is None else f"a run with steps {', '.join(steps)}"
    return f"tokens {', '.join(tokens) or 'none'}; workers {', '.join(workers) or 'none'}; {run}"


def _shape_of(state: State, name: str) -> str:
    worker = state.workers[name]
    connected = "draining" if worker.draining else "connected"
    where = connected if worker.connected else "cut off" if worker.running else "ended"
    return f"{where} with a step" if state.on(name) else where


def _activity(place: str) -> str:
    return place if place in (WAITING, BLOCKED) else "running"
