"""The sub-commands for release decisions: `signoff`, `report` and `resolve`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from swamp_harness.cli.options import OnceOnly, platforms
from swamp_harness.product.releases import Releases
from swamp_harness.render.baselines import find_baseline
from swamp_harness.render.documents import put_together, set_aside, write_documents
from swamp_harness.render.signoff import SignOffInputs
from swamp_harness.render.signoff_page import PAGE_FILE
from swamp_harness.results import deviations, policy, waivers
from swamp_harness.results.run_record import PREVIOUS, RUN_FILE
from swamp_harness.runner.allure_page import make_page
from swamp_harness.runner.reports_folder import taken
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode, UnusableInput


def add_commands(commands: Any) -> None:
    """Add the sub-commands to a parser's."""
    signoff = commands.add_parser(
        "signoff", help="merge the reports of several runs, and decide about the release"
    )
    signoff.add_argument(
        "--platforms",
        action=OnceOnly,
        type=platforms,
        default=[],
        help="the platforms on which the release must have run, such as 'linux-x86_64 darwin-aarch64'",
    )
    signoff.add_argument(
        "--baseline",
        action=OnceOnly,
        default="",
        help="compare with an earlier run: the folder of its reports, or a version whose reports are kept "
        "below the folder of reports or whose results are recorded",
    )
    signoff.add_argument(
        "runs", nargs="+", type=Path, help="the folders of the reports of the runs, or their run.json"
    )
    signoff.set_defaults(subcommand=_signoff)

    report = commands.add_parser("report", help="make one Allure 3 page of the results; needs Node.js")
    report.set_defaults(subcommand=_report)

    resolution = commands.add_parser("resolve", help="print the version of a release, such as of the latest")
    resolution.add_argument("version", help="a version, or latest")
    resolution.set_defaults(subcommand=_resolve)


def _signoff(options: argparse.Namespace) -> int:
    listed, waived = deviations.load(project.deviations()), waivers.load(project.waivers())
    runs = features.runs_in(features.parse(project.FEATURES))
    rules = policy.load(project.POLICY)
    with taken(project.reports()) as reports:
        # What is set aside below may be the baseline.
        baseline = find_baseline(options.baseline, reports, runs) if options.baseline else None
        folders = [each.parent if each.name == RUN_FILE else each for each in options.runs]
        given = {each.resolve() for each in folders}
        if not {reports.resolve(), (reports / PREVIOUS).resolve()} & given:
            set_aside(reports)
        _refuse_twice(folders)
        record = put_together(folders, reports)
        inputs = SignOffInputs(
            runs, listed, waived, platforms=options.platforms, policy=rules, baseline=baseline
        )
        signed = write_documents(record, reports, inputs)
    question, severities = signed.document["question"], signed.document["severities"]
    print(f"{signed.decision.value}: {question} {severities}.")
    groups = [group["in words"] for group in signed.document["groups"]]
    print("\n".join(f"  {each}" for each in (*groups, *signed.reasons, *signed.document["notes"])))
    print(f"Sign-off page: {reports / PAGE_FILE}")
    return signed.exit_code


def _refuse_twice(folders: Sequence[Path]) -> None:
    resolved = [each.resolve() for each in folders]
    for each in resolved:
        if resolved.count(each) > 1:
            raise UnusableInput(
                f"The runs to merge name {each} twice: name it once.", ExitCode.BAD_COMMAND_LINE
            )


def _report(_: argparse.Namespace) -> int:
    print(f"Report: {make_page(project.reports(), os.environ)}")
    return 0


def _resolve(options: argparse.Namespace) -> int:
    print(Releases.of(os.environ).version(options.version))
    return 0
