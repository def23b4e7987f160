"""The paths of a worker's HTTP requests to its orchestrator (design/remote-execution.md, "Data plane")."""

from __future__ import annotations

import re

BUNDLE_PATHS = {
    "bundle": re.compile(r"/bundle/[^/?]+"),
    "file": re.compile(r"/bundle/[^/?]+/file/[^?]+"),
}
