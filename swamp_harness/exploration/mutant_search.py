"""How many mutants of the stand-in journeys find without the scenarios, and after how many journeys."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from swamp_harness.exploration.acts import Focus
from swamp_harness.exploration.feature_text import as_feature
from swamp_harness.exploration.generation import made_up
from swamp_harness.exploration.journeys import Avoided
from swamp_harness.quality.mutant_effect import effect_in
from swamp_harness.quality.mutant_list import WrittenMutant, mutants_in, wanted_of
from swamp_harness.quality.mutant_target import IN_ADVANCE, all_ready, changes_with
from swamp_harness.results.outcome import Outcome
from swamp_harness.runner.launch import Selection
from swamp_harness.runner.quiet_suite import get_ready, run_against
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.plain_text import for_terminal, json_text, shortened

REPORT = "exploration-mutants.json"
# The promises that journeys are about.
_NUMBERS = range(3, 22)
_AT_ONCE = 2  # journeys of one mutant; several mutants run side by side
_LONGEST = 900.0


@dataclass(frozen=True)
class Search:
    """The search for one mutant.

    Attributes:
        mutant: its name.
        found_at: the step at which the first journey failed; empty if none did.
        journeys: how many ran until then, or in all.
        reached: whether a journey reached what the mutant replaces.
        seconds: how long it took.
    """

    mutant: str
    found_at: str
    journeys: int
    reached: bool
    seconds: float


def search(wanted: Sequence[str], most: int, seed: int, reports: Path, jobs: int) -> int:
    """Look for each mutant by journeys, print and report which are found.

    Args:
        wanted: the beginnings of the names of mutants; all those of the promises that journeys are about
            when empty.
        most: how many journeys to run for a mutant.
        seed: of the journeys, which are the same for every mutant.
        reports: the folder for the report.
        jobs: how many mutants at a time; twice as many as there are processors when 0.

    Returns:
        The exit code; after Ctrl-C, those that were searched until then are reported.

    Raises:
        UnusableInput: no mutant has such a name (exit code 2).
    """
    listed = wanted_of(mutants_in(project.MUTANTS), wanted)
    chosen = [mutant for mutant in listed if wanted or mutant.number in _NUMBERS]
    journeys = made_up(seed, list(Focus), most, Avoided())
    get_ready(IN_ADVANCE)
    work = Path(tempfile.mkdtemp(prefix="swamp-uat-explore-"))
    feature = work / "journeys.feature"
    feature.write_text(as_feature(journeys), "utf-8")
    searched: list[Search] = []
    pool = ThreadPoolExecutor(jobs or 2 * (os.cpu_count() or 1))
    try:
        with all_ready(work):
            found = pool.map(lambda mutant: _search(mutant, feature, work), chosen)
            searched.extend(map(_printed, found))
        is_whole = True
    except KeyboardInterrupt:  # which also ends the runs
        is_whole = False
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(work, ignore_errors=True)
    reports.mkdir(parents=True, exist_ok=True)
    document = {"seed": seed, "journeys": len(journeys), "mutants": [asdict(each) for each in searched]}
    (reports / REPORT).write_text(json_text(document) + "\n", "utf-8")
    print(_summary(searched, reports), flush=True)
    return ExitCode.EVERY_PROMISE_HELD if is_whole else ExitCode.INTERRUPTED


def _search(mutant: WrittenMutant, feature: Path, work: Path) -> Search:
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"{mutant.name}-", dir=work))
    effect = folder / "effect"
    effect.mkdir()
    selection = Selection(jobs=_AT_ONCE, stop=True, paths=[str(feature)])
    record = run_against(changes_with(mutant.name, effect), folder / "reports", selection, _LONGEST)
    results = (
        [] if record is None else [each for each in record.results if each.outcome is not Outcome.NOT_RUN]
    )
    failed = next((each for each in results if each.outcome is Outcome.BROKEN), None)
    seen = effect_in(effect)
    shutil.rmtree(folder, ignore_errors=True)
    return Search(
        mutant.name,
        failed.step if failed is not None else "",
        len(results),
        any(seen.has_reached(each.mark) for each in results),
        time.monotonic() - began,
    )


def _printed(found: Search) -> Search:
    how = f"found by journey {found.journeys}: {found.found_at}" if found.found_at else "not found"
    unreached = "" if found.reached else ", never reached"
    print(for_terminal(shortened(f"{found.mutant}  ({found.seconds:.0f} s) {how}{unreached}")), flush=True)
    return found


def _summary(searched: Sequence[Search], reports: Path) -> str:
    found = [each for each in searched if each.found_at]
    journeys = statistics.median(each.journeys for each in found) if found else 0
    unreached = sum(not each.reached for each in searched)
    share = f"{len(found) / max(len(searched), 1):.0%}"
    return "\n".join(
        [
            "",
            f"{len(found)} of {len(searched)} mutants found ({share}), the median by journey {journeys:g}; "
            f"{unreached} never reached.",
            f"Mutant by mutant: {reports / REPORT}",
        ]
    )
