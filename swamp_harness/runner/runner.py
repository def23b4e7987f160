"""behave's runner for this suite: checks first, explains failures, and ends with a meaningful exit code.

Named in `pyproject.toml`, so a plain `behave` uses it too.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from behave.exception import ConfigError, InvalidFileLocationError, InvalidFilenameError
from behave.exception import FileNotFoundError as NoSuchFeature
from behave.formatter._registry import make_formatters, select_formatter_class
from behave.runner import Context, Runner
from behave.runner_util import parse_features
from behave.step_registry import AmbiguousStep

from swamp_harness.product.target import target_of
from swamp_harness.render.documents import set_aside
from swamp_harness.render.gate import gate_at_start
from swamp_harness.runner.allure import AllureFormatter
from swamp_harness.runner.budget import Budget
from swamp_harness.runner.changed import changed_since, select_changed, since_in_words
from swamp_harness.runner.choice import Choice
from swamp_harness.runner.console import ConsoleFormatter, banner, result_text
from swamp_harness.runner.display import Display
from swamp_harness.runner.endings import exit_code_of
from swamp_harness.runner.filters import nothing_chosen, refuse_lines_after_the_end, refuse_unknown_tags
from swamp_harness.runner.interruptions import Interruptions
from swamp_harness.runner.parallel import SideBySide
from swamp_harness.runner.reports_folder import set_older_aside, taken
from swamp_harness.runner.requirements import missing_for
from swamp_harness.runner.schedule import can_fork
from swamp_harness.runner.selection import (
    BUDGET,
    PREPARED,
    RECORD_ONLY,
    SINCE,
    chosen_of,
    plan_of,
    refuse_mistakes,
    scenarios_of,
)
from swamp_harness.runner.session import Session
from swamp_harness.runner.start import refuse_if_misplaced, refuse_unknown_variables
from swamp_harness.runner.step_runner import StepRegistry
from swamp_harness.runner.steps import are_loaded, defined_twice, forget_definitions
from swamp_harness.specification import project
from swamp_harness.specification.feature_files import FeatureMistake, read_features
from swamp_harness.specification.features import location_of
from swamp_harness.specification.gate import Capacity
from swamp_harness.system.capacity import processors
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.lasting_output import LastingStream, lasting_output
from swamp_harness.system.plain_text import for_terminal


class UatRunner(Runner):  # type: ignore[misc]
    """Runs the features against the binary under test.

    A dry run needs no binary and tests nothing; it is behave's own.
    """

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self._session: Session | None = None
        self._interrupted: ExitCode | None = None
        self._interruptions = Interruptions(self._interrupt)
        self._notes: list[str] = []  # printed before the first scenario

    def run(self) -> bool:
        """Run with standard streams that may fail, and end with the exit code of the run.

        Returns:
            Whether a dry run failed. A real run ends the process.

        Raises:
            SystemExit: with the exit code that docs/reading-failures.md explains.
        """
        failed: list[bool] = []

        def run() -> int:
            refuse_if_misplaced()
            if not self.config.dry_run:
                set_older_aside(project.reports())
                refuse_unknown_variables(os.environ)
            failed.append(super(UatRunner, self).run())
            return ExitCode.EVERY_PROMISE_HELD

        with lasting_output() as output:
            for opener in self.config.outputs:
                if opener.stream is not None and opener.name is None:
                    opener.stream = output
            code = exit_code_of(lambda: _with_clear_errors(run))
        if code:
            raise SystemExit(code)
        return failed[0]

    def setup_paths(self) -> None:
        """Find the steps: beside the features or above them, else those of the project.

        So a feature may lie anywhere, such as among the reports.
        """
        if not self.config.paths or _has_steps(Path(str(self.config.paths[0]))):
            super().setup_paths()
            return
        self.base_dir = self.config.base_dir = str(project.FEATURES)
        self.path_manager.add(self.base_dir)
        self.path_manager.add(str(Path.cwd()))

    def load_step_definitions(self, extra_step_paths: Sequence[str] | None = None) -> None:
        """Load the step definitions, unless the process that this one is a fork of has loaded the same."""
        if not are_loaded(Path(self.base_dir)):
            forget_definitions()
            super().load_step_definitions(extra_step_paths)

    def run_with_paths(self) -> bool:
        """Read everything first, then look for the binary, then run.

        Returns:
            Whether a dry run failed. A real run ends the process.

        Raises:
            SystemExit: with the exit code that docs/reading-failures.md explains.
        """
        try:
            with self._interruptions.handled():
                return self._read_and_run()
        except KeyboardInterrupt:
            print("swamp-uat: The run was interrupted before its results were written.", file=sys.stderr)
            raise SystemExit(self._interrupted or ExitCode.INTERRUPTED) from None

    def _read_and_run(self) -> bool:
        logging.getLogger("behave").setLevel(logging.ERROR)  # the session reports what was skipped
        self.context = Context(self)
        self.load_hooks()
        self.load_step_definitions()
        locations = [place for place in self.feature_locations() if not self.config.exclude(place)]
        read_features(Path(place.filename) for place in locations)  # reports what cannot be read
        refuse_lines_after_the_end(locations)
        self.features.extend(parse_features(locations, language=self.config.lang))
        if self.config.dry_run:
            self.formatters = make_formatters(self.config, self.config.outputs)
            return bool(self.run_model())
        raise SystemExit(self._run_against_binary())

    def _run_against_binary(self) -> ExitCode:
        try:
            if self._at_once > 1:
                self._refuse_what_one_process_writes()
            seconds = float(self.config.userdata.get(BUDGET, 0))
            choice = Choice.of(target_of(os.environ, project.EMBEDDED_TARGET).name, project.reports())
            budget = Budget(seconds, choice.seconds_of) if seconds else None
            refuse_unknown_tags(self.features, self.config)
            selected = chosen_of(self.features, self.config, choice.seconds_of)
            refuse_mistakes(self.features, selected, self.config)
            if not selected:
                raise nothing_chosen(self.features, self.config)
            chosen = self._changed(selected)
            if not chosen:
                print(for_terminal("\n".join(self._notes)), flush=True)
                return ExitCode.EVERY_PROMISE_HELD
            plan = plan_of(self.features, chosen)
            with taken(project.reports()) as reports:
                set_aside(reports)
                # The session decides when the run stops: behave would stop at a known deviation.
                stops, self.config.stop = bool(self.config.stop), False
                self._session = Session.open(
                    os.environ,
                    reports,
                    plan,
                    self._at_once,
                    stops=stops,
                    budget=budget,
                    record_only=RECORD_ONLY in self.config.userdata,
                    prepared=self.config.userdata.get(PREPARED),
                )
                if budget is not None:
                    chosen = self._gate(self._session, budget, chosen, choice)
                return self._judge_with(self._session, chosen, choice)
        except UnusableInput as error:
            print(for_terminal(f"swamp-uat: {error}"), file=sys.stderr)
            return error.exit_code

    def _changed(self, chosen: Sequence[Any]) -> Sequence[Any]:
        """The scenarios among those that were chosen that have changed since the commit that is named."""
        since = self.config.userdata.get(SINCE, "")
        if not since:
            return chosen
        changed = changed_since(since)
        concerned = select_changed(changed, chosen)
        self._notes.append(since_in_words(changed, concerned))
        return concerned

    def _gate(self, session: Session, budget: Budget, chosen: Sequence[Any], choice: Choice) -> list[Any]:
        """The scenarios of the gate among those that were chosen; the plan keeps no others."""
        possible = {location_of(each) for each in chosen if missing_for(each, session.run_context) is None}
        runs = [run for run in session.plan.chosen if run.location in possible]
        gate = choice.gate(runs, Capacity(budget.seconds, processors(), self._at_once))
        if gate.chosen and not any(budget.allows(each.id) for each in gate.chosen):
            raise UnusableInput(
                f"A budget of {budget.seconds:g} s is too short: after the start of the run no scenario "
                "fits. Give more, such as 5m.",
                ExitCode.BAD_COMMAND_LINE,
            )
        session.progress.plan = session.plan.only([each.id for each in gate.chosen])
        kept = {run.location for run in session.plan.chosen}
        self._notes += gate_at_start(gate)
        return [each for each in chosen if location_of(each) in kept]

    @property
    def _at_once(self) -> int:
        return int(self.config.jobs) if can_fork() else 1

    def _refuse_what_one_process_writes(self) -> None:
        for name, kind, output in self._formats():
            # Allure has a file for each scenario; the leader prints to the terminal for all.
            to_terminal = output is None or output.name is None
            if not issubclass(kind, AllureFormatter) and not (to_terminal and kind is ConsoleFormatter):
                raise _written_by_one_process(f"--format {name}")
        if self.config.junit:
            raise _written_by_one_process("--junit")

    def _formats(self) -> list[tuple[str, type[Any], Any]]:
        chosen = zip_longest(self.config.format, self.config.outputs)
        return [(name, select_formatter_class(name), output) for name, output in chosen]

    def _interrupt(self, code: ExitCode) -> None:
        self._interrupted = self._interrupted or code
        if self._session is not None:
            progress = self._session.progress
            progress.hurried = progress.interrupted is not None
            progress.interrupt(code)

    def _judge_with(self, session: Session, chosen: Sequence[Any], choice: Choice) -> ExitCode:
        self.config.session = session  # for the formatters, which behave builds
        self.context._set_root_attribute("session", session)  # for the hooks
        self.step_registry = StepRegistry(session.steps)
        if isinstance(sys.stdout, LastingStream):
            sys.stdout.when_lost(session.lose_output)
        with self._interruptions.held():
            session.reports.write_plan()
            try:
                with self._interruptions.raised():
                    print(for_terminal("\n".join([banner(session), *self._notes])), flush=True)
                    self._run(session, chosen, choice)
            except KeyboardInterrupt:
                session.progress.interrupt(ExitCode.INTERRUPTED)
            except BaseException as error:  # noqa: BLE001 - after any error the results so far are written
                session.progress.add_error(error)
            code = session.close()
            self._report_to_allure(
                [each for each in chosen if location_of(each) in session.progress.unreported]
            )
        return code

    def _run(self, session: Session, chosen: Sequence[Any], choice: Choice) -> None:
        if session.progress.at_once > 1:
            session.run_context.preparation.make()
            with self._interruptions.held():
                self._run_side_by_side(session, chosen, choice)
        else:
            self._run_one_by_one(session, chosen)

    def _report_to_allure(self, scenarios: Sequence[Any]) -> None:
        for _, kind, output in self._formats() if scenarios else ():
            if issubclass(kind, AllureFormatter):
                formatter = kind(output, self.config)
                for scenario in scenarios:
                    formatter.report(scenario)
                formatter.close()

    def _run_one_by_one(self, session: Session, chosen: Sequence[Any]) -> None:
        wanted = {id(scenario) for scenario in chosen}  # behave calls scenarios of one name equal
        for scenario in scenarios_of(self.features):
            if id(scenario) not in wanted:
                scenario.mark_skipped()
        self.formatters = make_formatters(self.config, self.config.outputs)
        try:
            self.run_model()
        except BaseException:
            for formatter in self.formatters:  # they write what they have, and get no further events
                with contextlib.suppress(Exception):
                    formatter.close()
            raise
        if self.aborted:
            session.progress.interrupt(ExitCode.INTERRUPTED)

    def _run_side_by_side(self, session: Session, chosen: Sequence[Any], choice: Choice) -> None:
        plan, at_once = session.plan, session.progress.at_once
        display = Display(plan.chosen, choice.seconds_of, at_once)
        SideBySide(
            session,
            at_once,
            self._run_alone,
            lambda result: display.print(result_text(session, result)),
            display,
        ).run(
            choice.in_order(chosen, plan.chosen, at_once, may_end_early=session.progress.budget is not None)
        )

    def _run_alone(self, scenario: Any) -> None:
        made = make_formatters(self.config, self.config.outputs)
        # The leader prints to the terminal for all.
        self.formatters = [each for each in made if each.stream_opener.name]
        self.config.reporters = []
        scenario.feature.run_items = [scenario]
        self.run_model([scenario.feature])


def _has_steps(place: Path) -> bool:
    folder = place.absolute()
    return any((each / "steps").is_dir() for each in (folder, *folder.parents))


def _with_clear_errors(run: Callable[[], int]) -> int:
    try:
        return run()
    except AmbiguousStep as error:
        raise FeatureMistake([defined_twice(error)]) from error
    except (ConfigError, NoSuchFeature, InvalidFileLocationError, InvalidFilenameError) as error:
        raise UnusableInput(f"the features cannot be found: {error}", ExitCode.BAD_COMMAND_LINE) from error


def _written_by_one_process(option: str) -> UnusableInput:
    return UnusableInput(
        f"{option} needs a single process: run one scenario at a time with -j 1 (JOBS=1), or leave it out.",
        ExitCode.BAD_COMMAND_LINE,
    )
