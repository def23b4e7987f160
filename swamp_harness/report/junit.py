"""JUnit XML of a run, for CI systems: a suite for each feature, and a case for each scenario.

A broken promise is a failure, an infrastructure fault an error, what did not run or is waived is skipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from swamp_harness.machinery.plain_text import for_file
from swamp_harness.report.outcomes import Outcome, ScenarioResult
from swamp_harness.report.suite_run import SuiteRun

JUNIT_FILE = "junit.xml"

_ELEMENT = {
    Outcome.BROKEN: "failure",
    Outcome.DEVIATION: "failure",
    Outcome.DEVIATION_GONE: "failure",
    Outcome.FAULT: "error",
    Outcome.WAIVED: "skipped",
    Outcome.NOT_RUN: "skipped",
}


def write_junit(record: SuiteRun, folder: Path, features: Mapping[str, str]) -> Path:
    """Write `junit.xml` into a folder, blanked of secrets.

    Args:
        record: of the run.
        folder: where it goes.
        features: the name of the feature by the file that it stands in.

    Returns:
        The file.
    """
    results = [result for result in record.results if not result.is_unselected]
    root = Element("testsuites", name="swamp-uat", time=_seconds(record.figures["wall seconds"]))
    for file in dict.fromkeys(result.place[0] for result in results):
        _add_suite(root, features.get(file, file), [each for each in results if each.place[0] == file])
    _count(root, results)
    for element in root.iter():  # XML has no place for most control characters, not even escaped
        element.attrib.update({name: for_file(value) for name, value in element.attrib.items()})
        element.text = for_file(element.text) if element.text else None
    indent(root)
    target = folder / JUNIT_FILE
    ElementTree(root).write(target, encoding="utf-8", xml_declaration=True)
    return target


def _add_suite(root: Element, name: str, results: Sequence[ScenarioResult]) -> None:
    seconds = sum(result.seconds for result in results)
    suite = SubElement(root, "testsuite", name=name, time=_seconds(seconds))
    _count(suite, results)
    for result in results:
        case = SubElement(
            suite,
            "testcase",
            name=f"{result.title} [{result.location.rpartition('/')[2]}]",
            classname=f"{name} ({result.platform})" if result.platform else name,
            file=result.place[0],
            line=str(result.place[1]),
            time=_seconds(result.seconds),
        )
        if result.outcome in _ELEMENT:
            reason = result.reason
            told = SubElement(
                case,
                _ELEMENT[result.outcome],
                message=f"{result.outcome.value}: {reason.partition(chr(10))[0]}",
                type=result.outcome.value,
            )
            told.text = f"{result.step}\n{reason}" if result.step else reason
            if result.evidence:
                SubElement(case, "system-out").text = f"Evidence: {result.evidence}"


def _count(element: Element, results: Sequence[ScenarioResult]) -> None:
    kinds = [_ELEMENT.get(result.outcome, "") for result in results]
    element.set("tests", str(len(kinds)))
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(kinds.count(kind)))


def _seconds(value: float) -> str:
    return f"{value:.3f}"
