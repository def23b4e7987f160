"""The timeline of a scenario as a picture (SVG): a swim lane for each actor, one time axis for all of them.

The picture works alone and on a page; a tooltip on each item shows its name and times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, tostring

from swamp_harness.scenario.timeline import Lane, Mark, Span, Timeline
from swamp_harness.system.plain_text import for_file

TIMELINE_FILE = "timeline.svg"

_WIDTH, _LEFT, _RIGHT, _TOP = 1000, 178, 14, 24
_ROW, _GAP, _LEGEND = 15, 5, 22
_LETTER = 5.4  # the width of a letter, on average
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_MOST_TICKS = 12

_LEGENDS = (
    ("given", "Given"),
    ("when", "When"),
    ("then", "Then"),
    ("failed", "failed here"),
    ("process", "process"),
    ("member", "in the pool"),
    ("grace", "grace window"),
    ("lease-completed", "lease"),
    ("step", "step"),
    ("outage", "network outage"),
    ("lifetime", "token"),
)
# The kinds whose label is white.
_DARK = {
    *("given", "when", "then", "failed", "command", "failing-command", "step"),
    *("lease-active", "lease-completed", "lease-failed", "lease-expired"),
}
_STYLE = """
.tl{font:10px system-ui,"Segoe UI",Roboto,sans-serif;fill:#1c2430}
.tl text{dominant-baseline:central}.tl .light{fill:#5b6270}.tl .on{fill:#fff}
.tl .grid{stroke:#e3e6ea}.tl .checked{stroke:#1a7f4b;stroke-dasharray:2 3}
.tl .given{fill:#5d6b7e}.tl .when{fill:#2f6fb4}.tl .then{fill:#1a7f4b}.tl .failed{fill:#b3261e}
.tl .here{fill:#b3261e;opacity:.09}.tl .command{fill:#2f6fb4}.tl .failing-command{fill:#a3590c}
.tl .process{fill:#cdd5df}.tl .suspended{fill:#d9bd8a}.tl .member{fill:#9fd3b5}
.tl .grace{fill:#fff3d6;stroke:#c2741a;stroke-dasharray:3 2}.tl .lifetime{fill:#d9d2f0}
.tl .lease-active,.tl .lease-completed{fill:#5b4b9e}.tl .lease-failed,.tl .lease-expired{fill:#b3261e}
.tl .step{fill:#2a757b}.tl .step-cut-off{fill:#a9d3d6}.tl .outage{fill:#e08f8a}
.tl .m-ended{fill:#5b6270}.tl .m-killed,.tl .m-stopped,.tl .m-disconnected{fill:#b3261e}
.tl .m-enrolled{fill:#1a7f4b}
""".replace("\n", "")


@dataclass(frozen=True)
class _Scale:
    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return max((self.end - self.begin).total_seconds(), 0.1)

    def x(self, at: datetime) -> float:
        share = min(max((at - self.begin).total_seconds() / self.seconds, 0), 1)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def seconds_at(self, at: datetime) -> str:
        return f"{(at - self.begin).total_seconds():.1f} s"


def drawing_of(timeline: Timeline) -> str:
    """The timeline as a text of SVG, every name in it escaped."""
    scale = _Scale(timeline.begin, timeline.end)
    lanes = [Lane("scenario", timeline.steps), *timeline.lanes]
    packed = [_packed(lane, scale) for lane in lanes]
    heights = [max(len(rows), 1) * _ROW + _GAP for rows in packed]
    bottom = _TOP + sum(heights)
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": "tl",
            "viewBox": f"0 0 {_WIDTH} {bottom + _LEGEND}",
            "role": "img",
            "aria-label": "The timeline of the scenario",
        },
    )
    SubElement(svg, "style").text = _STYLE
    _draw_axis(svg, scale, bottom)
    _draw_checks(svg, timeline.steps, scale, bottom)
    top = float(_TOP)
    for lane, rows, height in zip(lanes, packed, heights, strict=True):
        _draw_lane(svg, lane, rows, scale, top)
        top += height
    _draw_legend(svg, bottom + _LEGEND / 2)
    return tostring(svg, encoding="unicode")


def _packed(lane: Lane, scale: _Scale) -> list[list[Span]]:
    """The spans of a lane in as few rows as possible, so that none hides another."""
    rows: list[list[Span]] = []
    for span in sorted(lane.spans, key=lambda each: each.begin):
        # Those that nest by their nature, such as a suspended process, are drawn over what they are part of.
        free = (
            row
            for row in rows
            if span.kind == "suspended" or scale.x(row[-1].end or scale.end) <= scale.x(span.begin)
        )
        row = next(free, None)
        if row is None:
            rows.append([span])
        else:
            row.append(span)
    return rows


def _draw_axis(svg: Element, scale: _Scale, bottom: float) -> None:
    step = next((each for each in _STEPS if scale.seconds / each <= _MOST_TICKS), _STEPS[-1])
    for tick in range(int(scale.seconds / step) + 1):
        x = _LEFT + tick * step / scale.seconds * (_WIDTH - _LEFT - _RIGHT)
        _line(svg, "grid", x, _TOP - 6, bottom)
        _text(svg, f"{tick * step:g} s", (x, _TOP - 13), anchor="middle", style="light")


def _draw_checks(svg: Element, steps: Sequence[Span], scale: _Scale, bottom: float) -> None:
    for step in steps:
        end = step.end or step.begin
        if step.kind == "then":
            _line(svg, "checked", scale.x(end), _TOP, bottom)
        if step.kind == "failed":
            width = max(scale.x(end) - scale.x(step.begin), 2)
            _rect(svg, "here", (scale.x(step.begin), _TOP), (width, bottom - _TOP))


def _draw_lane(svg: Element, lane: Lane, rows: Sequence[Sequence[Span]], scale: _Scale, top: float) -> None:
    inset, style = (18, "light") if lane.is_part else (6, "")
    _text(svg, _fitting(lane.name, _LEFT - inset - 6), (inset, top + _ROW / 2), style=style)
    for number, row in enumerate(rows):
        for span in row:
            _draw_span(svg, span, scale, top + number * _ROW)
    for mark, following in pairwise([*sorted(lane.marks, key=lambda each: each.at), None]):
        assert mark is not None  # noqa: S101 - only the last is None
        space = (scale.x(following.at) if following else _WIDTH) - scale.x(mark.at) - 8
        has_text = any(span.text for span in lane.spans)
        _draw_mark(svg, mark, scale, top, 0 if has_text else space)


def _draw_span(svg: Element, span: Span, scale: _Scale, top: float) -> None:
    x = scale.x(span.begin)
    width = max(scale.x(span.end or scale.end) - x, 1.5)
    until = f"to {scale.seconds_at(span.end)}" if span.end else "without an end"
    title = f"{span.text or span.kind}, from {scale.seconds_at(span.begin)} {until}"
    _rect(svg, span.kind, (x, top + 1.5), (width, _ROW - 3), title)
    text = _fitting(span.text, width - 6)
    if len(text) > 2:  # noqa: PLR2004 - one or two letters say nothing
        dark = span.kind in _DARK
        _text(svg, text, (x + 3, top + _ROW / 2), style="on" if dark else "")


def _draw_mark(svg: Element, mark: Mark, scale: _Scale, top: float, space: float) -> None:
    x, y = scale.x(mark.at), top + _ROW / 2
    group = SubElement(svg, "g", {"class": f"m-{mark.kind}"})
    SubElement(group, "title").text = for_file(f"{mark.text} at {scale.seconds_at(mark.at)}")
    SubElement(group, "path", d=f"M{x:g} {y - 5:g}l4 5l-4 5l-4 -5z")
    text = _fitting(mark.text, space)
    if text == mark.text:
        _text(group, text, (x + 6, y))


def _draw_legend(svg: Element, y: float) -> None:
    x = float(_LEFT)
    for kind, text in _LEGENDS:
        _rect(svg, kind, (x, y - 4), (8, 8))
        _text(svg, text, (x + 11, y), style="light")
        x += 22 + len(text) * _LETTER


def _rect(
    svg: Element, kind: str, place: tuple[float, float], size: tuple[float, float], title: str = ""
) -> None:
    rect = SubElement(
        svg,
        "rect",
        {"class": kind, "x": f"{place[0]:g}", "y": f"{place[1]:g}", "width": f"{size[0]:.1f}",
         "height": f"{size[1]:g}"},
    )  # fmt: skip
    if title:
        SubElement(rect, "title").text = for_file(title)


def _line(svg: Element, kind: str, x: float, top: float, bottom: float) -> None:
    SubElement(svg, "path", {"class": kind, "d": f"M{x:g} {top:g}V{bottom:g}"})


def _text(svg: Element, text: str, place: tuple[float, float], *, style: str = "", anchor: str = "") -> None:
    attributes = {"x": f"{place[0]:g}", "y": f"{place[1]:g}"}
    attributes |= {"class": style} if style else {}
    attributes |= {"text-anchor": anchor} if anchor else {}
    SubElement(svg, "text", attributes).text = for_file(text)


def _fitting(text: str, space: float) -> str:
    letters = max(int(space / _LETTER), 0)
    return text if len(text) <= letters else f"{text[: max(letters - 1, 0)]}…" if letters > 1 else ""
