"""The orchestrator: `swamp serve` as a process of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from swamp_harness.product.fallbacks import Fallbacks
from swamp_harness.product.repository import Repository
from swamp_harness.product.serve_api import ServeApi
from swamp_harness.product.wordings import LISTENING, PORT_TAKEN, WAITS_FOR_RUNS
from swamp_harness.system.certificates import ServerCertificate
from swamp_harness.system.child_process import Launch
from swamp_harness.system.errors import InfrastructureError, PromiseBroken
from swamp_harness.system.limits import ORCHESTRATOR_READY, Limit
from swamp_harness.system.process_log import Life, ProcessLog
from swamp_harness.system.processes import ProcessTree
from swamp_harness.system.processor_time import Usage
from swamp_harness.system.stop_request import StopRequest
from swamp_harness.system.waiting import WaitTimeout, wait_until


class Orchestrator:
    """Serves one repository; a restart keeps the address.

    Args:
        name: its name in messages.
        binary: the swamp binary.
        environment: the environment of its machine.
        repository: the repository to serve.
        log: takes its output.
        flags: the flags of every start.
        certificate: its server certificate; None for no TLS.
        fallbacks: counts the fallbacks.

    Attributes:
        launches: how each of its processes was started, in order.
        binary: the swamp binary; a change takes effect at the next start, like that of the environment.
        environment: the environment of its processes.
        secure: whether it uses TLS.
        server_token: the administrator's, which requests to it present; empty if it authenticates nobody.
        api: its HTTP and WebSocket API, after the start.
    """

    def __init__(
        self,
        name: str,
        binary: Path,
        environment: Mapping[str, str],
        repository: Repository,
        *,
        log: ProcessLog,
        flags: Sequence[str] = (),
        certificate: ServerCertificate | None = None,
        fallbacks: Fallbacks | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.launches: list[Launch] = []
        self.binary = binary
        self.environment = dict(environment)
        self._repository = repository
        self.secure = certificate is not None
        self.server_token = ""
        self._fallbacks = fallbacks
        self._flags = (*flags, *_tls_flags(certificate))
        # The operating system chooses the port at the first start, so no two runs can choose the same.
        self._port = 0
        self._processes: list[ProcessTree] = []

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for workers."""
        return "127.0.0.1", self._port

    @property
    def api(self) -> ServeApi:
        """Its HTTP and WebSocket API."""
        return ServeApi(
            *self.address, secure=self.secure, fallbacks=self._fallbacks, server_token=self.server_token
        )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return bool(self._processes) and self._processes[-1].alive

    @property
    def starts(self) -> int:
        """How many processes of it were started."""
        return len(self._processes)

    @property
    def pid(self) -> int:
        """The id of its current process."""
        return self._running().pid

    def usages(self) -> list[Usage]:
        """What each of its processes has used, once it has ended."""
        return [process.usage for process in self._processes]

    @property
    def memory(self) -> int:
        """The memory of its current process and its descendants, in bytes."""
        return self._running().memory

    def start(self) -> None:
        """Start it and wait until `/ready` reports that it serves.

        Raises:
            InfrastructureError: it did not become ready.
            PromiseBroken: it had run before, and its new process has ended by itself.
        """
        # The repository's path has swamp's name in it. The product looks for its name in the command line,
        # and finds it even for a script, whose command line begins with an interpreter.
        arguments = [
            str(self.binary), "serve", "--port", str(self._port), "--no-schedule",
            "--repo-dir", str(self._repository.folder), *self._flags,
        ]  # fmt: skip
        launch = Launch(arguments, dict(self.environment), self._repository.folder)
        self.launches.append(launch)
        process = ProcessTree(self.name, launch, self.log)
        self._processes.append(process)
        try:
            listening = wait_until(
                f"{self.name} to listen",
                lambda: LISTENING.search(self.log.text(process.log_start)),
                lambda match: match is not None,
                ORCHESTRATOR_READY,
                give_up_if=lambda: self._cause_of_death(process),
            )
            self._port = int(_match(listening)["port"])
            wait_until(
                f"{self.name} to answer /ready",
                self.api.ready,
                bool,
                ORCHESTRATOR_READY,
                give_up_if=lambda: self._cause_of_death(process),
            )
        except WaitTimeout as error:
            if self.starts > 1 and process.exit_code is not None and not self._port_was_taken(process):
                raise PromiseBroken(f"{self.name} does not start again. {error}") from error
            raise InfrastructureError(f"The product did not start. {error}\n{self.log.tail(15)}") from error

    @property
    def reported_address(self) -> str:
        """The address that its current process has reported."""
        return _match(LISTENING.search(self.log.text(self._running().log_start)))["address"]

    def kill(self) -> None:
        """Kill it with everything that it has started."""
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
        """Ask it to stop, without waiting until it has."""
        self._running().ask_to_stop(by)

    def wait_for_exit(self, limit: Limit) -> int:
        """Wait until it has ended.

        Returns:
            The exit code.

        Raises:
            WaitTimeout: it still runs after the limit.
        """
        return self._running().wait_for_end(limit)

    @property
    def exit_code(self) -> int | None:
        """The exit code of its last process; None while it runs."""
        return self._running().exit_code

    @property
    def waits_for_runs(self) -> bool:
        """Whether its last process reports that it was asked to stop and lets its runs go on."""
        return WAITS_FOR_RUNS.search(self.log.text(self._running().log_start)) is not None

    @property
    def time_to_stop(self) -> timedelta | None:
        """How long its process took to end that was asked to stop last; None if that has not ended."""
        asked = [event.at for event in self.log.life if event.what is Life.ASKED_TO_STOP][-1:]
        ends = [event.at for event in self.log.life if event.what is Life.ENDED]
        return next((end - since for since in asked for end in ends if end >= since), None)

    def end(self) -> None:
        """Make sure that it does not run."""
        if self._processes:
            self._processes[-1].end()

    def _running(self) -> ProcessTree:
        if not self._processes:
            raise InfrastructureError(f"{self.name} was never started.")
        return self._processes[-1]

    def _cause_of_death(self, process: ProcessTree) -> str | None:
        code = process.exit_code
        if code is None:
            return None
        if self._port_was_taken(process):
            return f"port {self._port} was taken by another program"
        return f"{self.name} ended with exit code {code}"

    def _port_was_taken(self, process: ProcessTree) -> bool:
        return PORT_TAKEN.search(self.log.text(process.log_start)) is not None


def _tls_flags(certificate: ServerCertificate | None) -> Sequence[str]:
    if certificate is None:
        return ()
    return "--cert-file", str(certificate.chain), "--key-file", str(certificate.key)


def _match(found: re.Match[str] | None) -> re.Match[str]:
    assert found is not None  # noqa: S101 - the wait has ended with a match
    return found
