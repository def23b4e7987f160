"""The sign-off: may this release ship? As a document for programs and as one page for people.

The verdict is that of the release, not of the run. FAIL: a promise is broken and not waived, known deviations
included, or the list of waivers is wrong. INCOMPLETE: something was not judged, because the bench failed, a
run was interrupted, or a scenario or a whole platform did not run. PASS: neither. NOT A SIGN-OFF: the run was
against something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from swamp_harness.machinery.faults import ExitCode
from swamp_harness.machinery.plain_text import json_text
from swamp_harness.report import features, waivers
from swamp_harness.report.deviations import Deviation
from swamp_harness.report.features import FeatureRun, Promise
from swamp_harness.report.figures import in_words
from swamp_harness.report.gaps import gaps_in, promises_in_words
from swamp_harness.report.history import PastRun, flakes
from swamp_harness.report.outcomes import (
    NOT_SELECTED,
    Outcome,
    ScenarioResult,
    in_ranges,
    numbers_in,
    title_of,
)
from swamp_harness.report.plan import not_run
from swamp_harness.report.suite_run import SuiteRun
from swamp_harness.report.waivers import Waiver

SIGNOFF_FILE = "signoff.json"

# What a promise comes to on a platform is the worst of its scenarios.
_WORST_FIRST = (
    Outcome.BROKEN,
    Outcome.DEVIATION_GONE,
    Outcome.DEVIATION,
    Outcome.FAULT,
    Outcome.NOT_RUN,
    Outcome.WAIVED,
    Outcome.HELD,
)


class Verdict(Enum):
    """What is to be said of a release."""

    PASS = "PASS"  # noqa: S105 - not a password
    FAIL = "FAIL"
    INCOMPLETE = "INCOMPLETE"
    NOT_A_SIGN_OFF = "NOT A SIGN-OFF"


_EXIT_CODES = {
    Verdict.PASS: ExitCode.EVERY_PROMISE_HELD,
    Verdict.FAIL: ExitCode.PROMISE_BROKEN,
    Verdict.INCOMPLETE: ExitCode.INCOMPLETE,
    Verdict.NOT_A_SIGN_OFF: ExitCode.NO_SIGN_OFF,
}


@dataclass(frozen=True)
class SignOff:
    """Everything that the decision about a release rests on.

    Attributes:
        verdict: of the release.
        by_results: what it would be if the run were for a sign-off.
        reasons: for it, in sentences; none for PASS.
        document: all of it, ready to be written as JSON.
    """

    verdict: Verdict
    by_results: Verdict
    reasons: tuple[str, ...]
    document: Mapping[str, Any]

    @property
    def exit_code(self) -> ExitCode:
        """What a program is told that asks for the decision."""
        return _EXIT_CODES[self.verdict]

    def write_to(self, folder: Path) -> None:
        """Write `signoff.json` into a folder, blanked of secrets."""
        (folder / SIGNOFF_FILE).write_text(json_text(self.document) + "\n", "utf-8")


@dataclass(frozen=True)
class Knowledge:
    """What a sign-off rests on beside the results.

    Attributes:
        runs: all scenarios as they run, those that were not selected as well.
        deviations: that are listed.
        waivers: that are listed.
        history: earlier runs, with the present one.
        platforms: on which the release must have run, beside those on which it did.
    """

    runs: Sequence[FeatureRun]
    deviations: Sequence[Deviation]
    waivers: Sequence[Waiver]
    history: Sequence[PastRun] = ()
    platforms: Sequence[str] = ()


def sign_off(record: SuiteRun, known: Knowledge) -> SignOff:
    """Judge a release by a run, or by several together."""
    platforms = list(dict.fromkeys((*record.binaries, *known.platforms)))
    results = _with_what_is_missing(record, known.runs, platforms)
    complaints = waivers.complaints(known.waivers, results, record.version, known.runs)
    against = _reasons_against(results, complaints)
    gaps = gaps_in(record, results, platforms)
    by_results = Verdict.FAIL if against else Verdict.INCOMPLETE if gaps else Verdict.PASS
    verdict = by_results if record.is_for_sign_off else Verdict.NOT_A_SIGN_OFF
    reasons = (*_no_sign_off(record), *against, *gaps)
    document = {
        "verdict": verdict.value,
        "by results": by_results.value,
        "reasons": reasons,
        "target": record.target,
        "version": record.version,
        "binaries": record.binaries,
        "other binary": record.other,
        "bench": [asdict(machine) for machine in record.machines],
        "started": record.started.isoformat(timespec="seconds"),
        "figures": record.figures,
        "cost": in_words(record.figures),
        "platforms": platforms,
        "counts": {
            outcome.value: count
            for outcome in Outcome
            if (count := sum(result.outcome is outcome for result in results))
        },
        "did not hold": _did_not_hold(results),
        "promises": [_promise(each, results) for each in features.catalogue()],
        "deviations": [_deviation(each, results) for each in known.deviations if _seen(each, results)],
        "waivers": [_waiver(each, results, record.version) for each in known.waivers],
        "not run": _not_run(results),
        "flaky": [asdict(each) for each in flakes(known.history, record)],
    }
    return SignOff(verdict, by_results, reasons, document)


def _with_what_is_missing(
    record: SuiteRun, runs: Sequence[FeatureRun], platforms: Sequence[str]
) -> list[ScenarioResult]:
    seen = {(result.id, result.platform): result for result in record.results}
    expected = {
        (run.id, platform): not_run(run, NOT_SELECTED, platform) for run in runs for platform in platforms
    }
    # What has run counts, even if it is no longer in the features under that name.
    return list({**expected, **seen}.values())


def _reasons_against(results: Sequence[ScenarioResult], complaints: Sequence[str]) -> list[str]:
    told = []
    for outcome, words in (
        (Outcome.BROKEN, "broken"),
        (Outcome.DEVIATION, "deviating in a known way, and not waived"),
        (Outcome.DEVIATION_GONE, "no longer deviating as listed"),
    ):
        numbers = numbers_in(result for result in results if result.outcome is outcome)
        if numbers:
            told.append(
                f"{promises_in_words(numbers).capitalize()} {'are' if numbers[1:] else 'is'} {words}."
            )
    return [*told, *complaints]


def _no_sign_off(record: SuiteRun) -> list[str]:
    return [] if record.is_for_sign_off else [f"This run was against {record.target}, not against swamp."]


# --- the document


def _promise(promise: Promise, results: Sequence[ScenarioResult]) -> dict[str, Any]:
    own = [result for result in results if promise.number in result.numbers]
    return {
        "number": promise.number,
        "section": promise.section,
        "title": promise.title,
        "severity": promise.severity.value,
        "outcomes": _outcomes(own),
        "scenarios": [
            {
                "name": title_of(result.name),
                "location": result.location,
                "feature": result.feature,
                "platform": result.platform,
                "outcome": result.outcome.value,
                "reason": result.reason,
                "step": result.step,
                "seconds": result.seconds,
                "evidence": result.evidence,
            }
            for result in own
        ],
    }


def _did_not_hold(results: Sequence[ScenarioResult]) -> list[dict[str, Any]]:
    told = [result for result in results if result.outcome not in (Outcome.HELD, Outcome.NOT_RUN)]
    return [
        {
            "numbers": list(result.numbers),
            "name": title_of(result.name),
            "platform": result.platform,
            "outcome": result.outcome.value,
            "step": result.step,
            "reason": result.reason,
        }
        for result in sorted(told, key=lambda each: (_WORST_FIRST.index(each.outcome), each.place))
    ]


def _outcomes(results: Sequence[ScenarioResult]) -> dict[str, str]:
    outcomes = {
        platform: _standing([result for result in results if result.platform == platform])
        for platform in dict.fromkeys(result.platform for result in results)
    }
    ran = {result.id for result in results if result.outcome is not Outcome.NOT_RUN}
    lacking = {result.needed_platform for result in results if result.id not in ran} - {""}
    return {**outcomes, **dict.fromkeys(sorted(lacking), Outcome.NOT_RUN.value)}


def _standing(results: Sequence[ScenarioResult]) -> str:
    telling = [each for each in results if not each.is_for_elsewhere]
    outcomes = {each.outcome for each in telling or results}
    return next(each.value for each in _WORST_FIRST if each in outcomes)


def _seen(deviation: Deviation, results: Sequence[ScenarioResult]) -> list[ScenarioResult]:
    # A scenario with a listed deviation may also fail otherwise: then the deviation has not been seen.
    return [result for result in results if result.deviation == deviation.id]


def _deviation(deviation: Deviation, results: Sequence[ScenarioResult]) -> dict[str, Any]:
    seen = _seen(deviation, results)
    return {
        "id": deviation.id,
        "numbers": in_ranges(numbers_in(seen)),
        "scenarios": sorted({title_of(result.name) for result in seen}),
        "outcomes": sorted({result.outcome.value for result in seen}),
        "promised": deviation.promised,
        "where": deviation.where,
        "seen": deviation.seen,
        "since": deviation.since,
        "link": deviation.link,
    }


def _waiver(waiver: Waiver, results: Sequence[ScenarioResult], version: str) -> dict[str, Any]:
    needed = any(waiver.concerns(each.id) for each in results if each.outcome is Outcome.WAIVED)
    return {
        "scenario": waiver.scenario,
        "reason": waiver.reason,
        "link": waiver.link,
        "last version": waiver.last_version,
        "state": "in use" if needed else "not needed" if waiver.counts_for(version) else "expired",
    }


def _not_run(results: Sequence[ScenarioResult]) -> list[dict[str, Any]]:
    skipped = [result for result in results if result.outcome is Outcome.NOT_RUN]
    return [
        {
            "reason": reason,
            "platform": platform,
            "scenarios": [title_of(each.name) for each in own],
            "numbers": in_ranges(numbers_in(own)),
        }
        for reason, platform in dict.fromkeys((each.reason, each.platform) for each in skipped)
        for own in [[each for each in skipped if (each.reason, each.platform) == (reason, platform)]]
    ]
