"""`swamp-uat new-scenario`: adds the skeleton of a scenario, with its id, where it belongs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

from rich.prompt import IntPrompt, Prompt

from swamp_harness.quality.references import named_scenarios
from swamp_harness.results.ids import ID, ids_in
from swamp_harness.specification import features, project
from swamp_harness.specification.feature_layout import laid_out
from swamp_harness.specification.features import Promise, numbers_of
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import clean
from swamp_harness.system.root import in_project

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
_REPLACED = "replace this"


class Kind(StrEnum):
    """A kind of scenario."""

    SCENARIO = "scenario"
    OUTLINE = "outline"
    OUTPUTS = "outputs"


KINDS = {
    Kind.SCENARIO: "one promise, shown once",
    Kind.OUTLINE: "one promise, shown with several values",
    Kind.OUTPUTS: "one promise, shown in text and in JSON",
}


@dataclass(frozen=True)
class Wanted:
    """The scenario to add.

    Attributes:
        number: of the promise in issue 630.
        title: that says the promise.
        kind: of the scenario.
    """

    number: int
    title: str
    kind: Kind


def new_scenario(number: int | None, title: str | None, kind: str | None) -> ExitCode:
    """Add a scenario, and print what to do next.

    Args:
        number: of the promise; asked for when None.
        title: of the scenario; asked for when None.
        kind: of the scenario, one of `Kind`; asked for when None.

    Raises:
        UnusableInput: an answer is missing or unusable (exit code 2).
        FeatureMistake: a feature file cannot be read.
    """
    wanted = Wanted(
        _number(number),
        _title(title),
        Kind(kind if kind is not None else _asked("Kind", choices=KINDS)),
    )
    models = features.parse(project.FEATURES)
    known, has_history = _ids_ever_used(models)
    own = _id_for(wanted.title, known)
    model, line = place_for(wanted.number, models)
    file = Path(model.filename)
    file.write_text(inserted(file.read_text("utf-8"), line, skeleton(wanted, own)), "utf-8", newline="\n")
    print(f"Added the scenario @{own} to {in_project(str(file))}:{_line_of(file, own)}")
    if not has_history:
        print("The history in Git was not available, so the id is new among the present ids only.")
    print(
        f"Next: replace the steps that say ({_REPLACED}: ...). `.venv/bin/swamp-uat steps WORD` finds steps, "
        "and `make check FIX=1` says what is left to do."
    )
    return ExitCode.EVERY_PROMISE_HELD


def skeleton(wanted: Wanted, own: str) -> str:
    """The text of the skeleton of a scenario.

    Args:
        wanted: the scenario.
        own: its id.
    """
    column, about = "", ""
    rows: tuple[str, ...] = ()
    givens = ["Given an orchestrator"]
    if wanted.kind is Kind.OUTPUTS:
        column, rows = "output", ("text", "JSON")
        givens.append("And the operator's output is in <output>")
    elif wanted.kind is Kind.OUTLINE:
        column, rows, about = "value", ("first", "second"), " with <value>"
    title = (
        f"{wanted.title}, {'in ' if wanted.kind is Kind.OUTPUTS else ''}<{column}>"
        if column
        else wanted.title
    )
    lines = [
        f"@uat-{wanted.number:02} @{own}",
        f"{'Scenario Outline' if column else 'Scenario'}: {title}",
        *givens,
        f"When ({_REPLACED}: what happens{about})",
        f"Then ({_REPLACED}: what the operator sees)",
    ]
    if column:
        lines += ["Examples:", f"| {column} |", *(f"| {row} |" for row in rows)]
    return "\n".join(lines)


def place_for(number: int, models: Sequence[Any]) -> tuple[Any, int]:
    """Where a scenario of a promise belongs: after the last one of the promise, or of those before it.

    Args:
        number: of the promise.
        models: behave's, of all features.

    Returns:
        The feature, and the line before which the scenario goes; one past the last line if at the end.

    Raises:
        UnusableInput: no feature has a scenario of the promise's section (exit code 2).
    """
    own = Counter({model.filename: _count(model, {number}) for model in models})
    section = next(each.section for each in features.catalogue() if each.number == number)
    in_section = {each.number for each in features.catalogue() if each.section == section}
    near = Counter({model.filename: _count(model, in_section) for model in models})
    best = max(models, key=lambda model: (own[model.filename], near[model.filename]), default=None)
    if best is None or not near[best.filename]:
        raise UnusableInput(
            f"No feature has a scenario of the section {section!r}: write its first scenario by hand.",
            ExitCode.BAD_COMMAND_LINE,
        )
    scenarios = list(best.scenarios)
    belongs = {number} if own[best.filename] else set(range(number))
    before = [index for index, each in enumerate(scenarios) if belongs & set(numbers_of(each))]
    following = scenarios[before[-1] + 1 :] if before else scenarios
    end = len(Path(best.filename).read_text("utf-8").splitlines()) + 1
    return best, _first_line(following[0]) if following else end


def inserted(text: str, line: int, scenario: str) -> str:
    """The text of a feature file with a scenario before one of its lines, laid out."""
    lines = text.splitlines()
    index = line - 1
    # A comment belongs to the line after it.
    while index > 0 and lines[index - 1].strip().startswith("#"):
        index -= 1
    return laid_out("\n".join([*lines[:index], "", scenario, "", *lines[index:]]))


def _id_for(title: str, known: Collection[str]) -> str:
    words = re.findall(r"[a-z0-9]+", title.lower())
    significant = [word for word in words if word not in _SMALL_WORDS]
    chosen = significant if len(significant) > 1 else words
    short = "-".join(chosen[:_WORDS_IN_AN_ID])
    if not ID.fullmatch(short):
        raise UnusableInput(
            f"The title {title!r} makes no id: use at least two words of letters or digits.",
            ExitCode.BAD_COMMAND_LINE,
        )
    longer = ("-".join(chosen[:size]) for size in range(_WORDS_IN_AN_ID, len(chosen) + 1))
    numbered = (f"{short}-{number}" for number in count(2))
    return next(
        each for candidates in ((short,), longer, numbered) for each in candidates if each not in known
    )


def _ids_ever_used(models: Sequence[Any]) -> tuple[set[str], bool]:
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


def _number(given: int | None) -> int:
    promises = {promise.number: promise for promise in features.catalogue()}
    number = given if given is not None else _asked_number(promises)
    if number not in promises:
        raise UnusableInput(
            f"There is no promise {number}: issue 630 has 1 to {max(promises)}.", ExitCode.BAD_COMMAND_LINE
        )
    return number


def _asked_number(promises: dict[int, Promise]) -> int:
    _refuse_without_terminal()
    try:
        while (number := int(IntPrompt.ask("Number of the promise in issue 630"))) not in promises:
            print(f"Enter a number from 1 to {max(promises)}.")
    except EOFError as error:
        raise _no_answer() from error
    print(f"{promises[number].section}: {promises[number].title}")
    return number


def _title(given: str | None) -> str:
    title = (given if given is not None else _asked("Title, which says the promise")).strip()
    if not title or clean(title) != title or "\n" in title:
        raise UnusableInput(
            "The title is empty or has a control character: say the promise in one line.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return title


def _asked(what: str, choices: dict[Kind, str] | None = None) -> str:
    _refuse_without_terminal()
    for name, described in (choices or {}).items():
        print(f"  {name.value}: {described}")
    try:
        return str(Prompt.ask(what, choices=[each.value for each in choices] if choices else None))
    except EOFError as error:
        raise _no_answer() from error


def _refuse_without_terminal() -> None:
    if not sys.stdin.isatty():
        raise UnusableInput(
            "There is no terminal to ask on: give --number, --title and --kind.", ExitCode.BAD_COMMAND_LINE
        )


def _no_answer() -> UnusableInput:
    return UnusableInput("No answer was given, and nothing was written.", ExitCode.BAD_COMMAND_LINE)


def _count(model: Any, numbers: Collection[int]) -> int:
    return sum(any(own in numbers for own in numbers_of(each)) for each in model.scenarios)


def _first_line(scenario: Any) -> int:
    return int(min([scenario.line, *(tag.line for tag in scenario.tags)]))


def _line_of(file: Path, own: str) -> int:
    lines = file.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if f"@{own}" in line.split())
