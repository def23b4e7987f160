"""The id of a new scenario: short, from its title, and never used before."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection, Sequence
from itertools import count
from typing import Any

from swamp_harness.quality.references import named_scenarios
from swamp_harness.results.ids import ID, ids_in
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode, UnusableInput

_TAG = re.compile(r"@([a-z0-9-]+)")
_WORDS_IN_AN_ID = 6
# Words that an id leaves out.
_SMALL_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been by can for from has have in into is it its no of on one or so that the "
        "their then there they this to was were what when where which who whose with",
    )
)
_GIT_SECONDS = 60


def id_for(title: str, known: Collection[str]) -> str:
    """A new id of a scenario, from the words of its title.

    Args:
        title: of the scenario.
        known: the ids that are taken.

    Raises:
        UnusableInput: the title has fewer than two words for an id (exit code 2).
    """
    words = re.findall(r"[a-z0-9]+", title.lower())
    significant = [word for word in words if word not in _SMALL_WORDS]
    chosen = significant if len(significant) > 1 else words
    short = "-".join(chosen[:_WORDS_IN_AN_ID])
    if not ID.fullmatch(short):
        raise UnusableInput(
            f"The title {title!r} gives no id: use at least two words of letters or digits.",
            ExitCode.BAD_COMMAND_LINE,
        )
    longer = ("-".join(chosen[:size]) for size in range(_WORDS_IN_AN_ID, len(chosen) + 1))
    numbered = (f"{short}-{number}" for number in count(2))
    return next(
        each for candidates in ((short,), longer, numbered) for each in candidates if each not in known
    )


def ids_ever_used(models: Sequence[Any]) -> tuple[set[str], bool]:
    """Every id that has been used, and whether the history in Git was available."""
    now = {each for model in models for scenario in model.walk_scenarios() for each in ids_in(scenario.tags)}
    named = {each.scenario.partition("[")[0] for each in named_scenarios()}
    in_history = _tags_in_history()
    return now | named | (in_history or set()), in_history is not None


def _tags_in_history() -> set[str] | None:
    command = ["git", "log", "--format=", "--unified=0", "--patch", "--", "."]
    try:
        done = subprocess.run(
            command, cwd=project.FEATURES, capture_output=True, encoding="utf-8", errors="replace",
            timeout=_GIT_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    changed = [line for line in done.stdout.splitlines() if line.startswith(("+", "-"))]
    return {tag for line in changed for tag in _TAG.findall(line)}
