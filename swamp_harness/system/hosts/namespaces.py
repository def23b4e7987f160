"""Hosts in network namespaces of their own: other addresses, and a link that can be cut, on this machine.

Only Linux has them, and only root may create them. Each belongs to one worker and is removed with it. After a
killed run, the guardian removes them by the name of the run.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from swamp_harness.system.child_process import Launch
from swamp_harness.system.errors import InfrastructureError
from swamp_harness.system.files import Files, LocalFiles
from swamp_harness.system.hosts.host import Address, Process
from swamp_harness.system.limits import PATH_BROKEN
from swamp_harness.system.marked_processes import described, marked_processes
from swamp_harness.system.network import NetworkPath
from swamp_harness.system.process_log import ProcessLog
from swamp_harness.system.processes import ProcessTree
from swamp_harness.system.waiting import wait_until, without_the_product

# Addresses that RFC 2544 reserves for benchmarks; a link between two machines takes four of them.
_FIRST = (198 << 24) | (18 << 16)
_LINKS = 1 << 15
# Where iproute2 has a file for each namespace; a list by its command needs a process of its own.
_NAMES = Path("/run/netns")


def reason_against_namespaces() -> str | None:
    """Why this machine cannot have namespaces; None if it can."""
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    if shutil.which("ip") is None:
        return "there is no `ip` command: install iproute2"
    if os.geteuid() != 0:
        return "only root may create network namespaces"
    return None


@dataclass(frozen=True)
class Link:
    """The addresses of a link between this machine and a namespace.

    Attributes:
        here: the address of this machine.
        there: the address of the namespace.
    """

    here: str
    there: str


def free_links() -> Iterator[Link]:
    """An endless series of links with addresses that are free on this machine."""
    while True:
        base = _FIRST + 4 * secrets.randbelow(_LINKS)
        link = Link(_dotted(base + 1), _dotted(base + 2))
        if not _ip_output("-o", "address", "show", "to", f"{link.here}/30").strip():
            yield link


class NamespaceHost:
    """A host with a network of its own, on this machine.

    Args:
        run_id: the run, for the guardian.
        name: its name in messages.
        link: the addresses of its link.

    Raises:
        InfrastructureError: it cannot be created.
    """

    def __init__(self, run_id: str, name: str, link: Link) -> None:
        missing = reason_against_namespaces()
        if missing is not None:
            raise InfrastructureError(f"{name} cannot be a host of its own: {missing}.")
        self.name = name
        self.shares_files = True
        self.files: Files = LocalFiles()
        self._address = link.here
        token = secrets.token_hex(4)
        self._namespace = f"{run_id}-{token}"
        self._link = f"uat{token}"
        _ip("netns", "add", self._namespace)
        try:
            self._make_link(link)
        except InfrastructureError:
            self.close()
            raise

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of this process; those that a scenario must not have are removed later."""
        return os.environ

    @property
    def dials_directly(self) -> bool:
        """Always false: it has a loopback of its own."""
        return False

    def start(self, name: str, launch: Launch, log: ProcessLog) -> Process:
        """Start a process in the namespace.

        Raises:
            InfrastructureError: it could not be started.
        """
        inside = ("ip", "netns", "exec", self._namespace, *launch.arguments)
        return ProcessTree(name, replace(launch, arguments=inside), log)

    def path_to(self, target: Address) -> NetworkPath:
        """A path that begins at this end of the link; it holds data back by taking the link down."""
        return _LinkPath(target, self._address, self._link)

    def processes_with(self, mark: str, variable: str, value: str) -> list[tuple[int, str]]:
        """The processes with a scenario's mark and a variable, as pid and command line."""
        return described(marked_processes(mark), variable, value)

    def close(self) -> None:
        """Remove the namespace, and the link with it."""
        _ip("netns", "del", self._namespace, must_work=False)

    def _make_link(self, link: Link) -> None:
        far, inside = f"{self._link}f", ("-n", self._namespace)
        # A static neighbour entry: without it the namespace would notice within seconds that a link is down,
        # and new connections would fail with an error instead of getting no answer.
        mac = ":".join(["02", *(f"{byte:02x}" for byte in secrets.token_bytes(5))])
        peer = ("peer", "name", far, "netns", self._namespace)
        _ip("link", "add", self._link, "address", mac, "type", "veth", *peer)
        _ip("address", "add", f"{link.here}/30", "dev", self._link)
        _ip(*inside, "address", "add", f"{link.there}/30", "dev", far)
        _ip(*inside, "link", "set", "lo", "up")
        _ip(*inside, "link", "set", far, "up")
        _ip("link", "set", self._link, "up")
        _ip(*inside, "neigh", "replace", link.here, "lladdr", mac, "dev", far, "nud", "permanent")


class _LinkPath(NetworkPath):
    """A path that is silent because its link is down."""

    def __init__(self, target: Address, address: str, link: str) -> None:
        self._link = link
        super().__init__(target, listen_at=address)

    def stall(self) -> None:
        self.hold()
        _ip("link", "set", self._link, "down")

    def cut(self) -> None:
        # The resets must pass before the link is down; they are sent when no connection is read any more.
        self.hold()
        self.reset()
        with without_the_product():
            wait_until(
                "broken connections to be closed", lambda: self.being_read, lambda n: not n, PATH_BROKEN
            )
        _ip("link", "set", self._link, "down")

    def heal(self) -> None:
        _ip("link", "set", self._link, "up")
        super().heal()


def remove_namespaces(run_id: str) -> None:
    """Remove all namespaces that a run has left behind."""
    if reason_against_namespaces() is not None:
        return
    for each in _NAMES.glob(f"{run_id}-*"):
        _ip("netns", "del", each.name, must_work=False)


def _dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def _ip_output(*words: str) -> str:
    command: Sequence[str] = ("ip", *words)
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _ip(*words: str, must_work: bool = True) -> bool:
    command: Sequence[str] = ("ip", *words)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and must_work:
        raise InfrastructureError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
    return not done.returncode
