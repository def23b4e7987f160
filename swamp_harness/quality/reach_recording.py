"""Records which scenarios reach which lines of the stand-in, by one run against a copy with a hook."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from swamp_harness.quality.reach import Reach, fingerprint, is_mutant, write_reach
from swamp_harness.results.outcome import Ending, Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.runner.launch import Selection
from swamp_harness.runner.quiet_suite import get_ready, run_against
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.plain_text import for_terminal, shortened

# Makes each process of the stand-in load the copy instead of the stand-in itself.
PATH_VARIABLE = "PYTHONPATH"

_LONGEST = 3600
_HOOK = "reach_hook"
_PARTS = "reached"


def record(jobs: int) -> int:
    """Run the whole suite once, and record which scenarios reach which lines of the stand-in.

    Args:
        jobs: how many scenarios at a time.

    Returns:
        The exit code: 0 if every scenario that ran has held; 1 if one failed (it is not recorded);
        6 if the run was not complete, and nothing was recorded.
    """
    print(f"Recording which scenarios reach which lines, {jobs} scenarios at a time ...", flush=True)
    get_ready()
    folder = Path(tempfile.mkdtemp(prefix="swamp-uat-reach-"))
    try:
        copy_with_hook(project.STAND_IN, folder)
        changes = {"variables": {PATH_VARIABLE: str(folder)}}
        run = run_against(changes, folder / "run", Selection(jobs=jobs), _LONGEST)
        if run is None or run.ending is not Ending.COMPLETE:
            print("The run was not complete: the record stays unchanged.")
            return ExitCode.INCOMPLETE
        results = run.results
        found = collected(folder, project.STAND_IN, results)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    write_reach(found, project.REACHED)
    failed = [each for each in results if each.step]
    for each in failed:
        print(for_terminal(shortened(f"{each.outcome.value}: {each.name}: {each.step}: {each.reason}")))
    print(f"{len(found.seconds)} scenarios recorded in {project.REACHED}; {len(failed)} failed.")
    return ExitCode.PROMISE_BROKEN if failed or not found.seconds else ExitCode.EVERY_PROMISE_HELD


def copy_with_hook(program: Path, folder: Path) -> None:
    """Copy the stand-in into a folder so that each of its processes records which lines it reaches."""
    copy_of(program, folder)
    (folder / _PARTS).mkdir()
    shutil.copy(Path(__file__).with_name(f"{_HOOK}.py"), folder)
    with (folder / program.name / "__init__.py").open("a", encoding="utf-8") as file:
        file.write(f"\nimport {_HOOK}\n")


def copy_of(program: Path, folder: Path) -> None:
    """Copy the stand-in into a folder, without what Python has compiled."""
    shutil.copytree(program, folder / program.name, ignore=shutil.ignore_patterns("__pycache__"))


def collected(folder: Path, program: Path, results: Sequence[ScenarioResult]) -> Reach:
    """Put together what the processes of a run have recorded.

    Args:
        folder: where the copy of the stand-in is that was run.
        program: the stand-in itself.
        results: of the run; only what a scenario that held has reached counts.
    """
    marks = {each.mark for each in results}
    by_mark = {each.mark: each for each in results if each.outcome is Outcome.HELD and each.mark}
    lines: dict[str, dict[int, set[str]]] = {}
    prepared: dict[str, set[int]] = {}
    for part in sorted((folder / _PARTS).glob("*.json")):
        recorded = json.loads(part.read_text("utf-8"))
        for module, reached in recorded["lines"].items():
            if not reached or is_mutant(module):
                continue
            if recorded["scenario"] not in marks:
                prepared.setdefault(module, set()).update(reached)
            elif recorded["scenario"] in by_mark:
                scenario = by_mark[recorded["scenario"]].id
                for line in reached:
                    lines.setdefault(module, {}).setdefault(line, set()).add(scenario)
    texts = {
        module: fingerprint((program / module).read_text("utf-8")) for module in sorted({*lines, *prepared})
    }
    return Reach(texts, {each.id: each.seconds for each in by_mark.values()}, lines, prepared)
