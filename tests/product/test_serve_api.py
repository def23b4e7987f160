"""Requests to an orchestrator, of releases that report the live pool and of those that do not."""

import json
import logging
import socket
import threading
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from websockets.sync.server import serve

from swamp_harness.product.fallbacks import Fallback, Fallbacks
from swamp_harness.product.serve_api import LiveMember, NoAnswer, RequestRefused, ServeApi, UnknownRequest
from swamp_harness.system.errors import ContractBroken, PromiseBroken

INSTANCE = "6f1c2a34-1111-4222-8333-abcdefabcdef"
RECORDED = {
    "name": "alpha",
    "status": "disconnected",
    "labels": {},
    "platform": "linux",
    "arch": "x86_64",
    "instanceUuid": INSTANCE,
    "enrolledAt": "2026-07-31T10:00:00Z",
    "lastSeenAt": "2026-07-31T10:00:01Z",
    "capacity": 1,
    "activeDispatchIds": [],
    "swampVersion": "20260731.000000.0",
    "protocolVersion": 4,
}


@contextmanager
def orchestrator(status, body, fallbacks=None):
    """An orchestrator with this answer about its health and one disconnected member in its pool.

    It has no `/ready`.
    """
    asked = []

    def health(connection, request):
        if request.path == "/ready":
            return connection.respond(HTTPStatus.NOT_FOUND, "Not found")
        return connection.respond(status, body) if "health" in request.path else None

    def answer(socket):
        request = json.loads(socket.recv())
        asked.append(request)
        workers = [RECORDED] if request["payload"].get("showAll") else []
        socket.send(json.dumps({"payload": {"data": {"workers": workers, "count": len(workers)}}}))

    with serve(answer, "127.0.0.1", 0, process_request=health) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ServeApi(*server.socket.getsockname(), fallbacks=fallbacks)
        finally:
            server.shutdown()
            thread.join()


def test_a_release_without_the_live_pool_reports_the_recorded_one():
    taken = Fallbacks()
    with orchestrator(HTTPStatus.NOT_FOUND, "Not found", taken) as api:
        assert api.live_pool() == [LiveMember("alpha", INSTANCE, connected=False)]
    assert taken == {Fallback.POOL_FROM_LIST: 1}


def test_a_live_pool_that_is_not_json_breaks_a_promise():
    with (
        orchestrator(HTTPStatus.OK, "all is well") as api,
        pytest.raises(PromiseBroken, match="without JSON: b'all is well'"),
    ):
        api.live_pool()


@pytest.mark.parametrize("secure", [False, True])
def test_a_request_without_an_answer_times_out(monkeypatch, secure):
    monkeypatch.setenv("UAT_TIME_SCALE", "0.02")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        api = ServeApi(*silent.getsockname(), secure=secure)

        with pytest.raises(NoAnswer, match=r"did not answer worker\.list: no answer within 0\.2 s"):
            api.pool()


def test_a_request_that_crashes_the_orchestrator_is_a_failure_of_the_product():
    def fail(socket):
        socket.recv()
        raise RuntimeError("in the orchestrator")

    with serve(fail, "127.0.0.1", 0, logger=logging.getLogger("an orchestrator that fails")) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(ContractBroken, match=r"instead of answering worker\.list: 1011"):
                ServeApi(*server.socket.getsockname()).pool()
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("health", "ready"), [(HTTPStatus.OK, True), (HTTPStatus.SERVICE_UNAVAILABLE, False)]
)
def test_a_release_without_readiness_reports_its_health(health, ready):
    taken = Fallbacks()
    with orchestrator(health, "{}", taken) as api:
        assert api.ready() is ready
    assert taken[Fallback.READINESS_FROM_HEALTH] == ready


@contextmanager
def answering(reply):
    """An orchestrator that gives this reply to every request, and the requests that it got."""
    asked = []

    def answer(socket):
        asked.append(json.loads(socket.recv()))
        socket.send(json.dumps(reply))

    with serve(answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ServeApi(*server.socket.getsockname()), asked
        finally:
            server.shutdown()
            thread.join()


def test_a_token_is_minted_by_a_request():
    minted = {
        "name": "alpha",
        "token": f"alpha.{'0a' * 32}",
        "expiresAt": "2026-08-22T11:00:00Z",
        "maxEnrollments": 1,
        "vaultRef": {"vaultName": "v1", "secretKey": "worker-token-alpha"},
    }
    with answering({"payload": {"data": minted}}) as (api, asked):
        request = api.mint("alpha", "1h")

    assert request.answer == minted
    assert asked[0]["payload"] == {"name": "alpha", "durationMs": 3_600_000, "vaultName": "v1"}


def refusing(code, message):
    return answering({"type": "error", "id": "1", "error": {"code": code, "message": message}})


def test_a_release_that_does_not_know_a_request_is_recognised():
    message = "Invalid request: type: Invalid discriminator value. Expected 'worker.list'"
    with (
        refusing("invalid_request", message) as (api, _),
        pytest.raises(UnknownRequest, match=r"worker\.token"),
    ):
        api.mint("alpha", "1h")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("worker_token_create_failed", "Multiple vaults are configured (v1, _token-secrets)."),
        ("invalid_request", "Invalid request: payload.name: Too small"),
    ],
)
def test_any_other_refusal_is_not_an_unknown_request(code, message):
    with refusing(code, message) as (api, _), pytest.raises(RequestRefused) as caught:
        api.mint("alpha", "1h")

    assert code in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("reply", [{}, [], {"payload": {}}, {"error": "no"}, {"payload": None}])
def test_an_answer_outside_the_protocol_breaks_a_promise(reply):
    with (
        answering(reply) as (api, _),
        pytest.raises(PromiseBroken, match="does not match the client protocol"),
    ):
        api.pool()


def test_a_token_that_is_minted_against_the_contract_breaks_a_promise():
    with answering({"payload": {"data": {"name": "alpha"}}}) as (api, _), pytest.raises(PromiseBroken):
        api.mint("alpha", "1h")
