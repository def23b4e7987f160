"""The progress of a run, live on a terminal: what runs and at which step, what is done, what is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import title_of
from swamp_harness.specification.features import FeatureRun
from swamp_harness.system.plain_text import for_terminal


@dataclass
class _Running:
    step: str = "preparing"
    begun: float = field(default_factory=time.monotonic)


class Display:
    """Shows the running scenarios by their locations, if standard output is a terminal.

    Args:
        runs: all scenarios that will run.
        seconds_of: how long a scenario took when it was last recorded.
        jobs: how many run at a time.
    """

    def __init__(self, runs: Sequence[FeatureRun], seconds_of: Callable[[str], float], jobs: int) -> None:
        self._names = {run.location: run.name for run in runs}
        self._expected = {run.location: seconds_of(run.id) for run in runs}
        self._jobs = jobs
        self._running: dict[str, _Running] = {}
        self._expected_of_done = self._taken_by_done = 0.0
        self._done = self._failed = 0
        self._live: Live | None = None
        if sys.stdout.isatty():
            self._live = Live(console=Console(), auto_refresh=False, transient=True)
            self._live.start()

    def begin(self, location: str) -> None:
        """A scenario begins."""
        self._running[location] = _Running()

    def step(self, location: str, step: str) -> None:
        """A scenario begins a step."""
        self._running[location].step = step

    def end(self, location: str, seconds: float, outcome: Outcome) -> None:
        """A scenario has ended."""
        del self._running[location]
        self._done += 1
        self._failed += outcome.traits.is_new_failure
        self._expected_of_done += self._expected[location]
        self._taken_by_done += seconds

    def print(self, text: str) -> None:
        """Print above the live display."""
        if self._live is not None:
            self._live.console.print(Text(text), soft_wrap=True)
        else:
            print(text, flush=True)

    def show(self, waiting: int) -> None:
        """Show the progress.

        Args:
            waiting: how many scenarios have not begun.
        """
        if self._live is not None:
            self._live.update(Group(self._table(), Text(self.summary(waiting))), refresh=True)

    def summary(self, waiting: int) -> str:
        """The progress, in one line."""
        rest = f", about {self.rest():.0f} s to go" if self._done else ""
        done = f"{self._done} done, {self._failed} failed"
        return f"{done}, {len(self._running)} running, {waiting} waiting{rest}"

    def rest(self) -> float:
        """The estimated time to the end in seconds: by recorded durations, at the pace so far."""
        pace = self._taken_by_done / self._expected_of_done
        now = time.monotonic()
        begun = sum(
            min(now - each.begun, self._expected[location] * pace) for location, each in self._running.items()
        )
        left = (sum(self._expected.values()) - self._expected_of_done) * pace - begun
        return max(0.0, left / self._jobs)

    def close(self) -> None:
        """Stop the live display."""
        if self._live is not None:
            self._live.stop()

    def _table(self) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        for location, each in self._running.items():
            took = f"{time.monotonic() - each.begun:4.0f} s"
            title = title_of(self._names[location])
            table.add_row(took, _on_a_line(title, 70), _on_a_line(each.step, 60))
        return table


def _on_a_line(text: str, letters: int) -> Text:
    return Text(" ".join(for_terminal(text[:letters]).split()))
