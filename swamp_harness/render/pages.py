"""Writes a page from a template of this package: one file that opens offline, blanked of secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from swamp_harness.results.outcome import Outcome, Standing
from swamp_harness.system.plain_text import for_file


@dataclass(frozen=True)
class _Group:
    name: str
    rows: Sequence[Mapping[str, Any]]


def write_page(page: Path, **names: Any) -> Path:
    """Write a page.

    Args:
        page: where it goes; its template has the same name.
        names: the values of the template.

    Returns:
        The page.
    """
    page.write_text(page_text(page.name, **names), "utf-8")
    return page


def page_text(name: str, **names: Any) -> str:
    """The text of a page.

    Args:
        name: of the page and of its template.
        names: the values of the template.
    """
    return for_file(template_of(name).render(**names))


def template_of(page: str) -> Template:
    """The template of a page."""
    return _environment().get_template(f"{page}.j2")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["groupby_in_order"] = _groups
    environment.globals |= {"Outcome": Outcome, "Standing": Standing}
    return environment


def _groups(rows: Sequence[Mapping[str, Any]], name: str) -> list[_Group]:
    return [
        _Group(value, [row for row in rows if row[name] == value])
        for value in dict.fromkeys(row[name] for row in rows)
    ]
