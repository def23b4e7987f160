"""What prevents a pass without a broken promise: machines, platforms, single scenarios."""

import json
import sys
from types import SimpleNamespace

import pytest
import yaml

from swamp_harness.cli import main
from swamp_harness.product.costs import Cost, Purpose
from swamp_harness.render.signoff import SignOffInputs, sign_off
from swamp_harness.render.signoff_page import write_page
from swamp_harness.render.signoff_summary import write_summary
from swamp_harness.results.decision import Decision
from swamp_harness.results.outcome import Ending, Outcome
from swamp_harness.results.run_record import MachineOfRun, read_run, together
from swamp_harness.results.skip import Skip, SkipKind
from swamp_harness.runner.reports_folder import taken
from swamp_harness.runner.requirements import missing_for
from swamp_harness.specification.features import FeatureRun
from swamp_harness.system.errors import ExitCode, UnusableInput
from tests.conftest import a_result, a_run, run_suite

MINT = "A minted credential is shown exactly once, in JSON"
ON_MAC = {"platform": "darwin aarch64"}
ON_WINDOWS = {"platform": "windows x86_64"}
LAB = MachineOfRun("the lab", "linux aarch64", "the lab cannot be reached at uat@lab:22.")
HERE = MachineOfRun("this one", "linux x86_64")
LAB_FAILED = f"A host could not be used: {LAB.fault}"
NO_OTHER = Skip(SkipKind.NO_OTHER_BINARY, detail="set SWAMP_OTHER_BIN")
NO_MACHINE = Skip(SkipKind.NO_MACHINE, detail="it is off.")
NEEDS_MAC = Skip(SkipKind.NO_SUCH_MACHINE, ("darwin",), detail="the Mac is off")
NEEDS_LINUX = Skip(SkipKind.NO_SUCH_MACHINE, ("linux",))


def not_run(name, skip, **fields):
    return a_result(name, Outcome.NOT_RUN, skip=skip, **fields)


def decision_of(*results, **fields):
    names = dict.fromkeys(result.name for result in results)
    runs = [FeatureRun(name, name, (1,), f"features/a.feature:{n}", "Tokens") for n, name in enumerate(names)]
    return sign_off(a_run(*results, **fields), SignOffInputs(runs, [], [], []))


# --- hosts


def test_an_unusable_host_leaves_a_release_incomplete():
    signed = decision_of(a_result("one"), machines=(HERE, LAB), exit_code=ExitCode.INFRASTRUCTURE_ERROR)

    assert (signed.decision, signed.reasons) == (Decision.INCOMPLETE, (LAB_FAILED,))


def test_an_infrastructure_error_without_a_recorded_host_prevents_a_pass():
    signed = decision_of(a_result("one"), exit_code=ExitCode.INFRASTRUCTURE_ERROR)

    assert (signed.decision, signed.reasons) == (
        Decision.INCOMPLETE,
        ("A run had an infrastructure error.",),
    )


def test_the_hosts_and_their_errors_are_shown_in_every_report(tmp_path):
    document = decision_of(a_result("one"), machines=(HERE, LAB)).document

    page = write_page(document, tmp_path, runs_with_this_binary=1).read_text("utf-8")
    summary = write_summary(document, tmp_path).read_text("utf-8")

    assert "this one (linux x86_64)" in page
    assert f"the lab (linux aarch64): <strong>not usable</strong>, {LAB.fault}" in page
    assert r"| this one | linux x86\_64 | used |" in summary
    assert rf"| the lab | linux aarch64 | {LAB.fault} |" in summary


def test_a_record_survives_writing_and_reading(tmp_path):
    compared = a_result("two", Outcome.BROKEN, expected={"state": "bound"}, actual={"state": "revoked"})
    costs = (Cost(Purpose.JUDGEMENT, "worker list", 2, 3.5), Cost(Purpose.WORKERS, "worker connect", 1, 2, 1))
    run = a_run(
        *(a_result("one", costs=costs), compared, not_run("three", NEEDS_MAC)),
        machines=(HERE, LAB),
        preparation=(Cost(Purpose.PREPARATION, "repo init", 1, 1.5),),
    )
    run.write_to(tmp_path)
    assert read_run(tmp_path / "run.json") == run


@pytest.mark.parametrize(
    ("format_number", "former"), [(2, {"exit code": "verdict", "metrics": "figures"}), (3, {})]
)
def test_a_record_of_an_older_format_is_read_by_its_keys_and_has_no_costs(tmp_path, format_number, former):
    run = a_run(a_result("one"))
    run.write_to(tmp_path)
    document = json.loads((tmp_path / "run.json").read_text())
    document = {former.get(key, key): value for key, value in document.items() if key != "preparation"}
    document["results"] = [
        {key: value for key, value in result.items() if key != "costs"} for result in document["results"]
    ]
    (tmp_path / "run.json").write_text(json.dumps({**document, "format": format_number}))

    assert read_run(tmp_path / "run.json") == run


@pytest.mark.parametrize("found", [None, 0, 1, 99])
def test_a_record_in_another_format_is_bad_input_that_names_both(tmp_path, found):
    a_run(a_result("one")).write_to(tmp_path)
    document = json.loads((tmp_path / "run.json").read_text())
    del document["format"]
    (tmp_path / "run.json").write_text(
        json.dumps(document if found is None else {**document, "format": found})
    )

    with pytest.raises(UnusableInput, match=rf"format {'none' if found is None else found} .* reads \d"):
        read_run(tmp_path / "run.json")


def test_hosts_and_their_errors_survive_a_merge():
    failed = a_run(a_result("one"), machines=(HERE, LAB), exit_code=ExitCode.INFRASTRUCTURE_ERROR)
    sound = a_run(a_result("two"), machines=(HERE,))
    deviating = a_run(a_result("two", Outcome.DEVIATION), exit_code=ExitCode.KNOWN_DEVIATIONS)
    broken = a_run(a_result("two", Outcome.BROKEN), exit_code=ExitCode.PROMISE_BROKEN)

    run = together([sound, failed])

    assert (run.exit_code, run.machines) == (ExitCode.INFRASTRUCTURE_ERROR, (HERE, LAB))
    assert together([failed, deviating]).exit_code is ExitCode.INFRASTRUCTURE_ERROR
    assert together([failed, broken]).exit_code is ExitCode.PROMISE_BROKEN


@pytest.mark.skipif(sys.platform == "win32", reason="the fake swamp is a script")
def test_a_run_with_an_unreachable_host_is_incomplete(fake_swamp, tmp_path):
    nowhere = {"host": "127.0.0.1", "port": 1, "user": "uat", "key": "key", "folder": "uat"}
    lab = {"name": "the lab", "kind": "ssh", "platform": "linux x86_64", **nowhere}
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text(yaml.safe_dump({"machines": [{"name": "this one", "kind": "here"}, lab]}))

    done = run_suite(
        tmp_path / "reports",
        *("--name", MINT),
        env={"SWAMP_BIN": str(fake_swamp().path), "UAT_HOSTS": str(hosts)},
    )

    assert done.returncode == ExitCode.INFRASTRUCTURE_ERROR, done.stdout + done.stderr
    assert "  host: the lab " in done.stdout
    document = {
        name: json.loads((tmp_path / "reports" / name).read_text()) for name in ("run.json", "signoff.json")
    }
    here, there = document["run.json"]["hosts"]
    assert (here["name"], here["fault"]) == ("this one", "")
    assert (there["name"], there["platform"]) == ("the lab", "linux x86_64")
    reason = f"A host could not be used: {there['fault']}"
    assert reason in document["signoff.json"]["reasons"]


# --- scenarios that were not run on a platform


@pytest.mark.parametrize("skip", [NO_OTHER, NO_MACHINE, Skip.by(Ending.INTERRUPTED)])
def test_a_scenario_that_did_not_run_on_one_platform_is_a_gap_even_if_it_ran_on_another(skip):
    signed = decision_of(
        a_result("one"), a_result("two"), a_result("one", **ON_MAC), not_run("two", skip, **ON_MAC)
    )

    assert signed.decision is Decision.INCOMPLETE
    assert signed.reasons == ("Not every scenario of promise 1 ran on darwin aarch64.",)


def test_a_scenario_for_another_system_is_not_a_gap_if_it_was_tested_there():
    signed = decision_of(
        *(a_result("for Linux"), not_run("for Macs", NEEDS_MAC)),
        *(not_run("for Linux", NEEDS_LINUX, **ON_MAC), a_result("for Macs", **ON_MAC)),
    )
    assert signed.decision is Decision.PASS

    signed = decision_of(a_result("for Linux"), not_run("for Macs", NEEDS_MAC))
    assert signed.reasons == ("A scenario of promise 1 ran on no platform.",)


def test_a_scenario_for_this_system_is_a_gap_here():
    without = not_run("for Linux", NEEDS_LINUX, platform="linux x86_64")

    signed = decision_of(without, a_result("for Linux", platform="linux aarch64"))

    assert signed.reasons == ("Not every scenario of promise 1 ran on linux x86_64.",)


@pytest.mark.parametrize("tag", ["terminal", "posix"])
def test_a_scenario_that_cannot_run_on_windows_is_a_gap_only_on_other_systems(tag, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    run_context = SimpleNamespace(machines=[SimpleNamespace(platform="windows x86_64")])
    skip = missing_for(SimpleNamespace(effective_tags=[tag]), run_context)

    on_windows = decision_of(
        *(a_result("one"), a_result("two")),
        *(a_result("one", **ON_WINDOWS), not_run("two", skip, **ON_WINDOWS)),
    )
    assert on_windows.decision is Decision.PASS
    outcomes = on_windows.document["promises"][0]["outcomes"]
    assert outcomes == {"linux x86_64": "held", "windows x86_64": "held"}

    assert decision_of(a_result("one"), not_run("two", skip)).decision is Decision.INCOMPLETE


# --- the folder of the reports


def test_a_sign_off_does_not_change_the_reports_of_a_run(tmp_path, monkeypatch, capsys):
    (tmp_path / "one").mkdir()
    a_run(a_result("one")).write_to(tmp_path / "one")
    monkeypatch.setenv("UAT_REPORTS", str(tmp_path / "all"))

    with taken(tmp_path / "all"):
        code = main.main(["signoff", str(tmp_path / "one")])

    assert code == ExitCode.BAD_COMMAND_LINE
    assert "is writing its reports to" in capsys.readouterr().err
    assert list((tmp_path / "all").iterdir()) == []
