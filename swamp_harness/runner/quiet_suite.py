"""Runs the suite without output against a described target, for tools that make many runs."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from swamp_harness.product.target import TARGET_VARIABLE
from swamp_harness.results.result import ScenarioResult
from swamp_harness.results.run_record import RUN_FILE, SuiteRun, read_run
from swamp_harness.runner.endings import exit_code_of
from swamp_harness.runner.launch import Selection, launch
from swamp_harness.scenario.run_context import remove_what_was_kept
from swamp_harness.specification import project
from swamp_harness.system.ready_program import ReadyProgram, all_in_use, use

# Each run of the suite is a fork of a process that has read the suite already, where processes can be forked.
_READ_IN_ADVANCE = "swamp_harness.runner.read_in_advance"
if sys.platform == "win32":
    _PROCESSES = multiprocessing.get_context("spawn")
else:
    _PROCESSES = multiprocessing.get_context("forkserver")
_ENDED = 60


def get_ready(*further: str) -> None:
    """Load the suite in one process in advance, for all runs that follow.

    Args:
        further: the names of modules that it loads as well.
    """
    if sys.platform != "win32":
        _PROCESSES.set_forkserver_preload([_READ_IN_ADVANCE, *further])


def results_against(
    changes: Mapping[str, Any], folder: Path, selection: Selection, limit: float
) -> Sequence[ScenarioResult]:
    """Run scenarios against the stand-in, as `run_against` does.

    Returns:
        The results of the scenarios; empty if the run left no record.
    """
    run = run_against(changes, folder, selection, limit)
    return () if run is None else run.results


def run_against(
    changes: Mapping[str, Any], folder: Path, selection: Selection, limit: float
) -> SuiteRun | None:
    """Run scenarios against the stand-in, for their record only.

    Args:
        changes: to the description of the stand-in as a target, by key.
        folder: for the description of the target and the reports; it must not exist.
        selection: of scenarios.
        limit: the timeout of the run in seconds; then it is ended.

    Returns:
        The record of the run; None if it left none.
    """
    folder.mkdir()
    described = yaml.safe_load(project.EMBEDDED_TARGET.read_text("utf-8"))
    described |= changes
    target = folder / "target.yaml"
    target.write_text(yaml.safe_dump(described), "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SWAMP_")}
    environment[TARGET_VARIABLE] = str(target)
    return run_quietly(environment, folder, replace(selection, record_only=True), limit)


def run_quietly(
    environment: Mapping[str, str], folder: Path, selection: Selection, limit: float
) -> SuiteRun | None:
    """Run scenarios without output.

    Args:
        environment: of the run.
        folder: for the reports.
        selection: of scenarios.
        limit: the timeout of the run in seconds; then it is ended.

    Returns:
        The record of the run; None if it left none.
    """
    process = _PROCESSES.Process(
        target=_run_suite,
        args=({**environment, project.REPORTS_VARIABLE: str(folder)}, selection, all_in_use()),
    )
    process.start()
    try:
        process.join(limit)
    finally:  # also after Ctrl-C; the scenarios that have not ended count as not run
        if process.is_alive():
            process.terminate()
            process.join(_ENDED)
        if process.is_alive():
            process.kill()
            process.join()
        if selection.record_only:  # nobody looks at one of hundreds of runs
            remove_what_was_kept(folder)
    record = folder / RUN_FILE
    return read_run(record) if record.exists() else None


def _run_suite(environment: dict[str, str], selection: Selection, ready: list[ReadyProgram]) -> None:
    use(ready)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(project.ROOT)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    sys.exit(exit_code_of(lambda: launch(selection)))
