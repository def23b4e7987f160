"""The hosts of a run, on which workers run: read from `hosts.yaml`, checked, given the release.

A machine is this one (`here`), a network namespace on this one for each worker (`namespace`), or another one
that is reached over SSH (`ssh`). The schema of the file is `schemas/hosts.schema.json`.
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
from typing import TYPE_CHECKING, Any

from swamp_harness.product.binary import Binary, this_architecture, this_platform
from swamp_harness.product.conventions import QUIET_ENVIRONMENT
from swamp_harness.product.releases import Releases
from swamp_harness.scenario import schemas
from swamp_harness.system.errors import ExitCode, InfrastructureError, UnusableInput
from swamp_harness.system.hosts.namespaces import reason_against_namespaces
from swamp_harness.system.hosts.ssh_address import SshAddress
from swamp_harness.system.yaml_files import line_of, read_yaml, unusable

if TYPE_CHECKING:
    from swamp_harness.system.hosts.ssh import SshHost

HOSTS_VARIABLE = "UAT_HOSTS"
FORMER_NAME = "UAT_BENCH"

_HERE, NAMESPACE, _SSH = "here", "namespace", "ssh"
# The output of `uname -sm`, by the names that swamp uses.
_SYSTEMS = {"linux": "Linux", "darwin": "Darwin"}
_ARCHITECTURES = {"aarch64": ("aarch64", "arm64"), "x86_64": ("x86_64", "amd64")}


@dataclass(frozen=True)
class HostEntry:
    """A host.

    Attributes:
        name: its name in messages and reports.
        kind: "here", "namespace" or "ssh".
        platform: such as "linux x86_64".
        binary: the swamp there; empty for this machine, or if a release has to be copied there.
        version: of the release that has to be copied there; the version under test if empty.
        folder: for the workers' folders there; empty for this machine.
        address: how it is reached over SSH.
    """

    name: str
    kind: str
    platform: str
    binary: str = ""
    version: str = ""
    folder: str = ""
    address: SshAddress | None = None


def load(environ: Mapping[str, str]) -> list[HostEntry]:
    """The machines in the file that `UAT_HOSTS` names; this one alone if the variable is not set.

    Raises:
        UnusableInput: the file is not usable, with line and reason; or the variable has its former name (exit
            code 2).
    """
    if environ.get(FORMER_NAME):
        raise UnusableInput(
            f"{FORMER_NAME} is now called {HOSTS_VARIABLE}: set that.", ExitCode.BAD_COMMAND_LINE
        )
    named = environ.get(HOSTS_VARIABLE)
    if not named:
        return [_here("this machine", _HERE)]
    file = Path(named)
    entries = read_yaml(file, schemas.HOSTS)["machines"]
    names = [entry["name"] for entry in entries]
    for number, entry in enumerate(entries):
        name = entry["name"]
        if name in names[:number]:
            line = line_of(file, ("machines", number, "name"))
            raise unusable(file, f'line {line}: two machines have the name "{name}"')
        if {"binary", "version"} <= set(entry):
            line = line_of(file, ("machines", number, "version"))
            raise unusable(file, f'line {line}: "{name}" has both a binary and a version: remove one')
    return [_machine(entry, file.parent) for entry in entries]


def prepare(machine: HostEntry, binary: Binary, releases: Releases) -> HostEntry:
    """Check that a machine can be used for a run, and copy the release there if it has no binary.

    Args:
        machine: from the hosts file.
        binary: the one under test.
        releases: the source of releases.

    Returns:
        The machine with its binary.

    Raises:
        InfrastructureError: it cannot be used; the message has the reason.
    """
    if machine.kind == NAMESPACE:
        missing = reason_against_namespaces()
        if missing:
            raise InfrastructureError(f"{machine.name} cannot be used: {missing}.")
    if machine.address is None:
        return machine
    from swamp_harness.system.hosts.ssh import SshHost  # noqa: PLC0415 - loading paramiko takes a quarter of the start of a run

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


def _machine(entry: Mapping[str, Any], beside: Path) -> HostEntry:
    name, kind = entry["name"], entry["kind"]
    if kind != _SSH:
        return _here(name, kind)
    known = entry.get("known-hosts")
    address = SshAddress(
        entry["host"],
        entry["user"],
        _path(entry["key"], beside),
        entry.get("port", 22),
        _path(known, beside) if known else None,
    )
    binary, version = entry.get("binary", ""), entry.get("version", "")
    return HostEntry(name, kind, entry["platform"], binary, version, entry["folder"], address)


def _path(text: str, beside: Path) -> Path:
    return beside / Path(os.path.expanduser(text))  # noqa: PTH111 - an absolute path stays as it is


def _prepare_host(host: SshHost, machine: HostEntry, binary: Binary, releases: Releases) -> HostEntry:
    platform, architecture = machine.platform.split()
    answer = host.run("uname -sm")
    system, _, processor = answer.partition(" ")
    if system != _SYSTEMS[platform] or processor not in _ARCHITECTURES[architecture]:
        raise InfrastructureError(
            f"{host.name} answers `uname -sm` with {answer!r}, which is not {machine.platform}: correct the "
            "platform in the hosts file, or the shell of its user there."
        )
    folder = shlex.quote(machine.folder)
    host.run(f"mkdir -p {folder} && test -w {folder}")
    if not machine.binary:
        machine = replace(machine, binary=_copy_release(host, machine, binary, releases))
    _check_binary(host, machine, binary)
    return machine


def _check_binary(host: SshHost, machine: HostEntry, binary: Binary) -> None:
    try:
        is_there = host.files.exists(PurePosixPath(machine.binary))
    except PermissionError as error:
        raise InfrastructureError(
            f"The user on {host.name} has no access to {machine.binary}: grant it, or name another file."
        ) from error
    if not is_there:
        raise InfrastructureError(
            f"{host.name} has no swamp at {machine.binary}: put one there, or name another file."
        )
    quiet = " ".join(f"{name}={value}" for name, value in QUIET_ENVIRONMENT.items())
    version = host.run(f"env {quiet} {shlex.quote(machine.binary)} --version").strip()
    if version.removeprefix("swamp ") != binary.version:
        raise InfrastructureError(
            f"{host.name} has {version!r}, but swamp {binary.version} is under test: put that version there."
        )
    if machine.platform == binary.built_for and _digest_there(host, machine.binary) != binary.sha256:
        raise InfrastructureError(
            f"The file {machine.binary} on {host.name} differs from the binary under test, although it has "
            f"the same version: copy {binary.path} there."
        )


def _copy_release(host: SshHost, machine: HostEntry, binary: Binary, releases: Releases) -> str:
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
            f"The release {version} could not be copied to {host.name} ({reason}): check that its user can "
            f"write into {machine.folder} there, and that there is enough disk space."
        ) from error
    return str(place)


def _send(host: SshHost, content: bytes, unfinished: PurePosixPath, place: PurePosixPath) -> None:
    host.files.write(unfinished, content)
    if not _is(host, unfinished, content):
        raise InfrastructureError("its checksum there is wrong")
    # It gets its name when it is complete.
    part, complete = shlex.quote(str(unfinished)), shlex.quote(str(place))
    host.run(f"chmod 755 {part} && mv -f {part} {complete}")


def _is(host: SshHost, place: PurePosixPath, content: bytes) -> bool:
    return _digest_there(host, str(place)) == hashlib.sha256(content).hexdigest()


def _digest_there(host: SshHost, place: str) -> str:
    # The first command exists on Linux, the second on macOS.
    read = f"<{shlex.quote(place)}"
    return host.run(f"sha256sum 2>/dev/null {read} || shasum -a 256 {read}").partition(" ")[0]
