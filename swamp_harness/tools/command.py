"""The `swamp-uat` command: runs the suite, keeps the coverage map, checks the feature files."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from behave.exception import TagExpressionError

from swamp_harness.machinery.faults import ExitCode
from swamp_harness.machinery.lasting_output import lasting_output
from swamp_harness.product.releases import Releases
from swamp_harness.report import coverage, features, project, verification, words
from swamp_harness.report.documents import PREVIOUS, put_together, set_aside, write_documents
from swamp_harness.report.features import FeatureScenario
from swamp_harness.report.signoff import Knowledge
from swamp_harness.report.signoff_page import PAGE_FILE
from swamp_harness.results import deviations, waivers
from swamp_harness.tools import bench, compare, matrix, mutate, prove, reach_recording, stylecheck
from swamp_harness.tools.allure_page import make_page
from swamp_harness.tools.endings import exit_code_of
from swamp_harness.tools.references import id_mistakes
from swamp_harness.tools.reports_folder import set_older_aside, taken
from swamp_harness.tools.runner import SHARD, UatRunner
from swamp_harness.tools.side_by_side import jobs_that_suit
from swamp_harness.tools.start import configuration, refuse_if_misplaced

_ALLURE = "swamp_harness.tools.allure:AllureFormatter"
_PLATFORM = re.compile(r"(linux|darwin|windows)-(x86_64|aarch64)")  # as the assets of a release are named
_CONSOLE = "swamp_harness.tools.console:ConsoleFormatter"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Args:
        arguments: the command line; that of this process when None.

    Returns:
        The exit code; see the README's table.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    with lasting_output():
        return exit_code_of(lambda: _command(given))


def _command(given: list[str]) -> int:
    refuse_if_misplaced()
    if given[:1] == ["run"] and not {"-h", "--help"} & set(given):
        set_older_aside(project.reports())  # even if the options are unusable
    options = _parser().parse_args(given)
    return int(options.subcommand(options))


def _run(options: argparse.Namespace) -> int:
    complaint = _complaint_about(options)
    if complaint:
        return _unusable(complaint)
    given = [
        *("--format", _ALLURE, "--outfile", str(project.reports() / "allure-results")),
        *("--format", _CONSOLE),
        *("--jobs", str(options.jobs or jobs_that_suit())),
        *(("--define", f"{SHARD}={options.shard}") if options.shard else ()),
        *(("--stop",) if options.stop else ()),
        *(part for tags in options.tags for part in ("--tags", tags)),
        *(part for name in options.name for part in ("--name", name)),
        *(options.paths or [str(project.FEATURES)]),
    ]
    try:
        UatRunner(configuration(given)).run()
    except SystemExit as end:
        return int(end.code or 0)
    except TagExpressionError as error:
        return _unusable(f"the tags {' and '.join(options.tags)!r} are no tag expression: {error}")
    return ExitCode.EVERY_PROMISE_HELD


def _complaint_about(options: argparse.Namespace) -> str:
    for name in options.name:
        try:
            re.compile(name)
        except re.error as error:
            return f"the name {name!r} is no regular expression: {error}"
    return ""


def _coverage(options: argparse.Namespace) -> int:
    scenarios = features.scenarios_in(features.parse(project.FEATURES))
    bare = coverage.without_scenario(features.catalogue(), scenarios)
    if bare:
        print(
            f"swamp-uat: No scenario serves {words.promises_in_words(bare)} of issue 630: write one.",
            file=sys.stderr,
        )
        return ExitCode.PROMISE_BROKEN
    text, file = _coverage_text(scenarios), project.COVERAGE_MAP
    if options.check:
        if not file.exists() or file.read_text("utf-8") != text:
            print(f"swamp-uat: {file.name} is stale: run `make coverage`.", file=sys.stderr)
            return ExitCode.PROMISE_BROKEN
        return 0
    file.write_text(text, "utf-8")
    print(f"{file.name} written")
    return 0


def _record(options: argparse.Namespace) -> int:
    scenarios = features.scenarios_in(features.parse(project.FEATURES))
    count = coverage.record(options.run, scenarios, project.RECORDED_RESULTS)
    project.COVERAGE_MAP.write_text(_coverage_text(scenarios), "utf-8")
    print(f"{count} results recorded, {project.COVERAGE_MAP.name} written")
    return 0


def _verification(options: argparse.Namespace) -> int:
    if options.check:
        known = verification.page(verification.read_measurements(project.MEASUREMENTS))
        if project.VERIFICATION.read_text("utf-8") != known:
            print(
                f"swamp-uat: {project.VERIFICATION.name} is stale: run `make verification`.", file=sys.stderr
            )
            return ExitCode.PROMISE_BROKEN
        return 0
    measured = verification.read_measurements(project.MEASUREMENTS)
    for kind in options.kinds:
        measured = verification.taken(measured, kind, project.reports(), features.catalogue())
    measured.write_to(project.MEASUREMENTS)
    project.VERIFICATION.write_text(verification.page(measured), "utf-8")
    print(f"{project.VERIFICATION.relative_to(project.ROOT)} written")
    return 0


def _resolve(options: argparse.Namespace) -> int:
    print(Releases.of(os.environ).version(options.version))
    return 0


def _signoff(options: argparse.Namespace) -> int:
    listed, waived = deviations.load(project.deviations()), waivers.load(project.waivers())
    runs = features.runs_in(features.parse(project.FEATURES))
    with taken(project.reports()) as reports:
        if not {reports.resolve(), (reports / PREVIOUS).resolve()} & {
            each.resolve() for each in options.runs
        }:
            set_aside(reports)
        record = put_together(options.runs, reports)
        decision = write_documents(
            record, reports, Knowledge(runs, listed, waived, platforms=options.platforms)
        )
    print("\n".join([decision.verdict.value, *(f"  {reason}" for reason in decision.reasons)]))
    print(f"Sign-off page: {reports / PAGE_FILE}")
    return decision.exit_code


def _report(_: argparse.Namespace) -> int:
    print(f"Report: {make_page(project.reports(), os.environ)}")
    return 0


def _bench(options: argparse.Namespace) -> int:
    selection = [
        *(("--shard", options.shard) if options.shard else ()),
        *(part for tags in options.tags for part in ("--tags", tags)),
        *options.paths,
    ]
    return bench.bench(project.reports(), options.jobs or jobs_that_suit(), selection)


def _matrix(options: argparse.Namespace) -> int:
    selection = [
        *("--jobs", str(options.jobs)),
        *(part for tags in options.tags for part in ("--tags", tags)),
        *(part for name in options.name for part in ("--name", name)),
    ]
    return matrix.run_matrix(options.versions, project.reports(), selection)


def _prove(options: argparse.Namespace) -> int:
    return prove.prove(
        options.mutants, project.reports(), options.jobs, whole=options.whole, record=options.record
    )


def _mutate(options: argparse.Namespace) -> int:
    if options.record:
        return reach_recording.record(options.jobs or jobs_that_suit())
    chosen = mutate.Options(options.minutes, options.seed, options.jobs, options.most, options.modules)
    return mutate.mutate(chosen, project.reports())


def _compare(_: argparse.Namespace) -> int:
    return compare.compare(compare.main_environment())


def _check_features(_: argparse.Namespace) -> int:
    models = features.parse(project.FEATURES)
    errors = [
        *stylecheck.style_errors(project.FEATURES),
        *stylecheck.step_errors(project.FEATURES),
        *id_mistakes(models),
    ]
    for error in errors:
        print(error, file=sys.stderr)
    return ExitCode.FEATURE_MISTAKE if errors else 0


def _coverage_text(scenarios: Sequence[FeatureScenario]) -> str:
    return coverage.coverage_map(
        features.catalogue(),
        scenarios,
        deviations.load(project.deviations()),
        coverage.load_recorded(project.RECORDED_RESULTS),
        coverage.documented_defaults(),
    )


def _platforms(text: str) -> list[str]:
    names = text.split()
    strange = [name for name in names if not _PLATFORM.fullmatch(name)]
    if strange:
        raise argparse.ArgumentTypeError(f"{strange[0]!r} is no platform: give one such as linux-x86_64")
    return [name.replace("-", " ") for name in names]


def _unusable(what: str) -> ExitCode:
    print(f"swamp-uat: {what}", file=sys.stderr)
    return ExitCode.BAD_COMMAND_LINE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="swamp-uat", description="The acceptance suite of swamp's remote execution."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="run the scenarios against the binary under test")
    _add_tags(run, "a tag expression, such as '@uat-07' or 'not @slow'; of several, all must hold")
    run.add_argument(
        "--name", action="append", default=[], help="a regular expression for the scenario's name; repeatable"
    )
    run.add_argument(
        "-j",
        "--jobs",
        action=_OnceOnly,
        type=int,
        default=0,
        help="how many scenarios at a time; as suits this machine when left out",
    )
    run.add_argument("--stop", action="store_true", help="end the run at the first new failure")
    run.add_argument(
        "--shard",
        action=_OnceOnly,
        default="",
        help="run a part of the scenarios only, such as 2/4, by duration",
    )
    run.add_argument("paths", nargs="*", help="feature files, or file:line; all features when left out")
    run.set_defaults(subcommand=_run)

    _add_kept_documents(commands)

    resolution = commands.add_parser("resolve", help="print the version of a release, such as of the latest")
    resolution.add_argument("version", help="a version, or latest")
    resolution.set_defaults(subcommand=_resolve)

    signoff = commands.add_parser(
        "signoff", help="put the reports of several runs together, and judge the release by all of them"
    )
    signoff.add_argument(
        "--platforms",
        action=_OnceOnly,
        type=_platforms,
        default=[],
        help="where the release must have run, such as 'linux-x86_64 darwin-aarch64'",
    )
    signoff.add_argument("runs", nargs="+", type=Path, help="the folders of the reports of the runs")
    signoff.set_defaults(subcommand=_signoff)

    report = commands.add_parser(
        "report", help="make one page of the Allure results, by Allure 3; needs Node.js"
    )
    report.set_defaults(subcommand=_report)

    measured = commands.add_parser("bench", help="measure the suite, serially and side by side")
    measured.add_argument("--shard", action=_OnceOnly, default="", help="as for run, to measure a part")
    _add_tags(measured, "as for run, to measure a part")
    measured.add_argument(
        "-j", "--jobs", action=_OnceOnly, type=int, default=0, help="as for run, for the second of the two"
    )
    measured.add_argument("paths", nargs="*", help="as for run")
    measured.set_defaults(subcommand=_bench)

    releases = commands.add_parser(
        "matrix", help="run the suite over several releases, and tell since when a promise is kept or broken"
    )
    _add_tags(releases, "as for run, to run a part")
    releases.add_argument("--name", action="append", default=[], help="as for run")
    releases.add_argument("-j", "--jobs", action=_OnceOnly, type=int, default=0, help="as for run")
    releases.add_argument("versions", nargs="+", help="versions, or binaries as paths, oldest first")
    releases.set_defaults(subcommand=_matrix)

    proof = commands.add_parser(
        "prove", help="show that the scenarios notice every mutant of the embedded target"
    )
    proof.add_argument(
        "-j",
        "--jobs",
        action=_OnceOnly,
        type=int,
        default=0,
        help="how many mutants at a time; suits the machine when 0",
    )
    proof.add_argument(
        "mutants", nargs="*", help="the beginnings of the names of mutants, such as 07; all when left out"
    )
    proof.add_argument("--whole", action="store_true", help="run every scenario that could notice a mutant")
    proof.add_argument(
        "--record", action="store_true", help="write down which scenario noticed a mutant, to run it first"
    )
    proof.set_defaults(subcommand=_prove)

    _add_mutate(commands)

    comparison = commands.add_parser("compare", help="hold the embedded target against the swamp binary")
    comparison.set_defaults(subcommand=_compare)

    check = commands.add_parser("check-features", help="check style and steps of the feature files")
    check.set_defaults(subcommand=_check_features)
    return parser


def _add_kept_documents(commands: Any) -> None:
    coverage_map = commands.add_parser("coverage", help="write coverage.md")
    coverage_map.add_argument("--check", action="store_true", help="write nothing, fail if it is stale")
    coverage_map.set_defaults(subcommand=_coverage)

    record = commands.add_parser("record", help="take the results of a run into the coverage map")
    record.add_argument(
        "run",
        nargs="?",
        type=Path,
        default=project.reports() / "run.json",
        help="reports/run.json when left out",
    )
    record.set_defaults(subcommand=_record)

    measurements = commands.add_parser(
        "verification", help="take the last measurements into docs/verification.md"
    )
    measurements.add_argument("--check", action="store_true", help="write nothing, fail if it is stale")
    measurements.add_argument(
        "kinds", nargs="*", type=verification.Measure, help="run, proof or mutation: which ones to take"
    )
    measurements.set_defaults(subcommand=_verification)


def _add_mutate(commands: Any) -> None:
    mutation = commands.add_parser(
        "mutate", help="change the stand-in in one small place at a time, and see whether a scenario notices"
    )
    mutation.add_argument(
        "--record", action="store_true", help="record which scenarios reach which lines, and do nothing else"
    )
    mutation.add_argument(
        "--minutes", action=_OnceOnly, type=float, default=0, help="begin no mutant after so many minutes"
    )
    mutation.add_argument("--seed", action=_OnceOnly, type=int, default=1, help="of the sample; 1 by default")
    mutation.add_argument(
        "-j",
        "--jobs",
        action=_OnceOnly,
        type=int,
        default=0,
        help="how many mutants at a time, or scenarios with --record; suits the machine when 0",
    )
    mutation.add_argument(
        "--most",
        action=_OnceOnly,
        type=int,
        default=0,
        help="run at most so many scenarios for each mutant; all that reach it by default",
    )
    mutation.add_argument(
        "modules", nargs="*", help="the beginnings of paths of modules, such as orchestrator/; all by default"
    )
    mutation.set_defaults(subcommand=_mutate)


def _add_tags(parser: argparse.ArgumentParser, told: str) -> None:
    parser.add_argument("--tags", action="append", default=[], help=told)


class _OnceOnly(argparse.Action):
    """Refuses an option that is given a second time, where the last one would silently win."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Take the value of the option."""
        given = namespace.__dict__.setdefault("_given", set())
        if self.dest in given:
            parser.error(f"{option_string} is given twice: give it once")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


if __name__ == "__main__":
    sys.exit(main())
