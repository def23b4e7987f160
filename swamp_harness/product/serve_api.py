"""What an orchestrator answers over HTTP and WebSocket: the cheap surface, milliseconds instead of a command.

`/ready` and `/api/v1/health` are for operators' monitoring; the WebSocket requests are the ones that
`swamp ... --server` sends (design/remote-execution.md, "A symmetric control protocol").
"""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.frames import CloseCode

from swamp_harness.product import contracts
from swamp_harness.product.conventions import VAULT
from swamp_harness.product.credential import learn_from_answer
from swamp_harness.product.fallbacks import Fallback, Fallbacks
from swamp_harness.product.records import DISCONNECTED, PoolMember, members_from_json
from swamp_harness.product.run_records import ALL_LEASES, LeaseRecord, lease
from swamp_harness.product.wordings import UNKNOWN_REQUEST
from swamp_harness.system.certificates import without_verification
from swamp_harness.system.errors import ContractBroken, InfrastructureError, PromiseBroken
from swamp_harness.system.limits import HTTP_ANSWER
from swamp_harness.system.redaction import SECRETS

_OK = 200
_NOT_FOUND = 404

# With these an orchestrator that ends says goodbye; with any other it fails.
_GOODBYES = (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.SERVICE_RESTART)

# How long the units of lifetimes are.
_MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True)
class Request:
    """One request to an orchestrator that it has answered, in place of a command.

    Attributes:
        what: was asked for.
        answer: its data.
        started: when.
        seconds: until it was answered.
        command: the words after `swamp` of the command that asks the same; empty if there is none.
    """

    what: str
    answer: Any
    started: datetime
    seconds: float
    command: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The request with its answer, blanked, as a transcript shows it."""
        told = json.dumps(self.answer, indent=2, ensure_ascii=False)
        return SECRETS.blank(f"> {self.what}\nanswered after {self.seconds:.1f} s\n{told}")


@dataclass(frozen=True)
class LiveMember:
    """A member of the live pool, as the orchestrator's health endpoint tells it.

    Attributes:
        name: of the pool member.
        instance: the instance uuid.
        connected: whether its control socket is open; false during the grace window.
    """

    name: str
    instance: str
    connected: bool

    def __str__(self) -> str:
        """For a table of what was seen."""
        return f"{self.name} ({'connected' if self.connected else 'not connected'})"


class UnknownRequest(InfrastructureError):
    """The release does not know a request of the client protocol, so what depends on it cannot be judged."""


class RequestRefused(PromiseBroken):
    """The orchestrator refused a request that it knows."""


class NoAnswer(PromiseBroken):
    """The orchestrator did not answer a request, or not in time."""


class ServeApi:
    """One orchestrator's HTTP and WebSocket surface.

    Args:
        host: where it listens.
        port: where it listens.
        secure: whether it speaks TLS.
        fallbacks: counts the older ways that a release made necessary.
    """

    def __init__(
        self, host: str, port: int, *, secure: bool = False, fallbacks: Fallbacks | None = None
    ) -> None:
        self._host = host
        self._port = port
        self._secure = secure
        self._fallbacks = Fallbacks() if fallbacks is None else fallbacks

    def ready(self) -> bool:
        """Whether `/ready`, or `/health` of a release without it, says that it serves."""
        try:
            status, _ = self._get("/ready")
            if status != _NOT_FOUND:
                return status == _OK
            healthy = self._get("/health")[0] == _OK
        except OSError:
            return False
        self._fallbacks[Fallback.READINESS_FROM_HEALTH] += healthy
        return healthy

    def live_pool(self) -> list[LiveMember]:
        """The live pool, or, of a release before 2026-08-14, which does not tell that, the recorded one.

        Raises:
            NoAnswer: nobody answers.
            ContractBroken: the answer breaks the contract "health" or "worker-list".
        """
        try:
            status, body = self._get("/api/v1/health")
        except OSError as error:
            raise NoAnswer(f"The orchestrator at {self.url} did not tell its health: {error}") from error
        if status == _NOT_FOUND:
            self._fallbacks[Fallback.POOL_FROM_LIST] += 1
            return [
                LiveMember(member.name, member.instance, member.status != DISCONNECTED)
                for member in self.pool(past=True)
            ]
        try:
            health = json.loads(body)
        except ValueError as error:
            raise ContractBroken(f"GET /api/v1/health answered {status} and no JSON: {body!r}") from error
        contracts.validate("health", health, "GET /api/v1/health")
        return [
            LiveMember(item["name"], item["instanceUuid"], item["connected"]) for item in health["workers"]
        ]

    @property
    def url(self) -> str:
        """The address that operators give to `--server`."""
        return f"{'wss' if self._secure else 'ws'}://{self._host}:{self._port}"

    def ask(self, request: str, **payload: object) -> Any:
        """Send one request of the client protocol, such as "worker.token.list", and return the answer's data.

        Raises:
            NoAnswer: nobody answers, or not in time.
            UnknownRequest: the release does not know the request.
            RequestRefused: the orchestrator refused it.
            ContractBroken: the answer is not one of the client protocol, or there is a failure instead.
        """
        message = json.dumps({"type": request, "id": "1", "payload": payload})
        try:
            answer = asyncio.run(self._exchange(message))
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code not in _GOODBYES:
                raise ContractBroken(
                    f"The orchestrator at {self.url} failed instead of answering {request}: {closed.rcvd}"
                ) from closed
            raise NoAnswer(f"The orchestrator at {self.url} did not answer {request}: {closed}") from closed
        except TimeoutError as error:
            what = f"no answer within {HTTP_ANSWER.seconds:g} s"
            raise NoAnswer(f"The orchestrator at {self.url} did not answer {request}: {what}") from error
        except (OSError, WebSocketException) as error:
            raise NoAnswer(f"The orchestrator at {self.url} did not answer {request}: {error}") from error
        return _data_of(request, answer)

    def data(self, request: str, contract: str, *, within: str = "", **payload: object) -> Any:
        """Send one request, and return the data of the answer, or a field of them, checked by a contract.

        Args:
            request: such as "worker.list".
            contract: that the data honour.
            within: the field of the data that is wanted; all of them if empty.
            payload: of the request.

        Raises:
            NoAnswer: nobody answers, or not in time.
            ContractBroken: the answer has no such data, or they break the contract.
        """
        answer = data = self.ask(request, **payload)
        if within:
            data = data.get(within) if isinstance(data, dict) else None
        if data is None:
            where = f"data.{within}" if within else "data"
            raise ContractBroken(
                f"The request {request} was answered without {where} ({contract}): {json.dumps(answer)}"
            )
        contracts.validate(contract, data, f"the request {request}")
        return data

    def pool(self, *, past: bool = False) -> list[PoolMember]:
        """The members of the pool, as the worker list would tell them.

        Args:
            past: whether those are wanted as well that are not connected.

        Raises:
            NoAnswer: nobody answers.
            ContractBroken: the answer breaks the contract "worker-list".
        """
        return members_from_json(self.data("worker.list", "worker-list", showAll=past))

    def mint(self, token: str, lifetime: str) -> Request:
        """Mint a token, as `swamp worker token create --server --vault` does.

        Args:
            token: its name.
            lifetime: such as "1h", as the command takes it.

        Returns:
            The request, answered.

        Raises:
            NoAnswer: nobody answers.
            UnknownRequest: the release does not know the request, as those before 2026-08-05.
            RequestRefused: the orchestrator refused it.
            ContractBroken: the answer breaks the contract "token-create".
        """
        started, clock = datetime.now(UTC), time.monotonic()
        duration = int(lifetime[:-1]) * _MILLISECONDS[lifetime[-1]]
        # An orchestrator has a vault of its own beside that of the repository, so the vault must be named.
        answer = self.ask("worker.token.create", name=token, durationMs=duration, vaultName=VAULT)
        learn_from_answer(answer)
        contracts.validate("token-create", answer, "the request worker.token.create")
        what = f"worker.token.create {token} ({lifetime})"
        command = ("worker", "token", "create", token, "--duration", lifetime, "--vault", VAULT)
        return Request(what, answer, started, time.monotonic() - clock, command)

    def leases(self) -> list[LeaseRecord]:
        """All step leases, the oldest first.

        Raises:
            NoAnswer: nobody answers.
            ContractBroken: a lease breaks the contract "step-lease".
        """
        answer = self.data("data.query", "data-query", predicate=ALL_LEASES)
        contents = [item.get("content") for item in answer["results"]]
        for content in contents:
            contracts.validate("step-lease", content, "a step lease")
        return sorted(map(lease, contents), key=lambda each: each.created_at)

    def queued_steps(self) -> list[str]:
        """The names of the steps that wait for a worker."""
        items = self.data("worker.queue.list", "worker-queue", within="items")
        return [item["stepName"] for item in items]

    def run_ids(self) -> list[str]:
        """The ids of all runs of workflows, the newest first."""
        answer = self.data("workflow.history.search", "workflow-history")
        return [item["runId"] for item in answer["results"]]

    async def _exchange(self, message: str) -> str | bytes:
        # Threads that read and write one TLS connection at a time can block each other for good, and then no
        # time limit helps; so there are none.
        context = without_verification() if self._secure else None
        async with asyncio.timeout(HTTP_ANSWER.seconds):
            async with connect(self.url, proxy=None, ssl=context, max_size=None) as socket:
                await socket.send(message)
                return await socket.recv()

    def _get(self, path: str) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        except http.client.HTTPException as error:
            raise OSError(f"GET {path}: {error}") from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        limit = HTTP_ANSWER.seconds
        if self._secure:
            return http.client.HTTPSConnection(
                self._host, self._port, timeout=limit, context=without_verification()
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=limit)


def _data_of(request: str, answer: str | bytes) -> Any:
    """The data of an answer.

    Raises:
        UnknownRequest: it says that the release does not know the request.
        RequestRefused: it says that the orchestrator refused it.
        ContractBroken: it is not one of the client protocol.
    """
    try:
        reply = json.loads(answer)
        error = reply.get("error")
        if error is None:
            return reply["payload"]["data"]
        code, message = error["code"], error["message"]
    except (ValueError, KeyError, TypeError, AttributeError) as malformed:
        raise ContractBroken(
            f"The answer to the request {request} is not one of the client protocol: {answer!r}"
        ) from malformed
    if UNKNOWN_REQUEST.search(f"{code}: {message}"):
        raise UnknownRequest(
            f"This release does not know the request {request}, so what depends on it cannot be judged."
        )
    raise RequestRefused(f"The request {request} was refused with {code}: {message}")
