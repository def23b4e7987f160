"""`release/policy.yaml`: what stands against a release, as product owners decide it.

The policy affects the sign-off only. The exit code of a run does not depend on it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from swamp_harness.results import schemas
from swamp_harness.system.yaml_files import read_yaml


class Severity(Enum):
    """How severe a broken promise is, the worst first; `catalogue.yaml` says what each means."""

    BLOCKER = "blocker"
    CRITICAL = "critical"
    NORMAL = "normal"


class Group(Enum):
    """A group of promises; results show the groups apart."""

    THIRTY = "the thirty"
    SINCE = "since issue 630"


class Treatment(Enum):
    """What a known deviation does to a release."""

    AGAINST = "against"
    NOTE = "note"


class Voice(Enum):
    """Whether the promises of a group decide about a release."""

    DECIDE = "decide"
    SHOWN = "shown"


class Scope(Enum):
    """Which failures decide when a release is compared with a baseline."""

    NEW_FAILURES = "new-failures"
    ALL_FAILURES = "all-failures"


@dataclass(frozen=True)
class Policy:
    """What product owners have decided about releases.

    Attributes:
        known_deviations: what a known deviation does, by the severity of the promise that it breaks.
        with_baseline: which failures decide when there is a baseline.
        since_issue_630: whether the promises that were made since issue 630 decide.
    """

    known_deviations: Mapping[Severity, Treatment]
    with_baseline: Scope
    since_issue_630: Voice

    def decides(self, group: Group) -> bool:
        """Whether the promises of a group decide; the thirty always do."""
        return group is Group.THIRTY or self.since_issue_630 is Voice.DECIDE

    def tolerates(self, severity: Severity) -> bool:
        """Whether a release passes with a known deviation of a severity."""
        return self.known_deviations[severity] is Treatment.NOTE


# Every failure stands against a release.
STRICT = Policy(dict.fromkeys(Severity, Treatment.AGAINST), Scope.ALL_FAILURES, Voice.DECIDE)


def load(file: Path) -> Policy:
    """Read the policy.

    Raises:
        UnusableInput: the file cannot be read, or does not follow its schema (exit code 2).
    """
    document = read_yaml(file, schemas.POLICY)
    treatments = document["known-deviations"]
    return Policy(
        {severity: Treatment(treatments[severity.value]) for severity in Severity},
        Scope(document["with-baseline"]),
        Voice(document["since-issue-630"]),
    )


def group_of(numbers: Sequence[int], groups: Mapping[int, Group]) -> Group:
    """The group of a scenario that serves some promises: the thirty, if it serves one of them.

    Args:
        numbers: of the promises.
        groups: of all promises, by number; one that is not listed is one of the thirty.
    """
    found = {groups.get(number, Group.THIRTY) for number in numbers}
    return Group.SINCE if found == {Group.SINCE} else Group.THIRTY


def worst_severity(numbers: Sequence[int], severities: Mapping[int, Severity]) -> Severity:
    """The severity of a scenario that serves some promises: that of the most severe one.

    Args:
        numbers: of the promises.
        severities: of all promises, by number; one that is not listed is as severe as can be.
    """
    return worst_of([severities.get(number, Severity.BLOCKER) for number in numbers])


def worst_of(severities: Collection[Severity]) -> Severity:
    """The worst of some severities; the worst there is if there are none."""
    return next((each for each in Severity if each in severities), Severity.BLOCKER)
