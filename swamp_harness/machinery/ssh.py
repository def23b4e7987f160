"""Hosts that are reached over SSH: processes, files and network paths on another machine.

What dials from there comes back through the SSH connection, so the other machine needs no way to this one. A
process there lives no longer than the connection: a watcher beside it ends it when its input ends, however
this side died.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import socket
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import paramiko

from swamp_harness.machinery.faults import InfrastructureFault
from swamp_harness.machinery.files import Files
from swamp_harness.machinery.hosts import Address, Process
from swamp_harness.machinery.limits import (
    HOST_ANSWER,
    OUTPUT_DRAINED,
    PROCESS_GONE,
    PROCESS_STOPPED,
    Limit,
)
from swamp_harness.machinery.network import NetworkPath
from swamp_harness.machinery.processes import Launch
from swamp_harness.machinery.processlog import Life, ProcessLog
from swamp_harness.machinery.waiting import wait_until

_SIGNALLED = 128
_CHUNK = 65536


@dataclass(frozen=True)
class SshAddress:
    """How a host is reached.

    Attributes:
        host: its name or address.
        user: who logs in.
        key: the file of that person's private key.
        port: where its SSH server listens.
        known_hosts: the file that says which key the host has; the person's own when None.
    """

    host: str
    user: str
    key: Path
    port: int = 22
    known_hosts: Path | None = None

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.user}@{self.host}:{self.port}"


class SshHost:
    """A host with a POSIX shell that is reached over SSH.

    Connections are made when they are needed, and anew in a process that was forked.

    Args:
        name: as people call it.
        address: how it is reached.
    """

    def __init__(self, name: str, address: SshAddress) -> None:
        self.name = name
        self.address = address
        self.shares_files = False
        self._connections: dict[int, paramiko.SSHClient] = {}
        self._environment: Mapping[str, str] | None = None
        self._groups: dict[str, list[int]] = {}
        self.files: Files = SftpFiles(self)

    @property
    def connection(self) -> paramiko.SSHClient:
        """The connection of this process.

        Raises:
            InfrastructureFault: the host cannot be reached, or does not let anybody in.
        """
        if os.getpid() not in self._connections:
            self._connections[os.getpid()] = self._connect()
        return self._connections[os.getpid()]

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that a login there has."""
        if self._environment is None:
            lines = self.run("env").splitlines()
            self._environment = dict(line.split("=", 1) for line in lines if "=" in line)
        return self._environment

    @property
    def dials_directly(self) -> bool:
        """It does not: its loopback is another one."""
        return False

    def run(self, command: str) -> str:
        """Run a command of the host's shell to its end, and return what it printed.

        Raises:
            InfrastructureFault: it failed, or did not end in time.
        """
        try:
            _, stdout, stderr = self.connection.exec_command(command, timeout=HOST_ANSWER.seconds)
            told, complaint = stdout.read().decode(), stderr.read().decode().strip()
            code = stdout.channel.recv_exit_status()
        except (OSError, paramiko.SSHException) as error:
            raise InfrastructureFault(f"{self.name} did not answer: {error}.") from error
        if code:
            raise InfrastructureFault(f"`{command}` failed on {self.name}: {complaint or told.strip()}")
        return str(told)

    def start(self, name: str, launch: Launch, log: ProcessLog) -> Process:
        """Start a process.

        Raises:
            InfrastructureFault: it could not be started.
        """
        return SshProcess(self, name, launch, log)

    def path_to(self, target: Address) -> NetworkPath:
        """A path that begins on the host's own loopback and comes back through the connection.

        Raises:
            InfrastructureFault: the host's SSH server does not forward ports.
        """
        return _TunnelPath(self, target)

    def processes_with(self, mark: str, variable: str, value: str) -> list[tuple[int, str]]:  # noqa: ARG002
        """The processes that what was started with a variable has started, itself as well.

        A process may leave the group in which it was started; it is not found then.
        """
        groups = {str(group) for group in self._groups.get(f"{variable}={value}", [])}
        lines = self.run("ps -A -o pid= -o pgid= -o args=").splitlines()
        rows = [line.split(None, 2) for line in lines]
        return [
            (int(row[0]), row[2]) for row in rows if row[1:] and row[1] in groups and _WATCH not in row[2]
        ]

    def note_group(self, group: int, environment: Mapping[str, str]) -> None:
        """Remember the variables with which a group of processes was started."""
        for variable, value in environment.items():
            self._groups.setdefault(f"{variable}={value}", []).append(group)

    def close(self) -> None:
        """End the connection of this process, and with it all that was started over it."""
        connection = self._connections.pop(os.getpid(), None)
        if connection is not None:
            connection.close()

    def _connect(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        address = self.address
        try:
            if address.known_hosts is not None:
                client.load_host_keys(str(address.known_hosts))
            else:
                client.load_system_host_keys()
            client.set_missing_host_key_policy(paramiko.RejectPolicy())
            limit = HOST_ANSWER.seconds
            client.connect(
                address.host,
                address.port,
                address.user,
                key_filename=str(address.key),
                allow_agent=False,
                look_for_keys=False,
                timeout=limit,
                banner_timeout=limit,
                auth_timeout=limit,
            )
        except (OSError, paramiko.SSHException) as error:
            client.close()
            raise InfrastructureFault(_told(self.name, address, error)) from error
        return client


# What the watcher is called in a list of processes, so that it is not taken for a process of a scenario.
_WATCH = "swamp-uat-watch"


class SshProcess:
    """A process on a host that is reached over SSH, with everything that it has started.

    Args:
        host: where it runs.
        name: how messages call it.
        launch: what to start.
        log: takes the output line by line.

    Raises:
        InfrastructureFault: it could not be started.
    """

    def __init__(self, host: SshHost, name: str, launch: Launch, log: ProcessLog) -> None:
        self.name = name
        self.log = log
        self.log_start = log.position
        self._host = host
        self._begun = threading.Event()
        self._numbers: list[int] = []
        try:
            transport = host.connection.get_transport()
            if transport is None:
                raise InfrastructureFault(f"{name} could not be started: {host.name} is gone.")
            self._channel = transport.open_session(timeout=HOST_ANSWER.seconds)
            self._channel.exec_command(started_by(launch))
        except (OSError, paramiko.SSHException) as error:
            raise InfrastructureFault(f"{name} could not be started on {host.name}: {error}.") from error
        readers = ((self._read_first_line_then_all, "stdout"), (self._read_all, "stderr"))
        self._pumps = [threading.Thread(target=read, args=(kind,), daemon=True) for read, kind in readers]
        for pump in self._pumps:
            pump.start()
        if not self._begun.wait(HOST_ANSWER.seconds) or not self._numbers:
            raise InfrastructureFault(f"{name} could not be started on {host.name}: {log.tail(3)}")
        host.note_group(self._numbers[0], launch.environment)
        log.note(f"{name} started on {host.name} as process {self.pid}", Life.STARTED)

    @property
    def pid(self) -> int:
        """The process id of the root, on its host."""
        return self._numbers[1]

    @property
    def alive(self) -> bool:
        """Whether the root still runs."""
        return not self._channel.exit_status_ready()

    @property
    def exit_code(self) -> int | None:
        """The exit code of the root, None while it runs; minus the signal's number when a signal ended it."""
        if self.alive:
            return None
        self._drain()
        code = self._channel.recv_exit_status()
        return _SIGNALLED - code if code > _SIGNALLED else code

    def wait_for_end(self, limit: Limit, *, hopeless: Callable[[], str | None] = lambda: None) -> int:
        """Wait until the root has ended by itself and its output has been read to the end.

        Raises:
            AwaitedInVain: it still runs after the limit.
        """
        wait_until(
            f"{self.name} to end",
            lambda: self.log.tail(3),
            lambda _: not self.alive,
            limit,
            hopeless=hopeless,
        )
        code = self.exit_code
        assert code is not None  # noqa: S101 - it has ended
        return code

    def kill(self) -> None:
        """End all of it at once, as a power cut would."""
        self.log.note(f"{self.name} is killed", Life.KILLED)
        self._kill_tree()

    def terminate(self) -> int:
        """Ask the root to stop (SIGTERM) and wait until it has.

        Raises:
            AwaitedInVain: it did not stop within the limit.
        """
        self.log.note(f"{self.name} is asked to stop", Life.ASKED_TO_STOP)
        self._signal("TERM", [self.pid])
        return self.wait_for_end(PROCESS_STOPPED)

    def suspend(self) -> None:
        """Freeze all of it where it stands."""
        self.log.note(f"{self.name} is suspended", Life.SUSPENDED)
        self._signal("STOP", self._tree())

    def resume(self) -> None:
        """Let it run on."""
        self.log.note(f"{self.name} is resumed", Life.RESUMED)
        self._signal("CONT", self._tree())

    def end(self) -> None:
        """Make sure that nothing of it runs any longer; for cleaning up, not for judging."""
        if self.alive:
            self.log.note(f"{self.name} is ended, its scenario is over", Life.KILLED)
            self._kill_tree()
        self._channel.close()

    def _kill_tree(self) -> None:
        tree = self._tree()
        # Freeze first: a running parent could start another child between the look and the kill.
        self._signal("STOP", tree)
        self._signal("KILL", [*tree, *(late for late in self._tree() if late not in tree)])
        wait_until(f"{self.name} to be gone", lambda: self.alive, lambda alive: not alive, PROCESS_GONE)
        self._drain()

    def _tree(self) -> list[int]:
        return descendants(self._host.run("ps -A -o pid= -o ppid="), self.pid)

    def _signal(self, name: str, pids: list[int]) -> None:
        if pids:  # one that has ended meanwhile needs no signal
            self._host.run(f"kill -{name} {' '.join(map(str, pids))} 2>/dev/null || true")

    def _drain(self) -> None:
        for pump in self._pumps:
            pump.join(OUTPUT_DRAINED.seconds)

    def _read_first_line_then_all(self, stream: str) -> None:
        lines = _lines(self._channel.recv)
        # The shell tells its own number and that of the program before the program says anything.
        with contextlib.suppress(ValueError, StopIteration):
            self._numbers = [int(word) for word in next(lines).split()]
        self._begun.set()
        for line in lines:
            self.log.add(stream, line)
        self.log.note(f"{self.name} says nothing more", Life.ENDED)

    def _read_all(self, stream: str) -> None:
        for line in _lines(self._channel.recv_stderr):
            self.log.add(stream, line)


class SftpFiles:
    """The files of a host, over SFTP.

    Args:
        host: whose files they are.
    """

    def __init__(self, host: SshHost) -> None:
        self._host = host
        self._open: dict[int, paramiko.SFTPClient] = {}

    @property
    def _sftp(self) -> paramiko.SFTPClient:
        if os.getpid() not in self._open:
            self._open[os.getpid()] = self._host.connection.open_sftp()
        return self._open[os.getpid()]

    def make(self, folder: PurePath) -> None:
        """Make a folder, and those above it; it may be there."""
        for each in reversed([folder, *folder.parents]):
            if not self.exists(each):
                self._sftp.mkdir(str(each))

    def exists(self, place: PurePath) -> bool:
        """Whether there is a file or folder."""
        try:
            self._sftp.stat(str(place))
        except FileNotFoundError:
            return False
        return True

    def read(self, file: PurePath) -> bytes:
        """The content of a file.

        Raises:
            OSError: there is no such file.
        """
        with self._sftp.open(str(file), "rb") as opened:
            return bytes(opened.read())

    def write(self, file: PurePath, content: bytes) -> None:
        """Give a file a new content; its folder must be there."""
        with self._sftp.open(str(file), "wb") as opened:
            opened.write(content)

    def below(self, folder: PurePath) -> list[PurePath]:
        """Every file below a folder, by name; none if it is not there."""
        try:
            entries = sorted(self._sftp.listdir_attr(str(folder)), key=lambda entry: entry.filename)
        except FileNotFoundError:
            return []
        return [
            file
            for entry in entries
            for place in [folder / entry.filename]
            for file in (self.below(place) if stat.S_ISDIR(entry.st_mode or 0) else [place])
        ]

    def modified(self, file: PurePath) -> float:
        """When a file was last changed, in whole seconds.

        Raises:
            OSError: there is no such file.
        """
        return float(self._sftp.stat(str(file)).st_mtime or 0)

    def remove(self, folder: PurePath) -> None:
        """Remove a folder with all that is in it; it need not be there."""
        self._host.run(f"rm -rf -- {shlex.quote(str(folder))}")


class _TunnelPath(NetworkPath):
    """A path whose beginning is on another machine."""

    def __init__(self, host: SshHost, target: Address) -> None:
        super().__init__(target)
        self._host = host
        self._remote_port = 0
        self._open_tunnel()

    @property
    def address(self) -> Address:
        """Where the path begins, on the other machine."""
        return "127.0.0.1", self._remote_port

    def refuse(self) -> None:
        super().refuse()
        self._transport.cancel_port_forward("127.0.0.1", self._remote_port)

    def heal(self) -> None:
        was_refusing = self._refusing
        super().heal()
        if was_refusing:
            self._open_tunnel()

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException, InfrastructureFault):
            self._transport.cancel_port_forward("127.0.0.1", self._remote_port)

    @property
    def _transport(self) -> paramiko.Transport:
        transport = self._host.connection.get_transport()
        if transport is None:
            raise InfrastructureFault(f"{self._host.name} is gone.")
        return transport

    def _open_tunnel(self) -> None:
        try:
            self._remote_port = self._transport.request_port_forward(
                "127.0.0.1", self._remote_port, self._arrived
            )
        except paramiko.SSHException as error:
            raise InfrastructureFault(
                f"{self._host.name} forwards no ports ({error}): allow TCP forwarding in its SSH server."
            ) from error

    def _arrived(self, channel: paramiko.Channel, *_: Any) -> None:
        threading.Thread(target=self._join, args=(channel,), daemon=True).start()

    def _join(self, channel: paramiko.Channel) -> None:
        try:
            near = socket.create_connection(super().address)
        except OSError:
            channel.close()
            return
        with near:
            back = threading.Thread(
                target=_copy, args=(near.recv, channel.sendall, channel.close), daemon=True
            )
            back.start()
            # Closing alone would not wake the thread that reads.
            _copy(channel.recv, near.sendall, lambda: near.shutdown(socket.SHUT_RDWR))
            back.join()


def started_by(launch: Launch) -> str:
    """The command of a POSIX shell that starts a program as `Launch` says, and ends it with the connection.

    It first tells two numbers in a line: of the group of processes, and of the program.
    """
    variables = " ".join(shlex.quote(f"{name}={value}") for name, value in launch.environment.items())
    program = " ".join(map(shlex.quote, launch.arguments))
    script = (
        f"cd {shlex.quote(str(launch.folder))} || exit 1; exec 3<&0; "
        f"env -i {variables} {program} </dev/null 3<&- & program=$!; "
        'echo "$$ $program"; '
        # Its input ends with the connection; then the whole group goes, itself as well.
        f"sh -c 'cat >/dev/null; kill -KILL -'$$' 2>/dev/null # {_WATCH}' <&3 >/dev/null 2>&1 & watch=$!; "
        'wait "$program"; code=$?; kill -KILL "$watch" 2>/dev/null; exit "$code"'
    )
    return f"exec sh -c {shlex.quote(script)}"


def descendants(listing: str, root: int) -> list[int]:
    """A process with everything that descends from it, by a list of all pids with their parents'."""
    parents = [(int(pid), int(parent)) for pid, parent in (line.split() for line in listing.splitlines())]
    tree = [root] if any(pid == root for pid, _ in parents) else []
    for member in tree:
        tree += [pid for pid, parent in parents if parent == member]
    return tree


def posix_path(text: str) -> PurePosixPath:
    """A path on a POSIX machine, whichever this one is."""
    return PurePosixPath(text)


def _told(name: str, address: SshAddress, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{name} cannot be reached: the file {error.filename} is not there."
    if isinstance(error, paramiko.AuthenticationException):
        return f"{name} does not let {address} in with the key {address.key}: give another key or user."
    if isinstance(error, paramiko.BadHostKeyException):
        return f"{name} shows another host key than the one that is known: find out why before going on."
    if "not found in known_hosts" in str(error):
        return f"{name} is not a known host: check its key and add it with ssh-keyscan to the known hosts."
    return f"{name} cannot be reached at {address}: {error}."


def _lines(receive: Callable[[int], bytes]) -> Iterator[str]:
    rest = b""
    while chunk := receive(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", errors="replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", errors="replace")


def _copy(
    read: Callable[[int], bytes], write: Callable[[bytes], object], close: Callable[[], object]
) -> None:
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        while chunk := read(_CHUNK):
            write(chunk)
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        close()
