"""The connection to another machine over SSH: made when it is needed, and what can be asked over it."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.hostkeys import InvalidHostKey

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.limits import HOST_ANSWER
from swamp_harness.system.lines import Lines

# What goes wrong in it is raised where it is asked something; it need not be told on the terminal as well.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

_BEGUN = "swamp-uat-begins-here"
_CHUNK = 65536
# What paramiko raises where a machine does not answer.
SILENCE = (OSError, EOFError, paramiko.SSHException)
# What it tells in place of an exit code that it was never told.
NOT_TOLD = -1


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


class SshConnection:
    """A connection to a machine; a process that was forked has one of its own.

    Args:
        name: of the machine, as people call it.
        address: how it is reached.
    """

    def __init__(self, name: str, address: SshAddress) -> None:
        self.name = name
        self._address = address
        self._clients: dict[int, paramiko.SSHClient] = {}
        self._last_commands: dict[int, list[paramiko.Channel]] = {}

    @property
    def client(self) -> paramiko.SSHClient:
        """The connection of this process, as paramiko has it.

        Raises:
            InfrastructureError: the machine cannot be reached, or does not let anybody in.
        """
        if os.getpid() not in self._clients:
            self._clients[os.getpid()] = self._connect()
        return self._clients[os.getpid()]

    @property
    def transport(self) -> paramiko.Transport:
        """What channels and forwarded ports are asked of.

        Raises:
            InfrastructureError: the machine cannot be reached, or is gone.
        """
        transport = self.client.get_transport()
        if transport is None or not transport.is_active():
            raise self.gone()
        return transport

    @property
    def is_open(self) -> bool:
        """Whether this process has a connection, and it has not ended."""
        client = self._clients.get(os.getpid())
        transport = client.get_transport() if client is not None else None
        return transport is not None and transport.is_active()

    def gone(self) -> InfrastructureError:
        """What to raise when something on the machine ended, and the machine did not tell how."""
        return InfrastructureError(
            f"{self.name} is gone: an SSH session with it ended before its time. Find out why, and run again."
        )

    def run(self, command: str) -> str:
        """Run a command of the machine's shell to its end, and return the lines that it printed.

        Raises:
            InfrastructureError: it failed, or did not end in time.
        """
        try:
            with self.start(command) as channel:
                channel.settimeout(HOST_ANSWER.seconds)
                told = "\n".join(since_begun(lines_of(channel.recv)))
                complaint = "\n".join(since_begun(lines_of(channel.recv_stderr)))
                code = channel.recv_exit_status()
        except SILENCE as error:
            raise self._fault(error) from error
        if code == NOT_TOLD:
            raise self.gone()
        if code:
            raise InfrastructureError(f"`{command}` failed on {self.name}: {complaint or told}")
        return told

    def start(self, command: str) -> paramiko.Channel:
        """Start a command of the machine's shell; whoever starts it closes its channel.

        A login may say something of its own first; `since_begun` drops that from what the channel brings.

        What is left to the garbage collector may be finished in the very thread that answers for the
        connection, while it holds the lock that the end of a channel needs; then nobody gets an answer
        any more. paramiko's own way to run a command leaves files to the collector.

        Raises:
            InfrastructureError: the machine cannot be reached, or is gone.
            OSError, EOFError, paramiko.SSHException: it starts none.
        """
        channel = self.transport.open_session(timeout=HOST_ANSWER.seconds)
        try:
            channel.exec_command(f"echo {_BEGUN}; echo {_BEGUN} >&2; {command}")
        except BaseException:
            channel.close()
            raise
        return channel

    def run_at_its_end(self, command: str) -> None:
        """Have a command of the machine's shell run when this process's connection ends, however it does.

        Raises:
            InfrastructureError: the machine cannot be reached, or is gone.
        """
        # Its input ends with the connection. What ends a login's processes there is to leave it the time.
        script = f'trap "" HUP TERM; echo; exec >/dev/null 2>&1; cat; {command}'
        try:
            channel = self.start(f"exec sh -c {shlex.quote(script)}")
            self._last_commands.setdefault(os.getpid(), []).append(channel)
            channel.settimeout(HOST_ANSWER.seconds)
            is_waiting = next(since_begun(lines_of(channel.recv)), None) is not None
        except SILENCE as error:
            raise self._fault(error) from error
        if not is_waiting:
            raise self.gone()

    def close(self) -> None:
        """End the connection of this process, and with it all that was started over it."""
        for channel in self._last_commands.pop(os.getpid(), []):
            channel.close()
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()

    def _fault(self, error: Exception) -> InfrastructureError:
        if self.is_open and not isinstance(error, EOFError):
            return InfrastructureError(f"{self.name} did not answer: {error}.")
        return self.gone()

    def _connect(self) -> paramiko.SSHClient:
        client = paramiko.SSHClient()
        address = self._address
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
        except (OSError, ValueError, paramiko.SSHException, InvalidHostKey) as error:
            client.close()
            raise InfrastructureError(_told(self.name, address, error)) from error
        return client


def lines_of(receive: Callable[[int], bytes]) -> Iterator[str]:
    """The lines that a channel brings, as they come."""
    lines = Lines()
    while chunk := receive(_CHUNK):
        yield from lines.feed(chunk)
    yield from lines.rest()


def since_begun(lines: Iterator[str]) -> Iterator[str]:
    """What a command said, without what the login said before it."""
    for line in lines:
        if line.endswith(_BEGUN):
            break
    return lines


def _told(name: str, address: SshAddress, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{name} cannot be reached: the file {error.filename} is not there."
    if isinstance(error, InvalidHostKey):
        known, host = address.known_hosts or "your known hosts", error.line.split()[0]
        return f"{name} cannot be reached: in {known} the key of {host} is mangled: mend or remove its line."
    if isinstance(error, paramiko.AuthenticationException):
        return f"{name} does not let {address} in with the key {address.key}: give another key or user."
    if isinstance(error, paramiko.BadHostKeyException):
        return f"{name} shows another host key than the one that is known: find out why before going on."
    if "not found in known_hosts" in str(error):
        return f"{name} is not a known host: check its key and add it with ssh-keyscan to the known hosts."
    return f"{name} cannot be reached at {address}: {error}."
