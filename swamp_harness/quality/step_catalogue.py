"""Makes the catalogue of steps from their definitions, the vocabulary, and their uses in the features."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from swamp_harness.product import wordings
from swamp_harness.render.step_pages import Catalogue, Phrases, StepEntry, Subject
from swamp_harness.results.findings import Finding, finding_in
from swamp_harness.results.ids import id_of
from swamp_harness.runner.steps import (
    Use,
    Uses,
    definitions,
    described,
    load_definitions,
    parameters_of,
    shown,
)
from swamp_harness.scenario import details, json_mode, probe, vocabulary
from swamp_harness.scenario.kinds import Kind
from swamp_harness.specification import features, project
from swamp_harness.specification.feature_layout import aligned

_KEYWORDS = ("Given", "When", "Then")
_OF_PHRASES = (vocabulary, details, wordings, probe, json_mode)


def catalogue_of_project() -> Catalogue:
    """The catalogue of this project's steps.

    Raises:
        FeatureMistake: a feature cannot be read.
        AmbiguousStep: two definitions match the same step.
    """
    load_definitions(project.FEATURES)
    return catalogue_of(Uses(features.parse(project.FEATURES)))


def catalogue_of(uses: Uses) -> Catalogue:
    """The catalogue of all steps that are defined.

    Args:
        uses: of the steps, in all features.
    """
    of_function: dict[Any, list[Any]] = defaultdict(list)
    for definition in definitions():
        of_function[definition.func].append(definition)
    used: dict[Any, list[Use]] = defaultdict(list)
    for use in uses.all:
        for definition in use.definitions:
            used[definition.func].append(use)
    by_module: dict[str, list[Any]] = defaultdict(list)
    for function in of_function:
        by_module[function.__code__.co_filename].append(function)
    subjects = []
    for file, functions in sorted(by_module.items()):
        name = Path(file).stem
        steps = [_entry(name, of_function[each], used[each]) for each in functions]
        steps.sort(key=lambda step: _KEYWORDS.index(step.keyword))
        subjects.append(Subject(name, _docstring_of_module(functions[0]), tuple(steps)))
    return Catalogue(
        tuple(subjects),
        {
            name: Phrases(kind.description, tuple(kind.phrases), kind.phrases, kind.words)
            for name, kind in vocabulary.KINDS.items()
        },
    )


def unused_phrases(uses: Uses) -> list[Finding]:
    """The phrases of the vocabulary that no scenario uses."""
    used: dict[Kind, set[str]] = defaultdict(set)
    for use in uses.all:
        for definition in use.definitions:
            kinds = parameters_of(definition.pattern)
            for argument in definition.match(use.step.name).arguments:
                if own := vocabulary.KINDS.get(kinds.get(argument.name, "")):
                    for kind, phrase in own.phrases_in(argument.original):
                        used[kind].add(phrase)
        for column, cells in _columns_of(use.step).items():
            if column in vocabulary.COLUMNS:
                used[vocabulary.KINDS[vocabulary.COLUMNS[column]]].update(cells)
    return [
        finding_in(
            *_place_of(name, phrase),
            f"no scenario uses the phrase `{phrase}` ({kind.description}): delete it",
        )
        for name, kind in vocabulary.KINDS.items()
        for phrase in kind.phrases
        if phrase not in used[kind] and not kind.is_whole
    ]


def _entry(subject: str, own: Sequence[Any], uses: Sequence[Use]) -> StepEntry:
    # Of several decorators, Python applies the last one first.
    patterns = [f"{each.step_type.title()} {shown(each.pattern)}" for each in reversed(own)]
    parameters = {name: kind for each in own for name, kind in parameters_of(each.pattern).items()}
    columns = dict.fromkeys(column for use in uses for column in _columns_of(use.step))
    return StepEntry(
        subject=subject,
        patterns=tuple(dict.fromkeys(patterns)),
        description=described(own[0]),
        parameters={name: kind for name, kind in parameters.items() if kind},
        columns={column: vocabulary.COLUMNS.get(column, "") for column in columns},
        example=_example_of(uses),
        scenarios=tuple(dict.fromkeys(id_of(use.scenario).partition("[")[0] for use in uses)),
    )


def _example_of(uses: Sequence[Use]) -> str:
    """The shortest use of those that say most."""
    most = max((_number_of_words(use) for use in uses), default=0)
    examples = (_example(use) for use in uses if _number_of_words(use) == most)
    return min(examples, key=lambda text: (len(text), text), default="")


def _number_of_words(use: Use) -> int:
    return len(parameters_of(use.definitions[0].pattern))


def _example(use: Use) -> str:
    lines = [f"{use.step.step_type.title()} {use.step.name}"]
    if use.step.table is not None:
        rows = [use.step.table.headings, *(row.cells for row in use.step.table.rows)]
        lines += [f"  {line}" for line in aligned([[_escaped(cell) for cell in row] for row in rows])]
    return "\n".join(lines)


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|")


def _columns_of(step: Any) -> Mapping[str, Iterable[str]]:
    if step.table is None:
        return {}
    return {heading: [row[heading] for row in step.table.rows] for heading in step.table.headings}


def _docstring_of_module(function: Any) -> str:
    # behave runs the files of steps itself, so they are no modules; a function knows the names of its file.
    return (function.__globals__.get("__doc__") or "").strip()


def _place_of(kind: str, phrase: str) -> tuple[Path, int]:
    """The line that has a phrase in the modules that the vocabulary is made of, else that of its kind."""
    for module, text in (*((each, phrase) for each in _OF_PHRASES), (vocabulary, kind)):
        file = Path(str(module.__file__))
        for number, line in enumerate(shown(file.read_text("utf-8")).splitlines(), 1):
            if f'"{text}"' in line or f"'{text}'" in line:
                return file, number
    return Path(str(vocabulary.__file__)), 1
