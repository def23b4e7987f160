"""Runs the scenarios that reach a mutant until one of them kills it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from swamp_harness.render.mutation_report import Outcome
from swamp_harness.results.outcome import Outcome as ScenarioOutcome
from swamp_harness.results.result import ScenarioResult

_FIRST_BATCH = 2
_LARGEST_BATCH = 12
# After so many scenarios that failed before their Then steps, the mutant does not work at all.
_FAILURES_ELSEWHERE = 4


@dataclass(frozen=True)
class MutantResult:
    """The result of the scenarios that ran against a mutant.

    Attributes:
        outcome: of the mutant.
        ran: the ids of the scenarios that ran.
        scenario: that killed it; empty otherwise.
        message: the step at which that scenario failed, and the first line of its message.
    """

    outcome: Outcome
    ran: tuple[str, ...]
    scenario: str = ""
    message: str = ""

    def decided(self, outcome: Outcome, reason: str) -> MutantResult:
        """The same result, with what a person decided about the mutant."""
        return replace(self, outcome=outcome, message=reason)


def run_until_killed(
    names: Sequence[str],
    run: Callable[[Sequence[str]], Sequence[ScenarioResult]],
    *,
    givens: Mapping[str, Collection[str]],
    complete: bool = True,
) -> MutantResult:
    """Run scenarios until one fails in a Then step.

    A run ends at the first failure. If that is not in a Then step, the other scenarios go on in another run,
    except those that are set up by the same step. After several such failures the mutant counts as killed
    elsewhere. If these were all errors while setting up, and nothing has held, the product does not start.

    Args:
        names: ids of the scenarios, in the order in which they run.
        run: runs some scenarios up to the first failure, and returns their results.
        givens: the Given steps of each scenario, without their keyword, by id of the scenario.
        complete: whether these are all scenarios that reach the mutant.
    """
    waiting, ran = list(names), []
    elsewhere: list[tuple[str, str]] = []
    works = False
    size = _FIRST_BATCH
    while waiting and len(elsewhere) < _FAILURES_ELSEWHERE:
        batch = waiting[:size]
        results = {each.id: each for each in run(batch) if each.id in batch}
        done = {name: each for name, each in results.items() if each.outcome is not ScenarioOutcome.NOT_RUN}
        ran += list(done)
        failed = {name: each for name, each in done.items() if each.outcome is not ScenarioOutcome.HELD}
        for name, each in failed.items():
            if each.outcome is ScenarioOutcome.BROKEN and each.step_type == "then":
                return MutantResult(Outcome.KILLED, tuple(ran), name, _message_of(each))
        elsewhere += [(name, _message_of(each)) for name, each in failed.items()]
        spoilt = {each.step.partition(" ")[2] for each in failed.values() if _is_error_of_set_up(each)}
        works = works or any(not _is_error_of_set_up(each) for each in done.values())
        if not done:  # the run itself failed: no scenario of it has a result
            elsewhere.append((batch[0], "no scenario had a result"))
            waiting.remove(batch[0])
        skipped = set() if failed else set(batch)  # without a failure, what did not run cannot run here
        waiting = [
            name
            for name in waiting
            if name not in {*done, *skipped} and spoilt.isdisjoint(givens.get(name, ()))
        ]
        size = min(2 * size, _LARGEST_BATCH)
    if elsewhere:
        outcome = Outcome.KILLED_ELSEWHERE if works else Outcome.DOES_NOT_START
        return MutantResult(outcome, tuple(ran), *elsewhere[0])
    return MutantResult(Outcome.SURVIVED if complete else Outcome.UNDECIDED, tuple(ran))


def _is_error_of_set_up(result: ScenarioResult) -> bool:
    return result.outcome is ScenarioOutcome.ERROR and result.step_type == "given"


def _message_of(result: ScenarioResult) -> str:
    first = (result.reason.splitlines() or [""])[0]
    return f"{result.step}: {first}" if result.step else first
