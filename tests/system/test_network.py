"""The effect of each outage of the network path on a plain TCP client and on a WebSocket client."""

import contextlib
import socket
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import serve

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import Limit
from swamp_harness.system.network import NetworkPath
from swamp_harness.system.waiting import wait_until

PATIENCE = 10
A_MOMENT = 0.3
SOON = Limit("something that happens soon", PATIENCE)


@pytest.fixture
def echo():
    """A TCP server that echoes, and records how its connections ended."""
    server = socket.create_server(("127.0.0.1", 0))
    endings = []

    def answer(connection):
        try:
            while data := connection.recv(1024):
                connection.sendall(data)
            endings.append("end")
            connection.sendall(b"bye")
        except OSError as error:
            endings.append(type(error).__name__)
        connection.close()

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname(), endings
    # Closing alone does not wake the thread, which would then accept for the next socket with this number.
    with contextlib.suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def path(echo):
    with NetworkPath(echo[0]) as path:
        yield path


def dial(path):
    client = socket.create_connection(path.address, timeout=PATIENCE)
    client.settimeout(PATIENCE)
    return client


def says(client, text):
    client.sendall(text)
    return client.recv(1024)


def test_it_passes_bytes_both_ways(path):
    with dial(path) as client:
        assert says(client, b"hello") == b"hello"


def test_the_end_of_one_direction_is_passed_on(path, echo):
    with dial(path) as client:
        assert says(client, b"hello") == b"hello"
        client.shutdown(socket.SHUT_WR)

        assert client.recv(1024) == b"bye"
        assert client.recv(1024) == b""
    assert echo[1] == ["end"]


def test_a_stall_holds_data_and_a_heal_delivers_it(path):
    with dial(path) as client:
        assert says(client, b"one") == b"one"
        path.stall()
        client.settimeout(A_MOMENT)
        with pytest.raises(TimeoutError):
            says(client, b"two")

        path.heal()
        client.settimeout(PATIENCE)
        assert client.recv(1024) == b"two"


def test_a_connection_made_during_a_stall_is_accepted_and_gets_no_answer_until_the_heal(path):
    path.stall()
    with dial(path) as client:
        client.settimeout(A_MOMENT)
        with pytest.raises(TimeoutError):
            says(client, b"hello")
        assert path.connections == 1

        path.heal()
        client.settimeout(PATIENCE)
        assert client.recv(1024) == b"hello"


def test_a_reset_breaks_both_ends(path, echo):
    with dial(path) as client:
        assert says(client, b"hello") == b"hello"

        path.reset()

        with pytest.raises(ConnectionError):
            client.recv(1024)
    for _ in range(100):
        if echo[1]:
            break
        threading.Event().wait(0.05)
    assert echo[1] in (["ConnectionResetError"], ["ConnectionAbortedError"])


def test_breaking_the_near_ends_leaves_the_far_ends_open_until_they_are_closed(path, echo):
    with dial(path) as client:
        says(client, b"hello")
        path.break_near_ends()
        with pytest.raises(ConnectionError):
            client.recv(1024)
    with dial(path) as client:
        assert says(client, b"again") == b"again"
        assert echo[1] == []

        path.break_far_ends()

        for _ in range(100):
            if echo[1]:
                break
            threading.Event().wait(0.05)
        assert echo[1] in (["ConnectionResetError"], ["ConnectionAbortedError"])
        assert says(client, b"still") == b"still"


def test_the_messages_of_open_connections_to_the_target_are_counted(path):
    first, second = dial(path), dial(path)
    for client, texts in ((first, [b"one"]), (second, [b"one", b"two"])):
        for text in texts:
            assert says(client, text)
    assert path.messages == 2

    path.cut()
    assert path.messages == 0, "a broken connection counts no more, although its data is held back"


def test_after_a_reset_a_new_connection_passes(path):
    with dial(path) as client:
        says(client, b"hello")
        path.reset()
    with dial(path) as client:
        assert says(client, b"again") == b"again"


def test_new_connections_are_held_back_until_the_heal_and_others_go_on(path):
    with dial(path) as before:
        assert says(before, b"before") == b"before"
        path.hold_new()
        with dial(path) as held:
            held.sendall(b"held")
            wait_until("a connection to be held", lambda: path.held_connections, lambda held: held == 1, SOON)
            assert says(before, b"during") == b"during"
            path.heal()
            assert held.recv(1024) == b"held"
    assert path.held_connections == 0


def test_a_cut_breaks_connections_and_holds_new_ones(path):
    with dial(path) as client:
        says(client, b"hello")
        path.cut()
        with pytest.raises(ConnectionError):
            client.recv(1024)
    with dial(path) as client:
        client.settimeout(A_MOMENT)
        with pytest.raises(TimeoutError):
            says(client, b"again")
        path.heal()
        client.settimeout(PATIENCE)
        assert client.recv(1024) == b"again"


def test_a_missing_server_breaks_the_connection():
    with socket.create_server(("127.0.0.1", 0)) as placeholder:
        nowhere = placeholder.getsockname()
    # The connection may break while it is made.
    with NetworkPath(nowhere) as path, pytest.raises(ConnectionError), dial(path) as client:
        client.recv(1024)


def test_a_closed_path_accepts_nothing(echo):
    path = NetworkPath(echo[0])
    address = path.address
    path.close()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=PATIENCE)


@pytest.fixture
def websocket_path():
    def answer(client):
        for message in client:
            client.send(message)

    with serve(answer, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with NetworkPath(server.socket.getsockname()) as path:
            yield path
        server.shutdown()


def open_websocket(path):
    host, port = path.address
    return connect(f"ws://{host}:{port}", proxy=None, open_timeout=PATIENCE)


def test_a_websocket_outlives_a_stall(websocket_path):
    with open_websocket(websocket_path) as client:
        websocket_path.stall()
        client.send("held")
        with pytest.raises(TimeoutError):
            client.recv(timeout=A_MOMENT)

        websocket_path.heal()

        assert client.recv(timeout=PATIENCE) == "held"


def test_a_websocket_breaks_by_a_reset_without_a_closing_handshake(websocket_path):
    with open_websocket(websocket_path) as client:
        websocket_path.reset()

        with pytest.raises(ConnectionClosed) as caught:
            client.recv(timeout=PATIENCE)
    assert caught.value.rcvd is None


def test_a_refusal_breaks_connections_and_refuses_new_ones_until_the_heal(path):
    with dial(path) as client:
        says(client, b"hello")
        path.refuse()
        with pytest.raises(ConnectionError):
            client.recv(1024)
    with pytest.raises(ConnectionRefusedError):
        dial(path)

    path.heal()

    with dial(path) as client:
        assert says(client, b"again") == b"again"


def test_a_heal_after_a_refusal_reports_a_taken_port(echo):
    with NetworkPath(echo[0]) as path:
        path.refuse()
        with (
            socket.create_server(path.address),
            pytest.raises(InfrastructureError, match="taken by another program"),
        ):
            path.heal()


def test_a_websocket_can_reconnect_after_a_cut_and_a_heal(websocket_path):
    with open_websocket(websocket_path) as client:
        websocket_path.cut()
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=PATIENCE)

    threading.Timer(A_MOMENT, websocket_path.heal).start()

    with open_websocket(websocket_path) as client:
        client.send("again")
        assert client.recv(timeout=PATIENCE) == "again"


def test_a_websocket_is_refused_while_the_path_refuses(websocket_path):
    websocket_path.refuse()
    with pytest.raises(ConnectionRefusedError):
        open_websocket(websocket_path)

    websocket_path.heal()

    with open_websocket(websocket_path) as client:
        client.send("again")
        assert client.recv(timeout=PATIENCE) == "again"


def test_a_slow_path_carries_no_more_than_its_rate(path):
    path.bytes_per_second = 1000
    with dial(path) as client:
        began = time.monotonic()
        assert says(client, b"x" * 300) == b"x" * 300
        # There and back, each at 1000 bytes a second.
        assert time.monotonic() - began >= 0.6


def test_a_reset_does_not_wait_for_a_slow_path(path):
    path.bytes_per_second = 1
    with dial(path) as client:
        client.sendall(b"x" * 1000)
        # The far end is read; what came from the near end is held back for its rate.
        wait_until("the path to hold the data", lambda: path.being_read, lambda ends: ends == 1, SOON)
        path.reset()
        with pytest.raises(ConnectionError):
            client.recv(1024)
        wait_until("the path to give up", lambda: path.connections, lambda left: not left, SOON)
