"""Decides the outcome of a scenario: by its steps, the known deviations, and the waivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from swamp_harness.render import words
from swamp_harness.results import deviations, waivers
from swamp_harness.results.deviations import Deviation
from swamp_harness.results.ids import id_of
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.skip import NOT_SELECTED, Skip
from swamp_harness.results.waivers import Waiver
from swamp_harness.runner.endings import failed_suite
from swamp_harness.specification import project
from swamp_harness.system.errors import Comparison
from swamp_harness.system.limits import Limit
from swamp_harness.system.redaction import SECRETS


@dataclass(frozen=True)
class Failure:
    """What a failed step raised.

    Attributes:
        finding: the message, without the explanation that was added.
        explanation: the last output of every process, and the folder of the evidence.
        comparison: of the expected and the actual value, if it was one; else None.
    """

    finding: str
    explanation: str = ""
    comparison: Comparison | None = None


@dataclass(frozen=True)
class Loss:
    """How the process of a scenario ended that has no result.

    Attributes:
        code: its exit code; minus the signal's number if a signal ended it.
        step: the last step that began, with its keyword; empty if none did.
        limit: how long it may have been silent, if the run killed it for that; else None.
        error: of the suite itself, blanked; empty if the process died without one.
    """

    code: int
    step: str = ""
    limit: Limit | None = None
    error: str = ""


@dataclass(frozen=True)
class Judgement:
    """The outcome of a scenario, and why.

    Attributes:
        outcome: of the scenario.
        reason: why, in a sentence; empty for a promise that held, and for a scenario that did not run.
        skip: why it did not run; None if it did.
        step: the step that failed, with its keyword; empty otherwise.
        deviation: the id of the known deviation that explains it; empty otherwise.
        comparison: of the expected and the actual value, if it failed at one; else None.
    """

    outcome: Outcome
    reason: str = ""
    step: str = ""
    deviation: str = ""
    skip: Skip | None = None
    comparison: Comparison | None = None

    @classmethod
    def not_run(cls, skip: Skip) -> Judgement:
        """The judgement of a scenario that did not run."""
        return cls(Outcome.NOT_RUN, skip=skip)

    @classmethod
    def lost(cls, loss: Loss) -> Judgement:
        """The judgement of a scenario whose process ended without a result."""
        if loss.error:
            reason = failed_suite(loss.error)
        elif loss.limit is not None:
            reason = words.silence_in_words(loss.limit)
        else:
            reason = words.death_in_words(loss.code)
        return cls(Outcome.ERROR, reason, loss.step)

    def with_a_failed_end(self, error: Exception) -> Judgement:
        """The same scenario, whose clean-up failed as well."""
        message = SECRETS.blank(words.failed_end_in_words(error))
        if self.outcome is Outcome.BROKEN:  # the broken promise is more important
            return replace(self, reason=f"{self.reason}\n{message}")
        return Judgement(Outcome.ERROR, message, self.step)

    def waived_by(self, waiver: Waiver) -> Judgement:
        """The same scenario, whose promise is waived for this release."""
        reason = words.waived_in_words(waiver, self.outcome, self.reason)
        return replace(self, outcome=Outcome.WAIVED, reason=reason)


class Judge:
    """Judges the scenarios of a run.

    Args:
        known: the known deviations.
        waived: the waivers.
        version: of the binary under test.
    """

    def __init__(self, known: Sequence[Deviation], waived: Sequence[Waiver], version: str) -> None:
        self._known = known
        self._waived = waived
        self._version = version

    def judge(self, scenario: Any, skip: Skip | None, failure_at: Callable[[Any], Failure]) -> Judgement:
        """The judgement of a behave scenario that has ended, or did not begin.

        Args:
            scenario: behave's.
            skip: why it did not begin, if that is known.
            failure_at: returns the failure of one of its steps.
        """
        status = scenario.status.name
        if status == "passed":
            return self._judge_passed(scenario)
        if status in ("skipped", "untested"):
            return Judgement.not_run(skip or NOT_SELECTED)
        return self._judge_failed(scenario, failure_at)

    def _judge_passed(self, scenario: Any) -> Judgement:
        listed = deviations.of_scenario(self._known, id_of(scenario))
        if listed is None:
            return Judgement(Outcome.HELD)
        if not listed.shows_always:
            unseen = words.deviation_in_words(listed, has_shown=False)
            return Judgement(Outcome.DEVIATION, unseen, deviation=listed.id)
        return Judgement(Outcome.DEVIATION_GONE, words.gone_in_words(listed, project.deviations()))

    def _judge_failed(self, scenario: Any, failure_at: Callable[[Any], Failure]) -> Judgement:
        step = next((each for each in scenario.all_steps if each.status.has_failed()), None)
        if step is None:
            return Judgement(Outcome.ERROR, SECRETS.blank(scenario.error_message or "a hook failed"))
        failure, failed = failure_at(step), f"{step.keyword} {step.name}"
        if step.status.name != "failed":
            return Judgement(Outcome.ERROR, failure.finding, failed)
        compared = failure.comparison
        judgement = Judgement(Outcome.BROKEN, failure.finding, failed, comparison=compared)
        listed = deviations.of_scenario(self._known, id_of(scenario))
        if (
            listed is not None
            and compared is not None
            and listed.explains(step.name, compared.expected, compared.actual)
        ):
            reason = words.deviation_in_words(listed, has_shown=True)
            judgement = replace(judgement, outcome=Outcome.DEVIATION, reason=reason, deviation=listed.id)
        waiver = waivers.of_scenario(self._waived, id_of(scenario), self._version)
        return judgement if waiver is None else judgement.waived_by(waiver)
