"""The catalogue of steps: `docs/steps.md`, the same as one page to search in, and the search itself.

`make docs` generates both, and `make check` fails when one is stale.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from swamp_harness.render.pages import page_text
from swamp_harness.system.plain_text import for_file

PAGE_FILE = "steps.html"
_SHOWN_AT_ONCE = 4
_NEAREST = 3
_NEAR_ENOUGH = 0.7
_WORD = re.compile(r"[\w'-]+")


@dataclass(frozen=True)
class Phrases:
    """What a parameter of a step, or a cell of its table, may be.

    Attributes:
        description: what it stands for.
        allowed: the only phrases that are allowed; any text that suits the description when empty.
        notes: what a phrase does, where that is not obvious.
        words: the kind of each word in braces in the phrases, by its name.
    """

    description: str
    allowed: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The description as a heading."""
        return self.description[:1].upper() + self.description[1:]

    @property
    def phrases(self) -> list[str]:
        """Each phrase that is allowed, in Markdown, with what it does."""
        return [f"`{each}`{f': {self.notes[each]}' if self.notes.get(each) else ''}" for each in self.allowed]


@dataclass(frozen=True)
class StepEntry:
    """One step of the catalogue.

    Attributes:
        subject: the name of the file that defines it, without its ending.
        patterns: how it is written, each with its keyword; the first is the usual one.
        description: what it does or checks, in one line.
        parameters: the kind of each word in braces, by its name.
        columns: the kind of each column of its table; "" for any text. Empty if it takes no table.
        example: how a scenario uses it, with its table.
        scenarios: the ids of the scenarios that use it.
    """

    subject: str
    patterns: tuple[str, ...]
    description: str
    parameters: Mapping[str, str]
    columns: Mapping[str, str]
    example: str
    scenarios: tuple[str, ...]

    @property
    def title(self) -> str:
        """The step as it is usually written."""
        return self.patterns[0]

    @property
    def keyword(self) -> str:
        """Given, When or Then."""
        return self.title.partition(" ")[0]

    @property
    def anchor(self) -> str:
        """What links to it."""
        return re.sub(r"\W+", "-", self.title.lower()).strip("-")

    @property
    def kinds(self) -> list[str]:
        """The kinds of its parameters and columns."""
        return [kind for kind in (*self.parameters.values(), *self.columns.values()) if kind]

    @property
    def usage(self) -> str:
        """How many scenarios use it; the id of one of them follows."""
        number = len(self.scenarios)
        return "Used by 1 scenario:" if number == 1 else f"Used by {number} scenarios, such as"


@dataclass(frozen=True)
class Subject:
    """The steps of one file.

    Attributes:
        name: of the file, without its ending.
        description: what they are about.
        steps: first what a scenario starts with, then what happens, then what is checked.
    """

    name: str
    description: str
    steps: tuple[StepEntry, ...]

    @property
    def title(self) -> str:
        """The name as a heading."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Catalogue:
    """All steps, and the phrases that they allow.

    Attributes:
        subjects: by name.
        kinds: what the parameters may be, by the name of the kind.
    """

    subjects: tuple[Subject, ...]
    kinds: Mapping[str, Phrases]

    @property
    def steps(self) -> list[StepEntry]:
        """Every step."""
        return [step for subject in self.subjects for step in subject.steps]

    def search(self, words: Sequence[str]) -> list[StepEntry]:
        """The steps in which each of the words occurs, those first that have them in the step itself."""
        wanted = [word.lower() for word in words]
        found = [
            (sum(_rank(word, self._texts(step)) for word in wanted), number, step)
            for number, step in enumerate(self.steps)
            if all(any(word in text for text in self._texts(step)) for word in wanted)
        ]
        return [step for *_, step in sorted(found, key=lambda each: each[:2])]

    def nearest(self, words: Sequence[str]) -> list[StepEntry]:
        """The steps whose words come nearest to words that no step has; none if none comes near."""
        rated = []
        for number, step in enumerate(self.steps):
            own = _WORD.findall(" ".join(self._texts(step)[:2]))
            nearness = sum(_nearness(word.lower(), own) for word in words)
            rated.append((-nearness, number, step))
        rated.sort(key=lambda each: each[:2])
        return [step for nearness, _, step in rated[:_NEAREST] if nearness < 0]

    def _texts(self, step: StepEntry) -> tuple[str, str, str]:
        kinds = [self.kinds[kind] for kind in step.kinds]
        phrases = [text for kind in kinds for text in (*kind.allowed, *kind.notes.values())]
        rest = [step.example, *step.columns, *phrases]
        return "\n".join(step.patterns).lower(), step.description.lower(), "\n".join(rest).lower()


def _rank(word: str, texts: Sequence[str]) -> int:
    return next(rank for rank, text in enumerate(texts) if word in text)


def _nearness(word: str, own: Iterable[str]) -> float:
    matcher = difflib.SequenceMatcher(b=word)
    best = 0.0
    for each in set(own):
        matcher.set_seq1(each)
        if matcher.real_quick_ratio() >= _NEAR_ENOUGH and matcher.quick_ratio() >= _NEAR_ENOUGH:
            best = max(best, matcher.ratio())
    return best if best >= _NEAR_ENOUGH else 0.0


def markdown(catalogue: Catalogue) -> str:
    """The whole text of `docs/steps.md`."""
    return for_file("\n".join(_lines(catalogue)) + "\n")


def html(catalogue: Catalogue) -> str:
    """The whole text of the page to search in."""
    return page_text(PAGE_FILE, catalogue=catalogue, shown_at_once=_SHOWN_AT_ONCE)


def _lines(catalogue: Catalogue) -> Iterator[str]:
    yield "# Steps"
    yield ""
    yield (
        f"The {len(catalogue.steps)} steps that scenarios are made of, by subject. `make docs` writes this "
        "page from `features/`: do not edit it."
    )
    yield ""
    yield "- Replace each word in braces, such as `{worker}`, with what the step allows there."
    yield "- For `{details}` you may join several of the phrases that are listed, with a comma or `and`."
    yield "- The examples come from the scenarios of this project."
    page = f"[{PAGE_FILE}]({PAGE_FILE})"
    yield f"- To search, open {page} in a browser, or run `.venv/bin/swamp-uat steps WORD`."
    yield ""
    yield "| Subject | Steps |"
    yield "| --- | --- |"
    for subject in catalogue.subjects:
        yield f"| [{subject.title}](#{_anchor(subject.title)}) | {len(subject.steps)} |"
    yield f"| [Allowed phrases](#{_anchor('Allowed phrases')}) | |"
    for subject in catalogue.subjects:
        yield from ("", f"## {subject.title}", "", subject.description)
        for step in subject.steps:
            yield from _lines_of(step, catalogue.kinds)
    yield from ("", "## Allowed phrases")
    for kind in catalogue.kinds.values():
        if kind.allowed:
            yield from ("", f"### {kind.title}", "", *(f"- {each}" for each in kind.phrases))
            yield from _lines_of_words(kind.words, catalogue.kinds)


def _lines_of(step: StepEntry, kinds: Mapping[str, Phrases]) -> Iterator[str]:
    yield from ("", f"### `{step.title}`", "", step.description, "")
    yield from (f"- Also written: `{pattern}`" for pattern in step.patterns[1:])
    yield from (f"- `{{{name}}}`: {_allowed(kinds[kind])}" for name, kind in step.parameters.items())
    if step.columns:
        yield f"- Columns of the table: {', '.join(f'`{name}`' for name in step.columns)}"
    yield from (
        f"- `{name}` in the table: {_allowed(kinds[kind])}" for name, kind in step.columns.items() if kind
    )
    if step.scenarios:
        yield f"- {step.usage} `{step.scenarios[0]}`"
        yield from ("", "```gherkin", step.example, "```")


def _lines_of_words(words: Mapping[str, str], kinds: Mapping[str, Phrases]) -> Iterator[str]:
    if words:
        yield ""
        yield from (f"- `{{{name}}}`: {_allowed(kinds[kind])}" for name, kind in words.items())


def _allowed(kind: Phrases) -> str:
    if not kind.allowed:
        return kind.description
    if len(kind.allowed) <= _SHOWN_AT_ONCE:
        return f"{kind.description}: {', '.join(f'`{phrase}`' for phrase in kind.allowed)}"
    return f"{kind.description}: [{len(kind.allowed)} phrases](#{_anchor(kind.title)})"


def _anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
