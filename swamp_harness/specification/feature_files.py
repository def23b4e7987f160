"""Reads feature files. An error names the file and the line, and says how to correct it."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from behave.parser import ParserError, parse_feature

from swamp_harness.results.findings import Finding, finding_in
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import clean


class FeatureMistake(UnusableInput):
    """A mistake in a feature file; nothing was started.

    Args:
        mistakes: each with its place.
    """

    def __init__(self, mistakes: Sequence[Finding]) -> None:
        head = f"A FEATURE HAS A MISTAKE: {len(mistakes)} found, and nothing was started:"
        super().__init__("\n".join((head, *(f"  {each}" for each in mistakes))), ExitCode.FEATURE_MISTAKE)
        self.findings = tuple(mistakes)


def files_below(folder: Path) -> list[Path]:
    """Every feature file in a folder and in the folders below it, in order."""
    return [file for file in sorted(folder.rglob("*.feature")) if file.is_file()]


def read_feature(file: Path) -> Any:
    """The model that behave has of a file; None if the file holds no feature.

    It is the same model for the same text: read it, and run another one.

    Raises:
        FeatureMistake: the file cannot be read as a feature.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        finding = finding_in(file, 1, f"the file cannot be read ({error.strerror})")
        raise FeatureMistake([finding]) from error
    if finding_of_encoding := _badly_encoded(file, data):
        raise FeatureMistake([finding_of_encoding])
    try:
        return _parsed(data.decode("utf-8"), str(file))
    except ParserError as error:
        reason = " ".join(clean(str(error.args[0])).split())
        message = f"behave cannot read this line: {reason}"
        raise FeatureMistake([finding_in(file, error.line or 1, message)]) from error


def read_features(files: Iterable[Path]) -> list[Any]:
    """The models of files, those without a feature left out.

    Raises:
        FeatureMistake: some of them cannot be read as features.
    """
    models: list[Any] = []
    findings: list[Finding] = []
    for file in dict.fromkeys(files):
        try:
            models.append(read_feature(file))
        except FeatureMistake as mistake:
            findings += mistake.findings
    if findings:
        raise FeatureMistake(findings)
    return [model for model in models if model is not None]


@cache
def _parsed(text: str, file: str) -> Any:
    return parse_feature(text, filename=file)


def _badly_encoded(file: Path, data: bytes) -> Finding | None:
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return finding_in(file, 1, "the file begins with a byte-order mark: save it as UTF-8 without one")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"its byte {error.start + 1} is 0x{data[error.start]:02x}"
        return finding_in(file, line, f"the file is not in UTF-8, {byte}: save it as UTF-8")
    return None


def without_rows(feature: Any) -> Iterator[tuple[Any, Any, str]]:
    """The outlines of a feature that lack examples: each with the place and what is wrong there."""
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
