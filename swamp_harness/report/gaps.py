"""What keeps a release from being signed off though no promise is broken: what was not judged."""

from __future__ import annotations

from collections.abc import Sequence

from swamp_harness.machinery.faults import ExitCode
from swamp_harness.report.outcomes import Ending, Outcome, ScenarioResult, in_ranges, numbers_in
from swamp_harness.report.suite_run import SuiteRun

# Why a run ended early, in sentences.
_ENDED_EARLY = {
    Ending.INTERRUPTED: "A run was interrupted before its end.",
    Ending.TERMINATED: "A run was interrupted before its end.",
    Ending.HUNG_UP: "A run was interrupted before its end.",
    Ending.FAILED: "A run ended early because the suite itself failed.",
    Ending.OPEN: "A run has not ended, or was killed.",
}


def gaps_in(record: SuiteRun, results: Sequence[ScenarioResult], platforms: Sequence[str]) -> list[str]:
    """What was not judged, in sentences; none if all was.

    Args:
        record: of a run, or of several together.
        results: of every scenario on every platform, those that were not selected as well.
        platforms: on which the release must have run.
    """
    absent = [platform for platform in platforms if platform not in record.binaries]
    told = [f"Nothing ran on {', '.join(absent)}."] if absent else []
    if record.ending in _ENDED_EARLY:
        told.append(_ENDED_EARLY[record.ending])
    if record.without_result:
        told.append(f"Of {record.planned} planned scenarios {record.without_result} have no result.")
    here = [result for result in results if result.platform not in absent]
    return [*told, *_of_the_bench(record, results), *_of_scenarios(here)]


def promises_in_words(numbers: Sequence[int]) -> str:
    """Some promises by their numbers, such as "promises 1-3 and 7"."""
    return f"{'promises' if numbers[1:] else 'promise'} {in_ranges(numbers)}"


def _of_the_bench(record: SuiteRun, results: Sequence[ScenarioResult]) -> list[str]:
    told = [f"A machine of the bench could not be used: {fault}" for fault in record.faults_of_machines]
    faults = numbers_in(result for result in results if result.outcome is Outcome.FAULT)
    if faults:
        were = "were" if faults[1:] else "was"
        told.append(f"The bench failed while {promises_in_words(faults)} {were} judged.")
    if record.verdict is ExitCode.INFRASTRUCTURE_FAULT and not told:
        told.append("The bench of a run failed.")  # its record is of before machines were noted
    return told


def _of_scenarios(results: Sequence[ScenarioResult]) -> list[str]:
    missing = [result for result in results if result.is_missing]
    told = [
        f"Of {promises_in_words(numbers)} not every scenario ran on {platform}."
        for platform in dict.fromkeys(result.platform for result in missing)
        for numbers in [numbers_in(result for result in missing if result.platform == platform)]
    ]
    # What is no gap on any of the platforms is one of the release, if none of them could run it.
    accounted = {result.id for result in results if not result.is_for_elsewhere}
    nowhere = numbers_in(result for result in results if result.id not in accounted)
    return [*told, f"Of {promises_in_words(nowhere)} a scenario ran on no platform."] if nowhere else told
