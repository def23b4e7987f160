"""Reads feature files, and says in one sentence with file and line what keeps one from being read or run."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from behave.parser import ParserError, parse_file

from swamp_harness.machinery.faults import ExitCode, UnusableInput
from swamp_harness.machinery.plain_text import clean
from swamp_harness.report.project import ROOT


class FeatureMistake(UnusableInput):
    """Something in a feature file is wrong; nothing was started.

    Args:
        mistakes: each a sentence that begins with file and line.
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        head = f"A FEATURE HAS A MISTAKE: {len(mistakes)} found, and nothing was started:"
        super().__init__("\n".join((head, *(f"  {each}" for each in mistakes))), ExitCode.FEATURE_MISTAKE)
        self.mistakes = tuple(mistakes)


def files_below(folder: Path) -> list[Path]:
    """Every feature file in a folder and in the folders below it, in order."""
    return [file for file in sorted(folder.rglob("*.feature")) if file.is_file()]


def unreadable(file: Path) -> str:
    """What keeps a file from being read as a feature, with its place; empty if nothing does."""
    told = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    try:
        data = file.read_bytes()
    except OSError as error:
        return f"{told}:1: the file cannot be read ({error.strerror})"
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return f"{told}:1: the file begins with a byte-order mark: save it as UTF-8 without one"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return (
            f"{told}:{line}: the file is not in UTF-8, its byte {error.start + 1} is "
            f"0x{data[error.start]:02x}: save it as UTF-8"
        )
    try:
        parse_file(str(file))
    except ParserError as error:
        reason = " ".join(clean(str(error.args[0])).split())
        return f"{told}:{error.line or 1}: behave cannot read this line: {reason}"
    return ""


def refuse_unreadable(files: Iterable[Path]) -> None:
    """Look at files that are about to be read.

    Raises:
        FeatureMistake: some of them cannot be read as features.
    """
    mistakes = [complaint for file in dict.fromkeys(files) if (complaint := unreadable(file))]
    if mistakes:
        raise FeatureMistake(mistakes)


def without_rows(feature: Any) -> Iterator[tuple[Any, Any, str]]:
    """The outlines of a feature without rows: each with the place of the gap, and what is wrong there."""
    for outline in feature.walk_scenarios(with_outlines=True):
        if outline.type != "scenario_outline":
            continue
        if not outline.examples:
            complaint = "has no table of Examples, so it never runs: add one, or make it a Scenario"
            yield outline, outline, f"the {outline.keyword} {complaint}"
        for table in outline.examples:
            if table.table is None or not table.table.rows:
                complaint = f"of {outline.name!r} have no row, so nothing runs with them: add one"
                yield outline, table, f"the {table.keyword} {complaint}"
