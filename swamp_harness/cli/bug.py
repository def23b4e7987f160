"""`swamp-uat bug`: a report for the product's tracker, from the last run."""

from __future__ import annotations

import argparse
from typing import Any

from swamp_harness.render.bug_report import results_named, write_bug_reports
from swamp_harness.results import deviations
from swamp_harness.results.run_record import RUN_FILE, read_run
from swamp_harness.runner.reports_folder import taken
from swamp_harness.specification import project


def add_commands(commands: Any) -> None:
    """Add the sub-command to a parser's."""
    bug = commands.add_parser(
        "bug", help="write a report about a broken promise, with a script to reproduce it"
    )
    bug.add_argument("id", help="of a scenario, of an example of it, or of a known deviation")
    bug.set_defaults(subcommand=_bug)


def _bug(options: argparse.Namespace) -> int:
    listed = deviations.load(project.deviations())
    with taken(project.reports()) as reports:
        record = read_run(reports / RUN_FILE)
        results = results_named(options.id, record, listed)
        for each in write_bug_reports(record, reports, listed, results):
            print(f"Report: {each.report}")
            print(
                f"Script: {each.script}"
                if each.script
                else "Script: none, the run left nothing to make it from"
            )
    return 0
