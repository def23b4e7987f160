"""The behaviour of fixtures/extensions/models/uat_environment.ts."""

from __future__ import annotations

import json
import os
from typing import Any

from standin.extensions import Description
from standin.extensions.notes import log_entry, note
from standin.worker.context import Context


async def _tell(inputs: dict[str, Any], _: Context) -> None:
    log_entry("start", inputs["step"])
    _note_environment(inputs["step"])
    log_entry("end", inputs["step"])


async def _set(inputs: dict[str, Any], _: Context) -> None:
    step = inputs["step"]
    log_entry("start", step)
    os.environ.update(dict.fromkeys(inputs["names"], f"that of {step}"))
    _note_environment(step)
    log_entry("end", step)


def _note_environment(step: str) -> None:
    note(f"variables-{step}-{os.getpid()}", json.dumps(dict(os.environ)))


DESCRIPTION = Description(methods={"tell": _tell, "set": _set})
