"""A real SSH server on the loopback, for tests of machines that are reached over SSH."""

import contextlib
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from swamp_harness.system.hosts.ssh_address import SshAddress
from swamp_harness.system.limits import Limit
from swamp_harness.system.waiting import wait_until

_STARTED = Limit("the start of the SSH server", 20)


@dataclass(frozen=True)
class Sshd:
    """The server.

    Attributes:
        folder: of its files.
        port: where it listens.
        pids: of the server, after it has started.
    """

    folder: Path
    port: int
    pids: list[int] = field(default_factory=list)

    @property
    def address(self) -> SshAddress:
        """The address and the login of the server."""
        user = psutil.Process().username()
        return SshAddress("127.0.0.1", user, self.folder / "key", self.port, self.folder / "known_hosts")

    def lose_connections(self) -> None:
        """End every connection at once, as when a machine loses its network."""
        for each in psutil.Process(self.pids[0]).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if each.name().startswith("sshd"):
                    each.kill()

    def known_hosts(self, name: str, public: bytes) -> Path:
        """A file of known hosts that has a key of the server."""
        file = self.folder / name
        file.write_bytes(b"[127.0.0.1]:%d %s\n" % (self.port, public))
        return file


def new_key(file: Path) -> bytes:
    """Write a new private key, and return the public one."""
    key = Ed25519PrivateKey.generate()
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    file.chmod(0o600)
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


def sshd_in(folder: Path, login: str = ""):
    """Run a server until the generator continues; a login may start with a shell command."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if program is None or os.name != "posix":
        pytest.skip("needs an SSH server: install openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # needed for its privilege separation
    public = new_key(folder / "host_key")
    first = f'command="{login}; eval \\"$SSH_ORIGINAL_COMMAND\\"" ' if login else ""
    (folder / "authorized_keys").write_bytes(first.encode() + new_key(folder / "key"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        server = Sshd(folder, probe.getsockname()[1])
    server.known_hosts("known_hosts", public)
    settings = {
        "Port": server.port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host_key",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
        "MaxSessions": 100,
        "MaxStartups": 100,
        "Subsystem": "sftp internal-sftp",
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    process = subprocess.Popen([program, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        server.pids.append(process.pid)
        wait_until("the SSH server to listen", lambda: _listens(server.port), bool, _STARTED)
        yield server
    finally:
        for each in (*psutil.Process(process.pid).children(recursive=True), process):
            each.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
