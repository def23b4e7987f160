"""`swamp-uat run`, and the sub-commands that run the suite several times: `benchmark` and `matrix`."""

from __future__ import annotations

import argparse
from typing import Any

from swamp_harness.cli.options import OnceOnly, add_budget, add_jobs, add_names, add_shard, add_tags
from swamp_harness.quality import benchmark, release_runs
from swamp_harness.runner.launch import Selection, launch
from swamp_harness.runner.schedule import jobs_that_suit
from swamp_harness.specification import project


def add_commands(commands: Any) -> None:
    """Add the sub-commands to a parser's."""
    run = commands.add_parser("run", help="run the scenarios against the binary under test")
    add_tags(run, "a tag expression, such as '@uat-07' or 'not @slow'; repeatable, all must match")
    add_names(run, "a regular expression for the scenario's name; repeatable")
    add_jobs(run, "how many scenarios at a time; by default as many as suit this machine")
    run.add_argument("--stop", action="store_true", help="end the run at the first new failure")
    add_shard(run, "run only a part of the scenarios, such as 2/4, balanced by duration")
    add_budget(run, "a gate: run only the scenarios that notice most in this time, such as 5m; no sign-off")
    run.add_argument(
        "--since",
        action=OnceOnly,
        default="",
        help="run only the scenarios whose feature, steps or module changed since this commit",
    )
    run.add_argument("paths", nargs="*", help="feature files, or file:line; all features by default")
    run.set_defaults(subcommand=_run)

    measured = commands.add_parser(
        "benchmark", help="measure the suite, one scenario at a time and in parallel"
    )
    add_shard(measured, "as for run, to measure a part")
    add_tags(measured, "as for run, to measure a part")
    add_jobs(measured, "as for run, for the second of the two")
    measured.add_argument("paths", nargs="*", help="as for run")
    measured.set_defaults(subcommand=_benchmark)

    releases = commands.add_parser(
        "matrix", help="run the suite over several releases, and show since when a promise is kept or broken"
    )
    add_tags(releases, "as for run, to run a part")
    add_names(releases, "as for run")
    add_jobs(releases, "as for run")
    releases.add_argument("versions", nargs="+", help="versions, or binaries as paths, oldest first")
    releases.set_defaults(subcommand=_matrix)


def _run(options: argparse.Namespace) -> int:
    return launch(
        Selection(
            options.jobs,
            options.shard,
            options.stop,
            options.tags,
            options.name,
            options.paths,
            options.budget,
            options.since,
        )
    )


def _benchmark(options: argparse.Namespace) -> int:
    selection = Selection(shard=options.shard, tags=options.tags, paths=options.paths)
    return benchmark.measure(project.reports(), options.jobs or jobs_that_suit(), selection)


def _matrix(options: argparse.Namespace) -> int:
    selection = Selection(options.jobs, tags=options.tags, names=options.name)
    return release_runs.run_matrix(options.versions, project.reports(), selection)
