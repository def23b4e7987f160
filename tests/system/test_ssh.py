"""Machines over SSH: processes, files and network paths there."""

import contextlib
import dataclasses
import gc
import shlex
import socket
import threading
from pathlib import Path, PurePosixPath

import paramiko
import psutil
import pytest

from swamp_harness.system.child_process import Launch
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import LocalFiles, copy
from swamp_harness.system.hosts import ssh_processes
from swamp_harness.system.hosts.ssh import SshHost
from swamp_harness.system.hosts.ssh_processes import SshProcess
from swamp_harness.system.limits import Limit
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.waiting import WaitTimeout, wait_until
from tests.sshd import new_key, sshd_in

SOON = Limit("a test", 20)
NOT_LONG = Limit("a moment", 0.5)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    yield from sshd_in(tmp_path_factory.mktemp("sshd"))


@pytest.fixture
def host(sshd):
    host = SshHost("the other machine", sshd.address)
    yield host
    host.close()


@pytest.fixture
def start(host, tmp_path):
    started = []

    def start(script, name="worker", **environment):
        variables = {"PATH": host.environment["PATH"], **environment}
        log = ProcessLog(tmp_path / f"{len(started)}.log")
        launch = Launch(["sh", "-c", script], variables, PurePosixPath(tmp_path))
        started.append(host.start(name, launch, log))
        return started[-1]

    yield start
    for process in started:
        process.end()


def output_of(process):
    return [line.text for line in process.log.lines(stream="stdout")]


def wait_for_word(process, word):
    wait_until(f"{word!r}", lambda: output_of(process), lambda lines: word in lines, SOON)


# --- processes


def test_a_process_has_only_its_own_folder_and_environment_and_reports_its_end(start, tmp_path):
    process = start('pwd; env | sort; echo "to stderr" >&2; exit 3', GREETING="hello, 'world' $HOME")
    assert process.wait_for_end(SOON) == 3
    lines = output_of(process)
    assert lines[0] == str(tmp_path)
    assert "GREETING=hello, 'world' $HOME" in lines
    assert not any(line.startswith(("HOME=", "SSH_")) for line in lines)
    assert [line.text for line in process.log.lines(stream="stderr")] == ["to stderr"]


def test_a_missing_program_ends_at_once(host, tmp_path):
    log = ProcessLog(tmp_path / "log")
    process = host.start("worker", Launch(["/no/such/program"], {}, PurePosixPath(tmp_path)), log)
    assert process.wait_for_end(SOON) == 127


def test_a_missing_folder_is_an_infrastructure_error(host, tmp_path):
    launch = Launch(["true"], {}, PurePosixPath(tmp_path / "nowhere"))
    with pytest.raises(InfrastructureError, match="could not be started on the other machine"):
        host.start("worker", launch, ProcessLog(tmp_path / "log"))


def test_a_process_that_is_asked_to_stop_can_clean_up(start):
    process = start('trap "echo cleaned; exit 0" TERM; echo ready; while :; do sleep 0.1; done')
    wait_for_word(process, "ready")
    assert process.terminate() == 0
    assert output_of(process)[-1] == "cleaned"


def test_the_signal_that_ended_a_process_is_reported_as_on_this_machine(start):
    process = start("kill -KILL $$")
    assert process.wait_for_end(SOON) == -9


def test_a_killed_process_takes_its_children_with_it(start):
    process = start("sleep 600 & echo $!; echo ready; wait")
    wait_for_word(process, "ready")
    child = int(output_of(process)[0])
    process.kill()
    assert not process.alive
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_crashed_process_leaves_its_children(start):
    process = start("sleep 600 & echo $!; echo ready; wait")
    wait_for_word(process, "ready")
    child = int(output_of(process)[0])
    process.crash()
    assert not process.alive
    left = psutil.Process(child)
    assert left.status() != psutil.STATUS_ZOMBIE
    left.kill()


@pytest.mark.parametrize("end", [SshProcess.kill, SshProcess.crash])
def test_a_process_that_cannot_be_killed_is_an_infrastructure_error(start, monkeypatch, end):
    process = start("sleep 600")
    with monkeypatch.context() as patched:
        patched.setattr(ssh_processes, "PROCESS_GONE", Limit("a test", 0.05))
        patched.setattr(process, "_signal", lambda *_: None)
        with pytest.raises(InfrastructureError, match="Timed out waiting for worker to be gone"):
            end(process)


def test_a_suspended_process_prints_nothing_until_it_is_resumed(start):
    process = start("n=0; while :; do n=$((n+1)); echo $n; sleep 0.05; done")
    wait_for_word(process, "3")
    process.suspend()
    before = len(output_of(process))
    with pytest.raises(WaitTimeout):
        wait_until("more", lambda: len(output_of(process)), lambda count: count > before + 2, NOT_LONG)
    process.resume()
    wait_until("more", lambda: len(output_of(process)), lambda count: count > before + 2, SOON)


def test_the_processes_of_a_worker_are_its_own_tree_without_the_suite(start, host):
    process = start("sleep 601 & echo ready; wait", WHO="alpha")
    start("echo ready; sleep 602", name="another", WHO="beta")
    wait_for_word(process, "ready")
    message = dict(host.processes_with("", "WHO", "alpha"))
    assert process.pid in message
    assert sorted(command for pid, command in message.items() if pid != process.pid) == ["sleep 601"]


def test_processes_end_with_the_connection_however_it_ended(start, host):
    process = start("sleep 603 & echo $!; echo ready; wait")
    wait_for_word(process, "ready")
    pids = [process.pid, int(output_of(process)[0])]
    host.close()
    wait_until("all to be gone", lambda: list(filter(is_running, pids)), lambda left: not left, SOON)


@pytest.fixture
def lost(tmp_path):
    """A machine that can be lost, and a process that runs there."""
    for sshd in sshd_in(tmp_path):
        host = SshHost("the other machine", sshd.address)
        variables = {"PATH": host.environment["PATH"]}
        launch = Launch(["sh", "-c", "echo ready; exec sleep 604"], variables, PurePosixPath(tmp_path))
        process = host.start("worker", launch, ProcessLog(tmp_path / "log"))
        wait_for_word(process, "ready")
        yield sshd, host, process
        host.close()


def test_the_state_of_a_process_is_unknown_when_its_machine_is_gone(lost):
    sshd, host, process = lost
    sshd.lose_connections()
    with pytest.raises(InfrastructureError, match=r"^the other machine is gone: .* Check the machine"):
        process.wait_for_end(SOON)
    for ask in (lambda: process.exit_code, lambda: process.alive, process.kill, lambda: host.run("true")):
        with pytest.raises(InfrastructureError, match="the other machine is gone"):
            ask()


def test_a_process_on_a_lost_machine_is_ended_without_an_error(lost):
    sshd, _, process = lost
    sshd.lose_connections()
    process.end()
    wait_until("it to be gone", lambda: is_running(process.pid), lambda running: not running, SOON)


def test_files_on_a_lost_machine_are_an_infrastructure_error(lost, tmp_path):
    sshd, host, process = lost
    assert host.files.exists(tmp_path)
    sshd.lose_connections()
    process.end()
    for ask in (host.files.exists, host.files.read, host.files.entries, host.files.make):
        with pytest.raises(InfrastructureError, match="the other machine is gone"):
            ask(tmp_path / "nowhere")


def test_a_folder_is_removed_with_the_connection_however_it_ended(lost, tmp_path):
    sshd, host, _ = lost
    folder = tmp_path / "it's there"
    host.remove_at_the_end(folder)
    host.files.make(folder / "deep")
    host.files.write(folder / "deep" / "file", b"")
    assert host.run("ls -d " + shlex.quote(str(folder))) == str(folder)
    sshd.lose_connections()
    wait_until("it to be removed", folder.exists, lambda there: not there, SOON)


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_output_of_a_login_is_not_the_output_of_a_command(tmp_path):
    for sshd in sshd_in(tmp_path, "echo Welcome; echo no such file >&2; printf 'You have mail '"):
        host = SshHost("the other machine", sshd.address)
        assert host.run("echo here") == "here"
        with pytest.raises(InfrastructureError, match=r"failed on the other machine: bad luck$"):
            host.run("echo bad luck >&2; false")
        launch = Launch(["sh", "-c", "echo out; echo err >&2"], host.environment, PurePosixPath(tmp_path))
        process = host.start("worker", launch, ProcessLog(tmp_path / "log"))
        assert process.wait_for_end(SOON) == 0
        assert output_of(process) == ["out"]
        assert [line.text for line in process.log.lines(stream="stderr")] == ["err"]
        host.close()


def test_no_object_that_could_lock_the_connection_is_left_to_the_garbage_collector(host, monkeypatch):
    # The garbage collector may close an object in the connection's own thread while that holds the lock of a
    # channel, which is a deadlock. Here the collector always runs at that moment.
    end_of_channel = paramiko.Channel._close_internal

    def collecting(channel):
        gc.collect()
        return end_of_channel(channel)

    monkeypatch.setattr(paramiko.Channel, "_close_internal", collecting)
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            assert host.run("echo here") == "here"
            host.close()
        left = [thing for thing in gc.get_objects() if isinstance(thing, paramiko.file.BufferedFile)]
    finally:
        gc.enable()
    assert not left


# --- files


def test_files_there_are_written_read_found_and_removed(host, tmp_path):
    root = PurePosixPath(tmp_path) / "with spaces and ümläute"
    files = host.files
    files.make(root / "a" / "b")
    files.make(root / "a" / "b")
    files.write(root / "a" / "b" / "one", b"1" * 100_000)
    files.write(root / "two", b"2")
    assert files.read(root / "a" / "b" / "one") == b"1" * 100_000
    assert files.below(root) == [root / "a" / "b" / "one", root / "two"]
    assert files.below(root / "nowhere") == []
    assert abs(files.modified(root / "two") - (tmp_path / root.name / "two").stat().st_mtime) < 1
    files.link(root / "link", root / "a")
    assert files.exists(root / "link" / "b" / "one")

    files.remove(root / "a")
    assert not files.exists(root / "a")
    assert files.exists(root / "two")
    with pytest.raises(OSError, match="No such file"):
        files.read(root / "a" / "b" / "one")


def test_a_folder_is_copied_from_there_to_here(host, tmp_path):
    there = PurePosixPath(tmp_path) / "there"
    host.files.make(there / "deep")
    host.files.write(there / "deep" / "file", b"content")
    copy(host.files, there, LocalFiles(), tmp_path / "here")
    assert (tmp_path / "here" / "deep" / "file").read_bytes() == b"content"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_there_is_an_infrastructure_error(host):
    for content in (b"little", bytes(10_000_000)):
        with pytest.raises(InfrastructureError, match="the other machine"):
            host.files.write(PurePosixPath("/dev/full"), content)


# --- network paths


@pytest.fixture
def echo():
    server = socket.create_server(("127.0.0.1", 0))

    def answer(connection):
        with connection, contextlib.suppress(ConnectionResetError):
            while data := connection.recv(1024):
                connection.sendall(data)

    def accept():
        try:
            while True:
                threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()
        except OSError:
            return

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()
    # Closing alone does not wake the thread, which would then accept for the next socket with this number.
    with contextlib.suppress(OSError):
        server.shutdown(socket.SHUT_RDWR)
    server.close()


@pytest.fixture
def path(host, echo):
    path = host.path_to(echo)
    yield path
    path.close()


def dial(path):
    client = socket.create_connection(path.address, timeout=5)
    client.settimeout(5)
    return client


def answer_to(client, text):
    client.sendall(text)
    return client.recv(1024)


def test_data_passes_both_ways(path):
    with dial(path) as client:
        assert answer_to(client, b"hello") == b"hello"


def test_a_stalled_path_keeps_data_until_it_heals(path):
    with dial(path) as client:
        assert answer_to(client, b"before") == b"before"
        path.stall()
        client.sendall(b"meanwhile")
        client.settimeout(NOT_LONG.seconds)
        with pytest.raises(TimeoutError):
            client.recv(1024)
        client.settimeout(5)
        path.heal()
        assert client.recv(1024) == b"meanwhile"


def test_a_cut_ends_connections_and_a_healed_path_accepts_new_ones(path):
    with dial(path) as client:
        assert answer_to(client, b"before") == b"before"
        path.cut()
        assert client.recv(1024) == b""
    path.heal()
    with dial(path) as client:
        assert answer_to(client, b"after") == b"after"


def test_a_refusing_path_is_refused_on_the_other_machine_and_returns_at_its_port(path):
    port = path.address[1]
    path.refuse()
    wait_until("the port to be closed", lambda: is_refused(path), bool, SOON)
    path.heal()
    assert path.address[1] == port
    with dial(path) as client:
        assert answer_to(client, b"after") == b"after"


def is_refused(path):
    try:
        with dial(path) as client:
            return client.recv(1) != b""
    except ConnectionRefusedError:
        return True
    except OSError:
        return False


# --- errors


def error_of(address):
    with pytest.raises(InfrastructureError) as raised:
        SshHost("the other machine", address).run("true")
    return str(raised.value)


def test_no_server_listens(sshd):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    message = error_of(dataclasses.replace(sshd.address, port=port))
    assert message.startswith("the other machine cannot be reached at ")
    assert "\n" not in message


def test_a_wrong_key(sshd, tmp_path):
    new_key(tmp_path / "another")
    message = error_of(dataclasses.replace(sshd.address, key=tmp_path / "another"))
    assert "refuses the login" in message
    assert "use another key or user" in message


def test_a_missing_key_and_a_file_that_is_not_a_key(sshd, tmp_path):
    message = error_of(dataclasses.replace(sshd.address, key=tmp_path / "nowhere"))
    assert message == f"the other machine cannot be reached: there is no file {tmp_path / 'nowhere'}."
    (tmp_path / "none").write_text("no key")
    assert "cannot be reached" in error_of(dataclasses.replace(sshd.address, key=tmp_path / "none"))


def test_an_unknown_machine(sshd, tmp_path):
    (tmp_path / "empty").touch()
    message = error_of(dataclasses.replace(sshd.address, known_hosts=tmp_path / "empty"))
    assert message.startswith("the other machine is not a known host")


def test_a_malformed_line_in_known_hosts(sshd):
    known = sshd.known_hosts("mangled", b"ssh-ed25519 AAAAC")
    message = error_of(dataclasses.replace(sshd.address, known_hosts=known))
    assert message.startswith("the other machine cannot be reached: the key of [127.0.0.1]")
    assert message.endswith("is malformed: correct that line.")


def test_a_changed_host_key(sshd, tmp_path):
    known = sshd.known_hosts("changed", new_key(tmp_path / "another"))
    message = error_of(dataclasses.replace(sshd.address, known_hosts=known))
    assert "presents another host key" in message


def test_a_failed_command_reports_its_output(host):
    with pytest.raises(InfrastructureError, match=r"`ls /nowhere` failed on the other machine: .*nowhere"):
        host.run(f"ls {shlex.quote('/nowhere')}")
