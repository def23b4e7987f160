"""The documents about a run, or about several together: for people, for CI systems, for the next run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from swamp_harness.machinery.faults import ExitCode, UnusableInput
from swamp_harness.report.deviations import Deviation
from swamp_harness.report.history import remember
from swamp_harness.report.junit import write_junit
from swamp_harness.report.signoff import Knowledge, SignOff, sign_off
from swamp_harness.report.signoff_page import write_page
from swamp_harness.report.signoff_summary import write_summary
from swamp_harness.report.suite_run import RUN_FILE, SuiteRun, read_run, together
from swamp_harness.report.waivers import Waiver

ALLURE_RESULTS = "allure-results"
ALLURE_ENVIRONMENT = "environment.properties"
ALLURE_PAGE = "report.html"
EVIDENCE = "evidence"


def write_documents(
    record: SuiteRun,
    folder: Path,
    deviations: Sequence[Deviation],
    waivers: Sequence[Waiver],
    platforms: Sequence[str] = (),
) -> SignOff:
    """Write `run.json`, the sign-off, JUnit XML, and the history, into the folder of the reports.

    Args:
        record: of a run, or of several together.
        folder: of the reports.
        deviations: that are listed.
        waivers: that are listed.
        platforms: on which the release must have run; those of the record when there are none.

    Returns:
        The sign-off.
    """
    record.write_to(folder)
    history = remember(record, folder)
    known = replace(Knowledge.of_project(deviations, waivers, history), platforms=platforms)
    decision = sign_off(record, known)
    decision.write_to(folder)
    binaries = {facts["sha256"] for facts in record.binaries.values()}
    write_page(
        decision.document, folder, runs_with_this_binary=sum(each.sha256 in binaries for each in history)
    )
    write_summary(decision.document, folder)
    write_junit(record, folder, {run.location.rpartition(":")[0]: run.feature for run in known.runs})
    return decision


def put_together(folders: Sequence[Path], target: Path) -> SuiteRun:
    """Put the reports of several runs together in a folder: their results, evidence and Allure results.

    Args:
        folders: of the reports of runs of one release, such as its shards, or on several platforms.
        target: where all goes; none of them.

    Returns:
        The record of all; it has not been written.

    Raises:
        UnusableInput: there is no run in a folder, they do not belong together, the target is one of them, or
            something cannot be copied (exit code 2).
        OSError: the target cannot be written to.
    """
    if target.resolve() in {folder.resolve() for folder in folders}:
        raise UnusableInput(
            f"{target} is among the reports that are to be put together: give another folder (UAT_REPORTS).",
            ExitCode.BAD_COMMAND_LINE,
        )
    records = [read_run(folder / RUN_FILE) for folder in folders]
    moved = [_with_evidence_below(record, str(number)) for number, record in enumerate(records, start=1)]
    record = together(moved)
    target.mkdir(parents=True, exist_ok=True)
    for name in (EVIDENCE, ALLURE_RESULTS):
        shutil.rmtree(target / name, ignore_errors=True)
    for number, folder in enumerate(folders, start=1):
        _copy(folder / EVIDENCE, target / EVIDENCE / str(number))
        _copy(folder / ALLURE_RESULTS, target / ALLURE_RESULTS)
    _put_environments_together([folder / ALLURE_RESULTS / ALLURE_ENVIRONMENT for folder in folders], target)
    return record


def _with_evidence_below(record: SuiteRun, name: str) -> SuiteRun:
    return replace(
        record,
        results=tuple(
            replace(result, evidence=result.evidence.replace(EVIDENCE, f"{EVIDENCE}/{name}", 1))
            for result in record.results
        ),
    )


def _put_environments_together(files: Sequence[Path], target: Path) -> None:
    values: dict[str, dict[str, None]] = {}
    for file in files:
        for line in file.read_text("utf-8").splitlines() if file.exists() else ():
            name, _, value = line.partition("=")
            values.setdefault(name, {})[value] = None
    if values:
        lines = "".join(f"{name}={', '.join(each)}\n" for name, each in values.items())
        (target / ALLURE_RESULTS / ALLURE_ENVIRONMENT).write_text(lines, "utf-8")


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        return
    try:
        shutil.copytree(source, target, dirs_exist_ok=True)
    except shutil.Error as error:
        failed, _, why = error.args[0][0]
        raise UnusableInput(
            f"{failed} cannot be copied to {target} ({why}): make room or allow it.",
            ExitCode.BAD_COMMAND_LINE,
        ) from error
