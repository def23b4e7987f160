"""Runs one step, and classifies its failure: a broken promise, the infrastructure, or the suite itself."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from behave.runner import the_step_registry

from swamp_harness.product.costs import PURPOSE_OF_STEP
from swamp_harness.runner.endings import failed_suite
from swamp_harness.runner.judgement import Failure
from swamp_harness.scenario import closing
from swamp_harness.scenario.timeline import Span
from swamp_harness.scenario.world import World
from swamp_harness.system.errors import Comparison, ContractBroken, InfrastructureError, PromiseBroken
from swamp_harness.system.redaction import SECRETS


class StepRunner:
    """Runs the steps of one scenario after another, and keeps the failures of the present one.

    Attributes:
        at_step: called with the text of each step that begins.
    """

    def __init__(self) -> None:
        self.at_step: Callable[[str], None] = lambda _: None
        self._failures: dict[tuple[str, int], Failure] = {}  # by file and line of the step

    def reset(self) -> None:
        """Forget the failures, as another scenario begins."""
        self._failures = {}

    def run(self, step: Any, world: World | None, action: Callable[[], None]) -> None:
        """Run one step; an error of it is blanked, classified and explained.

        Raises:
            PromiseBroken: the product broke the promise.
            InfrastructureError: an error of the infrastructure, of the set-up, or of the suite itself.
        """
        words = f"{step.keyword} {step.name}"
        self.at_step(words)
        if world is not None:
            world.begin_purpose(PURPOSE_OF_STEP[step.step_type])
        kind, begun = "failed", datetime.now(UTC)
        try:
            action()
            kind = step.step_type
        except PromiseBroken as error:
            if step.step_type == "given" and not isinstance(error, ContractBroken):
                raise self._explained(
                    InfrastructureError, world, step, f"The scenario could not be set up. {error}"
                ) from error
            raise self._explained(PromiseBroken, world, step, str(error), error.comparison) from error
        except InfrastructureError as error:
            raise self._explained(InfrastructureError, world, step, str(error)) from error
        except Exception as error:  # noqa: BLE001 - no error of the suite may look like a broken promise
            trace = "".join(traceback.format_exception(error))
            finding = failed_suite(f"{type(error).__name__}: {error}\n{trace}")
            raise self._explained(InfrastructureError, world, step, finding) from None
        finally:
            if world is not None:
                world.steps.append(Span(kind, words, begun, datetime.now(UTC)))

    def failure_at(self, step: Any) -> Failure:
        """The failure of a failed step."""
        return self._failures.get((step.filename, step.line)) or Failure(
            SECRETS.blank(step.error_message or f"the step is {step.status.name}")
        )

    def _explained(
        self,
        kind: type[PromiseBroken | InfrastructureError],
        world: World | None,
        step: Any,
        finding: str,
        comparison: Comparison | None = None,
    ) -> PromiseBroken | InfrastructureError:
        explanation = SECRETS.blank(closing.explanation(world)) if world is not None else ""
        self._failures[step.filename, step.line] = Failure(SECRETS.blank(finding), explanation, comparison)
        return kind(f"{finding}\n\n{explanation}" if explanation else finding)


class StepRegistry:
    """behave's step registry, with every step run by a step runner.

    Args:
        steps: the step runner.
    """

    def __init__(self, steps: StepRunner) -> None:
        self._steps = steps

    def find_match(self, step: Any) -> Any:
        """Behave's match of a step; None if there is none."""
        match = the_step_registry.find_match(step)
        if match is not None:
            match.func = self._wrapped(step, match.func)
        return match

    def _wrapped(self, step: Any, function: Any) -> Any:
        @functools.wraps(function)
        def run(context: Any, *arguments: Any, **named: Any) -> None:
            action = functools.partial(function, context, *arguments, **named)
            self._steps.run(step, context.world, action)

        return run
