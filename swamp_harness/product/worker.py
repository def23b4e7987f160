"""A worker: `swamp worker connect` as a process of its own, on a machine of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from swamp_harness.product import contracts
from swamp_harness.product.commands import Output
from swamp_harness.product.conventions import MOST_DIALS
from swamp_harness.product.machine import Machine
from swamp_harness.product.trust import trust_of_worker
from swamp_harness.product.wordings import (
    CERTIFICATE_FLAWS,
    REJECTIONS,
    STACK_TRACE,
    WORKER_DIALS,
    WORKER_DISCONNECTED,
    WORKER_ENROLLED,
    WORKER_EVENTS,
    WORKER_PAUSES,
    WORKER_STOPPED,
    reasons_given,
)
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.system.errors import ContractBroken, InfrastructureError
from swamp_harness.system.hosts.host import Process
from swamp_harness.system.limits import WORKER_CONNECTED, WORKER_ENDED
from swamp_harness.system.process_log import LogLine, ProcessLog
from swamp_harness.system.processes import Launch
from swamp_harness.system.waiting import wait_until

# What a worker tells of its connection, by the kind of the event in JSON.
ENROLLED, DISCONNECTED = "enrolled", "disconnected"
_MILESTONES = {ENROLLED: WORKER_ENROLLED, DISCONNECTED: WORKER_DISCONNECTED, "stopped": WORKER_STOPPED}


@dataclass(frozen=True)
class Milestone:
    """Something that a worker has said of its connection.

    Attributes:
        at: when it was heard.
        kind: "enrolled", "disconnected" or "stopped".
    """

    at: datetime
    kind: str


@dataclass(frozen=True)
class Ending:
    """How a worker's process came to its end.

    Attributes:
        failing: whether its exit code says failure.
        reasons: the reasons for its rejection, or for refusing its orchestrator, that it gave at the end.
        enrolled: whether it had enrolled before, other than when the scenario waited for it to enroll.
        clear: whether its error is without a stack trace.
    """

    failing: bool
    reasons: tuple[str, ...]
    enrolled: bool
    clear: bool = True

    def __str__(self) -> str:
        """As a sentence."""
        because = " and ".join(self.reasons) if self.reasons else "no reason that the suite knows"
        outcome = "failing" if self.failing else "successful"
        before = ", after it had enrolled" if self.enrolled else ""
        trace = "" if self.clear else ", with a stack trace"
        return f"ended by itself with a {outcome} exit code, because {because}{before}{trace}"


class Worker:
    """One worker over all its starts.

    Args:
        name: how messages call it.
        binary: the swamp to run.
        machine: where it runs.
        environment: of that machine.
        settings: what it is started with.
        log: takes what it says.

    Attributes:
        launches: how each of its processes was started, in order.
        environment: what its processes find, without what they are told about credential and address.
        variables: what its present process was started with, all of it.
        started: when its present process was started.
    """

    def __init__(
        self,
        name: str,
        binary: PurePath,
        *,
        machine: Machine,
        environment: Mapping[str, str],
        settings: WorkerSettings,
        log: ProcessLog,
    ) -> None:
        self.name = name
        self.machine = machine
        self.settings = settings
        self.log = log
        self.starts = 0
        self.launches: list[Launch] = []
        self.started = datetime.now(UTC)
        self._binary = binary
        self.environment = {
            **environment,
            **trust_of_worker(machine.given(settings.trusted) if settings.trusted else None),
        }
        self.variables = self.environment
        self._process: Process | None = None
        self._address: tuple[str, int] | None = None
        self._awaited_enrollments = 0

    @property
    def alive(self) -> bool:
        """Whether its process runs.

        Raises:
            InfrastructureError: the machine is gone on which it ran.
        """
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int:
        """The id of its present process."""
        return self._running().pid

    @property
    def url(self) -> str:
        """The address that it dials.

        Raises:
            InfrastructureError: it was never started.
        """
        if self._address is None:
            raise InfrastructureError(f"{self.name} was never started.")
        host, port = self._address
        return f"{'wss' if self.settings.secure else 'ws'}://{host}:{port}"

    @property
    def memory(self) -> int:
        """What its present process takes with all that descends from it, in bytes."""
        return self._running().memory

    def start(self, address: tuple[str, int]) -> None:
        """Start a process that dials an address; what becomes of it is for the scenario to ask."""
        self._address = address
        self._awaited_enrollments = 0
        cache = self.machine.cache_as_given if self.settings.cached else ""
        words, told = self.settings.command_line(self.url, cache)
        self.variables = {**self.environment, **told}
        launch = Launch([str(self._binary), *words], self.variables, self.machine.work)
        self.launches.append(launch)
        self.started = datetime.now(UTC)
        self._process = self.machine.host.start(self.name, launch, self.log)
        self.starts += 1

    def start_again(self, **changes: Any) -> None:
        """Start a new process of the same worker, dialling where the last one did.

        Args:
            changes: those of its `WorkerSettings` that are different from now on.
        """
        if self._address is None:
            raise InfrastructureError(f"{self.name} was never started.")
        if self.alive:
            raise InfrastructureError(f"{self.name} still runs, it cannot start again.")
        self.settings = replace(self.settings, **changes)
        self.start(self._address)

    def kill(self) -> None:
        """End it at once, with everything it has started."""
        self._running().kill()

    def stop(self) -> int:
        """Stop it cleanly.

        Returns:
            The exit code.
        """
        return self._running().terminate()

    def end(self) -> None:
        """Make sure that it no longer runs."""
        if self._process is not None:
            self._process.end()

    def wait_until_enrolled(self) -> None:
        """Wait until it says that it has enrolled.

        Raises:
            WaitTimeout: it did not, or its process ended.
            InfrastructureError: the machine is gone on which it ran.
        """
        process = self._running()
        wait_until(
            f"{self.name} to enroll",
            lambda: self.log.tail(5) if not self.enrollments else "enrolled",
            lambda seen: seen == "enrolled",
            WORKER_CONNECTED,
            give_up_if=lambda: None if process.alive else f"it ended with exit code {process.exit_code}",
        )
        self._awaited_enrollments = self.enrollments

    def wait_until_ended(self) -> Ending:
        """Wait until its process has ended by itself, and say how.

        Raises:
            WaitTimeout: it still runs after the limit, has enrolled instead, or goes on trying.
            InfrastructureError: the machine is gone on which it ran.
        """
        code = self._running().wait_for_end(WORKER_ENDED, give_up_if=self._reason_not_to_end)
        clear = STACK_TRACE.search(self._last_error()) is None
        return Ending(code != 0, tuple(self.rejections), self._has_enrolled_unawaited, clear)

    @property
    def _has_enrolled_unawaited(self) -> bool:
        return self.enrollments > self._awaited_enrollments

    def _reason_not_to_end(self) -> str | None:
        if self._has_enrolled_unawaited:
            return "it has enrolled"
        return f"it goes on trying, {self.dials} times so far" if self.dials > MOST_DIALS else None

    @property
    def dials(self) -> int:
        """How often its present process has tried to connect."""
        return len(self._said(WORKER_DIALS, "connecting"))

    @property
    def attempts(self) -> list[int]:
        """The number that its present process has told of each attempt to connect."""
        told = self._told(WORKER_DIALS, "connecting")
        return [int(each["attempt"]) for each in told]

    @property
    def pauses(self) -> list[float]:
        """How long its present process has said that it waits before each new attempt, in seconds."""
        told = self._told(WORKER_PAUSES, "retrying")
        return [float(each["seconds"] if "seconds" in each else each["delayMs"] / 1000) for each in told]

    @property
    def enrollments(self) -> int:
        """How often its present process has said that it enrolled."""
        return len(self._said(WORKER_ENROLLED, "enrolled"))

    @property
    def enrolled_as(self) -> str:
        """The name in the pool that it said at its last enrollment.

        Raises:
            InfrastructureError: its present process has not enrolled.
        """
        said = self._said(WORKER_ENROLLED, "enrolled")
        if not said:
            raise InfrastructureError(f"{self.name} has not enrolled.")
        if self.settings.output is Output.JSON:
            return str(self._event(said[-1].text)["workerId"])
        match = WORKER_ENROLLED.search(said[-1].text)
        return match["name"] if match else ""

    def says_reconnected(self) -> bool:
        """Whether it said at its last enrollment that it has reconnected; only in JSON does it say so.

        Raises:
            InfrastructureError: it does not report in JSON, or has not enrolled.
        """
        said = self._said(WORKER_ENROLLED, "enrolled")
        if self.settings.output is not Output.JSON or not said:
            raise InfrastructureError(f"{self.name} reports no enrollment in JSON.")
        return bool(self._event(said[-1].text)["reconnect"])

    def events(self) -> list[Mapping[str, Any]]:
        """All events that its present process has told, in JSON.

        Raises:
            ContractBroken: a line is no JSON object, or breaks the contract.
        """
        lines = self.log.lines(self._running().log_start, "stdout")
        return [self._event(line.text) for line in lines]

    def lines_of_events(self) -> list[tuple[str, Mapping[str, str]]]:
        """The kind of each event that its present process has reported in text, and what its line names."""
        lines = self.log.lines(self._running().log_start, "stdout")
        return [
            (kind, {name: value for name, value in match.groupdict().items() if value})
            for line in lines
            for kind, pattern in WORKER_EVENTS.items()
            if (match := pattern.search(line.text))
        ]

    @property
    def exit_code(self) -> int | None:
        """The exit code of its present process; None while it runs."""
        return self._running().exit_code

    @property
    def is_finishing(self) -> bool:
        """Whether its present process has said that it finishes what runs, and takes nothing new."""
        return bool(self._said(WORKER_EVENTS["draining"], "draining"))

    @property
    def disconnected_at(self) -> list[datetime]:
        """When its present process has said that it was disconnected."""
        return [line.at for line in self._said(WORKER_DISCONNECTED, "disconnected")]

    def milestones(self) -> list[Milestone]:
        """What it has said of its connection over all its starts, in order; nothing of it is judged here."""
        return [
            Milestone(line.at, kind)
            for line in self.log.lines(stream="stdout")
            for kind, pattern in _MILESTONES.items()
            if pattern.search(line.text) or f'"kind":"{kind}"' in line.text.replace(" ", "")
        ]

    @property
    def rejections(self) -> list[str]:
        """The reasons for its rejection that its present process gave as it stopped.

        Both the line (or event) that says it stopped and the error at the end must give it.
        """
        stopped = "\n".join(line.text for line in self._said(WORKER_STOPPED, "stopped"))
        error = self._last_error()
        known = {**REJECTIONS, **CERTIFICATE_FLAWS}
        return [reason for reason in reasons_given(stopped, known) if reason in reasons_given(error, known)]

    def _last_error(self) -> str:
        text = self.log.text(self._running().log_start, "stderr")
        if self.settings.output is not Output.JSON:
            return text
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ContractBroken(
                f"{self.name} reports in JSON, but its standard error is no JSON document: {error}\n{text}"
            ) from None
        contracts.validate("error", document, f"{self.name}, standard error,")
        return str(document["error"])

    def _said(self, pattern: Any, kind: str) -> Sequence[LogLine]:
        lines = self.log.lines(self._running().log_start, "stdout")
        if self.settings.output is Output.JSON:
            return [line for line in lines if self._event(line.text)["kind"] == kind]
        return [line for line in lines if pattern.search(line.text)]

    def _told(self, pattern: re.Pattern[str], kind: str) -> list[Mapping[str, Any]]:
        """What its lines of one kind tell: the groups of the pattern in text, the events in JSON."""
        lines = [line.text for line in self._said(pattern, kind)]
        if self.settings.output is Output.JSON:
            return [self._event(line) for line in lines]
        return [match.groupdict() for line in lines if (match := pattern.search(line))]

    def _event(self, line: str) -> Any:
        try:
            event = json.loads(line)
        except ValueError as error:
            raise ContractBroken(
                f"{self.name} reports in JSON, one object a line, but this line is none: {error}\n{line}"
            ) from None
        contracts.validate("worker-connect-event", event, f"{self.name}, standard output,")
        return event

    def _running(self) -> Process:
        if self._process is None:
            raise InfrastructureError(f"{self.name} was never started.")
        return self._process
