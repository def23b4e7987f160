"""The binary under test: found, checked and described. No other module guesses what is under test."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path

import psutil

from swamp_harness.product.conventions import QUIET_ENVIRONMENT
from swamp_harness.product.releases import (
    VERSION_VARIABLE,
    Releases,
    earlier_release,
    release_of_another_protocol,
)
from swamp_harness.product.target import TARGET_VARIABLE, Target, of_the_project
from swamp_harness.system.clean_env import scrubbed_environment
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.limits import VERSION_ANSWER
from swamp_harness.system.processes import kill_tree

BINARY_VARIABLE = "SWAMP_BIN"
OTHER_BINARY_VARIABLE = "SWAMP_OTHER_BIN"
EARLIER_BINARY_VARIABLE = "SWAMP_EARLIER_BIN"

# The first bytes of executable files: ELF, PE, and all forms of Mach-O.
_EXECUTABLE_FORMATS = (
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)

_VERSION_LINE = re.compile(r"^swamp (?P<version>\d\S*)\s*$")
_REMEDY = "give the path of a swamp binary that runs on this machine."
# The longest part of an answer in a message.
_LONGEST_QUOTE = 200
# How the version of the stand-in ends, in any of its releases.
_OF_THE_STAND_IN = "-standin"


@dataclass(frozen=True)
class Binary:
    """A swamp executable that has reported its version.

    Attributes:
        path: the given file, as an absolute path.
        runs_as: the file that scenarios start: a copy with swamp's own name, or the original of a script.
        version: the output of `--version`, without the word swamp.
        sha256: the checksum of the file, in hex.
        size: the size of the file, in bytes.
        platform: this machine's platform in swamp's names: "linux", "darwin" or "windows".
        architecture: this machine's architecture in swamp's names: "x86_64" or "aarch64".
    """

    path: Path
    runs_as: Path
    version: str
    sha256: str
    size: int
    platform: str
    architecture: str

    @property
    def built_for(self) -> str:
        """Platform and architecture for reports, such as "linux x86_64"."""
        return f"{self.platform} {self.architecture}"

    def facts(self) -> dict[str, str]:
        """All facts about the binary, as texts for a banner or a report."""
        return {name: str(value) for name, value in asdict(self).items()}


class Release(Enum):
    """A release that a scenario uses."""

    TESTED = "the release under test"
    OTHER = "the release of another protocol version"
    EARLIER = "the earlier release with the same protocol version"


@dataclass(frozen=True)
class Companion:
    """A release beside the one under test.

    Attributes:
        binary: None if there is none.
        remedy: how to provide one, if there is none.
    """

    binary: Binary | None
    remedy: str = ""


def this_platform() -> str:
    """This machine's operating system, by swamp's name."""
    return platform.system().lower()


def this_architecture() -> str:
    """This machine's processor architecture, by swamp's name."""
    machine = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)


def platforms() -> dict[str, str]:
    """Platforms in the notation of workflow steps, by their relation to this machine."""
    system, architecture = this_platform(), this_architecture()
    other_system = "windows" if system == "linux" else "linux"
    return {
        "this system of any architecture": system,
        "another system of any architecture": other_system,
        "this platform": f"{system}/{architecture}",
        "another architecture": f"{system}/{'aarch64' if architecture == 'x86_64' else 'x86_64'}",
        "another system": f"{other_system}/{architecture}",
    }


def another_machine() -> dict[str, str]:
    """What a worker states on a machine of another system and of another architecture."""
    here = platforms()
    return {
        "platform": here["another system of any architecture"],
        "arch": here["another architecture"].partition("/")[2],
    }


def binary_under_test(environ: Mapping[str, str], target: Target) -> Binary:
    """Find and check the binary under test.

    The first of these: the file SWAMP_BIN, the release SWAMP_VERSION, the target's own executable, swamp on
    PATH.

    Raises:
        UnusableInput: there is none, it does not run as swamp, it is the stand-in where the target is swamp,
            or it has another version than the one asked for (exit code 3), or the release is not available
            (exit codes 2 and 8 to 11).
    """
    return _fit_for(target, _given_or_found(environ, target))


def _given_or_found(environ: Mapping[str, str], target: Target) -> Binary:
    named, asked = environ.get(BINARY_VARIABLE), environ.get(VERSION_VARIABLE)
    if named and asked:
        raise UnusableInput(
            f"Both {BINARY_VARIABLE} and {VERSION_VARIABLE} are set: set only one of them.",
            ExitCode.BAD_COMMAND_LINE,
        )
    if named:
        return examined(Path(named), BINARY_VARIABLE)
    if asked:
        releases = Releases.of(environ)
        return _of_release(releases, releases.version(asked), VERSION_VARIABLE)
    if target.executable:
        return examined(Path(of_the_project(target.executable)), target.name)
    on_path = shutil.which("swamp", path=environ.get("PATH"))
    if on_path is None:
        raise UnusableInput(
            "No swamp binary to test: use `make uat SWAMP_BIN=/path/to/swamp`, or add `swamp` to the PATH.",
            ExitCode.NO_BINARY,
        )
    return examined(Path(on_path), "swamp on the PATH")


def companion(release: Release, environ: Mapping[str, str], target: Target, version: str) -> Companion:
    """The binary of another release than the one under test.

    It is the file that SWAMP_OTHER_BIN or SWAMP_EARLIER_BIN names, or the target's own. If the run tests a
    release by its version, it is the newest release that is known to be such a release.

    Args:
        release: which release.
        environ: the environment of the person who started the run.
        target: the target of the run.
        version: the version of the binary under test.

    Raises:
        UnusableInput: the named binary, or the target's own, does not run as swamp, or is the stand-in where
            the target is swamp (exit code 3).
    """
    variable, known = _COMPANIONS[release]
    named, remedy = environ.get(variable), f"set {variable}"
    if named:
        return Companion(_fit_for(target, examined(Path(named), variable)))
    if environ.get(VERSION_VARIABLE):
        try:
            source = f"{release.value[0].upper()}{release.value[1:]}"
            return Companion(_of_release(Releases.of(environ), known(version), source))
        except UnusableInput as error:  # nobody asked for this download, and few scenarios need it
            return Companion(None, f"{remedy}. {error}")
    own = {Release.OTHER: target.other_executable, Release.EARLIER: target.earlier_executable}[release]
    if own:
        return Companion(examined(Path(of_the_project(own)), target.name))
    return Companion(None, remedy)


# The variable that names the binary of a release, and the release that is known to be one for a version.
_COMPANIONS: Mapping[Release, tuple[str, Callable[[str], str]]] = {
    Release.OTHER: (OTHER_BINARY_VARIABLE, release_of_another_protocol),
    Release.EARLIER: (EARLIER_BINARY_VARIABLE, earlier_release),
}


def _fit_for(target: Target, binary: Binary) -> Binary:
    # A run against the stand-in says nothing about swamp, so it must not look like a sign-off of a release.
    if target.is_for_sign_off and binary.version.endswith(_OF_THE_STAND_IN):
        raise UnusableInput(
            f"{binary.path} is the stand-in (version {binary.version}), not swamp: give the path of a swamp "
            f"binary, or test the stand-in with {TARGET_VARIABLE}=standin/target.yaml.",
            ExitCode.NO_BINARY,
        )
    return binary


def _of_release(releases: Releases, version: str, source: str) -> Binary:
    binary = examined(releases.binary(version, this_platform(), this_architecture()), source)
    if binary.version != version:
        raise UnusableInput(
            f"{source} is {version}, but its binary {binary.path} reports version {binary.version}: report "
            "this to the publisher of the release.",
            ExitCode.NO_BINARY,
        )
    return binary


def examined(path: Path, source: str) -> Binary:
    """Check that a file is a swamp, and describe it.

    Args:
        path: of the file.
        source: what names it, for messages.

    Raises:
        UnusableInput: it does not run as swamp (exit code 3).
    """

    def unusable(what: str) -> UnusableInput:
        return UnusableInput(f"{source} is {path}, which {what}", ExitCode.NO_BINARY)

    if not path.is_file():
        raise unusable("is not a file: use the path of a swamp binary.")
    if not os.access(path, os.X_OK):
        raise unusable(f"is not executable: run `chmod +x {path}`, or use another file.")
    path = path.resolve()
    file = path.stat()
    try:
        answers = _asked(path, file.st_mtime_ns, file.st_size)
    except _Unusable as error:
        raise unusable(str(error)) from error
    return Binary(path, path, *answers, file.st_size, this_platform(), this_architecture())


class _Unusable(Exception):
    """A file that is no swamp; the message goes on after "which"."""


@functools.cache
def _asked(path: Path, _changed: int, _size: int) -> tuple[str, str]:
    """The version that a file reports, and its checksum.

    A process and its forks ask a file only once, unless it changes: tools run the suite many times.
    """
    answer = _version_answer(path)
    match = _VERSION_LINE.match(answer)
    if match is None:
        shown = repr(answer.splitlines()[0][:_LONGEST_QUOTE]) if answer else "nothing"
        raise _Unusable(
            f"is not swamp: it answers --version with {shown}, not with `swamp <version>`: {_REMEDY}"
        )
    with path.open("rb") as file:
        return match["version"], hashlib.file_digest(file, "sha256").hexdigest()


def under_its_own_name(binary: Binary, folder: Path) -> Binary:
    """A copy of a binary that runs as `swamp`, or `swamp.exe`, in a folder of the suite.

    The product looks for its name in command lines, so an outcome must not depend on the name and the folder
    of the given file. It is a copy and not a link: a link needs rights on Windows, and a program may resolve
    it to find its own place. A script is not copied: it may need other files beside itself.

    Args:
        binary: the checked original.
        folder: the folder for the copy; created if missing.

    Raises:
        UnusableInput: the copy does not report the version of the original (exit code 3).
    """
    with binary.path.open("rb") as file:
        beginning = file.read(4)
    if not beginning.startswith(_EXECUTABLE_FORMATS):
        return binary
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / ("swamp.exe" if binary.platform == "windows" else "swamp")
    shutil.copy2(binary.path, copy)
    described = examined(copy, f"The copy of {binary.path}")
    if (described.version, described.sha256) != (binary.version, binary.sha256):
        raise UnusableInput(
            f"{copy} differs from {binary.path}, of which it is a copy: do not change the file during a run.",
            ExitCode.NO_BINARY,
        )
    return replace(binary, runs_as=described.path)


def _version_answer(path: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="uat-version-") as folder:
        place = Path(folder)
        environment = scrubbed_environment(place, place, QUIET_ENVIRONMENT)
        try:
            process = subprocess.Popen(
                [path, "--version"],
                env=environment,
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise _Unusable(
                f"cannot run on this machine ({reason}): use a build for this platform."
            ) from error
        with process:
            try:
                stdout, stderr = process.communicate(timeout=VERSION_ANSWER.seconds)
            except BaseException as error:
                kill_tree(psutil.Process(process.pid))
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                limit = f"{VERSION_ANSWER.seconds:g} s"
                raise _Unusable(f"does not answer --version within {limit}: use a working swamp.") from error
    if process.returncode != 0:
        raise _Unusable(f"is not usable: --version {_end(process.returncode, stderr)}: {_REMEDY}")
    return stdout.decode("utf-8", errors="replace").strip()


def _end(code: int, stderr: bytes) -> str:
    """How a process ended, with the last line of what it wrote about that."""
    lines = stderr.decode("utf-8", errors="replace").strip().splitlines()
    last = f" and writes {lines[-1][:_LONGEST_QUOTE]!r}" if lines else ""
    if code >= 0:
        return f"ends with exit code {code}{last}"
    known = {each.value: each.name for each in signal.Signals}
    return f"is ended by {known.get(-code, f'signal {-code}')}{last}"
