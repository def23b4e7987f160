"""What a run shows on the terminal: one line a scenario, and everything that is to be known of a failure."""

from __future__ import annotations

import textwrap
from typing import Any

from behave.formatter.base import Formatter

from swamp_harness.tools.outcomes import Outcome
from swamp_harness.tools.session import Session

_MARKS = {
    Outcome.HELD: "ok  ",
    Outcome.BROKEN: "FAIL",
    Outcome.DEVIATION: "dev ",
    Outcome.DEVIATION_GONE: "GONE",
    Outcome.FAULT: "ERR ",
    Outcome.NOT_RUN: "-   ",
}


class ConsoleFormatter(Formatter):  # type: ignore[misc]
    """One line a scenario, its outcome in words, and the explanation of what failed."""

    name = "uat"
    description = "One line a scenario; failures explained."

    def __init__(self, stream_opener: Any, config: Any) -> None:
        super().__init__(stream_opener, config)
        self.stream = self.open()
        self._session: Session | None = getattr(config, "session", None)
        self._scenario: Any = None
        self._untold_heading = ""

    def feature(self, feature: Any) -> None:
        """A feature begins; it is told once something of it is."""
        self._untold_heading = f"\n{feature.name}\n"

    def scenario(self, scenario: Any) -> None:
        """A scenario begins, so the one before it has ended."""
        self._tell()
        self._scenario = scenario

    def eof(self) -> None:
        """A feature ends, and its last scenario with it."""
        self._tell()

    def _tell(self) -> None:
        scenario, self._scenario = self._scenario, None
        result = self._session.result_of(scenario) if self._session and scenario else None
        if self._session is None or result is None:
            return
        self.stream.write(self._untold_heading)
        self._untold_heading = ""
        self._write(f"  {_MARKS[result.outcome]} {result.title}  {result.seconds:.1f} s")
        if result.outcome is Outcome.NOT_RUN:
            self._write(f"         not run: {result.reason}")
        elif result.outcome is Outcome.DEVIATION:
            self._write(f"         known deviation at: {result.step}\n         {result.reason}")
        elif result.outcome is not Outcome.HELD:
            self._explain(result.step, result.reason)

    def _explain(self, step: str, reason: str) -> None:
        assert self._session is not None  # noqa: S101 - told only within a session
        failed = [failure for failure in self._session.failures.values() if failure.finding == reason]
        explanation = failed[-1].explanation if failed else ""
        told = "\n".join(part for part in (step, reason, explanation) if part)
        self._write(textwrap.indent(told, " " * 9))

    def _write(self, text: str) -> None:
        self.stream.write(f"{text}\n")
        self.stream.flush()
