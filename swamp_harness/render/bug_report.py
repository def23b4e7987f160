"""A failed scenario as a report for the product's tracker, with a script that reproduces it by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from swamp_harness.render.bug_checks import file_name
from swamp_harness.render.bug_script import script_of, without_folder_of_run
from swamp_harness.render.shell_text import shown
from swamp_harness.render.words import severity_in_words, systems, why
from swamp_harness.results.deviations import Deviation
from swamp_harness.results.ids import is_of
from swamp_harness.results.outcome import Standing
from swamp_harness.results.policy import Group
from swamp_harness.results.result import ScenarioResult, title_of
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.scenario.reproduction import REPRODUCTION_FILE, EventKind, Obstacle, Reproduction
from swamp_harness.specification import features
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.plain_text import cut, for_file

BUGS = "bugs"
_MATRIX = "matrix.json"
ISSUE = "https://swamp-club.com/lab/630"
_NOT_KNOWN = "not known"
_LAST_LINES = 12
_OBSTACLES = {
    Obstacle.NETWORK: "The scenario cuts or delays a network path; the script connects directly, so repeat "
    "that part with a proxy or a firewall of your own.",
    Obstacle.CERTIFICATES: "The scenario makes certificates for the orchestrator; the script does not.",
    Obstacle.TERMINAL: "The scenario works at a terminal; the script has none, so press the keys yourself.",
    Obstacle.REGISTRY: "The scenario publishes an extension in a registry of its own; the script does not.",
    Obstacle.OTHER_VERSION: "The scenario also uses another protocol version; the script has SWAMP_BIN only.",
    Obstacle.OTHER_MACHINE: "The scenario uses another machine; the script runs everything on this one.",
    Obstacle.MEMORY: "The scenario measures memory; the script does not.",
}
_TIMING = "The scenario suspends a process; the script does so too, but the moment can matter."


@dataclass(frozen=True)
class BugReport:
    """The files of one report.

    Attributes:
        report: in Markdown.
        script: that reproduces it; None if the run left nothing to make it from.
    """

    report: Path
    script: Path | None


def write_bug_reports(
    record: SuiteRun, folder: Path, deviations: Sequence[Deviation], results: Sequence[ScenarioResult] = ()
) -> list[BugReport]:
    """Write the reports about broken promises into the folder of reports, blanked of secrets.

    Args:
        record: of the run.
        folder: of its reports, with the evidence.
        deviations: that are known.
        results: the scenarios to write reports about; all that broke a promise if left out.
    """
    broken = [each for each in record.results if each.outcome.traits.standing is Standing.BROKEN]
    return [_write(each, record, folder, deviations) for each in results or broken]


def results_named(name: str, record: SuiteRun, deviations: Sequence[Deviation]) -> list[ScenarioResult]:
    """The scenarios of a run that broke a promise and that somebody names.

    Args:
        name: the id of a scenario, of an example of it, or of a known deviation.
        record: of the run.
        deviations: that are known.

    Raises:
        UnusableInput: no scenario has that id, or it broke no promise in the run (exit code 2).
    """
    scenarios = [each.scenario for each in deviations if each.id == name] or [name]
    own = [each for each in record.results for one in scenarios if is_of(each.id, one)]
    if not own:
        known = [*(each.id for each in record.results), *(each.id for each in deviations)]
        near = get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnusableInput(
            f"The run has no scenario or deviation {name!r}: give an id from the sign-off page.{hint}",
            ExitCode.BAD_COMMAND_LINE,
        )
    broken = [each for each in own if each.outcome.traits.standing is Standing.BROKEN]
    if not broken:
        raise UnusableInput(
            f"{name!r} broke no promise in this run ({own[0].outcome.value}): there is nothing to report.",
            ExitCode.BAD_COMMAND_LINE,
        )
    return broken


def report_name(scenario: str, platform: str, *, several_platforms: bool) -> str:
    """The name of the report about a scenario, without its ending.

    Args:
        scenario: its id.
        platform: where it ran.
        several_platforms: whether the run has results of more than one.
    """
    return file_name(f"{scenario} {platform}" if several_platforms else scenario)


def _write(
    result: ScenarioResult, record: SuiteRun, folder: Path, deviations: Sequence[Deviation]
) -> BugReport:
    target = folder / BUGS
    target.mkdir(exist_ok=True)
    evidence = folder / result.evidence if result.evidence else None
    reproduction = _reproduction(evidence)
    deviation = next((each for each in deviations if each.id == result.deviation), None)
    several = len(record.binaries) > 1
    name, script = report_name(result.id, result.platform, several_platforms=several), None
    if reproduction is not None:
        title = f"{title_of(result.name)}\n{record.target} {record.version}, scenario {result.id}"
        script = target / f"{name}.sh"
        script.write_text(
            for_file(script_of(title, reproduction, result, _obstacles_in_words(reproduction))), "utf-8"
        )
    report = target / f"{name}.md"
    lines = _Report(result, record, deviation, reproduction, evidence).lines(script, _since(folder, result))
    report.write_text(for_file("\n".join(lines) + "\n"), "utf-8")
    return BugReport(report, script)


def _reproduction(evidence: Path | None) -> Reproduction | None:
    file = evidence / REPRODUCTION_FILE if evidence is not None else None
    if file is None or not file.exists():
        return None
    try:
        return Reproduction.from_document(json.loads(file.read_text("utf-8")))
    except (ValueError, KeyError, TypeError):
        return None  # of another version of the suite, or cut short


def _since(folder: Path, result: ScenarioResult) -> str | None:
    """Since which release a scenario is broken, by a matrix of releases; empty if there is none.

    Returns:
        None if there is a matrix that cannot be read.
    """
    file = folder / _MATRIX
    if not file.exists():
        return ""
    try:
        document = json.loads(file.read_text("utf-8"))
        own = [each for promise in document["promises"] for each in promise["scenarios"]]
        return next((str(each["since"]) for each in own if each.get("id") == result.id), "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


@dataclass(frozen=True)
class _Report:
    result: ScenarioResult
    record: SuiteRun
    deviation: Deviation | None
    reproduction: Reproduction | None
    evidence: Path | None

    def lines(self, script: Path | None, since: str | None) -> Iterator[str]:
        """All lines of the report."""
        deviation, result = self.deviation, self.result
        finding = why(result).strip()
        actual = deviation.actual if deviation else finding.partition("\n")[0]
        yield f"# {title_of(result.name)}: {cut(actual, 100)}"
        yield from ("", "## Promise", "")
        promises = [each for each in features.catalogue() if each.number in result.numbers]
        for each in promises:
            where = f"{each.section}, {ISSUE}" if each.group is Group.THIRTY else each.source
            yield f"- Promise {each.number}, {each.title} ({severity_in_words(each)}): {where}"
        if deviation:
            yield f"- Made in: {deviation.where}"
        yield f"- Scenario: `{result.id}`, {result.location}"
        yield from ("", "## Version", "")
        facts = self.record.binaries.get(result.platform, {})
        yield f"- {self.record.target} {self.record.version} on {_platform(result.platform)}"
        yield f"- SHA-256 of the binary: {facts.get('sha256', _NOT_KNOWN)}"
        unread = f" ({_MATRIX} cannot be read: run `make matrix` again)" if since is None else ""
        yield f"- Since: {since or (deviation.since if deviation else _NOT_KNOWN)}{unread}"
        yield from ("", "## Expected", "", deviation.expected if deviation else f"{result.step}.")
        yield from _value("The step expects", result.expected)
        yield from ("", "## Actual", "", actual)
        yield from _value("The step got", result.actual)
        if deviation is None and finding:
            yield from ("", *_block(finding.splitlines()))
        yield from self._how(script)
        yield from self._log_lines()
        if deviation:
            yield from ("", f"Known as `{deviation.id}`: {deviation.link}")

    def _how(self, script: Path | None) -> Iterator[str]:
        yield from ("", "## How to reproduce", "")
        if script is None or self.reproduction is None:
            yield "The run kept nothing from which a script could be made. Run the scenario again."
            return
        yield f"In an empty folder, with `{script.name}` from beside this report:"
        yield from (
            "",
            *_block([f'cd "$(mktemp -d)" && SWAMP_BIN=/path/to/swamp sh /path/to/{script.name}; echo $?']),
            "",
        )
        yield "0: reproduced. 1: not reproduced. 2: could not be set up. 3: compare by eye."
        for sentence in _obstacles_in_words(self.reproduction):
            yield from ("", sentence)
        yield from ("", "In short:", "", *_block(list(self._in_short())))

    def _in_short(self) -> Iterator[str]:
        of = self.reproduction
        for each in of.preparation if of else ():
            yield f"swamp {' '.join(each)}"
        for event in of.events if of else ():
            words = shown(" ".join(event.arguments))
            match event.kind:
                case EventKind.COMMAND:
                    yield f"swamp {words}"
                case EventKind.START:
                    yield f"swamp {words} &   # {event.name}"
                case EventKind.REPORTED | EventKind.STEP:
                    yield f"# {event.name}: {event.text}"
                case EventKind.ENDED:
                    yield f"# {event.name} has ended"
                case _:
                    yield f"# {event.kind.value}: {event.name}"

    def _log_lines(self) -> Iterator[str]:
        yield from ("", "## Log lines")
        events = self.reproduction.events if self.reproduction else ()
        for event in [each for each in events if each.is_of_failed_step][-1:]:
            output = (event.stdout + event.stderr).splitlines()[-_LAST_LINES:]
            yield from ("", f"`swamp {shown(' '.join(event.arguments))}`:", "", *_block(output))
        for file in sorted(self.evidence.glob("*.log")) if self.evidence else ():
            lines = file.read_text("utf-8", errors="replace").splitlines()[-_LAST_LINES:]
            yield from ("", f"The last lines of {file.stem}:", "", *_block(lines))


def _obstacles_in_words(reproduction: Reproduction) -> list[str]:
    """What the script cannot do as the scenario did, in sentences."""
    suspends = any(each.kind is EventKind.SUSPEND for each in reproduction.events)
    obstacles = [_OBSTACLES[each] for each in reproduction.obstacles]
    return [f"By hand only in part: {each}" for each in (*obstacles, *([_TIMING] if suspends else []))]


def _platform(name: str) -> str:
    system, _, architecture = name.partition(" ")
    return f"{systems([system])} {architecture}".strip()


def _value(heading: str, value: Any) -> Iterator[str]:
    if value is not None:
        text = without_folder_of_run(json.dumps(value, indent=2, ensure_ascii=False))
        yield from ("", f"{heading}:", "", *_block(text.splitlines()))


def _block(lines: Sequence[str]) -> Iterator[str]:
    # Four spaces cannot be ended by what stands in a log, as a fence can be.
    yield from (f"    {shown(line)}" for line in lines)
