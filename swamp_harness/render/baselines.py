"""Finds the baseline that a sign-off names: the reports of an earlier run, or what is kept of a version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from swamp_harness.render.coverage import load_recorded
from swamp_harness.results.baseline import ANY_PLATFORM, Baseline, PastOutcome
from swamp_harness.results.ids import is_of
from swamp_harness.results.outcome import Outcome, Standing
from swamp_harness.results.run_record import RUN_FILE, SuiteRun, read_run
from swamp_harness.specification import project
from swamp_harness.specification.features import FeatureRun
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.root import in_project

# Where reports are kept below the folder of reports: of this run, of the one before, of a matrix, and others.
_KEPT = (RUN_FILE, f"*/{RUN_FILE}", f"*/*/{RUN_FILE}")


def find_baseline(named: str, reports: Path, runs: Sequence[FeatureRun]) -> Baseline:
    """Find a baseline.

    A folder with a `run.json` is taken as it is. Anything else is a version: the newest run of it whose
    reports lie in the folder of reports or up to two folders below, or else its recorded results.

    Args:
        named: the folder of reports, or the version.
        reports: the folder of reports of this command.
        runs: all scenarios as they run.

    Raises:
        UnusableInput: there is neither, or the reports cannot be read (exit code 2).
    """
    if (Path(named) / RUN_FILE).is_file():
        return Baseline.of(read_run(Path(named) / RUN_FILE), named)
    kept = [(file.parent, record) for file, record in _records_below(reports) if record.version == named]
    if kept:
        folder, record = max(kept, key=lambda each: each[1].started)
        return Baseline.of(record, in_project(str(folder)))
    recorded = _recorded(named, runs)
    if recorded is None:
        raise UnusableInput(
            f"There is no baseline {named!r}: give the folder of a run's reports, or a version whose reports "
            f"are kept below {reports}, or that of {in_project(str(project.RECORDED_RESULTS))}.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return recorded


def _records_below(reports: Path) -> list[tuple[Path, SuiteRun]]:
    found = []
    for file in [file for pattern in _KEPT for file in sorted(reports.glob(pattern))]:
        try:
            found.append((file, read_run(file)))
        except UnusableInput:
            continue  # reports of an older version of the suite are no baseline, and no mistake either
    return found


def _recorded(version: str, runs: Sequence[FeatureRun]) -> Baseline | None:
    """The recorded results of a version, as far as they are of it; they name no platform."""
    entries = {
        scenario: Outcome(entry.outcome)
        for scenario, entry in load_recorded(project.RECORDED_RESULTS).items()
        if entry.version == version
    }
    if not entries:
        return None
    # Of an outline the worst outcome of its rows is recorded: it says something of each row if it is kept.
    outcomes = {
        (run.id, ANY_PLATFORM): PastOutcome(outcome)
        for run in runs
        for scenario, outcome in entries.items()
        if run.id == scenario or (is_of(run.id, scenario) and outcome.traits.standing is Standing.KEPT)
    }
    return Baseline(version, in_project(str(project.RECORDED_RESULTS)), outcomes)
