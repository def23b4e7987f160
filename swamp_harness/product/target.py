"""The target: a file that describes the program under test; swamp's own is `swamp.yaml`.

A description has the name of the target, the product's times that scenarios wait for and, if it comes with
the project, the executables to start. The suite observes everything else.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from swamp_harness.product import schemas
from swamp_harness.system.yaml_files import read_yaml

TARGET_VARIABLE = "UAT_TARGET"
REQUIRE_VARIABLE = "UAT_REQUIRE_BINARY"

SWAMP = Path(__file__).with_name("swamp.yaml")

_LISTED = "listed"
# The units of lifetimes, in minutes.
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080, "mo": 43200, "y": 525600}


@dataclass(frozen=True)
class Times:
    """The times of a target that scenarios wait for.

    Attributes:
        grace_window: the time for which a lost worker keeps its place in the pool.
        idle_limit: the time that the orchestrator waits for an answer on a silent connection.
        notices_silence_soon: the flags that reduce this time to seconds.
        shortest_lifetime: the shortest lifetime of a token, in the notation of the mint command.
        usual_lifetime: a lifetime that is longer than any scenario, in the same notation.
        limits: the factor of all limits of waits.
        slow_transfer: the time that 30 MB take over a slow network; longer than an ordinary request may take.
        stopping: the time for which an orchestrator that is asked to stop lets its runs go on.
        longest_run: a short time limit for runs, after which the orchestrator ends them.
        minute: the real duration of a minute of a token's lifetime.
        second: the real duration of a second for which a worker may be idle.
    """

    grace_window: timedelta
    idle_limit: timedelta
    notices_silence_soon: tuple[str, ...]
    shortest_lifetime: str
    usual_lifetime: str
    limits: float
    slow_transfer: timedelta
    stopping: timedelta
    longest_run: timedelta
    minute: timedelta = timedelta(minutes=1)
    second: timedelta = timedelta(seconds=1)

    @property
    def short_idle_limit(self) -> timedelta:
        """The time that the orchestrator waits on a silent connection when it is started with these flags."""
        return timedelta(seconds=float(self.notices_silence_soon[-1].removesuffix("s")))

    def lasts(self, lifetime: str) -> timedelta:
        """The duration of a lifetime of the mint command, such as 90m, 1h, 7d, 2w, 1mo or 1y."""
        number = lifetime.rstrip("ymhdwo")
        return int(number) * _MINUTES[lifetime.removeprefix(number)] * self.minute


@dataclass(frozen=True)
class Target:
    """The description of the program under test.

    Attributes:
        name: its name in reports.
        is_for_sign_off: whether a run against it can sign off a release.
        times: the times that scenarios wait for.
        has_listed_deviations: whether the project's known deviations apply to it.
        writes_bundles_in_place: whether a step may read a bundle that another one is just writing.
        executable: the executable that comes with the project; empty if the user must name one.
        other_executable: an executable of another protocol version.
        earlier_executable: an executable of an earlier release with the same protocol version.
        variables: additional environment variables of its processes.
        ready_program: a module of the project that loads the executables once, and forks for each process;
            empty if there is none.
    """

    name: str
    is_for_sign_off: bool
    times: Times
    has_listed_deviations: bool = True
    writes_bundles_in_place: bool = False
    executable: str = ""
    other_executable: str = ""
    earlier_executable: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    ready_program: str = ""


def target_of(environ: Mapping[str, str], embedded: Path) -> Target:
    """The target of a run: the file UAT_TARGET, else swamp, else the target of the project.

    Args:
        environ: the environment of the person who started the run.
        embedded: the description of the project's own target, which is used if there is no swamp.

    Raises:
        UnusableInput: the description is unusable (exit code 2).
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
        UnusableInput: the file cannot be read, or the description is incomplete (exit code 2).
    """
    document = read_yaml(file, schemas.TARGET)
    return Target(
        document["name"],
        document["sign-off"],
        _times(document["times"]),
        document["deviations"] == _LISTED,
        document.get("writes bundles in place", False),
        document.get("executable", ""),
        document.get("executable of another protocol version", ""),
        document.get("executable of an earlier release", ""),
        {str(name): str(value) for name, value in document.get("variables", {}).items()},
        document.get("ready program", ""),
    )


def _times(document: Mapping[str, Any]) -> Times:
    return Times(
        timedelta(seconds=document["grace window"]),
        timedelta(seconds=document["idle limit"]),
        tuple(document["flags to notice silence soon"]),
        document["shortest lifetime"],
        document["usual lifetime"],
        float(document["limits"]),
        timedelta(seconds=document["slow transfer"]),
        timedelta(seconds=document["time for runs at a stop"]),
        timedelta(seconds=document["short time limit of runs"]),
        timedelta(seconds=document.get("minute of a lifetime", 60)),
        timedelta(seconds=document.get("second of an idle time", 1)),
    )


def of_the_project(executable: str) -> str:
    """The path of an executable of this project, beside the running Python; empty if it is missing."""
    return shutil.which(executable, path=str(Path(sys.executable).parent)) or ""
