"""The session of one run: begins and ends every scenario, and writes down what became of it."""

from __future__ import annotations

import os
import re
import shutil
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from swamp_harness.machinery.faults import ContractBroken, ExitCode, InfrastructureFault, PromiseBroken
from swamp_harness.machinery.limits import time_scale
from swamp_harness.machinery.redaction import SECRETS
from swamp_harness.product.target import target_of
from swamp_harness.report import deviations, features, figures, project, summary, waivers
from swamp_harness.report.documents import ALLURE_PAGE, ALLURE_RESULTS, EVIDENCE, write_documents
from swamp_harness.report.features import location_of, numbers_of
from swamp_harness.report.outcomes import Outcome, ScenarioResult, verdict
from swamp_harness.report.suite_run import MachineOfRun, SuiteRun
from swamp_harness.report.timeline_drawing import TIMELINE_FILE, drawing_of
from swamp_harness.scenario.bench import Bench
from swamp_harness.scenario.timeline import Span
from swamp_harness.scenario.world import World
from swamp_harness.tools.judgement import Judge, Judgement
from swamp_harness.tools.requirements import missing_for, platforms_asked_by

_INTERRUPTED = "the run was interrupted"
_NO_FAILURE = {Outcome.HELD, Outcome.WAIVED, Outcome.NOT_RUN}
_NOT_WORSE_THAN_A_COMPLAINT = {ExitCode.EVERY_PROMISE_HELD, ExitCode.KNOWN_DEVIATIONS}


@dataclass(frozen=True)
class Failure:
    """What a failed step raised, before the explanation was added.

    Attributes:
        finding: the message without the explanation.
        explanation: the last things that everybody said, and where the evidence lies.
    """

    finding: str
    explanation: str


class Session:
    """One run over the features.

    Args:
        environ: the environment of the person who started it.
        reports: the folder where its artifacts go; what an earlier run left there is removed.
        at_once: how many scenarios run at a time.

    Raises:
        UnusableInput: there is no usable binary, or a file or variable of the project is unusable.

    Attributes:
        bench: what all scenarios share.
        at_once: how many scenarios run at a time.
        results: what became of the scenarios so far, in order.
        unheard: the scenarios that no process has brought to an end of its own: interrupted, or lost.
        interrupted: the exit code of an interrupted run, None while it has not been interrupted.
    """

    def __init__(self, environ: Mapping[str, str], reports: Path, at_once: int = 1) -> None:
        time_scale()  # a bad value is bad input, and must be said before anything is started
        target = target_of(environ, project.EMBEDDED_TARGET)
        listed = target.has_listed_deviations
        self.deviations = deviations.load(project.deviations()) if listed else []
        self.waivers = waivers.load(project.waivers()) if listed else []
        self.bench = Bench(environ, reports, target)
        self._judge = Judge(self.deviations, self.waivers, self.bench.binary.version)
        for stale in (EVIDENCE, ALLURE_RESULTS):
            shutil.rmtree(reports / stale, ignore_errors=True)
        (reports / ALLURE_PAGE).unlink(missing_ok=True)
        self.reports = reports
        self.results: list[ScenarioResult] = []
        self.unheard: list[Any] = []
        self.interrupted: ExitCode | None = None
        self.failures: dict[str, Failure] = {}
        self.at_once = at_once
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._begun = 0
        self._scenario_clock = 0.0
        self._scenario_cpu = 0.0
        self._at_step: Callable[[str], None] = lambda _: None
        self._harness_seconds_of_children = 0.0

    # --- one scenario

    def begin(self, scenario: Any) -> World | None:
        """Build the World of a scenario; None, with the scenario marked as skipped, if it cannot run here."""
        self._scenario_clock, self._scenario_cpu = time.monotonic(), _product_cpu()
        missing = missing_for(scenario, self.bench)
        if missing is not None:
            scenario.skip(missing)
            return None
        self._begun += 1
        return World(self.bench, f"scenario-{self._begun:03}", slug(scenario), platforms_asked_by(scenario))

    def run_step(self, step: Any, world: World | None, action: Callable[[], None]) -> None:
        """Run one step; whatever goes wrong in it comes out blanked, classified and explained.

        Raises:
            PromiseBroken: the product broke the promise.
            InfrastructureFault: the bench failed, the set-up failed, or the suite itself did.
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
                    InfrastructureFault, world, step, f"The scenario could not be set up. {error}"
                ) from error
            raise self._explained(PromiseBroken, world, step, str(error)) from error
        except InfrastructureFault as error:
            raise self._explained(InfrastructureFault, world, step, str(error)) from error
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not pass for a broken promise
            trace = "".join(traceback.format_exception(error))
            finding = f"The suite itself failed, not the product: {type(error).__name__}: {error}\n{trace}"
            raise self._explained(InfrastructureFault, world, step, finding) from None
        finally:
            if world is not None:
                world.steps.append(Span(kind, words, begun, datetime.now(UTC)))

    def finish(self, scenario: Any, world: World | None) -> None:
        """End a scenario's World and write down what became of the scenario."""
        judgement, swept_up = self._judged(scenario), 0
        if world is not None:
            failed = judgement.outcome in (Outcome.BROKEN, Outcome.DEVIATION, Outcome.FAULT)
            try:
                swept_up = world.close(keep=failed, interrupted=self.interrupted is not None)
            except Exception as error:  # noqa: BLE001 - a scenario's end must not spoil those after it
                judgement = judgement.with_a_failed_end(error)
            if world.timeline is not None:
                world.evidence.write("The timeline", TIMELINE_FILE, drawing_of(world.timeline))
        self.results.append(
            self._result(
                scenario,
                judgement,
                commands=world.product_commands if world is not None else 0,
                swept_up=swept_up,
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
        swept_up: int = 0,
        evidence: str = "",
    ) -> ScenarioResult:
        return ScenarioResult(
            name=scenario.name,
            numbers=numbers_of(scenario),
            location=location_of(scenario),
            outcome=judgement.outcome,
            reason=judgement.reason,
            step=judgement.step,
            deviation=judgement.deviation,
            seconds=round(time.monotonic() - self._scenario_clock, 2),
            commands=commands,
            product_cpu_seconds=round(_product_cpu() - self._scenario_cpu, 2),
            swept_up=swept_up,
            step_type=_type_of_failed(scenario),
            platform=self.bench.binary.built_for,
            evidence=evidence,
        )

    @property
    def has_failures(self) -> bool:
        """Whether a scenario has failed so far, for whatever reason."""
        return any(result.outcome not in _NO_FAILURE for result in self.results)

    # --- side by side

    def become_child(self, number: int, at_step: Callable[[str], None]) -> None:
        """Go on as a process of its own that runs one scenario.

        Args:
            number: of the scenario in the run.
            at_step: is told each step that begins.
        """
        self.bench.become_child()
        self.results = []  # the leader's: the last of them must not pass for that of this scenario
        self._begun = number - 1
        self._at_step = at_step

    def report_of_child(self) -> tuple[ScenarioResult, dict[str, Failure]] | None:
        """What became of the one scenario, and what went wrong in it; None if it came to nothing."""
        return (self.results[-1], self.failures) if self.results else None

    def take(
        self, result: ScenarioResult, failures: Mapping[str, Failure], harness_seconds: float
    ) -> ScenarioResult:
        """Take the report of a process that ran one scenario."""
        self.results.append(result)
        self.failures.update(failures)
        self._harness_seconds_of_children += harness_seconds
        return result

    def take_interrupted(self, chosen: Sequence[Any]) -> None:
        """Note which scenarios did not come to their end, or did not begin, if the run was interrupted.

        Args:
            chosen: all that were to run.
        """
        if self.interrupted is None:
            return
        self._scenario_clock, self._scenario_cpu = time.monotonic(), _product_cpu()
        ended = {result.location for result in self.results}
        for scenario in chosen:
            if location_of(scenario) not in ended:
                self.unheard.append(scenario)
                self.results.append(self._result(scenario, Judgement(Outcome.NOT_RUN, _INTERRUPTED)))

    def take_loss(self, scenario: Any, code: int) -> ScenarioResult:
        """Note that the process of a scenario died without a report."""
        self._scenario_clock = time.monotonic()
        self.unheard.append(scenario)
        reason = f"The process that ran the scenario died, with exit code {code}: run again."
        self.results.append(self._result(scenario, Judgement(Outcome.FAULT, reason)))
        return self.results[-1]

    # --- the run

    def interrupt(self, code: ExitCode) -> None:
        """Note that the run was interrupted; what runs is ended without another question to the product."""
        self.interrupted = self.interrupted or code

    def close(self) -> ExitCode:
        """End everything, write the record and the sign-off page, print the summary.

        Returns:
            The verdict.
        """
        self.bench.close()
        results = sorted(self.results, key=lambda result: result.place)
        names = [run.name for run in features.runs_in(features.parse(project.FEATURES))]
        complaints = waivers.complaints(self.waivers, results, self.bench.binary.version, names)
        record = self._record(results, self._verdict(results, complaints))
        write_documents(record, self.reports, self.deviations, self.waivers)
        print(summary.of_run(record, complaints, self.reports), flush=True)
        return record.verdict

    def result_of(self, scenario: Any) -> ScenarioResult | None:
        """What became of a scenario, None if it has not been finished."""
        location = location_of(scenario)
        return next((result for result in self.results if result.location == location), None)

    def _explained(
        self, kind: type[PromiseBroken | InfrastructureFault], world: World | None, step: Any, finding: str
    ) -> PromiseBroken | InfrastructureFault:
        explanation = SECRETS.blank(world.explanation()) if world is not None else ""
        self.failures[f"{step.filename}:{step.line}:{step.name}"] = Failure(
            SECRETS.blank(finding), explanation
        )
        return kind(f"{finding}\n\n{explanation}" if explanation else finding)

    def failure_at(self, step: Any) -> Failure:
        """What went wrong at a failed step."""
        key = f"{step.filename}:{step.line}:{step.name}"
        return self.failures.get(key) or Failure(
            SECRETS.blank(step.error_message or f"the step is {step.status.name}"), ""
        )

    def _judged(self, scenario: Any) -> Judgement:
        if self.interrupted is not None and scenario.status.name != "passed":
            return Judgement(Outcome.NOT_RUN, _INTERRUPTED)
        return self._judge.judge(scenario, lambda step: self.failure_at(step).finding)

    def _figures(self) -> dict[str, float]:
        ran = [result for result in self.results if result.outcome is not Outcome.NOT_RUN]
        return {
            figures.SCENARIOS: len(ran),
            figures.WALL: round(time.monotonic() - self._clock, 1),
            figures.HARNESS: round(time.process_time() + self._harness_seconds_of_children, 1),
            # The system counts what forked children took of themselves as well.
            figures.PRODUCT: round(_product_cpu() - self._harness_seconds_of_children, 1),
            figures.COMMANDS: sum(result.commands for result in ran),
            figures.PROCESSORS: os.cpu_count() or 1,
            figures.AT_ONCE: self.at_once,
            figures.LONGEST: max((result.seconds for result in ran), default=0.0),
        }

    def _verdict(self, results: Sequence[ScenarioResult], complaints: Sequence[str]) -> ExitCode:
        code = self.interrupted or verdict(results)
        if self.bench.faults_of_machines and code in {
            *_NOT_WORSE_THAN_A_COMPLAINT,
            ExitCode.BAD_COMMAND_LINE,
        }:
            code = ExitCode.INFRASTRUCTURE_FAULT
        return ExitCode.PROMISE_BROKEN if complaints and code in _NOT_WORSE_THAN_A_COMPLAINT else code

    def _record(self, results: Sequence[ScenarioResult], code: ExitCode) -> SuiteRun:
        binary, other = self.bench.binary, self.bench.other
        usable = dict.fromkeys(self.bench.machines, "")
        return SuiteRun(
            started=self._started,
            target=self.bench.target.name,
            is_for_sign_off=self.bench.target.is_for_sign_off,
            version=binary.version,
            binaries={binary.built_for: binary.facts()},
            other=other.facts() if other else None,
            verdict=code,
            figures=self._figures(),
            results=tuple(results),
            machines=tuple(
                MachineOfRun(machine.name, machine.platform, fault)
                for machine, fault in {**usable, **self.bench.faults_of_machines}.items()
            ),
        )


def banner(session: Session) -> str:
    """What is under test, as lines for the terminal."""
    bench = session.bench
    lines = [
        *summary.no_sign_off(bench.target.name, is_for_sign_off=bench.target.is_for_sign_off),
        "Under test:",
        *(f"  {name:<13}{value}" for name, value in bench.binary.facts().items()),
    ]
    if bench.other is not None:
        lines.append(f"  other binary {bench.other.path} ({bench.other.version})")
    lines.append(f"  at a time    {session.at_once} scenario{'s' if session.at_once > 1 else ''}")
    lines += [f"  bench        {each.name} ({each.platform})" for each in bench.machines]
    lines += [f"  bench        {fault}" for fault in bench.faults_of_machines.values()]
    return "\n".join(lines)


def slug(scenario: Any) -> str:
    """A folder name for a scenario, unique within the run and short enough for every file system."""
    words = re.sub(r"[^a-z0-9]+", "-", scenario.name.lower()).strip("-")
    return f"{Path(scenario.filename).stem}-{scenario.line}-{words}"[:60].rstrip("-")


def _type_of_failed(scenario: Any) -> str:
    step = next((each for each in scenario.all_steps if each.status.has_failed()), None)
    return str(step.step_type) if step is not None else ""


def _product_cpu() -> float:
    # Of all children that have ended and been waited for; Windows does not tell, there it stays zero.
    times = os.times()
    return times.children_user + times.children_system
