"""What a run prints: one line for each scenario, and the explanation of each failure."""

from __future__ import annotations

import textwrap
from typing import Any

from behave.formatter.base import Formatter

from swamp_harness.product.binary import Release
from swamp_harness.render import summary
from swamp_harness.render.words import why
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.runner.session import Session
from swamp_harness.system.plain_text import for_terminal, shortened

_COMPANIONS = {Release.OTHER: "other binary", Release.EARLIER: "earlier"}


class ConsoleFormatter(Formatter):  # type: ignore[misc]
    """Prints one line for each scenario, and the explanation of each failure."""

    name = "uat"
    description = "One line for each scenario; failures explained."

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        self.stream = self.open()
        self._session: Session | None = getattr(config, "session", None)
        self._scenario: Any = None
        self._pending_heading = ""

    def feature(self, feature: Any) -> None:
        """A feature begins; its heading is printed with its first result."""
        self._pending_heading = f"\n{feature.name}\n"

    def scenario(self, scenario: Any) -> None:
        """A scenario begins, so the one before it has ended."""
        self._print_result()
        self._scenario = scenario

    def eof(self) -> None:
        """A feature ends, and its last scenario with it."""
        self._print_result()

    def _print_result(self) -> None:
        scenario, self._scenario = self._scenario, None
        result = self._session.progress.result_of(scenario) if self._session and scenario else None
        if self._session is None or result is None:
            return
        self.stream.write(for_terminal(self._pending_heading))
        self._pending_heading = ""
        self.stream.write(f"{result_text(self._session, result)}\n")
        self.stream.flush()


def result_text(session: Session, result: ScenarioResult) -> str:
    """The result of a scenario for a terminal: one line, and the explanation of a failure.

    A long message is cut in the middle; the reports have all of it.
    """
    title = " ".join(result.title.split())
    lines = [f"  {result.outcome.traits.console:<4} {title}  {result.seconds:.1f} s"]
    if result.outcome is Outcome.NOT_RUN:
        lines.append(f"         not run: {why(result)}")
    elif result.outcome in (Outcome.DEVIATION, Outcome.WAIVED):
        at = f" at: {result.step}" if result.step else ""  # none for a deviation that did not show
        lines += [
            f"         {result.outcome.value}{at}",
            textwrap.indent(shortened(result.reason), " " * 9),
        ]
    elif result.outcome is not Outcome.HELD:
        lines.append(textwrap.indent(_explanation(session, result), " " * 9))
    return for_terminal("\n".join(lines))


def _explanation(session: Session, result: ScenarioResult) -> str:
    explanation = session.progress.explanations.get(result.location, "")
    parts = (result.step, result.reason, explanation)
    return "\n".join(shortened(part) for part in parts if part)


def banner(session: Session) -> str:
    """The binary and the hosts under test, for a terminal."""
    run_context = session.run_context
    lines = [
        *summary.no_sign_off(run_context.target.name, is_for_sign_off=run_context.target.is_for_sign_off),
        "Under test:",
        *(f"  {name:<13}{value}" for name, value in run_context.binary.facts().items()),
    ]
    lines += [
        f"  {name:<13}{binary.path} ({binary.version})"
        for release, name in _COMPANIONS.items()
        if (binary := run_context.companions[release].binary) is not None
    ]
    lines.append(
        f"  at a time    {session.progress.at_once} scenario{'s' if session.progress.at_once > 1 else ''}"
    )
    lines += [f"  workers on   {each.name} ({each.platform})" for each in run_context.machines]
    lines += [f"  workers on   {reason}" for reason in run_context.unavailable_machines.values()]
    return "\n".join(lines)
