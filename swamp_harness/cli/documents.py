"""The sub-commands that write generated documents: `coverage`, `record`, `verification` and `docs`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from swamp_harness.quality import generated
from swamp_harness.quality.step_catalogue import catalogue_of_project
from swamp_harness.render import coverage, verification
from swamp_harness.results.recorded_times import record_times
from swamp_harness.results.run_record import RUN_FILE, read_run
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.root import in_project

_CHECK = "write nothing, fail if it is stale"


def add_commands(commands: Any) -> None:
    """Add the sub-commands to a parser's."""
    coverage_map = commands.add_parser("coverage", help="write coverage.md")
    coverage_map.add_argument("--check", action="store_true", help=_CHECK)
    coverage_map.set_defaults(subcommand=_coverage)

    record = commands.add_parser("record", help="add the results of a run to the coverage map")
    record.add_argument(
        "run",
        nargs="?",
        type=Path,
        default=project.reports() / RUN_FILE,
        help=f"reports/{RUN_FILE} when left out",
    )
    record.add_argument(
        "--times", action="store_true", help="record only how long each scenario took; also for the stand-in"
    )
    record.set_defaults(subcommand=_record)

    measurements = commands.add_parser(
        "verification", help="write docs/verification.md with the last measurements"
    )
    measurements.add_argument("--check", action="store_true", help=_CHECK)
    measurements.add_argument(
        "kinds", nargs="*", type=verification.Measure, help="run, proof or mutation: which ones to take"
    )
    measurements.set_defaults(subcommand=_verification)

    docs = commands.add_parser("docs", help="write docs/steps.md and docs/steps.html, the catalogue of steps")
    docs.add_argument("--check", action="store_true", help="write nothing, fail if one is stale")
    docs.set_defaults(subcommand=_docs)


def _coverage(options: argparse.Namespace) -> ExitCode:
    return _write_or_check(generated.coverage_file(), only_check=options.check)


def _record(options: argparse.Namespace) -> int:
    models = features.parse(project.FEATURES)
    if not options.times:
        count = coverage.record(options.run, features.scenarios_in(models), project.RECORDED_RESULTS)
        project.COVERAGE_MAP.write_text(generated.coverage_file().text, "utf-8")
        print(f"{count} results recorded, {project.COVERAGE_MAP.name} written")
    texts = {run.id: run.text for run in features.runs_in(models)}
    count = record_times(read_run(options.run), texts, project.RECORDED_TIMES)
    print(f"{count} times recorded in {in_project(str(project.RECORDED_TIMES))}")
    return 0


def _verification(options: argparse.Namespace) -> ExitCode:
    if not options.check:
        measured = verification.read_measurements(project.MEASUREMENTS)
        for kind in options.kinds:
            measured = verification.taken(measured, kind, project.reports(), features.catalogue())
        measured.write_to(project.MEASUREMENTS)
    return _write_or_check(generated.verification_file(), only_check=options.check)


def _docs(options: argparse.Namespace) -> ExitCode:
    files = generated.step_files(catalogue_of_project())
    return max(_write_or_check(each, only_check=options.check) for each in files)


def _write_or_check(file: generated.GeneratedFile, *, only_check: bool) -> ExitCode:
    """Write a generated file, or say that it is stale, or why it must not be written.

    Returns:
        CHECK_FAILED if it is stale and only to be checked, or if it must not be written.
    """
    if only_check or file.refusal:
        for finding in file.findings:
            print(finding)
        return ExitCode.CHECK_FAILED if file.findings else ExitCode.EVERY_PROMISE_HELD
    file.write()
    print(f"{in_project(str(file.file))} written")
    return ExitCode.EVERY_PROMISE_HELD
