"""The session of one run: begins and finishes every scenario, and closes the run."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from swamp_harness.product.target import target_of
from swamp_harness.render.timeline_drawing import TIMELINE_FILE, drawing_of
from swamp_harness.render.words import why_not_run
from swamp_harness.results.ids import id_of
from swamp_harness.results.outcome import Ending, Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.results.skip import OVER_BUDGET, Skip
from swamp_harness.runner.budget import Budget
from swamp_harness.runner.judgement import Failure, Judge, Judgement, Loss
from swamp_harness.runner.progress import Progress, product_cpu, product_seconds
from swamp_harness.runner.requirements import missing_for, platforms_asked_by
from swamp_harness.runner.run_reports import Listed, RunReports
from swamp_harness.runner.step_runner import StepRunner
from swamp_harness.scenario import closing, costs
from swamp_harness.scenario.run_context import RunContext
from swamp_harness.scenario.world import World
from swamp_harness.specification import project
from swamp_harness.specification.features import location_of
from swamp_harness.specification.plan import Plan
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.limits import time_scale
from swamp_harness.system.redaction import SECRETS


class Session:
    """One run over the features.

    Args:
        run_context: what all scenarios share.
        listed: the known deviations, the waivers and the policy.
        progress: of the run, which has not begun.
        record_only: whether it writes no document for people.

    Attributes:
        run_context: what all scenarios share.
        progress: the results so far, and how the run ends.
        steps: runs the steps of the scenarios.
        reports: of the run.
    """

    def __init__(
        self, run_context: RunContext, listed: Listed, progress: Progress, *, record_only: bool = False
    ) -> None:
        self.run_context = run_context
        self.progress = progress
        self.steps = StepRunner()
        self.reports = RunReports(run_context, listed, progress, record_only=record_only)
        self._judge = Judge(listed.deviations, listed.waivers, run_context.binary.version)
        self._is_leader = True
        self._skips: dict[str, Skip] = {}  # by location
        self._begun = 0
        self._scenario_clock = 0.0
        self._scenario_cpu = 0.0

    @classmethod
    def open(
        cls,
        environ: Mapping[str, str],
        reports: Path,
        plan: Plan,
        at_once: int = 1,
        *,
        stops: bool = False,
        budget: Budget | None = None,
        record_only: bool = False,
        prepared: str | None = None,
    ) -> Session:
        """Read the lists, find the binary, and begin a run.

        Args:
            environ: the environment of the person who started it.
            reports: the folder of its reports.
            plan: the scenarios to run.
            at_once: how many scenarios run at a time.
            stops: whether it ends with the first new failure.
            budget: of the run; None if it may take as long as it takes.
            record_only: whether it writes no document for people.
            prepared: the folder for what scenarios copy, if several runs share it.

        Raises:
            UnusableInput: there is no usable binary, or a file or variable of the project is unusable.
        """
        time_scale()  # reports a bad value before anything is started
        target = target_of(environ, project.EMBEDDED_TARGET)
        listed = Listed.read(has_deviations=target.has_listed_deviations)
        progress = Progress(plan, at_once, stops=stops, budget=budget)
        shared = Path(prepared) if prepared else None
        run_context = RunContext.open(environ, reports, target, shared)
        return cls(run_context, listed, progress, record_only=record_only)

    @property
    def plan(self) -> Plan:
        """The scenarios of the run."""
        return self.progress.plan

    # --- one scenario

    def begin(self, scenario: Any) -> World | None:
        """Build the World of a scenario; None, with the scenario marked as skipped, if it cannot run here."""
        self._start_clocks()
        self.steps.reset()
        if self.progress.is_stopped:
            self._skip(scenario, Skip.by(Ending.STOPPED))
            return None
        missing = missing_for(scenario, self.run_context)
        budget = self.progress.budget
        if missing is None and budget is not None and not budget.allows(id_of(scenario)):
            missing = OVER_BUDGET
        if missing is not None:
            self._skip(scenario, missing)
            return None
        self._begun += 1
        name, platforms = _name_of(self._begun), platforms_asked_by(scenario)
        return World(self.run_context, name, slug(scenario), platforms)

    def _skip(self, scenario: Any, skip: Skip) -> None:
        self._skips[location_of(scenario)] = skip
        scenario.skip(why_not_run(skip))

    def finish(self, scenario: Any, world: World | None) -> None:
        """Close a scenario's World and add its result."""
        if world is None and self.progress.is_stopped:
            return  # it has not begun
        judgement, leaked = self._judgement_of(scenario), 0
        if world is not None:
            failed = judgement.outcome in (Outcome.BROKEN, Outcome.DEVIATION, Outcome.ERROR)
            interrupted = self.progress.interrupted is not None
            try:
                leaked = closing.close(world, keep=failed, interrupted=interrupted)
            except KeyboardInterrupt:  # the end of the run ends what is left
                judgement = Judgement.not_run(Skip.by(self.progress.ending))
            except Exception as error:  # noqa: BLE001 - a scenario's end must not affect the next scenarios
                judgement = judgement.with_a_failed_end(error)
            if world.timeline is not None:
                world.evidence.write("The timeline", TIMELINE_FILE, drawing_of(world.timeline))
        self.progress.add(self._result(scenario, judgement, world, leaked))

    def _judgement_of(self, scenario: Any) -> Judgement:
        if self.progress.interrupted is not None and scenario.status.name != "passed":
            return Judgement.not_run(Skip.by(self.progress.ending))
        skip = self._skips.get(location_of(scenario))
        return self._judge.judge(scenario, skip, lambda step: self._explained_failure(scenario, step))

    def _explained_failure(self, scenario: Any, step: Any) -> Failure:
        failure = self.steps.failure_at(step)
        self.progress.explanations[location_of(scenario)] = failure.explanation
        return failure

    def _result(
        self, scenario: Any, judgement: Judgement, world: World | None = None, leaked: int = 0
    ) -> ScenarioResult:
        run, compared = self.plan.run_of(scenario), judgement.comparison
        fallbacks, evidence = {}, ""
        spent = costs.costs_of(world) if world is not None else ()
        if world is not None:
            fallbacks = {each.value: count for each, count in (+world.fallbacks).items()}
            evidence = world.evidence.folder.relative_to(self.run_context.reports).as_posix()
        return ScenarioResult(
            id=run.id,
            name=run.name,
            numbers=run.numbers,
            location=run.location,
            outcome=judgement.outcome,
            reason=judgement.reason,
            skip=judgement.skip,
            step=judgement.step,
            deviation=judgement.deviation,
            seconds=round(time.monotonic() - self._scenario_clock, 2),
            commands=world.product_commands if world is not None else 0,
            product_cpu_seconds=round(product_seconds(product_cpu() - self._scenario_cpu, spent), 2),
            leaked=leaked,
            step_type=_type_of_failed(scenario),
            platform=self.run_context.binary.built_for,
            evidence=evidence,
            fallbacks=fallbacks,
            feature=run.feature,
            mark=world.scenario if world is not None else "",
            expected=compared.expected if compared else None,
            actual=compared.actual if compared else None,
            costs=spent,
        )

    def _start_clocks(self) -> None:
        self._scenario_clock, self._scenario_cpu = time.monotonic(), product_cpu()

    # --- side by side

    def become_child(self, number: int, at_step: Callable[[str], None]) -> None:
        """Go on as a process of its own that runs one scenario.

        Args:
            number: of the scenario in the run.
            at_step: called with the text of each step that begins.
        """
        self.run_context.become_child()
        self._is_leader = False
        self.progress.results = []  # the leader's: the last of them is not the result of this scenario
        self._begun = number - 1
        self.steps.at_step = at_step

    def report_of_child(self) -> tuple[ScenarioResult, str] | None:
        """The result of the one scenario and its explanation; None if there is no result."""
        if not self.progress.results:
            return None
        result = self.progress.results[-1]
        return result, self.progress.explanations.get(result.location, "")

    def take_loss(self, scenario: Any, number: int, loss: Loss) -> ScenarioResult:
        """Add the result of a scenario whose process ended without one, and end what it left running.

        Args:
            scenario: behave's.
            number: of the scenario in the run.
            loss: how its process ended.
        """
        self._start_clocks()
        name = _name_of(number)
        try:
            self.run_context.end_scenario(name, self.run_context.folder / name, keep=True)
        except Exception as error:  # noqa: BLE001 - the end of the run tries it again
            self.progress.add_error(error)
        self.progress.unreported.add(location_of(scenario))
        result = self._result(scenario, Judgement.lost(loss))
        self.progress.add(result)
        return result

    def take_error(self, scenario: Any, error: str) -> None:
        """Note an error of the suite itself beside the result of a scenario, as its process reports it."""
        self.progress.unreported.add(location_of(scenario))  # it may have failed before it wrote the result
        self.progress.add_error_from_child(error)

    # --- the run

    def lose_output(self, reason: str) -> None:
        """Note, once, that the run's output can no longer be written; the run goes on."""
        if self._is_leader and not self.progress.output_lost:
            self.progress.output_lost = SECRETS.blank(reason)
            print(
                f"swamp-uat: The output ends here ({self.progress.output_lost}). The run goes on; "
                f"its reports will be in {self.run_context.reports}.",
                file=sys.stderr,
                flush=True,
            )

    def close(self) -> ExitCode:
        """End everything, write the reports, print the summary.

        Returns:
            The exit code.
        """
        try:
            self.run_context.close()
        except Exception as error:  # noqa: BLE001 - the results are written all the same
            self.progress.add_error(error)
        return self.reports.write()


def slug(scenario: Any) -> str:
    """A folder name for a scenario, unique within the run and short enough for every file system."""
    words = re.sub(r"[^a-z0-9]+", "-", scenario.name.lower()).strip("-")
    file = Path(scenario.filename).absolute()
    inside = file.is_relative_to(project.FEATURES)
    parts = file.relative_to(project.FEATURES).parts if inside else file.parts[-2:]
    place = "-".join([*parts[:-1], file.stem])
    return f"{place}-{scenario.line}-{words}"[:60].rstrip("-")


def _name_of(number: int) -> str:
    """The name of a scenario in folders and marks, by its number in the run."""
    return f"scenario-{number:03}"


def _type_of_failed(scenario: Any) -> str:
    step = next((each for each in scenario.all_steps if each.status.has_failed()), None)
    return str(step.step_type) if step is not None else ""
