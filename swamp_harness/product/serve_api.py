"""The HTTP and WebSocket API of an orchestrator: a request takes milliseconds, a command takes seconds.

`/ready` and `/api/v1/health` serve the monitoring of operators; the WebSocket requests are those of
`swamp ... --server` (design/remote-execution.md, "A symmetric control protocol").
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import os
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.frames import CloseCode

from swamp_harness.product import contracts
from swamp_harness.product.conventions import VAULT
from swamp_harness.product.credential import learn_from_answer
from swamp_harness.product.fallbacks import Fallback, Fallbacks
from swamp_harness.product.records import DISCONNECTED, PoolMember, members_from_json
from swamp_harness.product.run_records import (
    ALL_LEASES,
    ALL_WAITS,
    LeaseRecord,
    QueuedStep,
    Wait,
    lease,
    queue_from_json,
    wait,
)
from swamp_harness.product.wordings import UNKNOWN_REQUEST
from swamp_harness.system.certificates import without_verification
from swamp_harness.system.errors import ContractBroken, InfrastructureError, PromiseBroken
from swamp_harness.system.limits import HTTP_ANSWER
from swamp_harness.system.redaction import SECRETS

_OK = 200
_NOT_FOUND = 404

# The close codes of an orchestrator that stops; any other code is a failure.
_GOODBYES = (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.SERVICE_RESTART)

_MINTING = "worker.token.create"
# The units of lifetimes.
_MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True)
class Request:
    """An answered request to an orchestrator, in place of a command.

    Attributes:
        what: the request.
        answer: the data of the answer.
        started: the time of the request.
        seconds: the time until the answer.
        command: the words after `swamp` of the command that asks the same; empty if there is none.
        stdin: the standard input of that command; None for nothing.
    """

    what: str
    answer: Any
    started: datetime
    seconds: float
    command: tuple[str, ...] = ()
    stdin: str | None = None

    def __str__(self) -> str:
        """The request with its answer, blanked, for a transcript."""
        text = json.dumps(self.answer, indent=2, ensure_ascii=False)
        return SECRETS.blank(f"> {self.what}\nanswered after {self.seconds:.1f} s\n{text}")


@dataclass(frozen=True)
class LiveMember:
    """A member of the live pool, from the orchestrator's health endpoint.

    Attributes:
        name: the name of the pool member.
        instance: the instance uuid.
        connected: whether its control socket is open; false during the grace window.
        slots: how many steps it runs at a time; None of a release that does not report it.
    """

    name: str
    instance: str
    connected: bool
    slots: int | None = None

    def __str__(self) -> str:
        """The member for a message."""
        return f"{self.name} ({'connected' if self.connected else 'not connected'})"


class TokenPlace(Enum):
    """Where a client presents its server token (design/remote-execution.md, on `--auth-mode token`)."""

    HEADER = "the header"
    SUBPROTOCOL = "the subprotocol"
    ADDRESS = "the address"


class UnknownRequest(InfrastructureError):
    """The release does not know a request of the client protocol, so its result cannot be tested."""


class RequestRefused(PromiseBroken):
    """The orchestrator refused a request that it knows."""


class NoAnswer(PromiseBroken):
    """The orchestrator did not answer a request in time."""


class ServeApi:
    """The HTTP and WebSocket API of one orchestrator.

    Args:
        host: the host on which it listens.
        port: the port on which it listens.
        secure: whether it uses TLS.
        fallbacks: counts the fallbacks.
        server_token: the credential that its requests present; none if empty.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        secure: bool = False,
        fallbacks: Fallbacks | None = None,
        server_token: str = "",
    ) -> None:
        self._presented = {"Authorization": f"Bearer {server_token}"} if server_token else {}
        self._host = host
        self._port = port
        self._secure = secure
        self._fallbacks = Fallbacks() if fallbacks is None else fallbacks

    def ready(self) -> bool:
        """Whether it serves, by `/ready`, or by `/health` in a release without `/ready`."""
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
        """The live pool; of a release before 2026-08-14, which does not report it, the recorded pool.

        Raises:
            NoAnswer: the orchestrator does not answer.
            ContractBroken: the answer breaks the contract "health" or "worker-list".
        """
        try:
            status, body = self._get("/api/v1/health")
        except OSError as error:
            raise NoAnswer(f"The orchestrator at {self.url} did not report its health: {error}") from error
        if status == _NOT_FOUND:
            self._fallbacks[Fallback.POOL_FROM_LIST] += 1
            return [
                LiveMember(member.name, member.instance, member.status != DISCONNECTED)
                for member in self.pool(past=True)
            ]
        try:
            health = json.loads(body)
        except ValueError as error:
            raise ContractBroken(f"GET /api/v1/health answered {status} without JSON: {body!r}") from error
        contracts.validate("health", health, "GET /api/v1/health")
        return [
            LiveMember(item["name"], item["instanceUuid"], item["connected"], item["capacity"])
            for item in health["workers"]
        ]

    @property
    def url(self) -> str:
        """The address that operators give to `--server`."""
        return f"{'wss' if self._secure else 'ws'}://{self._host}:{self._port}"

    def ask(self, request: str, **payload: object) -> Any:
        """Send one request of the client protocol, such as "worker.token.list", and return the answer's data.

        Raises:
            NoAnswer: the orchestrator does not answer in time.
            UnknownRequest: the release does not know the request.
            RequestRefused: the orchestrator refused it.
            ContractBroken: the answer does not match the client protocol, or the orchestrator failed.
        """
        return _data_of(request, self._answers(request, 1, 0, payload)[0])

    def send(self, request: str, **payload: object) -> None:
        """Send one request of the client protocol, and wait for the beginning of the answer alone.

        Raises:
            NoAnswer: the orchestrator does not answer in time.
            UnknownRequest: the release does not know the request.
            RequestRefused: the orchestrator refused it.
            ContractBroken: the answer does not match the client protocol, or the orchestrator failed.
        """
        _reply_of(request, self._answers(request, 1, 0, payload)[0])

    def _answers(
        self, request: str, clients: int, apart: float, payload: Mapping[str, object]
    ) -> list[str | bytes]:
        """The answers to one request by several clients, which send it one after the other.

        Args:
            request: the request.
            clients: how many.
            apart: the seconds between two of them.
            payload: of the request.

        Raises:
            NoAnswer: the orchestrator does not answer in time.
            ContractBroken: the orchestrator failed.
        """
        message = json.dumps({"type": request, "id": "1", "payload": payload})
        try:
            return asyncio.run(self._exchanges(message, clients, apart))
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

    def data(self, request: str, contract: str, *, within: str = "", **payload: object) -> Any:
        """Send one request, and return the data of the answer or one field, checked against a contract.

        Args:
            request: for example "worker.list".
            contract: the contract of the data.
            within: the field to return; all data if empty.
            payload: the payload of the request.

        Raises:
            NoAnswer: the orchestrator does not answer in time.
            ContractBroken: the answer lacks the data, or the data breaks the contract.
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
        """The members of the pool, with the fields of the worker list.

        Args:
            past: whether to include members that are not connected.

        Raises:
            NoAnswer: the orchestrator does not answer.
            ContractBroken: the answer breaks the contract "worker-list".
        """
        return members_from_json(self.data("worker.list", "worker-list", showAll=past))

    def mint(self, token: str, lifetime: str, machines: int | str = 1) -> Request:
        """Mint a token, as `swamp worker token create --server --vault` does.

        Args:
            token: its name.
            lifetime: in the notation of the command, for example "1h".
            machines: the number of machines that it is for, or `UNLIMITED`.

        Returns:
            The answered request.

        Raises:
            NoAnswer: the orchestrator does not answer.
            UnknownRequest: the release is older than 2026-08-05 and does not know the request.
            RequestRefused: the orchestrator refused it.
            ContractBroken: the answer breaks the contract "token-create".
        """
        started, clock = datetime.now(UTC), time.monotonic()
        # Name the vault: an orchestrator has one of its own besides the vault of the repository.
        several = {} if machines == 1 else {"maxEnrollments": machines}
        payload = {"name": token, "durationMs": _milliseconds(lifetime), "vaultName": VAULT, **several}
        answer = _minted(self._answers(_MINTING, 1, 0, payload)[0])
        what = f"{_MINTING} {token} ({lifetime})"
        allowed = () if machines == 1 else ("--max-enrollments", str(machines))
        command = ("worker", "token", "create", token, "--duration", lifetime, *allowed, "--vault", VAULT)
        return Request(what, answer, started, time.monotonic() - clock, command)

    def mint_by_several(self, token: str, lifetime: str, clients: int, apart: float) -> list[Request]:
        """Let several clients mint one token, one after the other, as `mint` does.

        Args:
            token: its name.
            lifetime: in the notation of the command.
            clients: how many.
            apart: the seconds between two of them.

        Returns:
            The answered request of each client; the answer of a refused one has the message as its "error".

        Raises:
            NoAnswer: the orchestrator does not answer.
            UnknownRequest: the release does not know the request.
            ContractBroken: an answer breaks the contract "token-create".
        """
        started, clock = datetime.now(UTC), time.monotonic()
        payload = {"name": token, "durationMs": _milliseconds(lifetime), "vaultName": VAULT}
        answers = [_minted_or_refused(each) for each in self._answers(_MINTING, clients, apart, payload)]
        what, seconds = f"{_MINTING} {token} ({lifetime})", time.monotonic() - clock
        return [Request(what, answer, started, seconds) for answer in answers]

    def put_secret(self, key: str, text: str) -> Request:
        """Put a secret into the vault, as `swamp vault put` does.

        Returns:
            The answered request.

        Raises:
            NoAnswer: the orchestrator does not answer.
            UnknownRequest: the release does not know the request.
            RequestRefused: the orchestrator refused it.
        """
        started, clock = datetime.now(UTC), time.monotonic()
        answer = self.ask("vault.put", vaultName=VAULT, key=key, value=text)
        command = ("vault", "put", VAULT, key)
        return Request(f"vault.put {key}", answer, started, time.monotonic() - clock, command, text)

    def leases(self) -> list[LeaseRecord]:
        """All step leases, the oldest first.

        Raises:
            NoAnswer: the orchestrator does not answer.
            ContractBroken: a lease breaks the contract "step-lease".
        """
        answer = self.data("data.query", "data-query", predicate=ALL_LEASES)
        contents = [item.get("content") for item in answer["results"]]
        for content in contents:
            contracts.validate("step-lease", content, "a step lease")
        return sorted(map(lease, contents), key=lambda each: each.created_at)

    def waits(self) -> list[Wait]:
        """All waits of steps for a worker, also those that are over.

        Raises:
            NoAnswer: the orchestrator does not answer.
            ContractBroken: one of them breaks the contract "pending-dispatch".
        """
        answer = self.data("data.query", "data-query", predicate=ALL_WAITS)
        contents = [item.get("content") for item in answer["results"]]
        for content in contents:
            contracts.validate("pending-dispatch", content, "a wait of a step")
        return list(map(wait, contents))

    def queued_steps(self) -> list[str]:
        """The names of the steps that wait for a worker."""
        return [each.step for each in self.queue()]

    def queue(self) -> list[QueuedStep]:
        """The steps that wait for a worker."""
        return queue_from_json(self.data("worker.queue.list", "worker-queue", within="items"))

    def run_ids(self) -> list[str]:
        """The ids of all runs of workflows, the newest first."""
        answer = self.data("workflow.history.search", "workflow-history")
        return [item["runId"] for item in answer["results"]]

    def run_status(self, run_id: str) -> str:
        """The status of a run of a workflow; "" if the orchestrator does not list it."""
        answer = self.data("workflow.history.search", "workflow-history")
        return next((str(item["status"]) for item in answer["results"] if item["runId"] == run_id), "")

    def status_without_token(self, path: str) -> int:
        """The status of the answer to an HTTP request for a path, without a server token.

        Raises:
            OSError: it does not answer.
        """
        return self._request(path, {})[0]

    def status_of_upgrade(self, *, host: str = "", origin: str = "") -> int:
        """The status of the answer to a request to upgrade a connection to a WebSocket.

        Args:
            host: the host that the request names; its own if empty.
            origin: the origin of the page that asks; none if empty, as for a program.

        Raises:
            OSError: it does not answer.
        """
        headers = {
            **self._upgrading(),
            **({"Host": host} if host else {}),
            **({"Origin": origin} if origin else {}),
            **self._presented,
        }
        return self._request("/", headers)[0]

    def status_of_upgrade_with(self, server_token: str, place: TokenPlace) -> int:
        """The status of the answer to a request to upgrade a connection by a client with a server token.

        Args:
            server_token: its credential.
            place: of the credential in the request.

        Raises:
            OSError: it does not answer.
        """
        headers = self._upgrading()
        if place is TokenPlace.HEADER:
            headers["Authorization"] = f"Bearer {server_token}"
        if place is TokenPlace.SUBPROTOCOL:
            headers["Sec-WebSocket-Protocol"] = f"bearer.{server_token}"
        return self._request(f"/?token={server_token}" if place is TokenPlace.ADDRESS else "/", headers)[0]

    def as_client(self, server_token: str) -> ServeApi:
        """The API for requests that present another server token."""
        return ServeApi(
            self._host,
            self._port,
            secure=self._secure,
            fallbacks=self._fallbacks,
            server_token=server_token,
        )

    def _upgrading(self) -> dict[str, str]:
        return {
            "Host": f"{self._host}:{self._port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
        }

    async def _exchanges(self, message: str, clients: int, apart: float) -> list[str | bytes]:
        # asyncio, because threads that read and write one TLS connection at the same time can deadlock,
        # beyond the reach of any timeout.
        context = without_verification() if self._secure else None

        async def exchange(socket: ClientConnection, pause: float) -> str | bytes:
            await asyncio.sleep(pause)
            await socket.send(message)
            return await socket.recv()

        async with asyncio.timeout(HTTP_ANSWER.seconds), AsyncExitStack() as opened:
            sockets = [
                await opened.enter_async_context(
                    connect(
                        self.url, proxy=None, ssl=context, max_size=None, additional_headers=self._presented
                    )
                )
                for _ in range(clients)
            ]
            return await asyncio.gather(
                *(exchange(socket, apart * number) for number, socket in enumerate(sockets))
            )

    def _get(self, path: str) -> tuple[int, bytes]:
        return self._request(path, self._presented)

    def _request(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            connection.request("GET", path, headers=headers)
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


def _milliseconds(lifetime: str) -> int:
    return int(lifetime[:-1]) * _MILLISECONDS[lifetime[-1]]


def _minted_or_refused(answer: str | bytes) -> Any:
    try:
        return _minted(answer)
    except RequestRefused as refusal:
        return {"error": str(refusal)}


def _minted(answer: str | bytes) -> Any:
    """The data of the answer to a request to mint a token."""
    data = _data_of(_MINTING, answer)
    learn_from_answer(data)
    contracts.validate("token-create", data, f"the request {_MINTING}")
    return data


def _data_of(request: str, answer: str | bytes) -> Any:
    """The data of an answer.

    Raises:
        UnknownRequest: the release does not know the request.
        RequestRefused: the orchestrator refused it.
        ContractBroken: the answer does not match the client protocol.
    """
    reply = _reply_of(request, answer)
    try:
        return reply["payload"]["data"]
    except (KeyError, TypeError) as malformed:
        raise _malformed(request, answer) from malformed


def _reply_of(request: str, answer: str | bytes) -> dict[str, Any]:
    """The answer of an orchestrator that does not refuse the request.

    Raises:
        UnknownRequest: the release does not know the request.
        RequestRefused: the orchestrator refused it.
        ContractBroken: the answer does not match the client protocol.
    """
    try:
        reply: dict[str, Any] = json.loads(answer)
        error = reply.get("error")
        if error is None:
            return reply
        code, message = error["code"], error["message"]
    except (ValueError, KeyError, TypeError, AttributeError) as malformed:
        raise _malformed(request, answer) from malformed
    if UNKNOWN_REQUEST.search(f"{code}: {message}"):
        raise UnknownRequest(
            f"This release does not know the request {request}, so its result cannot be tested."
        )
    raise RequestRefused(f"The request {request} was refused with {code}: {message}")


def _malformed(request: str, answer: str | bytes) -> ContractBroken:
    return ContractBroken(
        f"The answer to the request {request} does not match the client protocol: {answer!r}"
    )
