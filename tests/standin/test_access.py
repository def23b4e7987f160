"""The gate of the stand-in: server tokens, grants, pages and host names."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from standin import access, vaults
from standin.access import Policy, Refused
from standin.errors import UserError
from standin.orchestrator.gate import Gate, gate_of
from standin.repository import Repository

LIST = {"type": "worker.list", "payload": {}}
RUN = {"type": "workflow.run", "payload": {"workflowIdOrName": "release"}}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.initialise(tmp_path)
    vaults.create(made, "local_encryption", "v1")
    return made


def credential(repository: Repository, name: str, lifetime: timedelta = timedelta(hours=1)) -> str:
    """The credential of a new server token."""
    record = access.mint(repository, name, f"user:{name}", "v1", lifetime)
    return f"{name}.{vaults.get(repository, 'v1', record['secretKey'])}"


def test_a_valid_server_token_names_its_client(repository: Repository) -> None:
    assert access.redeem(repository, credential(repository, "alice")) == "user:alice"


def test_other_server_tokens_are_refused(repository: Repository) -> None:
    good = credential(repository, "alice")
    expired = credential(repository, "dave", timedelta())
    revoked = credential(repository, "carol")
    access.revoke(repository, "carol")
    for each in ("", "alice", f"{good}0", good.replace("alice", "bob"), "../x.y", expired, revoked):
        with pytest.raises(Refused):
            access.redeem(repository, each)


def test_a_grant_counts_from_the_next_reading_on(repository: Repository) -> None:
    policy = Policy(["user:erin"], [])
    grant = access.add_grant(repository, "user:alice", ["run"], "workflow:release")
    policy.check("user:erin", LIST)
    with pytest.raises(UserError, match="user:alice does not have 'run' on workflow:release"):
        policy.check("user:alice", RUN)
    policy.read(repository)
    policy.check("user:alice", RUN)
    with pytest.raises(UserError, match="does not have 'admin' on access:"):
        policy.check("user:alice", LIST)
    access.revoke_grant(repository, grant["id"])
    policy.read(repository)
    with pytest.raises(UserError):
        policy.check("user:alice", RUN)


@pytest.mark.parametrize(
    ("workflow", "action", "allowed"),
    [
        ("draft-1", "run", True),
        ("draft-1", "read", False),
        ("draft-9", "run", False),
        ("drafts", "run", False),
        ("nightly", "run", True),
        ("nightly-1", "run", False),
    ],
)
def test_grants_count_for_names_actions_and_groups(
    repository: Repository, workflow: str, action: str, allowed: bool
) -> None:
    policy = Policy(["user:erin"], [])
    access.add_grant(repository, "user:bob", ["run"], "workflow:draft-*")
    access.add_grant(repository, "user:bob", ["run"], "workflow:draft-9", denies=True)
    access.add_grant(repository, "group:testers", ["run"], "workflow:nightly")
    access.make_group(repository, "testers")
    access.add_member(repository, "testers", "user:bob")
    policy.read(repository)
    resource = f"workflow:{workflow}"
    is_denied = policy.denies("user:bob", action, resource)
    assert (policy.allows("user:bob", action, resource) and not is_denied) is allowed


@pytest.mark.parametrize(
    ("origin", "trusted"),
    [
        ("", True),
        ("http://localhost:8080", True),
        ("https://[::1]", True),
        ("https://127.1", True),
        ("http://127.1", False),
        ("https://evil.test", False),
        ("https://localhost.evil.test", False),
        ("null", False),
    ],
)
def test_pages_of_the_own_machine_are_trusted(repository: Repository, origin: str, trusted: bool) -> None:
    assert Gate(repository, "127.1", (), True, None).trusts_page(origin) is trusted


@pytest.mark.parametrize(
    ("host", "trusted"),
    [("127.1:8443", True), ("Orch.example", True), ("www.orch.example", False), ("", False)],
)
def test_own_and_named_hosts_are_trusted(repository: Repository, host: str, trusted: bool) -> None:
    assert Gate(repository, "127.1", ("orch.EXAMPLE",), True, None).trusts_host(host) is trusted


@pytest.mark.parametrize(
    ("options", "secure", "missing"),
    [
        (("127.1", "", "token", "user:erin"), False, "requires TLS"),
        (("127.1", "", "none", ""), True, "requires authentication"),
        (("127.0.0.1", "", "token", ""), True, "--admins is required"),
    ],
)
def test_an_unsafe_orchestrator_does_not_start(
    repository: Repository, options: tuple[str, str, str, str], secure: bool, missing: str
) -> None:
    with pytest.raises(UserError, match=missing):
        gate_of(repository, *options, secure=secure)
