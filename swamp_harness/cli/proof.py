"""The sub-commands that judge the suite by the stand-in: `prove`, `mutate` and `compare`."""

from __future__ import annotations

import argparse
from typing import Any

from swamp_harness.cli.options import OnceOnly, add_jobs
from swamp_harness.quality import mutate, parity, proof, reach_recording
from swamp_harness.runner.schedule import jobs_that_suit
from swamp_harness.specification import project


def add_commands(commands: Any) -> None:
    """Add the sub-commands to a parser's."""
    proven = commands.add_parser(
        "prove", help="show that the scenarios notice every mutant of the embedded target"
    )
    add_jobs(proven, "how many mutants at a time; suits the machine when 0")
    proven.add_argument(
        "mutants", nargs="*", help="the beginnings of the names of mutants, such as 07; all when left out"
    )
    proven.add_argument("--whole", action="store_true", help="run every scenario that could notice a mutant")
    proven.add_argument(
        "--record", action="store_true", help="write down which scenario noticed a mutant, to run it first"
    )
    proven.set_defaults(subcommand=_prove)

    mutation = commands.add_parser(
        "mutate", help="change the stand-in in one small place at a time, and see whether a scenario notices"
    )
    mutation.add_argument(
        "--record", action="store_true", help="record which scenarios reach which lines, and do nothing else"
    )
    mutation.add_argument(
        "--minutes", action=OnceOnly, type=float, default=0, help="begin no mutant after so many minutes"
    )
    mutation.add_argument("--seed", action=OnceOnly, type=int, default=1, help="of the sample; 1 by default")
    add_jobs(mutation, "how many mutants at a time, or scenarios with --record; suits the machine when 0")
    mutation.add_argument(
        "--most",
        action=OnceOnly,
        type=int,
        default=0,
        help="run at most so many scenarios for each mutant; all that reach it by default",
    )
    mutation.add_argument(
        "modules", nargs="*", help="the beginnings of paths of modules, such as orchestrator/; all by default"
    )
    mutation.set_defaults(subcommand=_mutate)

    comparison = commands.add_parser("compare", help="hold the embedded target against the swamp binary")
    comparison.set_defaults(subcommand=lambda _: parity.compare(parity.main_environment()))


def _prove(options: argparse.Namespace) -> int:
    return proof.prove(
        options.mutants, project.reports(), options.jobs, whole=options.whole, record=options.record
    )


def _mutate(options: argparse.Namespace) -> int:
    if options.record:
        return reach_recording.record(options.jobs or jobs_that_suit())
    chosen = mutate.Options(options.minutes, options.seed, options.jobs, options.most, options.modules)
    return mutate.mutate(chosen, project.reports())
