"""The stand-in: its store, its parsers, its mutants and its times."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from standin import bundles, commandline, timing
from standin.commandline import COMMANDS, help_for
from standin.errors import UserError
from standin.extensions import check_before
from standin.mutants.running.replacement import Misfit, misfit, put_in
from standin.operator import data
from standin.orchestrator.dispatch import Requirement
from standin.orchestrator.requests import Requests
from standin.orchestrator.workflow import refuse_unknown_keys
from standin.predicate import NoPredicate, compiled
from standin.redaction import Blanking, blanked
from standin.store import Kind, Place, Store
from swamp_harness.product.target import load
from swamp_harness.quality.finding import Finding, finding_of, joined, never_failed, with_control_replaced
from swamp_harness.quality.mutant_effect import EFFECT_VARIABLE, Effect, effect_in
from swamp_harness.quality.mutant_list import WrittenMutant, lacking_numbers, mutants_in
from swamp_harness.quality.proof import enrolling, waiting_spread, with_findings
from swamp_harness.quality.sound_reach import NOTHING_KNOWN, SoundReach
from swamp_harness.results.noticed import load_noticed
from swamp_harness.results.outcome import Outcome
from swamp_harness.results.recorded_times import RecordedTime, RecordedTimes
from swamp_harness.results.result import ScenarioResult
from swamp_harness.runner.selection import scenarios_of
from swamp_harness.specification import project
from swamp_harness.specification.features import catalogue, parse, scenarios_in
from tests.conftest import a_result

PLACE = Place("@uat/probe", "build", "result")
EXTENSIONS = project.ROOT / "fixtures"


@pytest.mark.parametrize(
    ("predicate", "holds"),
    [
        ('modelType == "a" && name == "x"', True),
        ('modelType == "b" || name == "x"', True),
        ('modelType == "b" || name == "y"', False),
        ('modelType != ""', True),
        ("content.number == 0", True),
        ("content.number > 0", False),
        ('content.nothing == "x"', False),
    ],
)
def test_a_predicate_holds_or_does_not(predicate: str, holds: bool) -> None:
    item = {"modelType": "a", "name": "x", "content": {"number": 0}}
    assert compiled(predicate)(item) is holds


@pytest.mark.parametrize("text", ["this is no predicate", 'name = "x"', 'name == "x" &&', "name == x"])
def test_an_invalid_predicate_is_refused(text: str) -> None:
    with pytest.raises(NoPredicate):
        compiled(text)


def test_the_store_keeps_versions_and_deletes_the_oldest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(1, 5):
        store.put(PLACE, Kind("state", versions_kept=2), {"number": number})
    assert store.versions(PLACE) == [3, 4]
    latest = store.latest(PLACE)
    assert latest is not None
    assert latest.content() == {"number": 4}


def test_simultaneous_changes_are_all_kept(tmp_path: Path) -> None:
    store, kind = Store(tmp_path), Kind("count")

    def count(_: int) -> None:
        store.change(PLACE, kind, lambda present: {"count": (present or {"count": 0})["count"] + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(40)))
    latest = store.latest(PLACE)
    assert latest is not None
    assert latest.content() == {"count": 40}


def test_a_draft_cannot_be_read_before_it_is_stored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    draft = store.draft()
    draft.append(b"half")
    assert list(store.all_latest()) == []
    draft.discard()
    assert store.latest(PLACE) is None


def test_a_requirement_needs_every_label() -> None:
    wanted = Requirement("", {"region": "east", "gpu": "true"})
    assert wanted.in_words() == "region=east, gpu=true"
    assert Requirement("alpha", {}).in_words() == "target=alpha"


def test_secrets_are_blanked_at_every_place() -> None:
    value = {"text": "it is s3cret", "list": ["s3cret", 1, None]}
    assert blanked(value, ["s3cret"]) == {"text": "it is ***", "list": ["***", 1, None]}


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_a_secret_in_several_pieces_is_blanked(size: int) -> None:
    content = b"it is hunter2, and hunter2 again, hunte"
    blanking = Blanking(["hunter2", "secret"])
    pieces = [blanking.piece(content[at : at + size]) for at in range(0, len(content), size)]
    assert b"".join([*pieces, blanking.rest()]) == b"it is ***, and *** again, hunte"


def test_pieces_without_secrets_are_not_changed() -> None:
    blanking = Blanking([])
    assert blanking.piece(b"all at once") == b"all at once"
    assert blanking.rest() == b""


def test_the_stand_in_has_every_extension_of_the_fixtures() -> None:
    programs = [file.read_text("utf-8") for file in EXTENSIONS.glob("extensions/models/*.ts")]
    for program in [*programs, bundles.program_in(EXTENSIONS / "published")]:
        bundle = bundles.Bundle(program)
        assert bundle.version
        declared = importlib.import_module("standin.extensions").described(bundle.model_type)
        assert all(f"    {name}: {{" in program for name in declared.methods), bundle.model_type


def test_a_bundle_with_other_files_is_another_bundle() -> None:
    one, other = bundles.Bundle("p", {"a": b"1"}), bundles.Bundle("p", {"a": b"2"})
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("words", "message", "code"),
    [
        (["worker", "dance"], '"dance" is not a subcommand of "worker".', 2),
        (["worker", "list", "--dance"], 'Unknown option "--dance"', 1),
        (["worker", "token", "create", "alpha"], 'Missing required option "--duration".', 1),
        (["worker", "token", "--json"], "No subcommand specified", 1),
        (["data", "list"], 'Missing argument "model".', 1),
    ],
)
def test_an_invalid_command_line_is_refused(words: list[str], message: str, code: int) -> None:
    with pytest.raises(UserError) as caught:
        commandline.parse(words)
    assert message in str(caught.value)
    assert caught.value.exit_code == code


def test_a_datum_needs_its_name() -> None:
    call = commandline.parse(["data", "get", "alpha"])
    assert isinstance(call, commandline.Call)
    with pytest.raises(UserError, match=r'Missing argument "name"\.'):
        data.get(call)


def test_a_group_alone_shows_its_help() -> None:
    assert commandline.parse(["worker", "token"]) == help_for("worker token")


def test_an_unknown_key_of_a_step_is_refused() -> None:
    document = {"jobs": [{"name": "main", "steps": [{"name": "build", "task": {}, "lables": {"pool": "a"}}]}]}
    with pytest.raises(UserError, match="Unknown key 'lables' on step 'build'"):
        refuse_unknown_keys(document)


def test_a_check_is_skipped_by_its_label_only() -> None:
    check_before("@uat/probe", "build", "checked", ["slow"])
    check_before("@uat/probe", "build", "once", [])
    with pytest.raises(UserError, match='Pre-flight checks failed for "build"'):
        check_before("@uat/probe", "build", "checked", ["slower"])


def test_every_command_has_its_function_and_its_help() -> None:
    for command in COMMANDS:
        module, _, name = command.place.partition(":")
        assert callable(getattr(importlib.import_module(f"standin.{module}"), name))
        assert f"Usage:   swamp {command.words}" in help_for(command.words)


def test_the_suite_has_the_times_of_the_stand_in() -> None:
    target = load(project.EMBEDDED_TARGET)
    assert target.times.grace_window.total_seconds() == timing.GRACE_WINDOW
    assert target.times.idle_limit.total_seconds() == timing.IDLE_LIMIT
    assert target.times.stopping.total_seconds() == timing.DRAINING
    assert target.times.minute.total_seconds() == timing.MINUTE
    assert target.times.second.total_seconds() == timing.SECOND
    assert not target.is_for_sign_off


def test_every_promise_has_enough_mutants() -> None:
    assert lacking_numbers(mutants_in(project.MUTANTS)) == []
    assert lacking_numbers([]) == [promise.number for promise in catalogue()]


def test_the_records_of_the_proof_name_existing_scenarios() -> None:
    runs = {run for each in scenarios_in(parse(project.FEATURES)) for run in each.runs}
    assert {name for noticers in load_noticed(project.NOTICED).values() for name in noticers} <= runs


_INSTALL = """
import importlib, pkgutil, sys
import standin
from standin import mutants
from standin.mutants.running import replacement
for each in pkgutil.walk_packages(standin.__path__, "standin."):
    if not each.name.startswith("standin.mutants") and not each.name.endswith(("__main__", ".ready")):
        importlib.import_module(each.name)
replacement._put_in_where_imported = lambda *_: None  # where another mutant of this process may have been
misfits = []
for name in sys.argv[1:]:
    try:
        mutants.install(name)
    except Exception as error:
        misfits.append(f"{name}: {error!r}")
sys.exit("; ".join(misfits) or 0)
"""


def test_every_mutant_has_the_signature_of_what_it_replaces() -> None:
    names = [mutant.name for mutant in mutants_in(project.MUTANTS)]
    done = subprocess.run(
        [sys.executable, "-c", _INSTALL, *names],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _sound(one: int, two: str = "", *, three: bool) -> str:
    return f"{one} {two} {three}"


async def _sound_coroutine(one: int) -> None:
    pass


def _same(old: Callable[..., str], one: int, two: str = "", *, three: bool) -> str:
    return old(one, two, three=three)


def _untyped(old, one, two="", *, three):  # type: ignore[no-untyped-def]
    return old(one, two, three=three)


def _rest(old: Callable[..., str], *rest: Any, **named: Any) -> str:
    return old(*rest, **named)


def _some_and_rest(old: Callable[..., str], one: int, *rest: Any, **named: Any) -> str:
    return old(one, *rest, **named)


def _by_position_only(old: Callable[..., str], one: int, *rest: Any, three: bool) -> str:
    return old(one, *rest, three=three)


def _by_keyword_only(old: Callable[..., str], one: int, **named: Any) -> str:
    return old(one, **named)


async def _coroutine(old: Callable[..., str], one: int, two: str = "", *, three: bool) -> str:
    return old(one, two, three=three)


def _less(old: Callable[..., str], one: int, two: str = "") -> str:
    return old(one, two)


def _more(old: Callable[..., str], one: int, two: str = "", *, three: bool, four: bool = False) -> str:
    return old(one, two, three=three or four)


def _other_default(old: Callable[..., str], one: int, two: str = "2", *, three: bool) -> str:
    return old(one, two, three=three)


def _other_kind(old: Callable[..., str], one: int, two: str, three: bool) -> str:
    return old(one, two, three=three)


def _other_order(old: Callable[..., str], two: str = "", one: int = 0, *, three: bool) -> str:
    return old(one, two, three=three)


def _other_type(old: Callable[..., str], one: str, two: str = "", *, three: bool) -> str:
    return old(one, two, three=three)


def _other_answer(old: Callable[..., str], one: int, two: str = "", *, three: bool) -> int:
    return len(old(one, two, three=three))


def _without_the_old() -> str:
    return ""


@pytest.mark.parametrize("new", [_same, _untyped, _rest, _some_and_rest])
def test_a_replacement_with_compatible_parameters_is_accepted(new: Callable[..., Any]) -> None:
    assert misfit(_sound, new) == ""


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (_coroutine, "coroutine"),
        (_less, "does not take 'three'"),
        (_by_position_only, "does not take 'two'"),
        (_by_keyword_only, "does not take 'two'"),
        (_more, "the old one does not take 'four'"),
        (_other_default, "takes 'two' in another way, or with another default"),
        (_other_kind, "takes 'three' in another way"),
        (_other_order, "in another order"),
        (_other_type, "'one' is of the type int, not str"),
        (_other_answer, "what it returns is of the type str, not int"),
        (_without_the_old, "does not take the old one first"),
    ],
)
def test_a_replacement_with_another_signature_is_refused(new: Callable[..., Any], problem: str) -> None:
    assert problem in misfit(_sound, new)
    assert "coroutine" in misfit(_sound_coroutine, _less)


def _nothing(old: Callable[..., None]) -> None:
    pass


@pytest.mark.parametrize("place", ["tokens:no_such_function", "tokens:Rejected", "tokens:Rejected.nothing"])
def test_only_functions_of_the_stand_in_can_be_replaced(place: str) -> None:
    with pytest.raises(Misfit, match=f"{place} cannot be replaced"):
        put_in(place, _nothing, importlib.import_module("standin.tokens"))


def _greeting(name: str) -> str:
    return f"Hello {name}"


def _twice(old: Callable[[str], str], name: str) -> str:
    return old(name) * 2


@pytest.mark.parametrize(("place", "hears_of_it"), [("first:_greeting", "both"), ("second:_greeting", "one")])
def test_a_replaced_function_is_replaced_where_it_was_imported_before(
    place: str, hears_of_it: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("standin.first", "standin.second")
    first, second = (types.ModuleType(name) for name in names)
    for name, module in zip(names, (first, second), strict=True):
        vars(module)["_greeting"] = _greeting
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(_greeting, "__module__", "standin.first")

    put_in(place, _twice, first if place.startswith("first") else second)

    assert vars(second)["_greeting"]("you") == "Hello youHello you"
    assert (vars(first)["_greeting"] is not _greeting) == (hears_of_it == "both")


def _result(number: int, outcome: str, step_type: str = "") -> ScenarioResult:
    key = "token-shown-once[JSON]" if number == 1 else f"scenario-of-{number}"
    return a_result(key, Outcome(outcome), numbers=(number,), step_type=step_type, mark=key)


# The mutant was reached in the scenario of its number, and crashed nothing.
_EFFECT = Effect({"scenario-of-7": ["a:b"]})


@pytest.mark.parametrize(
    ("results", "outcome"),
    [
        ([_result(7, "broken", "then"), _result(1, "held")], "noticed"),
        ([_result(7, "held"), _result(1, "held")], "SURVIVED"),
        ([_result(7, "broken", "when"), _result(1, "held")], "NOT TESTED"),
        ([_result(7, "infrastructure error", "then"), _result(1, "held")], "NOT TESTED"),
        ([_result(7, "broken", "then"), _result(1, "broken", "then")], "A CONTROL FAILED"),
        ([_result(1, "held")], "SURVIVED"),
        ([_result(7, "broken", "then")], "CONTROL MISSING"),
        ([_result(7, "broken", "then"), _result(1, "not run")], "CONTROL MISSING"),
        ([], "CONTROL MISSING"),
    ],
)
def test_a_mutant_counts_as_noticed_only_by_a_broken_promise(
    results: list[ScenarioResult], outcome: str
) -> None:
    assert finding_of(WrittenMutant("07-x", 7, "does"), results, _EFFECT, 1.0).outcome == outcome


@pytest.mark.parametrize("outcome", ["broken", "held"])
@pytest.mark.parametrize(
    ("effect", "why"),
    [
        (Effect(), "no replacement was reached"),
        (Effect({"another-scenario": ["a:b"]}), "no replacement was reached"),
        (Effect({"scenario-of-7": ["a:b"]}, ["TypeError: no"]), "a process crashed: TypeError: no"),
    ],
)
def test_a_mutant_that_is_not_reached_or_crashes_a_process_is_not_effective(
    outcome: str, effect: Effect, why: str
) -> None:
    results = [_result(7, outcome, "then" if outcome == "broken" else ""), _result(1, "held")]
    finding = finding_of(WrittenMutant("07-x", 7, "does"), results, effect, 1.0)
    assert finding.outcome == "NOT EFFECTIVE"
    assert finding.why_not_effective[0].startswith(why)


def test_a_mutant_that_the_preparation_reaches_is_reached_by_every_scenario() -> None:
    results = [_result(7, "broken", "then"), _result(1, "held")]
    assert (
        finding_of(WrittenMutant("07-x", 7, "does"), results, Effect({"preparation": ["a:b"]}), 1.0).outcome
        == "noticed"
    )


def test_scenarios_that_failed_under_no_mutant_are_listed() -> None:
    mutant = WrittenMutant("07-x", 7, "does")
    broken = replace(_result(7, "broken", "then"), id="noticed-it")
    held = replace(_result(7, "held"), id="noticed-nothing", mark="other")
    control = _result(1, "held")
    findings = [
        finding_of(mutant, [broken, held, control], _EFFECT, 1.0),
        finding_of(mutant, [held], _EFFECT, 1.0),
    ]
    assert never_failed(findings) == ["noticed-nothing"]


def test_findings_about_one_mutant_are_merged() -> None:
    mutant = WrittenMutant("07-x", 7, "does")
    broken = replace(_result(7, "broken", "then"), id="noticed-it")
    missed = replace(_result(7, "held"), id="missed-it")
    with_control = finding_of(mutant, [missed, _result(1, "held")], _EFFECT, 1.0)
    without = finding_of(mutant, [broken], _EFFECT, 2.0)

    both = joined([with_control, without])

    assert with_control.outcome == "SURVIVED"
    assert without.outcome == "CONTROL MISSING"
    assert both.outcome == "noticed"
    assert both.own == ["missed-it", "noticed-it"]
    assert (both.scenarios, both.seconds) == (3, 3.0)


@pytest.mark.parametrize(
    ("step_type", "ids", "outcome"),
    [
        ("then", {"scenario-of-7"}, "noticed"),
        ("then", {"another"}, "CONTROL MISSING"),
        ("when", {"scenario-of-7"}, "CONTROL MISSING"),
    ],
)
def test_a_scenario_that_enrolls_a_worker_and_comes_to_its_then_replaces_the_control(
    step_type: str, ids: set[str], outcome: str
) -> None:
    results = [_result(7, "broken", step_type)]
    finding = finding_of(WrittenMutant("07-x", 7, "does"), results, _EFFECT, 1.0)
    assert with_control_replaced(finding, ids).outcome == outcome


def test_scenarios_whose_preparation_enrolls_a_worker_are_found() -> None:
    found = enrolling(scenarios_of(parse(project.FEATURES)))
    assert {"killed-worker-step-reruns-same-machine", "run-waits-at-each-gate"} <= found
    assert not {"token-shown-once[JSON]", "approval-comes-first", "crash-empties-queue"} & found


def test_a_proof_adds_to_what_is_known_and_corrects_it() -> None:
    def noticed(*scenarios: str) -> Finding:
        results = [replace(_result(7, "broken", "then"), id=name) for name in scenarios]
        missed = replace(_result(7, "held"), id="missed-it")
        return finding_of(
            WrittenMutant("07-x", 7, "does"), [*results, missed, _result(1, "held")], _EFFECT, 1.0
        )

    known = {"07-x": ["not-run-now", "missed-it"], "07-y": ["another"]}

    assert with_findings(known, [noticed("new")]) == {"07-x": ["not-run-now", "new"]}
    assert with_findings(known, [noticed()]) == {}


_BROKEN = """
import sys
from standin.mutants import replaces
from standin.mutants.running import effect

effect.watch()


@replaces("operator.pool:workers")
def _(old, call):
    {does}


@replaces("operator.pool:queue")
def _(old, call):
    old(call)


from standin.main import main

sys.exit(main())
"""


@pytest.mark.parametrize(
    ("does", "crash"),
    [
        ("print('broken')", ""),
        ("call.nothing", "AttributeError"),
        ("old(call, 1)", "TypeError"),
        ("return 'no exit code' + 1", "TypeError"),
        ("from standin import main; raise main.Nothing('no')", "AttributeError"),
        ("from standin.errors import UserError; raise UserError('no')", ""),
        ("open('not there')", "FileNotFoundError"),
        ("from standin.worker.cache import Cache; Cache(sys.executable + '/nothing')", ""),
    ],
)
def test_the_effect_of_a_mutant_in_a_process_is_recorded(tmp_path: Path, does: str, crash: str) -> None:
    subprocess.run(
        [sys.executable, "-c", _BROKEN.format(does=does), "worker", "list"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(project.ROOT),
            EFFECT_VARIABLE: str(tmp_path),
            "UAT_MARK": "run/one",
        },
        capture_output=True,
        check=False,
    )
    effect = effect_in(tmp_path)
    assert effect.reached == {"one": {"operator.pool:workers"}}
    assert [each.partition(":")[0] for each in effect.crashes] == ([crash] if crash else [])


_WITH_A_MUTANT = "import sys; from standin.mutants.running.entry import main; sys.exit(main())"


def test_a_stand_in_that_watches_every_place_breaks_nothing_and_knows_what_it_reached(tmp_path: Path) -> None:
    def printed(*words: str, **variables: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", _WITH_A_MUTANT, *words],
            cwd=tmp_path / "repository",
            env={**os.environ, "PYTHONPATH": str(project.ROOT), "UAT_MARK": "run/one", **variables},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    (tmp_path / "repository").mkdir()
    printed("repo", "init", "--tool", "none")
    watching = {"SWAMP_STANDIN_MUTANT": "every place", EFFECT_VARIABLE: str(tmp_path)}
    watched = printed("worker", "token", "list", **watching)

    effect = effect_in(tmp_path)
    every = {mutant.name for mutant in mutants_in(project.MUTANTS)}
    reached = effect.mutants_reached_in("one")
    assert watched == printed("worker", "token", "list")
    assert set(effect.places) == every
    assert all(effect.places.values())
    assert "operator.tokens:table_of" in effect.reached["one"]
    assert "03-stale-in-text" in reached
    assert "20-two-on-one-slot" not in reached
    assert not effect.crashes


def test_a_control_that_reaches_a_mutant_runs_with_it_and_no_other_does() -> None:
    reached, other = WrittenMutant("07-x", 7, "does"), WrittenMutant("08-y", 8, "does")
    prepared = WrittenMutant("09-z", 9, "does")
    known = SoundReach(Path("prepared"), frozenset({"09-z"}), {"control": frozenset({"07-x"})})

    assert not known.holds_with(reached, "control")
    assert known.holds_with(other, "control")
    assert not known.holds_with(prepared, "control")
    assert not known.holds_with(other, "a control that did not hold")
    assert known.prepared_for(reached) == Path("prepared")
    assert known.prepared_for(prepared) is None
    assert NOTHING_KNOWN.prepared_for(other) is None
    assert not NOTHING_KNOWN.holds_with(other, "control")


def test_mutants_whose_scenarios_wait_are_spread_among_the_others() -> None:
    mutants = [WrittenMutant(f"07-{name}", 7, "does") for name in "abcdef"]
    pairs = {"07-a": ["slow"], "07-b": ["slow"], "07-c": ["quick"]}
    times = RecordedTimes({"slow": RecordedTime(12, 1), "quick": RecordedTime(2, 1)})

    spread = waiting_spread(mutants, pairs, times)

    assert [each.name[-1] for each in spread] == ["c", "a", "d", "e", "b", "f"]


def test_without_the_variable_nothing_is_recorded(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != EFFECT_VARIABLE}
    subprocess.run(
        [sys.executable, "-c", _BROKEN.format(does="call.nothing"), "worker", "list"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(project.ROOT)},
        capture_output=True,
        check=False,
    )
    assert list(tmp_path.iterdir()) == []


def test_the_sound_stand_in_does_not_load_its_mutants() -> None:
    loaded = "import sys; from standin import main; import standin.worker.runner; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", loaded], cwd=project.ROOT, capture_output=True, text=True, check=True
    )
    assert not [each for each in done.stdout.split() if each.startswith("standin.mutants")]


def test_the_stand_in_behaves_like_a_program(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "standin.main", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run("--version").stdout.startswith("swamp ")
    assert run("worker", "list").returncode == 1
    run("repo", "init", "--tool", "none")
    run("vault", "create", "local_encryption", "v1")
    minted = json.loads(run("worker", "token", "create", "alpha", "--duration", "1h", "--json").stdout)
    assert minted["token"].startswith("alpha.")
    assert minted["token"].partition(".")[2] not in run("data", "query", 'modelType != ""').stdout
    assert "already exists" in run("worker", "token", "create", "alpha", "--duration", "1h").stderr


def test_a_workflow_that_was_never_evaluated_cannot_run_as_it_was_evaluated_last() -> None:
    requests = SimpleNamespace(_repository=SimpleNamespace(read=lambda _: None))
    with pytest.raises(UserError, match="No evaluated workflow found for 'release'"):
        Requests.inputs_wanted(requests, {"workflowIdOrName": "release", "lastEvaluated": True})
