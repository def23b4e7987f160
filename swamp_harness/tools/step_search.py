"""`swamp-uat steps WORD`: finds steps on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from swamp_harness.machinery.faults import ExitCode
from swamp_harness.report.step_pages import Catalogue, Phrases, StepEntry
from swamp_harness.tools.step_catalogue import catalogue_of_project

_SHOWN_AT_ONCE = 30


def search_steps(words: Sequence[str]) -> ExitCode:
    """Print the steps that have all of the words; the nearest ones if there is none.

    Returns:
        NO_SUCH_STEP if there is none.
    """
    catalogue = catalogue_of_project()
    found = catalogue.search(words)
    if not found:
        return _nothing_found(catalogue, words)
    # A pipe gets each line whole; a terminal wraps it.
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    for step in found:
        _print(console, step, catalogue)
    number = "1 step" if len(found) == 1 else f"{len(found)} steps"
    console.print(f"{number} of {len(catalogue.steps)}")
    return ExitCode.EVERY_PROMISE_HELD


def _nothing_found(catalogue: Catalogue, words: Sequence[str]) -> ExitCode:
    print(f"swamp-uat: no step has all of these words: {' '.join(words)}", file=sys.stderr)
    nearest = catalogue.nearest(words)
    if nearest:
        print("The nearest steps:", file=sys.stderr)
    for step in nearest:
        print(f"  {step.title}", file=sys.stderr)
    return ExitCode.NO_SUCH_STEP


def _print(console: Console, step: StepEntry, catalogue: Catalogue) -> None:
    for pattern in step.patterns:
        console.print(Text(pattern, style="bold"))
    lines = [Text(step.description)]
    for name, kind in step.parameters.items():
        lines += map(Text, _lines_of(name, catalogue.kinds[kind]))
    for column, kind in step.columns.items():
        if kind:
            lines.append(Text(f"{column} in the table: {_allowed(catalogue.kinds[kind])}"))
    if step.scenarios:
        lines.append(Text(f"{step.usage} {step.scenarios[0]}", style="dim"))
        lines.append(Text(step.example, style="green"))
    for line in lines:
        console.print(Padding(line, (0, 0, 0, 4)) if sys.stdout.isatty() else Text("    ") + _indented(line))
    console.print()


def _indented(text: Text) -> Text:
    return Text("\n    ").join(text.split("\n"))


def _lines_of(name: str, kind: Phrases) -> list[str]:
    if not any(kind.notes.values()):
        return [f"{{{name}}}: {_allowed(kind)}"]
    return [
        f"{{{name}}}: {kind.description}",
        *(f"  {phrase}: {kind.notes[phrase]}" for phrase in kind.allowed),
    ]


def _allowed(kind: Phrases) -> str:
    if not kind.allowed:
        return kind.description
    shown = "; ".join(kind.allowed[:_SHOWN_AT_ONCE])
    more = len(kind.allowed) - _SHOWN_AT_ONCE
    return f"{kind.description}: {shown}" + (f"; and {more} more in docs/steps.md" if more > 0 else "")
