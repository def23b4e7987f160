"""The sign-off in Markdown: its order, its contents, blanked secrets, and escaped tables."""

from dataclasses import replace

from swamp_harness.render.signoff import SignOffInputs, sign_off
from swamp_harness.render.signoff_summary import write_summary
from swamp_harness.results.history import PastRun
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.policy import Group
from swamp_harness.results.skip import Skip, SkipKind
from swamp_harness.results.waivers import Waiver
from swamp_harness.specification import features
from swamp_harness.specification.features import FeatureRun
from swamp_harness.system.redaction import SECRETS
from tests.conftest import DEVIATION, a_result, a_run

NEEDS_MAC = Skip(SkipKind.NO_SUCH_MACHINE, ("darwin",))
NEEDS_LINUX = Skip(SkipKind.NO_SUCH_MACHINE, ("linux",))

SINCE = len(features.in_group(Group.SINCE))
WAIVER = Waiver("two", "it is not needed yet", "https://swamp-club.com/lab/630", "20260901.000000.0")


def summary_of(tmp_path, *results, known=None, **fields):
    runs = [FeatureRun(each.id, each.name, each.numbers, each.location, "Tokens") for each in results]
    decision = sign_off(a_run(*results, **fields), known or SignOffInputs(runs, [], [], []))
    return write_summary(decision.document, tmp_path).read_text("utf-8")


def test_the_decision_comes_first_then_its_reasons(tmp_path):
    text = summary_of(tmp_path, a_result("one", Outcome.BROKEN), a_result("two"))

    lines = text.splitlines()
    assert lines[:4] == [
        "# FAIL: Does swamp 20260822.011157.0-sha.06b61472 keep its promises? "
        "Promises not kept: 1 blocker, 0 critical, 0 normal; "
        "since issue 630: 0 blocker, 0 critical, 0 normal",
        "",
        "- The thirty: 0 of 30 promises kept, 1 not kept, 29 not fully tested. "
        "2 scenarios: 1 held, 1 broken.",
        f"- Since issue 630: 0 of {SINCE} promises kept, {SINCE} not fully tested. 0 scenarios: none.",
    ]
    assert lines[4:8] == ["", "Reasons:", "", "- Promise 1 is broken."]


def test_every_promise_has_a_line_with_its_result_on_each_platform(tmp_path):
    text = summary_of(
        tmp_path, a_result("one"), a_result("one", Outcome.BROKEN, platform="darwin aarch64")
    ).splitlines()

    assert (
        r"| linux x86\_64 | 20260822.011157.0-sha.06b61472 | ab linux x86\_64 | 7 bytes | /run/swamp |"
        in text
    )
    assert r"|  | Promise | linux x86\_64 | darwin aarch64 |" in text
    (first,) = [line for line in text if line.startswith("| 1 |") and "held" in line]
    assert first.endswith("| ✔ held | ✘ broken |")
    assert {line.split("|")[1].strip() for line in text if "|" in line} >= {
        str(promise.number) for promise in features.catalogue()
    }


def test_failures_and_their_reasons_are_folded(tmp_path):
    text = summary_of(
        tmp_path,
        a_result("one", Outcome.BROKEN, reason="not so\nand a long story", step="Then it is so"),
        a_result("two", Outcome.NOT_RUN, skip=NEEDS_MAC),
    )

    assert "<summary>Scenarios that did not hold (1)</summary>" in text
    assert r"| 1 | one | linux x86\_64 | ✘ broken | Then it is so | not so |" in text
    assert "a long story" not in text
    assert r"| 1 | linux x86\_64 | 1 | needs a host with macOS |" in text
    assert text.count("<details>") == text.count("</details>") == 3


def test_deviations_waivers_flakes_and_metrics_are_shown(tmp_path):
    one = a_result("one", Outcome.DEVIATION, deviation="ends-late")
    two = a_result("two", Outcome.WAIVED)
    earlier = PastRun("2026-08-22", "", "ab linux x86_64", "linux x86_64", {"one": "held"})
    later = replace(earlier, outcomes={"one": "broken"})
    runs = [FeatureRun(each.id, each.name, each.numbers, each.location, "Tokens") for each in (one, two)]

    text = summary_of(tmp_path, one, two, known=SignOffInputs(runs, [DEVIATION], [WAIVER], [earlier, later]))

    link = "<https://swamp-club.com/lab/630>"
    assert f"| 1 | It ends at once. | It ends late. [ends-late]({link}) | the first |" in text
    waived = f"it is not needed yet [https\\://swamp-club.com/lab/630]({link})"
    assert f"| two | {waived} | 20260901.000000.0 | used |" in text
    assert r"| one | linux x86\_64 | 1 times held, 1 times broken |" in text
    assert "- Pace: " in text


def test_output_of_the_product_cannot_change_the_page(tmp_path):
    reason = "<img src=x> | `a` *b* [c](d) $e$ ~f~ # g"

    text = summary_of(tmp_path, a_result("one", Outcome.BROKEN, reason=reason))

    assert r"\<img src=x\> \| \`a\` \*b\* \[c\](d) \$e\$ \~f\~ \# g" in text


def test_secrets_are_blanked_in_every_form(tmp_path):
    secret = "very_secret|value*0815"
    SECRETS.add(secret)

    text = summary_of(tmp_path, a_result("one", Outcome.BROKEN, reason=f"seen: {secret}"))

    assert r"seen: \[blanked\]" in text
    assert "0815" not in text


def test_a_deviation_is_shown_only_where_it_happened(tmp_path):
    otherwise = a_result("one", Outcome.BROKEN)
    runs = [FeatureRun("one", "one", (1,), "features/a.feature:1", "Tokens")]

    text = summary_of(tmp_path, otherwise, known=SignOffInputs(runs, [DEVIATION], [], []))

    assert "It ends late." not in text


def test_a_failure_is_listed_once_with_all_its_numbers_and_broken_promises_first(tmp_path):
    text = summary_of(
        tmp_path,
        a_result("one", Outcome.ERROR, numbers=(6, 30), location="features/a.feature:1"),
        a_result("two", Outcome.BROKEN, numbers=(7, 30), location="features/a.feature:2"),
    ).splitlines()

    rows = [line for line in text if line.startswith(("| 6, 30", "| 7, 30"))]
    assert [row.split(" | ")[1] for row in rows] == ["two", "one"]
