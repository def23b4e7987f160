"""The sign-off as one page: it opens offline, reads on paper and on a phone, and has the verdict first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from swamp_harness.machinery.redaction import SECRETS
from swamp_harness.report.timeline_drawing import TIMELINE_FILE

PAGE_FILE = "signoff.html"


@dataclass(frozen=True)
class _Group:
    name: str
    rows: Sequence[Mapping[str, Any]]


def write_page(document: Mapping[str, Any], folder: Path, *, runs_with_this_binary: int) -> Path:
    """Write `signoff.html` into the folder of the reports, blanked of secrets.

    Args:
        document: what `signoff.json` holds.
        folder: where it goes, and where the evidence is.
        runs_with_this_binary: how many runs are remembered.

    Returns:
        The page.
    """
    environment = Environment(
        loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["groupby_in_order"] = _groups
    names = {name.replace(" ", "_"): value for name, value in document.items()}
    text = environment.get_template(f"{PAGE_FILE}.j2").render(
        **names,
        timelines=_timelines(document, folder),
        runs_with_this_binary=runs_with_this_binary,
    )
    page = folder / PAGE_FILE
    page.write_text(SECRETS.blank(text), "utf-8")
    return page


def _timelines(document: Mapping[str, Any], folder: Path) -> dict[str, Markup]:
    places = {each["evidence"] for promise in document["promises"] for each in promise["scenarios"]} - {""}
    files = {place: folder / place / TIMELINE_FILE for place in places}
    # Drawn by the suite itself, every text in it escaped.
    return {place: Markup(file.read_text("utf-8")) for place, file in files.items() if file.exists()}  # noqa: S704


def _groups(rows: Sequence[Mapping[str, Any]], name: str) -> list[_Group]:
    return [
        _Group(value, [row for row in rows if row[name] == value])
        for value in dict.fromkeys(row[name] for row in rows)
    ]
