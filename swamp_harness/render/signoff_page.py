"""The sign-off as one page: it opens offline, reads on paper and on a phone, and shows the decision first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from swamp_harness.render import pages
from swamp_harness.render.bug_report import BUGS, report_name
from swamp_harness.render.timeline_drawing import TIMELINE_FILE

PAGE_FILE = "signoff.html"


def write_page(document: Mapping[str, Any], folder: Path, *, runs_with_this_binary: int) -> Path:
    """Write `signoff.html` into the folder of the reports, blanked of secrets.

    Args:
        document: what `signoff.json` holds.
        folder: where it goes, and where the evidence is.
        runs_with_this_binary: how many runs are remembered.

    Returns:
        The page.
    """
    return pages.write_page(
        folder / PAGE_FILE,
        **{name.replace(" ", "_"): value for name, value in document.items()},
        timelines=_timelines(document, folder),
        bugs=_bugs(document, folder),
        runs_with_this_binary=runs_with_this_binary,
    )


def _bugs(document: Mapping[str, Any], folder: Path) -> dict[tuple[str, str], str]:
    """The reports about scenarios, by id and platform, as seen from the page."""
    several = len(document["binaries"]) > 1
    keys = {
        (each["id"], each["platform"]) for promise in document["promises"] for each in promise["scenarios"]
    }
    named = {key: f"{BUGS}/{report_name(*key, several_platforms=several)}.md" for key in keys}
    return {key: report for key, report in named.items() if (folder / report).exists()}


def _timelines(document: Mapping[str, Any], folder: Path) -> dict[str, Markup]:
    places = {each["evidence"] for promise in document["promises"] for each in promise["scenarios"]} - {""}
    files = {place: folder / place / TIMELINE_FILE for place in places}
    # Drawn by the suite itself, every text in it escaped.
    return {place: Markup(file.read_text("utf-8")) for place, file in files.items() if file.exists()}  # noqa: S704
