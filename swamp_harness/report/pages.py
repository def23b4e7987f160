"""Pages that open offline: a template of this package, filled in, blanked of secrets, in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from swamp_harness.machinery.plain_text import for_file
from swamp_harness.results.outcome import Outcome, Standing


@dataclass(frozen=True)
class _Group:
    name: str
    rows: Sequence[Mapping[str, Any]]


def write_page(page: Path, **names: Any) -> Path:
    """Write a page.

    Args:
        page: where it goes; its template has the same name.
        names: what the template tells.

    Returns:
        The page.
    """
    environment = Environment(
        loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["groupby_in_order"] = _groups
    environment.globals |= {"Outcome": Outcome, "Standing": Standing}
    text = environment.get_template(f"{page.name}.j2").render(**names)
    page.write_text(for_file(text), "utf-8")
    return page


def _groups(rows: Sequence[Mapping[str, Any]], name: str) -> list[_Group]:
    return [
        _Group(value, [row for row in rows if row[name] == value])
        for value in dict.fromkeys(row[name] for row in rows)
    ]
