"""Kinds of words that steps accept, in the form that behave's step matcher needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
# The value of the details in a step without any.
NO_DETAILS: Mapping[str, Any] = MappingProxyType({})
# What may stand between two details.
_JOINT = r"(?:,? and |, | )"
_WITH = "with "


class Kind:
    """A kind of word.

    Args:
        description: what a writer of features puts there.
        pattern: the regular expression of such a word.
        meaning: returns the value that a word stands for.
        phrases: the allowed words, each with its effect if that is not obvious; any word that the pattern
            matches if empty.
        is_whole: whether the phrases form a complete set, such as all states, which stays complete even if no
            scenario uses one of them.
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
        """The phrases in a word, each with its kind; most words are a single phrase."""
        yield self, word


def one_of(description: str, meanings: Mapping[str, Any], *, is_whole: bool = False) -> Kind:
    """The kind of a fixed set of words, each with the value that it stands for."""
    longest_first = sorted(meanings, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest_first))
    return Kind(description, pattern, meanings.__getitem__, dict.fromkeys(meanings, ""), is_whole=is_whole)


@dataclass(frozen=True)
class Detail:
    """An optional addition to a step.

    Attributes:
        phrase: its text; words in it are written as in a step, such as `{labels:Labels}`.
        does: its effect, in one line.
        means: returns the facts that it states, by name, from the words in it.
    """

    phrase: str
    does: str
    means: Callable[..., Mapping[str, Any]]


class Details(Kind):
    """The kind of a text made of one or more details, such as `with 2 slots, on a network that can be cut`.

    A detail that begins with "with" may omit it after "and".

    Args:
        description: what a writer of features puts there.
        makes: returns the value that the text stands for; its arguments are the facts of all details.
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
            self._value_of,
            {_PARAMETER.sub(r"{\1}", each.phrase): each.does for each in details},
        )

    @property
    def words(self) -> Mapping[str, str]:
        """The kinds of the words in the details, by name."""
        return dict(found for each, _ in self._patterns for found in _PARAMETER.findall(each.phrase))

    def phrases_in(self, word: str) -> Iterator[tuple[Kind, str]]:
        """The details in a text, and the words in them, each with its kind."""
        for detail, words in self._parsed(word):
            yield self, _PARAMETER.sub(r"{\1}", detail.phrase)
            yield from ((self._kinds[kind], words[name]) for name, kind in _PARAMETER.findall(detail.phrase))

    def _value_of(self, text: str) -> Any:
        facts: dict[str, Any] = {}
        for detail, words in self._parsed(text):
            kinds = dict(_PARAMETER.findall(detail.phrase))
            stated = detail.means(**{name: self._kinds[kinds[name]](word) for name, word in words.items()})
            if twice := facts.keys() & stated.keys():
                raise ValueError(
                    f"`{text}` sets {' and '.join(sorted(twice))} twice: remove one of the details"
                )
            facts |= stated
        return self._makes(**facts)

    def _parsed(self, text: str) -> Iterator[tuple[Detail, dict[str, str]]]:
        rest = text
        while rest:
            found = [(match, each) for each, pattern in self._patterns if (match := pattern.match(rest))]
            match, detail = max(found, key=lambda each: each[0].end())
            yield detail, match.groupdict()
            rest = rest[match.end() :]

    def _pattern_of(self, phrase: str, *, named: bool = False) -> str:
        # Alternately a text, and the name and the kind of a word.
        parts = _PARAMETER.split(phrase)
        words = [
            f"({f'?P<{name}>' if named else '?:'}{self._kinds[kind].pattern})"
            for name, kind in zip(parts[1::3], parts[2::3], strict=True)
        ]
        return "".join(
            text + word for text, word in zip(map(re.escape, parts[::3]), [*words, ""], strict=True)
        )
