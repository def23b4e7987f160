"""The sub-commands that look further than the features: `prove`, `mutate`, `compare` and `explore`."""

from __future__ import annotations

import argparse
from typing import Any

from swamp_harness.cli.options import OnceOnly, add_budget, add_jobs
from swamp_harness.exploration import explore, mutant_search
from swamp_harness.exploration.acts import Focus
from swamp_harness.exploration.report import Options
from swamp_harness.quality import gate_proof, mutate, parity, proof, reach_recording
from swamp_harness.runner.schedule import jobs_that_suit
from swamp_harness.specification import project


def add_commands(commands: Any) -> None:
    """Add the sub-commands to a parser's."""
    proven = commands.add_parser(
        "prove", help="check that the scenarios notice every mutant of the embedded target"
    )
    add_jobs(proven, "how many mutants at a time; by default as many as suit this machine")
    proven.add_argument(
        "mutants", nargs="*", help="the beginnings of the names of mutants, such as 07; all by default"
    )
    proven.add_argument("--whole", action="store_true", help="run every scenario that could notice a mutant")
    proven.add_argument(
        "--record",
        action="store_true",
        help="record which scenario noticed a mutant, to run it first next time",
    )
    add_budget(
        proven, "run only the scenarios that a gate with this budget has, such as 5m, against every mutant"
    )
    proven.set_defaults(subcommand=_prove)

    mutation = commands.add_parser(
        "mutate", help="run mutation testing: one small change of the stand-in at a time"
    )
    mutation.add_argument(
        "--record", action="store_true", help="only record which scenarios reach which lines"
    )
    mutation.add_argument(
        "--minutes", action=OnceOnly, type=float, default=0, help="start no mutant after this many minutes"
    )
    mutation.add_argument(
        "--seed", action=OnceOnly, type=int, default=1, help="the seed of the sample; 1 by default"
    )
    add_jobs(
        mutation,
        "how many mutants at a time, or scenarios with --record; by default as many as suit this machine",
    )
    mutation.add_argument(
        "--most",
        action=OnceOnly,
        type=int,
        default=0,
        help="run at most this many scenarios for each mutant; by default all that reach it",
    )
    mutation.add_argument(
        "modules", nargs="*", help="the beginnings of paths of modules, such as orchestrator/; all by default"
    )
    mutation.set_defaults(subcommand=_mutate)

    comparison = commands.add_parser("compare", help="compare the embedded target with the swamp binary")
    comparison.set_defaults(subcommand=lambda _: parity.compare(parity.main_environment()))

    exploration = commands.add_parser(
        "explore", help="make up journeys, and compare what an operator sees with a model of the promises"
    )
    exploration.add_argument(
        "--minutes",
        action=OnceOnly,
        type=_minutes,
        default=10,
        help="begin no round after this; 10 by default",
    )
    exploration.add_argument(
        "--seed", action=OnceOnly, type=int, default=1, help="the seed of the journeys; 1 by default"
    )
    exploration.add_argument(
        "--focus",
        action="append",
        choices=[subject.value for subject in Focus],
        help="what journeys are about, once or more; about everything by default",
    )
    exploration.add_argument(
        "--mutants",
        nargs="*",
        metavar="NAME",
        help="look for mutants of the embedded target instead, and tell how many are found: beginnings of "
        "their names, such as 15; by default 03 to 21",
    )
    exploration.add_argument(
        "--journeys",
        action=OnceOnly,
        type=int,
        default=60,
        help="how many journeys to run for each mutant; 60 by default",
    )
    add_jobs(exploration, "how many journeys at a time; by default as many as suit this machine")
    exploration.set_defaults(subcommand=_explore)


def _prove(options: argparse.Namespace) -> int:
    if options.budget:
        return gate_proof.prove_gate(
            options.budget,
            options.mutants,
            project.reports(),
            options.jobs,
            whole=options.whole,
            record=options.record,
        )
    return proof.prove(
        options.mutants, project.reports(), options.jobs, whole=options.whole, record=options.record
    )


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of minutes above 0")
    return minutes


def _explore(options: argparse.Namespace) -> int:
    if options.mutants is not None:
        return mutant_search.search(
            options.mutants, options.journeys, options.seed, project.reports(), options.jobs
        )
    subjects = [Focus(each) for each in dict.fromkeys(options.focus or ())] or list(Focus)
    wanted = Options(options.minutes, options.seed, subjects, options.jobs)
    return explore.explore(wanted, project.reports())


def _mutate(options: argparse.Namespace) -> int:
    if options.record:
        return reach_recording.record(options.jobs or jobs_that_suit())
    chosen = mutate.Options(options.minutes, options.seed, options.jobs, options.most, options.modules)
    return mutate.mutate(chosen, project.reports())
