"""The SSH address of another machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SshAddress:
    """The SSH address of a host.

    Attributes:
        host: its name or address.
        user: the user to log in as.
        key: the file of the user's private key.
        port: the port of its SSH server.
        known_hosts: the known_hosts file with the key of the host; None for the user's own.
    """

    host: str
    user: str
    key: Path
    port: int = 22
    known_hosts: Path | None = None

    def __str__(self) -> str:
        """The usual notation."""
        return f"{self.user}@{self.host}:{self.port}"
