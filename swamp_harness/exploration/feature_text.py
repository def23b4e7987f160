"""A journey as a feature file: what a run executes, and what a person gets of a failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from swamp_harness.exploration.acts import Focus
from swamp_harness.exploration.journeys import Journey, Line, script
from swamp_harness.specification.feature_layout import laid_out

# The promise that a journey about a subject serves first.
_NUMBERS = {
    Focus.TOKENS: 3,
    Focus.ENROLLMENT: 6,
    Focus.EXPIRY: 11,
    Focus.NETWORK: 14,
    Focus.RUNS: 15,
    Focus.SCHEDULING: 18,
}
_HEAD = [
    "@issue-630",
    "Feature: Journeys",
    "  Journeys that nobody wrote, with what an operator must see.",
    "",
]


def tag_of(journey: Journey) -> str:
    """The tag that identifies the scenario of a journey."""
    return f"journey-{journey.id}"


def as_feature(journeys: Iterable[Journey]) -> str:
    """A feature with a scenario for each journey."""
    return laid_out(
        "\n".join([*_HEAD, *(line for journey in journeys for line in _scenario(journey))]) + "\n"
    )


def _scenario(journey: Journey) -> Iterator[str]:
    yield _tags(journey, tag_of(journey))
    yield f"Scenario: Journey {journey.id}"
    yield from steps_of(script(journey))
    yield ""


def _tags(journey: Journey, tag: str) -> str:
    network = " @network" if any(worker.cuttable for worker in journey.start.workers.values()) else ""
    return f"@uat-{_NUMBERS[journey.subject]:02}{network} @{tag}"


def as_found_feature(journey: Journey, step: str, lines: Sequence[Line], notes: Sequence[str]) -> str:
    """The feature of a journey that failed, for people.

    Args:
        journey: that failed.
        step: the words of the step that failed, with its keyword.
        lines: the steps of its scenario.
        notes: what else to know, in lines of a comment.
    """
    sentence = step.partition(" ")[2].rstrip(":")
    return laid_out(
        "\n".join(
            [
                "@issue-630",
                f"Feature: Found by exploration, {journey.id}",
                "  A journey that nobody wrote, and what an operator did not see at its end.",
                "",
                *(f"# {note}".rstrip() for note in notes),
                _tags(journey, f"found-{journey.id}"),
                f"Scenario: {sentence[:1].upper()}{sentence[1:]} ({journey.id})",
                *steps_of(lines),
                "",
            ]
        )
    )


def upto(lines: Sequence[Line], step: str) -> list[Line]:
    """The steps that lead to one that failed, without what was compared before it."""
    words = step.partition(" ")[2]
    place = next(place for place, line in enumerate(lines) if line.sentence.text == words)
    return [*(line for line in lines[:place] if line.keyword != "Then"), lines[place]]


def steps_of(lines: Sequence[Line]) -> Iterator[str]:
    """The steps of a scenario as a feature file has them; a repeated keyword becomes And."""
    before = ""
    for line in lines:
        yield f"{'And' if line.keyword == before else line.keyword} {line.sentence.text}"
        for row in line.sentence.table:
            yield f"| {' | '.join(row)} |"
        before = line.keyword
