"""Scenarios side by side: each in a process of its own, forked from this one.

A child runs one scenario with everything that the leader has read and prepared, reports each step that it
begins, and at its end the result of the scenario. A child that ends without a result is an infrastructure
error. Where processes cannot be forked, scenarios run one after the other.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import selectors
import signal
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from swamp_harness.results.result import ScenarioResult
from swamp_harness.runner.display import Display
from swamp_harness.runner.judgement import Loss
from swamp_harness.runner.session import Session
from swamp_harness.specification.features import location_of
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.limits import NEXT_STEP, SCENARIO_ENDED, Limit
from swamp_harness.system.redaction import SECRETS

_LENGTH = struct.Struct("!I")
_LOOK_EVERY = 0.5
_AT_ONCE = Limit("nothing", 0)


@dataclass(frozen=True)
class Report:
    """The report of a child about its scenario.

    Attributes:
        result: of the scenario; None if there is none.
        explanation: the last output of every process, if it failed.
        harness_seconds: the processor time of the child itself.
        error: of the suite itself, blanked; empty if it had none.
    """

    result: ScenarioResult | None
    explanation: str
    harness_seconds: float
    error: str = ""


@dataclass
class _Child:
    number: int
    scenario: Any
    pid: int
    pipe: int
    received: bytes = b""
    report: Report | None = None
    begun: float = field(default_factory=time.monotonic)
    last_message: float = field(default_factory=time.monotonic)
    last_step: str = ""
    killed_after: Limit | None = None


class SideBySide:
    """Runs scenarios in processes of their own.

    Args:
        session: of the run; it takes the reports.
        jobs: how many scenarios at a time.
        run_alone: runs one scenario in a child.
        on_result: called with the result of each scenario as it ends.
        display: shows the progress.
    """

    def __init__(
        self,
        session: Session,
        jobs: int,
        run_alone: Callable[[Any], None],
        on_result: Callable[[ScenarioResult], None],
        display: Display,
    ) -> None:
        self._session = session
        self._jobs = jobs
        self._run_alone = run_alone
        self._on_result = on_result
        self._display = display
        self._children: dict[int, _Child] = {}
        self._ending = False
        self._shows = True
        self._selector = selectors.DefaultSelector()
        # Closes when the leader is gone, however it died; then its children exit as well.
        self._leader_lives, self._leader = os.pipe()

    def run(self, scenarios: Sequence[Any]) -> None:
        """Run scenarios until all have ended, or the run is interrupted or stopped.

        Afterwards no child runs, and the reports of the children are kept.
        """
        waiting = list(enumerate(scenarios, start=1))
        try:
            while (waiting or self._children) and self._session.progress.interrupted is None:
                while waiting and len(self._children) < self._jobs:
                    self._begin(*waiting.pop(0))
                self._listen(_LOOK_EVERY)
                self._kill_the_silent(NEXT_STEP)
                if self._session.progress.is_stopped:
                    waiting.clear()
                self._show(self._display.show, len(waiting))
        finally:
            with contextlib.suppress(Exception):  # the terminal is released even if the display failed
                self._display.close()
            self._end_all()

    def _begin(self, number: int, scenario: Any) -> None:
        if sys.platform == "win32":
            raise RuntimeError("no processes can be forked here")
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            self._live_as_child(number, scenario, writing)
        os.close(writing)
        child = _Child(number, scenario, pid, reading)
        self._children[reading] = child
        self._selector.register(reading, selectors.EVENT_READ)
        self._show(self._display.begin, location_of(scenario))

    def _listen(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            child = self._children[key.fd]
            piece = os.read(key.fd, 1 << 16)
            if not piece:
                self._finish(child)
                continue
            child.received += piece
            child.last_message = time.monotonic()
            for kind, value in _messages(child):
                if kind == "step":
                    child.last_step = value
                    self._show(self._display.step, location_of(child.scenario), value)
                else:
                    child.report = value

    def _finish(self, child: _Child) -> None:
        self._selector.unregister(child.pipe)
        os.close(child.pipe)
        del self._children[child.pipe]
        _, status = os.waitpid(child.pid, 0)
        result = self._result_of(child, os.waitstatus_to_exitcode(status))
        if result is not None:
            seconds = time.monotonic() - child.begun
            self._show(self._display.end, location_of(child.scenario), seconds, result.outcome)
            self._show(self._on_result, result)

    def _show(self, show: Callable[..., None], *what: object) -> None:
        # After any error of the display the run goes on.
        if self._shows:
            try:
                show(*what)
            except Exception as error:  # noqa: BLE001 - see above
                self._shows = False
                self._session.lose_output(f"{type(error).__name__}: {error}")

    def _result_of(self, child: _Child, code: int) -> ScenarioResult | None:
        report = child.report
        if report is not None and report.result is not None:
            self._session.progress.add_from_child(report.result, report.explanation, report.harness_seconds)
            if report.error:
                self._session.take_error(child.scenario, report.error)
            return report.result
        if self._ending:
            return None
        error = report.error if report is not None else ""
        loss = Loss(code, child.last_step, child.killed_after, error)
        return self._session.take_loss(child.scenario, child.number, loss)

    def _end_all(self) -> None:
        self._ending = True
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGTERM)
            child.last_message = time.monotonic()
        while self._children:
            self._listen(_LOOK_EVERY)
            self._kill_the_silent(_AT_ONCE if self._session.progress.hurried else SCENARIO_ENDED)

    def _kill_the_silent(self, limit: Limit) -> None:
        if sys.platform == "win32":
            return
        for child in self._children.values():
            if time.monotonic() - child.last_message > limit.seconds:
                child.killed_after = limit
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)

    # --- in the child

    def _live_as_child(self, number: int, scenario: Any, pipe: int) -> None:
        code = 1
        try:
            os.close(self._leader)
            threading.Thread(target=self._die_with_the_leader, daemon=True).start()
            # The leader ends its children. Not ignored, or every process that they start would ignore it.
            signal.signal(signal.SIGINT, lambda *_: None)
            if sys.platform != "win32":
                signal.signal(signal.SIGHUP, lambda *_: None)
            signal.signal(signal.SIGTERM, self._interrupted)
            self._session.become_child(number, lambda step: _send(pipe, "step", step))
            error = self._error_of(scenario)
            result, explanation = self._session.report_of_child() or (None, "")
            if result is None and not error:
                error = SECRETS.blank(scenario.error_message or "")  # of a hook
            _send(pipe, "report", Report(result, explanation, time.process_time(), error))
            code = 0 if result is not None else 1
        finally:
            os._exit(code)  # the clean-up is the leader's

    def _error_of(self, scenario: Any) -> str:
        """Run a scenario, and return the error of the suite itself, blanked; empty if it had none."""
        try:
            self._run_alone(scenario)
        except KeyboardInterrupt:
            return ""  # the leader knows of the interruption
        except BaseException as error:  # noqa: BLE001 - whatever it is, it must not die with this process
            trace = "".join(traceback.format_exception(error))
            return SECRETS.blank(f"{type(error).__name__}: {error}\n{trace}")
        return ""

    def _interrupted(self, *_: object) -> None:
        if self._session.progress.interrupted is None:  # the leader sends it, and perhaps others do
            self._session.progress.interrupt(ExitCode.INTERRUPTED)
            raise KeyboardInterrupt

    def _die_with_the_leader(self) -> None:
        os.read(self._leader_lives, 1)
        os._exit(1)


def _send(pipe: int, kind: str, value: object) -> None:
    message = pickle.dumps((kind, value))
    whole = _LENGTH.pack(len(message)) + message
    while whole:
        whole = whole[os.write(pipe, whole) :]


def _messages(child: _Child) -> list[tuple[str, Any]]:
    messages = []
    while len(child.received) >= _LENGTH.size:
        end = _LENGTH.size + _LENGTH.unpack_from(child.received)[0]
        if len(child.received) < end:
            break
        messages.append(pickle.loads(child.received[_LENGTH.size : end]))  # noqa: S301 - from an own child
        child.received = child.received[end:]
    return messages
