"""The other half of fixtures/extensions/models/uat_environment.ts."""

from __future__ import annotations

import json
import os
from typing import Any

from standin.extensions import Description
from standin.extensions.notes import journal, note
from standin.worker.context import Context


async def _tell(inputs: dict[str, Any], _: Context) -> None:
    journal("start", inputs["step"])
    _note_environment(inputs["step"])
    journal("end", inputs["step"])


async def _set(inputs: dict[str, Any], _: Context) -> None:
    step = inputs["step"]
    journal("start", step)
    os.environ.update(dict.fromkeys(inputs["names"], f"that of {step}"))
    _note_environment(step)
    journal("end", step)


def _note_environment(step: str) -> None:
    note(f"variables-{step}-{os.getpid()}", json.dumps(dict(os.environ)))


DESCRIPTION = Description(methods={"tell": _tell, "set": _set})
