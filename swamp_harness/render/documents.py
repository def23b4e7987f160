"""The documents about a run, or about several together: for people, for CI systems, for the next run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from swamp_harness.render.bug_report import BUGS, write_bug_reports
from swamp_harness.render.junit import JUNIT_FILE, write_junit
from swamp_harness.render.signoff import SIGNOFF_FILE, SignOff, SignOffInputs, sign_off
from swamp_harness.render.signoff_page import PAGE_FILE, write_page
from swamp_harness.render.signoff_summary import SUMMARY_FILE, write_summary
from swamp_harness.results.deviations import Deviation
from swamp_harness.results.history import remember
from swamp_harness.results.run_record import RUN_FILE, SuiteRun, read_run, together
from swamp_harness.system.errors import ExitCode, InfrastructureError, UnusableInput

ALLURE_RESULTS = "allure-results"
ALLURE_ENVIRONMENT = "environment.properties"
ALLURE_PAGE = "report.html"
EVIDENCE = "evidence"


PREVIOUS = "previous"
# The reports of a run, or of several together, beside the history.
OF_A_RUN = (
    *(RUN_FILE, SIGNOFF_FILE, PAGE_FILE, SUMMARY_FILE, JUNIT_FILE),
    *(ALLURE_RESULTS, ALLURE_PAGE, EVIDENCE, BUGS),
)


class BugReportsFailed(InfrastructureError):
    """The bug reports could not be written; every other document was."""


def set_aside(folder: Path, names: Sequence[str] = OF_A_RUN) -> None:
    """Move the reports of an earlier command into `previous/`, and delete those that were there.

    Args:
        folder: of the reports. Its history stays where it is.
        names: of the reports; by default those of a run.

    Raises:
        UnusableInput: a report cannot be moved (exit code 2).
    """
    older = [folder / name for name in names if (folder / name).exists()]
    if not older:
        return
    previous = folder / PREVIOUS
    try:
        previous.mkdir(exist_ok=True)
        for each in [previous / name for name in names]:
            if each.is_dir():
                shutil.rmtree(each)
            else:
                each.unlink(missing_ok=True)
        for each in older:
            each.rename(previous / each.name)
    except OSError as error:
        raise UnusableInput(
            f"The reports of an earlier command cannot be moved to {previous} ({error.strerror}): move "
            "them, or give another folder with UAT_REPORTS.",
            ExitCode.BAD_COMMAND_LINE,
        ) from error


def write_documents(record: SuiteRun, folder: Path, known: SignOffInputs) -> SignOff:
    """Write `run.json`, the sign-off, JUnit XML, bug reports, and the history.

    Args:
        record: of a run, or of several together.
        folder: of the reports.
        known: what the sign-off rests on; its history is that of the folder.

    Returns:
        The sign-off.

    Raises:
        BugReportsFailed: the bug reports cannot be written; the other documents are.
        OSError: another document cannot be written.
    """
    record.write_to(folder)
    history = remember(record, folder)
    signed = sign_off(record, replace(known, history=history))
    signed.write_to(folder)
    failure = _failure_of_bug_reports(record, folder, known.deviations)
    binaries = {facts["sha256"] for facts in record.binaries.values()}
    # It links to the bug reports.
    write_page(
        signed.document, folder, runs_with_this_binary=sum(each.sha256 in binaries for each in history)
    )
    write_summary(signed.document, folder)
    write_junit(record, folder)
    if failure is not None:
        raise BugReportsFailed(
            f"The bug reports cannot be written ({type(failure).__name__}: {failure})."
        ) from failure
    return signed


def _failure_of_bug_reports(
    record: SuiteRun, folder: Path, deviations: Sequence[Deviation]
) -> Exception | None:
    try:
        shutil.rmtree(folder / BUGS, ignore_errors=True)
        write_bug_reports(record, folder, deviations)
    except Exception as error:  # noqa: BLE001 - no decision rests on them
        return error
    return None


def put_together(folders: Sequence[Path], target: Path) -> SuiteRun:
    """Put the reports of several runs together in a folder: their results, evidence and Allure results.

    Args:
        folders: of the reports of runs of one release, such as its shards, or on several platforms.
        target: the folder for all; not one of them.

    Returns:
        The record of all; it has not been written.

    Raises:
        UnusableInput: a folder holds no run, the runs do not belong together, the target is one of them, or
            something cannot be copied (exit code 2).
        OSError: the target cannot be written to.
    """
    if target.resolve() in {folder.resolve() for folder in folders}:
        raise UnusableInput(
            f"{target} holds one of the runs to put together: give another folder with UAT_REPORTS.",
            ExitCode.BAD_COMMAND_LINE,
        )
    records = [read_run(folder / RUN_FILE) for folder in folders]
    moved = [_with_evidence_below(record, str(number)) for number, record in enumerate(records, start=1)]
    record = together(moved)
    target.mkdir(parents=True, exist_ok=True)
    for name in (EVIDENCE, ALLURE_RESULTS):
        shutil.rmtree(target / name, ignore_errors=True)
    (target / ALLURE_PAGE).unlink(missing_ok=True)
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
            f"{failed} cannot be copied to {target} ({why}): free disk space or correct the permissions.",
            ExitCode.BAD_COMMAND_LINE,
        ) from error
