"""The record of a run, `run.json`: what was under test, the result of every scenario, and the metrics.

The records of several runs of one release, such as shards or runs on several platforms, can be merged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from swamp_harness.product.costs import Cost
from swamp_harness.results import metrics
from swamp_harness.results.outcome import INTERRUPTIONS, Ending
from swamp_harness.results.result import ScenarioResult, exit_code_of, fallbacks_in
from swamp_harness.system.errors import ExitCode, UnusableInput
from swamp_harness.system.files import write_whole
from swamp_harness.system.plain_text import json_text

RUN_FILE = "run.json"

# The number of the format of run.json; a change that a reader has to know of makes it another.
FORMAT = 4
# Format 3 has no costs. Format 2 has none either, and other names of keys: its names, and those of today.
_OLDER = (2, 3)
_RENAMED_SINCE_2 = {"verdict": "exit code", "figures": "metrics"}


@dataclass(frozen=True)
class MachineOfRun:
    """A host on which workers were to run.

    Attributes:
        name: as people call it.
        platform: such as "linux x86_64".
        fault: why it could not be used, in a sentence; empty if it could.
    """

    name: str
    platform: str
    fault: str = ""


@dataclass(frozen=True)
class SuiteRun:
    """The record of a run, or of several together.

    Attributes:
        started: when; the first of several.
        target: what the run was about.
        is_for_sign_off: whether it tested swamp, not another target.
        version: of the binary under test.
        binaries: what is known of the binary under test, by platform.
        other: what is known of the binary of another protocol version, None if there was none.
        earlier: the same of that of an earlier release with the same protocol version.
        exit_code: that the run ended with.
        metrics: counts and times, by name; sums over several, but the wall time is that of the longest.
        results: of the scenarios, in the order of the features.
        machines: the hosts of the workers.
        planned: how many scenarios should run; if one has no result, the record is incomplete.
        ending: how the run ended; of several, the worst.
        errors: of the suite itself, outside of any scenario.
        output_lost: why the run's output could not be written completely; empty if it could.
        preparation: what the product's processes cost that served all scenarios.
        budget: the seconds that a gate had; None for a run that was to test all that was selected.
    """

    started: datetime
    target: str
    is_for_sign_off: bool
    version: str
    binaries: Mapping[str, Mapping[str, str]]
    other: Mapping[str, str] | None
    exit_code: ExitCode
    metrics: Mapping[str, float]
    results: Sequence[ScenarioResult]
    machines: Sequence[MachineOfRun] = ()
    planned: int = 0
    ending: Ending = Ending.COMPLETE
    errors: Sequence[str] = ()
    output_lost: str = ""
    budget: float | None = None
    preparation: Sequence[Cost] = ()
    earlier: Mapping[str, str] | None = None

    @property
    def costs(self) -> list[Cost]:
        """All costs of the product's processes."""
        return [*self.preparation, *(cost for result in self.results for cost in result.costs)]

    @property
    def without_result(self) -> int:
        """How many planned scenarios have no result."""
        return max(0, self.planned - len(self.results))

    @property
    def unavailable_machines(self) -> list[str]:
        """Why hosts could not be used, in sentences."""
        return [machine.fault for machine in self.machines if machine.fault]

    def write_to(self, folder: Path) -> None:
        """Write `run.json` into a folder, blanked of secrets."""
        document = {
            "format": FORMAT,
            "started": self.started.isoformat(timespec="seconds"),
            "target": self.target,
            "sign-off": self.is_for_sign_off,
            "version": self.version,
            "binaries": self.binaries,
            "other binary": self.other,
            "earlier binary": self.earlier,
            "hosts": [asdict(machine) for machine in self.machines],
            "exit code": self.exit_code.name,
            "ending": self.ending.value,
            "errors": self.errors,
            "output lost": self.output_lost,
            "budget": self.budget,
            "planned": self.planned,
            "metrics": self.metrics,
            "preparation": [cost.as_document() for cost in self.preparation],
            "fallbacks": fallbacks_in(self.results),
            "results": [result.as_document() for result in self.results],
        }
        # Half a record must not replace the one of the open run.
        write_whole(folder / RUN_FILE, json_text(document) + "\n")


def read_run(file: Path) -> SuiteRun:
    """Read the record of a finished run.

    Raises:
        UnusableInput: the file cannot be read, is not a record, or has another format (exit code 2).
    """
    try:
        document = json.loads(file.read_text("utf-8"))
        if document.get("format") in _OLDER:
            document = _without_costs(document)
        elif document.get("format") != FORMAT:
            raise _of_another_format(file, document)
        return SuiteRun(
            started=datetime.fromisoformat(document["started"]),
            target=document["target"],
            is_for_sign_off=document["sign-off"],
            version=document["version"],
            binaries=document["binaries"],
            other=document["other binary"],
            exit_code=ExitCode[document["exit code"]],
            metrics=document["metrics"],
            results=tuple(map(ScenarioResult.from_document, document["results"])),
            machines=tuple(MachineOfRun(**each) for each in document["hosts"]),
            planned=document["planned"],
            ending=Ending(document["ending"]),
            errors=tuple(document["errors"]),
            output_lost=document["output lost"],
            preparation=tuple(map(Cost.from_document, document["preparation"])),
            budget=document.get("budget"),  # not in records of earlier versions, like the next one
            earlier=document.get("earlier binary"),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnusableInput(
            f"{file} is not the record of a run ({type(error).__name__}: {error}): give the {RUN_FILE} of a "
            "finished run.",
            ExitCode.BAD_COMMAND_LINE,
        ) from error


def _without_costs(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document of an older format as one of today's, in which nothing was measured."""
    renamed = {_RENAMED_SINCE_2.get(key, key): value for key, value in document.items()}
    results = [{**result, "costs": []} for result in renamed["results"]]
    return {**renamed, "results": results, "preparation": []}


def together(records: Sequence[SuiteRun]) -> SuiteRun:
    """The records of several runs of one release as one.

    Raises:
        UnusableInput: they are of different versions or targets, or of different binaries on one platform, or
            two of them ran the same scenario on the same platform (exit code 2).
    """
    first = records[0]
    if {(each.target, each.version) for each in records} != {(first.target, first.version)}:
        programs = ", ".join(sorted({f"{each.target} {each.version}" for each in records}))
        raise _not_together(f"they are about different programs ({programs})")
    binaries: dict[str, Mapping[str, str]] = {}
    for platform, facts in (item for each in records for item in each.binaries.items()):
        if binaries.setdefault(platform, facts)["sha256"] != facts["sha256"]:
            raise _not_together(f"they ran different binaries on {platform}")
    results = [result for each in records for result in each.results if not result.is_unselected]
    twice = [
        name
        for (name, platform), count in Counter((each.id, each.platform) for each in results).items()
        if count > 1
    ]
    if twice:
        raise _not_together(f"{twice[0]!r} ran more than once on one platform, and {len(twice) - 1} others")
    return SuiteRun(
        started=min(each.started for each in records),
        target=first.target,
        is_for_sign_off=all(each.is_for_sign_off for each in records),
        version=first.version,
        binaries=binaries,
        other=next((each.other for each in records if each.other), None),
        earlier=next((each.earlier for each in records if each.earlier), None),
        exit_code=_exit_code_of_all(records, results),
        metrics=metrics.together([each.metrics for each in records]),
        results=tuple(sorted(results, key=lambda result: (result.place, result.platform))),
        machines=tuple(dict.fromkeys(machine for each in records for machine in each.machines)),
        planned=len(results) + sum(each.without_result for each in records),
        ending=max((each.ending for each in records), key=lambda ending: ending.rank),
        errors=tuple(error for each in records for error in each.errors),
        output_lost=next((each.output_lost for each in records if each.output_lost), ""),
        preparation=tuple(cost for each in records for cost in each.preparation),
        budget=next((each.budget for each in records if each.budget is not None), None),
    )


def _exit_code_of_all(records: Sequence[SuiteRun], results: Sequence[ScenarioResult]) -> ExitCode:
    ended = {each.exit_code for each in records}
    for code in (*INTERRUPTIONS, ExitCode.PROMISE_BROKEN):
        if code in ended:  # a run may end with 1 or 5 for a reason that is in none of its results
            return code
    code = exit_code_of(results)
    if code is not ExitCode.PROMISE_BROKEN and ExitCode.INFRASTRUCTURE_ERROR in ended:
        return ExitCode.INFRASTRUCTURE_ERROR
    if code not in (ExitCode.PROMISE_BROKEN, ExitCode.INFRASTRUCTURE_ERROR) and ExitCode.INCOMPLETE in ended:
        return ExitCode.INCOMPLETE
    return code


def _of_another_format(file: Path, document: Mapping[str, Any]) -> UnusableInput:
    found = document.get("format", "none")
    return UnusableInput(
        f"{file} has format {found} of another version of the suite; this one reads {FORMAT}: "
        "run the suite again, or read the reports with the version that wrote them.",
        ExitCode.BAD_COMMAND_LINE,
    )


def _not_together(why: str) -> UnusableInput:
    return UnusableInput(
        f"These runs cannot be merged into one sign-off: {why}. Give the runs of one release, each once.",
        ExitCode.BAD_COMMAND_LINE,
    )
