"""JSON Schemas of the lists that people keep in YAML: where each lies, for reading and for editors."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

CATALOGUE = _FOLDER / "catalogue.schema.json"
DEFAULTS = _FOLDER / "defaults.schema.json"
DEVIATIONS = _FOLDER / "deviations.schema.json"
DIFFERENCES = _FOLDER / "differences.schema.json"
MUTATION = _FOLDER / "mutation.schema.json"
POLICY = _FOLDER / "policy.schema.json"
WAIVERS = _FOLDER / "waivers.schema.json"
