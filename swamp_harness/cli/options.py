"""The options that several sub-commands share."""

from __future__ import annotations

import argparse
import re
from typing import Any

from swamp_harness.system.errors import ExitCode, UnusableInput

_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_PLATFORM = re.compile(r"(linux|darwin|windows)-(x86_64|aarch64)")  # as the assets of a release are named


class OnceOnly(argparse.Action):
    """Refuses an option that is given a second time, where the last one would silently win."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Take the value of the option."""
        given = namespace.__dict__.setdefault("_given", set())
        if self.dest in given:
            parser.error(f"{option_string} is given twice: give it once")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


def add_tags(parser: argparse.ArgumentParser, described: str) -> None:
    """Let a sub-command take tag expressions, as `tags`."""
    parser.add_argument("--tags", action="append", default=[], help=described)


def add_names(parser: argparse.ArgumentParser, described: str) -> None:
    """Let a sub-command take patterns of titles, as `name`."""
    parser.add_argument("--name", action="append", default=[], help=described)


def add_jobs(parser: argparse.ArgumentParser, described: str) -> None:
    """Let a sub-command take how much it does at a time, as `jobs`; 0 when left out."""
    parser.add_argument("-j", "--jobs", action=OnceOnly, type=_jobs, default=0, help=described)


def add_shard(parser: argparse.ArgumentParser, described: str) -> None:
    """Let a sub-command take a part of the scenarios, as `shard`; empty when left out."""
    parser.add_argument("--shard", action=OnceOnly, default="", help=described)


def add_budget(parser: argparse.ArgumentParser, described: str) -> None:
    """Let a sub-command take a time budget, as `budget` in seconds; 0 when left out."""
    parser.add_argument("--budget", action=OnceOnly, type=seconds, default=0, help=described)


def _jobs(text: str) -> int:
    # Raised as it is, without argparse's usage: people mostly give this to make.
    if not text.isdecimal() or not int(text):
        raise UnusableInput(
            f"JOBS (-j) is {text!r}: give a whole number from 1, or leave it out.", ExitCode.BAD_COMMAND_LINE
        )
    return int(text)


def seconds(text: str) -> float:
    """The seconds of a duration such as 90s, 5m or 1h.

    Raises:
        ArgumentTypeError: it is no such duration.
    """
    match = _DURATION.fullmatch(text)
    found = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: give one such as 90s, 5m or 1h")
    return found


def platforms(text: str) -> list[str]:
    """Platforms as the option of a sign-off names them, in the words of a run's record.

    Raises:
        ArgumentTypeError: one of them is no platform.
    """
    names = text.split()
    unknown = [name for name in names if not _PLATFORM.fullmatch(name)]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is no platform: give one such as linux-x86_64")
    return [name.replace("-", " ") for name in names]
