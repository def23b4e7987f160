"""Kinds of words that steps accept, in the form that behave's step matcher needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
# The facts of a step that says no detail.
NO_DETAILS: Mapping[str, Any] = MappingProxyType({})
# What may stand between two details.
_JOINT = r"(?:,? and |, | )"
_WITH = "with "


class Kind:
    """A kind of word.

    Args:
        description: what a writer of features puts there.
        pattern: what such a word looks like.
        meaning: what it stands for.
        phrases: the only words that are allowed, each with what it does where that is not plain; any that the
            pattern matches when empty.
        is_whole: whether the phrases are a whole, such as all states, to be kept even where no scenario
            uses one of them.
    """

    def __init__(
        self,
        description: str,
        pattern: str,
        meaning: Callable[[str], Any],
        phrases: Mapping[str, str] | None = None,
        *,
        is_whole: bool = False,
    ) -> None:
        self.description = description
        self.pattern = pattern
        self.phrases = dict(phrases or {})
        self.is_whole = is_whole
        self._meaning = meaning

    def __call__(self, word: str) -> Any:
        """What a word stands for."""
        return self._meaning(word)

    @property
    def words(self) -> Mapping[str, str]:
        """The kinds of the words in its phrases, by their names there; a phrase of most kinds has none."""
        return {}

    def phrases_in(self, word: str) -> Iterator[tuple[Kind, str]]:
        """The phrases that a word is made of, each with its kind: a word of most kinds is one itself."""
        yield self, word


def one_of(description: str, meanings: Mapping[str, Any], *, is_whole: bool = False) -> Kind:
    """The kind of a few words, each with what it stands for."""
    longest_first = sorted(meanings, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest_first))
    return Kind(description, pattern, meanings.__getitem__, dict.fromkeys(meanings, ""), is_whole=is_whole)


@dataclass(frozen=True)
class Detail:
    """Something that a step may say beside its usual words.

    Attributes:
        phrase: how it is written; a word in it is written as in a step, such as `{labels:Labels}`.
        does: what it does, in a line.
        means: the facts that it states, from the words in it, by name.
    """

    phrase: str
    does: str
    means: Callable[..., Mapping[str, Any]]


class Details(Kind):
    """The kind of a text made of one or more details, such as `with 2 slots, on a network that can be cut`.

    A detail that begins with "with" may leave that out behind "and".

    Args:
        description: what a writer of features puts there.
        makes: takes the facts of all details as arguments; what it returns is what the text stands for.
        details: the details that the text may contain, each at most once.
        kinds: of the words in them, by name.
    """

    def __init__(
        self,
        description: str,
        makes: Callable[..., Any],
        details: Sequence[Detail],
        kinds: Mapping[str, Kind],
    ) -> None:
        self._makes = makes
        self._kinds = kinds
        self._patterns = [
            (each, re.compile(f"{self._pattern_of(phrase, named=True)}(?:{_JOINT}|$)"))
            for each in details
            for phrase in (each.phrase, each.phrase.removeprefix(_WITH))
        ]
        one = "|".join(self._pattern_of(each.phrase) for each in details)
        later = "|".join(self._pattern_of(each.phrase.removeprefix(_WITH)) for each in details)
        super().__init__(
            description,
            f"(?:{one})(?:{_JOINT}(?:{one}|{later}))*",
            self._made,
            {_PARAMETER.sub(r"{\1}", each.phrase): each.does for each in details},
        )

    @property
    def words(self) -> Mapping[str, str]:
        """The kinds of the words in the details, by their names there."""
        return dict(found for each, _ in self._patterns for found in _PARAMETER.findall(each.phrase))

    def phrases_in(self, word: str) -> Iterator[tuple[Kind, str]]:
        """The details that a text is made of, and the words in them, each with its kind."""
        for detail, words in self._taken_apart(word):
            yield self, _PARAMETER.sub(r"{\1}", detail.phrase)
            yield from ((self._kinds[kind], words[name]) for name, kind in _PARAMETER.findall(detail.phrase))

    def _made(self, text: str) -> Any:
        facts: dict[str, Any] = {}
        for detail, words in self._taken_apart(text):
            kinds = dict(_PARAMETER.findall(detail.phrase))
            stated = detail.means(**{name: self._kinds[kinds[name]](word) for name, word in words.items()})
            if twice := facts.keys() & stated.keys():
                raise ValueError(f"`{text}` says twice what the {' and '.join(sorted(twice))} is")
            facts |= stated
        return self._makes(**facts)

    def _taken_apart(self, text: str) -> Iterator[tuple[Detail, dict[str, str]]]:
        rest = text
        while rest:
            found = [(match, each) for each, pattern in self._patterns if (match := pattern.match(rest))]
            match, detail = max(found, key=lambda each: each[0].end())
            yield detail, match.groupdict()
            rest = rest[match.end() :]

    def _pattern_of(self, phrase: str, *, named: bool = False) -> str:
        # Text and words by turns: the name and the kind of a word follow each text.
        parts = _PARAMETER.split(phrase)
        words = [
            f"({f'?P<{name}>' if named else '?:'}{self._kinds[kind].pattern})"
            for name, kind in zip(parts[1::3], parts[2::3], strict=True)
        ]
        return "".join(
            text + word for text, word in zip(map(re.escape, parts[::3]), [*words, ""], strict=True)
        )
