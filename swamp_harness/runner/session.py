"""The session of one run: begins and ends every scenario, and writes down what became of it."""

from __future__ import annotations

import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from swamp_harness.product.target import target_of
from swamp_harness.render import summary
from swamp_harness.render.documents import write_documents
from swamp_harness.render.signoff import SignOffInputs
from swamp_harness.render.timeline_drawing import TIMELINE_FILE, drawing_of
from swamp_harness.render.words import why_not_run
from swamp_harness.results import deviations, metrics, policy, waivers
from swamp_harness.results.outcome import INTERRUPTIONS, Ending, Outcome
from swamp_harness.results.result import ScenarioResult, exit_code_of
from swamp_harness.results.run_record import MachineOfRun, SuiteRun
from swamp_harness.results.skip import Skip
from swamp_harness.results.waivers import Complaint
from swamp_harness.runner.judgement import Failure, Judge, Judgement
from swamp_harness.runner.requirements import missing_for, platforms_asked_by
from swamp_harness.scenario import closing
from swamp_harness.scenario.run_context import RunContext
from swamp_harness.scenario.timeline import Span
from swamp_harness.scenario.world import World
from swamp_harness.specification import project
from swamp_harness.specification.features import location_of
from swamp_harness.specification.plan import Plan, not_run
from swamp_harness.system.errors import (
    Comparison,
    ContractBroken,
    ExitCode,
    InfrastructureError,
    PromiseBroken,
)
from swamp_harness.system.limits import time_scale
from swamp_harness.system.redaction import SECRETS

_NOT_WORSE_THAN_A_COMPLAINT = {ExitCode.EVERY_PROMISE_HELD, ExitCode.KNOWN_DEVIATIONS}


@dataclass(frozen=True)
class Listed:
    """What product owners have listed.

    Attributes:
        deviations: that are known.
        waivers: of promises.
        policy: what stands against a release.
    """

    deviations: list[deviations.Deviation]
    waivers: list[waivers.Waiver]
    policy: policy.Policy

    @classmethod
    def read(cls) -> Listed:
        """Read both lists, and the policy.

        Raises:
            UnusableInput: one is not usable (exit code 2).
        """
        return cls(
            deviations.load(project.deviations()),
            waivers.load(project.waivers()),
            policy.load(project.POLICY),
        )


class Session:
    """One run over the features.

    Args:
        run_context: what all scenarios share.
        listed: the known deviations, and the waivers.
        plan: what it is to judge.
        at_once: how many scenarios run at a time.
        stops: whether it ends with the first new failure.

    Attributes:
        run_context: what all scenarios share.
        at_once: how many scenarios run at a time.
        results: what became of the scenarios so far, in order.
        explanations: the last things that everybody said, by the location of a scenario that failed.
        unreported: the locations of the scenarios that no process has brought to an end of its own.
        interrupted: the exit code of an interrupted run, None while it has not been interrupted.
        hurried: whether it was interrupted a second time.
        errors: what went wrong in the suite itself, outside of any scenario.
        output_lost: why the run's output could not be written to its end; empty if it could.
    """

    def __init__(
        self, run_context: RunContext, listed: Listed, plan: Plan, at_once: int = 1, *, stops: bool = False
    ) -> None:
        self.run_context = run_context
        self.deviations, self.waivers = listed.deviations, listed.waivers
        self._policy = listed.policy
        self._judge = Judge(self.deviations, self.waivers, run_context.binary.version)
        self.reports = run_context.reports
        self.plan = plan
        self.results: list[ScenarioResult] = []
        self.explanations: dict[str, str] = {}
        self.unreported: set[str] = set()
        self.interrupted: ExitCode | None = None
        self.hurried = False
        self.errors: list[str] = []
        self.output_lost = ""
        self._is_leader = True
        self.at_once = at_once
        self._stops = stops
        self._failures: dict[tuple[str, int], Failure] = {}  # of the present scenario, by step
        self._skips: dict[str, Skip] = {}  # by location
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._begun = 0
        self._scenario_clock = 0.0
        self._scenario_cpu = 0.0
        self._at_step: Callable[[str], None] = lambda _: None
        self._harness_seconds_of_children = 0.0

    @classmethod
    def open(
        cls, environ: Mapping[str, str], reports: Path, plan: Plan, at_once: int = 1, *, stops: bool = False
    ) -> Session:
        """Read the lists, find the binary, and begin a run.

        Args:
            environ: the environment of the person who started it.
            reports: the folder where its artifacts go.
            plan: what it is to judge.
            at_once: how many scenarios run at a time.
            stops: whether it ends with the first new failure.

        Raises:
            UnusableInput: there is no usable binary, or a file or variable of the project is unusable.
        """
        time_scale()  # a bad value is bad input, and must be said before anything is started
        target = target_of(environ, project.EMBEDDED_TARGET)
        listed = (
            Listed.read() if target.has_listed_deviations else Listed([], [], policy.load(project.POLICY))
        )
        return cls(RunContext.open(environ, reports, target), listed, plan, at_once, stops=stops)

    # --- one scenario

    def begin(self, scenario: Any) -> World | None:
        """Build the World of a scenario; None, with the scenario marked as skipped, if it cannot run here."""
        self._scenario_clock, self._scenario_cpu = time.monotonic(), _product_cpu()
        self._failures = {}
        if self.is_stopped:
            self._skip(scenario, Skip.by(Ending.STOPPED))
            return None
        missing = missing_for(scenario, self.run_context)
        if missing is not None:
            self._skip(scenario, missing)
            return None
        self._begun += 1
        return World(
            self.run_context, f"scenario-{self._begun:03}", slug(scenario), platforms_asked_by(scenario)
        )

    def _skip(self, scenario: Any, skip: Skip) -> None:
        self._skips[location_of(scenario)] = skip
        scenario.skip(why_not_run(skip))

    def run_step(self, step: Any, world: World | None, action: Callable[[], None]) -> None:
        """Run one step; whatever goes wrong in it comes out blanked, classified and explained.

        Raises:
            PromiseBroken: the product broke the promise.
            InfrastructureError: an error of the infrastructure, of the set-up, or of the suite itself.
        """
        words = f"{step.keyword} {step.name}"
        self._at_step(words)
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
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not pass for a broken promise
            trace = "".join(traceback.format_exception(error))
            finding = f"The suite itself failed, not the product: {type(error).__name__}: {error}\n{trace}"
            raise self._explained(InfrastructureError, world, step, finding) from None
        finally:
            if world is not None:
                world.steps.append(Span(kind, words, begun, datetime.now(UTC)))

    def finish(self, scenario: Any, world: World | None) -> None:
        """End a scenario's World and write down what became of the scenario."""
        if world is None and self.is_stopped:
            return  # it has not begun
        judgement, leaked = self._judged(scenario), 0
        if world is not None:
            failed = judgement.outcome in (Outcome.BROKEN, Outcome.DEVIATION, Outcome.ERROR)
            try:
                leaked = closing.close(world, keep=failed, interrupted=self.interrupted is not None)
            except KeyboardInterrupt:  # what is left, the end of the run ends
                judgement = Judgement.not_run(Skip.by(self._ending))
            except Exception as error:  # noqa: BLE001 - a scenario's end must not spoil those after it
                judgement = judgement.with_a_failed_end(error)
            if world.timeline is not None:
                world.evidence.write("The timeline", TIMELINE_FILE, drawing_of(world.timeline))
        self.results.append(
            self._result(
                scenario,
                judgement,
                mark=world.scenario if world is not None else "",
                commands=world.product_commands if world is not None else 0,
                fallbacks={each.value: count for each, count in (+world.fallbacks).items()} if world else {},
                leaked=leaked,
                evidence=world.evidence.folder.relative_to(self.reports).as_posix()
                if world is not None
                else "",
            )
        )

    def _result(
        self,
        scenario: Any,
        judgement: Judgement,
        *,
        commands: int = 0,
        leaked: int = 0,
        evidence: str = "",
        fallbacks: Mapping[str, int] | None = None,
        mark: str = "",
    ) -> ScenarioResult:
        run = self.plan.run_of(scenario)
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
            commands=commands,
            product_cpu_seconds=round(_product_cpu() - self._scenario_cpu, 2),
            leaked=leaked,
            step_type=_type_of_failed(scenario),
            platform=self.run_context.binary.built_for,
            evidence=evidence,
            fallbacks=fallbacks or {},
            feature=run.feature,
            mark=mark,
            expected=judgement.comparison.expected if judgement.comparison else None,
            actual=judgement.comparison.actual if judgement.comparison else None,
        )

    @property
    def is_stopped(self) -> bool:
        """Whether no scenario is to begin any more, as one has failed in a new way."""
        return self._stops and any(result.outcome.traits.is_new_failure for result in self.results)

    # --- side by side

    def become_child(self, number: int, at_step: Callable[[str], None]) -> None:
        """Go on as a process of its own that runs one scenario.

        Args:
            number: of the scenario in the run.
            at_step: is told each step that begins.
        """
        self.run_context.become_child()
        self._is_leader = False
        self.results = []  # the leader's: the last of them must not pass for that of this scenario
        self._begun = number - 1
        self._at_step = at_step

    def report_of_child(self) -> tuple[ScenarioResult, str] | None:
        """What became of the one scenario, and its explanation; None if it came to nothing."""
        if not self.results:
            return None
        return self.results[-1], self.explanations.get(self.results[-1].location, "")

    def take(self, result: ScenarioResult, explanation: str, harness_seconds: float) -> ScenarioResult:
        """Take the report of a process that ran one scenario."""
        self.results.append(result)
        self.explanations[result.location] = explanation
        self._harness_seconds_of_children += harness_seconds
        return result

    def take_loss(self, scenario: Any, code: int) -> ScenarioResult:
        """Note that the process of a scenario died without a report."""
        self._scenario_clock, self._scenario_cpu = time.monotonic(), _product_cpu()
        self.unreported.add(location_of(scenario))
        reason = f"The process that ran the scenario died, with exit code {code}: run again."
        self.results.append(self._result(scenario, Judgement(Outcome.ERROR, reason)))
        return self.results[-1]

    # --- the run

    def interrupt(self, code: ExitCode) -> None:
        """Note that the run was interrupted; what runs is ended without another question to the product."""
        self.interrupted = self.interrupted or code

    def lose_output(self, reason: str) -> None:
        """Note, once, that the run's output cannot be written any longer; the run goes on."""
        if self._is_leader and not self.output_lost:
            self.output_lost = SECRETS.blank(reason)
            print(
                f"swamp-uat: The output ends here ({self.output_lost}). The run goes on; its reports will be "
                f"in {self.reports}.",
                file=sys.stderr,
                flush=True,
            )

    def take_error(self, error: BaseException) -> None:
        """Note that the suite itself failed, outside of any scenario."""
        self.errors.append(SECRETS.blank("".join(traceback.format_exception(error))))
        print(f"swamp-uat: The suite itself failed, not the product: {self.errors[-1]}", file=sys.stderr)

    def write_plan(self) -> None:
        """Write the record of a run in which nothing has run yet: what is left of one that is killed."""
        results = self._with_what_has_not_run(Ending.OPEN)
        self._record(results, ExitCode.INCOMPLETE, Ending.OPEN).write_to(self.reports)

    def close(self) -> ExitCode:
        """End everything, write the record and the sign-off page, print the summary.

        Returns:
            The exit code.
        """
        try:
            self.run_context.close()
        except Exception as error:  # noqa: BLE001 - the results must not be lost for it
            self.take_error(error)
        ending = self._ending
        self.unreported |= {run.location for run in self.plan.without_result(self.results)}
        self.results = self._with_what_has_not_run(ending)
        ids = [run.id for run in self.plan.runs]
        complaints = waivers.complaints(self.waivers, self.results, self.run_context.binary.version, ids)
        record = self._record(self.results, self._exit_code(complaints, ending), ending)
        inputs = SignOffInputs(self.plan.runs, self.deviations, self.waivers, policy=self._policy)
        write_documents(record, self.reports, inputs)
        print(summary.of_run(record, complaints, self.reports), flush=True)
        return record.exit_code

    @property
    def _ending(self) -> Ending:
        if self.interrupted is not None:
            return INTERRUPTIONS[self.interrupted]
        if not self.plan.without_result(self.results):
            return Ending.COMPLETE
        return Ending.STOPPED if self.is_stopped else Ending.FAILED

    def _with_what_has_not_run(self, ending: Ending) -> list[ScenarioResult]:
        platform = self.run_context.binary.built_for
        missing = [not_run(run, Skip.by(ending), platform) for run in self.plan.without_result(self.results)]
        return sorted([*self.results, *missing], key=lambda result: result.place)

    def result_of(self, scenario: Any) -> ScenarioResult | None:
        """What became of a scenario, None if it has not been finished."""
        location = location_of(scenario)
        return next((result for result in self.results if result.location == location), None)

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

    def failure_at(self, step: Any) -> Failure:
        """What went wrong at a failed step."""
        return self._failures.get((step.filename, step.line)) or Failure(
            SECRETS.blank(step.error_message or f"the step is {step.status.name}")
        )

    def _judged(self, scenario: Any) -> Judgement:
        if self.interrupted is not None and scenario.status.name != "passed":
            return Judgement.not_run(Skip.by(self._ending))
        skip = self._skips.get(location_of(scenario))
        return self._judge.judge(scenario, skip, lambda step: self._noted_failure(scenario, step))

    def _noted_failure(self, scenario: Any, step: Any) -> Failure:
        failure = self.failure_at(step)
        self.explanations[location_of(scenario)] = failure.explanation
        return failure

    def _metrics(self) -> dict[str, float]:
        ran = [result for result in self.results if result.outcome is not Outcome.NOT_RUN]
        return {
            metrics.SCENARIOS: len(ran),
            metrics.WALL: round(time.monotonic() - self._clock, 1),
            metrics.HARNESS: round(time.process_time() + self._harness_seconds_of_children, 1),
            # The system counts what forked children took of themselves as well.
            metrics.PRODUCT: round(_product_cpu() - self._harness_seconds_of_children, 1),
            metrics.COMMANDS: sum(result.commands for result in ran),
            metrics.PROCESSORS: os.cpu_count() or 1,
            metrics.AT_ONCE: self.at_once,
            metrics.LONGEST: max((result.seconds for result in ran), default=0.0),
        }

    def _exit_code(self, complaints: Sequence[Complaint], ending: Ending) -> ExitCode:
        code = self.interrupted or exit_code_of(self.results)
        if code in {*_NOT_WORSE_THAN_A_COMPLAINT, ExitCode.BAD_COMMAND_LINE}:
            if ending is Ending.FAILED:
                code = ExitCode.INCOMPLETE
            elif self.run_context.unavailable_machines or self.errors:
                code = ExitCode.INFRASTRUCTURE_ERROR
        return ExitCode.PROMISE_BROKEN if complaints and code in _NOT_WORSE_THAN_A_COMPLAINT else code

    def _record(self, results: Sequence[ScenarioResult], code: ExitCode, ending: Ending) -> SuiteRun:
        binary, other = self.run_context.binary, self.run_context.other
        usable = dict.fromkeys(self.run_context.machines, "")
        return SuiteRun(
            started=self._started,
            target=self.run_context.target.name,
            is_for_sign_off=self.run_context.target.is_for_sign_off,
            version=binary.version,
            binaries={binary.built_for: binary.facts()},
            other=other.facts() if other else None,
            exit_code=code,
            metrics=self._metrics(),
            results=tuple(results),
            machines=tuple(
                MachineOfRun(machine.name, machine.platform, fault)
                for machine, fault in {**usable, **self.run_context.unavailable_machines}.items()
            ),
            planned=len(self.plan.chosen),
            ending=ending,
            errors=tuple(self.errors),
            output_lost=self.output_lost,
        )


def banner(session: Session) -> str:
    """What is under test, as lines for the terminal."""
    run_context = session.run_context
    lines = [
        *summary.no_sign_off(run_context.target.name, is_for_sign_off=run_context.target.is_for_sign_off),
        "Under test:",
        *(f"  {name:<13}{value}" for name, value in run_context.binary.facts().items()),
    ]
    if run_context.other is not None:
        lines.append(f"  other binary {run_context.other.path} ({run_context.other.version})")
    lines.append(f"  at a time    {session.at_once} scenario{'s' if session.at_once > 1 else ''}")
    lines += [f"  workers on   {each.name} ({each.platform})" for each in run_context.machines]
    lines += [f"  workers on   {fault}" for fault in run_context.unavailable_machines.values()]
    return "\n".join(lines)


def slug(scenario: Any) -> str:
    """A folder name for a scenario, unique within the run and short enough for every file system."""
    words = re.sub(r"[^a-z0-9]+", "-", scenario.name.lower()).strip("-")
    file = Path(scenario.filename).absolute()
    inside = file.is_relative_to(project.FEATURES)
    parts = file.relative_to(project.FEATURES).parts if inside else file.parts[-2:]
    place = "-".join([*parts[:-1], file.stem])
    return f"{place}-{scenario.line}-{words}"[:60].rstrip("-")


def _type_of_failed(scenario: Any) -> str:
    step = next((each for each in scenario.all_steps if each.status.has_failed()), None)
    return str(step.step_type) if step is not None else ""


def _product_cpu() -> float:
    # Of all children that have ended and been waited for; Windows does not tell, there it stays zero.
    times = os.times()
    return times.children_user + times.children_system
