"""behave's runner for this suite: looks before it leaps, explains what fails, ends with a telling exit code.

Named in `pyproject.toml`, so a plain `behave` uses it too.
"""

from __future__ import annotations

import functools
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
from swamp_harness.tools import project
from swamp_harness.tools.session import Session, banner


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
            session = Session(os.environ, project.reports())
        except UnusableInput as error:
            print(f"swamp-uat: {error}", file=sys.stderr)
            return error.exit_code
        self.config.session = session  # for the formatters, which behave builds
        self.context._set_root_attribute("session", session)  # for the hooks
        self.step_registry = _ExplainingRegistry(session)
        print(banner(session), flush=True)
        try:
            with _interruptible(session):
                self.formatters = make_formatters(self.config, self.config.outputs)
                self.run_model()
                if self.aborted:
                    session.interrupt(ExitCode.INTERRUPTED)
        finally:
            code = session.close()
        return code


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
