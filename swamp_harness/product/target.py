"""The target: what the suite is told of the program that it drives, in a file; swamp's own is `swamp.yaml`.

Everything else that the suite knows of a target it sees. A description names the target, its times that a
scenario waits out, and, if it comes with the project, the executables to start.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from swamp_harness.machinery.yaml_files import read_yaml
from swamp_harness.product import schemas

TARGET_VARIABLE = "UAT_TARGET"
REQUIRE_VARIABLE = "UAT_REQUIRE_BINARY"

SWAMP = Path(__file__).with_name("swamp.yaml")

_LISTED = "listed"
# The units of lifetimes, in minutes.
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080, "mo": 43200, "y": 525600}


@dataclass(frozen=True)
class Times:
    """The times of a target that a scenario waits out.

    Attributes:
        grace_window: how long a lost worker's place in the pool is kept.
        idle_limit: how long the orchestrator waits for an answer on a silent connection.
        notices_silence_soon: the flags that make it wait for seconds only.
        shortest_lifetime: of a token, as minting takes it.
        usual_lifetime: of a token, longer than any scenario, as minting takes it.
        limits: what the limits of waits are multiplied by.
        minute: how long a minute of a token's lifetime lasts.
    """

    grace_window: timedelta
    idle_limit: timedelta
    notices_silence_soon: tuple[str, ...]
    shortest_lifetime: str
    usual_lifetime: str
    limits: float
    minute: timedelta = timedelta(minutes=1)

    def lasts(self, lifetime: str) -> timedelta:
        """How long a lifetime lasts that minting takes, such as 90m, 1h, 7d, 2w, 1mo or 1y."""
        number = lifetime.rstrip("ymhdwo")
        return int(number) * _MINUTES[lifetime.removeprefix(number)] * self.minute


@dataclass(frozen=True)
class Target:
    """What the suite is told of the program that it drives.

    Attributes:
        name: as reports call it.
        is_for_sign_off: whether a run against it says anything about a release.
        times: that a scenario waits out.
        has_listed_deviations: whether the project's list of known deviations is about it.
        executable: that comes with the project; empty if one must be given.
        other_executable: such a one of another protocol version.
        variables: what each of its processes finds in its environment.
    """

    name: str
    is_for_sign_off: bool
    times: Times
    has_listed_deviations: bool = True
    executable: str = ""
    other_executable: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


def target_of(environ: Mapping[str, str], embedded: Path) -> Target:
    """The target of a run: what UAT_TARGET describes, else swamp, else the one that comes with the project.

    Args:
        environ: the environment of the person who started the run.
        embedded: describes the one that comes with the project, for where there is no swamp.

    Raises:
        UnusableInput: a description is unusable (exit code 2).
    """
    described = environ.get(TARGET_VARIABLE)
    if described:
        return load(Path(described))
    named = environ.get("SWAMP_BIN") or environ.get("SWAMP_VERSION")
    has_binary = named or shutil.which("swamp", path=environ.get("PATH"))
    required = environ.get(REQUIRE_VARIABLE, "") not in ("", "0")
    return load(SWAMP if has_binary or required else embedded)


def load(file: Path) -> Target:
    """Read a description.

    Raises:
        UnusableInput: the file cannot be read, or the description is not complete (exit code 2).
    """
    told = read_yaml(file, schemas.TARGET)
    return Target(
        told["name"],
        told["sign-off"],
        _times(told["times"]),
        told["deviations"] == _LISTED,
        told.get("executable", ""),
        told.get("executable of another protocol version", ""),
        {str(name): str(value) for name, value in told.get("variables", {}).items()},
    )


def _times(told: Mapping[str, Any]) -> Times:
    return Times(
        timedelta(seconds=told["grace window"]),
        timedelta(seconds=told["idle limit"]),
        tuple(told["flags to notice silence soon"]),
        told["shortest lifetime"],
        told["usual lifetime"],
        float(told["limits"]),
        timedelta(seconds=told.get("minute of a lifetime", 60)),
    )


def of_the_project(executable: str) -> str:
    """Where an executable of this project's own is, beside the Python that runs; empty if it is not there."""
    return shutil.which(executable, path=str(Path(sys.executable).parent)) or ""
