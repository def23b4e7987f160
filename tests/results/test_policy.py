"""What prevents a pass: policies, severities, and comparisons with a baseline."""

import json
import shutil
from dataclasses import replace

import pytest

from swamp_harness.cli.main import main
from swamp_harness.render.baselines import find_baseline
from swamp_harness.render.documents import write_documents
from swamp_harness.render.signoff import SignOffInputs, sign_off
from swamp_harness.render.signoff_summary import write_summary
from swamp_harness.results import policy
from swamp_harness.results.baseline import ANY_PLATFORM, Baseline, Change, Incomparable, PastOutcome, compare
from swamp_harness.results.decision import (
    Criteria,
    Decision,
    GapTolerated,
    InfrastructureFailed,
    NotEveryScenario,
    NothingComparable,
    PromisesNotKept,
    PromisesTolerated,
    RanNowhere,
    Tolerance,
    gaps_in,
    tolerated_gaps_in,
    weigh,
)
from swamp_harness.results.group_state import states
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.policy import STRICT, Group, Policy, Scope, Severity, Treatment, Voice
from swamp_harness.results.skip import Skip, SkipKind
from swamp_harness.specification import project
from swamp_harness.specification.features import FeatureRun
from swamp_harness.system.errors import ExitCode, UnusableInput
from tests.conftest import a_result, a_run

HERE = "linux x86_64"
SEVERITIES = {1: Severity.BLOCKER, 2: Severity.CRITICAL, 3: Severity.NORMAL}
GROUPS = {1: Group.THIRTY, 2: Group.THIRTY, 3: Group.THIRTY, 40: Group.SINCE}
LENIENT = Policy(dict.fromkeys(Severity, Treatment.NOTE), Scope.NEW_FAILURES, Voice.DECIDE)
SHOWN = replace(STRICT, since_issue_630=Voice.SHOWN)
MIXED = replace(STRICT, known_deviations={**STRICT.known_deviations, Severity.NORMAL: Treatment.NOTE})


def weighed(*results, by=STRICT, baseline=None):
    changes = compare(results, baseline) if baseline else None
    return weigh(results, [], Criteria(by, SEVERITIES, GROUPS, changes))


def a_baseline(**outcomes):
    return Baseline(
        "20260801.000000.0",
        "there",
        {
            (name, HERE): past if isinstance(past, PastOutcome) else PastOutcome(past)
            for name, past in outcomes.items()
        },
    )


def known(*names, **fields):
    runs = [FeatureRun(name, name, (1,), "features/a.feature:1", "Tokens") for name in names]
    return SignOffInputs(runs, [], [], **fields)


@pytest.mark.parametrize(
    ("by", "number", "stands"),
    [
        (STRICT, 1, True),
        (STRICT, 3, True),
        (MIXED, 1, True),
        (MIXED, 2, True),
        (MIXED, 3, False),
        (LENIENT, 1, False),
        (LENIENT, 99, False),
        (MIXED, 99, True),
    ],
)
def test_the_policy_decides_about_a_known_deviation_by_severity(by, number, stands):
    found = weighed(a_result("one", Outcome.DEVIATION, numbers=(number,)), by=by)

    against = PromisesNotKept(Outcome.DEVIATION, (number,))
    note = PromisesTolerated(Outcome.DEVIATION, (number,), Tolerance.SEVERITY)
    assert (list(found.against), list(found.notes)) == (([against], []) if stands else ([], [note]))


@pytest.mark.parametrize("outcome", [Outcome.BROKEN, Outcome.DEVIATION_GONE])
def test_no_policy_tolerates_an_unlisted_failure(outcome):
    found = weighed(a_result("one", outcome, numbers=(3,)), by=LENIENT)

    assert list(found.against) == [PromisesNotKept(outcome, (3,))]


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.WAIVED, Outcome.NOT_RUN, Outcome.ERROR])
def test_other_outcomes_than_failures_are_not_weighed(outcome):
    found = weighed(a_result("one", outcome))

    assert (list(found.against), list(found.notes)) == ([], [])


def test_a_scenario_of_several_promises_has_the_highest_of_their_severities():
    found = weighed(a_result("one", Outcome.DEVIATION, numbers=(2, 3)), by=MIXED)

    assert list(found.against) == [PromisesNotKept(Outcome.DEVIATION, (2, 3))]


def test_the_policy_of_the_project_tolerates_only_normal_deviations():
    rules = policy.load(project.POLICY)

    assert [each for each in Severity if rules.tolerates(each)] == [Severity.NORMAL]
    assert rules.with_baseline is Scope.NEW_FAILURES
    assert rules.decides(Group.SINCE)


def test_a_policy_with_an_unknown_word_is_refused_with_its_line(tmp_path):
    file = tmp_path / "policy.yaml"
    file.write_text(
        "known-deviations: {blocker: against,\n normal: note,\n critical: maybe}\n"
        "with-baseline: new-failures\nsince-issue-630: decide\n"
    )

    with pytest.raises(UnusableInput, match=r"line 3.*maybe") as refused:
        policy.load(file)
    assert refused.value.exit_code is ExitCode.BAD_COMMAND_LINE


# --- the promises since issue 630


@pytest.mark.parametrize("outcome", [Outcome.BROKEN, Outcome.DEVIATION, Outcome.DEVIATION_GONE])
@pytest.mark.parametrize(
    ("by", "numbers", "stands"),
    [(STRICT, (40,), True), (SHOWN, (40,), False), (SHOWN, (1, 40), True), (SHOWN, (1,), True)],
    ids=["decide", "shown", "of both groups", "of the thirty"],
)
def test_the_policy_says_whether_failures_since_the_issue_decide(by, numbers, stands, outcome):
    found = weighed(a_result("one", outcome, numbers=numbers), by=by)

    against = PromisesNotKept(outcome, numbers)
    note = PromisesTolerated(outcome, numbers, Tolerance.GROUP)
    assert (list(found.against), list(found.notes)) == (([against], []) if stands else ([], [note]))


def test_what_is_newly_broken_since_the_issue_does_not_decide_either():
    by = replace(LENIENT, since_issue_630=Voice.SHOWN)

    found = weighed(
        a_result("one", Outcome.BROKEN, numbers=(40,)), by=by, baseline=a_baseline(one=Outcome.HELD)
    )

    assert (list(found.against), len(found.notes)) == ([], 1)


@pytest.mark.parametrize(
    ("result", "gap"),
    [
        (a_result("one", Outcome.ERROR, numbers=(40,)), InfrastructureFailed((40,))),
        (a_result("one", Outcome.NOT_RUN, numbers=(40,)), NotEveryScenario((40,), HERE)),
        (
            a_result("one", Outcome.NOT_RUN, numbers=(40,), skip=Skip(SkipKind.NO_SUCH_MACHINE, ("darwin",))),
            RanNowhere((40,)),
        ),
    ],
    ids=["infrastructure error", "not run", "for another platform"],
)
def test_what_was_not_tested_since_the_issue_is_a_gap_only_if_it_decides(result, gap):
    run = a_run(result, exit_code=ExitCode.INFRASTRUCTURE_ERROR)
    decide, shown = (Criteria(by, SEVERITIES, GROUPS) for by in (STRICT, SHOWN))

    assert gap in gaps_in(run, [result], [HERE], decide)
    assert gap not in gaps_in(run, [result], [HERE], shown)
    assert tolerated_gaps_in(run, [result], decide) == []
    assert GapTolerated(gap) in tolerated_gaps_in(run, [result], shown)


def test_an_infrastructure_error_outside_of_scenarios_is_a_gap_whatever_decides():
    run = a_run(a_result("one"), exit_code=ExitCode.INFRASTRUCTURE_ERROR)

    assert InfrastructureFailed(()) in gaps_in(run, run.results, [HERE], Criteria(SHOWN, SEVERITIES, GROUPS))


def test_each_group_has_its_own_state():
    results = [
        a_result("one"),
        a_result("two", Outcome.BROKEN, numbers=(2, 40)),
        a_result("three", Outcome.ERROR, numbers=(3,)),
        a_result("four", numbers=(40,)),
    ]

    thirty, since = states(results, Criteria(SHOWN, {**SEVERITIES, 40: Severity.NORMAL}, GROUPS))

    assert (thirty.promises, thirty.kept, thirty.not_tested, thirty.decides) == (3, 1, 1, True)
    assert thirty.not_kept == {Severity.BLOCKER: 0, Severity.CRITICAL: 1, Severity.NORMAL: 0}
    assert thirty.scenarios == {Outcome.HELD: 1, Outcome.BROKEN: 1, Outcome.ERROR: 1}
    assert (since.promises, since.not_kept[Severity.NORMAL], since.decides) == (1, 1, False)
    assert since.scenarios == {Outcome.HELD: 1}


# --- a baseline


@pytest.mark.parametrize(
    ("past", "now", "change"),
    [
        (PastOutcome(Outcome.HELD), {"outcome": Outcome.HELD}, Change.STILL_KEPT),
        (PastOutcome(Outcome.HELD), {"outcome": Outcome.BROKEN}, Change.NEWLY_BROKEN),
        (PastOutcome(Outcome.HELD), {"outcome": Outcome.DEVIATION}, Change.NEWLY_BROKEN),
        (PastOutcome(Outcome.BROKEN), {"outcome": Outcome.HELD}, Change.FIXED),
        (PastOutcome(Outcome.DEVIATION), {"outcome": Outcome.DEVIATION_GONE}, Change.FIXED),
        (PastOutcome(Outcome.BROKEN), {"outcome": Outcome.BROKEN}, Change.STILL_BROKEN),
        (
            PastOutcome(Outcome.BROKEN, step="a"),
            {"outcome": Outcome.BROKEN, "step": "b"},
            Change.NEWLY_BROKEN,
        ),
        (PastOutcome(Outcome.BROKEN), {"outcome": Outcome.DEVIATION, "deviation": "x"}, Change.STILL_BROKEN),
        (
            PastOutcome(Outcome.DEVIATION, "x"),
            {"outcome": Outcome.DEVIATION, "deviation": "x"},
            Change.STILL_BROKEN,
        ),
        (
            PastOutcome(Outcome.DEVIATION, "x"),
            {"outcome": Outcome.WAIVED, "deviation": "x"},
            Change.STILL_BROKEN,
        ),
        (
            PastOutcome(Outcome.DEVIATION, "x"),
            {"outcome": Outcome.DEVIATION, "deviation": "y"},
            Change.NEWLY_BROKEN,
        ),
        (PastOutcome(Outcome.DEVIATION, "x"), {"outcome": Outcome.BROKEN}, Change.NEWLY_BROKEN),
        (PastOutcome(Outcome.ERROR), {"outcome": Outcome.BROKEN}, Change.NOT_COMPARABLE),
        (PastOutcome(Outcome.HELD), {"outcome": Outcome.ERROR}, Change.NOT_COMPARABLE),
    ],
)
def test_a_scenario_is_compared_with_its_past_outcome(past, now, change):
    changes = compare([a_result("one", **now)], a_baseline(one=past))

    assert dict(changes.of) == {("one", HERE): change}


def test_a_scenario_without_a_result_on_this_platform_is_not_comparable_for_a_reason():
    there = Baseline("1", "there", {("one", "darwin aarch64"): PastOutcome(Outcome.HELD)})

    changes = compare([a_result("one"), a_result("two")], there)

    assert list(changes.reasons.values()) == [Incomparable.OTHER_PLATFORM, Incomparable.NOT_TESTED_THEN]
    assert not changes.some_are_comparable


def test_results_without_a_platform_count_for_every_platform():
    anywhere = Baseline("1", "there", {("one", ANY_PLATFORM): PastOutcome(Outcome.HELD)})

    assert compare([a_result("one")], anywhere).of["one", HERE] is Change.STILL_KEPT


def test_with_a_baseline_only_newly_broken_promises_prevent_a_pass():
    before = a_baseline(old=Outcome.BROKEN, new=Outcome.HELD, gone=Outcome.DEVIATION)
    found = weighed(
        a_result("old", Outcome.BROKEN, numbers=(1,)),
        a_result("new", Outcome.DEVIATION, numbers=(3,)),
        a_result("gone", Outcome.DEVIATION_GONE, numbers=(2,)),
        by=LENIENT,
        baseline=before,
    )

    assert list(found.against) == [PromisesNotKept(Outcome.DEVIATION, (3,), since_baseline=True)]
    assert list(found.notes) == [
        PromisesTolerated(Outcome.BROKEN, (1,), Tolerance.NOT_WORSE),
        PromisesTolerated(Outcome.DEVIATION_GONE, (2,), Tolerance.NOT_WORSE),
    ]


def test_an_incomparable_scenario_is_weighed_as_without_a_baseline():
    found = weighed(
        a_result("one", Outcome.DEVIATION, numbers=(1,)),
        a_result("two", Outcome.DEVIATION, numbers=(3,)),
        by=replace(MIXED, with_baseline=Scope.NEW_FAILURES),
        baseline=a_baseline(three=Outcome.HELD),
    )

    assert list(found.against) == [PromisesNotKept(Outcome.DEVIATION, (1,))]
    assert list(found.notes) == [PromisesTolerated(Outcome.DEVIATION, (3,), Tolerance.SEVERITY)]


def test_a_policy_of_all_failures_shows_the_comparison_but_does_not_use_it():
    found = weighed(a_result("one", Outcome.DEVIATION), by=STRICT, baseline=a_baseline(one=Outcome.DEVIATION))

    assert list(found.against) == [PromisesNotKept(Outcome.DEVIATION, (1,))]


def test_a_release_that_cannot_be_compared_at_all_is_incomplete():
    results = [a_result("one")]
    criteria = Criteria(LENIENT, SEVERITIES, GROUPS, compare(results, a_baseline(two=Outcome.HELD)))

    assert gaps_in(a_run(*results), results, [HERE], criteria) == [NothingComparable("20260801.000000.0")]


# --- documents and pages


def test_the_document_has_its_question_and_the_list_for_operators():
    broken = a_result("one", Outcome.BROKEN, reason="not so\nlong story")

    plain = sign_off(a_run(broken), known("one"))
    compared = sign_off(a_run(broken), known("one", policy=LENIENT, baseline=a_baseline(one=Outcome.BROKEN)))

    assert (plain.decision, compared.decision) == (Decision.FAIL, Decision.PASS)
    assert plain.document["question"].endswith("keep its promises?")
    assert compared.document["question"].endswith("worse than 20260801.000000.0?")
    assert compared.document["groups"][0]["not kept"] == {"blocker": 1, "critical": 0, "normal": 0}
    assert compared.document["notes"] == ["Promise 1 is broken; the baseline is no better."]
    assert compared.document["baseline"]["counts"]["still broken"] == 1
    assert plain.document["promises"][0]["met by operators"] == ["New, in the scenario 'one': not so"]


def test_summary_and_page_show_the_comparison(tmp_path):
    inputs = known("one", policy=LENIENT, baseline=a_baseline(one=Outcome.HELD))
    decision = write_documents(a_run(a_result("one", Outcome.BROKEN)), tmp_path, inputs)

    page = (tmp_path / "signoff.html").read_text("utf-8")
    summary = write_summary(decision.document, tmp_path).read_text("utf-8")
    assert "Compared with the baseline" in page
    assert "Promises not kept: 1 blocker" in page
    assert summary.splitlines()[0].startswith("# FAIL: Is swamp ")
    assert "| 1 | one | linux x86\\_64 | newly broken |" in summary


# --- sources of a baseline


def test_a_folder_of_reports_is_a_baseline(tmp_path):
    a_run(a_result("one")).write_to(tmp_path)

    found = find_baseline(str(tmp_path), tmp_path / "reports", known("one").runs)

    assert found.outcomes["one", HERE].outcome is Outcome.HELD


def test_the_baseline_of_a_version_is_its_newest_reports(tmp_path):
    for folder, outcome, day in (("previous", Outcome.HELD, 2), ("matrix/1", Outcome.BROKEN, 1)):
        (tmp_path / folder).mkdir(parents=True)
        record = a_run(a_result("one", outcome))
        replace(record, started=record.started.replace(day=day)).write_to(tmp_path / folder)
    (tmp_path / "run.json").write_text(json.dumps({"format": 1}))

    found = find_baseline(a_run(a_result("one")).version, tmp_path, [])

    assert found.outcomes["one", HERE].outcome is Outcome.HELD
    assert found.source.endswith("previous")


def test_the_recorded_results_of_a_version_are_a_baseline(tmp_path, monkeypatch):
    entry = {"version": "20260801.000000.0", "digests": ["ab"], "date": "2026-08-01"}
    recorded = {
        "kept-outline": {**entry, "outcome": "held"},
        "broken-outline": {**entry, "outcome": "broken"},
        "broken-one": {**entry, "outcome": "known deviation"},
        "of-another-one": {**entry, "outcome": "held", "version": "20260801.000000.0 of yesterday"},
    }
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps(recorded))
    monkeypatch.setattr(project, "RECORDED_RESULTS", file)
    runs = known("kept-outline[a]", "broken-outline[a]", "broken-one", "of-another-one").runs

    found = find_baseline("20260801.000000.0", tmp_path, runs)

    assert {scenario: past.outcome for (scenario, _), past in found.outcomes.items()} == {
        "kept-outline[a]": Outcome.HELD,
        "broken-one": Outcome.DEVIATION,
    }


def test_a_missing_baseline_ends_the_command_with_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path / "reports"))
    run = tmp_path / "run"
    run.mkdir()
    a_run(a_result("one")).write_to(run)

    assert main(["signoff", "--baseline", "20200101.000000.0", str(run)]) == ExitCode.BAD_COMMAND_LINE

    output = capsys.readouterr()
    assert (output.out + output.err).count("There is no baseline '20200101.000000.0'") == 1
    shutil.rmtree(tmp_path / "reports", ignore_errors=True)


def test_signoff_compares_with_a_baseline_and_shows_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path / "reports"))
    for name, outcome in (("now", Outcome.BROKEN), ("then", Outcome.HELD)):
        (tmp_path / name).mkdir()
        a_run(a_result("one", outcome)).write_to(tmp_path / name)

    code = main(["signoff", "--baseline", str(tmp_path / "then"), str(tmp_path / "now")])

    assert code == ExitCode.PROMISE_BROKEN
    assert capsys.readouterr().out.startswith("FAIL: Is swamp ")
