"""`release/waivers.yaml`: promises that a release may break, each with its reason and its last version.

A waiver changes no scenario: it still asserts the promise and still fails. The waiver lets the release pass,
up to and including the version that it names. An expired, unused or unmatched waiver fails the run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from swamp_harness.results import schemas
from swamp_harness.results.ids import is_of
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.result import ScenarioResult
from swamp_harness.system.yaml_files import read_yaml

# A version begins with the moment of its build, which orders versions.
_BUILT = re.compile(r"^(\d{8})\.(\d{6})\.(\d+)")


@dataclass(frozen=True)
class Waiver:
    """One promise that is waived for a while.

    Attributes:
        scenario: the id of the scenario, of the outline or of its example.
        reason: why the release may ship without it.
        link: where that was decided.
        last_version: the last version of swamp for which it counts.
    """

    scenario: str
    reason: str
    link: str
    last_version: str

    def concerns(self, scenario: str) -> bool:
        """Whether it is about a scenario, or the example of an outline."""
        return is_of(scenario, self.scenario)

    def counts_for(self, version: str) -> bool:
        """Whether it is still valid for a version; for a version without a build time it has expired."""
        built = _built(version)
        return built is not None and built <= (_built(self.last_version) or ())


class WaiverFlaw(Enum):
    """What can be wrong with a waiver."""

    NO_SCENARIO = "it matches no scenario"
    EXPIRED = "it has expired"
    NOT_NEEDED = "nothing needs it"


@dataclass(frozen=True)
class Complaint:
    """A waiver that fails the run.

    Attributes:
        waiver: which.
        flaw: what is wrong with it.
        version: that was under test.
    """

    waiver: Waiver
    flaw: WaiverFlaw
    version: str


def load(file: Path) -> list[Waiver]:
    """Read the list of waivers; none if there is no such file.

    Raises:
        UnusableInput: the file cannot be read, or an entry is not complete (exit code 2).
    """
    entries = read_yaml(file, schemas.WAIVERS) if file.exists() else []
    return [
        Waiver(**{name.replace("-", "_"): each.strip() for name, each in entry.items()}) for entry in entries
    ]


def of_scenario(waivers: Sequence[Waiver], scenario: str, version: str) -> Waiver | None:
    """The waiver that counts for a scenario of a version, if any."""
    return next((each for each in waivers if each.concerns(scenario) and each.counts_for(version)), None)


def complaints(
    waivers: Sequence[Waiver], results: Sequence[ScenarioResult], version: str, ids: Collection[str]
) -> list[Complaint]:
    """What is wrong with the list.

    Args:
        waivers: the list.
        results: of a run, or of the runs of a release on several platforms.
        version: that was under test.
        ids: of all scenarios, those that were not selected as well.
    """
    ran = [result for result in results if result.outcome is not Outcome.NOT_RUN]
    known = {*ids, *(result.id for result in results)}
    found = []
    for waiver in waivers:
        concerned = [result for result in ran if waiver.concerns(result.id)]
        all_ran = {result.id for result in concerned} >= {each for each in ids if waiver.concerns(each)}
        if not any(map(waiver.concerns, known)):
            found.append(Complaint(waiver, WaiverFlaw.NO_SCENARIO, version))
        elif not waiver.counts_for(version):
            found.append(Complaint(waiver, WaiverFlaw.EXPIRED, version))
        elif all_ran and {result.outcome for result in concerned} == {Outcome.HELD}:
            found.append(Complaint(waiver, WaiverFlaw.NOT_NEEDED, version))
    return found


def _built(version: str) -> tuple[int, ...] | None:
    match = _BUILT.match(version)
    return tuple(map(int, match.groups())) if match else None
