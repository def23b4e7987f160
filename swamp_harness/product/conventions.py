"""How the suite sets swamp up: what it calls the vault, what it switches off, how it marks what it starts.

The timers are the product's own; the suite waits them out, and no flag shortens them.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

VAULT = "v1"

# Where swamp keeps a person's own settings, under the home folder (README.md, "Telemetry").
SETTINGS = Path(".config", "swamp")

QUIET_ENVIRONMENT = {
    "NO_COLOR": "1",
    "SWAMP_NO_TELEMETRY": "1",
    "SWAMP_NO_UPDATE_CHECK": "1",
}

# design/remote-execution.md, "Enrollment": how long a lost worker's place in the pool is kept.
GRACE_WINDOW = timedelta(seconds=60)

# The shortest and the usual lifetime of a token, as `swamp worker token create --duration` takes them.
SHORTEST_LIFETIME = "1m"
USUAL_LIFETIME = "1h"

# A worker that does not get in dials three times at the most and then ends.
MOST_DIALS = 3

# `swamp serve --help`: how long the orchestrator waits for an answer on a silent connection.
IDLE_LIMIT = timedelta(seconds=30)

# How `swamp serve` is told to take a connection for lost after seconds, where it usually waits half a minute.
NOTICES_SILENCE_SOON = ("--ws-idle-timeout", "4s")
