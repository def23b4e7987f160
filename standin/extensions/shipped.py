"""The behaviour of fixtures/published/uat_shipped.ts."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from standin.bundles import Bundle
from standin.extensions import Description
from standin.extensions.notes import log_entry, note
from standin.worker.context import Context


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        return type(error).__name__


async def _show(inputs: dict[str, Any], context: Context) -> None:
    step = inputs["step"]
    log_entry("start", step)
    found = {name: _digest(context.extension_file(name)) for name in inputs["files"]}
    answer = {"program": Bundle(context.program).version, "files": found}
    note(f"shipped-{step}-{os.getpid()}", json.dumps(answer))
    log_entry("end", step)


DESCRIPTION = Description(methods={"show": _show})
