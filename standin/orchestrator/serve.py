"""`swamp serve`: listens, recovers the state of an earlier orchestrator, and answers connections."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import signal
import ssl
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from standin import garbage, records
from standin.access import Refused
from standin.bundles import Bundle, bundles_of
from standin.commandline import Call
from standin.errors import UserError
from standin.extensions import check_before, described
from standin.moments import stamp
from standin.orchestrator import web
from standin.orchestrator.dataplane import DataPlane
from standin.orchestrator.dispatch import Dispatch, Dispatcher, StepFailed, Work
from standin.orchestrator.environment import snapshot
from standin.orchestrator.gate import LOOPBACK, Gate, gate_of
from standin.orchestrator.pool import Member, Pool
from standin.orchestrator.requests import Requests, RunLimits
from standin.orchestrator.runs import interrupted
from standin.orchestrator.workflow import Step
from standin.redaction import blanked
from standin.repository import METHODS, SERVING, Repository
from standin.runners import Runner
from standin.timing import DRAINING, IDLE_LIMIT, QUEUE_LIMIT
from standin.tokens import Rejected

# The method of an extension after which swamp deletes the resources of its model, by its name.
_REMOVING = "remove"


def check_certificate(certificate: str, key: str) -> None:
    """Refuse a certificate without its key, and a key without a certificate."""
    if bool(certificate) != bool(key):
        raise UserError("Both --cert-file and --key-file must be provided together for TLS")


def serve(call: Call) -> None:
    """Serve the repository in this folder or in the named one."""
    repository = Repository.here(call.option("--repo-dir"))
    longest = call.option("--max-run-duration").removesuffix("s")
    seconds = call.option("--ws-idle-timeout", f"{IDLE_LIMIT:g}s").removesuffix("s")
    certificate = call.option("--cert-file"), call.option("--key-file")
    check_certificate(*certificate)
    gate = gate_of(
        repository,
        call.option("--host", LOOPBACK[0]),
        call.option("--trusted-hosts"),
        call.option("--auth-mode", "none"),
        call.option("--admins"),
        secure=bool(certificate[0]),
    )
    orchestrator = Orchestrator(
        repository,
        certificate,
        float(seconds),
        float(call.option("--queue-timeout", str(QUEUE_LIMIT))),
        RunLimits(float(longest) if longest else None, int(call.option("--max-concurrent-runs", "100"))),
        gate=gate,
        logs_everything=call.option("--log-level") == "trace",
        verifies=call.has("--verify-on-enroll") or verifies_by_variable(),
        in_json=call.has("--json"),
    )
    try:
        garbage.collect_from_now_on()
        asyncio.run(orchestrator.run(int(call.option("--port", "0"))))
    except OSError as error:
        raise UserError(f"AddrInUse: Address already in use: {error}") from error


def announcement(url: str, *, in_json: bool) -> str:
    """The line that says where an orchestrator listens."""
    if in_json:
        return json.dumps({"status": "listening", "url": url}, separators=(",", ":"))
    return f'WebSocket API server listening on "{url}"'


def verifies_by_variable() -> bool:
    """Whether the variable asks for the verification of workers that enroll."""
    return os.environ.get("SWAMP_VERIFY_ON_ENROLL") in ("true", "1")


class Orchestrator:
    """One orchestrator.

    Args:
        repository: that it serves.
        certificate: the files of its certificate and of its key; empty without TLS.
        idle_limit: how long a connection may be silent, in seconds.
        queue_limit: how long a step may wait by default, in seconds; 0 for no limit.
        limits: of runs and methods.
        gate: lets connections and requests in.
        logs_everything: whether it logs everything that it sends.
        verifies: whether it verifies workers that enroll.
        in_json: whether it announces its address in JSON.
    """

    def __init__(
        self,
        repository: Repository,
        certificate: tuple[str, str],
        idle_limit: float,
        queue_limit: float,
        limits: RunLimits,
        *,
        gate: Gate,
        logs_everything: bool,
        verifies: bool,
        in_json: bool,
    ) -> None:
        self._logs_everything = logs_everything
        self._in_json = in_json
        self._repository = repository
        self._gate = gate
        self._certificate = certificate
        self._idle_limit = idle_limit
        self._queue_limit = queue_limit
        self._url = ""
        self._bundles: dict[str, Bundle] = {}
        self._by_fingerprint: dict[str, Bundle] = {}
        self.load_extensions()
        self._local: dict[str, Dispatch] = {}
        self.pool = Pool(repository, say, verifies=verifies)
        self.dispatcher = Dispatcher(repository, self.pool, say, self.job_for)
        gate.tickets = lambda: [each.ticket for each in self.dispatcher.dispatches.values()]
        self._requests = Requests(
            repository, self.pool, self.execute, self.load_extensions, limits, policy=gate.policy
        )
        self._watches: set[asyncio.Task[None]] = set()

    def load_extensions(self) -> int:
        """Load the extensions of the repository; steps that run keep the ones that they have.

        Returns:
            How many there are.
        """
        self._bundles = bundles_of(self._repository)
        self._by_fingerprint |= {each.fingerprint: each for each in self._bundles.values()}
        return len(self._bundles)

    async def run(self, port: int) -> None:
        """Serve until asked to stop."""
        recover(self._repository)
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(
                number,
                lambda received, _: loop.call_soon_threadsafe(asked_to_stop, stopped, received),
            )
        async with listen(
            self._receive,
            self._gate.host,
            port,
            ssl=self._tls(),
            process_request=self._answer,
            max_size=None,
            compression=None,
            ping_interval=None,
        ) as server:
            chosen = server.sockets[0].getsockname()[1]
            self._url = f"{'wss' if self._certificate[0] else 'ws'}://127.0.0.1:{chosen}"
            self._repository.write(SERVING, {"url": self._url, "pid": os.getpid()})
            say(announcement(self._url, in_json=self._in_json))
            await stopped.wait()
            await self.let_runs_finish()
            for connection in list(server.connections):
                connection.transport.abort()
            for dispatch in self._local.values():
                dispatch.closed = True

    async def let_runs_finish(self) -> None:
        """Let the runs and methods in progress go on for some time, then end them."""
        active = self._requests.active
        if self._in_json:
            say(json.dumps({"status": "stopping"}, separators=(",", ":")))
        elif active:
            say(f"Draining {active} active run(s)...")
        undrained = await self._requests.wait_for_ends(time_for_runs())
        if undrained:
            say(f"Aborting {undrained} undrained run(s)...")
            await self._requests.interrupt_all("server_shutdown")

    def _tls(self) -> ssl.SSLContext | None:
        if not self._certificate[0]:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._certificate)
        return context

    def _answer(self, _: ServerConnection, request: Request) -> Response | None:
        return self._gate.answer(request) or web.answer(request.path, self.pool, self._by_fingerprint)

    async def _receive(self, socket: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed, OSError, Refused):
            first = json.loads(await socket.recv())
            if "ticket" in first:
                await self._serve_step(socket, first)
            elif first.get("method") == "worker.enroll":
                await self._serve_worker(socket, first["params"])
            else:
                await self._requests.serve(socket, first, self.check_for(socket), self.client_of(socket))

    def check_for(self, socket: ServerConnection) -> Callable[[dict[str, Any]], None] | None:
        """What checks that the client of a connection may make a request; None if nothing does."""
        policy = self._gate.policy
        return None if policy is None else functools.partial(policy.check, self.client_of(socket))

    def client_of(self, socket: ServerConnection) -> str:
        """The client of a connection; empty if the orchestrator authenticates nobody."""
        request = socket.request
        return "" if self._gate.policy is None or request is None else self._gate.client_of(request)

    # --- workers

    async def _serve_worker(self, socket: ServerConnection, wish: dict[str, Any]) -> None:
        try:
            member, same = self.pool.enroll(wish, socket)
        except Rejected as rejected:
            await socket.send(json.dumps({"error": refusal(rejected)}))
            return
        try:
            await socket.send(json.dumps(admission(member, same=same)))
            self._begin(self.watch(socket))
            if self.pool.verifies:
                self._begin(self._verify(member))
            async for text in socket:
                self._handle(member, json.loads(text))
        finally:
            self.pool.lose(member, socket)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        watch = asyncio.ensure_future(work)
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def _verify(self, member: Member) -> None:
        verified = await self._requests.verify(member)
        self.pool.judge(member, verified.get("error", ""))

    async def watch(self, socket: ServerConnection) -> None:
        """Close a connection that is silent for longer than the limit."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(self._idle_limit / 2)
                pong = await socket.ping()
                try:
                    await asyncio.wait_for(pong, self._idle_limit / 2)
                except TimeoutError:
                    say("WebSocket error: No response from ping frame.")
                    socket.transport.abort()
                    return

    def _handle(self, member: Member, message: dict[str, Any]) -> None:
        if message["method"] == "dispatch.finished":
            self.dispatcher.finished(message["params"])
        elif message["method"] == "worker.drain":
            say(f'Worker "{member.name}" is draining')
            member.draining = True
            self.pool.record(member)
        elif message["method"] == "worker.verified":
            self._requests.verified(member, message["params"].get("error", ""))

    # --- steps

    async def execute(self, work: Work, step: Step) -> None:
        """Run a step on a worker or on the orchestrator.

        Raises:
            StepFailed: it failed.
        """
        if step.requirement is not None:
            limit = self._queue_limit if step.queue_limit is None else step.queue_limit
            await self.dispatcher.run(work, step.requirement, limit)
            for method in self.methods_after(work):
                await self._run_here(replace(work, method=method))
        else:
            self.check_before(work)
            await self._run_here(work)
        if work.method == _REMOVING:
            self.mark_as_deleted(work, step)

    def mark_as_deleted(self, work: Work, step: Step) -> None:
        """Store a last version of each resource of a step's model, which says when it was deleted."""
        kinds = described(work.model_type).resources
        for place in self._repository.places_of(work.model):
            latest = self._repository.store.latest(place)
            if latest is not None and latest.facts["specName"] in kinds:
                tags = {**latest.facts["tags"], "step": step.name}
                kind = replace(kinds[latest.facts["specName"]], tags=tags)
                deletion = {"deletedAt": stamp(), "deletedByMethod": work.method}
                self._repository.store.put(place, kind, {**latest.content(), **deletion})

    def methods_after(self, work: Work) -> Sequence[str]:
        """The methods for which a step on a worker asks, which the orchestrator runs."""
        return described(work.model_type).followed_by.get(work.method, ())

    async def _run_here(self, work: Work) -> None:
        dispatch = Dispatch(work, None)
        self._local[dispatch.identity] = dispatch
        bundle = self._bundles.get(work.model_type)
        job = {
            **self.job_for(dispatch),
            "program": bundle.program if bundle else "",
            "files": str(bundle.folder) if bundle else "",
            "url": self._url,
            "trusted": self._certificate[0],
        }
        runner = Runner(job, os.environ, Path.cwd(), lambda _: None)
        try:
            ended = await runner.run()
        except asyncio.CancelledError:
            await runner.stop()
            raise
        finally:
            del self._local[dispatch.identity]
        if ended["status"] != "success":
            raise StepFailed(ended["error"])

    def check_before(self, work: Work) -> None:
        """Make the checks before a step of a run that the orchestrator runs itself.

        Raises:
            StepFailed: a check fails.
        """
        if not work.run:
            return  # a method that is run by itself has been checked before
        try:
            check_before(work.model_type, work.model, work.method, list(work.checks_skipped))
        except UserError as error:
            raise StepFailed(str(error)) from error

    def job_for(self, dispatch: Dispatch) -> dict[str, Any]:
        """The job of a step that is sent to a worker."""
        work = dispatch.work
        bundle = self._bundles.get(work.model_type)
        job = {
            "dispatchId": dispatch.identity,
            "ticket": dispatch.ticket,
            "workflowName": work.workflow,
            "stepName": work.step,
            "modelType": work.model_type,
            "model": work.model,
            "method": work.method,
            "inputs": work.inputs,
            "ofTheModel": self.arguments_of_the_model(dispatch),
            "secrets": work.secrets,
            "fingerprint": fingerprint_of(bundle) if bundle else "",
            "environment": snapshot(os.environ),
        }
        if self._logs_everything:
            say(sent_in_words(job))
        return job

    def arguments_of_the_model(self, dispatch: Dispatch) -> dict[str, Any]:
        """The arguments for all methods of a model instance."""
        return dispatch.work.of_the_model

    async def _serve_step(self, socket: ServerConnection, shown: dict[str, str]) -> None:
        dispatch = self.dispatcher.dispatches.get(shown["dispatch"]) or self._local.get(shown["dispatch"])
        if dispatch is None or dispatch.ticket != shown["ticket"]:
            return
        plane = DataPlane(self._repository, dispatch, lambda: self.dispatcher.note_write(dispatch))
        await plane.serve(socket)


def asked_to_stop(stopped: asyncio.Event, received: int) -> None:
    """Handle a signal, which ends the orchestrator when its runs have ended.

    Args:
        stopped: what the orchestrator waits for.
        received: the number of the signal, Ctrl-C or another one.
    """
    say(f"Shutting down on {signal.Signals(received).name}...")
    stopped.set()


def time_for_runs() -> float:
    """How long an orchestrator that is asked to stop lets its runs go on, in seconds."""
    return DRAINING


def fingerprint_of(bundle: Bundle) -> str:
    """The fingerprint that identifies a bundle."""
    return bundle.fingerprint


def recover(repository: Repository) -> None:
    """Record the end of everything from an earlier orchestrator: leases, waiting steps, workers, runs."""
    for lease in records.leases(repository):
        if lease["state"] == "active":
            ended = {"state": "expired", "endedAt": stamp(), "error": "orchestrator restart"}
            records.put_lease(repository, {**lease, **ended})
    for waiting in records.waiting(repository):
        records.put_pending(repository, {**waiting, "state": "orphaned", "endedAt": stamp()})
    for worker in records.workers(repository):
        if worker["status"] != "disconnected":
            gone = {"status": "disconnected", "activeDispatchIds": []}
            records.put_worker(repository, {**worker, **gone})
    recover_runs(repository)
    recover_methods(repository)


def recover_runs(repository: Repository) -> None:
    """Record the end of the runs that an earlier orchestrator has not finished."""
    for run in repository.documents("runs"):
        if run["status"] == "running":
            repository.write(f"runs/{run['runId']}.json", interrupted(run, "server_crash"))


def recover_methods(repository: Repository) -> None:
    """Record the end of the methods that an earlier orchestrator has not finished."""
    for method in repository.documents(METHODS):
        if method["status"] == "running":
            repository.write(f"{METHODS}/{method['id']}.json", {**method, "status": "failed"})


def sent_in_words(job: dict[str, Any]) -> str:
    """The log line about a job that is sent to a worker."""
    answer = {name: job[name] for name in ("stepName", "modelType", "method", "inputs")}
    return f"sending {json.dumps(blanked(answer, job['secrets']))}"


def say(line: str) -> None:
    """Write a line into the orchestrator's log."""
    print(f" system │ {line}")


def refusal(rejected: Rejected) -> dict[str, Any]:
    """The answer to a worker that is turned away."""
    return {"code": rejected.code, "message": str(rejected), "permanent": rejected.for_good}


def admission(member: Member, *, same: bool) -> dict[str, Any]:
    """The answer to a worker that is admitted.

    Args:
        member: that it is now.
        same: whether it was that member before.
    """
    return {"name": member.name, "reconnect": same}
