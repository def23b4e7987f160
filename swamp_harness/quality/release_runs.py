"""The suite over several releases, one after the other, and the table of promise by release."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from swamp_harness.product.binary import BINARY_VARIABLE
from swamp_harness.product.releases import VERSION_VARIABLE, Releases
from swamp_harness.render.documents import set_aside
from swamp_harness.render.pages import write_page
from swamp_harness.render.release_matrix import ReleaseRun, matrix
from swamp_harness.results.outcome import Standing
from swamp_harness.results.run_record import RUN_FILE, read_run
from swamp_harness.runner.launch import Selection
from swamp_harness.runner.reports_folder import taken
from swamp_harness.runner.suite_process import run_suite
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.files import write_whole
from swamp_harness.system.plain_text import for_terminal, json_text

_FOLDER = "matrix"
_PAGE, _DOCUMENT = "matrix.html", "matrix.json"
_ENDS_ALL = (ExitCode.INTERRUPTED, ExitCode.TERMINATED, ExitCode.HUNG_UP)
# The exit codes of a run that tested everything it could.
_TESTED = (ExitCode.EVERY_PROMISE_HELD, ExitCode.KNOWN_DEVIATIONS, ExitCode.PROMISE_BROKEN)
_WHAT_TO_TEST = (BINARY_VARIABLE, VERSION_VARIABLE)
_SIGNS = {Standing.KEPT.value: "[green]kept", Standing.BROKEN.value: "[red]broken"}


@dataclass(frozen=True)
class _Release:
    name: str
    variable: str
    value: str

    @property
    def environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if name not in _WHAT_TO_TEST}
        return {**others, self.variable: self.value}


def run_matrix(given: Sequence[str], reports: Path, selection: Selection) -> int:
    """Run the suite over several releases, print the table, and write it down.

    Args:
        given: versions of releases, or binaries as paths, oldest first.
        reports: where `matrix.html` and `matrix.json` go, and the reports of each run, in folders below.
        selection: of the scenarios to run.

    Returns:
        The exit code: 0 if every run tested everything it could, whatever it found; else that of the last run
        that did not.

    Raises:
        UnusableInput: what is given is no version and no file, or given twice (exit code 2), or the latest
            version cannot be found out (8 or 9), or another matrix is written there (2).
    """
    if (reports / _FOLDER).exists():
        with taken(reports / _FOLDER):
            set_aside(reports, (_PAGE, _DOCUMENT))
    releases = _releases(given)
    with taken(reports / _FOLDER) as folder:
        runs, exit_code = _run(releases, folder, selection)
        _write(runs, reports)
    return exit_code


def _run(releases: Sequence[_Release], reports: Path, selection: Selection) -> tuple[list[ReleaseRun], int]:
    runs: list[ReleaseRun] = []
    exit_code: int = ExitCode.EVERY_PROMISE_HELD
    for count, release in enumerate(releases, start=1):
        print(f"\nRelease {count} of {len(releases)}: {release.name}", flush=True)
        folder = reports / str(count)
        shutil.rmtree(folder, ignore_errors=True)
        code = run_suite(selection, {**release.environment, project.REPORTS_VARIABLE: str(folder)})
        record = folder / RUN_FILE
        runs.append(ReleaseRun(release.name, read_run(record) if record.exists() else None))
        if code not in _TESTED:
            exit_code = code
        if code in _ENDS_ALL:
            break
    return runs, exit_code


def _releases(given: Sequence[str]) -> list[_Release]:
    found = [_release(each) for each in given]
    if len({each.name for each in found}) < len(found):
        raise UnusableInput(
            "Two of the releases are called the same: give each once, and binaries under different names.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return found


def _release(given: str) -> _Release:
    if Path(given).is_file():
        return _Release(Path(given).name, BINARY_VARIABLE, str(Path(given).absolute()))
    version = Releases.of(os.environ).version(given)
    return _Release(version, VERSION_VARIABLE, version)


def _write(runs: Sequence[ReleaseRun], reports: Path) -> None:
    document = matrix(runs)
    write_whole(reports / _DOCUMENT, json_text(document) + "\n")
    page = write_page(reports / _PAGE, **document)
    table = Table("", "Promise", title="Promise by release")
    for heading in (*(run.name for run in runs), "Since"):
        table.add_column(heading, overflow="fold")
    for group in document["groups"]:
        table.add_section()
        table.add_row("", Text(group["heading"], style="bold"))
        for promise in document["promises"]:
            if promise["group"] == group["name"]:
                cells = [_SIGNS.get(standing, "-") for standing in promise["releases"].values()]
                title = Text(for_terminal(promise["title"]))
                table.add_row(str(promise["number"]), title, *cells, promise["since"])
    Console().print(table)
    print(f"Promise by release, scenario by scenario: {page}")
