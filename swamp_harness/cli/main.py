"""The `swamp-uat` command: reads the command line and hands it to a sub-command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from swamp_harness.runner.endings import exit_code_of
from swamp_harness.specification import project
from swamp_harness.system.lasting_output import lasting_output

# The sub-commands by module, in the order of the help. Only the module that is needed is imported: some need
# libraries that take longer to import than the sub-command takes. What takes long is imported below
# `exit_code_of`, so that an error or a Ctrl-C meanwhile ends with the exit code for it.
COMMANDS = {
    "run": ("run", "benchmark", "matrix"),
    "release": ("signoff", "report", "resolve"),
    "bug": ("bug",),
    "documents": ("coverage", "record", "verification", "docs"),
    "proof": ("prove", "mutate", "compare", "explore"),
    "authoring": ("check", "check-features", "steps", "new-scenario"),
}


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
    start = importlib.import_module("swamp_harness.runner.start")
    start.refuse_if_misplaced()
    if given[:1] == ["run"] and not {"-h", "--help"} & set(given):
        # Even if the options are unusable: an older result must not look like the one of this command.
        importlib.import_module("swamp_harness.runner.reports_folder").set_older_aside(project.reports())
    start.refuse_unknown_variables(os.environ)
    options = parser_for(given).parse_args(given)
    return int(options.subcommand(options))


def parser_for(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of a command line: of one module's sub-commands if it begins with one, else of all."""
    parser = argparse.ArgumentParser(
        prog="swamp-uat", description="The acceptance suite of swamp's remote execution."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for module in [name for name, own in COMMANDS.items() if given[:1] and given[0] in own] or COMMANDS:
        importlib.import_module(f"swamp_harness.cli.{module}").add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
