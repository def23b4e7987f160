"""Which scenarios reach which lines of the stand-in: recorded in all of its processes."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any, TypeVar

from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import json_text

T = TypeVar("T")


@dataclass(frozen=True)
class Reach:
    """Which scenarios reach which lines.

    Attributes:
        texts: the SHA-256 of each module's text when it was recorded.
        seconds: how long each scenario took, by id.
        lines: by module and line, the ids of the scenarios that reach it.
        prepared: by module, the lines that are reached while the run is prepared, before any scenario.
    """

    texts: Mapping[str, str]
    seconds: Mapping[str, float]
    lines: Mapping[str, Mapping[int, Collection[str]]]
    prepared: Mapping[str, Collection[int]]

    def scenarios_at(
        self,
        module: str,
        lines: Iterable[int],
        uses: Mapping[str, Iterable[int]] | None = None,
        known: Callable[[str], bool] = lambda _: False,
        subject: Callable[[str], Hashable] = lambda _: None,
    ) -> list[str]:
        """The scenarios that reach one of some lines, the likeliest to notice a change first.

        Of equally likely scenarios, those of different subjects take turns, as similar scenarios overlook the
        same changes. Within a subject, a scenario that reaches few lines of the module is about few things,
        so it comes early; a short scenario comes before a long one. Every scenario depends on what the
        preparation reaches.

        Args:
            module: the path of the module.
            lines: of the module.
            uses: the lines that show what a change does, by module. A scenario that reaches one of them comes
                first, and a line that few scenarios reach counts most.
            known: whether a scenario, by id, has noticed a change of the same function; that comes first.
            subject: what a scenario, by id, is about.
        """
        wanted = set(lines)
        if wanted & set(self.prepared.get(module, ())):
            found = set(self.seconds)
        else:
            at = self.lines.get(module, {})
            found = {name for line in wanted for name in at.get(line, ())}
        breadth = self._breadth(module)
        company = self._company(uses or {})
        nobody = len(self.seconds) + 1

        def likelihood(name: str) -> tuple[bool, int]:
            return not known(name), company.get(name, nobody)

        def rank(name: str) -> tuple[tuple[bool, int], float, str]:
            return likelihood(name), breadth.get(name, 0) * self.seconds[name], name

        ordered: list[str] = []
        for _, equals in groupby(sorted(found, key=rank), likelihood):
            by_subject: dict[Hashable, list[str]] = {}
            for name in equals:
                by_subject.setdefault(subject(name), []).append(name)
            ordered += in_turns(list(by_subject.values()))
        return ordered

    def is_reached(self, module: str, lines: Iterable[int]) -> bool:
        """Whether a scenario, or the preparation of a run, reaches one of some lines."""
        return bool(self.scenarios_at(module, lines))

    def _company(self, uses: Mapping[str, Iterable[int]]) -> dict[str, int]:
        """For each scenario that reaches some lines: of how many scenarios its rarest line is reached."""
        company: dict[str, int] = {}
        for module, lines in uses.items():
            for line in lines:
                names = self.lines.get(module, {}).get(line, ())
                for name in names:
                    company[name] = min(company.get(name, len(names)), len(names))
        return company

    def _breadth(self, module: str) -> dict[str, int]:
        breadth: dict[str, int] = {}
        for names in self.lines.get(module, {}).values():
            for name in names:
                breadth[name] = breadth.get(name, 0) + 1
        return breadth


def in_turns(groups: Sequence[Sequence[T]]) -> Iterator[T]:
    """The first of each group, then the second of each, and so on."""
    for turn in zip_longest(*groups):
        yield from (each for each in turn if each is not None)


def fingerprint(text: str) -> str:
    """The fingerprint of the text of a module."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_mutant(module: str) -> bool:
    """Whether a module, by its path below the stand-in, belongs to the mutants and holds no sound code."""
    return module.startswith("mutants/")


def write_reach(reach: Reach, file: Path) -> None:
    """Write a record, sorted and short: scenarios as their places in the sorted list of names."""
    names = sorted(reach.seconds)
    place = {name: index for index, name in enumerate(names)}
    document = {
        "scenarios": {name: round(reach.seconds[name], 1) for name in names},
        "texts": dict(sorted(reach.texts.items())),
        "prepared": {module: _ranges(lines) for module, lines in sorted(reach.prepared.items())},
        "lines": {
            module: {
                str(line): _ranges(place[name] for name in at[line] if name in place) for line in sorted(at)
            }
            for module, at in sorted(reach.lines.items())
        },
    }
    file.write_text(json_text(document) + "\n", "utf-8")


def read_reach(file: Path) -> Reach:
    """Read a record.

    Raises:
        UnusableInput: there is no such record, or it is damaged (exit code 2).
    """
    try:
        document: dict[str, Any] = json.loads(file.read_text("utf-8"))
        names = list(document["scenarios"])
        return Reach(
            document["texts"],
            document["scenarios"],
            {
                module: {int(line): [names[index] for index in _numbers(text)] for line, text in at.items()}
                for module, at in document["lines"].items()
            },
            {module: _numbers(text) for module, text in document["prepared"].items()},
        )
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise UnusableInput(
            f"{file.name} is not usable ({type(error).__name__}: {error}): record it with "
            "`make mutate RECORD=1`.",
            ExitCode.BAD_COMMAND_LINE,
        ) from error


def statement_lines(text: str) -> dict[int, range]:
    """The lines of the innermost statement at each line; of a compound statement, those of its head.

    Args:
        text: of a module.
    """
    found: dict[int, range] = {}
    for node in ast.walk(ast.parse(text)):  # parents come before their children
        if not isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            continue
        body: Sequence[Any] = getattr(node, "body", ())
        first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
        end = node.pattern.end_lineno if isinstance(node, ast.match_case) else node.end_lineno
        last = max(first, min(each.lineno for each in body) - 1) if body else end or first
        found |= dict.fromkeys(range(first, last + 1), range(first, last + 1))
    return found


def _ranges(numbers: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number, number])
    return " ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)


def _numbers(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split():
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found
