"""The proof of a gate: whether its scenarios alone notice the mutants that they are recorded to notice."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from swamp_harness.quality.finding import NOTICED, Finding
from swamp_harness.quality.mutant_list import WrittenMutant, mutants_in, wanted_of
from swamp_harness.quality.mutant_target import IN_ADVANCE, all_ready
from swamp_harness.quality.mutant_trial import Trials, at_a_time
from swamp_harness.quality.proof import with_findings
from swamp_harness.results.noticed import load_noticed, write_noticed
from swamp_harness.results.recorded_times import USUAL_TARGET
from swamp_harness.runner.choice import Choice
from swamp_harness.runner.quiet_suite import get_ready
from swamp_harness.runner.schedule import jobs_that_suit
from swamp_harness.specification import features, project
from swamp_harness.specification.features import FeatureRun
from swamp_harness.specification.gate import Capacity
from swamp_harness.system.capacity import processors
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.plain_text import for_terminal, json_text

GATE_PROOF = "gate-proof.json"


def prove_gate(
    budget: float,
    wanted: Sequence[str],
    reports: Path,
    jobs: int,
    *,
    whole: bool = False,
    record: bool = False,
) -> int:
    """Run the scenarios that a gate against swamp has on this machine against the mutants.

    The proof of all scenarios has shown with its controls that the mutants are effective; here none run.

    Args:
        budget: of the gate, in seconds.
        wanted: the beginnings of the names of mutants; all of them when empty.
        reports: the folder for `gate-proof.json`, and of the history.
        jobs: how many mutants at a time; ten times as many as there are processors when 0.
        whole: whether every scenario of the gate runs that could notice a mutant, not only those that are
            recorded to do so.
        record: whether to record which scenarios noticed a mutant.

    Returns:
        The exit code. A mutant that the gate is recorded to notice, and does not, is a broken promise.

    Raises:
        UnusableInput: the budget is too short for any scenario, or no mutant has such a name (exit code 2).
    """
    listed, known = mutants_in(project.MUTANTS), load_noticed(project.NOTICED)
    mutants, runs = wanted_of(listed, wanted), chosen_for(budget, reports)
    trials = trials_of(mutants, runs, known, whole=whole)
    get_ready(IN_ADVANCE)
    work = Path(tempfile.mkdtemp(prefix="swamp-uat-gate-"))
    try:
        with all_ready(work), ThreadPoolExecutor(at_a_time(jobs)) as pool:
            found = pool.map(
                lambda trial: _printed(Trials(work).of(trial[0], "gate", trial[1], stop=not whole)), trials
            )
            findings = {finding.mutant.name: finding for finding in found}
    finally:
        shutil.rmtree(work, ignore_errors=True)
    noticed = {name for name, finding in findings.items() if finding.noticed_by}
    missed = sorted({mutant.name for mutant, own in trials if _recorded(mutant, own, known)} - noticed)
    document = {
        "seconds": budget,
        "scenarios": [run.id for run in runs],
        "noticed": {name: findings[name].noticed_by for name in sorted(noticed)},
        "missed": missed,
    }
    reports.mkdir(parents=True, exist_ok=True)
    (reports / GATE_PROOF).write_text(json_text(document) + "\n", "utf-8")
    if record:
        names = [mutant.name for mutant in listed]
        write_noticed(project.NOTICED, with_findings(known, list(findings.values())), names)
    print(
        f"{len(runs)} scenarios noticed {len(noticed)} of {len(mutants)} mutants "
        f"({len(noticed) / len(mutants):.0%}); recorded and not noticed: {', '.join(missed) or 'none'}"
    )
    return ExitCode.PROMISE_BROKEN if missed else ExitCode.EVERY_PROMISE_HELD


def chosen_for(budget: float, reports: Path) -> list[FeatureRun]:
    """The scenarios that a gate against swamp has on this machine.

    Args:
        budget: of the gate, in seconds.
        reports: the folder with the history.

    Raises:
        UnusableInput: the budget is too short for any scenario (exit code 2).
    """
    choice = Choice.of(USUAL_TARGET, reports)
    runs = features.runs_in(features.parse(project.FEATURES))
    possible = [run for run in runs if run.id in choice.known.times.of_scenarios]
    gate = choice.gate(possible, Capacity(budget, processors(), jobs_that_suit()))
    chosen = {each.id for each in gate.chosen}
    return [run for run in runs if run.id in chosen]


def trials_of(
    mutants: Sequence[WrittenMutant],
    runs: Sequence[FeatureRun],
    known: Mapping[str, Sequence[str]],
    *,
    whole: bool,
) -> list[tuple[WrittenMutant, list[FeatureRun]]]:
    """Which scenarios to run against which mutant; no mutant without a scenario.

    Args:
        mutants: the mutants.
        runs: the scenarios of the gate.
        known: the ids of the scenarios that noticed a mutant, by name of the mutant.
        whole: whether scenarios run that are not known to notice a mutant of their promises.
    """
    trials = [(mutant, [run for run in runs if mutant.number in run.numbers]) for mutant in mutants]
    if not whole:
        trials = [(mutant, _recorded(mutant, own, known)) for mutant, own in trials]
    return [(mutant, own) for mutant, own in trials if own]


def _recorded(
    mutant: WrittenMutant, runs: Sequence[FeatureRun], known: Mapping[str, Sequence[str]]
) -> list[FeatureRun]:
    return [run for run in runs if run.id in known.get(mutant.name, ())]


def _printed(finding: Finding) -> Finding:
    word = NOTICED if finding.noticed_by else "not noticed"
    noticing = ", ".join(finding.noticed_by)
    print(for_terminal(f"{word:<12}{finding.mutant.name}  ({finding.seconds:.0f} s) {noticing}"), flush=True)
    return finding
