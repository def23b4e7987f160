"""Server tokens and grants: who may do what on an orchestrator that authenticates its clients."""

from __future__ import annotations

import hmac
import re
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from standin import predicate, vaults
from standin.errors import UserError
from standin.moments import moment, now, stamp
from standin.repository import Repository

_BYTES = 32
_MONTH = timedelta(days=30)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
MODEL_TYPE = "swamp/server-token"
ANYTHING = ("admin", "access:*")
# The requests for which a client must be allowed to run a workflow.
_OF_A_WORKFLOW = ("workflow.run", "workflow.resume", "workflow.approve", "workflow.reject", "run.attach")


class Refused(Exception):
    """A client has no valid server token."""


def mint(
    repository: Repository, name: str, principal: str, vault: str, lifetime: timedelta = _MONTH
) -> dict[str, Any]:
    """Mint a server token, with its secret in a vault.

    Raises:
        UserError: there is no such vault, or there is a token of that name.
    """
    if repository.read(_file_of(name)) is not None:
        raise UserError(f"Server token '{name}' already exists — revoke it first")
    key = f"server-token-{name}"
    vaults.put(repository, vault, key, secrets.token_hex(_BYTES))
    record = {
        "name": name,
        "state": "active",
        "principalId": principal,
        "expiresAt": stamp(now() + lifetime),
        "vaultName": vault,
        "secretKey": key,
    }
    repository.write(_file_of(name), record)
    return record


def revoke(repository: Repository, name: str) -> dict[str, Any]:
    """Revoke a server token, unless it is revoked.

    Returns:
        The answer to the operator.

    Raises:
        UserError: there is no such token.
    """
    record = _record_of(repository, name)
    answer = {"name": name, "state": "revoked"}
    if record["state"] == "revoked":
        return {**answer, "alreadyRevoked": True}
    revoked_at = stamp()
    repository.write(_file_of(name), {**record, "state": "revoked", "revokedAt": revoked_at})
    return {**answer, "revokedAt": revoked_at, "alreadyRevoked": False}


def rotate(repository: Repository, name: str) -> dict[str, Any]:
    """Make a new secret for a server token; the old one is valid no longer.

    Raises:
        UserError: there is no such token.
    """
    record = _record_of(repository, name)
    vaults.put(repository, record["vaultName"], record["secretKey"], secrets.token_hex(_BYTES))
    return record


def redeem(repository: Repository, credential: str) -> str:
    """The client that presents a credential, such as "user:alice".

    Raises:
        Refused: the credential is not that of a valid server token.
    """
    name, _, secret = credential.partition(".")
    record = repository.read(_file_of(name)) if _NAME.fullmatch(name) else None
    if record is None:
        raise Refused
    check_secret(repository, record, secret)
    check_state(record)
    return str(record["principalId"])


def check_secret(repository: Repository, record: dict[str, Any], secret: str) -> None:
    """Refuse a client with a wrong secret."""
    if not hmac.compare_digest(vaults.get(repository, record["vaultName"], record["secretKey"]), secret):
        raise Refused


def check_state(record: dict[str, Any]) -> None:
    """Refuse a client whose token is revoked or has expired."""
    if record["state"] == "revoked" or moment(record["expiresAt"]) <= now():
        raise Refused


def _record_of(repository: Repository, name: str) -> dict[str, Any]:
    record: dict[str, Any] | None = repository.read(_file_of(name))
    if record is None:
        raise UserError(
            f"Server token '{name}' not found. Use 'swamp access token list' to see existing tokens."
        )
    return record


def _file_of(name: str) -> str:
    return f"server-tokens/{name}.json"


# --- grants


def grants(repository: Repository) -> list[dict[str, Any]]:
    """All grants."""
    return list(repository.documents("grants"))


def add_grant(
    repository: Repository,
    subject: str,
    actions: Sequence[str],
    resource: str,
    *,
    denies: bool = False,
    condition: str = "",
) -> dict[str, Any]:
    """Give a client or a group a grant, which may deny the actions, and may have a condition."""
    grant = _grant(subject, actions, resource, "deny" if denies else "allow", condition)
    repository.write(f"grants/{grant['id']}.json", grant)
    return grant


def _grant(
    subject: str, actions: Sequence[str], resource: str, effect: str, condition: str = ""
) -> dict[str, Any]:
    kind, _, name = subject.partition(":")
    resource_kind, _, pattern = resource.partition(":")
    return {
        "id": str(uuid.uuid4()),
        "subject": {"kind": kind, "name": name},
        "effect": effect,
        "actions": list(actions),
        "resource": {"kind": resource_kind, "pattern": pattern},
        "condition": condition,
        "state": "active",
    }


def grants_of_files(repository: Repository) -> list[dict[str, Any]]:
    """The grants of the files in the repository's folder of grants."""
    # YAML takes a moment to load, and only few repositories have such files.
    import yaml

    files = sorted((repository.folder / "grants").glob("*.yaml"))
    listed = [each for file in files for each in yaml.safe_load(file.read_text("utf-8"))["grants"]]
    return [_grant(each["subject"], each["actions"], each["resource"], each["effect"]) for each in listed]


def revoke_grant(repository: Repository, identity: str) -> dict[str, Any]:
    """Revoke a grant.

    Raises:
        UserError: there is no such grant.
    """
    for grant in grants(repository):
        if grant["id"] == identity:
            revoked = {**grant, "state": "revoked"}
            repository.write(f"grants/{identity}.json", revoked)
            return revoked
    raise UserError(f"Grant not found: {identity}")


# --- groups


def make_group(repository: Repository, name: str) -> dict[str, Any]:
    """Make a group of clients."""
    return _write_group(repository, {"name": name, "members": []})


def add_member(repository: Repository, name: str, client: str) -> dict[str, Any]:
    """Add a client to a group.

    Raises:
        UserError: there is no such group.
    """
    group = _group(repository, name)
    return _write_group(repository, {**group, "members": [*group["members"], client]})


def remove_member(repository: Repository, name: str, client: str) -> dict[str, Any]:
    """Remove a client from a group.

    Raises:
        UserError: there is no such group.
    """
    group = _group(repository, name)
    members = [each for each in group["members"] if each != client]
    return _write_group(repository, {**group, "members": members})


def _group(repository: Repository, name: str) -> dict[str, Any]:
    group: dict[str, Any] | None = repository.read(_file_of_group(name))
    if group is None:
        raise UserError(f"Group not found: {name}")
    return group


def _write_group(repository: Repository, group: dict[str, Any]) -> dict[str, Any]:
    repository.write(_file_of_group(group["name"]), group)
    return group


def _file_of_group(name: str) -> str:
    return f"groups/{name}.json"


@dataclass
class Policy:
    """What clients may do, by the grants when they were read last.

    Attributes:
        administrators: those who may do everything.
        grants: the active ones.
        groups: all groups.
        tags: of the workflows, by their names as resources.
    """

    administrators: Sequence[str]
    grants: list[dict[str, Any]]
    groups: list[dict[str, Any]] = field(default_factory=list)
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def read(self, repository: Repository) -> None:
        """Read the grants and the groups, and the tags of the workflows."""
        from standin.orchestrator.workflow import tags_of_all

        active = [each for each in grants(repository) if each["state"] == "active"]
        self.grants = [*active, *grants_of_files(repository)]
        self.groups = list(repository.documents("groups"))
        self.tags = {f"workflow:{name}": tags for name, tags in tags_of_all(repository).items()}

    def check(self, client: str, request: dict[str, Any]) -> None:
        """Check that a client may make a request.

        Raises:
            UserError: no grant allows it.
        """
        action, resource = needed_for(request)
        if self.denies(client, action, resource):
            raise UserError(
                f"Access denied: {client} is explicitly denied '{action}' on {resource}", "unauthorized"
            )
        if client in self.administrators or self.allows(client, action, resource):
            return
        raise UserError(f"Access denied: {client} does not have '{action}' on {resource}", "unauthorized")

    def allows(self, client: str, action: str, resource: str) -> bool:
        """Whether a grant allows an action on a resource."""
        return self.has_grant(client, action, resource, "allow")

    def denies(self, client: str, action: str, resource: str) -> bool:
        """Whether a grant denies an action on a resource, whatever others allow."""
        return self.has_grant(client, action, resource, "deny")

    def has_grant(self, client: str, action: str, resource: str, effect: str) -> bool:
        """Whether a client or a group that it is in has a grant with this effect for an action."""
        subjects = [client, *self.groups_of(client)]
        return any(
            each["effect"] == effect
            and f"{each['subject']['kind']}:{each['subject']['name']}" in subjects
            and is_for_action(each, action)
            and is_for_resource(each, resource)
            and meets_condition(each, resource, self.tags.get(resource, {}))
            for each in self.grants
        )

    def groups_of(self, client: str) -> list[str]:
        """The groups that a client is in, as grants name them."""
        return [f"group:{each['name']}" for each in self.groups if client in each["members"]]


def is_for_action(grant: dict[str, Any], action: str) -> bool:
    """Whether a grant is for an action."""
    return action in grant["actions"]


def is_for_resource(grant: dict[str, Any], resource: str) -> bool:
    """Whether a grant is for a resource; a star at the end of its pattern stands for any text."""
    pattern = f"{grant['resource']['kind']}:{grant['resource']['pattern']}"
    return resource.startswith(pattern[:-1]) if pattern.endswith("*") else resource == pattern


def meets_condition(grant: dict[str, Any], resource: str, tags: Mapping[str, str]) -> bool:
    """Whether a resource with these tags meets the condition of a grant."""
    return not grant["condition"] or predicate.compiled(grant["condition"])(
        {"name": resource.partition(":")[2], "tags": tags}
    )


def needed_for(request: dict[str, Any]) -> tuple[str, str]:
    """The action and the resource that a grant must name for a request."""
    if request["type"] in _OF_A_WORKFLOW:
        return "run", f"workflow:{request['payload']['workflowIdOrName']}"
    if request["type"] == "model.method.run":
        return "run", f"model:{request['payload']['modelIdOrName']}"
    return ANYTHING
