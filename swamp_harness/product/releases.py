"""Releases of swamp: found by version, downloaded, verified by checksum, and cached."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import platformdirs

from swamp_harness.product import schemas
from swamp_harness.system.download import Broken, NotThere, address_after, download, keep_text, text_of
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.yaml_files import read_yaml

VERSION_VARIABLE = "SWAMP_VERSION"
RELEASES_VARIABLE = "UAT_RELEASES"
CACHE_VARIABLE = "UAT_CACHE"
LATEST = "latest"

_HOST = "https://github.com/swamp-club/swamp/releases"
_SCHEMES = ("https://", "http://")
_CHECKSUMS = "checksums.txt"
PROTOCOLS = Path(__file__).with_name("protocols.yaml")
_VERSION = re.compile(r"\d{8}\.\d{6}\.\d+-sha\.[0-9a-f]{8}")
# The platforms of releases, by swamp's names.
ASSETS = {
    ("linux", "x86_64"): "swamp-linux-x86_64",
    ("linux", "aarch64"): "swamp-linux-aarch64",
    ("darwin", "x86_64"): "swamp-darwin-x86_64",
    ("darwin", "aarch64"): "swamp-darwin-aarch64",
    ("windows", "x86_64"): "swamp-windows-x86_64.exe",
}
_EXECUTABLE = 0o755


@dataclass(frozen=True)
class Releases:
    """The source of releases, and their cache.

    Attributes:
        host: the base address of the releases.
        cache: the cache folder, with a folder for each version.
    """

    host: str
    cache: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """The releases of swamp's own host in the user's cache, unless the environment names others.

        Raises:
            UnusableInput: the address of the host is none (exit code 2).
        """
        cache = environ.get(CACHE_VARIABLE)
        host = environ.get(RELEASES_VARIABLE) or _HOST
        if not host.startswith(_SCHEMES):
            raise UnusableInput(
                f"{RELEASES_VARIABLE} is {host!r}: it must begin with {' or '.join(_SCHEMES)}.",
                ExitCode.BAD_COMMAND_LINE,
            )
        return cls(
            host.rstrip("/"),
            Path(cache).absolute() if cache else platformdirs.user_cache_path("swamp-uat", appauthor=False),
        )

    def version(self, asked: str) -> str:
        """The name of a release.

        Args:
            asked: a version, with or without a leading v, or "latest".

        Raises:
            UnusableInput: it is not a version (exit code 2), or the latest one is unknown (8 or 9).
        """
        version = asked.removeprefix("v")
        if _VERSION.fullmatch(version):
            return version
        if asked != LATEST:
            raise UnusableInput(
                f"{asked!r} is not a version of swamp: use for example 20260822.011157.0-sha.06b61472, "
                f"or {LATEST}.",
                ExitCode.BAD_COMMAND_LINE,
            )
        try:
            found = address_after(f"{self.host}/{LATEST}").rpartition("/v")[2]
        except NotThere as error:
            raise self._no_such("a latest release") from error
        except Broken as error:
            raise self._not_downloaded("The name of the latest release", error) from error
        if not _VERSION.fullmatch(found):
            raise self._no_such("a latest release")
        return found

    def binary(self, version: str, platform: str, architecture: str) -> Path:
        """The verified binary of a release for a machine, from the cache or downloaded into it.

        Args:
            version: the name of the release, from `version`.
            platform: the platform of the machine, by swamp's name.
            architecture: the architecture of the machine, by swamp's name.

        Raises:
            UnusableInput: there is no such release (exit code 8), it cannot be downloaded (9), it does not
                match its checksum (10), or it cannot be stored (11).
        """
        asset = ASSETS.get((platform, architecture))
        if asset is None:
            raise self._no_such(f"a release for {platform} {architecture}")
        folder = self.cache / version
        try:
            return _kept(folder, asset) or self._downloaded(folder, version, asset)
        except OSError as error:
            raise UnusableInput(
                f"The release {version} cannot be stored in {folder} ({error.strerror or error}): free disk "
                f"space or allow writing there, or set {CACHE_VARIABLE} to another folder.",
                ExitCode.CACHE_UNUSABLE,
            ) from error

    def _downloaded(self, folder: Path, version: str, asset: str) -> Path:
        place = f"{self.host}/download/v{version}"
        file = folder / asset
        try:
            checksums = text_of(f"{place}/{_CHECKSUMS}")
            expected = _expected_checksum(checksums, asset)
            if expected is None:
                raise self._no_such(f"a checksum of {asset} in the release {version}")
            folder.mkdir(parents=True, exist_ok=True)
            download(f"{place}/{asset}", file, f"swamp {version}, {asset}")
        except NotThere as error:
            raise self._no_such(f"a release {version} with a file {asset}") from error
        except Broken as error:
            raise self._not_downloaded(f"The release {version}", error) from error
        actual = _digest(file)
        if actual != expected:
            file.unlink()
            raise UnusableInput(
                f"{asset} of the release {version} does not match its {_CHECKSUMS}: its sha256 is "
                f"{actual}. The file was removed: run again, and find out why if it happens again.",
                ExitCode.CHECKSUM_MISMATCH,
            )
        file.chmod(_EXECUTABLE)
        try:
            keep_text(checksums, folder / _CHECKSUMS)
        except OSError:
            file.unlink()  # without its checksums it cannot be verified later
            raise
        return file

    def _no_such(self, what: str) -> UnusableInput:
        return UnusableInput(
            f"There is not {what} at {self.host}: look there for the available releases.",
            ExitCode.NO_SUCH_RELEASE,
        )

    def _not_downloaded(self, what: str, error: Broken) -> UnusableInput:
        return UnusableInput(
            f"{what} could not be downloaded from {self.host} ({error}): {error.remedy}.",
            ExitCode.DOWNLOAD_FAILED,
        )


def release_of_another_protocol(version: str) -> str:
    """The newest release that is known to use another protocol version than the given release."""
    rows: list[dict[str, Any]] = read_yaml(PROTOCOLS, schemas.PROTOCOLS)
    # Versions begin with their date and time, so they sort as texts.
    own = max(row["protocol"] for row in rows if row.get("first", "") <= version)
    return max(str(row["newest"]) for row in rows if row["protocol"] != own)


def earlier_release(version: str) -> str:
    """The newest release that is known to be older than the given release and to use its protocol version.

    Raises:
        UnusableInput: none is known (exit code 8).
    """
    rows: list[dict[str, Any]] = read_yaml(PROTOCOLS, schemas.PROTOCOLS)
    own = max(rows, key=lambda row: (row.get("first", "") <= version, row["protocol"]))
    older = [str(row) for row in (own.get("first", ""), own["newest"]) if "" < str(row) < version]
    if not older:
        raise UnusableInput(
            f"No release is known that is older than {version} and uses its protocol version.",
            ExitCode.NO_SUCH_RELEASE,
        )
    return max(older)


def _kept(folder: Path, asset: str) -> Path | None:
    file, checksums = folder / asset, folder / _CHECKSUMS
    # An interrupted download may leave one file without the other, or a file that is not executable.
    if not os.access(file, os.X_OK):
        return None
    try:
        expected = _expected_checksum(checksums.read_text("utf-8"), asset)
    except (OSError, UnicodeDecodeError):
        return None
    return file if _digest(file) == expected else None


def _expected_checksum(checksums: str, asset: str) -> str | None:
    rows = (line.split() for line in checksums.splitlines())
    by_name = {row[1].lstrip("*"): row[0].lower() for row in rows if len(row) == 2}  # noqa: PLR2004
    return by_name.get(asset)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
