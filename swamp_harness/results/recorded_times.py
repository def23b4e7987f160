"""How long each scenario took in the last recorded run against a target, in `data/recorded-times.json`.

The times decide about the order of a run, its shards, and what fits into a time budget; never about a result.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from swamp_harness.results.outcome import Outcome
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.system.errors import ExitCode, UnusableInput

# A target of which nothing is recorded takes about as long as swamp.
USUAL_TARGET = "swamp"
_Entry = Mapping[str, float | str]
_Entries = dict[str, _Entry]
_SECONDS, _PROCESSOR_SECONDS, _TEXT = "seconds", "processor seconds", "text"


@dataclass(frozen=True)
class RecordedTime:
    """The times of a scenario, or of an example of an outline.

    Attributes:
        seconds: wall time in a whole run.
        processor_seconds: of the product.
        text: the fingerprint of the scenario that ran.
    """

    seconds: float
    processor_seconds: float
    text: str = ""


# What is assumed where nothing is recorded at all.
_UNKNOWN = RecordedTime(1.0, 1.0)


@dataclass(frozen=True)
class RecordedTimes:
    """The recorded times of a target.

    Attributes:
        of_scenarios: by the id of the scenario as it runs.
    """

    of_scenarios: Mapping[str, RecordedTime]

    def of(self, scenario: str) -> RecordedTime:
        """The times of a scenario; those of an average one if it is not recorded."""
        return self.of_scenarios.get(scenario) or self._usual

    def is_recorded(self, scenario: str, text: str) -> bool:
        """Whether a scenario ran with the text that it has now."""
        return scenario in self.of_scenarios and self.of_scenarios[scenario].text == text

    @property
    def _usual(self) -> RecordedTime:
        known = self.of_scenarios.values()
        if not known:
            return _UNKNOWN
        return RecordedTime(
            median(each.seconds for each in known), median(each.processor_seconds for each in known)
        )


def load_times(file: Path, target: str) -> RecordedTimes:
    """The times of a target, or those of swamp if none are recorded.

    Raises:
        UnusableInput: the file is there and not readable (exit code 2).
    """
    document = _read(file)
    entries = document.get(target) or document.get(USUAL_TARGET) or {}
    return RecordedTimes({name: _from_document(entry) for name, entry in entries.items()})


def record_times(run: SuiteRun, texts: Mapping[str, str], file: Path) -> int:
    """Record how long the scenarios of a run took; what did not run keeps its last times.

    Args:
        run: the record of the run.
        texts: the fingerprints of all scenarios, by id; times of others are removed.
        file: that `load_times` reads.

    Returns:
        How many scenarios were recorded.

    Raises:
        UnusableInput: the file is there and not readable (exit code 2).
    """
    fresh: _Entries = {
        each.id: {
            _SECONDS: round(each.seconds, 1),
            _PROCESSOR_SECONDS: round(each.product_cpu_seconds, 1),
            _TEXT: texts[each.id],
        }
        for each in run.results
        if each.outcome not in (Outcome.NOT_RUN, Outcome.ERROR) and each.id in texts
    }
    document = _read(file)
    merged = {**document.get(run.target, {}), **fresh}
    document[run.target] = {name: merged[name] for name in sorted(merged) if name in texts}
    file.write_text(json.dumps(dict(sorted(document.items())), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return len(fresh)


def _from_document(entry: _Entry) -> RecordedTime:
    return RecordedTime(float(entry[_SECONDS]), float(entry[_PROCESSOR_SECONDS]), str(entry[_TEXT]))


def _read(file: Path) -> dict[str, _Entries]:
    if not file.exists():
        return {}
    try:
        return dict(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise UnusableInput(
            f"{file} cannot be read as JSON ({error}): restore it with git.", ExitCode.BAD_COMMAND_LINE
        ) from error
