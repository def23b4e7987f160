"""`waivers.yaml`: promises that need not be kept for a release, each by name, with its reason and its end.

A waiver softens no scenario: it still asserts the promise and still fails. The waiver lets the release pass
all the same, up to and with the version that it names. One that has expired, one that nothing needs, and one
that is about no scenario fails the run, so that the list cannot outlive its reasons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swamp_harness.report.features import FeatureRun
from swamp_harness.report.ids import is_of
from swamp_harness.report.kept_lists import read_entries, unusable
from swamp_harness.report.outcomes import Outcome, ScenarioResult

_FIELDS = ("scenario", "reason", "link", "last-version")
# A version begins with the moment of its build, which orders versions.
_BUILT = re.compile(r"^(\d{8})\.(\d{6})\.(\d+)")


@dataclass(frozen=True)
class Waiver:
    """One promise that is waived for a while.

    Attributes:
        scenario: the id of the scenario, of the outline or of its row.
        reason: why the release may ship without it.
        link: where that was decided.
        last_version: the last version of swamp for which it counts.
    """

    scenario: str
    reason: str
    link: str
    last_version: str

    def concerns(self, scenario: str) -> bool:
        """Whether it is about a scenario, or the row of an outline."""
        return is_of(scenario, self.scenario)

    def counts_for(self, version: str) -> bool:
        """Whether it has not expired with a version; one that does not tell its age has none left."""
        built = _built(version)
        return built is not None and built <= (_built(self.last_version) or ())


def load(file: Path) -> list[Waiver]:
    """Read the list of waivers; none if there is no such file.

    Raises:
        UnusableInput: the file cannot be read, or an entry is not complete (exit code 2).
    """
    entries = read_entries(file, _FIELDS) if file.exists() else []
    return [_waiver(file, index, entry) for index, entry in enumerate(entries, start=1)]


def of_scenario(waivers: Sequence[Waiver], scenario: str, version: str) -> Waiver | None:
    """The waiver that counts for a scenario of a version, if any."""
    return next((each for each in waivers if each.concerns(scenario) and each.counts_for(version)), None)


def complaints(
    waivers: Sequence[Waiver], results: Sequence[ScenarioResult], version: str, runs: Sequence[FeatureRun]
) -> list[str]:
    """What is wrong with the list, in sentences.

    Args:
        waivers: the list.
        results: of a run, or of the runs of a release on several platforms.
        version: that was under test.
        runs: of all scenarios, those that were not selected as well.
    """
    told = []
    ran = [result for result in results if result.outcome is not Outcome.NOT_RUN]
    known = {*(run.id for run in runs), *(result.id for result in results)}
    for waiver in waivers:
        concerned = [result for result in ran if waiver.concerns(result.id)]
        expected = {run.id for run in runs if waiver.concerns(run.id)}
        all_ran = {result.id for result in concerned} >= expected
        if not any(map(waiver.concerns, known)):
            told.append(
                f"The waiver of {waiver.scenario!r} is about no scenario: give the id as the feature "
                "has it, or remove it."
            )
        elif not waiver.counts_for(version):
            told.append(
                f"The waiver of {waiver.scenario!r} has expired: it counts up to {waiver.last_version}, and "
                f"this is {version}. Remove it, or decide anew."
            )
        elif all_ran and {result.outcome for result in concerned} == {Outcome.HELD}:
            told.append(f"Nothing needs the waiver of {waiver.scenario!r} any longer: remove it.")
    return told


def _built(version: str) -> tuple[int, ...] | None:
    match = _BUILT.match(version)
    return tuple(map(int, match.groups())) if match else None


def _waiver(file: Path, index: int, entry: Mapping[str, Any]) -> Waiver:
    texts = {name.replace("-", "_"): str(value).strip() for name, value in entry.items()}
    if _built(texts["last_version"]) is None:
        raise unusable(
            file, f"entry {index} ends with {texts['last_version']!r}, which is no version of swamp"
        )
    return Waiver(**texts)
