"""The connection to another machine over SSH: made when it is needed, and what can be asked over it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko

from swamp_harness.machinery.faults import InfrastructureFault
from swamp_harness.machinery.limits import HOST_ANSWER

# What goes wrong in it is raised where it is asked something; it need not be told on the terminal as well.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

_BEGUN = "swamp-uat-begins-here"
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

    @property
    def client(self) -> paramiko.SSHClient:
        """The connection of this process, as paramiko has it.

        Raises:
            InfrastructureFault: the machine cannot be reached, or does not let anybody in.
        """
        if os.getpid() not in self._clients:
            self._clients[os.getpid()] = self._connect()
        return self._clients[os.getpid()]

    @property
    def transport(self) -> paramiko.Transport:
        """What channels and forwarded ports are asked of.

        Raises:
            InfrastructureFault: the machine cannot be reached, or is gone.
        """
        transport = self.client.get_transport()
        if transport is None:
            raise InfrastructureFault(f"{self.name} is gone.")
        return transport

    def run(self, command: str) -> str:
        """Run a command of the machine's shell to its end, and return the lines that it printed.

        Raises:
            InfrastructureFault: it failed, or did not end in time.
        """
        try:
            with self.start(command) as channel:
                channel.settimeout(HOST_ANSWER.seconds)
                told = "\n".join(since_begun(lines_of(channel.recv)))
                complaint = "\n".join(since_begun(lines_of(channel.recv_stderr)))
                code = channel.recv_exit_status()
        except (OSError, paramiko.SSHException) as error:
            raise InfrastructureFault(f"{self.name} did not answer: {error}.") from error
        if code:
            raise InfrastructureFault(f"`{command}` failed on {self.name}: {complaint or told}")
        return told

    def start(self, command: str) -> paramiko.Channel:
        """Start a command of the machine's shell; whoever starts it closes its channel.

        A login may say something of its own first; `since_begun` drops that from what the channel brings.

        What is left to the garbage collector may be finished in the very thread that answers for the
        connection, while it holds the lock that the end of a channel needs; then nobody gets an answer
        any more. paramiko's own way to run a command leaves files to the collector.

        Raises:
            InfrastructureFault: the machine cannot be reached, or is gone.
            paramiko.SSHException: it starts none.
        """
        channel = self.transport.open_session(timeout=HOST_ANSWER.seconds)
        try:
            channel.exec_command(f"echo {_BEGUN}; echo {_BEGUN} >&2; {command}")
        except BaseException:
            channel.close()
            raise
        return channel

    def close(self) -> None:
        """End the connection of this process, and with it all that was started over it."""
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()

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
        except (OSError, paramiko.SSHException) as error:
            client.close()
            raise InfrastructureFault(_told(self.name, address, error)) from error
        return client


def lines_of(receive: Callable[[int], bytes]) -> Iterator[str]:
    """The lines that a channel brings, as they come."""
    rest = b""
    while chunk := receive(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", errors="replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", errors="replace")


def since_begun(lines: Iterator[str]) -> Iterator[str]:
    """What a command said, without what the login said before it."""
    for line in lines:
        if line.endswith(_BEGUN):
            break
    return lines


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
