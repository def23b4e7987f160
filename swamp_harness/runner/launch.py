"""The one way to run the suite in this process: which scenarios, how many at a time, where it ends early."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from behave.exception import TagExpressionError

from swamp_harness.runner.runner import UatRunner
from swamp_harness.runner.schedule import jobs_that_suit
from swamp_harness.runner.selection import BUDGET, PREPARED, RECORD_ONLY, SHARD, SINCE
from swamp_harness.runner.start import configuration
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode, UnusableInput

# By name, as behave imports its formatters itself.
_ALLURE = "swamp_harness.runner.allure:AllureFormatter"
_CONSOLE = "swamp_harness.runner.console:ConsoleFormatter"


@dataclass(frozen=True)
class Selection:
    """Which scenarios to run, and how.

    Attributes:
        jobs: how many at a time; as many as suit this machine when 0.
        shard: a part of them by duration, such as "2/4"; all when empty.
        stop: whether the run ends with the first new failure.
        tags: tag expressions, all of which must hold.
        names: regular expressions for the title, one of which must match.
        paths: feature files, or file:line; all features when empty.
        budget: the seconds that a gate may take; 0 for a run of everything that is selected.
        since: a commit; only scenarios that have changed since then run; all when empty.
        record_only: whether the run writes nothing for people, only its record and its evidence.
        prepared: the folder for what scenarios copy, if several runs share it: the first one makes it.
    """

    jobs: int = 0
    shard: str = ""
    stop: bool = False
    tags: Sequence[str] = ()
    names: Sequence[str] = ()
    paths: Sequence[str] = ()
    budget: float = 0
    since: str = ""
    record_only: bool = False
    prepared: Path | None = None

    def options(self) -> list[str]:
        """The same on the command line of `swamp-uat run`."""
        return [
            *(("--jobs", str(self.jobs)) if self.jobs else ()),
            *(("--shard", self.shard) if self.shard else ()),
            *(("--stop",) if self.stop else ()),
            *(("--budget", f"{self.budget:g}s") if self.budget else ()),
            *(("--since", self.since) if self.since else ()),
            *(part for tags in self.tags for part in ("--tags", tags)),
            *(part for name in self.names for part in ("--name", name)),
            *self.paths,
        ]


def launch(selection: Selection) -> int:
    """Run the selected scenarios.

    Returns:
        The exit code.

    Raises:
        UnusableInput: the selection, a file or a variable is unusable.
    """
    _refuse_what_is_no_pattern(selection.names)
    try:
        UatRunner(configuration(_arguments(selection))).run()
    except SystemExit as end:
        return int(end.code or 0)
    except TagExpressionError as error:
        tags = " and ".join(selection.tags)
        raise UnusableInput(
            f"the tags {tags!r} are no tag expression: {error}", ExitCode.BAD_COMMAND_LINE
        ) from error
    return ExitCode.EVERY_PROMISE_HELD


def _arguments(selection: Selection) -> list[str]:
    return [
        *(("--define", f"{RECORD_ONLY}=yes") if selection.record_only else _allure()),
        *(("--define", f"{PREPARED}={selection.prepared}") if selection.prepared else ()),
        *("--format", _CONSOLE),
        *("--jobs", str(selection.jobs or jobs_that_suit())),
        *(("--define", f"{SHARD}={selection.shard}") if selection.shard else ()),
        *(("--define", f"{BUDGET}={selection.budget}") if selection.budget else ()),
        *(("--define", f"{SINCE}={selection.since}") if selection.since else ()),
        *(("--stop",) if selection.stop else ()),
        *(part for tags in selection.tags for part in ("--tags", tags)),
        *(part for name in selection.names for part in ("--name", name)),
        *(selection.paths or [str(project.FEATURES)]),
    ]


def _allure() -> tuple[str, ...]:
    return ("--format", _ALLURE, "--outfile", str(project.reports() / "allure-results"))


def _refuse_what_is_no_pattern(names: Sequence[str]) -> None:
    for name in names:
        try:
            re.compile(name)
        except re.error as error:
            raise UnusableInput(
                f"the name {name!r} is no regular expression: {error}", ExitCode.BAD_COMMAND_LINE
            ) from error
