"""The hosts of a run: where workers run, beside or in place of this machine. `hosts.yaml` names them.

A machine is this one (`here`), a network namespace on this one that each worker has for itself (`namespace`),
or another one that is reached over SSH (`ssh`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from swamp_harness.product.binary import Binary, this_architecture, this_platform
from swamp_harness.product.conventions import QUIET_ENVIRONMENT
from swamp_harness.product.releases import Releases
from swamp_harness.system.errors import ExitCode, InfrastructureError, UnusableInput
from swamp_harness.system.hosts.namespaces import reason_against_namespaces
from swamp_harness.system.hosts.ssh import SshHost
from swamp_harness.system.hosts.ssh_connection import SshAddress

HOSTS_VARIABLE = "UAT_HOSTS"
_FORMER_NAME = "UAT_BENCH"

_HERE, NAMESPACE, _SSH = "here", "namespace", "ssh"
_FIELDS = {
    _HERE: ({"name", "kind"}, set[str]()),
    NAMESPACE: ({"name", "kind"}, set[str]()),
    _SSH: (
        {"name", "kind", "host", "user", "key", "platform", "folder"},
        {"port", "known-hosts", "binary", "version"},
    ),
}
# What `uname -sm` says of a machine, in swamp's words.
_SYSTEMS = {"linux": "Linux", "darwin": "Darwin"}
_ARCHITECTURES = {"aarch64": ("aarch64", "arm64"), "x86_64": ("x86_64", "amd64")}
_DRIVEN = [f"{system} {architecture}" for system in _SYSTEMS for architecture in _ARCHITECTURES]


@dataclass(frozen=True)
class HostEntry:
    """A host.

    Attributes:
        name: as people call it.
        kind: "here", "namespace" or "ssh".
        platform: such as "linux x86_64".
        binary: the swamp there; empty on a machine that is this one, or if a release is to be brought there.
        version: of the release that is to be brought there; that under test when empty.
        folder: where workers have their folders there; empty for a machine that is this one.
        address: how it is reached, if over SSH.
    """

    name: str
    kind: str
    platform: str
    binary: str = ""
    version: str = ""
    folder: str = ""
    address: SshAddress | None = None


def load(environ: Mapping[str, str]) -> list[HostEntry]:
    """The machines that `UAT_HOSTS` names; this one alone when it names none.

    Raises:
        UnusableInput: the file cannot be read, an entry is not complete, or the variable has its older name
            (exit code 2).
    """
    if environ.get(_FORMER_NAME):
        raise UnusableInput(
            f"{_FORMER_NAME} is now called {HOSTS_VARIABLE}: set that.", ExitCode.BAD_COMMAND_LINE
        )
    named = environ.get(HOSTS_VARIABLE)
    if not named:
        return [_here("this machine", _HERE)]
    file = Path(named)
    try:
        told = yaml.safe_load(file.read_text("utf-8"))
        entries = told["machines"]
        machines = [_machine(entry, file.parent) for entry in entries]
    except (OSError, yaml.YAMLError, ValueError, TypeError, KeyError) as error:
        raise UnusableInput(
            f"The hosts file {file} is not usable, {error}: mend the file.", ExitCode.BAD_COMMAND_LINE
        ) from error
    names = [machine.name for machine in machines]
    if not names or len(set(names)) < len(names):
        raise UnusableInput(
            f"The hosts file {file} names {'two machines alike' if names else 'no machine'}: mend the file.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return machines


def prepare(machine: HostEntry, binary: Binary, releases: Releases) -> HostEntry:
    """Look whether a machine can be used for a run, and bring the release there if it is to be brought.

    Args:
        machine: that the hosts file names.
        binary: the one under test.
        releases: where releases come from.

    Returns:
        The machine, with its binary.

    Raises:
        InfrastructureError: it cannot be used; the message says why.
    """
    if machine.kind == NAMESPACE:
        missing = reason_against_namespaces()
        if missing:
            raise InfrastructureError(f"{machine.name} cannot be used: {missing}.")
    if machine.address is None:
        return machine
    host = SshHost(machine.name, machine.address)
    try:
        return _prepare_host(host, machine, binary, releases)
    finally:
        host.close()


def platforms_of(machines: Iterable[HostEntry]) -> set[str]:
    """The operating systems of some machines."""
    return {machine.platform.split()[0] for machine in machines}


def _here(name: str, kind: str) -> HostEntry:
    return HostEntry(name, kind, f"{this_platform()} {this_architecture()}")


def _machine(entry: Any, beside: Path) -> HostEntry:
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
    if platform not in _DRIVEN:
        raise ValueError(f"the platform of {name} is {platform!r}, and it can be {', '.join(_DRIVEN)}")
    if {"binary", "version"} <= set(entry):
        raise ValueError(f"{name} has a binary and a version, and one of them would not be used")
    known = entry.get("known-hosts")
    address = SshAddress(
        str(entry["host"]),
        str(entry["user"]),
        _place(str(entry["key"]), beside),
        int(entry.get("port", 22)),
        _place(str(known), beside) if known else None,
    )
    binary, version = (str(entry.get(field, "")) for field in ("binary", "version"))
    return HostEntry(name, kind, platform, binary, version, str(entry["folder"]), address)


def _place(text: str, beside: Path) -> Path:
    return beside / Path(os.path.expanduser(text))  # noqa: PTH111 - a path that is absolute stays what it is


def _prepare_host(host: SshHost, machine: HostEntry, binary: Binary, releases: Releases) -> HostEntry:
    platform, architecture = machine.platform.split()
    told = host.run("uname -sm")
    told_platform, _, told_architecture = told.partition(" ")
    if told_platform != _SYSTEMS[platform] or told_architecture not in _ARCHITECTURES[architecture]:
        raise InfrastructureError(
            f"{host.name} answers `uname -sm` with {told!r}, which is not {machine.platform}: mend the "
            "hosts file, or the shell of its user there."
        )
    folder = shlex.quote(machine.folder)
    host.run(f"mkdir -p {folder} && test -w {folder}")
    if not machine.binary:
        machine = replace(machine, binary=_bring_release(host, machine, binary, releases))
    _look_at(host, machine, binary)
    return machine


def _look_at(host: SshHost, machine: HostEntry, binary: Binary) -> None:
    try:
        is_there = host.files.exists(PurePosixPath(machine.binary))
    except PermissionError as error:
        raise InfrastructureError(
            f"{host.name} does not let its user see {machine.binary}: allow it, or name another."
        ) from error
    if not is_there:
        raise InfrastructureError(
            f"{host.name} has no swamp at {machine.binary}: put one there, or name another."
        )
    quiet = " ".join(f"{name}={value}" for name, value in QUIET_ENVIRONMENT.items())
    said = host.run(f"env {quiet} {shlex.quote(machine.binary)} --version").strip()
    if said.removeprefix("swamp ") != binary.version:
        raise InfrastructureError(
            f"{host.name} has {said!r}, and swamp {binary.version} is under test: put that there."
        )
    if machine.platform == binary.built_for and _digest_there(host, machine.binary) != binary.sha256:
        raise InfrastructureError(
            f"{host.name} has another file at {machine.binary} than is under test, of the same version: let "
            f"its `binary` be a copy of {binary.path}."
        )


def _bring_release(host: SshHost, machine: HostEntry, binary: Binary, releases: Releases) -> str:
    version = releases.version(machine.version or binary.version)
    place = PurePosixPath(machine.folder) / f"swamp-{version}"
    content = releases.binary(version, *machine.platform.split()).read_bytes()
    unfinished = place.with_name(f"{place.name}.{secrets.token_hex(4)}.part")
    try:
        if not (host.files.exists(place) and _is(host, place, content)):
            _send(host, content, unfinished, place)
    except (OSError, InfrastructureError) as error:
        with contextlib.suppress(InfrastructureError):
            host.files.remove(unfinished)
        reason = str(error).rstrip(".")
        raise InfrastructureError(
            f"The release {version} could not be brought to {host.name} ({reason}): see that its user can "
            f"write into {machine.folder} there, and that there is room."
        ) from error
    return str(place)


def _send(host: SshHost, content: bytes, unfinished: PurePosixPath, place: PurePosixPath) -> None:
    host.files.write(unfinished, content)
    if not _is(host, unfinished, content):
        raise InfrastructureError("it did not arrive as it was sent")
    # It gets its name once it is whole.
    part, whole = shlex.quote(str(unfinished)), shlex.quote(str(place))
    host.run(f"chmod 755 {part} && mv -f {part} {whole}")


def _is(host: SshHost, place: PurePosixPath, content: bytes) -> bool:
    return _digest_there(host, str(place)) == hashlib.sha256(content).hexdigest()


def _digest_there(host: SshHost, place: str) -> str:
    # The one is usual on Linux, the other on macOS.
    read = f"<{shlex.quote(place)}"
    return host.run(f"sha256sum 2>/dev/null {read} || shasum -a 256 {read}").partition(" ")[0]
