"""The session of a worker: it dials, enrolls or is turned away, runs steps, loses its connection, redials."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from standin import protocol
from standin.bundles import Bundle
from standin.errors import UserError
from standin.remote import CertificateRejected, connected
from standin.runners import Runner
from standin.timing import DIALS_BEFORE_ENROLLMENT, FIRST_PAUSE, LONGEST_PAUSE
from standin.worker.cache import Cache

# The variables of the control plane, which no step gets.
CONTROL_PLANE = (
    "SWAMP_WORKER_TOKEN",
    "SWAMP_SERVER_TOKEN",
    "SWAMP_ORCHESTRATOR_URL",
    "SWAMP_WORKER_CACHE_DIR",
)

Report = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class Settings:
    """The settings of a worker.

    Attributes:
        url: of the orchestrator.
        token: its credential.
        labels: for scheduling.
        slots: how many steps it runs in parallel.
        trusted: a file of trusted certificates; empty for none.
        data_url: where the data plane is; that of the orchestrator if empty.
        step_limit: the number of steps after which it stops; 0 for no limit.
        idle_time: the seconds without a step after which it stops; 0 for no limit.
        reconnects: whether it connects again when its connection closes.
    """

    url: str
    token: str
    labels: dict[str, str]
    slots: int
    trusted: str
    data_url: str = ""
    step_limit: int = 0
    idle_time: float = 0
    reconnects: bool = True


class TurnedAway(Exception):
    """The orchestrator turns the worker away.

    Args:
        reason: the orchestrator's reason.
        for_good: whether retrying is useless.
    """

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Session:
    """One worker process.

    Args:
        settings: of the worker.
        cache: of its machine.
        report: called with each event, as its kind and its facts.
        on_line: called with each line that its steps write to their consoles.
    """

    def __init__(
        self, settings: Settings, cache: Cache, report: Report, on_line: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._report = report
        self._on_line = on_line
        self._instance = str(uuid.uuid4())
        self._runners: dict[str, Runner] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket: ClientConnection | None = None
        self._asked_to_stop = asyncio.Event()
        self._reason = "shutdown"
        self._steps_done = 0
        self._idle: asyncio.TimerHandle | None = None
        # A thread for each step, as steps that begin together fetch together.
        self._fetching = ThreadPoolExecutor(settings.slots)
        self._enrolled_once = False
        self._failures = 0
        self._pause = FIRST_PAUSE

    def stop(self, reason: str = "signal") -> None:
        """Finish the running steps, and end."""
        if not self._asked_to_stop.is_set():
            self._reason = reason
            self._asked_to_stop.set()

    async def live(self) -> None:
        """Dial until the worker ends.

        Raises:
            UserError: the worker was turned away, or gives up.
        """
        attempt = 0
        while not self._asked_to_stop.is_set():
            attempt += 1
            self._report("connecting", {"url": self._settings.url, "attempt": attempt})
            try:
                reason = await self._connected()
            except TurnedAway as away:
                if away.for_good:
                    self._give_up(str(away))
                reason = str(away)
            except CertificateRejected as error:
                self._give_up(str(error))
            except UserError as error:
                reason = str(error)
            self._report("disconnected", {"reason": reason})
            if self._asked_to_stop.is_set() or not self._settings.reconnects:
                break
            self._failures += 1
            if self.has_lost_patience():
                self._give_up(
                    f"connection failed {self._failures} consecutive times before enrollment — giving up "
                    f"(last error: {reason})"
                )
            await self._pause_before_next()
        self._report("stopped", {"reason": self._reason})

    def has_lost_patience(self) -> bool:
        """Whether it has failed to connect often enough."""
        return not self._enrolled_once and self._failures >= DIALS_BEFORE_ENROLLMENT

    def _give_up(self, reason: str) -> None:
        self._report("stopped", {"reason": reason})
        raise UserError(reason)

    async def _pause_before_next(self) -> None:
        self._report("retrying", {"delayMs": int(self._pause * 1000)})
        stopped = asyncio.ensure_future(self._asked_to_stop.wait())
        await asyncio.wait([stopped], timeout=self._pause)
        stopped.cancel()
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    # --- connected

    async def _connected(self) -> str:
        async with connected(self._settings.url, self._settings.trusted) as socket:
            try:
                await self._enroll(socket)
                self._socket = socket
                reason = await self._serve(socket)
            except ConnectionClosed as closed:
                reason = f"control socket closed: {closed}"
            finally:
                self._socket = None
                self.abandon()
            return reason

    async def _enroll(self, socket: ClientConnection) -> None:
        await socket.send(json.dumps({"method": "worker.enroll", "params": self.wish()}))
        self.answered(json.loads(await socket.recv()))

    def wish(self) -> dict[str, Any]:
        """What it sends to enroll."""
        machine = platform.machine().lower()
        return {
            "token": self._settings.token,
            "protocolVersion": protocol.VERSION,
            "swampVersion": protocol.RELEASE,
            "machineId": self._cache.machine_id(),
            "instanceUuid": self._instance,
            "labels": self._settings.labels,
            "platform": platform.system().lower(),
            "arch": {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine),
            "capacity": self._settings.slots,
        }

    def answered(self, reply: dict[str, Any]) -> None:
        """Take the orchestrator's answer.

        Raises:
            TurnedAway: the orchestrator does not admit it.
        """
        if "error" in reply:
            raise TurnedAway(reply["error"]["message"], for_good=reply["error"]["permanent"])
        self._enrolled_once, self._failures, self._pause = True, 0, FIRST_PAUSE
        self._report("enrolled", {"workerId": reply["name"], "reconnect": reply["reconnect"]})
        self.begin_idleness()

    async def _serve(self, socket: ClientConnection) -> str:
        draining = asyncio.ensure_future(self._drain(socket))
        try:
            async for text in socket:
                message = json.loads(text)
                self._handle(message["method"], message.get("params", {}))
        finally:
            draining.cancel()
        if self._asked_to_stop.is_set():
            return "drained"
        return "control socket closed"

    async def _drain(self, socket: ClientConnection) -> None:
        await self._asked_to_stop.wait()
        self._report("draining", {"reason": self._reason})
        await socket.send(json.dumps({"method": "worker.drain", "params": {}}))
        await self.finish_steps()
        self._report("drain_complete", {})
        await socket.close()

    async def finish_steps(self) -> None:
        """Wait until every running step has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _handle(self, method: str, params: dict[str, Any]) -> None:
        if method == "dispatch.start":
            self.end_idleness()
            task = asyncio.ensure_future(self._run(params))
        elif method == "dispatch.cancel":
            task = asyncio.ensure_future(self.cancel(params["dispatchId"]))
        else:
            task = asyncio.ensure_future(self._verify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _verify(self) -> None:
        error = ""
        try:
            async with connected(self._data_url, self._settings.trusted, "/data"):
                pass
        except UserError as failure:
            error = f"Fetch failed: {failure}"
        await self._send("worker.verified", {"error": error})

    @property
    def _data_url(self) -> str:
        return self._settings.data_url or self._settings.url

    # --- steps

    async def _run(self, job: dict[str, Any]) -> None:
        facts = {key: job[key] for key in ("dispatchId", "modelType")}
        facts["methodName"] = job["method"]
        whence = {key: job[key] for key in ("workflowName", "stepName")}
        self._report("dispatch_started", {**facts, **whence})
        started = asyncio.get_running_loop().time()
        try:
            result = await self._result_of(job)
        except OSError as error:
            result = {"status": "error", "error": f"The extension could not be fetched: {error}"}
        self._steps_done += 1
        if self.has_reached_limit(self._steps_done):
            self.stop("max-dispatches")
            await asyncio.sleep(0)  # it reports that first
        duration = int((asyncio.get_running_loop().time() - started) * 1000)
        answer = {**result, "durationMs": duration}
        self._report("dispatch_finished", {**facts, **answer})
        await self._send("dispatch.finished", {"dispatchId": job["dispatchId"], **answer})

    def has_reached_limit(self, steps: int) -> bool:
        """Whether the worker stops after so many steps."""
        return 0 < self._settings.step_limit <= steps

    def begin_idleness(self) -> None:
        """Stop the worker after its idle time, unless it gets a step before."""
        self.end_idleness()
        if self._settings.idle_time:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._settings.idle_time, self.stop, "idle-timeout")

    def end_idleness(self) -> None:
        """Note that the worker is not idle."""
        if self._idle is not None:
            self._idle.cancel()

    async def _result_of(self, job: dict[str, Any]) -> dict[str, Any]:
        settings = self._settings
        program, files = "", Path()
        if job["fingerprint"]:
            wanted = (job["fingerprint"], settings.url, settings.trusted, job["ticket"])
            loop = asyncio.get_running_loop()
            program, files = await loop.run_in_executor(self._fetching, self._cache.bundle, *wanted)
            if not Bundle(program).model_type:
                error = f"Bundle '{job['fingerprint']}' does not export a model definition"
                return {"status": "error", "error": error}
        whole = {
            **job,
            "program": program,
            "files": str(files),
            "url": self._data_url,
            "trusted": settings.trusted,
        }
        del whole["environment"]
        runner = Runner(whole, environment_of_step(job["environment"], os.environ), Path.cwd(), self._on_line)
        self._runners[job["dispatchId"]] = runner
        try:
            return await runner.run()
        finally:
            self._runners.pop(job["dispatchId"], None)
            if not self._runners:
                self.begin_idleness()

    async def cancel(self, dispatch: str) -> None:
        """End a cancelled step."""
        runner = self._runners.get(dispatch)
        if runner is not None:
            await runner.stop()

    def abandon(self) -> None:
        """End every step, as its result cannot be reported any more."""
        for runner in self._runners.values():
            runner.kill()

    async def _send(self, method: str, params: dict[str, Any]) -> None:
        if self._socket is not None:
            try:
                await self._socket.send(json.dumps({"method": method, "params": params}))
            except (OSError, ConnectionClosed):
                return  # the connection is lost


def environment_of_step(snapshot: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The variables of a step: the worker's without the control plane's, overridden by the orchestrator's."""
    return {**{name: value for name, value in own.items() if name not in CONTROL_PLANE}, **snapshot}
