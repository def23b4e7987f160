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
    """A path that begins on another machine; a client there sees a reset as the end of a connection.

    Args:
        connection: the connection to that machine.
        target: host and port at the far end, seen from this machine.

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
        """Host and port of the near end, on the other machine."""
        return "127.0.0.1", self._remote_port

    def refuse(self) -> None:
        """Break the open connections and refuse new ones."""
        super().refuse()
        self._connection.transport.cancel_port_forward("127.0.0.1", self._remote_port)

    def heal(self) -> None:
        """Let all data pass again; what was held back arrives first."""
        was_refusing = self._refusing
        super().heal()
        if was_refusing:
            self._open_tunnel()

    def close(self) -> None:
        """Close the path and its connections."""
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
                f"{self._connection.name} does not forward ports ({error}): allow it in its SSH server."
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
