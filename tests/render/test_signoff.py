"""The release decision, waivers, merged runs, the history, and the written reports."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
import yaml

from swamp_harness.render.documents import BugReportsFailed, put_together, write_documents
from swamp_harness.render.junit import write_junit
from swamp_harness.render.signoff import SignOffInputs, sign_off
from swamp_harness.render.signoff_page import write_page
from swamp_harness.render.signoff_summary import write_summary
from swamp_harness.render.words import groups_in_words, in_ranges, promises_in_words, shares_in_words
from swamp_harness.results import deviations, waivers
from swamp_harness.results.decision import Decision
from swamp_harness.results.history import PastRun, flakes, read, remember
from swamp_harness.results.outcome import Ending, Outcome
from swamp_harness.results.policy import STRICT, Group, Voice
from swamp_harness.results.run_record import read_run, together
from swamp_harness.results.skip import NOT_SELECTED, Skip, SkipKind
from swamp_harness.specification import features, project
from swamp_harness.specification.features import FeatureRun
from swamp_harness.system.errors import ExitCode, UnusableInput
from tests.conftest import METRICS, a_result, a_run

NEEDS_MAC = Skip(SkipKind.NO_SUCH_MACHINE, ("darwin",))
NEEDS_LINUX = Skip(SkipKind.NO_SUCH_MACHINE, ("linux",))

ON_MAC = {"platform": "darwin aarch64"}
WAIVER = {
    "scenario": "token-is",
    "reason": "it is not needed yet",
    "link": "https://swamp-club.com/lab/630",
    "last-version": "20260901.000000.0",
}


def knowing(*names, waived=()):
    runs = [
        FeatureRun(name, name, (number,), f"features/a.feature:{number}", "Tokens") for number, name in names
    ]
    return SignOffInputs(runs, [], waived, [])


def waivers_of(tmp_path, *entries):
    file = tmp_path / "waivers.yaml"
    file.write_text(yaml.safe_dump(list(entries)))
    return waivers.load(file)


def test_a_release_passes_when_every_scenario_held():
    signed = sign_off(a_run(a_result("one")), knowing((1, "one")))

    assert signed.decision is Decision.PASS
    assert signed.reasons == ()


@pytest.mark.parametrize(
    ("outcome", "decision", "reason"),
    [
        (Outcome.BROKEN, Decision.FAIL, "Promise 1 is broken."),
        (Outcome.DEVIATION, Decision.FAIL, "Promise 1 is broken by a known deviation, and not waived."),
        (
            Outcome.DEVIATION_GONE,
            Decision.FAIL,
            "Promise 1 is listed with a deviation that no longer happens.",
        ),
        (Outcome.ERROR, Decision.INCOMPLETE, "Promise 1 was not tested: infrastructure error."),
        (Outcome.NOT_RUN, Decision.INCOMPLETE, "Not every scenario of promise 1 ran on linux x86_64."),
    ],
)
def test_a_decision_names_what_prevents_a_pass(outcome, decision, reason):
    signed = sign_off(a_run(a_result("one", outcome)), knowing((1, "one")))

    assert (signed.decision, signed.reasons) == (decision, (reason,))


def test_an_unselected_scenario_leaves_a_release_incomplete():
    signed = sign_off(a_run(a_result("one")), knowing((1, "one"), (2, "two")))

    assert signed.decision is Decision.INCOMPLETE
    assert signed.document["not run"][0]["scenarios"] == ["two"]
    assert signed.document["not run"][0]["reason"] == "not selected"


def test_a_run_against_another_target_is_not_a_sign_off():
    run = a_run(a_result("one"), target="the stand-in", is_for_sign_off=False)

    signed = sign_off(run, knowing((1, "one")))

    assert (signed.decision, signed.by_results) == (Decision.NOT_A_SIGN_OFF, Decision.PASS)
    assert signed.reasons == ("This run is against the stand-in, not against swamp.",)


def test_a_scenario_for_another_platform_is_required_only_there():
    here = a_result("one")
    for_mac = a_result("on a Mac", Outcome.NOT_RUN, skip=NEEDS_MAC)
    known = knowing((1, "one"), (1, "on a Mac"))

    alone = sign_off(a_run(here, for_mac), known)
    assert alone.decision is Decision.INCOMPLETE
    assert alone.document["promises"][0]["outcomes"] == {"linux x86_64": "held", "macOS": "not run"}

    both = sign_off(
        a_run(here, for_mac, a_result("one", **ON_MAC), a_result("on a Mac", **ON_MAC)),
        known,
    )
    assert both.decision is Decision.PASS
    assert both.document["promises"][0]["outcomes"] == {"linux x86_64": "held", "darwin aarch64": "held"}


def test_a_platform_on_which_a_part_is_missing_is_not_signed_off():
    run = a_run(a_result("one"), a_result("two"), a_result("one", **ON_MAC))

    assert sign_off(run, knowing((1, "one"), (2, "two"))).decision is Decision.INCOMPLETE


def test_a_platform_on_which_nothing_ran_is_not_signed_off():
    known = replace(knowing((1, "one")), platforms=["linux x86_64", "windows x86_64"])

    signed = sign_off(a_run(a_result("one")), known)

    assert signed.decision is Decision.INCOMPLETE
    assert signed.reasons == ("Nothing ran on windows x86_64.",)
    assert signed.document["promises"][0]["outcomes"] == {
        "linux x86_64": "held",
        "windows x86_64": "not run",
    }


def test_an_interrupted_run_is_incomplete_even_if_another_platform_ran_everything():
    cut_short = a_result("one", Outcome.NOT_RUN, skip=Skip.by(Ending.INTERRUPTED), **ON_MAC)

    signed = sign_off(a_run(a_result("one"), cut_short, ending=Ending.TERMINATED), knowing((1, "one")))

    assert signed.decision is Decision.INCOMPLETE
    assert signed.reasons == (
        "A run was interrupted before its end.",
        "Not every scenario of promise 1 ran on darwin aarch64.",
    )


def test_a_waived_promise_lets_a_release_pass(tmp_path):
    waived = waivers_of(tmp_path, WAIVER)
    run = a_run(a_result("token-is[lost]", Outcome.WAIVED))

    signed = sign_off(run, knowing((1, "token-is[lost]"), waived=waived))

    assert signed.decision is Decision.PASS
    assert signed.document["waivers"][0]["state"] == "used"


@pytest.mark.parametrize(
    ("version", "outcome", "complaint"),
    [
        ("20260822.011157.0-sha.1", Outcome.HELD, "The waiver of 'token-is' is unused"),
        ("20260901.000000.1-sha.1", Outcome.BROKEN, "The waiver of 'token-is' has expired"),
        ("unknown", Outcome.BROKEN, "The waiver of 'token-is' has expired"),
    ],
)
def test_an_unused_or_expired_waiver_fails_a_release(tmp_path, version, outcome, complaint):
    waived = waivers_of(tmp_path, WAIVER)
    run = a_run(a_result("token-is[lost]", outcome), version=version)

    signed = sign_off(run, knowing((1, "token-is[lost]"), waived=waived))

    assert signed.decision is Decision.FAIL
    assert any(reason.startswith(complaint) for reason in signed.reasons)


def test_a_waiver_is_used_if_one_row_or_one_platform_needs_it(tmp_path):
    waived = waivers_of(tmp_path, WAIVER)
    names = ["token-is[lost]", "token-is[found]"]
    runs = [run.id for run in knowing(*enumerate(names, start=1)).runs]
    lost, found = (a_result(name) for name in names)

    assert (
        waivers.complaints(waived, [lost], "20260822.011157.0", runs) == []
    )  # the other row is in another run
    assert waivers.complaints(waived, [lost, found], "20260822.011157.0", runs) != []
    needed = replace(found, outcome=Outcome.WAIVED)
    assert waivers.complaints(waived, [lost, found, needed], "20260822.011157.0", runs) == []


def test_a_waiver_is_unused_if_its_scenario_held_on_every_platform(tmp_path):
    waived = waivers_of(tmp_path, {**WAIVER, "scenario": "one"})
    on_mac = a_result("one", Outcome.NOT_RUN, skip=NEEDS_LINUX, **ON_MAC)

    signed = sign_off(a_run(a_result("one"), on_mac), knowing((1, "one"), waived=waived))
    assert signed.reasons == ("The waiver of 'one' is unused, as the promise is kept: remove it.",)

    assert waivers.complaints(waived, [on_mac], "20260822.011157.0", ["one"]) == []


def test_a_waiver_that_matches_no_scenario_fails_a_release(tmp_path):
    waived = waivers_of(tmp_path, {**WAIVER, "scenario": "token-iz"})

    signed = sign_off(a_run(a_result("token-is[lost]")), knowing((1, "token-is[lost]"), waived=waived))

    assert signed.decision is Decision.FAIL
    assert signed.reasons[0].startswith("The waiver of 'token-iz' matches no scenario: ")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("key: [", "line 2: this is not YAML"),
        (yaml.safe_dump([{**WAIVER, "reason": None}]), "line 3, under reason: a text is expected, not None"),
        (yaml.safe_dump([{**WAIVER, "link": " ", "reason": ""}]), "line 2, under link: .* does not match"),
        ("scenario: one", "line 1: a list of entries is expected, not .*one"),
        ("- scenario: one", "line 1: .reason. is a required property"),
        (
            yaml.safe_dump([{**WAIVER, "last-version": "the next"}]),
            "under last-version: .the next. does not match",
        ),
    ],
)
def test_an_unusable_list_of_waivers_is_bad_input(tmp_path, text, complaint):
    file = tmp_path / "waivers.yaml"
    file.write_text(text)

    with pytest.raises(UnusableInput, match=complaint) as caught:
        waivers.load(file)
    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE


def test_the_list_of_waivers_is_optional(tmp_path):
    assert waivers.load(tmp_path / "waivers.yaml") == []


@pytest.mark.parametrize(
    ("variable", "listed"),
    [("UAT_WAIVERS", project.waivers), ("UAT_DEVIATIONS", project.deviations)],
)
def test_a_named_list_that_does_not_exist_is_bad_input(tmp_path, monkeypatch, variable, listed):
    monkeypatch.setenv(variable, str(tmp_path / "typo.yaml"))

    with pytest.raises(
        UnusableInput, match=f"{variable} names .*typo\\.yaml, which does not exist"
    ) as caught:
        listed()
    assert caught.value.exit_code is ExitCode.BAD_COMMAND_LINE


@pytest.mark.parametrize("load", [waivers.load, deviations.load])
def test_a_list_that_is_not_text_is_bad_input_in_one_sentence(tmp_path, load):
    file = tmp_path / "list.yaml"
    for content, why in (
        ("- scenario: größer".encode("latin-1"), "it cannot be read: "),
        (b"- scenario: [\n  a: b", "line 3: this is not YAML: "),
    ):
        file.write_bytes(content)
        with pytest.raises(UnusableInput, match=f"{re.escape(str(file))} is not usable, {why}") as caught:
            load(file)
        assert "\n" not in str(caught.value)


# --- merged runs


def test_the_record_of_a_run_survives_writing_and_reading(tmp_path):
    run = a_run(a_result("one", Outcome.BROKEN, numbers=(1, 2)), exit_code=ExitCode.PROMISE_BROKEN)
    run.write_to(tmp_path)

    assert read_run(tmp_path / "run.json") == run


def test_shards_and_platforms_make_one_run():
    one = a_run(a_result("one"), a_result("two", Outcome.NOT_RUN, skip=NOT_SELECTED))
    two = a_run(a_result("two", Outcome.BROKEN), exit_code=ExitCode.PROMISE_BROKEN)
    mac = a_run(a_result("one", **ON_MAC), metrics={**METRICS, "wall seconds": 9.0, "product commands": 1})

    run = together([one, two, mac])

    assert [(each.name, each.platform) for each in run.results] == [
        ("one", "darwin aarch64"),
        ("one", "linux x86_64"),
        ("two", "linux x86_64"),
    ]
    assert run.exit_code is ExitCode.PROMISE_BROKEN
    assert run.metrics["wall seconds"] == 9.0
    assert run.metrics["product commands"] == 9
    assert list(run.binaries) == ["linux x86_64", "darwin aarch64"]


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (a_run(a_result("two"), version="20260101.000000.0"), "different programs"),
        (a_run(a_result("two"), binaries={"linux x86_64": {"sha256": "another"}}), "different binaries"),
        (a_run(a_result("one")), "ran more than once"),
    ],
)
def test_runs_of_different_kinds_cannot_be_merged(other, complaint):
    with pytest.raises(UnusableInput, match=complaint):
        together([a_run(a_result("one")), other])


def test_reports_are_merged_with_their_evidence(tmp_path):
    for name in ("one", "two"):
        folder = tmp_path / name
        (folder / "evidence" / "a-1").mkdir(parents=True)
        (folder / "evidence" / "a-1" / "timeline.svg").write_text(f"<svg>{name}</svg>")
        (folder / "allure-results").mkdir()
        (folder / "allure-results" / f"{name}-result.json").write_text("{}")
        a_run(a_result(name, evidence="evidence/a-1")).write_to(folder)

    run = put_together([tmp_path / "one", tmp_path / "two"], tmp_path / "all")

    assert [result.evidence for result in run.results] == ["evidence/1/a-1", "evidence/2/a-1"]
    assert (tmp_path / "all" / "evidence" / "2" / "a-1" / "timeline.svg").read_text() == "<svg>two</svg>"
    assert len(list((tmp_path / "all" / "allure-results").iterdir())) == 2
    with pytest.raises(UnusableInput, match="give another folder"):
        put_together([tmp_path / "one"], tmp_path / "one")


# --- what is written


def test_all_reports_of_a_run_are_written(tmp_path):
    name = "A minted credential is shown exactly once, in JSON"
    evidence = tmp_path / "evidence" / "a-1"
    evidence.mkdir(parents=True)
    (evidence / "timeline.svg").write_text("<svg>the timeline</svg>")
    reason = "not <b>so</b> & so"
    run = a_run(a_result(name, Outcome.BROKEN, reason=reason, evidence="evidence/a-1", step="Then it is so"))

    signed = write_documents(run, tmp_path, knowing((1, name)))

    document = json.loads((tmp_path / "signoff.json").read_text())
    assert document["decision"] == signed.decision.value == "FAIL"
    assert [each["number"] for each in document["promises"]] == [each.number for each in features.catalogue()]
    page = (tmp_path / "signoff.html").read_text()
    assert "<h1>FAIL</h1>" in page
    assert "not &lt;b&gt;so&lt;/b&gt; &amp; so" in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in page
    for written in ("run.json", "junit.xml", "history.jsonl", "signoff.md"):
        assert (tmp_path / written).exists()


def test_bug_reports_that_cannot_be_written_cost_no_other_document(tmp_path):
    (tmp_path / "bugs").touch()  # in place of their folder

    with pytest.raises(BugReportsFailed, match=r"cannot be written \(FileExistsError"):
        write_documents(a_run(a_result("one", Outcome.BROKEN)), tmp_path, knowing((1, "one")))

    for written in ("run.json", "signoff.json", "signoff.html", "signoff.md", "junit.xml"):
        assert (tmp_path / written).exists()


def test_a_page_shows_broken_promises_first(tmp_path):
    known = knowing((1, "one"), (2, "two"), (3, "three"))
    run = a_run(
        a_result("one", Outcome.BROKEN, reason="Expected, but not so: one.", step="Then one"),
        a_result("two", Outcome.ERROR, reason="No port was free.", numbers=(2,)),
        a_result("three", numbers=(3,)),
    )

    page = write_page(sign_off(run, known).document, tmp_path, runs_with_this_binary=1).read_text()

    stands = [
        page.index(title) for title in ("Broken promises", "Infrastructure errors", "The thirty promises")
    ]
    assert stands == sorted(stands)
    assert "Then one" in page[stands[0] : stands[1]]
    assert "Expected, but not so: one." in page[stands[0] : stands[1]]
    assert "No port was free." in page[stands[1] : stands[2]]


def test_a_page_without_failures_does_not_mention_them(tmp_path):
    document = sign_off(a_run(a_result("one")), knowing((1, "one"))).document
    page = write_page(document, tmp_path, runs_with_this_binary=1).read_text()
    assert "Broken promises" not in page
    assert "Infrastructure errors" not in page


def test_a_page_shows_the_timelines_of_its_scenarios(tmp_path):
    feature = "A minted credential is shown exactly once, in <output> -- @1.1 "
    evidence = tmp_path / "evidence" / "a-1"
    evidence.mkdir(parents=True)
    (evidence / "timeline.svg").write_text("<svg>the timeline</svg>")
    known = knowing((1, feature))
    run = a_run(a_result(feature, evidence="evidence/a-1"))

    page = write_page(sign_off(run, known).document, tmp_path, runs_with_this_binary=1)

    assert "<svg>the timeline</svg>" in page.read_text()


def test_junit_distinguishes_failures_errors_and_what_did_not_run(tmp_path):
    run = a_run(
        a_result("one"),
        a_result("two", Outcome.BROKEN, reason="not so\x1b[31m\nseen: 2 < 1", step="Then it is so"),
        a_result("three", Outcome.ERROR),
        a_result("four", Outcome.WAIVED),
        a_result("five", Outcome.NOT_RUN),
        a_result("six", Outcome.NOT_RUN, skip=NOT_SELECTED),
    )
    run = replace(run, results=[replace(each, feature="Tokens") for each in run.results])

    file = write_junit(run, tmp_path)
    suites = ET.parse(file).getroot()  # noqa: S314 - it has just been written

    counts = {name: suites.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "1", "errors": "1", "skipped": "2"}
    (suite,) = suites
    assert suite.get("name") == "Tokens"
    (failure,) = suites.iter("failure")
    assert failure.get("message") == r"broken: not so\x1b[31m"
    assert failure.text == "Then it is so\nnot so\\x1b[31m\nseen: 2 < 1"


# --- history


def test_a_scenario_is_flaky_if_its_outcomes_differ_with_one_binary(tmp_path):
    held = a_run(a_result("one"), a_result("two"))
    later = replace(
        held,
        started=held.started.replace(hour=11),
        results=(a_result("one", Outcome.BROKEN), a_result("two")),
    )
    of_another = PastRun("2026-01-01", "v0", "another", "linux x86_64", {"two": "broken"})

    remember(held, tmp_path)
    history = remember(later, tmp_path)

    (flake,) = flakes([of_another, *history], later)
    assert (flake.name, flake.outcomes) == ("one", {"held": 1, "broken": 1})


def test_a_truncated_history_loses_only_its_last_line(tmp_path):
    remember(a_run(a_result("one")), tmp_path)
    file = tmp_path / "history.jsonl"
    file.write_text(file.read_text() + '{"started": "2026')

    assert len(read(file)) == 1


def test_the_history_has_fifty_runs_with_any_number_of_platforms(tmp_path):
    for minute in range(52):
        started = datetime(2026, 8, 23, 10, minute, tzinfo=UTC)
        remember(a_run(a_result("one"), a_result("one", **ON_MAC), started=started), tmp_path)

    history = read(tmp_path / "history.jsonl")

    assert [each.started[14:16] for each in history[::2]] == [f"{minute:02}" for minute in range(2, 52)]
    assert len(history) == 100


def test_a_run_is_in_the_history_once(tmp_path):
    remember(a_run(a_result("one")), tmp_path)

    assert len(remember(a_run(a_result("one")), tmp_path)) == 1


# --- the two groups of promises

SINCE = features.in_group(Group.SINCE)[0]


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([4], "promise 4"),
        ([1, 2, 3, 7], "promises 1-3 and 7"),
        ([SINCE.number], f"promise {SINCE.number} (since issue 630)"),
        ([3, 18, SINCE.number], f"promises 3 and 18, and promise {SINCE.number} (since issue 630)"),
    ],
)
def test_promises_of_the_two_groups_are_named_apart(numbers, words):
    assert promises_in_words(numbers) == words


def test_shares_and_counts_are_those_of_each_group():
    own = a_result("one", Outcome.BROKEN, numbers=(SINCE.number,))
    of_both = a_result("two", numbers=(18, SINCE.number))

    assert groups_in_words([of_both, own]) == ["the thirty: 1 held", "since issue 630: 1 broken"]
    assert groups_in_words([of_both]) == []
    assert shares_in_words([1, 18]).startswith("2 of 30 promises and 0 of ")


@pytest.mark.parametrize(
    ("voice", "decision"),
    [(Voice.DECIDE, Decision.FAIL), (Voice.SHOWN, Decision.PASS)],
    ids=lambda each: each.value,
)
def test_documents_show_what_is_broken_since_the_issue_whether_or_not_it_decides(tmp_path, voice, decision):
    rules = replace(STRICT, since_issue_630=voice)
    known = replace(knowing((1, "one"), (SINCE.number, "two")), policy=rules)
    run = a_run(a_result("one"), a_result("two", Outcome.BROKEN, numbers=(SINCE.number,)))

    signed = sign_off(run, known)
    page = write_page(signed.document, tmp_path, runs_with_this_binary=1).read_text()
    summary = write_summary(signed.document, tmp_path).read_text()

    assert signed.decision is decision
    broken = f"Promise {SINCE.number} (since issue 630) is broken."
    for text in (page, summary):
        assert broken in text
        assert text.index("The thirty promises") < text.index("Promises since issue 630")
        assert "The thirty: 1 of 30 promises kept, 29 not fully tested. 1 scenario: 1 held." in text
    assert f"Made in: {SINCE.source.split(';')[0]}" in page.replace("&#34;", '"')
    shown = signed.document["notes"] == [
        f"{broken} By release/policy.yaml, promises since issue 630 are shown and do not decide."
    ]
    assert shown is (voice is Voice.SHOWN)


def test_numbers_are_shown_in_ranges():
    assert in_ranges([1, 2, 3, 5, 7, 8]) == "1-3, 5 and 7-8"
    assert in_ranges([4]) == "4"


# --- scenarios with the same name


def test_a_broken_scenario_is_counted_even_if_another_with_its_name_held():
    known = SignOffInputs(
        [
            FeatureRun("the-one", "one", (1,), "features/a.feature:1", "Tokens"),
            FeatureRun("another-one", "one", (1,), "features/a.feature:9", "Tokens"),
        ],
        [],
        [],
    )
    broken = a_result("one", Outcome.BROKEN, id="the-one")
    held = a_result("one", location="features/a.feature:9", id="another-one")

    both, alone = sign_off(a_run(broken, held), known), sign_off(a_run(held), known)

    assert both.decision is Decision.FAIL
    assert both.document["counts"] == {"held": 1, "broken": 1}
    assert alone.decision is Decision.INCOMPLETE
    assert alone.reasons == ("Not every scenario of promise 1 ran on linux x86_64.",)


def test_two_scenarios_with_the_same_name_can_be_in_two_shards():
    second = a_result("one", location="features/a.feature:9", id="another-one")

    assert len(together([a_run(a_result("one")), a_run(second)]).results) == 2
    with pytest.raises(UnusableInput, match="ran more than once on one platform"):
        together([a_run(a_result("one")), a_run(a_result("one"))])


# --- runs that ended early


@pytest.mark.parametrize("ending", [each for each in Ending if each.is_early])
def test_a_run_that_ended_early_is_incomplete_and_an_error_for_ci(tmp_path, ending):
    run = a_run(a_result("one"), ending=ending)

    signed = sign_off(run, knowing((1, "one")))
    suites = ET.parse(write_junit(run, tmp_path)).getroot()  # noqa: S314 - it has just been written

    assert signed.decision is Decision.INCOMPLETE
    assert len(signed.reasons) == 1
    assert (suites.get("tests"), suites.get("errors")) == ("2", "1")


def test_a_record_that_lacks_results_is_incomplete():
    signed = sign_off(a_run(a_result("one"), planned=3), knowing((1, "one")))

    assert signed.decision is Decision.INCOMPLETE
    assert signed.reasons == ("2 of 3 planned scenarios have no result.",)


def test_merged_runs_end_early_if_one_of_them_did(tmp_path):
    early = a_run(
        a_result("one", Outcome.NOT_RUN),
        ending=Ending.FAILED,
        exit_code=ExitCode.INCOMPLETE,
        planned=2,
        errors=("RuntimeError: a bug",),
        output_lost="BrokenPipeError: gone",
    )
    early.write_to(tmp_path)
    assert read_run(tmp_path / "run.json") == early

    whole = together([a_run(a_result("two"), planned=1), read_run(tmp_path / "run.json")])

    assert (whole.ending, whole.exit_code) == (Ending.FAILED, ExitCode.INCOMPLETE)
    assert (whole.planned, whole.without_result) == (3, 1)
    assert whole.errors == early.errors
    assert whole.output_lost == early.output_lost
