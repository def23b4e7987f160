"""behave's runner for this suite: looks before it leaps, explains what fails, ends with a telling exit code.

Named in `pyproject.toml`, so a plain `behave` uses it too.
"""

from __future__ import annotations

import functools
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from behave.formatter._registry import make_formatters
from behave.runner import Context, Runner, the_step_registry
from behave.runner_util import parse_features

from swamp_harness.machinery.faults import ExitCode, UnusableInput
from swamp_harness.machinery.redaction import SECRETS
from swamp_harness.report import project
from swamp_harness.report.coverage import recorded_seconds
from swamp_harness.tools.console import told
from swamp_harness.tools.display import Display
from swamp_harness.tools.reports_folder import taken
from swamp_harness.tools.session import Session, banner
from swamp_harness.tools.side_by_side import SideBySide, can_fork, longest_first, shard_in, shard_of

# What behave's user data call the part of the scenarios that is wanted.
SHARD = "shard"


class Terminated(KeyboardInterrupt):
    """SIGTERM came. behave ends a run in good order on KeyboardInterrupt, so that is what this is."""


class UatRunner(Runner):  # type: ignore[misc]
    """Runs the features against the binary under test.

    A dry run needs no binary and judges nothing; it is behave's own.
    """

    def run_with_paths(self) -> bool:
        """Read everything first, then look for the binary, then run.

        Returns:
            Whether a dry run failed. A real run ends the process.

        Raises:
            SystemExit: with the exit code that the README's table explains.
        """
        logging.getLogger("behave").setLevel(logging.ERROR)  # what was skipped, the session tells
        self.context = Context(self)
        self.load_hooks()
        self.load_step_definitions()
        locations = [place for place in self.feature_locations() if not self.config.exclude(place)]
        self.features.extend(parse_features(locations, language=self.config.lang))
        if self.config.dry_run:
            self.formatters = make_formatters(self.config, self.config.outputs)
            return bool(self.run_model())
        raise SystemExit(self._run_against_binary())

    def _run_against_binary(self) -> ExitCode:
        try:
            with taken(project.reports()) as reports:
                return self._judge_with(Session(os.environ, reports, self.config.jobs if can_fork() else 1))
        except UnusableInput as error:
            print(f"swamp-uat: {error}", file=sys.stderr)
            return error.exit_code

    def _judge_with(self, session: Session) -> ExitCode:
        self.config.session = session  # for the formatters, which behave builds
        self.context._set_root_attribute("session", session)  # for the hooks
        self.step_registry = _ExplainingRegistry(session)
        print(banner(session), flush=True)
        try:
            with _interruptible(session):
                if can_fork() and (self.config.jobs > 1 or SHARD in self.config.userdata):
                    self._run_side_by_side(session)
                else:
                    self.formatters = make_formatters(self.config, self.config.outputs)
                    self.run_model()
                    if self.aborted:
                        session.interrupt(ExitCode.INTERRUPTED)
        except KeyboardInterrupt:
            session.interrupt(ExitCode.INTERRUPTED)
        finally:
            code = session.close()
        return code

    def _run_side_by_side(self, session: Session) -> None:
        seconds = recorded_seconds(project.RECORDED_RESULTS)
        chosen = [
            scenario
            for feature in self.features
            for scenario in feature.walk_scenarios()
            if scenario.should_run(self.config)
            and (not self.config.name or scenario.should_run_with_name_select(self.config))
        ]
        shard = shard_in(self.config.userdata.get(SHARD, ""))
        if shard is not None:
            chosen = shard_of(chosen, seconds, *shard)
        session.bench.prepare()
        display = Display([scenario.name for scenario in chosen], seconds, self.config.jobs)
        SideBySide(
            session,
            self.config.jobs,
            self._run_alone,
            lambda result: display.print(SECRETS.blank(told(session, result))),
            display,
            stops=self.config.stop,
        ).run(longest_first(chosen, seconds))

    def _run_alone(self, scenario: Any) -> None:
        made = make_formatters(self.config, self.config.outputs)
        # What goes to the terminal the leader tells, for all.
        self.formatters = [each for each in made if each.stream_opener.name]
        self.config.reporters = []
        scenario.feature.run_items = [scenario]
        self.run_model([scenario.feature])


class _ExplainingRegistry:
    """behave's step registry, with every step run by the session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find_match(self, step: Any) -> Any:
        match = the_step_registry.find_match(step)
        if match is not None:
            match.func = self._explaining(step, match.func)
        return match

    def _explaining(self, step: Any, function: Any) -> Any:
        @functools.wraps(function)
        def run(context: Any, *arguments: Any, **named: Any) -> None:
            action = functools.partial(function, context, *arguments, **named)
            self._session.run_step(step, context.world, action)

        return run


@contextmanager
def _interruptible(session: Session) -> Iterator[None]:
    def interrupt(number: int, _: FrameType | None) -> None:
        # A second one, while the first still ends things, ends the process; the guardian does the rest.
        signal.signal(number, signal.SIG_DFL)
        if number == signal.SIGINT:
            session.interrupt(ExitCode.INTERRUPTED)
            raise KeyboardInterrupt
        session.interrupt(ExitCode.TERMINATED)
        raise Terminated

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
