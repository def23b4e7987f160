"""Lays out the text of a feature file: indentation, tables, blank lines. No word changes.

The layout is that of reformat-gherkin: two spaces for each level, cells as wide as their column, one blank
line between blocks. Doc strings stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

_BLOCK = re.compile(
    r"(Feature|Rule|Background|Scenario Outline|Scenario Template|Scenario|Example|Examples|Scenarios):"
)
_STEP = re.compile(r"(Given|When|Then|And|But|\*)\s")
_INDENTATION = {"Feature": 0, "Examples": 4, "Scenarios": 4}
_OF_OTHER_BLOCKS = 2
_OF_A_STEP = 4
_DOC_STRINGS = ('"""', "```")
# A pipe that is escaped belongs to its cell.
_BETWEEN_CELLS = re.compile(r"(?<!\\)\|")


@dataclass
class _Line:
    """A line of a feature file, without its indentation.

    Attributes:
        text: of the line.
        indentation: in spaces.
        begins_block: whether a blank line stands before it.
        is_prose: whether it is part of a description, whose paragraphs stay apart.
        is_row: whether it is a row of a table.
    """

    text: str
    indentation: int
    begins_block: bool = False
    is_prose: bool = False
    is_row: bool = False


def laid_out(text: str) -> str:
    """The text of a feature file as it should be laid out."""
    lines = _with_aligned_tables(_lines(text.splitlines()))
    out: list[str] = []
    previous: _Line | None = None
    blank = False
    for line in lines:
        if line is None:
            blank = True
            continue
        if previous is not None and (line.begins_block or (blank and line.is_prose and previous.is_prose)):
            out.append("")
        out.append(" " * line.indentation + line.text)
        previous, blank = line, False
    return "\n".join(out) + "\n" if out else text


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows of a table as lines, each cell as wide as its column."""
    columns = range(max(map(len, rows), default=0))
    widths = [max(cell_len(row[column]) for row in rows if column < len(row)) for column in columns]
    return [
        "| "
        + " | ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=False))
        + " |"
        for row in rows
    ]


def _lines(raw: Sequence[str]) -> Iterator[_Line | None]:
    waiting: list[str] = []  # tags and comments, which belong to what follows
    level, in_steps, doc_string = 0, False, ""
    for number, unstripped in enumerate(raw):
        text = unstripped.strip()
        if doc_string:
            yield _Line(unstripped.rstrip(), 0)
            doc_string = "" if text == doc_string else doc_string
        elif text.startswith(_DOC_STRINGS):
            doc_string = text[:3]
            yield _Line(unstripped.rstrip(), 0)
        elif not text:
            if not waiting:
                yield None
        elif text.startswith(("@", "#")) and not (number == 0 and text.startswith("# language")):
            waiting.append(text)
        else:
            line, level, in_steps = _placed(text, level, in_steps=in_steps)
            for index, each in enumerate(waiting):
                begins = line.begins_block and index == 0
                yield _Line(each, line.indentation, begins_block=begins)
            line.begins_block = line.begins_block and not waiting
            waiting = []
            yield line
    yield from (_Line(each, level) for each in waiting)


def _placed(text: str, level: int, *, in_steps: bool) -> tuple[_Line, int, bool]:
    """A line in its place, the indentation of its block, and whether steps have begun in the block."""
    if block := _BLOCK.match(text):
        level = _INDENTATION.get(block[1], _OF_OTHER_BLOCKS)
        return _Line(text, level, begins_block=True), level, False
    if _STEP.match(text) and level == _OF_OTHER_BLOCKS:
        return _Line(" ".join(text.split(None, 1)), _OF_A_STEP), level, True
    if text.startswith("|"):
        return _Line(text, _OF_A_STEP + 2, is_row=True), level, in_steps
    return _Line(text, level + 2, is_prose=not in_steps), level, in_steps


def _with_aligned_tables(lines: Iterator[_Line | None]) -> Iterator[_Line | None]:
    table: list[_Line] = []
    for line in lines:
        if line is not None and line.is_row:
            table.append(line)
            continue
        if table and line is None:
            continue  # a blank line in or after a table
        yield from _aligned(table)
        table = []
        yield line
    yield from _aligned(table)


def _aligned(table: Sequence[_Line]) -> Iterator[_Line]:
    rows = [[cell.strip() for cell in _BETWEEN_CELLS.split(line.text)[1:-1]] for line in table]
    for line, text in zip(table, aligned(rows), strict=True):
        yield _Line(text, line.indentation)
