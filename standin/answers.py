"""How commands answer: one JSON document for scripts, sentences and tables for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from standin.commandline import Call


def respond(call: Call, document: Any, text: str) -> None:
    """Answer a call in JSON or in text, depending on its options."""
    print(json.dumps(document, indent=2, ensure_ascii=False) if call.json else text)


def table(rows: Sequence[Mapping[str, str]], headings: Sequence[str]) -> str:
    """Format rows as a table for people."""
    widths = [max(len(heading), *(len(row[heading]) for row in rows)) for heading in headings]
    lines = [dict(zip(headings, headings, strict=True)), *rows]
    return "\n".join(
        "  ".join(
            line[heading].ljust(width) for heading, width in zip(headings, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def labels(pairs: Mapping[str, str]) -> str:
    """Format labels for people."""
    return ",".join(f"{name}={value}" for name, value in sorted(pairs.items())) or "-"
