"""The machines of the bench: where workers run, beside or in place of this machine. `bench.yaml` names them.

A machine is this one (`here`), a network namespace on this one that each worker has for itself (`namespace`),
or another one that is reached over SSH (`ssh`).
"""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

import yaml

from swamp_harness.machinery.faults import ExitCode, InfrastructureFault, UnusableInput
from swamp_harness.machinery.files import copy
from swamp_harness.machinery.hosts import HERE, Host
from swamp_harness.machinery.namespaces import Link, NamespaceHost, free_links, reason_against_namespaces
from swamp_harness.machinery.ssh import SshHost
from swamp_harness.machinery.ssh_connection import SshAddress
from swamp_harness.product.binary import Binary, this_architecture, this_platform
from swamp_harness.product.conventions import QUIET_ENVIRONMENT

BENCH_VARIABLE = "UAT_BENCH"

_HERE, _NAMESPACE, _SSH = "here", "namespace", "ssh"
_FIELDS = {
    _HERE: ({"name", "kind"}, set[str]()),
    _NAMESPACE: ({"name", "kind"}, set[str]()),
    _SSH: ({"name", "kind", "host", "user", "key", "platform", "binary", "folder"}, {"port", "known-hosts"}),
}
# More workers than any scenario has: their addresses are known before the first of them is made.
_MOST_NAMESPACES = 8
_POSIX = ("linux", "darwin")
# What `uname -sm` says of a machine, in swamp's words.
_SYSTEMS = {"linux": "Linux", "darwin": "Darwin"}
_ARCHITECTURES = {"aarch64": ("aarch64", "arm64"), "x86_64": ("x86_64", "amd64")}


@dataclass(frozen=True)
class BenchMachine:
    """A machine of the bench.

    Attributes:
        name: as people call it.
        kind: "here", "namespace" or "ssh".
        platform: such as "linux x86_64".
        binary: the swamp there; that under test when empty.
        folder: where workers have their folders there; empty for a machine that is this one.
        address: how it is reached, if over SSH.
    """

    name: str
    kind: str
    platform: str
    binary: str = ""
    folder: str = ""
    address: SshAddress | None = None


@dataclass(frozen=True)
class Berth:
    """Where one worker runs.

    Attributes:
        host: the machine.
        binary: the swamp there.
        root: the folder for what it has there.
    """

    host: Host
    binary: PurePath
    root: PurePath


def load(environ: Mapping[str, str]) -> list[BenchMachine]:
    """The machines that `UAT_BENCH` names; this one alone when it names none.

    Raises:
        UnusableInput: the file cannot be read, or an entry is not complete (exit code 2).
    """
    named = environ.get(BENCH_VARIABLE)
    if not named:
        return [_here("this machine", _HERE)]
    file = Path(named)
    try:
        told = yaml.safe_load(file.read_text("utf-8"))
        entries = told["machines"]
        machines = [_machine(entry, file.parent) for entry in entries]
    except (OSError, yaml.YAMLError, ValueError, TypeError, KeyError) as error:
        raise UnusableInput(
            f"The bench in {file} is not usable, {error}: mend the file.", ExitCode.BAD_COMMAND_LINE
        ) from error
    names = [machine.name for machine in machines]
    if not names or len(set(names)) < len(names):
        raise UnusableInput(
            f"The bench in {file} names {'two machines alike' if names else 'no machine'}: mend the file.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return machines


def fault_of(machine: BenchMachine, binary: Binary) -> str:
    """Why a machine cannot be used for a run, in a sentence; empty if it can.

    Args:
        machine: of the bench.
        binary: the one under test.
    """
    if machine.kind == _NAMESPACE:
        missing = reason_against_namespaces()
        return f"{machine.name} cannot be used: {missing}." if missing else ""
    if machine.address is None:
        return ""
    host = SshHost(machine.name, machine.address)
    try:
        return _fault_of_host(host, machine, binary)
    except InfrastructureFault as error:
        return str(error)
    finally:
        host.close()


class Berths:
    """Hands out places for the workers of one scenario, on each machine in turn.

    Args:
        machines: those that the scenario may use.
        binary: the one under test.
        run_id: of the run.
        scenario: the scenario's own name in folders.
        folder: where its workers have their folders, on this machine.
    """

    def __init__(
        self, machines: Sequence[BenchMachine], binary: Binary, run_id: str, scenario: str, folder: Path
    ) -> None:
        self._turns = itertools.cycle(machines)
        self._binary = binary.path
        self._run_id = run_id
        self._scenario = scenario
        self._folder = folder
        self._hosts: dict[str, SshHost] = {}
        self._namespaces: list[NamespaceHost] = []
        has_namespaces = any(machine.kind == _NAMESPACE for machine in machines)
        self._links = list(itertools.islice(free_links(), _MOST_NAMESPACES)) if has_namespaces else []
        self._abroad: list[tuple[SshHost, PurePath]] = []

    def next_for(self, worker: str) -> Berth:
        """A place for a worker.

        Raises:
            InfrastructureFault: the machine whose turn it is cannot be reached any more.
        """
        machine = next(self._turns)
        if machine.kind == _NAMESPACE:
            namespace = NamespaceHost(self._run_id, f'the namespace of "{worker}"', self._next_link())
            self._namespaces.append(namespace)
            return Berth(namespace, self._binary, self._folder / worker)
        if machine.address is None:
            return Berth(HERE, self._binary, self._folder / worker)
        host = self._hosts.setdefault(machine.name, SshHost(machine.name, machine.address))
        root = PurePosixPath(machine.folder) / self._run_id / self._scenario / worker
        self._abroad.append((host, root))
        return Berth(host, PurePosixPath(machine.binary), root)

    @property
    def addresses(self) -> list[str]:
        """The addresses at which workers may find this machine, beside its loopback."""
        return [link.here for link in self._links]

    def _next_link(self) -> Link:
        used = len(self._namespaces)
        if used == len(self._links):
            raise InfrastructureFault(f"A scenario can have {used} workers in namespaces, and no more.")
        return self._links[used]

    def here_for(self, worker: str) -> Path:
        """The folder of a worker that must run on this machine."""
        return self._folder / worker

    def fetch(self) -> None:
        """Copy what workers have on other machines to this one, to be looked at."""
        for host, root in self._abroad:
            copy(host.files, root, HERE.files, self._folder / host.name / root.name)

    def close(self) -> None:
        """Remove what was made, here and on other machines."""
        for namespace in self._namespaces:
            namespace.close()
        for host, root in self._abroad:
            host.files.remove(root.parent)
        for name, host in self._hosts.items():
            # The folder of the run goes with the last scenario that used it.
            folder = next(root.parent.parent for other, root in self._abroad if other.name == name)
            host.run(f"rmdir {shlex.quote(str(folder))} 2>/dev/null || true")
            host.close()


def platforms_of(machines: Iterable[BenchMachine]) -> set[str]:
    """The operating systems of some machines."""
    return {machine.platform.split()[0] for machine in machines}


def _here(name: str, kind: str) -> BenchMachine:
    return BenchMachine(name, kind, f"{this_platform()} {this_architecture()}")


def _machine(entry: Any, beside: Path) -> BenchMachine:
    if not isinstance(entry, dict) or entry.get("kind") not in _FIELDS:
        raise ValueError(f"the kind of a machine is one of {', '.join(_FIELDS)}")
    needed, allowed = _FIELDS[entry["kind"]]
    wrong = (needed - set(entry)) | (set(entry) - needed - allowed)
    if wrong:
        raise ValueError(f"the fields of a machine of its kind are wrong: {', '.join(sorted(wrong))}")
    name, kind = str(entry["name"]), str(entry["kind"])
    if kind != _SSH:
        return _here(name, kind)
    platform = str(entry["platform"])
    if platform.split(maxsplit=1)[0] not in _POSIX:
        raise ValueError(f"{name} has the platform {platform!r}, and only {' and '.join(_POSIX)} are driven")
    known = entry.get("known-hosts")
    address = SshAddress(
        str(entry["host"]),
        str(entry["user"]),
        _place(str(entry["key"]), beside),
        int(entry.get("port", 22)),
        _place(str(known), beside) if known else None,
    )
    return BenchMachine(name, kind, platform, str(entry["binary"]), str(entry["folder"]), address)


def _place(text: str, beside: Path) -> Path:
    return beside / Path(os.path.expanduser(text))  # noqa: PTH111 - a path that is absolute stays what it is


def _fault_of_host(host: SshHost, machine: BenchMachine, binary: Binary) -> str:
    system, architecture = host.run("uname -sm").split()
    wanted = machine.platform.split()
    if system != _SYSTEMS[wanted[0]] or architecture not in _ARCHITECTURES.get(wanted[-1], ()):
        return f"{host.name} is {system} {architecture}, not {machine.platform}: mend the bench's file."
    if not host.files.exists(PurePosixPath(machine.binary)):
        return f"{host.name} has no swamp at {machine.binary}: put one there, or name another."
    quiet = " ".join(f"{name}={value}" for name, value in QUIET_ENVIRONMENT.items())
    said = host.run(f"env {quiet} {shlex.quote(machine.binary)} --version").strip()
    if said.removeprefix("swamp ") != binary.version:
        return f"{host.name} has {said!r}, and swamp {binary.version} is under test: put that there."
    folder = shlex.quote(machine.folder)
    host.run(f"mkdir -p {folder} && test -w {folder}")
    return ""
