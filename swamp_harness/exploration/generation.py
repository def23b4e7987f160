"""Makes up journeys with Hypothesis, and shortens one that failed with its shrinker."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, Verbosity, assume, given, seed, settings

from swamp_harness.exploration.acts import Focus
from swamp_harness.exploration.journeys import Avoided, Journey, journeys


class _Failed(Exception):
    pass


def made_up(number: int, subjects: Sequence[Focus], most: int, avoid: Avoided) -> list[Journey]:
    """Different journeys, the same ones for the same arguments.

    Args:
        number: the seed.
        subjects: what they are about.
        most: how many at most.
        avoid: what they must not contain.
    """
    found: dict[str, Journey] = {}

    def collect(journey: Journey) -> None:
        assume(not avoid.is_in(journey))
        found.setdefault(journey.id, journey)

    _explore(collect, number, subjects, most, [Phase.generate])
    return list(found.values())


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
            one of those that `made_up` returns.
    """
    shortest: list[Journey] = []

    def look(journey: Journey) -> None:
        assume(not avoid.is_in(journey))
        if fails(journey):
            shortest.append(journey)
            raise _Failed

    with contextlib.suppress(_Failed):
        _explore(look, number, subjects, most, [Phase.generate, Phase.shrink])
    return shortest[-1]  # Hypothesis tries the shortest one last


def _explore(
    look: Callable[[Journey], None], number: int, subjects: Sequence[Focus], most: int, phases: list[Phase]
) -> None:
    configured = settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        verbosity=Verbosity.quiet,
    )
    seed(number)(configured(given(journeys(subjects))(look)))()
