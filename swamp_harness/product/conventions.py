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
# A worker that is not admitted tries to connect at most three times, then ends.
MOST_DIALS = 3
