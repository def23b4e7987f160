"""The JSON Schema of the hosts file, for reading and for editors."""

from __future__ import annotations

from pathlib import Path

HOSTS = Path(__file__).parent / "hosts.schema.json"
