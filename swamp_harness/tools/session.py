"""The session of one run: begins and ends every scenario, and writes down what became of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from swamp_harness.machinery.faults import ExitCode, InfrastructureFault, PromiseBroken
from swamp_harness.machinery.limits import time_scale
from swamp_harness.machinery.redaction import SECRETS
from swamp_harness.product.binary import this_platform
from swamp_harness.product.target import Target, target_of
from swamp_harness.scenario.bench import Bench
from swamp_harness.scenario.world import World
from swamp_harness.tools import deviations, project
from swamp_harness.tools.features import UAT_TAG
from swamp_harness.tools.outcomes import NOT_SELECTED, Outcome, ScenarioResult, verdict, verdict_in_words

_NEEDS_OTHER_BINARY = "other-binary"
_PLATFORM = "platform-"
_NOT_ON_WINDOWS = {
    "terminal": "needs a terminal, which this suite does not have on Windows",
    "posix": "needs a POSIX shell for its steps, which Windows does not have",
}


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
        reports: where its artifacts go; what an earlier run left there is removed.

    Raises:
        UnusableInput: there is no usable binary, or a file or variable of the project is unusable.

    Attributes:
        bench: what all scenarios share.
        results: what became of the scenarios so far, in order.
        interrupted: the exit code of an interrupted run, None while it has not been interrupted.
    """

    def __init__(self, environ: Mapping[str, str], reports: Path) -> None:
        time_scale()  # a bad value is bad input, and must be said before anything is started
        target = target_of(environ, project.EMBEDDED_TARGET)
        self.deviations = deviations.load(project.deviations()) if target.has_listed_deviations else []
        self.bench = Bench(environ, reports, target)
        for stale in ("evidence", "allure-results"):
            shutil.rmtree(reports / stale, ignore_errors=True)
        reports.mkdir(parents=True, exist_ok=True)
        self.reports = reports
        self.results: list[ScenarioResult] = []
        self.interrupted: ExitCode | None = None
        self.failures: dict[str, Failure] = {}
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
        missing = self._missing_for(scenario)
        if missing is not None:
            scenario.skip(missing)
            return None
        self._begun += 1
        return World(self.bench, f"scenario-{self._begun:03}", slug(scenario))

    def run_step(self, step: Any, world: World | None, action: Callable[[], None]) -> None:
        """Run one step; whatever goes wrong in it comes out blanked, classified and explained.

        Raises:
            PromiseBroken: the product broke the promise.
            InfrastructureFault: the bench failed, the set-up failed, or the suite itself did.
        """
        self._at_step(f"{step.keyword} {step.name}")
        try:
            action()
        except PromiseBroken as error:
            if step.step_type == "given":
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

    def finish(self, scenario: Any, world: World | None) -> None:
        """End a scenario's World and write down what became of the scenario."""
        outcome, reason, step = self._outcome_of(scenario)
        swept_up = 0
        if world is not None:
            failed = outcome in (Outcome.BROKEN, Outcome.DEVIATION, Outcome.FAULT)
            try:
                swept_up = world.close(keep=failed, interrupted=self.interrupted is not None)
            except Exception as error:  # noqa: BLE001 - a scenario's end must not spoil those after it
                outcome, reason = Outcome.FAULT, f"Cleaning up failed: {type(error).__name__}: {error}"
        commands = world.product_commands if world is not None else 0
        self.results.append(
            self._result(scenario, outcome, reason, step=step, commands=commands, swept_up=swept_up)
        )

    def _result(
        self,
        scenario: Any,
        outcome: Outcome,
        reason: str,
        *,
        step: str = "",
        commands: int = 0,
        swept_up: int = 0,
    ) -> ScenarioResult:
        numbers = [int(match[1]) for tag in scenario.effective_tags if (match := UAT_TAG.match(tag))]
        return ScenarioResult(
            name=scenario.name,
            numbers=tuple(sorted(numbers)),
            location=f"{scenario.filename}:{scenario.line}",
            outcome=outcome,
            reason=reason,
            step=step,
            seconds=time.monotonic() - self._scenario_clock,
            commands=commands,
            product_cpu_seconds=_product_cpu() - self._scenario_cpu,
            swept_up=swept_up,
            step_type=_type_of_failed(scenario),
        )

    @property
    def has_failures(self) -> bool:
        """Whether a scenario has failed so far, for whatever reason."""
        return any(result.outcome not in (Outcome.HELD, Outcome.NOT_RUN) for result in self.results)

    # --- side by side

    def become_child(self, number: int, at_step: Callable[[str], None]) -> None:
        """Go on as a process of its own that runs one scenario.

        Args:
            number: of the scenario in the run.
            at_step: is told each step that begins.
        """
        self.bench.become_child()
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

    def take_loss(self, scenario: Any, code: int) -> ScenarioResult:
        """Note that the process of a scenario died without a report."""
        self._scenario_clock = time.monotonic()
        reason = f"The process that ran the scenario died, with exit code {code}: run again."
        self.results.append(self._result(scenario, Outcome.FAULT, reason))
        return self.results[-1]

    # --- the run

    def interrupt(self, code: ExitCode) -> None:
        """Note that the run was interrupted; what runs is ended without another question to the product."""
        self.interrupted = self.interrupted or code

    def close(self) -> ExitCode:
        """End everything, write `run.json`, print the summary.

        Returns:
            The verdict.
        """
        self.bench.close()
        self.results.sort(key=_place)
        code = self.interrupted or verdict(self.results)
        figures = self._figures()
        (self.reports / "run.json").write_text(
            SECRETS.blank(json.dumps(self._record(code, figures), indent=2)) + "\n", "utf-8"
        )
        self._print_summary(code, figures)
        return code

    def result_of(self, scenario: Any) -> ScenarioResult | None:
        """What became of a scenario, None if it has not been finished."""
        location = f"{scenario.filename}:{scenario.line}"
        return next((result for result in self.results if result.location == location), None)

    def _missing_for(self, scenario: Any) -> str | None:
        if _NEEDS_OTHER_BINARY in scenario.effective_tags and self.bench.other is None:
            return "needs a binary of another protocol version: give one with SWAMP_OTHER_BIN"
        asked = {tag for tag in scenario.effective_tags if tag.startswith(_PLATFORM)}
        if asked and f"{_PLATFORM}{this_platform()}" not in asked:
            return f"needs a machine with {' or '.join(sorted(tag.removeprefix(_PLATFORM) for tag in asked))}"
        missing = [reason for tag, reason in _NOT_ON_WINDOWS.items() if tag in scenario.effective_tags]
        return missing[0] if missing and sys.platform == "win32" else None

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

    def _outcome_of(self, scenario: Any) -> tuple[Outcome, str, str]:
        status = scenario.status.name
        if status == "passed":
            listed = deviations.of_scenario(self.deviations, scenario.name)
            if listed is None:
                return Outcome.HELD, "", ""
            gone = f"deviations.yaml lists {listed.id!r}, which no longer happens: remove the entry"
            return Outcome.DEVIATION_GONE, gone, ""
        if self.interrupted is not None:
            return Outcome.NOT_RUN, "the run was interrupted", ""
        if status in ("skipped", "untested"):
            return Outcome.NOT_RUN, scenario.skip_reason or NOT_SELECTED, ""
        return self._outcome_of_failed(scenario)

    def _outcome_of_failed(self, scenario: Any) -> tuple[Outcome, str, str]:
        step = next((each for each in scenario.all_steps if each.status.has_failed()), None)
        if step is None:
            return Outcome.FAULT, SECRETS.blank(scenario.error_message or "a hook failed"), ""
        finding, words = self.failure_at(step).finding, f"{step.keyword} {step.name}"
        if step.status.name != "failed":
            return Outcome.FAULT, finding, words
        listed = deviations.of_scenario(self.deviations, scenario.name)
        if listed is not None and listed.explains(step.name, finding):
            return Outcome.DEVIATION, f"{listed.id}: {listed.seen}", words
        return Outcome.BROKEN, finding, words

    def _figures(self) -> dict[str, float]:
        ran = [result for result in self.results if result.outcome is not Outcome.NOT_RUN]
        return {
            "scenarios": len(ran),
            "wall seconds": round(time.monotonic() - self._clock, 1),
            "harness processor seconds": round(time.process_time() + self._harness_seconds_of_children, 1),
            # The system counts what forked children took of themselves as well.
            "product processor seconds": round(_product_cpu() - self._harness_seconds_of_children, 1),
            "product commands": sum(result.commands for result in ran),
        }

    def _record(self, code: ExitCode, figures: dict[str, float]) -> dict[str, Any]:
        return {
            "started": self._started.isoformat(timespec="seconds"),
            "target": self.bench.target.name,
            "sign-off": self.bench.target.is_for_sign_off,
            "binary": self.bench.binary.facts(),
            "other binary": self.bench.other.facts() if self.bench.other else None,
            "verdict": code.name,
            "figures": figures,
            "results": [{**asdict(result), "outcome": result.outcome.value} for result in self.results],
        }

    def _print_summary(self, code: ExitCode, figures: dict[str, float]) -> None:
        lines = ["", *no_sign_off(self.bench.target), verdict_in_words(self.results, code)]
        for outcome in (Outcome.BROKEN, Outcome.DEVIATION_GONE, Outcome.FAULT, Outcome.DEVIATION):
            lines += [
                f"  {outcome.value}: {_with_place(result)}\n    {result.reason.splitlines()[0]}"
                for result in self.results
                if result.outcome is outcome
            ]
        reasons = {
            result.reason: _with_place(result)
            for result in self.results
            if result.outcome is Outcome.NOT_RUN and result.reason != NOT_SELECTED
        }
        lines += [f"  not run: {name}\n    {reason}" for reason, name in reasons.items()]
        told = ", ".join(f"{value:g} {name}" for name, value in figures.items())
        commands = figures["product commands"] / (figures["scenarios"] or 1)
        lines += [f"Figures: {told} ({commands:.1f} commands per scenario)", f"Reports: {self.reports}"]
        print(SECRETS.blank("\n".join(lines)), flush=True)


def banner(session: Session) -> str:
    """What is under test, as lines for the terminal."""
    facts = session.bench.binary.facts()
    lines = [
        *no_sign_off(session.bench.target),
        "Under test:",
        *(f"  {name:<13}{value}" for name, value in facts.items()),
    ]
    if session.bench.other is not None:
        lines.append(f"  other binary {session.bench.other.path} ({session.bench.other.version})")
    return "\n".join(lines)


def no_sign_off(target: Target) -> list[str]:
    """The sentence that a run against this target is no sign-off, as lines; none if it is one."""
    if target.is_for_sign_off:
        return []
    return [
        f"NOT A SIGN-OFF: this run is against {target.name}, not against swamp. "
        "For a release give a binary: make uat SWAMP_BIN=/path/to/swamp"
    ]


def slug(scenario: Any) -> str:
    """A folder name for a scenario, unique within the run and short enough for every file system."""
    words = re.sub(r"[^a-z0-9]+", "-", scenario.name.lower()).strip("-")
    return f"{Path(scenario.filename).stem}-{scenario.line}-{words}"[:60].rstrip("-")


def _type_of_failed(scenario: Any) -> str:
    step = next((each for each in scenario.all_steps if each.status.has_failed()), None)
    return str(step.step_type) if step is not None else ""


def _place(result: ScenarioResult) -> tuple[str, int]:
    file, _, line = result.location.rpartition(":")
    return file, int(line)


def _with_place(result: ScenarioResult) -> str:
    return f"{result.title} ({result.location})"


def _product_cpu() -> float:
    # Of all children that have ended and been waited for; Windows does not tell, there it stays zero.
    times = os.times()
    return times.children_user + times.children_system
