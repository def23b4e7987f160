"""Makes up journeys with Hypothesis, and shortens one that failed with its shrinker."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from itertools import zip_longest

from hypothesis import HealthCheck, Phase, Verbosity, assume, given, seed, settings

from swamp_harness.exploration.acts import Focus
from swamp_harness.exploration.journeys import Avoided, Journey, journeys

# How many journeys are made up for each that is used: the first ones are the simplest.
_AS_MANY = 2


class Enough(BaseException):  # Hypothesis takes an Exception as another failure
    """A failure is not to be shortened further."""


class _Failed(Exception):
    pass


def made_up(number: int, subjects: Sequence[Focus], most: int, avoid: Avoided) -> list[Journey]:
    """Different journeys, the same ones for the same arguments, about each subject in turn.

    Args:
        number: the seed.
        subjects: what they are about.
        most: how many at most.
        avoid: what they must not contain.
    """
    share = -(-most // len(subjects))
    by_subject = [_about(number, subject, share, avoid) for subject in subjects]
    in_turn = [each for row in zip_longest(*by_subject) for each in row if each is not None]
    return list({each.id: each for each in in_turn}.values())[:most]


def _about(number: int, subject: Focus, most: int, avoid: Avoided) -> list[Journey]:
    """Different journeys about a subject, without the first ones, in which hardly anything happens."""
    found: dict[str, Journey] = {}

    def collect(journey: Journey) -> None:
        assume(not avoid.is_in(journey))
        found.setdefault(journey.id, journey)

    _explore(collect, number, subject, most, [Phase.generate])
    return list(found.values())[-most:]


def shortened(
    number: int, subjects: Sequence[Focus], most: int, avoid: Avoided, fails: Callable[[Journey], bool]
) -> Journey:
    """The shortest journey that fails, found by Hypothesis from those that `made_up` returns.

    Args:
        number: the seed.
        subjects: as for `made_up`.
        most: as for `made_up`.
        avoid: as for `made_up`.
        fails: whether a journey fails; it must always say the same about the same journey, and be true of
            one of those that `made_up` returns. It raises `Enough` to end the search.
    """
    tried = made_up(number, subjects, most, avoid)
    failed = next(journey for journey in tried if fails(journey))
    ids = {journey.id for journey in tried}
    shortest = [failed]

    def look(journey: Journey) -> None:
        assume(not avoid.is_in(journey))
        # Before the first failure, Hypothesis makes up those again of which it is known how they end.
        if (len(shortest) > 1 or journey.id in ids) and fails(journey):
            shortest.append(journey)
            raise _Failed

    share = -(-most // len(subjects))
    with contextlib.suppress(_Failed, Enough):
        _explore(look, number, failed.subject, share, [Phase.generate, Phase.shrink])
    return shortest[-1]  # Hypothesis tries the shortest one last


def _explore(
    look: Callable[[Journey], None], number: int, subject: Focus, most: int, phases: list[Phase]
) -> None:
    configured = settings(
        max_examples=_AS_MANY * most,
        database=None,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        verbosity=Verbosity.quiet,
    )
    own = number * len(Focus) + list(Focus).index(subject)
    seed(own)(configured(given(journeys(subject))(look)))()
