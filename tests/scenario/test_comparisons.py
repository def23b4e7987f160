"""Comparisons: one step on both machines, answers in text and in JSON, reasons of failures."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from swamp_harness.product.commands import SUCCEEDS, CommandResult, Output, fails_because
from swamp_harness.product.help_text import subcommands
from swamp_harness.scenario import (
    capabilities,
    environment,
    json_mode,
    remote_client,
    runs,
    scheduling,
    verified_workers,
)
from swamp_harness.scenario.json_mode import QUESTIONS, BothModes
from swamp_harness.scenario.probe_log import ProbeLog
from swamp_harness.scenario.values import differences
from swamp_harness.system.errors import InfrastructureError, PromiseBroken


def result(output, *, code=0, stdout="", stderr=""):
    return CommandResult(("worker", "list"), output, code, stdout, stderr, datetime.now(UTC), 0.1)


# --- a step on the orchestrator and the same step on a worker


@pytest.fixture
def world(tmp_path):
    runs = SimpleNamespace(last=SimpleNamespace(run_id="6f1c2a34-1111-4222-8333-abcdefabcdef"))
    return SimpleNamespace(probe_log=ProbeLog(tmp_path / "notes"), runs=runs)


def record(world, step, answers):
    (Path(world.probe_log.variables["UAT_NOTES"]) / f"got-{step}").write_text(json.dumps(answers))


def test_equal_answers_may_differ_in_identity(world):
    record(world, "local", {"handle": {"id": "1", "tags": {"step": "local"}, "size": 3}})
    record(world, "placed", {"handle": {"id": "2", "tags": {"step": "placed"}, "size": 3}})

    assert capabilities.differences_in_answers(world, "local", "placed") == []


def test_a_difference_is_reported_with_its_place_and_both_values(world):
    record(world, "local", {"handle": {"tags": {"team": "blue"}, "size": 39}, "lines": ["one"]})
    record(world, "placed", {"handle": {"tags": {}, "size": 37}, "lines": ["one", ""]})

    differences = [str(each) for each in capabilities.differences_in_answers(world, "local", "placed")]
    assert differences == [
        "given back > handle > size: 39 for local, 37 for placed",
        "given back > handle > tags: nothing for local, {} for placed",
        'given back > handle > tags > team: "blue" for local, nothing for placed',
        'given back > lines > 2: nothing for local, "" for placed',
    ]


def test_a_step_without_recorded_answers_is_an_infrastructure_error(world):
    record(world, "local", {})

    with pytest.raises(InfrastructureError, match='"placed" recorded no answer'):
        capabilities.differences_in_answers(world, "local", "placed")


def test_the_answers_to_a_step_are_reported_for_each_call(world):
    answers = {"1 + 2": '{"answer":"3n"}', "[1].map(n, n)": '{"answer":["1n"]}', "1 +": '{"error":"no"}'}
    record(world, "computing", {"answers": answers})
    record(world, "reading", {"latest": {"answer": {"text": "second"}}, "missing": {"answer": None}})

    computed = capabilities.answers_of(world, "computing", [*answers, "2 + 2"])
    calls = ["the latest version of its own", "a resource that does not exist"]
    read = capabilities.answers_of(world, "reading", calls)

    answers = [row["answer"] for row in (*computed, *read)]
    assert answers == ["3", "1", "not an answer: {'error': 'no'}", "not an answer: None", "second", "nothing"]


def test_a_text_like_a_big_number_is_kept_and_the_id_of_the_run_is_replaced(world):
    record(
        world, "asking", {"its run": {"answer": world.runs.last.run_id}, "its name": {"answer": ["plain"]}}
    )

    rows = capabilities.answers_of(world, "asking", ["its run", "its name"])

    assert [row["answer"] for row in rows] == ["this run", "plain"]


@pytest.mark.parametrize(
    ("actual", "reported"),
    [
        ({"a": ["", None, {"b": 0}]}, []),
        ({"a": ["", None, {"b": False}]}, ["a > 3 > b: expected 0, actual false"]),
        ({"a": ["", None, {"b": 0.0}]}, []),
        ({"a": ["", None, {}]}, ["a > 3 > b: expected 0, it is missing"]),
        ({"a": ["", None, {"b": 0}], "c": 1}, ["c: 1 is unexpected"]),
        ({"a": ["", None]}, ['a: expected ["", null, {"b": 0}], actual ["", null]']),
        (None, ['the whole value: expected {"a": ["", null, {"b": 0}]}, actual null']),
    ],
)
def test_differences_of_values_are_reported_with_their_place(actual, reported):
    assert list(differences({"a": ["", None, {"b": 0}]}, actual)) == reported


def test_differences_of_texts_are_reported_from_the_first_character_that_differs():
    assert list(differences("one\ntwo", "one\nto")) == [
        'the whole value, from character 6: expected "wo", actual "o"'
    ]


# --- text and JSON

MEMBERS = {
    "workers": [
        {
            "name": "alpha",
            "status": "idle",
            "labels": {"zone": "a", "gpu": "true"},
            "platform": "linux",
            "arch": "x86_64",
            "instanceUuid": "6f1c2a34-1111-4222-8333-abcdefabcdef",
            "enrolledAt": "2026-11-23T10:00:00Z",
            "lastSeenAt": "2026-11-23T10:00:01Z",
            "capacity": 2,
            "activeDispatchIds": [],
        }
    ],
    "count": 1,
}
TABLE = (
    "NAME   STATUS  SLOTS  LABELS           PLATFORM/ARCH  LAST SEEN\n"
    "alpha  idle    {slots}    gpu=true,zone=a  linux/x86_64   2026-11-23T10:00:01Z\n"
)


def asked(text, answer, **of_json):
    return BothModes(
        result(Output.TEXT, stdout=text),
        result(Output.JSON, stdout=json.dumps(answer), **of_json),
        QUESTIONS["lists the workers"],
    )


def test_equal_entries_of_text_and_json_are_counted():
    assert json_mode.entries_of_both(asked(TABLE.format(slots="0/2"), MEMBERS)) == "1"


def test_different_entries_of_text_and_json_are_reported():
    message = json_mode.entries_of_both(asked(TABLE.format(slots="0/1"), MEMBERS))

    in_json, _, in_text = message.partition("; in text: ")
    assert "slots: 0/2" in in_json
    assert "slots: 0/1" in in_text


def test_output_beside_the_json_answer_breaks_the_promise():
    with pytest.raises(PromiseBroken, match="fails in JSON, or prints to standard error"):
        json_mode.entries_of_both(asked(TABLE.format(slots="0/2"), MEMBERS, stderr="by the way"))


def test_different_exit_codes_of_text_and_json_are_reported():
    mistake = BothModes(
        result(Output.TEXT, code=2, stderr="Error: Unknown option"),
        result(Output.JSON, code=1, stderr='{"error": "Unknown option"}'),
    )

    assert json_mode.outcomes(mistake) == {
        "text": fails_because("there is no such option", 2),
        "JSON": fails_because("there is no such option", 1),
    }


# --- the help

HELP = """\
Usage:   swamp worker
Version: 20260822

Description:

  Workers.

Commands:

  token                 - Manage tokens
  connect  [url]        - Connect to an orchestrator
  daemon                - Manage the daemon

Environment variables:

  NOT_A_COMMAND  <x>  - something else
"""


def test_the_help_lists_the_commands_of_a_group():
    assert subcommands(HELP, "worker") == ["token", "connect", "daemon"]


def test_the_help_of_a_command_lists_no_commands():
    assert subcommands("Usage: swamp worker list\n\nOptions:\n\n  -h  - Help\n", "worker list") == []


def test_a_group_alone_shows_its_commands():
    shown = replace(result(Output.TEXT, stdout=HELP), arguments=("worker",))

    assert json_mode.help_shown(shown) == {"command": SUCCEEDS, "commands": ["connect", "daemon", "token"]}


def test_an_evaluated_workflow_shows_where_each_step_runs():
    steps = [
        {"name": "pool-a", "labels": {"zone": "b", "pool": "a"}},
        {"name": "each-alpha", "target": "alpha"},
        {"name": "local"},
    ]
    answer = {"name": "release", "jobs": [{"name": "main", "steps": steps}]}

    assert scheduling.evaluated_places(result(Output.JSON, stdout=json.dumps(answer))) == [
        {"step": "each-alpha", "runs on": 'worker "alpha"'},
        {"step": "local", "runs on": ""},
        {"step": "pool-a", "runs on": "pool=a, zone=b"},
    ]


def test_help_for_something_else_breaks_the_promise():
    with pytest.raises(PromiseBroken, match="does not show the help of that command"):
        subcommands(HELP, "worker list")


# --- the operator on a second machine


def reason_of(text, in_json):
    answers = {Output.TEXT: text, Output.JSON: in_json}

    def run(_, output, **__):
        code, stderr = answers[output]
        return result(output, code=code, stderr=stderr)

    world = SimpleNamespace(remote_client=SimpleNamespace(run=run), model="")
    return remote_client.reasons_of(remote_client.run_commands(world, ["lists the workers"]))[0]["reason"]


def test_a_reason_that_both_modes_report_is_a_phrase_of_the_features():
    assert reason_of(
        (1, "Error: the certificate issuer is not trusted."), (1, '{"error": "issuer is not trusted"}')
    ) == ("the certificate is not trusted")


@pytest.mark.parametrize(
    ("text", "in_json"),
    [
        ((1, "Error: issuer is not trusted"), (1, '{"error": "something else"}')),
        ((1, "Error: issuer is not trusted"), (2, '{"error": "issuer is not trusted"}')),
        ((0, ""), (0, "")),
    ],
)
def test_different_reasons_of_both_modes_are_both_reported(text, in_json):
    outcomes = reason_of(text, in_json)
    assert {mode: outcome.exit_code for mode, outcome in outcomes.items()} == {
        "text": text[0],
        "JSON": in_json[0],
    }


def test_an_unknown_action_is_an_infrastructure_error():
    world = SimpleNamespace(remote_client=None, model="")

    with pytest.raises(InfrastructureError, match='Unknown action "dances"'):
        remote_client.run_commands(world, ["dances"])


# --- the environment of a step


def test_the_owner_of_a_variable_is_found_by_its_value(tmp_path):
    of_alpha = environment.variables_of("alpha", ["OWN", "CLASH"])
    of_orchestrator = environment.variables_of("the orchestrator", ["CLASH"])
    world = SimpleNamespace(
        probe_log=ProbeLog(tmp_path / "notes"),
        orchestrator=SimpleNamespace(environment=of_orchestrator),
        workers={"alpha": SimpleNamespace(environment=of_alpha)},
    )
    folder = tmp_path / "notes"
    entry = {"event": "start", "step": "a", "worker": "alpha", "pid": 7, "at": "2026-11-23T13:07:14Z"}
    (folder / "probe-log.jsonl").write_text(json.dumps(entry) + "\n")
    (folder / "environment-a-7").write_text(
        f"OWN={of_alpha['OWN']}\nCLASH={of_orchestrator['CLASH']}\nODD=something else\n"
    )
    rows = [{"step": "a", "variable": name} for name in ("OWN", "CLASH", "ODD", "MISSING")]

    found = environment.found_variables(world, "alpha", rows)

    assert [row["value of"] for row in found] == [
        "alpha",
        "the orchestrator",
        "something else",
        "nobody",
    ]


# --- the end of a run at its time limit


@pytest.mark.parametrize(
    ("lasted", "end"),
    [
        (7.0, "at its time limit"),
        (2.0, "after 2.0 s, limit: 6 s"),
        (15.0, "after 15.0 s, limit: 6 s"),
        (None, "not ended"),
    ],
)
def test_a_run_ends_at_its_time_limit(lasted, end):
    record = SimpleNamespace(lasted=lasted and timedelta(seconds=lasted))
    world = SimpleNamespace(
        records=SimpleNamespace(run_record=lambda _: record),
        runs=SimpleNamespace(last=SimpleNamespace(run_id="1")),
        times=SimpleNamespace(longest_run=timedelta(seconds=6), limits=1),
    )
    assert runs.end_at_time_limit(world) == end


# --- a verification that some workers fail


def test_a_verification_shows_who_has_passed_and_the_exit_code():
    text = (
        "WORKER  STATUS   PLATFORM  ARCH    DETAILS\n"
        "alpha   ✓ PASS   linux     x86_64\n"
        "beta    ! ERROR  -         -       Fetch failed\n\n"
        "1 unreachable of 2 worker(s) did not pass verification.\n"
    )
    both = verified_workers.shown_verification(result(Output.TEXT, code=1, stdout=text))
    assert both == {"workers": {"alpha": "yes", "beta": "no"}, "exit code": 1}
