"""Make the environment of this checkout in `.venv`, if it is not there, not whole, or not of this place.

The Makefile runs this before every command, with nothing but Python's standard library. An environment holds
absolute paths, so one that was copied or moved with its checkout belongs to another place and is made anew.
What it was made of and where stands in `.venv/ready`, which is written last.
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

# What decides how an index of packages is reached. Everything else that people tell pip is about their own
# environments and must not reach this one: another target folder, other packages, a dry run.
REACHING_AN_INDEX = {
    "cache-dir", "cert", "client-cert", "default-timeout", "extra-index-url", "find-links", "index-url",
    "keyring-provider", "no-cache-dir", "no-index", "proxy", "retries", "timeout", "trusted-host",
    "use-deprecated", "use-feature",
}  # fmt: skip
# What would make this Python look for its modules in other places.
PLACES_OF_ANOTHER_PYTHON = {"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}

_ONE_AT_A_TIME_SECONDS = 1800
_LOOK_EVERY_SECONDS = 0.2


class NotInstalled(Exception):
    """The environment could not be made; the message says why, and what to do."""


def main() -> int:
    """Make the environment if need be; 0 once it is there, 2 with a sentence if it cannot be made."""
    if sys.version_info < OLDEST:
        version = ".".join(map(str, sys.version_info[:3]))
        print(
            f"swamp-uat needs Python 3.11 or newer, and {sys.executable} is {version}: "
            "give another with make PYTHON=/path/to/python3.",
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
    """Make the environment of a checkout, unless it is there already.

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
    """Whether the environment of a checkout was made there, of what is asked for now, and to its end."""
    try:
        made = json.loads((root / ".venv" / "ready").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    # A link to a Python that has been removed since leads nowhere.
    return bool(made == fingerprint(root)) and python_of(root).exists()


def fingerprint(root: Path) -> dict[str, str]:
    """Of what and where an environment is made: the checkout's folder, the pinned packages, the project."""
    texts = {name: (root / name).read_bytes() for name in ("requirements.lock", "pyproject.toml")}
    return {"root": str(root), **{name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}}


def place_of(environment: Path) -> str:
    """For which checkout an environment was made; empty if this program has not made it."""
    try:
        return str(json.loads((environment / "ready").read_text("utf-8"))["root"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def python_of(root: Path) -> Path:
    """The Python of the environment of a checkout."""
    return root / ".venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def make(root: Path) -> None:
    """Make the environment of a checkout anew, whatever lies there.

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
            f"{folder} cannot be replaced ({error}): close what uses it, or delete it by hand."
        ) from error
    _run([sys.executable, "-I", "-m", "venv", str(folder)], environment, "Install Python's module venv")
    pip = [str(python_of(root)), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    environment |= settings_of_pip(_run([*pip, "config", "list"], environment, "Correct pip's settings"))
    environment["PIP_CONFIG_FILE"] = os.devnull  # what is wanted of it has just been read
    remedy = "See that the package index can be reached, and try again"
    _run([*pip, "install", "--require-hashes", "-r", str(root / "requirements.lock")], environment, remedy)
    own = ["install", "--no-deps", "--no-build-isolation", "--config-settings", "editable_mode=compat"]
    _run([*pip, *own, "-e", str(root)], environment, remedy)
    (folder / "ready").write_text(json.dumps(fingerprint(root)), "utf-8")


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for installing: without another Python's places, and of pip's settings none yet."""
    return {
        name: value
        for name, value in environ.items()
        if name not in PLACES_OF_ANOTHER_PYTHON
        and (not name.upper().startswith("PIP_") or name == "PIP_CONFIG_FILE" or _reaches_an_index(name[4:]))
    }


def settings_of_pip(listed: str) -> dict[str, str]:
    """The settings that pip needs to reach an index, as variables.

    Args:
        listed: what `pip config list` prints, such as "global.index-url='https://...'" in each line.
    """
    found: dict[str, dict[str, str]] = {section: {} for section in ("global", "install", ":env:")}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in found and _reaches_an_index(key):
            # A setting with several values has a line for each of them.
            values = str(ast.literal_eval(value)).split()
            found[section]["PIP_" + key.upper().replace("-", "_")] = " ".join(values)
    # Of those that stand in several sections, the last counts.
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
    """Hold a file locked; whoever else wants it waits. The system lets go of it when a process dies.

    Raises:
        NotInstalled: somebody else has held it for too long.
    """
    with file.open("a") as opened:
        deadline, announced = time.monotonic() + _ONE_AT_A_TIME_SECONDS, False
        while not _locked(opened.fileno()):
            if not announced:
                print("Waiting for another installation in this checkout to end ...", flush=True)
                announced = True
            if time.monotonic() > deadline:
                raise NotInstalled(
                    f"another process has held {file} for half an hour: end it, and try again."
                )
            time.sleep(_LOOK_EVERY_SECONDS)
        yield


def _locked(number: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - only Windows has it

            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - Windows has it not

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
