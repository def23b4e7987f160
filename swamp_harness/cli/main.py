"""The `swamp-uat` command: reads the command line and hands it to a sub-command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from swamp_harness.cli import authoring, bug, documents, proof, release, run
from swamp_harness.runner.endings import exit_code_of
from swamp_harness.runner.reports_folder import set_older_aside
from swamp_harness.runner.start import refuse_if_misplaced
from swamp_harness.specification import project
from swamp_harness.system.lasting_output import lasting_output


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command.

    Args:
        arguments: the command line; that of this process when None.

    Returns:
        The exit code; see docs/reading-failures.md.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    with lasting_output():
        return exit_code_of(lambda: _command(given))


def _command(given: list[str]) -> int:
    refuse_if_misplaced()
    if given[:1] == ["run"] and not {"-h", "--help"} & set(given):
        set_older_aside(project.reports())  # even if the options are unusable
    options = _parser().parse_args(given)
    return int(options.subcommand(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="swamp-uat", description="The acceptance suite of swamp's remote execution."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for subject in (run, release, bug, documents, proof, authoring):
        subject.add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
