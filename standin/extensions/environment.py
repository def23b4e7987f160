"""The other half of fixtures/extensions/models/uat_environment.ts."""

from __future__ import annotations

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
    variables = "".join(f"{name}={value}\n" for name, value in os.environ.items())
    note(f"environment-{step}-{os.getpid()}", variables)


DESCRIPTION = Description(methods={"tell": _tell, "set": _set})
