"""The SSH connection to another machine, made on first use."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
from collections.abc import Callable, Iterator

import paramiko
from paramiko.hostkeys import InvalidHostKey

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.hosts.ssh_address import SshAddress
from swamp_harness.system.limits import HOST_ANSWER
from swamp_harness.system.lines import Lines

# Errors are raised to the caller; do not log them to the terminal as well.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

_BEGUN = "swamp-uat-begins-here"
_CHUNK = 65536
# The errors of paramiko when a machine does not answer.
SILENCE = (OSError, EOFError, paramiko.SSHException)
# paramiko's value for an exit code that it never received.
NO_EXIT_CODE = -1


class SshConnection:
    """A connection to a machine; a forked process makes its own.

    Args:
        name: the name of the machine in messages.
        address: its SSH address.
    """

    def __init__(self, name: str, address: SshAddress) -> None:
        self.name = name
        self._address = address
        self._clients: dict[int, paramiko.SSHClient] = {}
        self._last_commands: dict[int, list[paramiko.Channel]] = {}

    @property
    def client(self) -> paramiko.SSHClient:
        """The paramiko client of this process.

        Raises:
            InfrastructureError: the machine cannot be reached, or refuses the login.
        """
        if os.getpid() not in self._clients:
            self._clients[os.getpid()] = self._connect()
        return self._clients[os.getpid()]

    @property
    def transport(self) -> paramiko.Transport:
        """The transport, for channels and forwarded ports.

        Raises:
            InfrastructureError: the machine cannot be reached, or is gone.
        """
        transport = self.client.get_transport()
        if transport is None or not transport.is_active():
            raise self.gone()
        return transport

    @property
    def is_open(self) -> bool:
        """Whether this process has an open connection."""
        client = self._clients.get(os.getpid())
        transport = client.get_transport() if client is not None else None
        return transport is not None and transport.is_active()

    def gone(self) -> InfrastructureError:
        """The error for a process that ended without an exit code."""
        return InfrastructureError(
            f"{self.name} is gone: an SSH session ended unexpectedly. Check the machine, and run again."
        )

    def run(self, command: str) -> str:
        """Run a command of the machine's shell to its end, and return the lines that it printed.

        Raises:
            InfrastructureError: it failed, or did not end in time.
        """
        try:
            with self.start(command) as channel:
                channel.settimeout(HOST_ANSWER.seconds)
                output = "\n".join(since_begun(lines_of(channel.recv)))
                errors = "\n".join(since_begun(lines_of(channel.recv_stderr)))
                code = channel.recv_exit_status()
        except SILENCE as error:
            raise self._error(error) from error
        if code == NO_EXIT_CODE:
            raise self.gone()
        if code:
            raise InfrastructureError(f"`{command}` failed on {self.name}: {errors or output}")
        return output

    def start(self, command: str) -> paramiko.Channel:
        """Start a command of the machine's shell; the caller closes the channel.

        A login may print something first; `since_begun` drops that from the output.

        Close every channel explicitly. The garbage collector may finish an open one in the thread that serves
        the connection, while that thread holds the lock that the channel needs: then the connection hangs.
        paramiko's own function to run a command leaves files to the collector.

        Raises:
            InfrastructureError: the machine cannot be reached, or is gone.
            OSError, EOFError, paramiko.SSHException: the command cannot be started.
        """
        channel = self.transport.open_session(timeout=HOST_ANSWER.seconds)
        try:
            channel.exec_command(f"echo {_BEGUN}; echo {_BEGUN} >&2; {command}")
        except BaseException:
            channel.close()
            raise
        return channel

    def run_at_its_end(self, command: str) -> None:
        """Arrange that a command of the machine's shell runs when this process's connection ends in any way.

        Raises:
            InfrastructureError: the machine cannot be reached, or is gone.
        """
        # Its input ends with the connection. It ignores the signals that end the processes of a login.
        script = f'trap "" HUP TERM; echo; exec >/dev/null 2>&1; cat; {command}'
        try:
            channel = self.start(f"exec sh -c {shlex.quote(script)}")
            self._last_commands.setdefault(os.getpid(), []).append(channel)
            channel.settimeout(HOST_ANSWER.seconds)
            is_waiting = next(since_begun(lines_of(channel.recv)), None) is not None
        except SILENCE as error:
            raise self._error(error) from error
        if not is_waiting:
            raise self.gone()

    def close(self) -> None:
        """Close the connection of this process, which ends everything that was started over it."""
        for channel in self._last_commands.pop(os.getpid(), []):
            with contextlib.suppress(EOFError):  # the connection is gone, and the command with it
                channel.close()
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()

    def _error(self, error: Exception) -> InfrastructureError:
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
            raise InfrastructureError(_connection_error(self.name, address, error)) from error
        return client


def lines_of(receive: Callable[[int], bytes]) -> Iterator[str]:
    """The lines of a channel, as they arrive."""
    lines = Lines()
    while chunk := receive(_CHUNK):
        yield from lines.feed(chunk)
    yield from lines.rest()


def since_begun(lines: Iterator[str]) -> Iterator[str]:
    """The output of a command, without the output of the login before it."""
    for line in lines:
        if line.endswith(_BEGUN):
            break
    return lines


def _connection_error(name: str, address: SshAddress, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{name} cannot be reached: there is no file {error.filename}."
    if isinstance(error, InvalidHostKey):
        known, host = address.known_hosts or "your known hosts", error.line.split()[0]
        return f"{name} cannot be reached: the key of {host} in {known} is malformed: correct that line."
    if isinstance(error, paramiko.AuthenticationException):
        return f"{name} refuses the login {address} with the key {address.key}: use another key or user."
    if isinstance(error, paramiko.BadHostKeyException):
        return f"{name} presents another host key than the known one: find out why before you continue."
    if "not found in known_hosts" in str(error):
        return f"{name} is not a known host: check its key and add it with ssh-keyscan to the known hosts."
    return f"{name} cannot be reached at {address}: {error}."
