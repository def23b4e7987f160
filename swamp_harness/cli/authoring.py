"""The sub-commands for people who write features: `check`, `check-features`, `steps`, `new-scenario`."""

from __future__ import annotations

from typing import Any

from swamp_harness.quality import check
from swamp_harness.quality.new_scenario import KINDS, new_scenario
from swamp_harness.quality.step_search import search_steps


def add_commands(commands: Any) -> None:
    """Add the sub-commands to a parser's."""
    checked = commands.add_parser("check", help="check features, lists and generated files; needs no product")
    checked.add_argument("--fix", action="store_true", help="correct the layout, and write stale files")
    checked.set_defaults(subcommand=lambda options: check.check(fix=options.fix))

    of_features = commands.add_parser("check-features", help="check the feature files only")
    of_features.set_defaults(subcommand=lambda _: check.check_features())

    steps = commands.add_parser("steps", help="find steps by words")
    steps.add_argument(
        "words", nargs="+", metavar="word", help="each must occur in the step or in its allowed phrases"
    )
    steps.set_defaults(subcommand=lambda options: search_steps(options.words))

    added = commands.add_parser("new-scenario", help="add the skeleton of a scenario where it belongs")
    added.add_argument("--number", type=int, help="of the promise; asked for when left out")
    added.add_argument("--title", help="the promise, in one line; asked for when left out")
    kinds = "; ".join(f"{kind.value}: {described}" for kind, described in KINDS.items())
    added.add_argument(
        "--kind", choices=[kind.value for kind in KINDS], help=f"{kinds}; asked for when left out"
    )
    added.set_defaults(subcommand=lambda options: new_scenario(options.number, options.title, options.kind))
