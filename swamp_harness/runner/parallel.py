"""Scenarios side by side: each in a process of its own, forked from this one, the longest first.

A child runs one scenario with everything that the leader has read and prepared, reports each step that it
begins, and at its end what became of the scenario. A child that dies without a word is an
infrastructure error. Where processes cannot be forked, scenarios run one after the other.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import selectors
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from swamp_harness.results.ids import id_of
from swamp_harness.results.result import ScenarioResult
from swamp_harness.runner.display import Display
from swamp_harness.runner.session import Session
from swamp_harness.specification.features import location_of
from swamp_harness.system import capacity
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.limits import NEXT_STEP, SCENARIO_ENDED, Limit

_LENGTH = struct.Struct("!I")
_LOOK_EVERY = 0.5
_AT_ONCE = Limit("nothing", 0)
# Scenarios mostly wait, but each start of the product keeps a processor busy: more at a time than this for
# each processor made the whole run no shorter.
_JOBS_FOR_EACH_PROCESSOR = 3
# In bytes: what the processes of a scenario of swamp were seen to need.
_MEMORY_FOR_EACH_JOB = 700 * 10**6


@dataclass(frozen=True)
class Report:
    """What a child has to say of its scenario at the end.

    Attributes:
        result: what became of it.
        explanation: the last things that everybody said, if it failed.
        harness_seconds: the processor time of the child itself.
    """

    result: ScenarioResult
    explanation: str
    harness_seconds: float


@dataclass
class _Child:
    scenario: Any
    pid: int
    pipe: int
    heard: bytes = b""
    report: Report | None = None
    begun: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)


def can_fork() -> bool:
    """Whether scenarios can run side by side on this platform."""
    return sys.platform != "win32"


def jobs_that_suit() -> int:
    """How many scenarios at a time suit this machine, as far as this process may use it."""
    return jobs_for(capacity.processors(), capacity.memory())


def jobs_for(processors: float, memory: int) -> int:
    """How many scenarios at a time, one at least, suit a machine.

    Args:
        processors: that are there for them.
        memory: that is there for them, in bytes.
    """
    return max(1, min(int(_JOBS_FOR_EACH_PROCESSOR * processors), memory // _MEMORY_FOR_EACH_JOB))


def longest_first(scenarios: Sequence[Any], seconds_of: Callable[[str], float]) -> list[Any]:
    """Scenarios in the order in which they begin, so that the longest does not come last."""
    return sorted(scenarios, key=lambda scenario: seconds_of(id_of(scenario)), reverse=True)


def shard_in(text: str) -> tuple[int, int] | None:
    """The number of a shard and the count of all, from a text such as "2/4"; None if it tells none."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        return None
    return int(match[1]), int(match[2])


def shard_of(
    scenarios: Sequence[Any], seconds_of: Callable[[str], float], number: int, count: int
) -> list[Any]:
    """One of several parts of the scenarios, of about the same duration each.

    Args:
        scenarios: all of them.
        seconds_of: how long a scenario takes.
        number: of the part, from 1.
        count: of the parts.
    """
    shards: list[list[Any]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for scenario in longest_first(scenarios, seconds_of):
        lightest = loads.index(min(loads))
        shards[lightest].append(scenario)
        loads[lightest] += seconds_of(id_of(scenario)) or 1.0
    return shards[number - 1]


class SideBySide:
    """Runs scenarios in processes of their own.

    Args:
        session: of the run; it takes the reports.
        jobs: how many scenarios at a time.
        run_alone: runs one scenario in a child.
        tell: takes the result of each scenario as it ends.
        display: shows what is under way.
    """

    def __init__(
        self,
        session: Session,
        jobs: int,
        run_alone: Callable[[Any], None],
        tell: Callable[[ScenarioResult], None],
        display: Display,
    ) -> None:
        self._session = session
        self._jobs = jobs
        self._run_alone = run_alone
        self._tell = tell
        self._display = display
        self._children: dict[int, _Child] = {}
        self._ending = False
        self._shows = True
        self._selector = selectors.DefaultSelector()
        # Closes when the leader is gone, however it died; then its children go as well.
        self._leader_lives, self._leader = os.pipe()

    def run(self, scenarios: Sequence[Any]) -> None:
        """Run scenarios to their end, or to where the run is interrupted or stopped.

        However this ends, no child runs any more, and what the children have reported is kept.
        """
        waiting = list(enumerate(scenarios, start=1))
        try:
            while (waiting or self._children) and self._session.interrupted is None:
                while waiting and len(self._children) < self._jobs:
                    self._begin(*waiting.pop(0))
                self._listen(_LOOK_EVERY)
                self._kill_who_is_silent(NEXT_STEP)
                if self._session.is_stopped:
                    waiting.clear()
                self._show(self._display.show, len(waiting))
        finally:
            with contextlib.suppress(Exception):  # even of a display that has failed, the terminal is freed
                self._display.close()
            self._end_all()

    def _begin(self, number: int, scenario: Any) -> None:
        if sys.platform == "win32":
            raise RuntimeError("no processes can be forked here")
        heard, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(heard)
            self._live_as_child(number, scenario, told)
        os.close(told)
        child = _Child(scenario, pid, heard)
        self._children[heard] = child
        self._selector.register(heard, selectors.EVENT_READ)
        self._show(self._display.begin, location_of(scenario))

    def _listen(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            child = self._children[key.fd]
            piece = os.read(key.fd, 1 << 16)
            if not piece:
                self._finish(child)
                continue
            child.heard += piece
            child.told = time.monotonic()
            for kind, told in _messages(child):
                if kind == "step":
                    self._show(self._display.step, location_of(child.scenario), told)
                else:
                    child.report = told

    def _finish(self, child: _Child) -> None:
        self._selector.unregister(child.pipe)
        os.close(child.pipe)
        del self._children[child.pipe]
        _, status = os.waitpid(child.pid, 0)
        result = self._result_of(child, os.waitstatus_to_exitcode(status))
        if result is not None:
            seconds = time.monotonic() - child.begun
            self._show(self._display.end, location_of(child.scenario), seconds, result.outcome)
            self._show(self._tell, result)

    def _show(self, show: Callable[..., None], *what: object) -> None:
        # Whatever goes wrong in showing, the run goes on.
        if self._shows:
            try:
                show(*what)
            except Exception as error:  # noqa: BLE001 - that is so for every error
                self._shows = False
                self._session.lose_output(f"{type(error).__name__}: {error}")

    def _result_of(self, child: _Child, code: int) -> ScenarioResult | None:
        if child.report is not None:
            return self._session.take(
                child.report.result, child.report.explanation, child.report.harness_seconds
            )
        if self._ending:
            return None
        return self._session.take_loss(child.scenario, code)

    def _end_all(self) -> None:
        self._ending = True
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM)
            child.told = time.monotonic()
        while self._children:
            self._listen(_LOOK_EVERY)
            self._kill_who_is_silent(_AT_ONCE if self._session.hurried else SCENARIO_ENDED)

    def _kill_who_is_silent(self, limit: Limit) -> None:
        if sys.platform == "win32":
            return
        for child in self._children.values():
            if time.monotonic() - child.told > limit.seconds:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)

    # --- in the child

    def _live_as_child(self, number: int, scenario: Any, told: int) -> None:
        code = 1
        try:
            os.close(self._leader)
            threading.Thread(target=self._die_with_the_leader, daemon=True).start()
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the leader says when it is over
            if sys.platform != "win32":
                signal.signal(signal.SIGHUP, lambda *_: None)  # not ignored, or the product would ignore it
            signal.signal(signal.SIGTERM, self._interrupted)
            self._session.become_child(number, lambda step: _send(told, "step", step))
            with contextlib.suppress(KeyboardInterrupt):
                self._run_alone(scenario)
            report = self._session.report_of_child()
            if report is not None:
                result, explanation = report
                _send(told, "report", Report(result, explanation, time.process_time()))
                code = 0
        finally:
            os._exit(code)  # nothing of the leader's is to be cleaned up here

    def _interrupted(self, *_: object) -> None:
        if self._session.interrupted is None:  # the leader tells it, and may be not the only one
            self._session.interrupt(ExitCode.INTERRUPTED)
            raise KeyboardInterrupt

    def _die_with_the_leader(self) -> None:
        os.read(self._leader_lives, 1)
        os._exit(1)


def _send(pipe: int, kind: str, told: object) -> None:
    message = pickle.dumps((kind, told))
    whole = _LENGTH.pack(len(message)) + message
    while whole:
        whole = whole[os.write(pipe, whole) :]


def _messages(child: _Child) -> list[tuple[str, Any]]:
    messages = []
    while len(child.heard) >= _LENGTH.size:
        end = _LENGTH.size + _LENGTH.unpack_from(child.heard)[0]
        if len(child.heard) < end:
            break
        messages.append(pickle.loads(child.heard[_LENGTH.size : end]))  # noqa: S301 - a child's of its own
        child.heard = child.heard[end:]
    return messages
