"""The proof that the scenarios can fail: for every mutant of the embedded target, one of its number does.

A mutant makes the target break one promise of issue 630. The scenarios of that number run against the broken
target, and one of them must fail in a Then step; scenarios of other numbers, the controls, must hold. A
mutant that crashes a process of the target, or that the scenario which failed has never reached, is not
effective: it shows nothing, and fails the proof.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from swamp_harness.quality.mutant_effect import EFFECT_VARIABLE, Effect, effect_in
from swamp_harness.quality.mutant_list import (
    WrittenMutant,
    lacking_numbers,
    load_noticed,
    mutants_in,
    write_noticed,
)
from swamp_harness.render.documents import set_aside
from swamp_harness.render.verification import PROOF
from swamp_harness.results import ids
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.runner.launch import Selection
from swamp_harness.runner.quiet_suite import get_ready, results_against
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import for_terminal, json_text, shortened

# The variable by which the embedded target is told which mutant to have.
_MUTANT_VARIABLE = "SWAMP_STANDIN_MUTANT"
# What the embedded target is started by if it is to have a mutant; the sound one knows of none.
_EXECUTABLES = {
    "executable": "swamp-standin-mutant",
    "executable of another protocol version": "swamp-standin-mutant-previous",
}
_NOTICED = "noticed"
_NOT_EFFECTIVE = "NOT EFFECTIVE"
_LONGEST = 600
# What must hold whatever the mutant is: of another number, and of another feature, so that it runs first.
_CONTROL = "worker-enrolls-into-pool[text]"
_CONTROL_OF_ENROLLMENT = "token-shown-once[JSON]"
_ENROLLMENT = range(5, 11)


@dataclass(frozen=True)
class Finding:
    """What the scenarios made of a mutant.

    Attributes:
        mutant: the mutant.
        noticed_by: the ids of the scenarios of its number that reached it and failed in a Then step, each
            with what it said.
        failed_without: the scenarios of its number that failed in a Then step and never reached the mutant.
        failed_elsewhere: the scenarios of its number that failed before they judged anything.
        controls_failed: the scenarios of other numbers that did not hold.
        own: the scenarios of its number that ran.
        has_control: whether the control ran.
        scenarios: how many ran, the controls as well.
        seconds: how long that took.
        is_reached: whether a scenario of its number reached the mutant.
        crashes: the errors of processes that the mutant crashed.
    """

    mutant: WrittenMutant
    noticed_by: dict[str, str]
    failed_without: list[str]
    failed_elsewhere: list[str]
    controls_failed: list[str]
    own: list[str]
    has_control: bool
    scenarios: int
    seconds: float
    is_reached: bool
    crashes: Sequence[str]

    @property
    def why_not_effective(self) -> list[str]:
        """The reasons, in a sentence each; none if the mutant was effective."""
        if self.outcome != _NOT_EFFECTIVE:
            return []
        if self.crashes:
            return [f"a process crashed: {each}" for each in self.crashes]
        if self.failed_without:
            return [f"no replacement was reached in {each}, which failed" for each in self.failed_without]
        return ["no replacement was reached"]

    @property
    def outcome(self) -> str:
        """In a word or two."""
        if self.crashes:
            return _NOT_EFFECTIVE
        if self.controls_failed:
            return "A CONTROL FAILED"
        if not self.has_control:
            return "CONTROL MISSING"
        if self.noticed_by:
            return _NOTICED
        if self.failed_without or (self.own and not self.is_reached):
            return _NOT_EFFECTIVE
        return "NOT TESTED" if self.failed_elsewhere or not self.scenarios else "SURVIVED"


def prove(
    wanted: Sequence[str], reports: Path, jobs: int, *, whole: bool = False, record: bool = False
) -> int:
    """Run the scenarios of its number against every mutant, print the matrix, and write it down.

    A mutant's run ends with the first scenario that notices it, unless the whole matrix is wanted. The one
    that is written down as having noticed it runs first; which one that is cannot change the outcome.

    Args:
        wanted: the beginnings of the names of mutants; all of them when empty.
        reports: where `proof.json` goes.
        jobs: how many mutants at a time; three times as many as there are processors when 0.
        whole: whether all scenarios run that could notice a mutant.
        record: whether to write down which scenario has noticed a mutant.

    Returns:
        The exit code: a survivor, a mutant that is not effective, a control that fails or a number with too
        few mutants is a broken promise.

    Raises:
        UnusableInput: no mutant has such a name (exit code 2).
    """
    set_aside(reports, (PROOF,))
    listed = mutants_in(project.MUTANTS)
    chosen = [mutant for mutant in listed if not wanted or mutant.name.startswith(tuple(wanted))]
    if not chosen:
        names = ", ".join(mutant.name for mutant in listed)
        raise UnusableInput(f"No mutant is called so; there are: {names}.", ExitCode.BAD_COMMAND_LINE)
    known = load_noticed(project.NOTICED)
    runs = [run.id for run in features.runs_in(features.parse(project.FEATURES))]
    if mistakes := ids.unknown(named_in_proof(chosen, known), runs):
        raise ids.IdMistake(mistakes)
    get_ready()
    began, started = datetime.now(UTC), time.monotonic()
    work = Path(tempfile.mkdtemp(prefix="swamp-uat-proof-"))
    try:
        with ThreadPoolExecutor(jobs or 3 * (os.cpu_count() or 1)) as pool:
            found = pool.map(
                lambda mutant: _found(mutant, work, known.get(mutant.name, ""), whole=whole), chosen
            )
            findings = [_told(finding) for finding in found]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    lacking = [] if wanted else lacking_numbers(listed)
    reports.mkdir(parents=True, exist_ok=True)
    unproven = never_failed(findings) if whole else []  # otherwise many did not have their turn
    document = {
        "started": began.isoformat(timespec="minutes"),
        "seconds": time.monotonic() - started,
        "whole": whole,
        "all": not wanted,
        "scenarios": sum(finding.scenarios for finding in findings),
        "never failed": unproven,
        "mutants": _record(findings),
    }
    (reports / PROOF).write_text(json_text(document) + "\n", "utf-8")
    if record:
        noticed = {each.mutant.name: next(iter(each.noticed_by)) for each in findings if each.noticed_by}
        write_noticed(project.NOTICED, noticed, listed)
    print(_summary(findings, lacking, unproven, time.monotonic() - started, reports))
    proven = not lacking and all(finding.outcome == _NOTICED for finding in findings)
    return ExitCode.EVERY_PROMISE_HELD if proven else ExitCode.PROMISE_BROKEN


def named_in_proof(listed: Sequence[WrittenMutant], known: Mapping[str, str]) -> list[ids.Named]:
    """Where the proof of some mutants names a scenario.

    Args:
        listed: the mutants.
        known: the scenario that has noticed a mutant, by the mutant's name.
    """
    controls = sorted({control_of(mutant) for mutant in listed})
    return [
        *(ids.Named(Path(__file__), each) for each in controls),
        *(ids.Named(project.NOTICED, each, (name,)) for name, each in known.items()),
    ]


def finding_of(
    mutant: WrittenMutant, results: Sequence[ScenarioResult], effect: Effect, seconds: float
) -> Finding:
    """What a run against a mutant has shown.

    Args:
        mutant: that the target had.
        results: of the scenarios.
        effect: of the mutant in the processes of the run.
        seconds: how long the run took.
    """
    ran = [each for each in results if each.outcome is not Outcome.NOT_RUN]
    own = [each for each in ran if mutant.number in each.numbers]
    failed = [each for each in own if each.outcome is not Outcome.HELD]
    judged = [each for each in failed if each.outcome is Outcome.BROKEN and each.step_type == "then"]
    return Finding(
        mutant,
        {each.id: each.reason.splitlines()[0] for each in judged if effect.has_reached(each.mark)},
        [each.id for each in judged if not effect.has_reached(each.mark)],
        [each.id for each in failed if each not in judged],
        [each.id for each in ran if each not in own and each.outcome is not Outcome.HELD],
        [each.id for each in own],
        control_of(mutant) in {each.id for each in ran},
        len(ran),
        seconds,
        any(effect.has_reached(each.mark) for each in own),
        effect.crashes,
    )


def control_of(mutant: WrittenMutant) -> str:
    """The id of the scenario that must hold in spite of a mutant."""
    return _CONTROL_OF_ENROLLMENT if mutant.number in _ENROLLMENT else _CONTROL


def never_failed(findings: Sequence[Finding]) -> list[str]:
    """The scenarios, by id, that failed in a Then step under no mutant of their number."""
    noticed = {name for finding in findings for name in finding.noticed_by}
    return sorted({name for finding in findings for name in finding.own} - noticed)


def _found(mutant: WrittenMutant, work: Path, known: str, *, whole: bool) -> Finding:
    if known and not whole:
        finding = _finding(mutant, work / f"{mutant.name}-known", _places(mutant, known), stop=True)
        if finding.outcome == _NOTICED or finding.crashes:
            return finding
    if not whole:
        finding = _finding(mutant, work / f"{mutant.name}-first", _places(mutant), stop=True)
        # A scenario that fails before it judges ends a run as well; then the others must have their say.
        if finding.outcome == _NOTICED or finding.crashes:
            return finding
    return _finding(mutant, work / mutant.name, _places(mutant), stop=False)


def _finding(mutant: WrittenMutant, folder: Path, places: Sequence[str], *, stop: bool) -> Finding:
    started = time.monotonic()
    selection = Selection(jobs=1, stop=stop, paths=places)
    effect = folder.with_name(f"{folder.name}-effect")
    effect.mkdir()
    variables = {_MUTANT_VARIABLE: mutant.name, EFFECT_VARIABLE: str(effect)}
    results = results_against({**_EXECUTABLES, "variables": variables}, folder, selection, _LONGEST)
    return finding_of(mutant, results, effect_in(effect), time.monotonic() - started)


def _places(mutant: WrittenMutant, only: str = "") -> list[str]:
    runs = features.runs_in(features.parse(project.FEATURES))
    own = [run for run in runs if mutant.number in run.numbers and only in ("", run.id)]
    return [run.location for run in [*(run for run in runs if run.id == control_of(mutant)), *own]]


def _told(finding: Finding) -> Finding:
    print(for_terminal(shortened(_line(finding))), flush=True)
    return finding


def _line(finding: Finding) -> str:
    lines = [f"{finding.outcome:<17}{finding.mutant.name}  ({finding.seconds:.0f} s) {finding.mutant.does}"]
    lines += [f"    {name}: {said}" for name, said in list(finding.noticed_by.items())[:1]]
    lines += [f"    {reason}" for reason in finding.why_not_effective]
    if finding.outcome != _NOTICED:
        lines += [f"    before it judged: {name}" for name in finding.failed_elsewhere]
        lines += [f"    control: {name}" for name in finding.controls_failed]
    return "\n".join(lines)


def _summary(
    findings: Sequence[Finding],
    lacking: Sequence[int],
    unproven: Sequence[str],
    seconds: float,
    reports: Path,
) -> str:
    outcomes = Counter(finding.outcome for finding in findings)
    ran = sum(finding.scenarios for finding in findings)
    lines = ["", "Noticed by how many scenarios, mutant by mutant:"]
    for number in sorted({finding.mutant.number for finding in findings}):
        own = [each for each in findings if each.mutant.number == number]
        cells = ", ".join(f"{each.mutant.name.partition('-')[2]} {_cell(each)}" for each in own)
        lines.append(f"  {number:02}  {cells}")
    lines += ["Scenarios that no mutant breaks:", *(f"  {name}" for name in unproven)] if unproven else []
    lines += [f"Number {number} has too few mutants." for number in lacking]
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    lines.append(f"{len(findings)} mutants: {told}; {ran} scenarios in {seconds:.0f} s")
    lines.append(f"The matrix mutant by scenario: {reports / PROOF}")
    return "\n".join(lines)


def _cell(finding: Finding) -> str:
    return str(len(finding.noticed_by)) if finding.outcome == _NOTICED else finding.outcome


def _record(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "mutant": finding.mutant.name,
            "number": finding.mutant.number,
            "does": finding.mutant.does,
            "outcome": finding.outcome,
            "noticed by": finding.noticed_by,
            "not effective because": finding.why_not_effective,
            "failed before they judged": finding.failed_elsewhere,
            "controls that failed": finding.controls_failed,
            "scenarios": finding.scenarios,
        }
        for finding in findings
    ]
