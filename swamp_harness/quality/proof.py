"""The proof that the scenarios can fail: every mutant is noticed, and every scenario is broken by a mutant.

A mutant makes the stand-in break one promise. Scenarios of that promise run against it, and
one of them must fail in a Then step; scenarios of other promises, the controls, must hold. A scenario that
enrolls a worker as its preparation, and comes to its Then, replaces the control. A mutant that
crashes a process of the stand-in, or that the failed scenario never reached, is not effective: it shows
nothing, and fails the proof. A scenario that fails under no mutant of its promises fails the proof as well.

`data/noticed.json` records which scenarios noticed a mutant. A proof runs a few of these first. That makes it
fast and cannot change its outcome: if the recorded scenarios do not notice a mutant, all others run.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from swamp_harness.product.target import load
from swamp_harness.quality.finding import (
    NOTICED,
    Finding,
    control_of,
    joined,
    never_failed,
    with_control_replaced,
)
from swamp_harness.quality.mutant_list import (
    WrittenMutant,
    lacking_numbers,
    mutants_in,
    wanted_of,
)
from swamp_harness.quality.mutant_target import IN_ADVANCE, all_ready
from swamp_harness.quality.mutant_trial import Trials, at_a_time
from swamp_harness.quality.sound_reach import NOTHING_KNOWN, SoundReach, look_at
from swamp_harness.render.documents import set_aside
from swamp_harness.render.verification import PROOF
from swamp_harness.results import ids
from swamp_harness.results.ids import id_of
from swamp_harness.results.noticed import few_pairs, load_noticed, write_noticed
from swamp_harness.results.recorded_times import RecordedTimes, load_times
from swamp_harness.runner.quiet_suite import get_ready
from swamp_harness.runner.selection import scenarios_of
from swamp_harness.runner.steps import load_definitions, step_mistakes
from swamp_harness.specification import features, project
from swamp_harness.specification.feature_files import FeatureMistake
from swamp_harness.specification.features import FeatureRun
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.plain_text import for_terminal, json_text, shortened

# In seconds.
_LONG = 5
# For fewer mutants it takes longer to find out which of them a control reaches than to run the control.
_WORTH_A_LOOK = 10
# How the step begins, in the words of the features, that enrolls a worker as the preparation of a scenario.
_ENROLLS = "the enrolled worker"


def prove(
    wanted: Sequence[str], reports: Path, jobs: int, *, whole: bool = False, record: bool = False
) -> int:
    """Run scenarios against every mutant, print the matrix, and write it to the reports.

    Args:
        wanted: the beginnings of the names of mutants; all of them when empty.
        reports: the folder for `proof.json`.
        jobs: how many mutants at a time; ten times as many as there are processors when 0.
        whole: whether every scenario runs against every mutant of its promises.
        record: whether to record which scenarios noticed a mutant.

    Returns:
        The exit code. A survivor, a mutant that is not effective, a control that fails, a promise with too
        few mutants and, where all mutants are wanted, a scenario that no mutant breaks are broken promises.

    Raises:
        UnusableInput: no mutant has such a name (exit code 2).
        FeatureMistake: a step has no definition or several (exit code 12).
    """
    set_aside(reports, (PROOF,))
    listed = mutants_in(project.MUTANTS)
    chosen = wanted_of(listed, wanted)
    known = load_noticed(project.NOTICED)
    models = features.parse(project.FEATURES)
    load_definitions(project.FEATURES)
    if undefined := step_mistakes(scenarios_of(models)):
        raise FeatureMistake(undefined)  # else no scenario would run, with any mutant
    runs = features.runs_in(models)
    if mistakes := ids.unknown(named_in_proof(chosen, known), [run.id for run in runs]):
        raise ids.IdMistake(mistakes)
    get_ready(IN_ADVANCE)
    began, started = datetime.now(UTC), time.monotonic()
    work = Path(tempfile.mkdtemp(prefix="swamp-uat-proof-"))
    try:
        with all_ready(work), ThreadPoolExecutor(at_a_time(jobs)) as pool:
            trials = Trials(work, _sound_reach(runs, chosen, work))
            proof = _Proof(runs, trials, pool, enrolling(scenarios_of(models)))
            times = load_times(project.RECORDED_TIMES, load(project.EMBEDDED_TARGET).name)
            pairs = few_pairs(known, lambda scenario: times.of(scenario).processor_seconds)
            findings = proof.of_mutants(waiting_spread(chosen, pairs, times), pairs, whole=whole)
            if not wanted and not whole:
                findings = proof.of_scenarios(findings)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    lacking = [] if wanted else lacking_numbers(listed)
    unbroken = [] if wanted else never_failed(findings)
    reports.mkdir(parents=True, exist_ok=True)
    document = {
        "started": began.isoformat(timespec="minutes"),
        "seconds": time.monotonic() - started,
        "whole": whole,
        "all": not wanted,
        "scenarios": sum(finding.scenarios for finding in findings),
        "never failed": unbroken,
        "mutants": _record(findings),
    }
    (reports / PROOF).write_text(json_text(document) + "\n", "utf-8")
    if record:
        write_noticed(project.NOTICED, with_findings(known, findings), [mutant.name for mutant in listed])
    print(_summary(findings, lacking, unbroken, time.monotonic() - started, reports))
    proven = not lacking and not unbroken and all(finding.outcome == NOTICED for finding in findings)
    return ExitCode.EVERY_PROMISE_HELD if proven else ExitCode.PROMISE_BROKEN


def _sound_reach(runs: Sequence[FeatureRun], chosen: Sequence[WrittenMutant], work: Path) -> SoundReach:
    """What the controls and the preparation reach; nothing is known where finding it out takes longer."""
    if len(chosen) < _WORTH_A_LOOK:
        return NOTHING_KNOWN
    names = {control_of(mutant) for mutant in chosen}
    return look_at([run for run in runs if run.id in names], work)


def enrolling(scenarios: Iterable[Any]) -> frozenset[str]:
    """The ids of the scenarios, of behave's, in which a worker is enrolled before anything else happens.

    Such a scenario that comes to its Then shows what a control shows.
    """
    return frozenset(
        id_of(scenario)
        for scenario in scenarios
        if any(step.step_type == "given" and step.name.startswith(_ENROLLS) for step in scenario.all_steps)
    )


def waiting_spread(
    mutants: Sequence[WrittenMutant], pairs: Mapping[str, Sequence[str]], times: RecordedTimes
) -> list[WrittenMutant]:
    """Mutants in an order in which those whose scenarios wait long are spread evenly among the others.

    Mutants of one promise wait for the same, such as a lifetime to pass. Many of them at a time would leave
    the processors idle.

    Args:
        mutants: in any order.
        pairs: the ids of the scenarios that run against a mutant, by its name.
        times: of the scenarios.
    """

    def waits(mutant: WrittenMutant) -> bool:
        own = [times.of(scenario) for scenario in pairs.get(mutant.name, ())]
        return sum(each.seconds - each.processor_seconds for each in own) > _LONG

    kinds = ([each for each in mutants if waits(each)], [each for each in mutants if not waits(each)])
    places = {each.name: (index + 0.5) / len(kind) for kind in kinds for index, each in enumerate(kind)}
    return sorted(mutants, key=lambda each: places[each.name])


def with_findings(known: Mapping[str, Sequence[str]], findings: Sequence[Finding]) -> dict[str, list[str]]:
    """Which scenarios notice the mutants of a proof, by what was known before and what it has shown.

    Args:
        known: the ids of the scenarios that noticed a mutant before, by the mutant's name.
        findings: of the proof; those that show nothing change nothing.
    """
    return {
        each.mutant.name: list(
            dict.fromkeys(
                [
                    *(name for name in known.get(each.mutant.name, ()) if name not in each.own),
                    *each.noticed_by,
                ]
            )
        )
        for each in findings
        if each.noticed_by and not each.crashes
    }


def named_in_proof(listed: Sequence[WrittenMutant], known: Mapping[str, Sequence[str]]) -> list[ids.Named]:
    """Where the proof of some mutants names a scenario.

    Args:
        listed: the mutants.
        known: the scenarios that noticed a mutant, by the mutant's name.
    """
    controls = sorted({control_of(mutant) for mutant in listed})
    return [
        *(ids.Named(Path(__file__), each) for each in controls),
        *(ids.Named(project.NOTICED, each, (name,)) for name, noticers in known.items() for each in noticers),
    ]


@dataclass(frozen=True)
class _Proof:
    """Runs scenarios against mutants.

    Attributes:
        runs: all scenarios.
        trials: runs scenarios against a mutant.
        pool: runs several at a time.
        enrolling: the ids of the scenarios that show what a control shows.
    """

    runs: Sequence[FeatureRun]
    trials: Trials
    pool: ThreadPoolExecutor
    enrolling: frozenset[str]

    def of_mutants(
        self, chosen: Sequence[WrittenMutant], known: Mapping[str, Sequence[str]], *, whole: bool
    ) -> list[Finding]:
        """Look for a scenario that notices each mutant; print and return what was found."""
        found = self.pool.map(
            lambda mutant: self._of_mutant(mutant, known.get(mutant.name, ()), whole=whole), chosen
        )
        return [_printed(finding) for finding in found]

    def of_scenarios(self, findings: Sequence[Finding]) -> list[Finding]:
        """Look for a mutant that breaks each scenario which has not failed yet.

        Returns:
            The findings, each joined with what was found in addition.
        """
        broken = {name for finding in findings for name in finding.noticed_by}
        open_runs = [run for run in self.runs if run.id not in broken]
        added = [
            finding
            for of_scenario in self.pool.map(lambda run: self._of_scenario(run, findings), open_runs)
            for finding in of_scenario
        ]
        return [
            joined([finding, *(each for each in added if each.mutant == finding.mutant)])
            for finding in findings
        ]

    def _of_mutant(self, mutant: WrittenMutant, known: Sequence[str], *, whole: bool) -> Finding:
        own = [run for run in self.runs if mutant.number in run.numbers]
        control = [run for run in self.runs if run.id == control_of(mutant)]
        recorded = [run for run in own if run.id in known]
        if recorded and not whole:
            finding = self._of_recorded(mutant, control, recorded)
            if finding.outcome == NOTICED or finding.crashes:
                return finding
        if not whole:
            finding = self._finding(mutant, "first", [*control, *own], stop=True)
            # A scenario that fails before its Then ends a run as well; then the others run, too.
            if finding.outcome == NOTICED or finding.crashes:
                return finding
        return self._finding(mutant, "whole", [*control, *own])

    def _of_recorded(
        self, mutant: WrittenMutant, control: Sequence[FeatureRun], recorded: Sequence[FeatureRun]
    ) -> Finding:
        """Run the scenarios that are recorded to notice a mutant; the control if none of them replaces it."""
        if self.enrolling.isdisjoint(run.id for run in recorded):
            return self._finding(mutant, "known", [*control, *recorded])
        return with_control_replaced(self._finding(mutant, "known", recorded), self.enrolling)

    def _of_scenario(self, run: FeatureRun, findings: Sequence[Finding]) -> list[Finding]:
        """Run one scenario against the mutants of its promises until one breaks it."""
        made: list[Finding] = []
        for finding in _likeliest_first(run, findings):
            made.append(self._finding(finding.mutant, run.id, [run]))
            cannot_run_here = not made[-1].own
            if cannot_run_here or run.id in made[-1].noticed_by:
                break
        return made

    def _finding(
        self, mutant: WrittenMutant, purpose: str, runs: Sequence[FeatureRun], *, stop: bool = False
    ) -> Finding:
        return self.trials.of(mutant, purpose, runs, stop=stop)


def _likeliest_first(run: FeatureRun, findings: Sequence[Finding]) -> list[Finding]:
    """The mutants that may break a scenario but that it has not run against, each with its finding.

    Those that another example of the same outline noticed come first.
    """
    outline = run.id.partition("[")[0]
    untried = [each for each in findings if each.mutant.number in run.numbers and run.id not in each.own]
    return sorted(
        untried, key=lambda each: all(name.partition("[")[0] != outline for name in each.noticed_by)
    )


def _printed(finding: Finding) -> Finding:
    print(for_terminal(shortened(_line(finding))), flush=True)
    return finding


def _line(finding: Finding) -> str:
    lines = [f"{finding.outcome:<17}{finding.mutant.name}  ({finding.seconds:.0f} s) {finding.mutant.does}"]
    lines += [f"    {name}: {reason}" for name, reason in list(finding.noticed_by.items())[:1]]
    lines += [f"    {reason}" for reason in finding.why_not_effective]
    if finding.outcome != NOTICED:
        lines += [f"    failed before its Then: {name}" for name in finding.failed_elsewhere]
        lines += [f"    control: {name}" for name in finding.controls_failed]
    return "\n".join(lines)


def _summary(
    findings: Sequence[Finding],
    lacking: Sequence[int],
    unbroken: Sequence[str],
    seconds: float,
    reports: Path,
) -> str:
    outcomes = Counter(finding.outcome for finding in findings)
    ran = sum(finding.scenarios for finding in findings)
    broken = {name for finding in findings for name in finding.noticed_by}
    lines = ["", "Noticed by how many scenarios, mutant by mutant:"]
    for number in sorted({finding.mutant.number for finding in findings}):
        own = [each for each in findings if each.mutant.number == number]
        cells = ", ".join(f"{each.mutant.name.partition('-')[2]} {_cell(each)}" for each in own)
        lines.append(f"  {number:02}  {cells}")
    lines += ["Scenarios that no mutant breaks:", *(f"  {name}" for name in unbroken)] if unbroken else []
    lines += [f"Promise {number} has too few mutants." for number in lacking]
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    lines.append(
        f"{len(findings)} mutants: {counts}; {len(broken)} scenarios broken, {len(unbroken)} not; "
        f"{ran} scenarios run in {seconds:.0f} s"
    )
    lines.append(f"The matrix mutant by scenario: {reports / PROOF}")
    return "\n".join(lines)


def _cell(finding: Finding) -> str:
    return str(len(finding.noticed_by)) if finding.outcome == NOTICED else finding.outcome


def _record(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "mutant": finding.mutant.name,
            "number": finding.mutant.number,
            "does": finding.mutant.does,
            "outcome": finding.outcome,
            "noticed by": finding.noticed_by,
            "not effective because": finding.why_not_effective,
            "failed before their Then": finding.failed_elsewhere,
            "controls that failed": finding.controls_failed,
            "scenarios": finding.scenarios,
        }
        for finding in findings
    ]
