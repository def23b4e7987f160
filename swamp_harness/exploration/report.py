"""What an exploration has seen and found, for people and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swamp_harness.exploration import model
from swamp_harness.exploration.acts import Focus
from swamp_harness.exploration.journeys import Journey, pairs_of
from swamp_harness.exploration.trials import Failure

REPORT = "exploration.json"


_REPEATED = {True: "", False: ", and it did not happen again", None: ", and it was not tried again"}


@dataclass(frozen=True)
class Options:
    """What to explore, and for how long.

    Attributes:
        minutes: after which no round begins.
        seed: of the journeys.
        subjects: what they are about.
        jobs: how many at a time; as many as suit this machine when 0.
    """

    minutes: float
    seed: int
    subjects: Sequence[Focus]
    jobs: int = 0


@dataclass(frozen=True)
class Found:
    """A failure that nobody has listed.

    Attributes:
        journey: the shortest that shows it.
        first: the journey that showed it first.
        failure: of the shortest.
        file: the feature that repeats it.
        repeats: whether it did so when it was tried; None if Ctrl-C came first.
    """

    journey: Journey
    first: Journey
    failure: Failure
    file: Path
    repeats: bool | None


@dataclass
class Tally:
    """What an exploration has seen so far.

    Attributes:
        version: of the program under test; empty until it is known.
        journeys: how many have run.
        acts: how often each kind happened.
        states: how often each kind of state was reached.
        pairs: how often kinds of acts followed each other.
        undecided: the journeys that could not be judged, by id, each with the reason.
        known: how many ended in a listed deviation, by its id.
        found: the failures that nobody has listed.
    """

    version: str = ""
    journeys: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    undecided: dict[str, str] = field(default_factory=dict)
    known: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)

    def take(self, journeys: Sequence[Journey]) -> None:
        """Count the journeys of a round."""
        self.journeys += len(journeys)
        for journey in journeys:
            self.acts.update(event.act.kind for event in journey.events)
            self.states.update(map(model.shape, journey.states))
            self.pairs.update(pairs_of(journey))


def document_of(options: Options, tally: Tally) -> dict[str, Any]:
    """The document of an exploration, for JSON."""
    return {
        "seed": options.seed,
        "minutes": options.minutes,
        "subjects": [subject.value for subject in options.subjects],
        "version": tally.version,
        "journeys": tally.journeys,
        "acts": dict(tally.acts.most_common()),
        "pairs of acts": {f"{one or 'the beginning'}, {other}": n for (one, other), n in tally.pairs.items()},
        "states": dict(tally.states.most_common()),
        "known deviations": dict(tally.known),
        "undecided": tally.undecided,
        "found": [
            {
                "id": each.journey.id,
                "first": each.first.id,
                "acts": len(each.journey.events),
                "acts before shortening": len(each.first.events),
                "step": each.failure.step,
                "expected": each.failure.result.expected,
                "actual": each.failure.result.actual,
                "reason": each.failure.result.reason,
                "file": each.file.name,
                "repeats": each.repeats,
            }
            for each in tally.found
        ],
    }


def progress_in_words(tally: Tally, number: int, seconds: float) -> str:
    """A line about the rounds so far.

    Args:
        tally: of the exploration.
        number: of the last round.
        seconds: how long that round took.
    """
    return (
        f"round {number}, {seconds:.0f} s: {tally.journeys} journeys, {tally.acts.total()} acts, "
        f"{len(tally.states)} kinds of states, {len(tally.pairs)} pairs of acts, "
        f"{len(tally.found)} found, {tally.known.total()} of known deviations, "
        f"{len(tally.undecided)} undecided"
    )


def failed_in_words(journey: Journey, failure: Failure) -> str:
    """A line about a failure that is now shortened."""
    return f"failed: journey {journey.id} at `{failure.step}`; it is now shortened"


def found_in_words(found: Found) -> str:
    """What was found, in lines."""
    reason = found.failure.result.reason.strip()
    once = _REPEATED[found.repeats]
    return (
        f"FOUND {found.journey.id}: {len(found.first.events)} acts, shortened to "
        f"{len(found.journey.events)}{once}\n    {found.failure.step}\n    {reason}\n    {found.file}"
    )


def summary_of(tally: Tally, reports: Path) -> str:
    """The summary of an exploration.

    Args:
        tally: of the exploration.
        reports: the folder with its report.
    """
    found = [f"  {each.file}: {each.failure.step}" for each in tally.found]
    head = f"{len(found)} found" if found else "Nothing found"
    return "\n".join(
        [
            "",
            f"{head} in {tally.journeys} journeys of {tally.acts.total()} acts; "
            f"{tally.known.total()} ended in known deviations, {len(tally.undecided)} were undecided.",
            *found,
            f"What was reached: {reports / REPORT}",
        ]
    )
