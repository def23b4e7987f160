"""JSON Schemas of the YAML files about a product, for validation and for editors."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

PROTOCOLS = _FOLDER / "protocols.schema.json"
TARGET = _FOLDER / "target.schema.json"
