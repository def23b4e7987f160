"""`swamp-uat new-scenario`: adds the skeleton of a scenario, with its id, where it belongs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from rich.prompt import IntPrompt, Prompt

from swamp_harness.quality.new_id import id_for, ids_ever_used
from swamp_harness.render.words import in_ranges
from swamp_harness.results.policy import Group
from swamp_harness.specification import features, project
from swamp_harness.specification.feature_layout import laid_out
from swamp_harness.specification.features import Promise, numbers_of
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import clean
from swamp_harness.system.root import in_project

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
        number: of the promise.
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
    known, has_history = ids_ever_used(models)
    own = id_for(wanted.title, known)
    model, line = place_for(wanted.number, models)
    file = Path(model.filename)
    file.write_text(inserted(file.read_text("utf-8"), line, skeleton(wanted, own)), "utf-8", newline="\n")
    print(f"Added the scenario @{own} to {in_project(str(file))}:{_line_of(file, own)}")
    if not has_history:
        print("The history in Git was not available, so the id is new among the present ids only.")
    print(
        f"Next: replace the steps with ({_REPLACED}: ...). `.venv/bin/swamp-uat steps WORD` finds steps, "
        "and `make check FIX=1` shows what is left to do."
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
        UnusableInput: no feature has a scenario of the promise or of the promises near it (exit code 2).
    """
    own = Counter({model.filename: _count(model, {number}) for model in models})
    promise = next(each for each in features.catalogue() if each.number == number)
    near = Counter({model.filename: _count(model, _near(promise)) for model in models})
    best = max(models, key=lambda model: (own[model.filename], near[model.filename]), default=None)
    if best is None or not near[best.filename]:
        raise UnusableInput(
            f"No feature has a scenario like those of promise {number}: write its first scenario by hand.",
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


def _near(promise: Promise) -> set[int]:
    # A section of the issue is about one subject; what was promised since then is about any.
    section = features.catalogue() if promise.group is Group.THIRTY else (promise,)
    return {each.number for each in section if each.section == promise.section}


def _number(given: int | None) -> int:
    promises = {promise.number: promise for promise in features.catalogue()}
    number = given if given is not None else _asked_number(promises)
    if number not in promises:
        raise UnusableInput(
            f"There is no promise {number}: release/catalogue.yaml has {in_ranges(list(promises))}.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return number


def _asked_number(promises: dict[int, Promise]) -> int:
    _refuse_without_terminal()
    try:
        while (number := int(IntPrompt.ask("Number of the promise"))) not in promises:
            print(f"Enter one of the numbers {in_ranges(list(promises))}.")
    except EOFError as error:
        raise _no_answer() from error
    print(f"{promises[number].section}: {promises[number].title}")
    return number


def _title(given: str | None) -> str:
    title = (given if given is not None else _asked("Title: the promise in one line")).strip()
    if not title or clean(title) != title or "\n" in title:
        raise UnusableInput(
            "The title is empty or has a control character: write the promise in one line.",
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
