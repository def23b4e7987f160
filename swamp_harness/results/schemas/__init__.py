"""JSON Schemas of the lists that people keep in YAML: where each lies, for reading and for editors."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

DEFAULTS = _FOLDER / "defaults.schema.json"
DEVIATIONS = _FOLDER / "deviations.schema.json"
MUTATION = _FOLDER / "mutation.schema.json"
WAIVERS = _FOLDER / "waivers.schema.json"
