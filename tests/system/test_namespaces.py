"""Workers in network namespaces: addresses of their own, and a link that can be cut."""

import contextlib
import secrets
import socket
import subprocess
import sys
import threading
from itertools import islice

import pytest

from swamp_harness.system.child_process import Launch
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.hosts import namespaces as namespaces_of_hosts
from swamp_harness.system.hosts.namespaces import (
    Link,
    NamespaceHost,
    free_links,
    reason_against_namespaces,
    remove_namespaces,
)
from swamp_harness.system.limits import Limit
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.waiting import WaitTimeout, wait_until

SOON = Limit("a test", 20)
NOT_LONG = Limit("a moment", 0.7)
# Prints its own address, then every answer that it gets.
CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=15) as connection:
    print("from", connection.getsockname()[0], flush=True)
    try:
        while answer := connection.recv(1024):
            print(answer.decode(), flush=True)
        print("the end", flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)
"""

needs_namespaces = pytest.mark.skipif(
    reason_against_namespaces() is not None, reason=str(reason_against_namespaces())
)


@pytest.fixture
def run_id():
    run_id = f"uat-test-{secrets.token_hex(4)}"
    yield run_id
    remove_namespaces(run_id)


@pytest.fixture
def link():
    return next(free_links())


@pytest.fixture
def host(run_id, link):
    host = NamespaceHost(run_id, "the namespace", link)
    yield host
    host.close()


@pytest.fixture
def speaker():
    """A server; the test uses its connections."""
    server = socket.create_server(("127.0.0.1", 0))
    connections = []

    def accept():
        try:
            while True:
                connections.append(server.accept()[0])
        except OSError:
            return

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname(), connections
    for connection in connections:
        connection.close()
    # Closing alone does not wake the thread, which would then accept for the next socket with this number.
    with contextlib.suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def connected(host, speaker, tmp_path):
    """A client in the namespace that has connected over a path, with the path and the other end."""
    target, connections = speaker
    path = host.path_to(target)
    arguments = [sys.executable, "-c", CLIENT, path.address[0], str(path.address[1])]
    client = host.start("client", Launch(arguments, {}, tmp_path), ProcessLog(tmp_path / "client"))
    wait_until("the client to connect", lambda: connections, bool, SOON)
    yield client, path, connections[0]
    client.end()
    path.close()


def output_of(process):
    return [line.text for line in process.log.lines(stream="stdout")]


def wait_for(process, word):
    wait_until(f"{word!r}", lambda: output_of(process), lambda lines: word in lines, SOON)


def namespaces():
    return subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout  # noqa: S607


@needs_namespaces
def test_a_process_in_a_namespace_has_an_address_of_its_own_and_reaches_this_machine(connected, link):
    client, _, connection = connected
    connection.sendall(b"hello")
    wait_for(client, "hello")
    assert output_of(client)[0] == f"from {link.there}"


@needs_namespaces
def test_a_link_that_is_down_holds_back_data_until_it_is_up(connected):
    client, path, connection = connected
    path.stall()
    connection.sendall(b"meanwhile")
    with pytest.raises(WaitTimeout):
        wait_until("nothing", lambda: output_of(client), lambda lines: "meanwhile" in lines, NOT_LONG)
    path.heal()
    wait_for(client, "meanwhile")


@needs_namespaces
def test_a_cut_breaks_connections_before_the_link_goes_down(connected):
    client, path, _ = connected
    path.cut()
    wait_for(client, "ConnectionResetError")


@needs_namespaces
def test_connections_that_do_not_close_at_a_cut_are_an_infrastructure_error(host, speaker, monkeypatch):
    path = host.path_to(speaker[0])
    monkeypatch.setattr(namespaces_of_hosts, "PATH_BROKEN", Limit("a test", 0.05))
    monkeypatch.setattr(type(path), "being_read", 1)
    with pytest.raises(InfrastructureError, match="broken connections to be closed"):
        path.cut()
    path.close()


@needs_namespaces
def test_dialing_over_a_link_that_is_down_waits_until_it_is_up(host, speaker, tmp_path):
    path = host.path_to(speaker[0])
    path.stall()
    arguments = [sys.executable, "-c", CLIENT, path.address[0], str(path.address[1])]
    client = host.start("client", Launch(arguments, {}, tmp_path), ProcessLog(tmp_path / "client"))
    with pytest.raises(WaitTimeout):  # an unreachable neighbour would be noticed within three seconds
        wait_until("anything", lambda: client.alive, lambda alive: not alive, Limit("a while", 4.5))
    path.heal()
    wait_until("the client to connect", lambda: speaker[1], bool, SOON)
    client.end()
    path.close()


@needs_namespaces
def test_a_namespace_is_gone_when_its_host_is_closed(run_id, link):
    host = NamespaceHost(run_id, "the namespace", link)
    assert run_id in namespaces()
    host.close()
    assert run_id not in namespaces()


@needs_namespaces
def test_only_the_remains_of_a_run_are_removed_by_its_name(run_id):
    other = f"uat-test-{secrets.token_hex(4)}"
    mine, theirs = islice(free_links(), 2)
    NamespaceHost(run_id, "mine", mine)
    kept = NamespaceHost(other, "theirs", theirs)
    remove_namespaces(run_id)
    assert run_id not in namespaces()
    assert other in namespaces()
    kept.close()


@needs_namespaces
def test_the_addresses_of_a_link_that_is_in_use_are_not_free(monkeypatch, run_id):
    numbers = iter([7, 7, 8])
    monkeypatch.setattr("secrets.randbelow", lambda _: next(numbers))
    links = free_links()
    first = next(links)
    host = NamespaceHost(run_id, "the first", first)
    assert next(links) != first
    host.close()


def test_without_namespaces_the_reason_is_reported(monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(
        InfrastructureError,
        match="the namespace cannot be a host of its own: only Linux has network namespaces",
    ):
        NamespaceHost("uat-test", "the namespace", Link("198.18.0.1", "198.18.0.2"))
