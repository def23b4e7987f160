"""The benchmark of the suite itself: one run with a scenario at a time, one with many, and what each cost.

Both run in processes of their own, one after the other, with the settings of the person who asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from swamp_harness.product.costs import Cost, Purpose
from swamp_harness.render.documents import set_aside
from swamp_harness.results import metrics
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.results.run_record import RUN_FILE, SuiteRun, read_run
from swamp_harness.runner.launch import Selection
from swamp_harness.runner.suite_process import run_suite
from swamp_harness.specification import project
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import json_text

BENCHMARK_FILE = "benchmark.json"

# On the terminal; the file has all.
_MOST_COMMANDS = 15

# The exit codes of a run whose metrics count: a benchmark does not measure promises.
_FINISHED = {ExitCode.EVERY_PROMISE_HELD, ExitCode.KNOWN_DEVIATIONS, ExitCode.PROMISE_BROKEN}


def measure(reports: Path, jobs: int, selection: Selection) -> int:
    """Run the suite serially and side by side, print the metrics of both, and write `benchmark.json`.

    Args:
        reports: where `benchmark.json` goes, and the reports of both runs, in folders of their own.
        jobs: how many scenarios at a time in the second run.
        selection: of the scenarios to measure.

    Returns:
        The exit code.

    Raises:
        UnusableInput: a run was not complete (with the exit code of that run).
        OSError: nothing can be written there.
    """
    reports.mkdir(parents=True, exist_ok=True)
    set_aside(reports, (BENCHMARK_FILE,))
    runs = {
        name: _measured(name, reports / "benchmark" / name.replace(" ", "-"), at_once, selection)
        for name, at_once in (("serial", 1), ("side by side", jobs))
    }
    serial = runs["serial"]
    document = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "target": serial.target,
        "version": serial.version,
        "binaries": serial.binaries,
        "runs": {name: _costs(run) for name, run in runs.items()},
        "by number": _by_number(serial),
        "by scenario": _by_scenario(serial),
    }
    (reports / BENCHMARK_FILE).write_text(json_text(document) + "\n", "utf-8")
    tables = (_table(runs), _purposes(runs), _commands(serial))
    print("\n".join([*("\n".join(["", *rows]) for rows in tables), f"Details: {reports / BENCHMARK_FILE}"]))
    return ExitCode.EVERY_PROMISE_HELD


def _measured(name: str, folder: Path, at_once: int, selection: Selection) -> SuiteRun:
    print(f"\n{name}, {at_once} at a time", flush=True)
    code = run_suite(replace(selection, jobs=at_once), project.environment_with_reports(folder))
    if code not in _FINISHED:
        complaint = f"The {name} run ended with exit code {code}, so nothing was measured: see above."
        known = code in {each.value for each in ExitCode}  # a killed run has another
        raise UnusableInput(complaint, ExitCode(code) if known else ExitCode.INFRASTRUCTURE_ERROR)
    return read_run(folder / RUN_FILE)


def _costs(run: SuiteRun) -> dict[str, Any]:
    return {
        **run.metrics,
        "least wall seconds": round(metrics.least_wall_seconds(run.metrics), 1),
        "pace": round(metrics.pace(run.metrics), 2),
        "share of the harness": round(metrics.share_of_harness(run.metrics), 3),
        "by command": _costs_of_commands(run.costs),
        "outcomes": {
            outcome.value: count
            for outcome in Outcome
            if (count := sum(result.outcome is outcome for result in run.results))
        },
    }


def _by_number(run: SuiteRun) -> dict[str, Any]:
    ran = [result for result in run.results if result.outcome is not Outcome.NOT_RUN]
    numbers = sorted({number for result in ran for number in result.numbers})
    return {
        str(number): {
            "scenarios": len(own),
            "seconds": round(sum(each.seconds for each in own), 1),
            "product commands": sum(each.commands for each in own),
            **_costs_of_scenarios(own),
        }
        for number in numbers
        for own in [[each for each in ran if number in each.numbers]]
    }


def _by_scenario(run: SuiteRun) -> dict[str, Any]:
    ran = [result for result in run.results if result.outcome is not Outcome.NOT_RUN]
    return {each.id: {"product commands": each.commands, **_costs_of_scenarios([each])} for each in ran}


def _costs_of_scenarios(results: Sequence[ScenarioResult]) -> dict[str, Any]:
    total = round(sum(each.product_cpu_seconds for each in results), 2)
    costs = [cost for each in results for cost in each.costs]
    return {metrics.PRODUCT: total, **metrics.parts(costs, total), "by command": _costs_of_commands(costs)}


def _costs_of_commands(costs: Iterable[Cost]) -> dict[str, Any]:
    """Each kind of command with its starts and processor seconds, the most expensive first."""
    together: dict[str, list[Cost]] = defaultdict(list)
    for cost in costs:
        together[cost.command].append(cost)
    seconds = {command: sum(cost.seconds for cost in each) for command, each in together.items()}
    return {
        command: {
            "starts": sum(cost.starts for cost in together[command]),
            "processor seconds": round(seconds[command], 2),
        }
        for command in sorted(seconds, key=lambda command: -seconds[command])
    }


def _table(runs: dict[str, SuiteRun]) -> list[str]:
    names = ("", "wall s", "least s", "pace", "product s", "harness s", "share", "commands")
    rows = [
        (
            name,
            f"{run.metrics[metrics.WALL]:.1f}",
            f"{metrics.least_wall_seconds(run.metrics):.1f}",
            f"{metrics.pace(run.metrics):.2f}",
            f"{run.metrics[metrics.PRODUCT]:.1f}",
            f"{run.metrics[metrics.HARNESS]:.1f}",
            f"{metrics.share_of_harness(run.metrics):.1%}",
            f"{run.metrics[metrics.COMMANDS]:g}",
        )
        for name, run in runs.items()
    ]
    return ["".join(f"{cell:<14}" for cell in row).rstrip() for row in (names, *rows)]


def _purposes(runs: dict[str, SuiteRun]) -> list[str]:
    parts = {**{metrics.PARTS[each]: each.value for each in Purpose}, metrics.OTHER: "other"}
    names = ("processor seconds of the product", *runs)
    rows = [
        (part, *(f"{run.metrics[key]:.1f}" for run in runs.values()))
        for key, part in {**parts, metrics.PRODUCT: "all"}.items()
    ]
    return [_aligned(row) for row in (names, *rows)]


def _commands(run: SuiteRun) -> list[str]:
    rows = [
        (command, f"{cost['starts']}", f"{cost['processor seconds']:.1f}")
        for command, cost in _costs_of_commands(run.costs).items()
    ]
    return [_aligned(row) for row in (("command", "starts", "processor s"), *rows[:_MOST_COMMANDS])]


def _aligned(row: Sequence[str]) -> str:
    first, *others = row
    return f"{first:<36}" + "".join(f"{cell:>14}" for cell in others)
