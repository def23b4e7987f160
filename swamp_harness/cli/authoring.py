"""The commands for people who write features: `check`, `docs`, `steps` and `new-scenario`."""

from __future__ import annotations

import argparse
from typing import Any

from swamp_harness.quality import check, generated
from swamp_harness.quality.new_scenario import KINDS, new_scenario
from swamp_harness.quality.step_catalogue import catalogue_of_project
from swamp_harness.quality.step_search import search_steps
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.root import in_project


def add_commands(commands: Any) -> None:
    """Add the commands to a parser's."""
    checked = commands.add_parser("check", help="check features, lists and generated files; needs no product")
    checked.add_argument("--fix", action="store_true", help="correct the layout, write what is stale")
    checked.set_defaults(subcommand=lambda options: check.check(fix=options.fix))

    of_features = commands.add_parser("check-features", help="check the feature files alone")
    of_features.set_defaults(subcommand=lambda _: check.check_features())

    docs = commands.add_parser("docs", help="write docs/steps.md and docs/steps.html, the catalogue of steps")
    docs.add_argument("--check", action="store_true", help="write nothing, fail if one is stale")
    docs.set_defaults(subcommand=_docs)

    steps = commands.add_parser("steps", help="find steps by words")
    steps.add_argument(
        "words", nargs="+", metavar="word", help="each must occur in the step or what it allows"
    )
    steps.set_defaults(subcommand=lambda options: search_steps(options.words))

    added = commands.add_parser("new-scenario", help="add the skeleton of a scenario where it belongs")
    added.add_argument("--number", type=int, help="of the promise in issue 630; asked for when left out")
    added.add_argument("--title", help="says the promise; asked for when left out")
    kinds = "; ".join(f"{kind.value}: {described}" for kind, described in KINDS.items())
    added.add_argument(
        "--kind", choices=[kind.value for kind in KINDS], help=f"{kinds}; asked for when left out"
    )
    added.set_defaults(subcommand=lambda options: new_scenario(options.number, options.title, options.kind))


def write_or_check(file: generated.GeneratedFile, *, only_check: bool) -> ExitCode:
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


def _docs(options: argparse.Namespace) -> ExitCode:
    files = generated.step_files(catalogue_of_project())
    return max(write_or_check(each, only_check=options.check) for each in files)
