"""How the suite sets swamp up: what it calls the vault, what it switches off, how it marks what it starts."""

from __future__ import annotations

from pathlib import Path

VAULT = "v1"

# Where swamp keeps a person's own settings, under the home folder (README.md, "Telemetry").
SETTINGS = Path(".config", "swamp")

QUIET_ENVIRONMENT = {
    "NO_COLOR": "1",
    "SWAMP_NO_TELEMETRY": "1",
    "SWAMP_NO_UPDATE_CHECK": "1",
}
# A worker that does not get in dials three times at the most and then ends.
MOST_DIALS = 3
