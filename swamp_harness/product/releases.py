"""Releases of swamp: found by their version, downloaded, verified by their checksums, kept in a cache."""

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
_CHECKSUMS = "checksums.txt"
PROTOCOLS = Path(__file__).with_name("protocols.yaml")
_VERSION = re.compile(r"\d{8}\.\d{6}\.\d+-sha\.[0-9a-f]{8}")
# What releases are made for, in swamp's words.
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
    """Where releases come from, and where they are kept.

    Attributes:
        host: the address below which they are published.
        cache: the folder in which they are kept, a folder for each version.
    """

    host: str
    cache: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Those of swamp's own release host, in the person's cache, unless the environment says otherwise."""
        cache = environ.get(CACHE_VARIABLE)
        return cls(
            (environ.get(RELEASES_VARIABLE) or _HOST).rstrip("/"),
            Path(cache).absolute() if cache else platformdirs.user_cache_path("swamp-uat", appauthor=False),
        )

    def version(self, asked: str) -> str:
        """The version that is meant, as releases are named.

        Args:
            asked: a version, with or without a v before it, or "latest".

        Raises:
            UnusableInput: it is no version (exit code 2), or the newest one could not be found out (8 or 9).
        """
        version = asked.removeprefix("v")
        if _VERSION.fullmatch(version):
            return version
        if asked != LATEST:
            raise UnusableInput(
                f"{asked!r} is no version of swamp: give one such as 20260822.011157.0-sha.06b61472, "
                f"or {LATEST}.",
                ExitCode.BAD_COMMAND_LINE,
            )
        try:
            found = address_after(f"{self.host}/{LATEST}").rpartition("/v")[2]
        except NotThere as error:
            raise self._no_such("a latest release") from error
        except Broken as error:
            raise self._not_downloaded("Which release is the latest", error) from error
        if not _VERSION.fullmatch(found):
            raise self._no_such("a latest release")
        return found

    def binary(self, version: str, platform: str, architecture: str) -> Path:
        """The verified binary of a release for a machine, out of the cache or downloaded into it.

        Args:
            version: of the release, as `version` returns it.
            platform: of the machine, in swamp's words.
            architecture: likewise.

        Raises:
            UnusableInput: there is no such release (exit code 8), it cannot be downloaded (9), it is not what
                its checksums say (10), or it cannot be kept (11).
        """
        asset = ASSETS.get((platform, architecture))
        if asset is None:
            raise self._no_such(f"a release for {platform} {architecture}")
        folder = self.cache / version
        try:
            return _kept(folder, asset) or self._downloaded(folder, version, asset)
        except OSError as error:
            raise UnusableInput(
                f"The release {version} cannot be kept in {folder} ({error.strerror or error}): make room or "
                f"allow writing there, or give another folder with {CACHE_VARIABLE}.",
                ExitCode.CACHE_UNUSABLE,
            ) from error

    def _downloaded(self, folder: Path, version: str, asset: str) -> Path:
        place = f"{self.host}/download/v{version}"
        file = folder / asset
        try:
            checksums = text_of(f"{place}/{_CHECKSUMS}")
            promised = _promised(checksums, asset)
            if promised is None:
                raise self._no_such(f"a checksum of {asset} in the release {version}")
            folder.mkdir(parents=True, exist_ok=True)
            download(f"{place}/{asset}", file, f"swamp {version}, {asset}")
        except NotThere as error:
            raise self._no_such(f"a release {version} with a file {asset}") from error
        except Broken as error:
            raise self._not_downloaded(f"The release {version}", error) from error
        seen = _digest(file)
        if seen != promised:
            file.unlink()
            raise UnusableInput(
                f"{asset} of the release {version} is not what its {_CHECKSUMS} says, but has the sha256 "
                f"{seen}; it was removed. Run again, and find out why if it happens again.",
                ExitCode.CHECKSUM_MISMATCH,
            )
        file.chmod(_EXECUTABLE)
        try:
            keep_text(checksums, folder / _CHECKSUMS)
        except OSError:
            file.unlink()  # nobody could tell whether it is what it should be
            raise
        return file

    def _no_such(self, what: str) -> UnusableInput:
        return UnusableInput(
            f"There is not {what} at {self.host}: look there for the releases that there are.",
            ExitCode.NO_SUCH_RELEASE,
        )

    def _not_downloaded(self, what: str, error: Broken) -> UnusableInput:
        return UnusableInput(
            f"{what} could not be had from {self.host} ({error}): {error.remedy}.",
            ExitCode.DOWNLOAD_FAILED,
        )


def release_of_another_protocol(version: str) -> str:
    """The newest release that is known to speak another protocol version than a release does."""
    rows: list[dict[str, Any]] = read_yaml(PROTOCOLS, schemas.PROTOCOLS)
    # Versions begin with their date and time, so they sort as texts.
    own = max(row["protocol"] for row in rows if row.get("first", "") <= version)
    return max(str(row["newest"]) for row in rows if row["protocol"] != own)


def _kept(folder: Path, asset: str) -> Path | None:
    file, checksums = folder / asset, folder / _CHECKSUMS
    # What was interrupted may have left one without the other, or a file that is not executable.
    if not os.access(file, os.X_OK):
        return None
    try:
        promised = _promised(checksums.read_text("utf-8"), asset)
    except (OSError, UnicodeDecodeError):
        return None
    return file if _digest(file) == promised else None


def _promised(checksums: str, asset: str) -> str | None:
    rows = (line.split() for line in checksums.splitlines())
    promised = {row[1].lstrip("*"): row[0].lower() for row in rows if len(row) == 2}  # noqa: PLR2004
    return promised.get(asset)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
