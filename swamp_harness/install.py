"""Make the environment of this checkout in `.venv`, if it is missing, incomplete or of another place.

The Makefile runs this before every command, with nothing but Python's standard library. An environment holds
absolute paths, so a copied or moved one is made anew. `.venv/ready` records its
contents and its place, and is written last.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parents[1]
UNUSABLE = 2

# The settings for access to a package index. All other settings of pip are about the user's own environments
# and must not apply here: another target folder, other packages, a dry run.
REACHING_AN_INDEX = {
    "cache-dir", "cert", "client-cert", "default-timeout", "extra-index-url", "find-links", "index-url",
    "keyring-provider", "no-cache-dir", "no-index", "proxy", "retries", "timeout", "trusted-host",
    "use-deprecated", "use-feature",
}  # fmt: skip
# The variables that make Python search other places for its modules.
PLACES_OF_ANOTHER_PYTHON = {"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}

_ONE_AT_A_TIME_SECONDS = 1800
_LOOK_EVERY_SECONDS = 0.2


class NotInstalled(Exception):
    """The environment could not be made; the message is the reason and the fix."""


def main() -> int:
    """Make the environment if needed. Returns 0, or 2 with a message if it fails."""
    if sys.version_info < OLDEST:
        version = ".".join(map(str, sys.version_info[:3]))
        print(
            f"swamp-uat needs Python 3.11 or newer, and {sys.executable} is {version}: "
            "use another one with make PYTHON=/path/to/python3.",
            file=sys.stderr,
        )
        return UNUSABLE
    try:
        ensure(ROOT)
    except NotInstalled as error:
        print(f"swamp-uat: {error}", file=sys.stderr)
        return UNUSABLE
    return 0


def ensure(root: Path) -> None:
    """Make the environment of a checkout, unless it is ready.

    Args:
        root: the folder of the checkout.

    Raises:
        NotInstalled: it could not be made.
    """
    if is_ready(root):
        return
    with one_at_a_time(root / ".venv.lock"):
        if not is_ready(root):  # another process may just have made it
            make(root)


def is_ready(root: Path) -> bool:
    """Whether the environment of a checkout is complete, up to date and of this place."""
    try:
        made = json.loads((root / ".venv" / "ready").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    # The Python behind a link may have been removed.
    return bool(made == fingerprint(root)) and python_of(root).exists()


def fingerprint(root: Path) -> dict[str, str]:
    """The inputs of an environment: the checkout's folder, the pinned packages, the project."""
    texts = {name: (root / name).read_bytes() for name in ("requirements.lock", "pyproject.toml")}
    return {"root": str(root), **{name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}}


def place_of(environment: Path) -> str:
    """The checkout of an environment; empty if this program did not make it."""
    try:
        return str(json.loads((environment / "ready").read_text("utf-8"))["root"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def python_of(root: Path) -> Path:
    """The Python of the environment of a checkout."""
    return root / ".venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def make(root: Path) -> None:
    """Replace the environment of a checkout.

    Raises:
        NotInstalled: it could not be made.
    """
    print("Installing into .venv, once for this checkout; this takes less than a minute ...", flush=True)
    environment, folder = clean_environment(os.environ), root / ".venv"
    try:
        if folder.is_symlink():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise NotInstalled(
            f"{folder} cannot be replaced ({error}): close the programs that use it, or delete it by hand."
        ) from error
    _run([sys.executable, "-I", "-m", "venv", str(folder)], environment, "Install Python's module venv")
    pip = [str(python_of(root)), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    environment |= settings_of_pip(_run([*pip, "config", "list"], environment, "Correct pip's settings"))
    environment["PIP_CONFIG_FILE"] = os.devnull  # the relevant settings have just been read
    remedy = "Check the connection to the package index, and try again"
    _run([*pip, "install", "--require-hashes", "-r", str(root / "requirements.lock")], environment, remedy)
    own = ["install", "--no-deps", "--no-build-isolation", "--config-settings", "editable_mode=compat"]
    _run([*pip, *own, "-e", str(root)], environment, remedy)
    (folder / "ready").write_text(json.dumps(fingerprint(root)), "utf-8")


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment variables for installing, without those of another Python or of pip."""
    return {
        name: value
        for name, value in environ.items()
        if name not in PLACES_OF_ANOTHER_PYTHON
        and (not name.upper().startswith("PIP_") or name == "PIP_CONFIG_FILE" or _reaches_an_index(name[4:]))
    }


def settings_of_pip(listed: str) -> dict[str, str]:
    """The settings of pip for access to an index, as variables.

    Args:
        listed: the output of `pip config list`, such as "global.index-url='https://...'" in each line.
    """
    found: dict[str, dict[str, str]] = {section: {} for section in ("global", "install", ":env:")}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in found and _reaches_an_index(key):
            # A setting with several values has a line for each value.
            values = str(ast.literal_eval(value)).split()
            found[section]["PIP_" + key.upper().replace("-", "_")] = " ".join(values)
    # The last section wins.
    return {name: value for settings in found.values() for name, value in settings.items()}


def _reaches_an_index(key: str) -> bool:
    return key.lower().replace("_", "-") in REACHING_AN_INDEX


def _run(command: list[str], environment: dict[str, str], remedy: str) -> str:
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
            errors="replace", check=False,
        )  # fmt: skip
    except OSError as error:
        raise NotInstalled(f"`{' '.join(command)}` cannot be started ({error}). {remedy}.") from error
    if done.returncode:
        raise NotInstalled(
            f"`{' '.join(command)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}\n{remedy}."
        )
    return done.stdout


@contextlib.contextmanager
def one_at_a_time(file: Path) -> Iterator[None]:
    """Hold a lock on a file; other processes wait. The system releases it when the process ends.

    Raises:
        NotInstalled: another process has held the lock for too long.
    """
    with file.open("a") as opened:
        deadline, announced = time.monotonic() + _ONE_AT_A_TIME_SECONDS, False
        while not locked(opened.fileno()):
            if not announced:
                print("Waiting for another installation in this checkout to end ...", flush=True)
                announced = True
            if time.monotonic() > deadline:
                raise NotInstalled(
                    f"another process has held {file} for half an hour: end it, and try again."
                )
            time.sleep(_LOOK_EVERY_SECONDS)
        yield


def locked(number: int) -> bool:
    """Lock an open file, on Windows the byte at its position; the system unlocks it when it is closed.

    Args:
        number: of its descriptor.

    Returns:
        Whether it is locked now; not if another process has locked it.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - only Windows has it

            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - not on Windows

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second on Windows
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
