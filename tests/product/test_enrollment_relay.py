"""The relay between a worker and its orchestrator: what it rewrites, what it records, and its own errors."""

import json
import sys
import threading
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import serve

from swamp_harness.product.enrollment_relay import EnrollmentRelay
from swamp_harness.product.machine import Machine
from swamp_harness.product.worker import Worker
from swamp_harness.product.worker_settings import WorkerSettings
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.process_log import ProcessLog

ENROLL = {"method": "worker.enroll", "params": {"name": "alpha", "protocolVersion": 4}}
# Of a release that calls the version otherwise.
RENAMED = {"method": "worker.enroll", "params": {"name": "alpha", "version": 4}}


@pytest.fixture
def orchestrator():
    """An orchestrator that sends back what it gets, and its address."""

    def answer(connection):
        for message in connection:
            connection.send(message)

    with serve(answer, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[:2]
        server.shutdown()
        thread.join()


@pytest.fixture
def relay(orchestrator):
    return EnrollmentRelay(orchestrator, -1, {"platform": "beos"})


def answers(relay, *messages):
    """What a worker gets back for its messages over a relay."""
    host, port = relay.address
    with connect(f"ws://{host}:{port}", proxy=None) as worker:
        for message in messages:
            worker.send(message if isinstance(message, str) else json.dumps(message))
        return [json.loads(worker.recv(10)) for _ in messages]


def test_only_what_a_worker_states_when_it_enrolls_is_rewritten(relay):
    other = {"method": "worker.report", "params": {"protocolVersion": 4}}
    enroll = {
        "method": "worker.enroll",
        "params": {"name": "alpha", "protocolVersion": 3, "platform": "beos"},
    }
    assert answers(relay, ENROLL, other) == [enroll, other]
    relay.close()


def test_the_code_of_a_refusal_is_recorded(relay):
    answers(relay, {"error": {"code": "bad_token"}}, {"error": {"message": "none"}}, {"error": "code"}, [])
    assert relay.refusals == ["bad_token", "none", "none"]
    relay.close()


def test_a_message_that_the_relay_cannot_rewrite_is_an_error_of_the_suite(relay):
    with pytest.raises(ConnectionClosed):
        answers(relay, RENAMED)
    with pytest.raises(InfrastructureError, match=r"failed at a message, .* nothing about swamp"):
        relay.demand_no_error()
    with pytest.raises(InfrastructureError, match="failed at a message"):
        relay.close()


@pytest.mark.parametrize("wait", [Worker.wait_until_enrolled, Worker.wait_until_ended])
def test_no_promise_is_broken_while_a_worker_is_behind_a_failed_relay(relay, wait, tmp_path):
    worker = Worker(
        'worker "alpha"',
        Path(sys.executable),
        machine=Machine.at(tmp_path),
        environment={},
        settings=WorkerSettings("alpha.secret"),
        log=ProcessLog(tmp_path / "log"),
    )
    with pytest.raises(ConnectionClosed):
        answers(relay, RENAMED)
    worker.relay = relay
    worker.start(relay.address)  # Python ends at once: it does not know the command
    with pytest.raises(InfrastructureError, match="protocolVersion"):
        wait(worker)
    worker.end()
    with pytest.raises(InfrastructureError):
        relay.close()
