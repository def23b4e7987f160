"""How the suite sets up swamp: the name of the vault, disabled features, and the mark of its processes."""

from __future__ import annotations

from pathlib import Path

VAULT = "v1"

# The folder of a person's settings of swamp, under the home folder (README.md, "Telemetry").
SETTINGS = Path(".config", "swamp")

QUIET_ENVIRONMENT = {
    "NO_COLOR": "1",
    "SWAMP_NO_TELEMETRY": "1",
    "SWAMP_NO_UPDATE_CHECK": "1",
}
# Each role has a time zone of its own, west or east of UTC: one process reads moments that another writes.
OPERATOR_ZONE = {"TZ": "Asia/Kolkata"}
ORCHESTRATOR_ZONE = {"TZ": "America/New_York"}
WORKER_ZONE = {"TZ": "Asia/Tokyo"}

# The number of machines of a token that has no limit.
UNLIMITED = "unlimited"

# A worker that is not admitted tries to connect at most three times, then ends.
MOST_DIALS = 3

# The flag that names the orchestrator of a command, and the variable that does so for commands without it.
SERVER_FLAG, SERVE_URL = "--server", "SWAMP_SERVE_URL"
# The variables with the server token of a client, and with the address of the orchestrator that it is for.
SERVER_TOKEN, SERVER_URL = "SWAMP_SERVER_TOKEN", "SWAMP_SERVER_URL"

# No run has this id.
UNKNOWN_RUN = "00000000-0000-4000-8000-000000000000"

# The variable and the flag that name the repository of a command in another folder.
REPOSITORY_VARIABLE, REPOSITORY_FLAG = "SWAMP_REPO_DIR", "--repo-dir"

# The variables with the name of the user of a process.
USER_VARIABLES = ("USER", "USERNAME")
