"""The sign-off: may this release ship? The decision and everything it is based on, as a document.

The decision is about the release, not about the run; `swamp_harness.results.decision` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from swamp_harness.render.signoff_basis import basis, met_by_operators
from swamp_harness.render.words import (
    in_ranges,
    metrics_in_words,
    reason_in_words,
    severity_in_words,
    systems,
    target_in_words,
    why,
    why_not_run,
)
from swamp_harness.results import waivers
from swamp_harness.results.baseline import Baseline, compare
from swamp_harness.results.decision import Criteria, Decision, decide, gaps_in, tolerated_gaps_in, weigh
from swamp_harness.results.deviations import Deviation
from swamp_harness.results.history import PastRun, flakes
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.policy import STRICT, Policy
from swamp_harness.results.result import ScenarioResult, numbers_in, title_of
from swamp_harness.results.run_record import SuiteRun
from swamp_harness.results.skip import NOT_SELECTED
from swamp_harness.results.waivers import Waiver
from swamp_harness.specification import features
from swamp_harness.specification.features import FeatureRun, Promise
from swamp_harness.specification.plan import not_run
from swamp_harness.system.errors import ExitCode
from swamp_harness.system.plain_text import json_text

SIGNOFF_FILE = "signoff.json"


@dataclass(frozen=True)
class SignOff:
    """The decision about a release, with everything it is based on.

    Attributes:
        decision: about the release.
        by_results: what it would be if the run were for a sign-off.
        reasons: for it, in sentences; none for PASS.
        document: all of it, ready to be written as JSON.
    """

    decision: Decision
    by_results: Decision
    reasons: tuple[str, ...]
    document: Mapping[str, Any]

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a command that decides."""
        return self.decision.exit_code

    def write_to(self, folder: Path) -> None:
        """Write `signoff.json` into a folder, blanked of secrets."""
        (folder / SIGNOFF_FILE).write_text(json_text(self.document) + "\n", "utf-8")


@dataclass(frozen=True)
class SignOffInputs:
    """What a sign-off is based on, beside the results.

    Attributes:
        runs: all scenarios as they run, including those that were not selected.
        deviations: that are listed.
        waivers: that are listed.
        history: earlier runs, with the present one.
        platforms: on which the release must have run, beside those on which it did.
        policy: what stands against a release.
        baseline: the earlier run with which the release is compared; None without one.
    """

    runs: Sequence[FeatureRun]
    deviations: Sequence[Deviation]
    waivers: Sequence[Waiver]
    history: Sequence[PastRun] = ()
    platforms: Sequence[str] = ()
    policy: Policy = STRICT
    baseline: Baseline | None = None


def sign_off(record: SuiteRun, known: SignOffInputs) -> SignOff:
    """Judge a release by a run, or by several together."""
    platforms = list(dict.fromkeys((*record.binaries, *known.platforms)))
    results = _with_what_is_missing(record, known.runs, platforms)
    ids = [run.id for run in known.runs]
    criteria = _criteria(results, known)
    weighed = weigh(results, waivers.complaints(known.waivers, results, record.version, ids), criteria)
    against, gaps = weighed.against, gaps_in(record, results, platforms, criteria)
    by_results = decide(against, gaps)
    decision = by_results if record.is_for_sign_off else Decision.NOT_A_SIGN_OFF
    reasons = (*_no_sign_off(record), *map(reason_in_words, (*against, *gaps)))
    document = {
        "decision": decision.value,
        "by results": by_results.value,
        "reasons": reasons,
        **basis(record, results, criteria, [*weighed.notes, *tolerated_gaps_in(record, results, criteria)]),
        "target": record.target,
        "version": record.version,
        "binaries": record.binaries,
        "other binary": record.other,
        "earlier binary": record.earlier,
        "hosts": [asdict(machine) for machine in record.machines],
        "started": record.started.isoformat(timespec="seconds"),
        "metrics": record.metrics,
        "cost": metrics_in_words(record.metrics),
        "platforms": platforms,
        "counts": {
            outcome.value: count
            for outcome in Outcome
            if (count := sum(result.outcome is outcome for result in results))
        },
        "did not hold": _did_not_hold(results),
        "promises": [_promise(each, results, known.deviations) for each in features.catalogue()],
        "deviations": [_deviation(each, results) for each in known.deviations if _concerned(each, results)],
        "waivers": [_waiver(each, results, record.version) for each in known.waivers],
        "not run": _not_run(results),
        "flaky": [asdict(each) for each in flakes(known.history, record)],
    }
    return SignOff(decision, by_results, reasons, document)


def _criteria(results: Sequence[ScenarioResult], known: SignOffInputs) -> Criteria:
    severities = {promise.number: promise.severity for promise in features.catalogue()}
    changes = compare(results, known.baseline) if known.baseline is not None else None
    return Criteria(known.policy, severities, features.groups(), changes)


def _no_sign_off(record: SuiteRun) -> list[str]:
    return [] if record.is_for_sign_off else [target_in_words(record.target)]


def _with_what_is_missing(
    record: SuiteRun, runs: Sequence[FeatureRun], platforms: Sequence[str]
) -> list[ScenarioResult]:
    found = {(result.id, result.platform): result for result in record.results}
    expected = {
        (run.id, platform): not_run(run, NOT_SELECTED, platform) for run in runs for platform in platforms
    }
    # A result counts, even if the features no longer have a scenario of that id.
    return list({**expected, **found}.values())


# --- the document


def _promise(
    promise: Promise, results: Sequence[ScenarioResult], deviations: Sequence[Deviation]
) -> dict[str, Any]:
    own = [result for result in results if promise.number in result.numbers]
    return {
        "number": promise.number,
        "group": promise.group.value,
        "section": promise.section,
        "title": promise.title,
        "source": promise.source,
        "severity": promise.severity.value,
        "severity in words": severity_in_words(promise),
        "outcomes": _outcomes(own),
        "met by operators": met_by_operators(promise, own, deviations),
        "scenarios": [
            {
                "id": result.id,
                "name": title_of(result.name),
                "location": result.location,
                "feature": result.feature,
                "platform": result.platform,
                "outcome": result.outcome.value,
                "reason": why(result),
                "step": result.step,
                "seconds": result.seconds,
                "evidence": result.evidence,
            }
            for result in own
        ],
    }


def _did_not_hold(results: Sequence[ScenarioResult]) -> list[dict[str, Any]]:
    failed = [result for result in results if result.outcome not in (Outcome.HELD, Outcome.NOT_RUN)]
    return [
        {
            "id": result.id,
            "numbers": list(result.numbers),
            "name": title_of(result.name),
            "platform": result.platform,
            "outcome": result.outcome.value,
            "step": result.step,
            "reason": why(result),
        }
        for result in sorted(failed, key=lambda each: (each.outcome.traits.rank, each.place))
    ]


def _outcomes(results: Sequence[ScenarioResult]) -> dict[str, str]:
    outcomes = {
        platform: _standing([result for result in results if result.platform == platform])
        for platform in dict.fromkeys(result.platform for result in results)
    }
    ran = {result.id for result in results if result.outcome is not Outcome.NOT_RUN}
    lacking = {systems(result.lacked_machine_of) for result in results if result.id not in ran} - {""}
    return {**outcomes, **dict.fromkeys(sorted(lacking), Outcome.NOT_RUN.value)}


def _standing(results: Sequence[ScenarioResult]) -> str:
    counted = [each for each in results if not each.is_for_elsewhere]
    return min((each.outcome for each in counted or results), key=lambda outcome: outcome.traits.rank).value


def _concerned(deviation: Deviation, results: Sequence[ScenarioResult]) -> list[ScenarioResult]:
    # A scenario with a listed deviation may also fail in another way: then it is not this deviation.
    return [result for result in results if result.deviation == deviation.id]


def _deviation(deviation: Deviation, results: Sequence[ScenarioResult]) -> dict[str, Any]:
    concerned = _concerned(deviation, results)
    return {
        "id": deviation.id,
        "numbers": in_ranges(numbers_in(concerned)),
        "scenarios": sorted({title_of(result.name) for result in concerned}),
        "outcomes": sorted({result.outcome.value for result in concerned}),
        "expected": deviation.expected,
        "where": deviation.where,
        "actual": deviation.actual,
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
        "state": "used" if needed else "unused" if waiver.counts_for(version) else "expired",
    }


def _not_run(results: Sequence[ScenarioResult]) -> list[dict[str, Any]]:
    skipped = [result for result in results if result.skip is not None]
    return [
        {
            "reason": why_not_run(skip),
            "platform": platform,
            "scenarios": [title_of(each.name) for each in own],
            "numbers": in_ranges(numbers_in(own)),
        }
        for skip, platform in dict.fromkeys((each.skip, each.platform) for each in skipped)
        if skip is not None
        for own in [[each for each in skipped if (each.skip, each.platform) == (skip, platform)]]
    ]
