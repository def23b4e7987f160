"""Requests of operators to an orchestrator over its WebSocket, and the answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from standin import access, approvals, questions, tokens, vaults
from standin.access import Policy
from standin.errors import UserError
from standin.extensions import check_before, method_of
from standin.orchestrator.dispatch import StepFailed, Work, has_free_slot
from standin.orchestrator.pool import Member, Pool
from standin.orchestrator.runs import Run, resumable, steps_left, steps_to_repeat
from standin.orchestrator.workflow import Step, file_of, steps_of, validations
from standin.remote import ACCEPTED, SAID
from standin.repository import EVALUATED, METHODS, Repository
from standin.store import Place, model_id_of
from standin.timing import STOPPING

_Result = TypeVar("_Result")

_PATIENCE = 10
_UNKNOWN_REQUEST = "Invalid request: type: Invalid discriminator value."
_MINUTE = 60_000  # in milliseconds


@dataclass(frozen=True)
class RunLimits:
    """The limits of the runs and methods of an orchestrator.

    Attributes:
        seconds: how long one may take; None for no limit.
        at_a_time: how many may be in progress.
    """

    seconds: float | None = None
    at_a_time: int = 100


class Said:
    """What a method says, for those who follow it."""

    def __init__(self) -> None:
        self._lines: list[str | None] = []
        self._followers: list[asyncio.Queue[str | None]] = []

    def say(self, line: str | None) -> None:
        """Tell the followers a line; None is the end."""
        self._lines.append(line)
        for follower in self._followers:
            follower.put_nowait(line)

    def follow(self, after: int = 0) -> asyncio.Queue[str | None]:
        """The lines, from the first or after a number of them; None marks their end."""
        follower: asyncio.Queue[str | None] = asyncio.Queue()
        for line in self._lines[after:]:
            follower.put_nowait(line)
        self._followers.append(follower)
        return follower


class Requests:
    """Answers the requests of operators.

    Args:
        repository: that is served.
        pool: of workers.
        execute: runs a step on a worker or on the orchestrator.
        load_extensions: loads the extensions of the repository again, and returns how many there are.
        limits: of runs and methods.
        policy: what clients may do; None if clients are not authenticated.
    """

    def __init__(
        self,
        repository: Repository,
        pool: Pool,
        execute: Callable[[Work, Step], Awaitable[None]],
        load_extensions: Callable[[], int],
        limits: RunLimits,
        *,
        policy: Policy | None = None,
    ) -> None:
        self._policy = policy
        self._limits = limits
        self._load_extensions = load_extensions
        self._repository = repository
        self._pool = pool
        self._execute = execute
        self._runs: dict[str, Run] = {}
        self._methods: dict[str, tuple[Said, asyncio.Task[dict[str, Any]]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._following: set[asyncio.Task[None]] = set()
        self._verified: dict[str, asyncio.Future[str]] = {}

    @property
    def active(self) -> int:
        """How many runs and methods are in progress."""
        return len(self._tasks)

    async def wait_for_ends(self, limit: float) -> int:
        """Wait until no run and no method is in progress; after the limit, return how many are."""
        loop = asyncio.get_running_loop()
        end = loop.time() + limit
        while self._tasks and (left := end - loop.time()) > 0:
            await _over(self._tasks, left)
        await _over(self._following, STOPPING)
        return self.active

    async def interrupt_all(self, reason: str) -> None:
        """End the runs in progress, because the orchestrator ends."""
        for run in self._runs.values():
            if run.status == "running":
                await run.interrupt(reason)
        await _over(self._following, STOPPING)

    async def serve(
        self,
        socket: ServerConnection,
        first: dict[str, Any],
        check: Callable[[dict[str, Any]], None] | None = None,
        client: str = "",
    ) -> None:
        """Answer the requests on a connection.

        Args:
            socket: the connection.
            first: the request that has arrived.
            check: checks that the client may make a request; None if every client may.
            client: who makes them; empty if the orchestrator authenticates nobody.
        """
        request = first
        while True:
            request = self.as_made_by(client, request)
            if check is not None and (refusal := refusal_by(check, request)):
                await self._send(socket, request["type"], refusal)
                request = json.loads(await socket.recv())
                continue
            if request["type"] == "workflow.resume":
                await self._follow(self._resume_workflow(socket, request["payload"]))
                return
            if request["type"] == "workflow.run":
                await self._follow(self._run_workflow(socket, request["payload"]))
                return
            if request["type"] == "run.attach":
                await self._follow(self._attach(socket, request["payload"]))
                return
            if request["type"] == "model.method.run":
                await self._follow(self._run_method(socket, request["payload"]))
                return
            await self._send(socket, request["type"], await self._answer(request))
            request = json.loads(await socket.recv())

    def as_made_by(self, client: str, request: dict[str, Any]) -> dict[str, Any]:
        """A request with the client as who decides, and with the workflow of the run that it is about."""
        payload = request.get("payload", {})
        if request["type"] in ("workflow.approve", "workflow.reject") and client:
            return {**request, "payload": {**payload, "decidedBy": client}}
        if request["type"] == "run.attach":
            run = self._runs.get(payload["runId"])
            return {**request, "payload": {**payload, "workflowIdOrName": run.workflow if run else ""}}
        return request

    async def _follow(self, work: Coroutine[Any, Any, None]) -> None:
        """Do work for an operator who follows a run or a method."""
        task = asyncio.ensure_future(work)
        self._following.add(task)
        try:
            await task
        finally:
            self._following.discard(task)

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        handler = getattr(self, f"do_{request['type'].replace('.', '_').replace('-', '_')}", None)
        if handler is None:
            return _error_answer(UserError(_UNKNOWN_REQUEST, "invalid_request"))
        try:
            answer = handler(**request.get("payload", {}))
            return {"data": await answer if asyncio.iscoroutine(answer) else answer}
        except UserError as error:
            return _error_answer(error)

    async def _send(self, socket: ServerConnection, kind: str, payload: dict[str, Any]) -> None:
        failed = "error" in payload
        message = {"type": "error", **payload} if failed else {"type": kind, "payload": payload}
        await socket.send(json.dumps({**message, "id": "1"}))

    # --- questions

    def do_worker_list(self, showAll: bool = False) -> Any:  # noqa: N803 - as it is sent
        """The workers."""
        return questions.worker_list(self._repository, past=showAll)

    def do_worker_token_list(self) -> Any:
        """The tokens."""
        return {"tokens": questions.token_list(self._repository)}

    def do_worker_token_create(
        self,
        name: str,
        durationMs: int,  # noqa: N803 - as it is sent
        vaultName: str = "",  # noqa: N803
        maxEnrollments: int | str = 1,  # noqa: N803
    ) -> Any:
        """A new token."""
        lifetime = f"{durationMs // _MINUTE}m"
        minted = tokens.mint(self._repository, name, lifetime, vaultName)
        if maxEnrollments != 1:
            minted = tokens.allow(self._repository, minted, maxEnrollments)
        return tokens.document_of(minted)

    def do_worker_token_revoke(self, name: str) -> Any:
        """Revoke a token, if it is not revoked yet."""
        return tokens.revoked_document(*tokens.revoke(self._repository, name))

    def do_serve_reload(self) -> Any:
        """Reload the extensions."""
        return {"reloadedCount": self._load_extensions()}

    def do_worker_queue_list(self) -> Any:
        """The steps that wait for a worker."""
        return {"items": questions.queue(self._repository)}

    def do_workflow_history_search(self) -> Any:
        """The runs of workflows."""
        return {"results": questions.history(self._repository)}

    def do_run_doctor(self) -> Any:
        """The runs in progress."""
        return questions.runs_in_progress(self._repository)

    def do_workflow_approvals(self) -> Any:
        """The steps that wait for an approval."""
        return {"approvals": approvals.pending(self._repository)}

    def do_workflow_approve(self, **decision: str) -> Any:
        """Approve a step."""
        return self.decide(approves=True, **decision)

    def do_workflow_reject(self, **decision: str) -> Any:
        """Reject a step."""
        return self.decide(approves=False, **decision)

    def decide(
        self,
        workflowIdOrName: str,  # noqa: N803 - as it is sent
        stepName: str,  # noqa: N803
        runId: str = "",  # noqa: N803
        reason: str = "",
        decidedBy: str = "",  # noqa: N803
        *,
        approves: bool,
    ) -> Any:
        """Approve or reject a step for an operator."""
        return approvals.decide(
            self._repository,
            workflowIdOrName,
            stepName,
            runId,
            approves=approves,
            note=reason,
            person=decidedBy,
        )

    def do_workflow_validate(self, workflowIdOrName: str = "") -> Any:  # noqa: N803 - as it is sent
        """The validation of a workflow, or of all."""
        return {"validations": validations(self._repository, workflowIdOrName)}

    def do_data_query(self, predicate: str) -> Any:
        """Data for which a predicate holds."""
        return questions.data_query(self._repository, predicate)

    def do_data_get(
        self,
        modelIdOrName: str,  # noqa: N803
        dataName: str,  # noqa: N803
        includeContent: bool = True,  # noqa: N803
        version: int | None = None,
        *,
        workflowName: str = "",  # noqa: N803
        runId: str = "",  # noqa: N803
    ) -> Any:
        """A datum."""
        if workflowName:
            return questions.data_of_run(
                self._repository, workflowName, runId, dataName, content=includeContent
            )
        return questions.data_get(
            self._repository, modelIdOrName, dataName, version=version, content=includeContent
        )

    def do_data_versions(self, modelIdOrName: str, dataName: str) -> Any:  # noqa: N803
        """The versions of a datum."""
        place = self._repository.place_of(modelIdOrName, dataName)
        return {"versions": questions.data_versions(self._repository, place)}

    def do_vault_put(self, vaultName: str, key: str, value: str) -> Any:  # noqa: N803
        """`vault.put`."""
        vaults.put(self._repository, vaultName, key, value)
        return {"vaultName": vaultName, "secretKey": key}

    def do_vault_list_keys(self, vaultName: str) -> Any:  # noqa: N803
        """The keys of a vault."""
        return {"secretKeys": questions.vault_keys(self._repository, vaultName)}

    def do_vault_read_secret(self, vaultName: str, secretKey: str) -> Any:  # noqa: N803
        """A secret."""
        return {"value": vaults.get(self._repository, vaultName, secretKey)}

    async def do_worker_verify(self, workerName: str = "", labels: dict[str, str] | None = None) -> Any:  # noqa: N803
        """Check that the named worker, those with the labels, or all workers answer."""
        verified = [
            await self.verify(each)
            for each in list(self._pool.members.values())
            if each.connected and is_selected(each, workerName, labels or {})
        ]
        passed = sum(each["status"] == "pass" for each in verified)
        return {
            "workers": verified,
            "total": len(verified),
            "passed": passed,
            "failed": len(verified) - passed,
        }

    async def verify(self, member: Member) -> dict[str, Any]:
        """Check that a worker answers, and reaches the data plane."""
        error = f"Worker '{member.name}' is at capacity"
        if has_free_slot(member):
            answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            self._verified[member.name] = answer
            assert member.socket is not None
            await member.socket.send(json.dumps({"method": "worker.verify"}))
            try:
                error = await asyncio.wait_for(answer, _PATIENCE)
            except TimeoutError:
                error = "The worker does not answer"
        if error:
            return {"name": member.name, "status": "error", "error": error}
        return {
            "name": member.name,
            "status": "pass",
            "platform": member.platform,
            "arch": member.arch,
            "probeMarkerOk": True,
            "queryOk": True,
            "dataPlaneOk": True,
            "failures": [],
        }

    def verified(self, member: Member, error: str) -> None:
        """Record the answer of a worker to its verification; the error is empty if it has passed."""
        answer = self._verified.get(member.name)
        if answer is not None and not answer.done():
            answer.set_result(error)

    # --- access

    def do_access_token_revoke(self, name: str) -> Any:
        """Revoke a server token."""
        return access.revoke(self._repository, name)

    def do_access_token_rotate(self, name: str) -> Any:
        """Make a new secret for a server token."""
        return access.rotate(self._repository, name)

    def do_access_group_remove_member(self, name: str, client: str) -> Any:
        """Remove a client from a group."""
        return access.remove_member(self._repository, name, client)

    def do_access_grant_create(self, subject: str, actions: list[str], on: str, *, denies: bool) -> Any:
        """Give a client a grant."""
        return access.add_grant(self._repository, subject, actions, on, denies=denies)

    def do_access_grant_list(self) -> Any:
        """All grants."""
        return {"grants": access.grants(self._repository)}

    def do_access_grant_revoke(self, identity: str) -> Any:
        """Revoke a grant."""
        return access.revoke_grant(self._repository, identity)

    def do_access_reload(self) -> Any:
        """Read the grants again."""
        if self._policy is None:
            return {"grantCount": 0}
        self._policy.read(self._repository)
        return {"grantCount": len(self._policy.grants)}

    # --- runs

    async def _run_workflow(self, socket: ServerConnection, payload: dict[str, Any]) -> None:
        try:
            self.check_number()
            inputs = self.inputs_wanted(payload)
            steps = steps_of(self._repository, payload["workflowIdOrName"], inputs)
        except UserError as error:
            await self._send(socket, "workflow.run.result", _error_answer(error))
            return
        run = Run(
            self._repository,
            payload["workflowIdOrName"],
            steps,
            self._execute,
            self.tags_wanted(payload),
            inputs=inputs,
            reports_skipped=self.reports_skipped(payload),
            checks_skipped=self.checks_of_steps_skipped(payload),
        )
        await self._carry_out(socket, run)

    def inputs_wanted(self, payload: dict[str, Any]) -> dict[str, str]:
        """The inputs for a run: those with which its workflow was evaluated last, if the operator wants that.

        Raises:
            UserError: it was never evaluated.
        """
        if not payload.get("lastEvaluated"):
            return dict(payload.get("inputs", {}))
        evaluated = self._repository.read(EVALUATED.format(payload["workflowIdOrName"]))
        if evaluated is None:
            raise UserError(f"No evaluated workflow found for '{payload['workflowIdOrName']}'")
        return dict(evaluated)

    async def _carry_out(self, socket: ServerConnection, run: Run) -> None:
        self._runs[run.identity] = run
        run.record()
        self._begin(run.carry_out(), run.cancel)
        await self._send_lines(socket, run)

    async def _resume_workflow(self, socket: ServerConnection, payload: dict[str, Any]) -> None:
        name, first = payload["workflowIdOrName"], payload["from"]
        try:
            file_of(self._repository, name)
            record = self.failed(payload) if first else self.approved(payload)
            inputs = {**self.inputs_of(record), **payload["inputs"]}
            steps = steps_of(self._repository, name, inputs)
            anew = steps_to_repeat(name, steps, first) if first else steps_left(record)
        except UserError as error:
            await self._send(socket, "workflow.resume.result", _error_answer(error))
            return
        tags = self.tags_of(record)
        run = Run(self._repository, name, steps, self._execute, tags, inputs=inputs, reports_skipped=[])
        run.go_on_with(record, anew)
        await self._carry_out(socket, run)

    def failed(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The record of the failed run that an operator resumes."""
        return resumable(self._repository, payload["workflowIdOrName"], payload["runId"])

    def approved(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The record of the suspended run that an operator resumes.

        Raises:
            UserError: there is none, or steps of it still wait or run.
        """
        record = approvals.approved(self._repository, payload["workflowIdOrName"], payload["runId"])
        run = self._runs.get(record["runId"])
        if run is not None and run.status == "running":
            raise UserError("A run with this ID is already in progress", "already_registered")
        return record

    def inputs_of(self, record: dict[str, Any]) -> dict[str, Any]:
        """The inputs of a run that goes on."""
        return dict(record["inputs"])

    def tags_of(self, record: dict[str, Any]) -> dict[str, str]:
        """The tags of the data of a run that goes on."""
        return dict(record["tagsOfData"])

    async def _attach(self, socket: ServerConnection, payload: dict[str, Any]) -> None:
        if payload["runId"] in self._methods:
            await self._send_said(socket, payload["runId"], self.lines_sent_before(payload))
            return
        run = self._runs.get(payload["runId"])
        if run is None:
            unknown = UserError(f"No active run with id '{payload['runId']}'", "not_found")
            await self._send(socket, "run.attach.result", _error_answer(unknown))
            return
        await self._send_lines(socket, run, after=self.lines_sent_before(payload))

    def lines_sent_before(self, payload: dict[str, Any]) -> int:
        """The number of lines of a run that a returning follower has already received."""
        return int(payload.get("afterSeq", 0))

    async def _send_lines(self, socket: ServerConnection, run: Run, after: int = 0) -> None:
        listening = asyncio.ensure_future(self._listen(socket, run))
        follower = run.follow(after)
        try:
            await self._send(socket, ACCEPTED, {"runId": run.identity})
            while (line := await follower.get()) is not None:
                await self._send(socket, SAID, {"line": line})
            await self._send(socket, "workflow.run.result", {"data": run.document()})
        except ConnectionClosed:
            return  # the follower may come back
        finally:
            listening.cancel()

    def tags_wanted(self, payload: dict[str, Any]) -> dict[str, str]:
        """The tags of a run, for all its data."""
        return dict(payload.get("tags", {}))

    def reports_skipped(self, payload: dict[str, Any]) -> list[str]:
        """The names of the reports that a run does not write."""
        return list(payload.get("skipReportNames", ()))

    def checks_of_steps_skipped(self, payload: dict[str, Any]) -> list[str]:
        """The labels and names of the checks that are not made before the steps of a run."""
        return self.checks_skipped(payload)

    def checks_skipped(self, payload: dict[str, Any]) -> list[str]:
        """The labels and names of the checks that are not made before a method."""
        return list(payload.get("skipChecks", ()))

    async def _listen(self, socket: ServerConnection, run: Run) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                if json.loads(text)["type"] == "workflow.cancel-followed":
                    await self.cancel_followed(run)

    async def cancel_followed(self, run: Run) -> None:
        """Cancel a run at the request of its follower."""
        await run.cancel()

    def check_number(self) -> None:
        """Refuse a run or a method if as many are in progress as may be.

        Raises:
            UserError: so it is.
        """
        if self.active >= self._limits.at_a_time:
            raise UserError("Too many concurrent runs; wait for active runs to complete", "global_cap")

    def _begin(
        self,
        work: Coroutine[Any, Any, _Result],
        cancel: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> asyncio.Task[_Result]:
        """Begin a run or a method, which ends at the time limit: by a function, or as a task."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._limits.seconds is not None:
            ended = asyncio.ensure_future(_end_after(self._limits.seconds, task, cancel))
            task.add_done_callback(lambda _: ended.cancel())
        return task

    async def do_workflow_cancel(self, runId: str = "", workflow: str = "") -> Any:  # noqa: N803
        """Cancel a run, by its id or by the name of its workflow."""
        active = [run for run in self._runs.values() if run.status == "running"]
        wanted = [run for run in active if run.identity == runId or (workflow and run.workflow == workflow)]
        if not wanted:
            raise UserError(f"No active workflow-run {runId or workflow} in this serve instance")
        for run in wanted:
            await run.cancel()
        return {"runId": wanted[0].identity, "status": "cancelled", "reason": "Cancelled by user"}

    async def _run_method(self, socket: ServerConnection, payload: dict[str, Any]) -> None:
        said = Said()

        async def run() -> dict[str, Any]:
            try:
                wanted = {
                    **payload,
                    "tags": self.tags_wanted(payload),
                    "skipChecks": self.checks_skipped(payload),
                }
                return {"data": await self.run_method(**wanted, say=said.say)}
            except UserError as error:
                return _error_answer(error)
            except asyncio.CancelledError:
                return _error_answer(UserError("Operation was cancelled", "cancelled"))
            finally:
                said.say(None)

        try:
            self.check_number()
        except UserError as error:
            await self._send(socket, "model.method.run.result", _error_answer(error))
            return
        identity = str(uuid.uuid4())
        self._methods[identity] = said, self._begin(run())
        await self._send_said(socket, identity)

    async def _send_said(self, socket: ServerConnection, identity: str, after: int = 0) -> None:
        said, running = self._methods[identity]
        follower = said.follow(after)
        with contextlib.suppress(ConnectionClosed):  # the follower may come back
            await self._send(socket, ACCEPTED, {"runId": identity})
            while (line := await follower.get()) is not None:
                await self._send(socket, SAID, {"line": line})
            await self._send(socket, "model.method.run.result", await asyncio.shield(running))

    async def run_method(
        self,
        modelIdOrName: str,  # noqa: N803 - as it is sent
        methodName: str,  # noqa: N803
        say: Callable[[str], None],
        tags: dict[str, str],
        *,
        inputs: dict[str, Any] | None = None,
        skipChecks: list[str],  # noqa: N803
    ) -> Any:
        """Run a method of a model on the orchestrator."""
        model, method, inputs = modelIdOrName, methodName, inputs or {}
        model_type = self._repository.model_type_of(model)
        method_of(model_type, method)
        check_before(model_type, model, method, skipChecks)
        wrote: list[dict[str, Any]] = []
        work = Work("", "", model, model_type, model, method, inputs, [], say, wrote.append, tags=tags)
        step = Step(model, model_type, model, method, inputs, [], None, 0)
        started = asyncio.get_running_loop().time()
        status, error = "succeeded", ""
        output = str(uuid.uuid4())
        self.record_method(output, model, "running")
        try:
            await self._execute(work, step)
        except StepFailed as failure:
            status, error = "failed", str(failure)
        except asyncio.CancelledError:
            self.record_method(output, model, "cancelled")
            raise
        self.record_method(output, model, "failed" if error else "completed")
        return {
            "modelId": model_id_of(model_type, model),
            "modelName": model,
            "modelType": model_type,
            "methodName": method,
            "status": status,
            "duration": round((asyncio.get_running_loop().time() - started) * 1000),
            "outputId": output,
            "dataArtifacts": [self._artifact(model_type, model, each) for each in wrote],
            **({"error": error} if error else {}),
        }

    def record_method(self, identity: str, model: str, status: str) -> None:
        """Record the state of a run of a method, for the history of all runs."""
        record = {"id": identity, "runKind": "model_method", "name": model, "status": status}
        self._repository.write(f"{METHODS}/{identity}.json", record)

    def _artifact(self, model_type: str, model: str, wrote: dict[str, Any]) -> dict[str, Any]:
        datum = self._repository.store.version(Place(model_type, model, wrote["name"]), wrote["version"])
        content = datum.content() if datum else {}
        return {
            "id": datum.facts["id"] if datum else "",
            **wrote,
            "attributes": content if isinstance(content, dict) else {},
        }


async def _end_after(
    seconds: float, task: asyncio.Task[Any], cancel: Callable[[], Coroutine[Any, Any, None]] | None
) -> None:
    """End a run or a method that takes too long."""
    await asyncio.sleep(seconds)
    if cancel is not None:
        await cancel()
    else:
        task.cancel()


async def _over(tasks: Collection[asyncio.Task[Any]], limit: float) -> None:
    """Wait until tasks are over, or until the limit."""
    if tasks:
        await asyncio.wait(list(tasks), timeout=limit)


def refusal_by(check: Callable[[dict[str, Any]], None], request: dict[str, Any]) -> dict[str, Any] | None:
    """The answer to a request that its client may not make; None if it may."""
    try:
        check(request)
    except UserError as error:
        return _error_answer(error)
    return None


def _error_answer(error: UserError) -> dict[str, Any]:
    return {"error": {"message": str(error), "code": error.code}}


def is_selected(member: Member, name: str, labels: dict[str, str]) -> bool:
    """Whether a worker has the name, or, without a name, has all the labels."""
    return member.name == name if name else labels.items() <= member.labels.items()
