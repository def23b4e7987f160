"""The behaviour of fixtures/extensions/shared/notes.ts: notes of a step outside of the product."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from standin.moments import stamp


def notes() -> Path:
    """The folder of the notes."""
    return Path(os.environ["UAT_NOTES"])


def account(step: str) -> dict[str, Any]:
    """The worker that runs a step, and the time."""
    return {"step": step, "worker": os.environ.get("UAT_WORKER", ""), "pid": os.getpid(), "at": stamp()}


def log_entry(event: str, step: str) -> None:
    """Record that a step begins or ends."""
    line = json.dumps({"event": event, **account(step)}) + "\n"
    with (notes() / "probe-log.jsonl").open("ab") as file:
        file.write(line.encode())


def note(name: str, text: str) -> None:
    """Write a note beside the probe log."""
    (notes() / name).write_bytes(text.encode())


def is_first(step: str, sign: str = "begun-{}") -> bool:
    """Create a signal file of a step, by default "begun"; whether it did not exist before."""
    try:
        (notes() / sign.format(step)).mkdir()
    except FileExistsError:
        return False
    return True
