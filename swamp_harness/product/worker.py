"""A worker: `swamp worker connect` as a process of its own, on a machine of its own."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

from swamp_harness.product import contracts
from swamp_harness.product.commands import Output
from swamp_harness.product.conventions import MOST_DIALS
from swamp_harness.product.enrollment_relay import EnrollmentRelay
from swamp_harness.product.machine import Machine
from swamp_harness.product.trust import trust_of_system
from swamp_harness.product.wordings import (
    ALREADY_CONNECTED,
    CERTIFICATE_FLAWS,
    PROTOCOL_VERSIONS,
    REJECTIONS,
    STACK_TRACE,
    WORKER_DIALS,
    WORKER_DISCONNECTED,
    WORKER_ENROLLED,
    WORKER_EVENTS,
    WORKER_GIVES_UP,
    WORKER_PAUSES,
    WORKER_STOPPED,
    reasons_given,
)
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.system.child_process import Launch
from swamp_harness.system.errors import ContractBroken, InfrastructureError
from swamp_harness.system.hosts.host import Process
from swamp_harness.system.limits import WORKER_CONNECTED, WORKER_ENDED, WORKER_GONE, Limit
from swamp_harness.system.process_log import LogLine, ProcessLog
from swamp_harness.system.processor_time import Usage
from swamp_harness.system.stop_request import StopRequest
from swamp_harness.system.waiting import WaitTimeout, wait_until

# Lines of a worker about its connection, by the kind of the event in JSON.
ENROLLED, DISCONNECTED = "enrolled", "disconnected"
_MILESTONES = {ENROLLED: WORKER_ENROLLED, DISCONNECTED: WORKER_DISCONNECTED, "stopped": WORKER_STOPPED}


@dataclass(frozen=True)
class Milestone:
    """A line of a worker about its connection.

    Attributes:
        at: the time at which it was read.
        kind: "enrolled", "disconnected" or "stopped".
    """

    at: datetime
    kind: str


@dataclass(frozen=True)
class Ending:
    """How a worker's process ended.

    Attributes:
        failing: whether its exit code means failure.
        reasons: the reasons that it reports for its rejection, or for refusing its orchestrator.
        enrolled: whether it had enrolled although the scenario did not wait for that.
        clear: whether its error has no stack trace.
        gave_up: whether it reports that it stops because several attempts in a row have failed.
    """

    failing: bool
    reasons: tuple[str, ...]
    enrolled: bool
    clear: bool = True
    gave_up: bool = False

    def __str__(self) -> str:
        """As a sentence."""
        because = " and ".join(self.reasons) if self.reasons else "no reason that the suite knows"
        outcome = "failing" if self.failing else "successful"
        before = ", after it had enrolled" if self.enrolled else ""
        trace = "" if self.clear else ", with a stack trace"
        attempts = ", and gave up after several attempts" if self.gave_up else ""
        return f"ended by itself with a {outcome} exit code, because {because}{before}{trace}{attempts}"


class Worker:
    """One worker over all its starts.

    Args:
        name: its name in messages.
        binary: the swamp binary.
        machine: the machine where it runs.
        environment: the environment of that machine.
        settings: the settings of its start.
        log: takes its output.

    Attributes:
        launches: how each of its processes was started, in order.
        environment: the environment of its processes, without credential and address.
        variables: the whole environment of its current process.
        started: the time at which its current process was started.
        killed: the time at which a process of it was killed last; None if none was.
        relay: between it and its orchestrator; None if it connects to the orchestrator itself.
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
        self.launches: list[Launch] = []
        self.started = datetime.now(UTC)
        self.killed: datetime | None = None
        self.relay: EnrollmentRelay | None = None
        self._binary = binary
        self.environment = {
            **environment,
            **trust_of_system(machine.given(settings.trusted) if settings.trusted else None),
        }
        self.variables = self.environment
        self._processes: list[Process] = []
        self._address: tuple[str, int] | None = None
        self._awaited_enrollments = 0

    @property
    def alive(self) -> bool:
        """Whether its process runs.

        Raises:
            InfrastructureError: its machine is gone.
        """
        return bool(self._processes) and self._processes[-1].alive

    @property
    def starts(self) -> int:
        """How many processes of it were started."""
        return len(self._processes)

    def usages(self) -> list[Usage]:
        """What each of its processes has used, once it has ended."""
        return [process.usage for process in self._processes]

    @property
    def pid(self) -> int:
        """The id of its current process."""
        return self._running().pid

    @property
    def url(self) -> str:
        """The address that it connects to.

        Raises:
            InfrastructureError: it was never started.
        """
        if self._address is None:
            raise InfrastructureError(f"{self.name} was never started.")
        host, port = self._address
        return f"{'wss' if self.settings.secure else 'ws'}://{host}:{port}"

    @property
    def memory(self) -> int:
        """The memory of its current process and its descendants, in bytes."""
        return self._running().memory

    def start(self, address: tuple[str, int]) -> None:
        """Start a process that connects to an address; does not wait for the result."""
        self._address = address
        self._awaited_enrollments = 0
        cache = self.machine.cache_as_given if self.settings.cached else ""
        words, variables = self.settings.command_line(self.url, cache)
        self.variables = {**self.environment, **variables}
        launch = Launch([str(self._binary), *words], self.variables, self.machine.work)
        self.launches.append(launch)
        self.started = datetime.now(UTC)
        self._processes.append(self.machine.host.start(self.name, launch, self.log))

    def start_again(self, **changes: Any) -> None:
        """Start a new process of the same worker that connects to the same address.

        Args:
            changes: the `WorkerSettings` to change.
        """
        if self._address is None:
            raise InfrastructureError(f"{self.name} was never started.")
        if self.alive:
            raise InfrastructureError(f"{self.name} still runs: stop or kill it before you start it again.")
        self.settings = replace(self.settings, **changes)
        self.start(self._address)

    def kill(self) -> None:
        """Kill it with everything that it has started."""
        self.killed = datetime.now(UTC)
        self._running().kill()

    def crash(self) -> None:
        """Kill it alone; what it has started is left to itself."""
        self._running().crash()

    def stop(self) -> int:
        """Stop it cleanly.

        Returns:
            The exit code.
        """
        return self._running().terminate()

    def ask_to_stop(self, by: StopRequest = StopRequest.TERMINATION) -> None:
        """Ask it to stop; does not wait until it has."""
        self._running().ask_to_stop(by)

    def end(self) -> None:
        """Make sure that it does not run."""
        if self._processes:
            self._processes[-1].end()

    def wait_until_enrolled(self) -> None:
        """Wait until it reports that it has enrolled.

        Raises:
            WaitTimeout: it did not enroll, or its process ended.
            InfrastructureError: its machine is gone, or its relay failed.
        """
        wait_until(
            f"{self.name} to enroll",
            lambda: self.log.tail(5) if not self.enrollments else "enrolled",
            lambda seen: seen == "enrolled",
            WORKER_CONNECTED,
            give_up_if=self._reason_not_to_enroll,
        )
        self._awaited_enrollments = self.enrollments

    def wait_until_ended(self) -> Ending:
        """Wait until its process has ended by itself, and return how it ended.

        Raises:
            WaitTimeout: it still runs after the limit, or long after it has reported that it stops; or it has
                enrolled instead, or keeps trying.
            InfrastructureError: its machine is gone, or its relay failed.
        """
        code = self._running().wait_for_end(WORKER_ENDED, give_up_if=self._reason_not_to_end)
        self._demand_relay()
        clear = STACK_TRACE.search(self._last_error()) is None
        gave_up = self._found_at_the_stop(WORKER_GIVES_UP) is not None
        return Ending(code != 0, tuple(self.rejections), self._has_enrolled_unawaited, clear, gave_up)

    def _demand_relay(self) -> None:
        # A relay that failed makes the worker's connections break, which is no fault of the product.
        if self.relay is not None:
            self.relay.demand_no_error()

    @property
    def _has_enrolled_unawaited(self) -> bool:
        return self.enrollments > self._awaited_enrollments

    def _reason_not_to_enroll(self) -> str | None:
        self._demand_relay()
        process = self._running()
        return None if process.alive else f"it ended with exit code {process.exit_code}"

    def _reason_not_to_end(self) -> str | None:
        self._demand_relay()
        if self._has_enrolled_unawaited:
            return "it has enrolled"
        stopped = self._lines_of(WORKER_STOPPED, "stopped")
        if stopped and datetime.now(UTC) - stopped[-1].at > timedelta(seconds=WORKER_GONE.seconds):
            return f"it reported more than {WORKER_GONE.seconds:g} s ago that it stops, and still runs"
        return f"it keeps trying, {self.dials} times so far" if self.dials > MOST_DIALS else None

    @property
    def dials(self) -> int:
        """The number of its current process's attempts to connect."""
        return len(self._lines_of(WORKER_DIALS, "connecting"))

    @property
    def attempts(self) -> list[int]:
        """The numbers that its current process prints for its attempts to connect."""
        events = self._values_of(WORKER_DIALS, "connecting")
        return [int(each["attempt"]) for each in events]

    @property
    def pauses(self) -> list[float]:
        """The pauses before new attempts that its current process prints, in seconds."""
        events = self._values_of(WORKER_PAUSES, "retrying")
        return [float(each["seconds"] if "seconds" in each else each["delayMs"] / 1000) for each in events]

    @property
    def pauses_made(self) -> list[float]:
        """The seconds from each pause that its current process prints to its next attempt, if any."""
        dials = [line.at for line in self._lines_of(WORKER_DIALS, "connecting")]
        pauses = [line.at for line in self._lines_of(WORKER_PAUSES, "retrying")]
        later = [[dial for dial in dials if dial >= pause] for pause in pauses]
        return [(each[0] - pause).total_seconds() for pause, each in zip(pauses, later, strict=True) if each]

    @property
    def first_pauses(self) -> list[float]:
        """The first pause after each enrollment of its current process that did not last, in seconds."""
        pauses = list(zip(self._lines_of(WORKER_PAUSES, "retrying"), self.pauses, strict=True))
        later = [
            [seconds for pause, seconds in pauses if pause.at >= enrolled.at]
            for enrolled in self._lines_of(WORKER_ENROLLED, "enrolled")
        ]
        return [each[0] for each in later if each]

    @property
    def enrollments(self) -> int:
        """The number of enrollments that its current process reports."""
        return len(self._lines_of(WORKER_ENROLLED, "enrolled"))

    @property
    def enrolled_as(self) -> str:
        """The name in the pool that it reported at its last enrollment.

        Raises:
            InfrastructureError: its current process has not enrolled.
        """
        lines = self._lines_of(WORKER_ENROLLED, "enrolled")
        if not lines:
            raise InfrastructureError(f"{self.name} has not enrolled.")
        if self.settings.output is Output.JSON:
            return str(self._event(lines[-1].text)["workerId"])
        match = WORKER_ENROLLED.search(lines[-1].text)
        return match["name"] if match else ""

    def says_reconnected(self) -> bool:
        """Whether its last enrollment event is a reconnection; only output in JSON has that field.

        Raises:
            InfrastructureError: it does not report in JSON, or has not enrolled.
        """
        lines = self._lines_of(WORKER_ENROLLED, "enrolled")
        if self.settings.output is not Output.JSON or not lines:
            raise InfrastructureError(f"{self.name} reports no enrollment in JSON.")
        return bool(self._event(lines[-1].text)["reconnect"])

    def events(self) -> list[Mapping[str, Any]]:
        """All events of its current process, in JSON.

        Raises:
            ContractBroken: a line is not a JSON object, or breaks the contract.
        """
        lines = self.log.lines(self._running().log_start, "stdout")
        return [self._event(line.text) for line in lines]

    def lines_of_events(self) -> list[tuple[str, Mapping[str, str]]]:
        """The events of its current process in text: the kind and the fields of each line."""
        lines = self.log.lines(self._running().log_start, "stdout")
        return [
            (kind, {name: value for name, value in match.groupdict().items() if value})
            for line in lines
            for kind, pattern in WORKER_EVENTS.items()
            if (match := pattern.search(line.text))
        ]

    @property
    def exit_code(self) -> int | None:
        """The exit code of its current process; None while it runs."""
        return self._running().exit_code

    def wait_for_exit(self, limit: Limit) -> int | None:
        """Wait until its current process has exited, however it ends, or the limit has passed.

        Returns:
            Its exit code; None if it still runs.
        """
        with contextlib.suppress(WaitTimeout):
            self._running().wait_for_end(limit)
        return self.exit_code

    @property
    def is_finishing(self) -> bool:
        """Whether its current process reports that it finishes its steps and takes no new ones."""
        return bool(self._lines_of(WORKER_EVENTS["draining"], "draining"))

    @property
    def idle_before_stop(self) -> timedelta | None:
        """From the end of its last step to its report that it stops, if it has had a step."""
        ended = self.ends_of_steps
        stops = self._lines_of(WORKER_EVENTS["draining"], "draining")
        return stops[-1].at - ended[-1] if ended and stops else None

    @property
    def ends_of_steps(self) -> list[datetime]:
        """The times at which its current process reports that a step has succeeded."""
        return [line.at for line in self._lines_of(WORKER_EVENTS["dispatch_finished"], "dispatch_finished")]

    @property
    def disconnected_at(self) -> list[datetime]:
        """The times at which its current process reports a disconnection."""
        return [line.at for line in self._lines_of(WORKER_DISCONNECTED, "disconnected")]

    @property
    def reports_connection(self) -> bool:
        """Whether the last line about the connection of its current process is that of an enrollment."""
        milestones = self._milestones_in(self.log.lines(self._running().log_start, "stdout"))
        return bool(milestones) and milestones[-1].kind == ENROLLED

    def milestones(self) -> list[Milestone]:
        """All lines about its connection over all its starts, in order."""
        return self._milestones_in(self.log.lines(stream="stdout"))

    def _milestones_in(self, lines: Sequence[LogLine]) -> list[Milestone]:
        return [
            Milestone(line.at, kind)
            for line in lines
            for kind, pattern in _MILESTONES.items()
            if pattern.search(line.text) or f'"kind":"{kind}"' in line.text.replace(" ", "")
        ]

    @property
    def rejections(self) -> list[str]:
        """The reasons of its rejection that its current process reports when it stops.

        Both the line (or event) about the stop and the error at the end must give the reason.
        """
        stopped = "\n".join(line.text for line in self._lines_of(WORKER_STOPPED, "stopped"))
        error = self._last_error()
        known = {**REJECTIONS, **CERTIFICATE_FLAWS}
        return [reason for reason in reasons_given(stopped, known) if reason in reasons_given(error, known)]

    @property
    def protocol_difference(self) -> int | None:
        """Its protocol version minus the orchestrator's, as reported when it stops; None if not reported."""
        match = self._found_at_the_stop(PROTOCOL_VERSIONS)
        return int(match["worker"]) - int(match["orchestrator"]) if match else None

    @property
    def member_already_connected(self) -> str:
        """The pool member that it reports as already connected when it stops; empty if it reports none."""
        match = self._found_at_the_stop(ALREADY_CONNECTED)
        return match["member"] if match else ""

    def _found_at_the_stop(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = (pattern.search(line.text) for line in self._lines_of(WORKER_STOPPED, "stopped"))
        return next((match for match in found if match), None)

    @property
    def time_to_stop(self) -> timedelta | None:
        """From its current process's first attempt to connect to its report that it stops, if any."""
        dialled = self._lines_of(WORKER_DIALS, "connecting")
        stopped = self._lines_of(WORKER_STOPPED, "stopped")
        return stopped[-1].at - dialled[0].at if dialled and stopped else None

    def _last_error(self) -> str:
        text = self.log.text(self._running().log_start, "stderr")
        if self.settings.output is not Output.JSON:
            return text
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ContractBroken(
                f"{self.name} reports in JSON, but its standard error is not a JSON document: {error}\n{text}"
            ) from None
        contracts.validate("error", document, f"{self.name}, standard error,")
        return str(document["error"])

    def _lines_of(self, pattern: Any, kind: str) -> Sequence[LogLine]:
        lines = self.log.lines(self._running().log_start, "stdout")
        if self.settings.output is Output.JSON:
            return [line for line in lines if self._event(line.text)["kind"] == kind]
        return [line for line in lines if pattern.search(line.text)]

    def _values_of(self, pattern: re.Pattern[str], kind: str) -> list[Mapping[str, Any]]:
        """The values in its lines of one kind: the groups of the pattern in text, the events in JSON."""
        lines = [line.text for line in self._lines_of(pattern, kind)]
        if self.settings.output is Output.JSON:
            return [self._event(line) for line in lines]
        return [match.groupdict() for line in lines if (match := pattern.search(line))]

    def _event(self, line: str) -> Any:
        try:
            event = json.loads(line)
        except ValueError as error:
            raise ContractBroken(
                f"{self.name} reports in JSON, but this line is not a JSON object: {error}\n{line}"
            ) from None
        contracts.validate("worker-connect-event", event, f"{self.name}, standard output,")
        return event

    def _running(self) -> Process:
        if not self._processes:
            raise InfrastructureError(f"{self.name} was never started.")
        return self._processes[-1]
