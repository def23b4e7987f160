"""`swamp-uat explore`: rounds of journeys, and what they have found."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from swamp_harness.exploration.feature_text import as_found_feature, upto
from swamp_harness.exploration.generation import Enough, made_up, shortened
from swamp_harness.exploration.journeys import Avoided, Journey, pair_before, script
from swamp_harness.exploration.report import (
    REPORT,
    Found,
    Options,
    Tally,
    document_of,
    failed_in_words,
    found_in_words,
    progress_in_words,
    summary_of,
)
from swamp_harness.exploration.trials import Failure, Interrupted, Run, Trial, try_journeys
from swamp_harness.product.target import target_of
from swamp_harness.results import deviations
from swamp_harness.runner.launch import Selection
from swamp_harness.runner.quiet_suite import get_ready, run_quietly
from swamp_harness.runner.schedule import jobs_that_suit
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.plain_text import for_terminal, json_text

FOUND = "found"
# A round is as long that its start and its end cost little, and short enough to say soon what it found.
_ROUND = 60.0
_FIRST_ROUND = 6  # journeys for each place
# A round has at most this many times the journeys of the one before: the pace of a short round says little.
_GROWTH = 4
_LONGEST_SHORTENING = 300.0
_GRACE = 120.0  # for the journeys that run when the time is over

# Returns the shortest journey that fails.
Shorten = Callable[[Callable[[Journey], bool]], Journey]


class Exploration:
    """An exploration of one program.

    Args:
        options: what to explore.
        run: runs scenarios against the program.
        listed: the known deviations of the program.
        reports: the folder for what is found.
        work: a folder for the runs.

    Attributes:
        interrupted: whether Ctrl-C has ended it.
        tally: what it has seen so far.
    """

    def __init__(
        self,
        options: Options,
        run: Run,
        listed: Sequence[deviations.Deviation],
        reports: Path,
        work: Path,
    ) -> None:
        self._options = options
        self._run = run
        self._listed = listed
        self._reports = reports
        self._work = work
        self._jobs = options.jobs or jobs_that_suit()
        self._avoided = Avoided()
        self._began = time.monotonic()
        self._runs = 0
        self._tried: set[str] = set()
        self.interrupted = False
        self.tally = Tally()

    @property
    def remaining(self) -> float:
        """The seconds that remain."""
        return self._options.minutes * 60 - (time.monotonic() - self._began)

    def explore(self) -> None:
        """Run rounds of journeys until the time is over or Ctrl-C; the tally has what they found."""
        most, number = _FIRST_ROUND * self._jobs, 0
        while self.remaining > 0 and not self.interrupted:
            number += 1
            began = time.monotonic()
            pace = self._round(number, most)
            print(progress_in_words(self.tally, number, time.monotonic() - began), flush=True)
            fitting = round(min(_ROUND, max(self.remaining, 1)) * pace)
            most = max(self._jobs, min(fitting, _GROWTH * most))

    def _round(self, number: int, most: int) -> float:
        """Run one round; returns how many journeys ended in a second, without what was looked into."""
        seed = self._options.seed * 10_000 + number
        avoided = self._avoided  # a failure of this round changes it for the next
        every = made_up(seed, self._options.subjects, most, avoided)
        journeys = [journey for journey in every if journey.id not in self._tried]
        self._tried.update(journey.id for journey in journeys)
        self.tally.take(journeys)
        began = time.monotonic()
        trial = self._try(journeys)
        pace = len(every) / (time.monotonic() - began)
        self.tally.undecided.update(trial.undecided)
        for journey in journeys:
            if journey.id in trial.failures:
                self._look_into(
                    journey, trial, partial(shortened, seed, self._options.subjects, most, avoided)
                )
        return pace

    def _try(self, journeys: Sequence[Journey]) -> Trial:
        limit = max(self.remaining, 0) + _GRACE
        try:
            trial = try_journeys(journeys, self._folder_of_run(), self._run, self._jobs, limit)
        except Interrupted as interruption:
            self.interrupted = True
            trial = interruption.trial
        self.tally.version = trial.version or self.tally.version
        return trial

    def _look_into(self, journey: Journey, trial: Trial, shorten: Shorten) -> None:
        failure = trial.failures[journey.id]
        deviation = next((each for each in self._listed if failure.is_known_as(each)), None)
        if deviation is not None:
            self.tally.known[deviation.id] += 1
            pair = pair_before(journey, failure.step.partition(" ")[2])
            self._avoided = Avoided(self._avoided.pairs | ({pair} if pair is not None else set()))
            return
        if any(each.failure.kind == failure.kind for each in self.tally.found):
            return
        print(for_terminal(failed_in_words(journey, failure)), flush=True)
        self.tally.found.append(self._shortened(journey, failure, trial, shorten))
        print(for_terminal(found_in_words(self.tally.found[-1])), flush=True)

    def _shortened(self, first: Journey, failure: Failure, trial: Trial, shorten: Shorten) -> Found:
        known: dict[str, Failure | None] = {**trial.failures, **dict.fromkeys(trial.held)}
        end = time.monotonic() + min(_LONGEST_SHORTENING, max(self.remaining, _ROUND))

        def fails(journey: Journey) -> bool:
            if journey.id not in known:
                if self.interrupted or time.monotonic() > end:
                    raise Enough
                known[journey.id] = self._try([journey]).failures.get(journey.id)
            seen = known[journey.id]
            return seen is not None and seen.kind == failure.kind

        shortest = first if self.interrupted else shorten(fails)
        final = known[shortest.id] or failure
        file = self._reports / FOUND / f"{shortest.id}.feature"
        return Found(shortest, first, final, file, self._write(file, shortest, final))

    def _write(self, file: Path, journey: Journey, failure: Failure) -> bool | None:
        """Write the feature of a failure, without earlier comparisons if it fails without them, too.

        Returns:
            Whether the feature fails in the same way; then the reports of its run lie beside it. None after
            Ctrl-C.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        notes = [
            f"Seed {self._options.seed}, version {self.tally.version}.",
            *failure.result.reason.splitlines(),
        ]
        whole = script(journey)
        for lines in (upto(whole, failure.step), whole):
            file.write_text(as_found_feature(journey, failure.step, lines, notes), "utf-8", newline="\n")
            if self.interrupted:
                continue
            reports = self._folder_of_run() / "reports"
            record = self._run(reports, Selection(jobs=1, paths=[str(file)]), _LONGEST_SHORTENING)
            results = record.results if record is not None else ()
            if any(Failure(each.step, each).kind == failure.kind for each in results):
                shutil.rmtree(file.with_suffix(""), ignore_errors=True)
                shutil.copytree(reports, file.with_suffix(""))
                return True
        return None if self.interrupted else False

    def _folder_of_run(self) -> Path:
        self._runs += 1
        folder = self._work / f"run-{self._runs:04}"
        folder.mkdir()
        return folder


def explore(options: Options, reports: Path) -> int:
    """Explore the binary under test, else the stand-in, and write what was found to the reports.

    Args:
        options: what to explore.
        reports: the folder for `exploration.json` and the found features.

    Returns:
        The exit code: a failure that nobody has listed is a broken promise.

    Raises:
        UnusableInput: the target or the list of deviations is unusable (exit code 2).
    """
    target = target_of(os.environ, project.EMBEDDED_TARGET)
    listed = deviations.load(project.deviations()) if target.has_listed_deviations else []
    shutil.rmtree(reports / FOUND, ignore_errors=True)
    reports.mkdir(parents=True, exist_ok=True)
    get_ready()
    work = Path(tempfile.mkdtemp(prefix="swamp-uat-explore-"))
    environment = dict(os.environ)
    exploration = Exploration(
        options,
        lambda folder, selection, limit: run_quietly(environment, folder, selection, limit),
        listed,
        reports,
        work,
    )
    print(f"Exploring {target.name}, seed {options.seed}.", flush=True)
    try:
        exploration.explore()
    except KeyboardInterrupt:  # between the runs
        exploration.interrupted = True
    tally = exploration.tally
    (reports / REPORT).write_text(json_text(document_of(options, tally)) + "\n", "utf-8")
    print(for_terminal(summary_of(tally, reports)), flush=True)
    shutil.rmtree(work, ignore_errors=True)
    if exploration.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.PROMISE_BROKEN if tally.found else ExitCode.EVERY_PROMISE_HELD
