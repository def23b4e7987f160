"""How a group of promises stands in a release: how many are kept, and what their scenarios have found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from swamp_harness.results.decision import Criteria
from swamp_harness.results.outcome import Outcome, Standing
from swamp_harness.results.policy import Group, Severity, group_of
from swamp_harness.results.result import ScenarioResult

_GRAVEST_FIRST = (Standing.BROKEN, Standing.UNKNOWN, Standing.KEPT)


@dataclass(frozen=True)
class GroupState:
    """How a group of promises stands.

    Attributes:
        group: the group.
        decides: whether it counts for the decision.
        kept: how many of its promises are kept by every scenario.
        not_kept: how many are broken by a scenario, by severity.
        not_tested: how many are not broken, and have a scenario that was not tested.
        scenarios: how many scenarios have each outcome; one that also serves the thirty counts only there.
    """

    group: Group
    decides: bool
    kept: int
    not_kept: Mapping[Severity, int]
    not_tested: int
    scenarios: Mapping[Outcome, int]

    @property
    def promises(self) -> int:
        """How many promises it has."""
        return self.kept + sum(self.not_kept.values()) + self.not_tested


def states(results: Sequence[ScenarioResult], criteria: Criteria) -> list[GroupState]:
    """The state of each group that has promises.

    Args:
        results: of every scenario on every platform.
        criteria: by what the release is judged, with the groups and severities of all promises.
    """
    present = set(criteria.groups.values())
    return [_state(group, results, criteria) for group in Group if group in present]


def _state(group: Group, results: Sequence[ScenarioResult], criteria: Criteria) -> GroupState:
    numbers = [number for number, own in criteria.groups.items() if own is group]
    standings = {number: _standing(number, results) for number in numbers}
    broken = [criteria.severities[number] for number in numbers if standings[number] is Standing.BROKEN]
    outcomes = Counter(each.outcome for each in results if group_of(each.numbers, criteria.groups) is group)
    return GroupState(
        group,
        criteria.policy.decides(group),
        list(standings.values()).count(Standing.KEPT),
        {severity: broken.count(severity) for severity in Severity},
        list(standings.values()).count(Standing.UNKNOWN),
        {outcome: outcomes[outcome] for outcome in Outcome if outcomes[outcome]},
    )


def _standing(number: int, results: Sequence[ScenarioResult]) -> Standing:
    own = [each for each in results if number in each.numbers and not each.is_for_elsewhere]
    seen = {each.outcome.traits.standing for each in own}
    return next((each for each in _GRAVEST_FIRST if each in seen), Standing.UNKNOWN)
