"""The timeouts of all waits, by name. A timeout is not a promise: it ends a wait that hangs.

`UAT_TIME_SCALE` (a number above 0; unset or empty is 1) multiplies all of them on a slow or loaded machine,
and the factor of the target shortens them for a fast target.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from swamp_harness.system.errors import ExitCode, UnusableInput

SCALE_VARIABLE = "UAT_TIME_SCALE"
_paces = [1.0]


@dataclass(frozen=True)
class Limit:
    """A named timeout of a wait.

    Attributes:
        name: its name in messages.
        nominal: seconds, before scaling.
    """

    name: str
    nominal: float

    @property
    def seconds(self) -> float:
        """The limit in seconds, scaled by `UAT_TIME_SCALE`."""
        return self.nominal * time_scale()


VERSION_ANSWER = Limit("the binary's answer to --version", 30)
COMMAND = Limit("one command of the operator", 60)
ORCHESTRATOR_READY = Limit("the orchestrator's start", 60)
PROCESS_STOPPED = Limit("a clean stop", 30)
PROCESS_GONE = Limit("the end of a killed process", 10)
WORKER_CONNECTED = Limit("a worker's enrollment", 45)
WORKER_DIALLED = Limit("a worker's first dial", 30)
WORKER_GONE = Limit("the exit of a worker that has reported its rejection", 10)
WORKER_ENDED = Limit("the end of a rejected worker", 45)
POOL_CHANGED = Limit("a change of the pool", 20)
DEADLINE_ENFORCED = Limit("the orchestrator's reaction to an expiry", 20)
DEADLINE_KEPT = Limit("the disconnection at a deadline", 3)
RUN_KNOWN = Limit("the start of a run", 45)
RUN_ENDED = Limit("the end of a run", 60)
# Four times the duration of a whole scenario with 330 MB on two shared cores, without TLS.
ARTIFACT_SENT = Limit("the sending of a large artifact", 300)
VERIFICATION_ENDED = Limit("the verification of a worker that enrolls", 15)
IDLE_TIME_OVER = Limit("the idle time of a worker", 30)
STEP_QUEUED = Limit("a step's coming into the queue", 30)
QUEUE_LIMIT_OVER = Limit("the end of a step's queue limit", 60)
STEP_BEGUN = Limit("the beginning of a step", 45)
OUTPUT_SEEN = Limit("the sight of a step's output", 30)
STEP_TAKEN = Limit("the beginning of a step that a free worker can take", 15)
STEP_WRITTEN = Limit("the first write of a step", 45)
LEASES_SETTLED = Limit("the end of the leases", 20)
STEP_PROCESSES_GONE = Limit("the end of a step's processes", 15)
ATTEMPTS_MADE = Limit("a worker's attempts to come back", 45)
OUTPUT_DRAINED = Limit("the last output of an ended process", 1)
# Longer than any other limit: a scenario without output for so long hangs.
NEXT_STEP = Limit("the next step of a scenario", 900)
SCENARIO_ENDED = Limit("the end of an interrupted scenario", 30)
FOLDER_REMOVED = Limit("the removal of a folder", 15)
PATH_BROKEN = Limit("the breaking of a network path", 5)
DOWNLOAD = Limit("the download of a release", 900)
BUNDLES_KEPT = Limit("steps of a worker that keeps their bundles", 120)
REPOSITORY_USED = Limit("the use of a repository by the other release", 300)
HTTP_ANSWER = Limit("an answer over HTTP", 10)
HOST_ANSWER = Limit("an answer of another machine over SSH", 20)


def set_pace(factor: float) -> None:
    """Multiply all limits by a factor from now on, for the speed of the target."""
    _paces[:] = [factor]


def time_scale() -> float:
    """The factor of all limits: that of the machine times that of the target.

    Raises:
        UnusableInput: `UAT_TIME_SCALE` is not a number above zero (exit code 2).
    """
    text = os.environ.get(SCALE_VARIABLE) or "1"
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0 < scale < float("inf"):
        raise UnusableInput(
            f"{SCALE_VARIABLE} is {text!r}, not a number above 0: give a factor such as 2, or unset it.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return scale * _paces[0]
