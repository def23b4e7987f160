"""A network path that begins on another machine and comes back through the SSH connection."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

import paramiko

from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.hosts.host import Address
from swamp_harness.system.hosts.ssh_connection import SshConnection
from swamp_harness.system.network import NetworkPath

_CHUNK = 65536


class TunnelPath(NetworkPath):
    """A path whose beginning is on another machine; who dials there sees a reset as the end of a connection.

    Args:
        connection: to that machine.
        target: host and port that the path leads to, seen from here.

    Raises:
        InfrastructureError: the machine's SSH server does not forward ports.
    """

    def __init__(self, connection: SshConnection, target: Address) -> None:
        super().__init__(target)
        self._connection = connection
        self._remote_port = 0
        self._open_tunnel()

    @property
    def address(self) -> Address:
        """Where the path begins, on the other machine."""
        return "127.0.0.1", self._remote_port

    def refuse(self) -> None:
        """Break what is connected and refuse new connections."""
        super().refuse()
        self._connection.transport.cancel_port_forward("127.0.0.1", self._remote_port)

    def heal(self) -> None:
        """Let everything pass again; what was held back arrives first."""
        was_refusing = self._refusing
        super().heal()
        if was_refusing:
            self._open_tunnel()

    def close(self) -> None:
        """End the path and everything on it."""
        super().close()
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException, InfrastructureError):
            self._connection.transport.cancel_port_forward("127.0.0.1", self._remote_port)

    def _open_tunnel(self) -> None:
        try:
            self._remote_port = self._connection.transport.request_port_forward(
                "127.0.0.1", self._remote_port, self._arrived
            )
        except paramiko.SSHException as error:
            raise InfrastructureError(
                f"{self._connection.name} forwards no ports ({error}): let its SSH server forward TCP."
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


def _copy(
    read: Callable[[int], bytes], write: Callable[[bytes], object], close: Callable[[], object]
) -> None:
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        while chunk := read(_CHUNK):
            write(chunk)
    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
        close()
