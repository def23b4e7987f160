"""The other half of fixtures/extensions/models/uat_environment.ts."""

from __future__ import annotations

import os
from typing import Any

from standin.extensions import Description
from standin.extensions.notes import journal, note
from standin.worker.context import Context


async def _tell(inputs: dict[str, Any], _: Context) -> None:
    step = inputs["step"]
    journal("start", step)
    note(
        f"environment-{step}-{os.getpid()}",
        "".join(f"{name}={value}\n" for name, value in os.environ.items()),
    )
    journal("end", step)


DESCRIPTION = Description(methods={"tell": _tell})
