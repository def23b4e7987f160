"""The output of the product, as recorded from releases: recognised, parsed and checked."""

import json
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from swamp_harness.product import contracts
from swamp_harness.product.commands import SUCCEEDS, CommandResult, Output, SwampCommands, fails_because
from swamp_harness.product.records import (
    hidden_in_text,
    members_from_json,
    members_from_table,
    tokens_from_json,
    tokens_from_table,
    verifications_from_json,
    verifications_from_table,
)
from swamp_harness.product.repository import CATALOGS, Repository, initialise
from swamp_harness.product.wordings import COMMAND_FAILURES, REJECTIONS, reasons_given
from swamp_harness.system.errors import InfrastructureError, PromiseBroken


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Enrollment token 'w2' has been revoked", "its token is revoked"),
        ("Worker stopped: Enrollment token 'e1' has expired", "its token has expired"),
        ("Enrollment token 'tc1': enrollment allowance exhausted", "its token is bound to another machine"),
        (
            "Enrollment token 'w1' is already bound to another machine",
            "its token is bound to another machine",
        ),
        (
            "connection failed 3 consecutive times before enrollment — giving up "
            "(last error: Worker 'w1' is already connected)",
            "the worker is already connected",
        ),
        ("Worker protocol version 3 does not match orchestrator version 4", "its protocol version differs"),
        (
            '[{"path": ["protocolVersion"], "message": "Invalid input: received undefined"}]',
            "its protocol version is missing",
        ),
        ("Enrollment token 'j1' does not match", "its secret is wrong"),
        ("Enrollment token 'bogus' does not exist — mint it first", "its token was never minted"),
        ("Enrollment token must have the form '<name>.<secret>'", "its token is malformed"),
    ],
)
def test_each_rejection_is_recognised_as_one_reason(text, reason):
    assert reasons_given(text, REJECTIONS) == [reason]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Error: Enrollment token 'w1' already exists — revoke it and mint a new name", "the name is taken"),
        ('Invalid --duration value "0m": must be positive', "the lifetime must be positive"),
        ('Invalid duration format: "30s". Expected format like 1h, 1d', "the lifetime is not understood"),
        ("No vaults are configured — the token plaintext must be stored in a vault.", "there is no vault"),
        ("Enrollment token 'nosuch' not found. Use 'swamp worker token list'", "there is no such token"),
    ],
)
def test_each_failure_is_recognised_as_one_reason(text, reason):
    assert reasons_given(text, COMMAND_FAILURES) == [reason]


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a script, which Windows cannot execute")
def test_a_repository_that_swamp_cannot_make_is_reported_with_the_command_in_the_first_line(tmp_path):
    swamp = tmp_path / "swamp"
    swamp.write_text("#!/bin/sh\necho no such luck >&2\nexit 3\n")
    swamp.chmod(0o755)

    with pytest.raises(InfrastructureError) as caught:
        initialise(SwampCommands(swamp, {}, tmp_path), with_vault=True)

    first, *rest = str(caught.value).splitlines()
    assert first.endswith(
        "could not be prepared: `swamp repo init --tool none --json` ended with exit code 3."
    )
    assert "no such luck" in rest


def test_a_token_named_like_a_reason_is_not_a_reason():
    assert reasons_given("Worker 'revoked-expired' is gone", REJECTIONS) == []


TOKEN_TABLE = """\
NAME   STATE     EXPIRES                   ENROLLMENTS
alpha  enrolled  2026-11-23T13:07:14.357Z  0d0c6a8c-0000-4000-8000-000000000001
beta   unused    2026-11-23T13:07:14.357Z  -
"""
TOKEN_JSON = [
    {
        "name": "alpha",
        "state": "enrolled",
        "effectiveState": "enrolled",
        "createdAt": "2026-11-23T13:06:14.357Z",
        "expiresAt": "2026-11-23T13:07:14.357Z",
        "maxEnrollments": 1,
        "bindingCount": 1,
        "bindings": [
            {
                "machineId": "0d0c6a8c-0000-4000-8000-000000000001",
                "enrolledAt": "2026-11-23T13:06:20.000Z",
            }
        ],
        "vaultName": "v1",
        "secretKey": "worker-token-alpha",
    }
]
POOL_TABLE = """\
NAME  STATUS  SLOTS  LABELS                   PLATFORM/ARCH  LAST SEEN
w1    idle    0/1    region=us-east,gpu=true  linux/x86_64   2026-11-23T13:06:20.000Z
w2    busy    1/1    -                        linux/x86_64   2026-11-23T13:06:20.000Z
"""
WORKER = {
    "name": "w1",
    "status": "idle",
    "labels": {"region": "us-east", "gpu": "true"},
    "platform": "linux",
    "arch": "x86_64",
    "instanceUuid": "0d0c6a8c-0000-4000-8000-000000000002",
    "enrolledAt": "2026-11-23T13:06:20.000Z",
    "lastSeenAt": "2026-11-23T13:06:21.000Z",
    "capacity": 1,
    "activeDispatchIds": [],
}


def test_the_token_list_has_the_same_entries_in_text_and_in_json():
    alpha, beta = tokens_from_table(TOKEN_TABLE)
    (same,) = tokens_from_json(TOKEN_JSON)

    assert (alpha.name, alpha.state, alpha.expires_at, alpha.machines) == (
        same.name,
        same.state,
        same.expires_at,
        same.machines,
    )
    assert same.bound_at == (datetime(2026, 11, 23, 13, 6, 20, tzinfo=UTC),)
    assert beta.machines == ()


def test_the_worker_list_has_the_same_entries_in_text_and_in_json():
    w1, w2 = members_from_table(POOL_TABLE)
    (same,) = members_from_json({"workers": [WORKER], "count": 1})

    assert (w1.name, w1.status, w1.labels, w1.platform, w1.slots) == (
        same.name,
        same.status,
        same.labels,
        same.platform,
        same.slots,
    )
    assert w2.labels == ()


def test_a_verification_has_the_same_workers_in_text_and_in_json():
    answer = {
        "workers": [
            {"name": "alpha", "status": "pass", "platform": "linux", "arch": "x86_64", "failures": []},
            {"name": "beta", "status": "fail", "platform": "darwin", "arch": "aarch64", "failures": ["slow"]},
            {"name": "gamma", "status": "error", "error": "no answer"},
        ]
    }
    text = (
        "WORKER  STATUS   PLATFORM  ARCH     DETAILS\n"
        "alpha   ✓ PASS   linux     x86_64   \n"
        "beta    ✗ FAIL   darwin    aarch64  slow\n"
        "gamma   ! ERROR  -         -        no answer\n"
        "\n2 of 3 worker(s) did not pass verification.\n"
    )
    assert verifications_from_table(text) == verifications_from_json(answer)
    assert [each.status for each in verifications_from_table(text)] == ["pass", "fail", "error"]
    assert verifications_from_table("No connected workers found to verify.\n") == []


def test_the_messages_for_an_empty_list_are_read_as_an_empty_list():
    assert tokens_from_table("No enrollment tokens found.\n") == []
    assert members_from_table("No workers found.\n") == []
    assert members_from_table("No connected workers found.\n1 disconnected worker hidden\n") == []


def test_a_text_that_is_not_a_table_breaks_a_promise():
    with pytest.raises(PromiseBroken, match="Expected a table with the headings"):
        tokens_from_table("[]")


def test_every_contract_is_a_valid_schema():
    for name in contracts.names():
        file = Path(contracts.__file__).with_name(f"{name}.json")
        Draft202012Validator.check_schema(json.loads(file.read_text("utf-8")))
        with pytest.raises(PromiseBroken):
            contracts.validate(name, 42, "nobody")


REVOKED = {
    "name": "a",
    "state": "revoked",
    "alreadyRevoked": False,
    "revokedAt": "2026-08-22T10:00:00Z",
}
PASSED = {
    "name": "alpha",
    "status": "pass",
    "platform": "linux",
    "arch": "x86_64",
    "probeMarkerOk": True,
    "queryOk": True,
    "dataPlaneOk": True,
    "failures": [],
}
LEASE = {
    "leaseId": "1",
    "dispatchId": "2",
    "workerName": "alpha",
    "workflowName": "works",
    "stepName": "build",
    "modelType": "@uat/probe",
    "methodName": "once",
    "state": "active",
    "hasWrites": False,
    "createdAt": "2026-08-22T10:00:00Z",
}


def verified(worker, passed=1):
    return {"workers": [worker], "total": 1, "passed": passed, "failed": 1 - passed}


def test_a_verification_of_a_worker_is_a_lease_without_a_step():
    without = {key: LEASE[key] for key in LEASE if key not in ("stepName", "workflowName")}
    contracts.validate("step-lease", {**without, "modelType": "swamp/fleet-probe"}, "the product")


@pytest.mark.parametrize(
    ("contract", "answer", "complaint"),
    [
        ("token-list", [{**TOKEN_JSON[0], "state": "asleep"}], "'asleep' is not one of"),
        ("worker-list", {"workers": [{**WORKER, "arch": None}], "count": 1}, "None is not"),
        ("worker-list", [WORKER], "is not of type 'object'"),
        ("worker-connect-event", {"kind": "enrolled"}, "not valid under any"),
        ("token-revoke", {"name": "a", "state": "revoked", "alreadyRevoked": False}, "'revokedAt'"),
        ("token-revoke", {**REVOKED, "alreadyRevoked": True}, "should not be valid under"),
        ("token-list", [{**TOKEN_JSON[0], "bindings": []}], "should be non-empty"),
        (
            "token-list",
            [{**TOKEN_JSON[0], "bindingCount": 2}],
            "$.[0].bindingCount: 2, but the answer lists 1",
        ),
        ("worker-list", {"workers": [{**WORKER, "status": "busy"}], "count": 1}, "should be non-empty"),
        ("worker-list", {"workers": [], "count": 0, "filteredDisconnectedCount": 0}, "less than the minimum"),
        ("worker-verify", verified({**PASSED, "queryOk": False}), "True was expected"),
        ("worker-verify", verified({"name": "alpha", "status": "error"}, passed=0), "'error' is a required"),
        ("worker-verify", {**verified(PASSED), "failed": 1}, "$.failed: 1, but the answer lists 0"),
        ("step-lease", {**LEASE, "state": "completed"}, "'endedAt' is a required property"),
        ("step-lease", {key: LEASE[key] for key in LEASE if key != "stepName"}, "'stepName' is a required"),
        ("error", {"message": "no"}, "'error' is a required property"),
    ],
)
def test_an_answer_that_breaks_its_contract_is_reported_field_by_field(contract, answer, complaint):
    with pytest.raises(PromiseBroken) as caught:
        contracts.validate(contract, answer, "the product")
    assert complaint in str(caught.value)


def test_a_wrong_count_breaks_the_contract():
    with pytest.raises(PromiseBroken, match=r"\$\.count: 2, but the answer lists 1"):
        contracts.validate("worker-list", {"workers": [WORKER], "count": 2}, "the product")


def test_an_answer_may_have_more_fields_than_its_contract():
    contracts.validate("worker-list", {"workers": [{**WORKER, "mood": "good"}], "count": 1}, "the product")


def result(*, output=Output.JSON, code=0, stdout="", stderr=""):
    return CommandResult(("worker", "list"), output, code, stdout, stderr, datetime.now(UTC), 1.0)


def test_json_after_a_stray_line_is_not_a_json_answer():
    with pytest.raises(PromiseBroken, match="is not one JSON document"):
        result(stdout='hello\n{"workers": [], "count": 0}').answer("worker-list")


@pytest.mark.parametrize("words", ["worker token create", "access token mint", "vault read-secret"])
def test_the_secret_that_a_command_shows_is_blanked_in_its_own_transcript(tmp_path, words):
    secret = secrets.token_hex(32)
    program, *arguments = words.split()
    (tmp_path / program).write_text(f"print('it is {secret} now')")

    result = SwampCommands(Path(sys.executable), {}, tmp_path).run(program, *arguments, output=Output.TEXT)

    assert secret in result.stdout
    assert secret not in str(result)


def test_an_outcome_has_reason_streams_and_clarity():
    error = json.dumps({"error": "Enrollment token 'x' not found."})
    failing = result(code=1, stderr=error)

    assert result().outcome == SUCCEEDS
    assert failing.outcome == fails_because("there is no such token")
    assert failing.outcome_and_code == fails_because("there is no such token", 1)
    assert result(code=1, stdout="{}", stderr=error).outcome.wrote_to_stdout
    trace = "Error: No vaults are configured\n    at mint (file:///main.ts:1:2)\n"
    assert result(output=Output.TEXT, code=1, stderr=trace).outcome.stack_trace


def test_an_outcome_is_formatted_in_words():
    assert str(SUCCEEDS) == "succeeds"
    assert (
        str(fails_because("there is no such token", 1))
        == "fails because there is no such token, nothing on standard output, no stack trace, exit code 1"
    )
    unknown = json.dumps({"error": "out of ink"})
    assert str(result(code=1, stderr=unknown).outcome).startswith(
        "fails because of something else: out of ink,"
    )


def test_a_copied_repository_is_independent(tmp_path):
    original = tmp_path / "original"
    (original / "vaults").mkdir(parents=True)
    (original / "vaults" / "v1.yaml").write_text(f"base_dir: {original}\n")
    (original / "catalog.db-wal").write_bytes(str(original).encode())

    copy = Repository(original).copy_to(tmp_path / "copy")

    assert (copy.folder / "vaults" / "v1.yaml").read_text() == f"base_dir: {tmp_path / 'copy'}\n"
    assert not (copy.folder / "catalog.db-wal").exists()


def test_a_copy_can_have_the_databases_that_are_no_catalogs(tmp_path):
    original = tmp_path / "original"
    original.mkdir()
    for name in ("_extension_catalog.db", "_catalog.db-wal", "run_tracker.db"):
        (original / name).touch()

    copy = Repository(original).copy_to(tmp_path / "copy", left_out=CATALOGS)

    assert [file.name for file in copy.folder.iterdir()] == ["run_tracker.db"]


def test_a_copy_that_still_names_the_original_is_refused(tmp_path):
    original = tmp_path / "original"
    original.mkdir()
    (original / "state.bin").write_bytes(b"\0" + str(original).encode() + b"\0")

    with pytest.raises(InfrastructureError, match=r"state\.bin"):
        Repository(original).copy_to(tmp_path / "copy")


def test_only_one_module_has_the_wordings_of_the_product():
    wordings = Path(contracts.__file__).parents[1] / "wordings.py"
    for module in wordings.parents[1].rglob("*.py"):
        if module != wordings:
            assert "Enrollment token '" not in module.read_text("utf-8"), module


def test_notes_below_the_table_of_workers_are_not_workers():
    text = (
        "NAME   STATUS  SLOTS  LABELS  PLATFORM/ARCH  LAST SEEN\n"
        "alpha  idle    0/1    -       linux/x86_64   2026-08-22T10:00:00Z\n"
        "2 disconnected workers hidden — use 'swamp worker list --all' to show all.\n"
        "Some workers are draining — they will exit after finishing any in-flight work.\n"
    )
    assert [member.name for member in members_from_table(text)] == ["alpha"]
    assert hidden_in_text(text) == 2


def test_an_empty_list_of_workers_may_hide_some():
    text = "No connected workers found.\n1 disconnected worker hidden — use 'swamp worker list --all'.\n"
    assert members_from_table(text) == []
    assert hidden_in_text(text) == 1


def test_a_token_for_several_machines_shows_how_many_it_admits():
    text = "NAME   STATE   EXPIRES               ENROLLMENTS\nfleet  unused  2026-08-22T11:00:00Z  0 / 3\n"
    (token,) = tokens_from_table(text)
    assert (token.machines, token.allowance) == ((), "3")
