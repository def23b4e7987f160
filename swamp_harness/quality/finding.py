"""The results of scenarios against a mutant of the stand-in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from swamp_harness.quality.mutant_effect import Effect
from swamp_harness.quality.mutant_list import WrittenMutant
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult

NOTICED = "noticed"
_NOT_EFFECTIVE = "NOT EFFECTIVE"
# A scenario of another promise and of another feature than the mutant's, to run first: the cheapest with a
# worker that enrolls.
_CONTROL = "reconnection-distinct-in-json"
# Of the promises about workers that enroll, are removed at a deadline, come back, or are listed.
_CONTROL_OF_ENROLLMENT = "token-shown-once[JSON]"
_ENROLLMENT = (*range(5, 12), 14, 27)


@dataclass(frozen=True)
class Finding:
    """The results of the scenarios against a mutant.

    Attributes:
        mutant: the mutant.
        noticed_by: the ids of the scenarios of its promise that reached it and failed in a Then step, each
            with the first line of its message.
        failed_without: the scenarios of its promise that failed in a Then step and never reached the mutant.
        failed_elsewhere: the scenarios of its promise that failed before their Then.
        controls_failed: the scenarios of other promises that did not hold.
        own: the scenarios of its promise that ran.
        has_control: whether the control ran, or is known to hold.
        scenarios: how many ran, the controls as well.
        seconds: how long that took.
        is_reached: whether a scenario of its promise reached the mutant.
        crashes: the errors of processes that the mutant crashed.
    """

    mutant: WrittenMutant
    noticed_by: dict[str, str]
    failed_without: list[str]
    failed_elsewhere: list[str]
    controls_failed: list[str]
    own: list[str]
    has_control: bool
    scenarios: int
    seconds: float
    is_reached: bool
    crashes: Sequence[str]

    @property
    def why_not_effective(self) -> list[str]:
        """The reasons, in a sentence each; none if the mutant was effective."""
        if self.outcome != _NOT_EFFECTIVE:
            return []
        if self.crashes:
            return [f"a process crashed: {each}" for each in self.crashes]
        if self.failed_without:
            return [f"no replacement was reached in {each}, which failed" for each in self.failed_without]
        return ["no replacement was reached"]

    @property
    def outcome(self) -> str:
        """A label of one or two words."""
        if self.crashes:
            return _NOT_EFFECTIVE
        if self.controls_failed:
            return "A CONTROL FAILED"
        if not self.has_control:
            return "CONTROL MISSING"
        if self.noticed_by:
            return NOTICED
        if self.failed_without or (self.own and not self.is_reached):
            return _NOT_EFFECTIVE
        return "NOT TESTED" if self.failed_elsewhere or not self.scenarios else "SURVIVED"


def finding_of(
    mutant: WrittenMutant,
    results: Sequence[ScenarioResult],
    effect: Effect,
    seconds: float,
    *,
    control_holds: bool = False,
) -> Finding:
    """The finding of a run against a mutant.

    Args:
        mutant: of the stand-in.
        results: of the scenarios.
        effect: of the mutant in the processes of the run.
        seconds: how long the run took.
        control_holds: whether the control is known to hold, so that it need not run.
    """
    ran = [each for each in results if each.outcome is not Outcome.NOT_RUN]
    own = [each for each in ran if mutant.number in each.numbers]
    failed = [each for each in own if each.outcome is not Outcome.HELD]
    in_then = [each for each in failed if each.outcome is Outcome.BROKEN and each.step_type == "then"]
    return Finding(
        mutant,
        {each.id: each.reason.splitlines()[0] for each in in_then if effect.has_reached(each.mark)},
        [each.id for each in in_then if not effect.has_reached(each.mark)],
        [each.id for each in failed if each not in in_then],
        [each.id for each in ran if each not in own and each.outcome is not Outcome.HELD],
        [each.id for each in own],
        control_holds or control_of(mutant) in {each.id for each in ran},
        len(ran),
        seconds,
        any(effect.has_reached(each.mark) for each in own),
        effect.crashes,
    )


def control_of(mutant: WrittenMutant) -> str:
    """The id of a scenario that must hold with a mutant."""
    return _CONTROL_OF_ENROLLMENT if mutant.number in _ENROLLMENT else _CONTROL


def with_control_replaced(finding: Finding, enrolling: Collection[str]) -> Finding:
    """A finding whose control need not run if a scenario has shown the same.

    Args:
        finding: of a run without its control.
        enrolling: the ids of the scenarios that enroll a worker before anything else happens. One that fails
            in its Then has enrolled it.
    """
    is_shown = any(each in enrolling for each in finding.noticed_by)
    return replace(finding, has_control=finding.has_control or is_shown)


def joined(findings: Sequence[Finding]) -> Finding:
    """Merge findings about one mutant with different scenarios."""
    return replace(
        findings[0],
        noticed_by={name: reason for each in findings for name, reason in each.noticed_by.items()},
        failed_without=_each_once(name for each in findings for name in each.failed_without),
        failed_elsewhere=_each_once(name for each in findings for name in each.failed_elsewhere),
        controls_failed=_each_once(name for each in findings for name in each.controls_failed),
        own=_each_once(name for each in findings for name in each.own),
        has_control=any(each.has_control for each in findings),
        scenarios=sum(each.scenarios for each in findings),
        seconds=sum(each.seconds for each in findings),
        is_reached=any(each.is_reached for each in findings),
        crashes=_each_once(crash for each in findings for crash in each.crashes),
    )


def never_failed(findings: Sequence[Finding]) -> list[str]:
    """The scenarios, by id, that failed in a Then step under no mutant of their promises."""
    noticed = {name for finding in findings for name in finding.noticed_by}
    return sorted({name for finding in findings for name in finding.own} - noticed)


def _each_once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
