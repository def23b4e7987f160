"""What is held against each other: steps here and there, answers in text and in JSON, errors."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from swamp_harness.product.commands import CommandResult, Output, fails_because
from swamp_harness.product.help_text import subcommands
from swamp_harness.scenario import capabilities, environment, json_mode, remote_client
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


def noted(world, step, answers):
    (Path(world.probe_log.variables["UAT_NOTES"]) / f"got-{step}").write_text(json.dumps(answers))


def test_the_same_answers_do_not_differ_but_for_who_where_and_when(world):
    noted(world, "local", {"handle": {"id": "1", "tags": {"step": "local"}, "size": 3}})
    noted(world, "placed", {"handle": {"id": "2", "tags": {"step": "placed"}, "size": 3}})

    told = [str(each) for each in capabilities.differences_in_answers(world, "local", "placed")]
    assert told == []


def test_a_difference_is_told_with_its_place_and_both_values(world):
    noted(world, "local", {"handle": {"tags": {"team": "blue"}, "size": 39}, "lines": ["one"]})
    noted(world, "placed", {"handle": {"tags": {}, "size": 37}, "lines": ["one", ""]})

    told = [str(each) for each in capabilities.differences_in_answers(world, "local", "placed")]
    assert told == [
        "given back > handle > size: 39 for local, 37 for placed",
        "given back > handle > tags: nothing for local, {} for placed",
        'given back > handle > tags > team: "blue" for local, nothing for placed',
        'given back > lines > 2: nothing for local, "" for placed',
    ]


def test_a_step_that_noted_nothing_proves_nothing(world):
    noted(world, "local", {})

    with pytest.raises(InfrastructureError, match='"placed" noted no answer'):
        capabilities.differences_in_answers(world, "local", "placed")


def test_what_a_step_was_given_back_is_told_call_by_call(world):
    answers = {"1 + 2": '{"answer":"3n"}', "[1].map(n, n)": '{"answer":["1n"]}', "1 +": '{"error":"no"}'}
    noted(world, "computing", {"answers": answers})
    noted(world, "reading", {"latest": {"answer": {"text": "second"}}, "missing": {"answer": None}})

    computed = capabilities.given_back(world, "computing", [*answers, "2 + 2"])
    calls = ["the latest version of its own", "a resource that does not exist"]
    read = capabilities.given_back(world, "reading", calls)

    told = [row["given back"] for row in (*computed, *read)]
    assert told == ["3", "1", "not an answer: {'error': 'no'}", "not an answer: None", "second", "nothing"]


def test_a_text_that_ends_like_a_big_number_stays_as_it_is_and_the_run_is_told_as_this_one(world):
    noted(world, "asking", {"its run": {"answer": world.runs.last.run_id}, "its name": {"answer": ["plain"]}})

    told = capabilities.given_back(world, "asking", ["its run", "its name"])

    assert [row["given back"] for row in told] == ["this run", "plain"]


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


def test_facts_that_both_modes_tell_are_counted():
    assert json_mode.facts_of_both(asked(TABLE.format(slots="0/2"), MEMBERS)) == "1"


def test_facts_in_which_the_modes_differ_are_told():
    told = json_mode.facts_of_both(asked(TABLE.format(slots="0/1"), MEMBERS))

    assert "slots: 0/2" in told
    assert "but in text" in told
    assert "slots: 0/1" in told


def test_a_remark_beside_the_json_answer_breaks_the_promise():
    with pytest.raises(PromiseBroken, match="on standard output alone"):
        json_mode.facts_of_both(asked(TABLE.format(slots="0/2"), MEMBERS, stderr="by the way"))


def test_an_exit_code_that_differs_between_the_modes_is_told():
    mistake = BothModes(
        result(Output.TEXT, code=2, stderr="Error: Unknown option"),
        result(Output.JSON, code=1, stderr='{"error": "Unknown option"}'),
    )

    told = json_mode.outcomes(mistake)

    assert told == {
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


def test_the_help_of_a_command_lists_none():
    assert subcommands("Usage: swamp worker list\n\nOptions:\n\n  -h  - Help\n", "worker list") == []


def test_help_for_something_else_breaks_the_promise():
    with pytest.raises(PromiseBroken, match="does not show the help of that command"):
        subcommands(HELP, "worker list")


# --- an operator elsewhere


def why(text, in_json):
    said = {Output.TEXT: text, Output.JSON: in_json}

    def run(_, output, **__):
        code, stderr = said[output]
        return result(output, code=code, stderr=stderr)

    world = SimpleNamespace(remote_client=SimpleNamespace(run=run), model="")
    return remote_client.reasons_of_failures(world, ["lists the workers"])[0]["reason"]


def test_a_reason_that_both_modes_tell_is_told_in_the_words_of_the_features():
    assert why(
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
def test_modes_that_tell_different_reasons_are_both_told(text, in_json):
    told = why(text, in_json)
    assert {mode: outcome.exit_code for mode, outcome in told.items()} == {
        "text": text[0],
        "JSON": in_json[0],
    }


def test_a_deed_that_nobody_knows_is_no_broken_promise():
    world = SimpleNamespace(remote_client=None, model="")

    with pytest.raises(InfrastructureError, match='Unknown action "dances"'):
        remote_client.reasons_of_failures(world, ["dances"])


# --- the environment of a step


def test_a_variable_tells_whose_it_was(tmp_path):
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

    assert [row["found that of"] for row in found] == [
        "alpha",
        "the orchestrator",
        "something else",
        "nobody",
    ]
