"""JUnit XML of a run, for CI systems: a suite for each feature, and a case for each scenario.

A broken promise is a failure, an infrastructure error is an error, and a scenario that did not run or
is waived is skipped. A run that ended early is an error in a suite of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from swamp_harness.render.words import why, why_no_result
from swamp_harness.results.result import ScenarioResult
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.system.plain_text import for_file

JUNIT_FILE = "junit.xml"


def write_junit(record: SuiteRun, folder: Path) -> Path:
    """Write `junit.xml` into a folder, blanked of secrets.

    Args:
        record: of the run.
        folder: where it goes.

    Returns:
        The file.
    """
    results = [result for result in record.results if not result.is_unselected]
    root = Element("testsuites", name="swamp-uat", time=_seconds(record.metrics["wall seconds"]))
    for file, name in dict.fromkeys((result.place[0], result.feature) for result in results):
        own = [each for each in results if (each.place[0], each.feature) == (file, name)]
        _add_suite(root, name or file, own)
    kinds = [result.outcome.traits.junit for result in results]
    if record.ending.is_early:
        kinds.append(_add_early_end(root, record))
    _count(root, kinds)
    for element in root.iter():  # XML allows most control characters not even escaped
        element.attrib.update({name: for_file(value) for name, value in element.attrib.items()})
        element.text = for_file(element.text) if element.text else None
    indent(root)
    target = folder / JUNIT_FILE
    ElementTree(root).write(target, encoding="utf-8", xml_declaration=True)
    return target


def _add_suite(root: Element, name: str, results: Sequence[ScenarioResult]) -> None:
    seconds = sum(result.seconds for result in results)
    suite = SubElement(root, "testsuite", name=name, time=_seconds(seconds))
    _count(suite, [result.outcome.traits.junit for result in results])
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
        if result.outcome.traits.junit:
            reason = why(result)
            element = SubElement(
                case,
                result.outcome.traits.junit,
                message=f"{result.outcome.value}: {reason.partition(chr(10))[0]}",
                type=result.outcome.value,
            )
            element.text = f"{result.step}\n{reason}" if result.step else reason
            if result.evidence:
                SubElement(case, "system-out").text = f"Evidence: {result.evidence}"


def _add_early_end(root: Element, record: SuiteRun) -> str:
    # A CI system treats skipped tests as success, but a run that ended early is not a success.
    suite = SubElement(root, "testsuite", name="The run itself", time=_seconds(0))
    _count(suite, ["error"])
    case = SubElement(suite, "testcase", name="The run is complete", classname="swamp-uat")
    element = SubElement(case, "error", message=why_no_result(record.ending), type=record.ending.value)
    element.text = "\n".join(record.errors) or why_no_result(record.ending)
    return "error"


def _count(element: Element, kinds: Sequence[str]) -> None:
    element.set("tests", str(len(kinds)))
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(kinds.count(kind)))


def _seconds(value: float) -> str:
    return f"{value:.3f}"
