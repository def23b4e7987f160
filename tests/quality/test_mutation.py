"""Mutation testing: its pure parts, and one small run of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import yaml

from swamp_harness.quality.code_mutants import MutableModule, sampled
from swamp_harness.quality.known_noticers import known_noticers
from swamp_harness.quality.mutation_lists import read_decisions
from swamp_harness.quality.mutation_plan import Session, places_of_scenarios, refuse_stale, unreached
from swamp_harness.quality.mutation_run import run_until_killed
from swamp_harness.quality.reach import Reach, read_reach, statement_lines, write_reach
from swamp_harness.quality.reach_recording import collected, copy_with_hook
from swamp_harness.quality.uses import uses_of
from swamp_harness.render import mutation_report
from swamp_harness.render.mutation_report import Finding, Outcome
from swamp_harness.results.outcome import Outcome as ScenarioOutcome
from swamp_harness.specification import features, project
from swamp_harness.system.errors import UnusableInput
from tests.conftest import a_result

_MODULE = '''"""A module."""


def bigger(one: int, other: int) -> bool:
    """Whether it is."""
    return (
        one
        > other
    )


def twice(text: str) -> str:
    if text == "never":
        return ""
    return text * 2
'''


def _mutants():
    module = MutableModule("pool.py", _MODULE)
    return [each for site in module.sites if (each := module.mutant(site))]


def test_each_mutant_is_one_change_and_valid_python():
    for mutant in _mutants():
        compile(mutant.text, mutant.site.name, "exec")
        assert mutant.text != _MODULE
        assert _MODULE.splitlines()[mutant.lines.start - 1].strip() == mutant.was.splitlines()[0]
    changes = {(each.site.operator, each.was, each.becomes) for each in _mutants()}
    assert ("swap_op", "one\n> other", "one >= other") in changes
    assert ("swap_op", 'if text == "never":', 'if text != "never":') in changes


def test_docstrings_and_annotations_are_not_changed():
    assert not any('"""' in each.was or "def " in each.was for each in _mutants())


def test_a_sample_is_reproducible_and_even_over_modules_of_any_size():
    big = MutableModule("big.py", _MODULE * 5)
    small = MutableModule(
        "small.py", "def one() -> int:\n    return 1\n\n\ndef two() -> int:\n    return 2\n"
    )
    sites = [*big.sites, *small.sites]
    first = sampled(sites, 7)
    assert first == sampled(reversed(sites), 7)
    assert first != sampled(sites, 8)
    assert [each.module for each in first[:4]].count("small.py") == 2
    assert set(first) == set(sites)
    assert len({each.operator for each in first if each.module == "big.py"} & {"swap_op", "string"}) == 2


def test_a_line_belongs_to_its_statement_and_a_compound_one_to_its_head():
    lines = statement_lines(_MODULE)
    assert lines[8] == range(6, 10)
    assert lines[13] == range(13, 14)
    assert lines[14] == range(14, 15)


def _reach() -> Reach:
    lines = {"pool.py": {6: ["broad", "narrow"], 13: ["broad"], 15: ["broad"]}, "setup.py": {}}
    return Reach(
        {"pool.py": "abc"}, {"broad": 2.0, "narrow": 3.0, "else": 1.0}, lines, {"setup.py": [1, 2, 9]}
    )


def test_the_likeliest_scenario_comes_first_and_those_that_do_not_reach_it_are_left_out():
    assert _reach().scenarios_at("pool.py", range(6, 10)) == ["narrow", "broad"]
    assert _reach().scenarios_at("pool.py", [14]) == []


def test_scenarios_that_also_reach_the_uses_of_a_definition_come_first():
    found = _reach().scenarios_at("pool.py", range(6, 10), {"pool.py": [6, 13], "setup.py": [1]})
    assert found == ["broad", "narrow"]  # both reach a use, but only one the rarer


_DEFINITIONS = """from dataclasses import dataclass

LIMIT = 3
_limit = LIMIT


@dataclass
class Member:
    draining: bool = False

    def stop(self, at_once: bool = True) -> None:
        if at_once:
            self.draining = LIMIT > _limit

    def end(self) -> None:
        self.stop()
"""


@pytest.mark.parametrize(
    ("line", "uses"),
    [
        (3, {"pool.py": {4, 13}, "other.py": {2}}),
        (4, {"pool.py": {13}}),
        (9, {"pool.py": {13}, "other.py": {5}}),
        (11, {"pool.py": {12, 13}}),
        (12, {"pool.py": {13, 16}}),
        (13, {"pool.py": {9, 12, 16}, "other.py": {5}}),
        (16, {"pool.py": {12, 13}, "other.py": {6}}),
        (7, {}),
    ],
    ids=[
        "a constant",
        "a private constant",
        "a field",
        "a default",
        "in a function",
        "an attribute that is set",
        "a call",
        "a decorator",
    ],
)
def test_a_line_has_effects_where_its_variables_are_used_and_in_the_rest_of_its_function(line, uses):
    other = "import pool\nprint(pool.LIMIT, _limit)\n\n\nmember = pool.Member(draining=True)\nmember.end()\n"
    assert uses_of({"pool.py": _DEFINITIONS, "other.py": other}, "pool.py", line) == uses


_MUTANTS = """
def _slower(change):
    @replaces("pool:Pool.lose")
    def _(old, pool):
        change(old(pool))


@mutant(7)
def loses_one():
    @replaces("pool:Pool.lose")
    def _(old, pool):
        pass


@mutant(8, name="forgets")
def forgets_late():
    _slower(lambda _: None)


@mutant(7)
def unnoticed():
    @replaces("pool:Pool.lose")
    def _(old, pool):
        pass
"""
_POOL = """class Pool:
    def lose(self):
        return 1

    def keep(self):
        return 2
"""


def test_a_scenario_that_noticed_a_mutant_in_a_function_is_a_known_noticer_of_it(tmp_path):
    (tmp_path / "pool.py").write_text(_MUTANTS)
    noticed = {"07-loses-one": ["A worker is lost"], "08-forgets": ["A worker is forgotten"]}
    found = known_noticers(tmp_path, noticed)
    assert found.of_lines({"pool.py": _POOL}, {"pool.py": [3]}) == {
        "A worker is lost",
        "A worker is forgotten",
    }
    assert found.of_lines({"pool.py": _POOL}, {"pool.py": [6]}) == set()


def test_known_noticers_come_first():
    reach = _reach()
    assert reach.scenarios_at("pool.py", range(6, 10), known="broad".__eq__) == ["broad", "narrow"]


def test_of_equally_likely_scenarios_those_of_different_subjects_take_turns():
    reach = Reach({}, {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}, {"pool.py": {6: ["a", "b", "c", "d"]}}, {})
    subject = {"a": 1, "b": 1, "c": 2, "d": 1}.__getitem__
    assert reach.scenarios_at("pool.py", [6], subject=subject) == ["a", "c", "b", "d"]


def test_every_scenario_depends_on_what_the_preparation_reaches():
    assert set(_reach().scenarios_at("setup.py", [9])) == {"broad", "narrow", "else"}


def test_a_record_survives_writing_and_reading(tmp_path):
    file = tmp_path / "reached.json"
    write_reach(_reach(), file)
    again = tmp_path / "again.json"
    write_reach(read_reach(file), again)
    assert again.read_text() == file.read_text()
    assert read_reach(file).scenarios_at("pool.py", [13]) == ["broad"]


def test_a_missing_record_is_reported_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(UnusableInput, match="make mutate RECORD=1"):
        read_reach(tmp_path / "none.json")


def test_unreached_statements_are_listed():
    assert unreached("pool.py", _MODULE, _reach()) == [
        "4: def bigger(one: int, other: int) -> bool:",
        "12: def twice(text: str) -> str:",
        '14: return ""',
    ]


def test_a_process_records_its_lines_even_if_it_is_killed(tmp_path):
    program = tmp_path / "standin"
    program.mkdir()
    (program / "__init__.py").write_text('"""A program."""\n')
    (program / "main.py").write_text(
        "import os, time\n\n\n\ndef main():\n    time.sleep(1)\n    os.kill(os.getpid(), 9)\n    print(1)\n"
    )
    folder = tmp_path / "copy"
    folder.mkdir()
    copy_with_hook(program, folder)
    run = [sys.executable, "-c", "from standin.main import main; main()"]
    for mark in ("run/scenario-001", "run/preparation"):
        environment = {**os.environ, "PYTHONPATH": str(folder), "UAT_MARK": mark}
        assert subprocess.run(run, env=environment, cwd=folder, check=False).returncode != 0
    result = a_result("A promise", outcome=ScenarioOutcome.HELD, mark="scenario-001")
    found = collected(folder, program, [result])
    assert found.scenarios_at("main.py", [6]) == ["A promise"]
    assert 6 in found.prepared["main.py"]
    assert 8 not in found.lines["main.py"]


_FORKS = """import os

def main():
    if not os.fork():
        os.getpid()
        os._exit(0)
    os.wait()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no forks")
def test_a_fork_records_its_lines_before_it_leaves(tmp_path):
    program = tmp_path / "standin"
    program.mkdir()
    (program / "__init__.py").write_text('"""A program."""\n')
    (program / "main.py").write_text(_FORKS)
    folder = tmp_path / "copy"
    folder.mkdir()
    copy_with_hook(program, folder)
    subprocess.run(
        [sys.executable, "-c", "from standin.main import main; main()"],
        env={**os.environ, "PYTHONPATH": str(folder), "UAT_MARK": "run/scenario-001"},
        cwd=folder,
        check=True,
    )
    found = collected(folder, program, [a_result("A promise", mark="scenario-001")])
    assert {5, 7} <= set(found.lines["main.py"])


def _run_of(outcomes):
    asked = []

    def run(batch):
        asked.append(list(batch))
        results, failed = [], False
        for name in batch:
            outcome, step_type = (ScenarioOutcome.NOT_RUN, "") if failed else outcomes[name]
            failed = failed or outcome in (ScenarioOutcome.BROKEN, ScenarioOutcome.ERROR)
            step = "And an orchestrator" if step_type == "given" else ""
            values = {"step_type": step_type, "step": step, "reason": "it is so\nindeed"}
            results.append(a_result(name, outcome=outcome, **values))
        return results

    return run, asked


_HELD, _THEN = (ScenarioOutcome.HELD, ""), (ScenarioOutcome.BROKEN, "then")
_SET_UP = (ScenarioOutcome.ERROR, "given")


def test_a_mutant_is_killed_by_the_first_scenario_that_fails_in_a_then():
    run, asked = _run_of({"a": _HELD, "b": _HELD, "c": _THEN, "d": _THEN})
    result = run_until_killed("abcd", run, givens={})
    assert (result.outcome, result.scenario, result.ran) == (Outcome.KILLED, "c", ("a", "b", "c"))
    assert asked == [["a", "b"], ["c", "d"]]


def test_a_scenario_that_fails_during_setup_does_not_decide():
    run, _ = _run_of({"a": _SET_UP, "b": _HELD, "c": _THEN})
    assert run_until_killed("abc", run, givens={}).scenario == "c"
    run, _ = _run_of({"a": _SET_UP, "b": _HELD})
    result = run_until_killed("ab", run, givens={})
    assert (result.outcome, result.scenario) == (Outcome.KILLED_ELSEWHERE, "a")
    assert result.ran == ("a", "b")


def test_a_mutant_that_does_not_start_is_given_up_soon():
    run, asked = _run_of(dict.fromkeys("abcdefghij", _SET_UP))
    assert run_until_killed("abcdefghij", run, givens={}).outcome is Outcome.DOES_NOT_START
    assert len(asked) == 4


def test_scenarios_that_need_a_failed_setup_step_do_not_run():
    outcomes = {**dict.fromkeys("abcdefg", _SET_UP), "h": _THEN}
    run, asked = _run_of(outcomes)
    givens = {name: {"a repository", "an orchestrator"} for name in "abcdefg"} | {"h": {"a repository"}}

    assert run_until_killed("abcdefgh", run, givens=givens).scenario == "h"
    assert asked == [["a", "b"], ["h"]]


def test_runs_without_any_result_end():
    assert run_until_killed("abcdefghij", lambda _: [], givens={}).outcome is Outcome.DOES_NOT_START


def test_a_mutant_survives_only_if_all_scenarios_that_reach_it_have_run():
    run, _ = _run_of({"a": _HELD, "b": _HELD})
    assert run_until_killed("ab", run, givens={}).outcome is Outcome.SURVIVED
    assert run_until_killed("ab", run, givens={}, complete=False).outcome is Outcome.UNDECIDED


def _finding(name: str, outcome: Outcome, **more) -> Finding:
    return Finding(name, "pool.py", 6, "- a <b>\n+ b", outcome, **more)


def test_the_score_counts_decided_mutants_that_are_not_equivalent():
    kinds = [*[Outcome.KILLED] * 3, Outcome.SURVIVED, Outcome.EQUIVALENT, Outcome.UNDECIDED]
    kinds += [Outcome.DOES_NOT_START, Outcome.OUTSIDE]
    findings = [_finding(str(index), kind) for index, kind in enumerate(kinds)]
    assert mutation_report.score(findings) == 0.75
    assert mutation_report.score(findings, strict=True) == 0.5
    assert mutation_report.score([]) is None


def test_the_report_shows_module_promise_and_survivors_with_their_change(tmp_path):
    findings = [
        _finding("pool.py swap_op 1", Outcome.KILLED, killed_by=(5,), promises=(5,), scenario="A promise"),
        _finding("pool.py swap_op 2", Outcome.SURVIVED, promises=(5, 6)),
    ]
    document = mutation_report.report(
        findings,
        started=datetime(2026, 1, 1, tzinfo=UTC),
        seed=3,
        possible={"pool.py": 40},
        unreached={"pool.py": ["14: return <nothing>"]},
        left_out={"main.py": "boilerplate"},
        titles={5: "Enrollment"},
    )
    page = mutation_report.write_report(document, tmp_path)
    written = json.loads((tmp_path / "mutation.json").read_text())
    assert written["modules"][0]["counts"]["survived"] == 1
    assert written["promises"] == [
        {"number": 5, "title": "Enrollment", "killed": 1, "survived": 1},
        {"number": 6, "title": "", "killed": 0, "survived": 1},
    ]
    assert "- a &lt;b&gt;" in page.read_text()
    assert "14: return &lt;nothing&gt;" in page.read_text()


def test_a_session_continues_only_with_the_same_code(tmp_path):
    file = tmp_path / "session.json"
    finding = _finding("pool.py swap_op 1", Outcome.KILLED, killed_by=(5,), promises=(5,))
    Session(file, "one").take(finding)
    same, other = Session(file, "one"), Session(file, "two")
    same.resume()
    other.resume()
    assert same.findings == {finding.mutant: finding}
    assert not other.findings


def test_the_scenario_that_killed_a_mutant_runs_first_when_the_code_has_changed(tmp_path):
    file = tmp_path / "session.json"
    Session(file, "one").take(_finding("pool.py swap_op 1", Outcome.KILLED, scenario="expiry"))
    changed = Session(file, "two")
    changed.resume()
    changed.take(_finding("pool.py string 1", Outcome.SURVIVED))
    again = Session(file, "two")
    again.resume()
    assert again.in_order("pool.py swap_op 1", ["labels", "expiry"]) == ["expiry", "labels"]
    assert again.in_order("pool.py string 1", ["labels", "expiry"]) == ["labels", "expiry"]


@pytest.mark.parametrize(("most", "runs_again"), [(0, True), (41, True), (40, False)])
def test_an_undecided_mutant_runs_again_with_more_scenarios(tmp_path, most, runs_again):
    file = tmp_path / "session.json"
    undecided = _finding("pool.py swap_op 1", Outcome.UNDECIDED, scenarios=40)
    Session(file, "one").take(undecided)
    session = Session(file, "one")
    session.resume()
    session.reopen(most)
    assert (undecided.mutant not in session.findings) is runs_again


def _decisions(tmp_path, **changed):
    mutant = next(each for each in _mutants() if each.becomes == "one >= other")
    entry = {
        "module": "pool.py",
        "operator": "swap_op",
        "was": mutant.was,
        "becomes": mutant.becomes,
        "is": "equivalent",
        "reason": "Two numbers here are never equal.",
    }
    file = tmp_path / "mutation.yaml"
    left_out = [{"module": "main.py", "reason": "It is only boilerplate."}]
    file.write_text(yaml.safe_dump({"left out": left_out, "decided": [{**entry, **changed}]}))
    return file, mutant


def test_a_decision_is_about_exactly_one_change(tmp_path):
    file, mutant = _decisions(tmp_path)
    decisions = read_decisions(file)
    found = decisions.about(mutant)
    assert found is not None
    assert found.outcome is Outcome.EQUIVALENT
    assert [each for each in _mutants() if decisions.about(each)] == [mutant]


def test_an_entry_that_matches_nothing_is_reported(tmp_path):
    file, _ = _decisions(tmp_path)
    assert read_decisions(file).stale({"pool.py": _MODULE, "main.py": ""}) == []
    assert read_decisions(file).stale({"pool.py": _MODULE.replace("> other", "< other")}) == [
        "main.py is left out and does not exist",
        "pool.py does not contain 'one\\n> other'",
    ]


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"reason": ""}, "line 6, under decided / reason"),
        ({"is": "hole"}, "line 3, under decided / is"),
        ({"line": 3}, "line 2, under decided"),
    ],
)
def test_an_entry_that_breaks_the_schema_is_refused(tmp_path, changed, where):
    file, _ = _decisions(tmp_path, **changed)
    with pytest.raises(UnusableInput, match=where):
        read_decisions(file)


def test_the_projects_own_list_matches_the_stand_in():
    texts = {
        file.relative_to(project.STAND_IN).as_posix(): file.read_text("utf-8")
        for file in project.STAND_IN.rglob("*.py")
    }
    assert read_decisions(project.MUTATION).stale(texts) == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [(2, "m0.py, m1.py."), (4, "m0.py, m1.py, m2.py and 1 other."), (33, "and 30 others.")],
)
def test_a_stale_record_says_first_how_to_record_it(changed, named):
    texts = {f"m{number}.py": "" for number in range(changed)}

    with pytest.raises(UnusableInput, match=r"stale: record it with `make mutate RECORD=1`\. ") as caught:
        refuse_stale(Reach(dict.fromkeys(texts, "another"), {}, {}, {}), texts)

    assert str(caught.value).endswith(named)


def test_every_scenario_has_a_place():
    rows = [row for each in features.parse(project.FEATURES) for row in each.walk_scenarios()]
    assert len(places_of_scenarios()) == len(rows)
