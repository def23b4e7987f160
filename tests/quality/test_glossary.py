"""The glossary has every word of the steps exactly once, and no other words."""

import re

import pytest

from swamp_harness.quality import step_catalogue
from swamp_harness.specification import project

GLOSSARY = project.FEATURES.parent / "docs" / "glossary.md"
ROW = re.compile(r"^\| (?!---)(?P<words>[^|]+) \| [^|]+ \|$", re.MULTILINE)
HEADS = {"Noun": "nouns", "Verb": "verbs"}


def words_of(kind):
    """The words of all tables of one kind, in order."""
    found, current = [], ""
    for match in ROW.finditer(GLOSSARY.read_text("utf-8")):
        words = match["words"]
        if words in HEADS:
            current = HEADS[words]
        elif current == kind:
            found += words.split(", ")
    return found


def occurs(word, text):
    """Whether a text contains a word, in the singular or in the plural."""
    return re.search(rf"\b{re.escape(word)}(?:e?s)?\b", text) is not None


@pytest.fixture(scope="module")
def catalogue():
    return step_catalogue.catalogue_of_project()


@pytest.fixture(scope="module")
def texts(catalogue):
    """The texts of the steps, with the phrases that they allow."""
    steps = [re.sub(r"\{\w+\}", "", pattern) for each in catalogue.steps for pattern in each.patterns]
    return [*steps, *(phrase for kind in catalogue.kinds.values() for phrase in kind.phrases)]


@pytest.mark.parametrize("kind", ["nouns", "verbs"])
def test_every_word_of_the_glossary_is_a_word_of_a_step(kind, texts):
    assert [word for word in words_of(kind) if not any(occurs(word, text) for text in texts)] == []


@pytest.mark.parametrize("kind", ["nouns", "verbs"])
def test_a_word_has_one_meaning(kind):
    words = words_of(kind)
    assert words
    assert [word for word in words if words.count(word) > 1] == []


def test_every_word_of_a_step_is_in_the_glossary(catalogue):
    known = {"Given": [*words_of("nouns"), *words_of("verbs")], "When": words_of("verbs")}
    known["Then"] = known["When"]
    assert [
        step.title
        for step in catalogue.steps
        if not any(occurs(word, text) for word in known[step.keyword] for text in step_texts(step, catalogue))
    ] == []


def step_texts(step, catalogue):
    """The text of a step, and the phrases that it allows in place of its verb."""
    return [
        *step.patterns,
        *(each for kind in step.parameters.values() for each in catalogue.kinds[kind].phrases),
    ]
