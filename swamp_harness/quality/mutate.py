"""Mutation testing: the stand-in with one small change at a time, and whether a scenario notices it.

A mutant runs only the scenarios that reach its lines, the likeliest first, until one fails in a Then step.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from swamp_harness.quality.code_mutants import MutableModule, Mutant, Site, sampled
from swamp_harness.quality.known_noticers import known_noticers
from swamp_harness.quality.mutation_lists import Decisions, read_decisions
from swamp_harness.quality.mutation_plan import Plan, Session, places_of_scenarios, refuse_stale, unreached
from swamp_harness.quality.mutation_run import run_until_killed
from swamp_harness.quality.reach import fingerprint, is_mutant, read_reach
from swamp_harness.quality.reach_recording import PATH_VARIABLE, copy_of
from swamp_harness.render.documents import set_aside
from swamp_harness.render.mutation_report import DOCUMENT, PAGE, Finding, Outcome, report, score, write_report
from swamp_harness.results.noticed import load_noticed
from swamp_harness.results.result import ScenarioResult
from swamp_harness.runner.launch import Selection
from swamp_harness.runner.quiet_suite import get_ready, results_against
from swamp_harness.specification import features, project
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import for_terminal, shortened

_SESSION = "mutation-session.json"
# Another number when findings are kept in another format: those of the former cannot be read.
_SESSION_FORMAT = 2
# A person decides about mutants that no scenario has killed.
_OPEN = (Outcome.SURVIVED, Outcome.UNDECIDED)


@dataclass(frozen=True)
class Options:
    """The options of mutation testing.

    Attributes:
        minutes: no mutant begins after that time; without limit when 0.
        seed: of the sample.
        jobs: how many mutants at a time; as many as there are processors when 0.
        most: how many scenarios a mutant runs at most; all that reach it when 0.
        modules: the beginnings of the paths of the modules to mutate; all when empty.
    """

    minutes: float = 0
    seed: int = 1
    jobs: int = 0
    most: int = 0
    modules: Sequence[str] = ()


def mutate(options: Options, reports: Path) -> int:
    """Run a sample of all mutants, print the outcome of each, and write the report.

    Args:
        options: what to do.
        reports: where the report and the session file go.

    Returns:
        The exit code: a mutant that survived, or an entry of the list that matches nothing, is a 1.

    Raises:
        UnusableInput: the record or the list of decisions is missing or stale, or there is no such module
            (exit code 2).
    """
    started = datetime.now(UTC)
    decisions, found = read_decisions(project.MUTATION), read_reach(project.REACHED)
    all_files = {
        file.relative_to(project.STAND_IN).as_posix(): file.read_text("utf-8")
        for file in sorted(project.STAND_IN.rglob("*.py"))
    }
    every = {name: text for name, text in all_files.items() if not is_mutant(name)}
    texts = {
        name: text
        for name, text in every.items()
        if name not in decisions.left_out and name.startswith(tuple(options.modules) or "")
    }
    if unknown := [each for each in options.modules if not any(name.startswith(each) for name in texts)]:
        raise UnusableInput(
            f"No module of the stand-in that is mutated begins with {unknown[0]!r}: give the beginning of a "
            "path, such as orchestrator/.",
            ExitCode.BAD_COMMAND_LINE,
        )
    refuse_stale(found, texts)
    modules = {name: MutableModule(name, text) for name, text in texts.items()}
    reports.mkdir(parents=True, exist_ok=True)
    set_aside(reports, (PAGE, DOCUMENT))
    key = fingerprint(json.dumps([_SESSION_FORMAT, texts, options.seed, project.REACHED.read_text("utf-8")]))
    session = Session(reports / _SESSION, key)
    session.resume()
    sites = sampled([site for module in modules.values() for site in module.sites], options.seed)
    _decide_anew(session, modules, decisions)
    session.reopen(options.most)
    noticers = known_noticers(project.MUTANTS, load_noticed(project.NOTICED))
    plan = Plan(modules, every, found, decisions, noticers, places_of_scenarios())
    _run(plan, sites, session, options)
    document = report(
        list(session.findings.values()),
        started=started,
        seed=options.seed,
        possible={name: len(module.sites) for name, module in modules.items() if module.sites},
        unreached={name: unreached(name, text, found) for name, text in texts.items()},
        left_out=decisions.left_out,
        titles={each.number: each.title for each in features.catalogue()},
    )
    page = write_report(document, reports)
    stale = decisions.stale(every)
    print("\n".join([*(f"{project.MUTATION.name}: {each}" for each in stale), _summary(session, page)]))
    survived = any(each.outcome is Outcome.SURVIVED for each in session.findings.values())
    return ExitCode.PROMISE_BROKEN if survived or stale else ExitCode.EVERY_PROMISE_HELD


def _decide_anew(session: Session, modules: Mapping[str, MutableModule], decisions: Decisions) -> None:
    """Apply new decisions of people about mutants that no scenario killed."""
    for site in (site for module in modules.values() for site in module.sites):
        finding = session.findings.get(site.name)
        if finding is None or finding.outcome not in _OPEN:
            continue
        mutant = modules[site.module].mutant(site)
        decision = decisions.about(mutant) if mutant else None
        if decision is not None:
            session.take(replace(finding, outcome=decision.outcome, message=decision.reason))


def _run(plan: Plan, sites: Sequence[Site], session: Session, options: Options) -> None:
    get_ready()
    jobs = options.jobs or os.cpu_count() or 1
    ends = time.monotonic() + 60 * options.minutes if options.minutes else float("inf")
    work = Path(tempfile.mkdtemp(prefix="swamp-uat-mutants-"))
    waiting = (site for site in sites if site.name not in session.findings)
    running: set[Future[Finding]] = set()
    ended = threading.Event()
    try:
        with ThreadPoolExecutor(jobs) as pool:
            try:
                for site in waiting:
                    if time.monotonic() > ends:
                        break
                    found = plan.mutant(site)
                    if found is None:
                        continue
                    ordered = found[0], session.in_order(site.name, found[1])
                    running.add(pool.submit(_finding, plan, ordered, work, options.most, ended))
                    if len(running) >= jobs:
                        running = _taken(running, session, FIRST_COMPLETED)
                _taken(running, session, "ALL_COMPLETED")
            except BaseException:
                ended.set()  # running mutants end after their present scenarios, and do not count
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _taken(running: set[Future[Finding]], session: Session, until: str) -> set[Future[Finding]]:
    done, rest = wait(running, return_when=until)
    for each in done:
        finding = each.result()
        session.take(finding)
        print(for_terminal(shortened(_line(finding))), flush=True)
    return rest


def _finding(
    plan: Plan, found: tuple[Mutant, list[str]], work: Path, most: int, ended: threading.Event
) -> Finding:
    mutant, names = found
    decision = plan.decisions.about(mutant)
    site = mutant.site
    base = Finding(site.name, site.module, mutant.lines.start, mutant.diff, Outcome.SURVIVED)
    if decision is not None and decision.outcome is Outcome.EQUIVALENT:
        return Finding(**{**vars(base), "outcome": Outcome.EQUIVALENT, "message": decision.reason})
    folder = Path(tempfile.mkdtemp(dir=work))
    copy_of(project.STAND_IN, folder)
    (folder / project.STAND_IN.name / site.module).write_text(mutant.text, "utf-8")

    def run(batch: Sequence[str]) -> Sequence[ScenarioResult]:
        if ended.is_set():
            return ()
        # A scenario may take much longer in parallel, and a mutant may never end.
        limit = 120 + 10 * sum(plan.found.seconds[name] for name in batch)
        reports = Path(tempfile.mkdtemp(dir=folder)) / "run"
        places = [plan.places[name].at for name in batch]
        changes = {"variables": {PATH_VARIABLE: str(folder)}}
        return results_against(changes, reports, Selection(jobs=1, stop=True, paths=places), limit)

    started = time.monotonic()
    try:
        givens = {name: plan.places[name].givens for name in names}
        complete = not most or most >= len(names)
        result = run_until_killed(names[: most or None], run, givens=givens, complete=complete)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if decision is not None and result.outcome in _OPEN:
        result = result.decided(decision.outcome, decision.reason)
    promises = {number for name in result.ran for number in plan.places[name].numbers}
    killed_by = plan.places[result.scenario].numbers if result.outcome is Outcome.KILLED else ()
    values: dict[str, Any] = {
        "outcome": result.outcome,
        "scenario": result.scenario.strip(),
        "message": result.message,
        "promises": tuple(sorted(promises)),
        "killed_by": killed_by,
        "scenarios": len(result.ran),
        "reaching": len(names),
        "seconds": round(time.monotonic() - started, 1),
    }
    return Finding(**{**vars(base), **values})


def _line(finding: Finding) -> str:
    changed = [
        line
        for line in finding.diff.splitlines()
        if line.startswith(("-", "+")) and not line.startswith(("---", "+++"))
    ]
    by = f" by {finding.scenario}: {finding.message}" if finding.scenario else ""
    cost = f"({finding.scenarios} scenarios, {finding.seconds:.0f} s)"
    head = f"{finding.outcome.value:<17}{finding.mutant}  {cost}"
    return "\n".join([f"{head}{by}", *(f"    {line}" for line in changed)])


def _summary(session: Session, page: Path) -> str:
    findings = list(session.findings.values())
    outcomes = ", ".join(
        f"{sum(each.outcome is outcome for each in findings)} {outcome.value}" for outcome in Outcome
    )
    parts = [score(findings), score(findings, strict=True)]
    shares = ["no score" if part is None else f"{100 * part:.0f} %" for part in parts]
    return (
        f"\n{len(findings)} mutants: {outcomes}\n"
        f"Killed in a Then: {shares[0]} of those that start and could break a promise, {shares[1]} of all "
        f"that are not equivalent\n{page}"
    )
